"""The order proposals of a tenant: reading them from a warehouse, and which are the most urgent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa

# Where people read in a database that tenants share; a file of readers has the marts where they were built.
PUBLISHED = "published"


def read_proposals(warehouse: Path, tenant_id: str, lock_wait: float = 30) -> pa.Table:
    """Return a tenant's proposals by supplier.

    Args:
        warehouse: the tenant's warehouse file, or the published one.
        tenant_id: whose proposals.
        lock_wait: seconds to wait while another process writes to the file.

    Raises:
        WarehouseError: the file is missing or locked, or its marts were built before there were proposals.
    """
    with DuckDBEngine(warehouse, read_only=True, lock_wait=lock_wait) as engine:
        columns = {"table_schema": "analytics", "table_name": "replenishment_proposal"}
        if not engine.fetch_arrow(render(engine.dialect, "quality_columns"), columns).num_rows:
            raise WarehouseError(
                f"{warehouse} has no analytics.replenishment_proposal: run the tenant's pipeline first"
            )
        return fetch_proposals(engine, tenant_id)


def fetch_published(engine: Engine, tenant_id: str) -> pa.Table:
    """Return a tenant's proposals by supplier, as readers of a database see them.

    Raises:
        WarehouseError: nothing was published since there are proposals.
    """
    columns = {"table_schema": PUBLISHED, "table_name": "replenishment_proposal"}
    if not engine.fetch_arrow(render(engine.dialect, "quality_columns"), columns).num_rows:
        raise WarehouseError(
            f"there is no {PUBLISHED}.replenishment_proposal: run the pipeline of tenant {tenant_id} first"
        )
    return fetch_proposals(engine, tenant_id, PUBLISHED)


def fetch_proposals(engine: Engine, tenant_id: str, schema: str = "analytics") -> pa.Table:
    """Return a tenant's proposals by supplier from an open warehouse whose schema has them."""
    return engine.fetch_arrow(render(engine.dialect, "proposals", schema=schema), {"tenant_id": tenant_id})


def most_urgent(proposals: pa.Table, limit: int | None = None) -> pa.Table:
    """Return what must be ordered first; among what is due on the same day, what saves most."""
    order = [("order_by_on", "ascending"), ("margin_saved", "descending"), ("priority", "ascending")]
    return proposals.sort_by(order).slice(0, limit)
