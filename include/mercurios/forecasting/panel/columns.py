"""Columns of a file as arrays of one type, or an error that says which value in which row is not of that type."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, Days
from mercurios.forecasting.panel.panel import NO_GROUP, PanelError
from mercurios.inputs import table_file
from mercurios.inputs.cells import CellError, day_of, flag_of, numbers_of
from mercurios.inputs.table_file import TableError
from mercurios.inputs.text import shown

if TYPE_CHECKING:
    import pyarrow as pa

_TEXTS = ("article", "branch")
_BROKEN_KEYS = {
    "[\r\n]": "holds a line break: a quotation mark before it is not closed",
    r"[\x00-\x08\x0b-\x1f\x7f]": "holds a control character: the file is damaged, or the column is no text",
    r"^\d([.,]\d+)?E\+\d+$": "is a long number that a spreadsheet has shortened: save the column as text",
}
_TOTAL = (
    r"(?i)(^|\s+)(summe|gesamt|gesamtsumme|gesamtergebnis|zwischensumme|ergebnis|total|grand total|subtotal)$"
)
_UTC = frozenset(
    prefix + name
    for prefix in ("", "ETC/")
    for name in ("UTC", "UCT", "GMT", "GMT0", "GMT+0", "GMT-0", "ZULU", "UNIVERSAL", "GREENWICH")
) | {"Z", "+00:00", "-00:00", "+0000", "-0000", "+00", "-00"}
_KNOWN = (
    "article",
    "branch",
    "week",
    "date",
    "month",
    "quantity",
    "in_stock",
    "open",
    "initial_state",
    "on_hand",
    "stock",
)


def read_table(path: Path) -> pa.Table:
    """Read a table that a person saved; the keys of a CSV are read as text first, so that leading zeros survive.

    Raises:
        PanelError: the file is missing, or is no table.
    """
    try:
        return table_file.read_table(path, texts=_TEXTS, known=_KNOWN)
    except TableError as error:
        raise PanelError(error.column, error.row, error.problem) from error


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
    is_whole = pa.types.is_integer(column.type)
    column = column if is_whole else keys_of(table, name)
    if column.null_count and not nulls:
        row = first_bad(column.is_null().to_numpy(zero_copy_only=False))
        raise PanelError(name, row + 1, "empty; every row needs a value")
    distinct = pc.unique(column).drop_null()
    if not is_whole:
        _refuse_what_programs_break(name, column, distinct)
        if name in _TEXTS:
            _refuse_totals(name, column, distinct)
    distinct = distinct if is_whole else _numbers_if_whole(distinct)
    order = pc.sort_indices(distinct)
    found = pc.fill_null(pc.index_in(column, value_set=distinct.take(order).cast(column.type)), NO_GROUP)
    return found.to_numpy(zero_copy_only=False).astype(np.int64), distinct.take(order)


def _refuse_what_programs_break(name: str, column: pa.Array, distinct: pa.Array) -> None:
    """Raise for keys that are several, or none any more.

    A quotation mark that is not closed takes all up to the next for one key, and a spreadsheet shortens a long number
    to its first digits, so that many articles have one key.
    """
    import pyarrow.compute as pc

    for pattern, problem in _BROKEN_KEYS.items():
        broken = distinct.filter(pc.match_substring_regex(distinct, pattern))
        if len(broken):
            row = pc.index(column, broken[0]).as_py()
            raise PanelError(name, row + 1, problem)


def _refuse_totals(name: str, column: pa.Array, distinct: pa.Array) -> None:
    """Raise for a total among keys: it would count as one more article or branch, as large as all others together."""
    import pyarrow.compute as pc

    rest = pc.replace_substring_regex(distinct, pattern=_TOTAL, replacement="")
    totals = pc.and_(pc.not_equal(rest, distinct), pc.or_(pc.equal(rest, ""), pc.is_in(rest, distinct)))
    found = distinct.filter(totals)
    if 0 < len(found) < len(distinct):
        row = pc.index(column, found[0]).as_py()
        raise PanelError(name, row + 1, f"'{shown(found[0])}' is a total: remove the rows of totals")


def keys_of(table: pa.Table, name: str) -> pa.Array:
    """Return a column of keys as text, the same whatever the type of the column: `123`, 123.0 and 123 are `123`.

    Raises:
        PanelError: it holds lists or other values that are no keys.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column_of(table, name)
    if pa.types.is_integer(column.type):
        return column.cast(pa.string())
    if pa.types.is_floating(column.type):
        return _whole(column, name)
    if pa.types.is_nested(column.type):
        raise PanelError(name, 1, f"expected text or numbers, got {column.type}")
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    text = pc.utf8_trim_whitespace(column)
    # A spreadsheet's way to write a number that stays text.
    text = pc.replace_substring_regex(text, pattern=r'^="([^"]*)"$', replacement=r"\1")
    text = pc.replace_substring_regex(text, pattern=r"^(-?[0-9]+)\.0+$", replacement=r"\1")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def as_numbers(table: pa.Table, name: str, limit: float, *, nulls: bool = False) -> F64:
    """Return a column as doubles within +-`limit`; an unknown value is refused, or NaN."""
    import pyarrow as pa

    column = column_of(table, name)
    if pa.types.is_boolean(column.type) and not nulls:
        raise PanelError(name, 1, "expected numbers, got true or false")
    if pa.types.is_string(column.type):
        column = _numbers(table, column, name)
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
    flags_by_text = {text: flag_of(str(text)) for text in column.unique().to_pylist()}
    for text, flag in flags_by_text.items():
        if flag is None:
            row = column.index(pa.scalar(text, column.type)).as_py()
            raise PanelError(name, row + 1, f"'{shown(text)}' is neither true nor false")
    return np.array([flags_by_text[text] for text in column.to_pylist()], dtype=bool)


