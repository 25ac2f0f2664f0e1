"""What a tenant has to do as a file that a buyer works in and a supplier understands: CSV or a workbook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mercurios.orders.texts import clean, quoted

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".csv", ".xlsx")


def write_actions(actions: pa.Table, out: Path, language: str) -> None:
    """Write actions as CSV in UTF-8 or as a workbook, whole or not at all.

    Args:
        actions: what `fetch_actions` returned.
        out: the file.
        language: of headings and reasons in a workbook, one of `measures.LANGUAGES`; a CSV has the columns' names.

    Raises:
        ValueError: the file's ending is not one of `ENDINGS`.
    """
    if out.suffix.lower() not in ENDINGS:
        raise ValueError(f"{out.name}: expected a name that ends in {' or '.join(ENDINGS)}")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.partial")
    try:
        if out.suffix.lower() == ".csv":
            _write_csv(actions, partial)
        else:
            from mercurios.orders.workbook import write_workbook

            write_workbook(actions, partial, language)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)


def _write_csv(actions: pa.Table, path: Path) -> None:
    from pyarrow import csv

    with path.open("wb") as handle:
        # Without this mark, spreadsheets take UTF-8 for something older.
        handle.write(b"\xef\xbb\xbf")
        csv.write_csv(_harmless(actions), handle)


def _harmless(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            texts = [text and quoted(clean(text)) for text in table.column(index).to_pylist()]
            table = table.set_column(index, field, pa.array(texts, field.type))
    return table
