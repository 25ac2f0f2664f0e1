"""Tables as Snowflake answers with them, and Parquet files as it should find them.

The driver chooses Arrow types by the values it carries, so the same column has another type from one answer to the
next; callers get one type per kind of column. COPY casts what fits somehow and takes missing columns for null, so
files are compared with the contract beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

# Types of the contract in Snowflake's words, and what the extraction writes for them.
_LANDED = {
    "number(38, 0)": "int64",
    "number(18, 2)": "decimal128(18, 2)",
    "float": "double",
    "varchar": "string",
    "boolean": "bool",
    "date": "date32[day]",
    "timestamp_ntz": "timestamp[us]",
}


def wrong_columns(schema: pa.Schema, columns: Mapping[str, str]) -> list[str]:
    """Return what distinguishes a file from the columns it should have, in words."""
    wrong = []
    for name, type_ in columns.items():
        index = schema.get_field_index(name)
        found = str(schema.field(index).type) if index >= 0 else "missing"
        if found != _LANDED[type_]:
            wrong.append(f"{name} is {found} and not {_LANDED[type_]}")
    return wrong


def plain(table: pa.Table, description: Sequence[Any]) -> pa.Table:
    """Return a table with lower-case names and one Arrow type per kind of column."""
    import pyarrow as pa

    columns = [_column(column, field) for column, field in zip(table.columns, description, strict=True)]
    return pa.table(dict(zip([field.name.lower() for field in description], columns, strict=True)))


def _column(column: pa.ChunkedArray, field: Any) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    type_ = column.type
    if pa.types.is_timestamp(type_):
        return pc.cast(column, pa.timestamp("us"))
    if pa.types.is_date(type_):
        return pc.cast(column, pa.date32())
    if pa.types.is_integer(type_) or pa.types.is_decimal(type_):
        if field.scale:
            return pc.cast(column, pa.decimal128(field.precision or 38, field.scale))
        return pc.cast(column, pa.int64())
    return column