def as_days(table: pa.Table, name: str) -> Days:
    """Return a column of dates; timestamps lose their time of day, and are of the local day where they have a zone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column_of(table, name)
    if column.null_count:
        row = first_bad(column.is_null().to_numpy(zero_copy_only=False))
        raise PanelError(name, row + 1, "empty; every row needs a date")
    if pa.types.is_string(column.type):
        column = _by_value(column, name, lambda texts: [day_of(text) for text in texts], pa.date32())
    elif pa.types.is_timestamp(column.type) and column.type.tz is not None:
        _reject_instants(column, name)
        try:
            column = pc.local_timestamp(column)
        except pa.ArrowInvalid:
            raise PanelError(name, 1, f"its time zone '{shown(column.type.tz)}' is not known") from None
    elif not (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)):
        raise PanelError(
            name,
            1,
            f"expected dates such as 2026-01-31, got {column.type} ({column[0]}): format the column as dates",
        )
    days: Days = column.cast(pa.date32(), safe=False).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    return days


def _reject_instants(column: pa.Array, name: str) -> None:
    """Raise for an instant of UTC that is no midnight: which day it is, only the shop's time zone says."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type.tz.upper() not in _UTC:
        return
    # Not every name of it is known to what shows an instant.
    column = column.cast(pa.timestamp(column.type.unit, "UTC"))
    off = pc.not_equal(column, pc.floor_temporal(column, unit="day")).to_numpy(zero_copy_only=False)
    if bool(off.any()):
        row = first_bad(off)
        raise PanelError(
            name,
            row + 1,
            f"{column[row]} is an instant in UTC, which is another day elsewhere: write the local day",
        )


def _numbers(table: pa.Table, column: pa.Array, name: str) -> pa.Array:
    import pyarrow as pa

    delimiter = (table.schema.metadata or {}).get(table_file.DELIMITER, b",")
    read = partial(numbers_of, german=delimiter != b",")
    return _by_value(column, name, read, pa.float64())


def _by_value(
    column: pa.Array, name: str, read: Callable[[list[str]], list[Any]], kind: pa.DataType
) -> pa.Array:
    """Return what a column of text means, each distinct text read once; name the first row that cannot be read."""
    import pyarrow as pa

    coded = column.dictionary_encode()
    try:
        values = pa.array(read(coded.dictionary.to_pylist()), kind)
    except CellError as error:
        row = column.index(error.value).as_py()
        raise PanelError(name, row + 1, f"'{shown(error.value)}' {error.problem}") from error
    return values.take(coded.indices)


def _whole(column: pa.Array, name: str) -> pa.Array:
    """Whole numbers that a reader made doubles, because of a null, as the text of whole numbers.

    Raises:
        PanelError: a number has more digits than its type keeps, so that several keys may have become one.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    exact = 2.0**24 if column.type == pa.float32() else 2.0**53
    lost = pc.fill_null(pc.greater_equal(pc.abs(column), pa.scalar(exact, column.type)), False)
    if pc.any(lost).as_py():
        row = pc.index(lost, True).as_py()
        raise PanelError(
            name, row + 1, f"is a number of more digits than {column.type} keeps: save it as text"
        )
    whole = pc.all(pc.equal(column, pc.floor(column))).as_py() in (True, None)
    return column.cast(pa.int64()).cast(pa.string()) if whole else column.cast(pa.string())


def _numbers_if_whole(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    try:
        numbers = column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column
    return numbers if numbers.cast(column.type).equals(column) else column
