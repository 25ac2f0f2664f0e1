"""Columns of a file as arrays of one type, or an error that says which value in which row is not of that type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, Days
from mercurios.forecasting.panel.panel import NO_GROUP, PanelError

if TYPE_CHECKING:
    import pyarrow as pa

_TRUE, _FALSE = ("1", "1.0", "true", "t", "yes", "y"), ("0", "0.0", "false", "f", "no", "n")


def read_table(path: Path) -> pa.Table:
    """Read a Parquet or CSV file; the keys of a CSV are read as text first, so that leading zeros survive.

    Raises:
        PanelError: the file is missing, or is neither.
    """
    import pyarrow as pa

    if not path.is_file():
        raise PanelError("", None, f"{path} does not exist")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            import pyarrow.parquet as pq

            return pq.read_table(path)
        from pyarrow import csv

        text = {"article": pa.string(), "branch": pa.string()}
        return csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=text))
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError, UnicodeDecodeError) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PanelError("", None, f"{path.name} is no Parquet or CSV file: {message}") from error


def column_of(table: pa.Table, name: str) -> pa.Array:
    """Return a column in one piece.

    Raises:
        PanelError: it is missing.
    """
    import pyarrow as pa

    if name not in table.column_names:
        raise PanelError(name, None, f"missing; the file has {', '.join(table.column_names) or 'no columns'}")
    column = table.column(name).combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column


def first_bad(bad: Bool) -> int:
    """Number of the first marked row, from 0."""
    return int(np.flatnonzero(bad)[0])


def as_keys(table: pa.Table, name: str, *, nulls: bool = False) -> tuple[I64, pa.Array]:
    """Return each row's position among the ascending distinct values, and those values.

    Text that is whole numbers throughout becomes numbers. Null is refused, or has the code of no group.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column_of(table, name)
    if column.null_count and not nulls:
        row = first_bad(column.is_null().to_numpy(zero_copy_only=False))
        raise PanelError(name, row + 1, "empty; every row needs a value")
    if pa.types.is_floating(column.type):
        column = _whole(column)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _numbers_if_whole(column)
    distinct = pc.unique(column).drop_null()
    distinct = distinct.take(pc.sort_indices(distinct))
    found = pc.fill_null(pc.index_in(column, value_set=distinct), NO_GROUP)
    return found.to_numpy(zero_copy_only=False).astype(np.int64), distinct


def as_numbers(table: pa.Table, name: str, limit: float, *, nulls: bool = False) -> F64:
    """Return a column as doubles within +-`limit`; an unknown value is refused, or NaN."""
    import pyarrow as pa

    column = column_of(table, name)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        _point_at(column, name, _is_number, "is not a number")
    empty = column.is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
    if bool(empty.any()) and not nulls:
        raise PanelError(name, first_bad(empty) + 1, "empty or NaN; every row needs a number")
    try:
        cast = column.cast(pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise PanelError(name, None, f"expected numbers, got {column.type}") from error
    values: F64 = cast.to_numpy(zero_copy_only=False).astype(np.float64)
    bad = ~(np.abs(values) <= limit) & ~empty
    if bool(bad.any()):
        row = first_bad(bad)
        raise PanelError(name, row + 1, f"{values[row]:g} is not a number within +-{limit:g}")
    return values


def as_flags(table: pa.Table, name: str) -> Bool:
    """Return a column of true and false, in any usual spelling."""
    import pyarrow as pa

    column = column_of(table, name)
    if column.null_count:
        row = first_bad(column.is_null().to_numpy(zero_copy_only=False))
        raise PanelError(name, row + 1, "empty; expected true or false")
    if pa.types.is_boolean(column.type):
        flags: Bool = column.to_numpy(zero_copy_only=False)
        return flags
    text = np.char.lower(np.char.strip(np.asarray(column.to_pylist()).astype(str)))
    yes: Bool = np.isin(text, _TRUE)
    bad = ~yes & ~np.isin(text, _FALSE)
    if bool(bad.any()):
        row = first_bad(bad)
        raise PanelError(name, row + 1, f"'{text[row]}' is neither true nor false")
    return yes


def as_days(table: pa.Table, name: str) -> Days:
    """Return a column of dates; timestamps lose their time of day."""
    import pyarrow as pa

    column = column_of(table, name)
    if column.null_count:
        row = first_bad(column.is_null().to_numpy(zero_copy_only=False))
        raise PanelError(name, row + 1, "empty; every row needs a date")
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        _point_at(column, name, _is_date, "is not a date such as 2026-01-31")
    elif not (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)):
        raise PanelError(name, 1, f"expected dates such as 2026-01-31, got {column.type} ({column[0]})")
    days: Days = column.cast(pa.date32(), safe=False).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    return days


def _whole(column: pa.Array) -> pa.Array:
    """Whole numbers that a reader made doubles, because of a null, as whole numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = pc.all(pc.equal(column, pc.floor(column))).as_py()
    return column.cast(pa.int64()) if whole else column.cast(pa.string())


def _numbers_if_whole(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    try:
        numbers = column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column
    return numbers if numbers.cast(column.type).equals(column) else column


def _point_at(column: pa.Array, name: str, good: Callable[[Any], bool], problem: str) -> None:
    """Raise for the first text that is not what is expected; the cast that follows would not say where it is."""
    for value in column.unique().to_pylist():
        if value is not None and not good(value):
            row = column.index(value).as_py()
            raise PanelError(name, row + 1, f"'{value}' {problem}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    from datetime import datetime

    try:
        datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        return False
    return len(text) == 10
