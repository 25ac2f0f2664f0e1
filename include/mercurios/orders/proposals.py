"""The order proposals of a tenant as a file that a buyer opens and a supplier understands."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".csv", ".xlsx")
# Where people read in a database that tenants share; a file of readers has the marts where they were built.
PUBLISHED = "published"

# What a spreadsheet runs as a formula when it begins a cell, in wide forms too; a cell also begins behind a separator
# inside a text, since spreadsheets of some countries separate by semicolon.
_FORMULA = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


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


def write_proposals(proposals: pa.Table, out: Path) -> None:
    """Write proposals as CSV in UTF-8 or as a workbook, whole or not at all.

    Names and reasons come from a source, so none is left that a spreadsheet would take for a formula.

    Raises:
        ValueError: the file's ending is none that can be written.
    """
    if out.suffix.lower() not in ENDINGS:
        raise ValueError(f"{out.name}: expected a name that ends in {' or '.join(ENDINGS)}")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.partial")
    try:
        if out.suffix.lower() == ".csv":
            _write_csv(proposals, partial)
        else:
            from mercurios.orders.workbook import write_workbook

            write_workbook(proposals, partial)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)


def _write_csv(proposals: pa.Table, path: Path) -> None:
    from pyarrow import csv

    with path.open("wb") as handle:
        handle.write(b"\xef\xbb\xbf")  # without it, spreadsheets take UTF-8 for something older
        csv.write_csv(_harmless(proposals), handle)


def _harmless(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            texts = [text and _FORMULA.sub(r"\1\2'", text) for text in table.column(index).to_pylist()]
            table = table.set_column(index, field, pa.array(texts, field.type))
    return table
