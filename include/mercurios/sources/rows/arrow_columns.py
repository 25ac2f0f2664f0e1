"""From the values of one field on a page to an Arrow column, in a few calls.

Every converter raises rather than guess: what it refuses is read again cell by cell (see `cells`), by the same rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercurios.sources.contract import Column, ColumnType
from mercurios.sources.rows import cells
from mercurios.sources.rows.arrow_buffers import booleans, floats, texts
from mercurios.sources.rows.arrow_numbers import decimals, integers

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DECIMAL: pa.decimal128(18, 2),
    ColumnType.FLOAT: pa.float64(),
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
    ColumnType.KEY_HASH: pa.string(),
}
NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.FLOAT, ColumnType.KEY_HASH})
# What follows a day that is written without a time, or with its first moment.
_NO_TIMES = frozenset({None, "", "T00:00:00", "T00:00:00.000"})
# The first means "never", and of years after the last Arrow knows no summer time.
_FIRST_INSTANT, _LAST_INSTANT = datetime(2, 1, 1), datetime(2037, 12, 31)


def convert(
    columns: Sequence[Column], values: Sequence[Sequence[Any]], zones: cells.Zones, hash_key: bytes
) -> list[pa.Array]:
    """Return the values of a page, field by field, as columns of their types.

    Args:
        columns: the contract.
        values: for each of its fields one value a row, as JSON has them; where numbers are expected, no booleans.
        zones: how instants are read.
        hash_key: key of the hash that replaces persons' numbers.

    Raises:
        pyarrow.ArrowException, TypeError, ValueError, OverflowError: a value does not fit.
    """
    places_by_type: dict[ColumnType, list[int]] = {}
    for place, column in enumerate(columns):
        places_by_type.setdefault(column.type, []).append(place)
    arrays: dict[int, pa.Array] = {}
    for kind, places in places_by_type.items():
        fields = [values[place] for place in places]
        arrays.update(zip(places, _converted(kind, fields, zones, hash_key), strict=True))
    return [arrays[place] for place in range(len(columns))]


def _converted(
    kind: ColumnType, fields: Sequence[Sequence[Any]], zones: cells.Zones, hash_key: bytes
) -> Iterable[pa.Array]:
    match kind:
        case ColumnType.INTEGER:
            return integers(fields)
        case ColumnType.DECIMAL:
            return decimals(fields)
        case ColumnType.DATE:
            return (_each_once(values, partial(_dates, zones=zones)) for values in fields)
        case ColumnType.TIMESTAMP:
            return (_instants(values, zones.source) for values in fields)
        case ColumnType.CODE:
            return (texts([cells.code(value) for value in values]) for values in fields)
        case ColumnType.KEY_HASH:
            return (_key_hashes(values, hash_key) for values in fields)
        case ColumnType.TEXT:
            return map(texts, fields)
        case ColumnType.BOOLEAN:
            return map(booleans, fields)
        case ColumnType.FLOAT:
            return map(floats, fields)


def _key_hashes(values: Sequence[Any], hash_key: bytes) -> pa.Array:
    return _each_once(values, lambda few: texts([cells.key_hash(value, hash_key) for value in few]))


def _each_once(values: Sequence[Any], converted: Callable[[Sequence[Any]], pa.Array]) -> pa.Array:
    """Return a column whose values repeat: each is converted once, and the rows point at it."""
    places: defaultdict[Any, int] = defaultdict()
    # A value that is met for the first time gets the next place.
    places.default_factory = places.__len__
    rows = np.fromiter(map(places.__getitem__, values), np.int32, len(values))
    # It holds itself, so it would stay until the garbage collector looks.
    places.default_factory = None
    return converted(list(places)).take(
        pa.Array.from_buffers(pa.int32(), len(rows), [None, pa.py_buffer(rows)])
    )


def _dates(values: Sequence[Any], zones: cells.Zones) -> pa.Array:
    written = texts(values)
    if not set(pc.utf8_slice_codeunits(written, 10).to_pylist()) <= _NO_TIMES:
        days = [cells.day(value, zones) for value in values]
        return pa.array(np.array(days, "datetime64[D]"), pa.date32(), from_pandas=True)
    dates = pc.utf8_slice_codeunits(written, 0, 10).cast(pa.date32())
    # Raises for a year that Python does not know.
    pc.min(dates).as_py()
    return dates


def _instants(values: Sequence[Any], time_zone: str) -> pa.Array:
    naive = _naive_instants(texts(values))
    # Raises for a year that Python does not know.
    span = pc.min_max(naive).as_py()
    if time_zone == "UTC":
        return naive
    if span["min"] is not None and not _FIRST_INSTANT <= span["min"] <= span["max"] <= _LAST_INSTANT:
        raise ValueError('an instant that means "never", or lies far ahead')
    zoned = pc.assume_timezone(naive, time_zone, ambiguous="earliest", nonexistent="raise")
    return zoned.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))


def _naive_instants(written: pa.Array) -> pa.Array:
    """Return instants as written, without digits beyond the microsecond: a cursor may not go beyond a value."""
    try:
        nanoseconds = written.cast(pa.timestamp("ns"))
    except pa.ArrowInvalid:
        return _long_instants(written)
    first = pc.min(nanoseconds.view(pa.int64())).as_py()
    # Before 1970 a division that cuts rounds up.
    return nanoseconds.cast(pa.timestamp("us"), safe=False) if (first or 0) >= 0 else _long_instants(written)


def _long_instants(written: pa.Array) -> pa.Array:
    """Return instants of which some lie outside the years that nanoseconds reach, or before 1970."""
    naive = pc.utf8_slice_codeunits(written, 0, 26).cast(pa.timestamp("us"))
    longest = pc.max(pc.utf8_length(written)).as_py()
    if longest is not None and longest > 29:
        raise ValueError("an instant longer than nanoseconds")
    # Anything but digits behind the microseconds is a zone; the cast refuses one before them.
    if pc.any(pc.match_substring_regex(pc.utf8_slice_codeunits(written, 26), "[^0-9]")).as_py():
        raise ValueError("an instant with a zone")
    return naive
