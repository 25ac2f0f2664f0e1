"""Implausible values: what a type can hold and no retailer can mean costs its row, with the reason.

A receipt of 1924, a quantity that is a scanned EAN, seconds beyond midnight: each is a good value of its type, and one
of them moves an axis, a share or a total that others read too. What is here refused is kept in quarantine with its
reason, and loads by a replay once the bounds allow it. Both ways of typing ask the same bounds; a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercurios.sources.contract import Column, ColumnType, Meaning
from mercurios.sources.rows.cells import CellError
from mercurios.sources.settings import Bounds

NO_DAYS = tuple(
    date.fromisoformat(day)
    for day in (
        "0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1990-01-01", "9999-12-31"
    )
)  # fmt: skip
"""What systems write for "no date"; where a day may be missing they pass, and staging takes them for null."""

SECONDS_OF_A_DAY = 86_400
MOST_TEXT = 65_536
"""Bytes of a text. Warehouses have bounds of their own, and one text beyond them fails the load of all rows."""

_FIRST_DAY, _LAST_DAY = date(1900, 1, 2), date(2199, 12, 31)
# What no text of a retailer holds and no spreadsheet takes; lines and tabs are neither.
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"
_CONTROL_TEXT, _CONTROL_BYTES = re.compile(_CONTROL), re.compile(_CONTROL.encode())


def check_columns(columns: Sequence[Column], arrays: Sequence[pa.Array], bounds: Bounds) -> None:
    """Do nothing for typed columns of which every value is plausible.

    Raises:
        ValueError: one is not; which one, `check_value` says.
    """
    for column, array in zip(columns, arrays, strict=True):
        if not _all_fit(column, array, bounds):
            raise ValueError("a value that no retailer can mean")


def check_value(column: Column, value: Any, bounds: Bounds) -> None:
    """Do nothing for a typed value that is plausible.

    Raises:
        CellError: it is not; the message says what was expected.
    """
    expectation = None if value is None else _misfit(column, value, bounds)
    if expectation:
        raise CellError(expectation)


def _misfit(column: Column, value: Any, bounds: Bounds) -> str | None:
    """Return what was expected in the place of a value; None where it is plausible."""
    match column.type:
        case ColumnType.DATE:
            first, last = _days(column, bounds)
            fits = first <= value <= last or (column.meaning is None and value in NO_DAYS)
            return None if fits else f"expected a day from {first} to {last}"
        case ColumnType.DECIMAL:
            most = _most(column, bounds)
            return None if abs(value) <= most else f"expected at most {most:,}, beyond which no till counts"
        case ColumnType.INTEGER if column.meaning is Meaning.SECONDS:
            return None if 0 <= value < SECONDS_OF_A_DAY else "expected seconds of a day"
        case ColumnType.TEXT | ColumnType.CODE:
            return _misfit_of_text(value)
        case _:
            return None


def _misfit_of_text(text: str) -> str | None:
    if len(text.encode()) > MOST_TEXT:
        return f"expected a text of at most {MOST_TEXT:,} bytes"
    return "expected text without control characters" if _CONTROL_TEXT.search(text) else None


def _all_fit(column: Column, array: pa.Array, bounds: Bounds) -> bool:
    match column.type:
        case ColumnType.DATE:
            return _days_fit(column, array, bounds)
        case ColumnType.DECIMAL:
            low, high = _span(array)
            most = Decimal(_most(column, bounds))
            return low is None or -most <= low <= high <= most
        case ColumnType.INTEGER if column.meaning is Meaning.SECONDS:
            low, high = _span(array)
            return low is None or 0 <= low <= high < SECONDS_OF_A_DAY
        case ColumnType.TEXT | ColumnType.CODE:
            return _is_clean(array)
        case _:
            return True


def _days_fit(column: Column, array: pa.Array, bounds: Bounds) -> bool:
    first, last = _days(column, bounds)
    low, high = _span(array)
    if low is None or first <= low <= high <= last:
        return True
    if column.meaning is not None:
        return False
    low, high = _span(array.filter(pc.invert(pc.is_in(array, pa.array(NO_DAYS, pa.date32())))))
    return low is None or first <= low <= high <= last


def _span(array: pa.Array) -> tuple[Any, Any]:
    found = pc.min_max(array).as_py()
    return found["min"], found["max"]


def _days(column: Column, bounds: Bounds) -> tuple[date, date]:
    return (
        (bounds.first_day, bounds.last_day) if column.meaning is Meaning.BOOKED else (_FIRST_DAY, _LAST_DAY)
    )


def _most(column: Column, bounds: Bounds) -> int:
    return bounds.most_units if column.meaning is Meaning.UNITS else bounds.largest_amount


def _is_clean(array: pa.Array) -> bool:
    _, offsets, data = array.buffers()
    if not len(array):
        return True
    ends = np.frombuffer(offsets, np.int32)
    end = int(ends[array.offset + len(array)])
    if end > MOST_TEXT and int(np.diff(ends).max()) > MOST_TEXT:
        return False
    written = np.frombuffer(data, np.uint8)[:end]
    # Most columns hold nothing below a blank; only then is it looked at which.
    return not end or written.min() >= ord(" ") or _CONTROL_BYTES.search(written.tobytes()) is None
