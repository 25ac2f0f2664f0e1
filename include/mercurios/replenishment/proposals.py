"""The order proposals of a tenant as a file that a buyer opens and a supplier understands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mercurios.warehouse.duckdb import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa

# What a spreadsheet would run as a formula when it begins a cell.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


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
        return engine.fetch_arrow(render(engine.dialect, "proposals"), {"tenant_id": tenant_id})


def write_proposals(proposals: pa.Table, out: Path) -> None:
    """Write proposals as CSV in UTF-8, whole or not at all.

    Names and reasons come from a source, so none is left that a spreadsheet would take for a formula.

    Raises:
        ValueError: the file's ending is none that can be written.
    """
    from pyarrow import csv

    if out.suffix.lower() != ".csv":
        raise ValueError(f"{out.name}: expected a name that ends in .csv")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.partial")
    with partial.open("wb") as handle:
        handle.write(b"\xef\xbb\xbf")  # without it, spreadsheets take UTF-8 for something older
        csv.write_csv(_harmless(proposals), handle)
    os.replace(partial, out)


def _harmless(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            texts = [
                f"'{text}" if text and text.startswith(_FORMULA_STARTS) else text
                for text in table.column(index).to_pylist()
            ]
            table = table.set_column(index, field, pa.array(texts, field.type))
    return table
