"""Whole numbers and amounts as Arrow columns, exact or refused.

Numbers are packed into a buffer by `struct`, the cheapest way from Python's numbers to an array; booleans must have
been refused before, for there they count as 1.0. A fraction of a whole number, a third decimal of an amount and a
number beyond what a double holds exactly are refused rather than rounded.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercurios.sources.rows import cells
from mercurios.sources.rows.arrow_buffers import validity_of

_EXACT_FLOAT = float(2**53)


def integers(fields: Sequence[Sequence[Any]]) -> list[pa.Array]:
    """Return the whole numbers of several fields as columns.

    Raises:
        pyarrow.ArrowException, TypeError, ValueError: a value is not a whole number, or not held exactly.
    """
    numbers = _packed(fields)
    if numbers is None or not np.abs(numbers).max(initial=0.0) < _EXACT_FLOAT:
        return [_sparse_integers(values) for values in fields]
    whole = numbers.astype(np.int64)
    if not (whole == numbers).all():
        raise ValueError("a fraction where a whole number is expected")
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


def decimals(fields: Sequence[Sequence[Any]]) -> list[pa.Array]:
    """Return the amounts of several fields as columns with two decimals.

    Raises:
        pyarrow.ArrowException, TypeError, ValueError: a value is not a number with two decimals.
    """
    numbers = _packed(fields)
    if numbers is None:
        return [_sparse_decimals(values) for values in fields]
    return [_cents(words, None, 0) for words in _words(numbers)]


def _sparse_decimals(values: Sequence[Any]) -> pa.Array:
    """Return amounts of which some are missing."""
    array = pa.array(values, pa.float64())
    validity, missing = validity_of([value is not None for value in values])
    return _cents(_words(array.fill_null(0.0).to_numpy(zero_copy_only=False)), validity, missing)


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
