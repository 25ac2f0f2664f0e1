"""Arrow columns put together from buffers: texts and booleans, and the bits that say which values are present.

The first list that `pyarrow.array` is given makes it load pandas, 35 MiB that nothing here needs. What is usual is
therefore put together from buffers; what is not is left to `pyarrow.array`, which also says what is wrong with it.
"""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

# Characters of a text that may be repeated whatever their number of rows.
_SHORT = 256
# Bytes of one column.
_LONGEST_TEXTS = 2**31 - 1


def texts(values: Sequence[Any]) -> pa.Array:
    """Return texts, of which some may be missing, as a column.

    Raises:
        pyarrow.ArrowException, TypeError, ValueError: a value is not a text.
    """
    present, validity, missing = values, None, 0
    count = len(values)
    first = values[0] if values else None
    if isinstance(first, str) and len(first) < _SHORT and values.count(first) == count:
        return _repeated(first.encode(), count)
    if None in values:
        present = ["" if value is None else value for value in values]
        validity, missing = validity_of([value is not None for value in values])
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


def hexadecimals(digests: bytes, length: int, suffix: str = "") -> pa.Array:
    """Return digests, one behind the other, as a column of texts: in hexadecimal, each with the same suffix behind it.

    Args:
        digests: the digests.
        length: bytes of each.
        suffix: what follows each.
    """
    count, mark = len(digests) // length, np.frombuffer(suffix.encode(), np.uint8)
    digits = np.frombuffer(hexlify(digests), np.uint8).reshape(count, 2 * length)
    written = np.empty((count, 2 * length + len(mark)), np.uint8)
    written[:, : 2 * length], written[:, 2 * length :] = digits, mark
    return pa.StringArray.from_buffers(count, _even_offsets(count, written.shape[1]), pa.py_buffer(written))


def _repeated(text: bytes, count: int) -> pa.Array:
    return pa.StringArray.from_buffers(count, _even_offsets(count, len(text)), pa.py_buffer(text * count))


def _even_offsets(count: int, length: int) -> pa.Buffer:
    return pa.py_buffer(np.arange(count + 1, dtype=np.int32) * np.int32(length))


def booleans(values: Sequence[Any]) -> pa.Array:
    """Return booleans, of which some may be missing, as a column.

    Raises:
        pyarrow.ArrowException, TypeError, ValueError: a value is not a boolean.
    """
    return flags(values) if set(map(type, values)) == {bool} else pa.array(values, pa.bool_())


def floats(values: Sequence[Any]) -> pa.Array:
    """Return floating numbers, of which some may be missing, as a column.

    Raises:
        pyarrow.ArrowException, TypeError, ValueError: a value is not a number.
    """
    if set(map(type, values)) != {float}:
        return pa.array(values, pa.float64())
    return pa.Array.from_buffers(
        pa.float64(), len(values), [None, pa.py_buffer(np.array(values, np.float64))]
    )


def flags(values: Sequence[bool] | np.ndarray) -> pa.Array:
    """Return booleans, none of them missing, as a column."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, validity_of(values)[0]])


def validity_of(known: Sequence[bool] | np.ndarray) -> tuple[pa.Buffer, int]:
    """Return flags as Arrow's bits, and how many are not set."""
    array = np.asarray(known, dtype=bool)
    return pa.py_buffer(np.packbits(array, bitorder="little")), len(array) - int(np.count_nonzero(array))
