"""The order proposals of a tenant as a file that a buyer opens and a supplier understands: CSV or a workbook."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".csv", ".xlsx")

# What a spreadsheet runs as a formula when it begins a cell, in wide forms too; a cell also begins behind a separator
# inside a text, since spreadsheets of some countries separate by semicolon.
_FORMULA = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def write_proposals(proposals: pa.Table, out: Path) -> None:
    """Write proposals as CSV in UTF-8 or as a workbook, whole or not at all.

    Names and reasons come from a source, so none is left that a spreadsheet would take for a formula.

    Raises:
        ValueError: the file's ending is not one of `ENDINGS`.
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
        # Without this mark, spreadsheets take UTF-8 for something older.
        handle.write(b"\xef\xbb\xbf")
        csv.write_csv(_harmless(proposals), handle)


def _harmless(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            texts = [text and _FORMULA.sub(r"\1\2'", text) for text in table.column(index).to_pylist()]
            table = table.set_column(index, field, pa.array(texts, field.type))
    return table
