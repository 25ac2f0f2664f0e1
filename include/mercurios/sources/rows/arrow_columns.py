"""From the values of one field on a page to an Arrow column, in a few calls.

Every converter raises rather than guess: what it refuses is read again cell by cell (see `cells`), by the same rules.
Numbers are packed into a buffer by `struct`, the cheapest way from Python's numbers to an array; booleans must have
been refused before, for there they count as 1.0. What is usual is put together from buffers, because the first list
that `pyarrow.array` is given makes it load pandas, 35 MiB that nothing here needs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercurios.sources.contract import Column, ColumnType
from mercurios.sources.rows import cells

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
_EXACT_FLOAT = float(2**53)
_SHORT = 256  # characters of a text that may be repeated without thought
_LONGEST_TEXTS = 2**31 - 1  # bytes of one column; `pyarrow.array` says what is wrong with more
_FIRST_INSTANT, _LAST_INSTANT = datetime(2, 1, 1), datetime(9998, 12, 31)


def convert(
    columns: Sequence[Column], values: Sequence[Sequence[Any]], time_zone: str, hash_key: bytes
) -> list[pa.Array]:
    """Return the values of a page, field by field, as columns of their types.

    Args:
        columns: the contract.
        values: for each of its fields one value a row, as JSON has them; where numbers are expected, no booleans.
        time_zone: zone of instants that come without one.
        hash_key: key of the hash that replaces persons' numbers.

    Raises:
        pyarrow.ArrowException, TypeError, ValueError, OverflowError: a value does not fit.
    """
    of_type: dict[ColumnType, list[int]] = {}
    for place, column in enumerate(columns):
        of_type.setdefault(column.type, []).append(place)
    found: dict[int, pa.Array] = {}
    for kind, places in of_type.items():
        fields = [values[place] for place in places]
        found.update(zip(places, _of_type(kind, fields, time_zone, hash_key), strict=True))
    return [found[place] for place in range(len(columns))]


def _of_type(
    kind: ColumnType, fields: Sequence[Sequence[Any]], time_zone: str, hash_key: bytes
) -> Iterable[pa.Array]:
    match kind:
        case ColumnType.INTEGER:
            return _integers(fields)
        case ColumnType.DECIMAL:
            return _decimals(fields)
        case ColumnType.DATE:
            return (_each_once(values, _dates) for values in fields)
        case ColumnType.TIMESTAMP:
            return (_instants(values, time_zone) for values in fields)
        case ColumnType.CODE:
            return (texts([cells.code(value) for value in values]) for values in fields)
        case ColumnType.KEY_HASH:
            return (_key_hashes(values, hash_key) for values in fields)
        case ColumnType.TEXT:
            return map(texts, fields)
        case ColumnType.BOOLEAN:
            return map(_booleans, fields)
        case _:
            return (pa.array(values, ARROW_TYPES[kind]) for values in fields)


def texts(values: Sequence[Any]) -> pa.Array:
    """Return texts, of which some may be missing, as a column.

    Raises:
        pyarrow.ArrowException, TypeError, ValueError: a value is no text.
    """
    present, validity, missing = values, None, 0
    count = len(values)
    first = values[0] if values else None
    if isinstance(first, str) and len(first) < _SHORT and values.count(first) == count:
        return _repeated(first.encode(), count)
    if None in values:
        present = ["" if value is None else value for value in values]
        validity, missing = _validity([value is not None for value in values])
    try:
        joined = "".join(present)
    except TypeError:
        return pa.array(values, pa.string())
    data = joined.encode()
    if len(data) > _LONGEST_TEXTS:
        return pa.array(values, pa.string())
    sizes = map(len, present if len(data) == len(joined) else map(str.encode, present))
    ends = np.cumsum(np.fromiter(sizes, np.int32, count), dtype=np.int32)
    offsets = pa.py_buffer(b"\0\0\0\0" + ends.tobytes())
    return pa.StringArray.from_buffers(count, offsets, pa.py_buffer(data), validity, missing)


def _repeated(text: bytes, count: int) -> pa.Array:
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(len(text))
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text * count))


def flags(values: Sequence[bool] | np.ndarray) -> pa.Array:
    """Return booleans, none of them missing, as a column."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _validity(values)[0]])


def _booleans(values: Sequence[Any]) -> pa.Array:
    return flags(values) if set(map(type, values)) == {bool} else pa.array(values, pa.bool_())


def _validity(known: Sequence[bool] | np.ndarray) -> tuple[pa.Buffer, int]:
    """Return flags as Arrow's bits, and how many are not set."""
    array = np.asarray(known, dtype=bool)
    return pa.py_buffer(np.packbits(array, bitorder="little")), len(array) - int(np.count_nonzero(array))


def _key_hashes(values: Sequence[Any], hash_key: bytes) -> pa.Array:
    return _each_once(values, lambda few: texts([cells.key_hash(value, hash_key) for value in few]))


