"""The order proposals of a tenant: reading them from a warehouse, and which are the most urgent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mercurios.warehouse.counting import scalar
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa


def fetch_proposals(engine: Engine, tenant_id: str) -> pa.Table:
    """Return a tenant's proposals by supplier, as readers see them.

    Args:
        engine: what readers see, or a file with the marts of the tenant.
        tenant_id: whose proposals.

    Raises:
        WarehouseError: nothing was published since there are proposals.
    """
    table = {"table_name": "replenishment_proposal"}
    if not scalar(engine, render(engine.dialect, "is_published"), table):
        raise WarehouseError(
            f"no replenishment_proposal was published yet: run the pipeline of tenant {tenant_id} first"
        )
    return engine.fetch_arrow(render(engine.dialect, "proposals"), {"tenant_id": tenant_id})


def most_urgent(proposals: pa.Table, limit: int | None = None) -> pa.Table:
    """Return what must be ordered first; among what is due on the same day, what saves most."""
    order = [("order_by_on", "ascending"), ("margin_at_risk", "descending"), ("priority", "ascending")]
    return proposals.sort_by(order).slice(0, limit)
