"""Array types and the few row-wise operations whose result must not depend on neighbouring rows.

A BLAS product picks its kernel by the shape of the whole batch, so the last bits of one series' result could change
with the number of series beside it. `matmul_rows` always multiplies blocks of one fixed height, which makes a series'
numbers the same alone, in a shard, or in the full panel.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]

# Small enough that OpenBLAS stays on one thread for a few hundred weeks: its thread split moves the last bits too.
_BLOCK_ROWS = 32


def matmul_rows(rows: F64, matrix: F64) -> F64:
    """Multiply `rows` (n x k) by `matrix` (k x m), each row's bits independent of n and of its position."""
    n, k = rows.shape
    m = matrix.shape[1]
    if n == 0 or k == 0 or m == 0:
        return np.zeros((n, m))
    blocks = -(-n // _BLOCK_ROWS)
    # A one-column product would take the matrix-vector kernel, whose unrolling depends on the row's position.
    wide = matrix if m > 1 else np.concatenate([matrix, np.zeros((k, 1))], axis=1)
    padded = np.zeros((blocks * _BLOCK_ROWS, k))
    padded[:n] = rows
    product: F64 = np.matmul(padded.reshape(blocks, _BLOCK_ROWS, k), np.ascontiguousarray(wide))
    return product.reshape(blocks * _BLOCK_ROWS, -1)[:n, :m]


def row_sum(values: F64) -> F64:
    """Sum along the last axis of a C-contiguous copy, so that the summation order is that of one row."""
    total: F64 = np.ascontiguousarray(values).sum(axis=-1)
    return total


def place_of(codes: I64, wanted: I64) -> I64:
    """Place of each wanted code among ascending ones, -1 where it is not."""
    if codes.size == 0:
        return np.full(wanted.size, -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(codes, wanted), codes.size - 1)
    found: I64 = np.where(codes[at] == wanted, at, -1).astype(np.int64)
    return found


def masked_mean(values: F64, mask: Bool) -> F64:
    """Mean of the observed values of each row; zero for a row without any."""
    count = mask.sum(axis=-1)
    mean: F64 = row_sum(np.where(mask, values, 0.0)) / np.maximum(count, 1)
    return mean


def first_observed(mask: Bool) -> I64:
    """Index of each row's first observed week; the number of weeks for a row without any."""
    first = np.argmax(mask, axis=1)
    found: I64 = np.where(mask.any(axis=1), first, mask.shape[1]).astype(np.int64)
    return found


def last_observed(mask: Bool, count: int) -> Bool:
    """Mark the last `count` observed weeks of each row."""
    rank = np.cumsum(mask[:, ::-1], axis=1)[:, ::-1]
    marked: Bool = mask & (rank <= count)
    return marked