def _each_once(values: Sequence[Any], converted: Callable[[Sequence[Any]], pa.Array]) -> pa.Array:
    """Return a column whose values repeat: each is converted once, and the rows point at it."""
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    rows = np.fromiter(map(places.__getitem__, values), np.int32, len(values))
    return converted(list(places)).take(
        pa.Array.from_buffers(pa.int32(), len(rows), [None, pa.py_buffer(rows)])
    )


def _packed(fields: Sequence[Sequence[Any]]) -> np.ndarray | None:
    """Return the numbers of several fields as doubles, a row a field; None where one is missing."""
    count = sum(map(len, fields))
    try:
        numbers = np.frombuffer(struct.pack(f"{count}d", *chain.from_iterable(fields)))
    except struct.error:
        if any(None in values for values in fields):
            return None
        raise ValueError("not a number") from None
    return numbers.reshape(len(fields), -1)


def _integers(fields: Sequence[Sequence[Any]]) -> list[pa.Array]:
    numbers = _packed(fields)
    if numbers is None or not np.abs(numbers).max(initial=0.0) < _EXACT_FLOAT:
        return [_sparse_integers(values) for values in fields]
    whole = numbers.astype(np.int64)
    if not (whole == numbers).all():
        raise ValueError("a fraction stands where a whole number is expected")
    return [pa.Array.from_buffers(pa.int64(), len(row), [None, pa.py_buffer(row)]) for row in whole]


def _sparse_integers(values: Sequence[Any]) -> pa.Array:
    """Return whole numbers of which some are missing, or longer than a double holds."""
    array = pa.array(values)
    if pa.types.is_int64(array.type):
        return array
    if pa.types.is_null(array.type):
        return array.cast(pa.int64())
    if not pa.types.is_float64(array.type):
        raise ValueError("not a number")
    largest = pc.max(pc.abs(array)).as_py()
    if largest is not None and not largest < _EXACT_FLOAT:
        raise ValueError("a number beyond 2**53 in floating form")
    return array.cast(pa.int64(), safe=True)


def _decimals(fields: Sequence[Sequence[Any]]) -> list[pa.Array]:
    numbers = _packed(fields)
    if numbers is None:
        return [_sparse_decimals(values) for values in fields]
    return [_cents(words, None, 0) for words in _words(numbers)]


def _sparse_decimals(values: Sequence[Any]) -> pa.Array:
    """Return amounts of which some are missing."""
    array = pa.array(values, pa.float64())
    validity, missing = _validity([value is not None for value in values])
    return _cents(_words(array.fill_null(0.0).to_numpy(zero_copy_only=False)), validity, missing)


def _words(numbers: np.ndarray) -> np.ndarray:
    """Return amounts in cents as the two words each of a 128-bit decimal."""
    scaled = numbers * 100.0
    sizes = np.abs(scaled)
    if not sizes.max(initial=0.0) <= cells.LARGEST_CENTS:
        raise ValueError("too large for exact cents in floating form")
    cents = np.rint(scaled)
    if not (np.abs(scaled - cents) <= 1e-6 + 1e-15 * sizes).all():
        raise ValueError("more than two decimals")
    words = np.empty((*cents.shape, 2), dtype="<i8")
    words[..., 0] = cents
    np.right_shift(words[..., 0], 63, out=words[..., 1])
    return words


def _cents(words: np.ndarray, validity: pa.Buffer | None, missing: int) -> pa.Array:
    buffers = [validity, pa.py_buffer(words)]
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(words), buffers, null_count=missing)


def _dates(values: Sequence[Any]) -> pa.Array:
    dates = pc.utf8_slice_codeunits(texts(values), 0, 10).cast(pa.date32())
    pc.min(dates).as_py()  # raises for a year that Python does not know
    return dates


def _instants(values: Sequence[Any], time_zone: str) -> pa.Array:
    written = texts(values)
    # Digits beyond the microsecond are cut, never rounded up: a cursor may not pass a real value.
    naive = pc.utf8_slice_codeunits(written, 0, 26).cast(pa.timestamp("us"))
    longest = pc.max(pc.utf8_length(written)).as_py()
    if longest is not None and longest > 29:
        raise ValueError("an instant longer than nanoseconds")
    # What is no digit behind the microseconds is a zone; one before them is no part of an instant without zone.
    if pc.any(pc.match_substring_regex(pc.utf8_slice_codeunits(written, 26), "[^0-9]")).as_py():
        raise ValueError("an instant with a zone")
    span = pc.min_max(naive).as_py()  # raises for a year that Python does not know
    if time_zone == "UTC":
        return naive
    if span["min"] is not None and not _FIRST_INSTANT <= span["min"] <= span["max"] <= _LAST_INSTANT:
        raise ValueError("an instant that stands for never")
    zoned = pc.assume_timezone(naive, time_zone, ambiguous="earliest", nonexistent="raise")
    return zoned.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))
