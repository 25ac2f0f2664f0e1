"""Typed rows of the shape of sales, as many as wanted, for measuring the load without an extraction before it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

import numpy as np
import pyarrow as pa

from mercurios.sources.contract import Column, ColumnType
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows.landed_table import schema

CHUNK = 250_000
_FIRST_DAY = np.datetime64("2023-01-02", "D")
_DISTINCT = {
    "article_number": 2_000,
    "branch_number": 6,
    "article_size_number": 70_000,
    "receipt_number": 900_000,
}


def tables(
    tenant_id: str, rows: int, seed: int, version: int, only: np.ndarray | None = None
) -> Iterator[pa.Table]:
    """Yield tables with the landed columns of `sale`.

    Args:
        tenant_id: on every row.
        rows: how many sales there are.
        seed: same seed, same keys.
        version: a higher version of the same row has another content and a later change.
        only: numbers of the rows to yield; all by default.
    """
    numbers = np.arange(rows, dtype=np.uint64) if only is None else only.astype(np.uint64)
    for start in range(0, len(numbers), CHUNK):
        yield _table(tenant_id, numbers[start : start + CHUNK], seed, version)


def _table(tenant_id: str, numbers: np.ndarray, seed: int, version: int) -> pa.Table:
    count = len(numbers)
    rng = np.random.default_rng([seed, version, int(numbers[0])])
    landed = schema(RESOURCES["sale"])
    arrays: dict[str, pa.Array] = {
        "tenant_id": pa.repeat(tenant_id, count),
        "_extra": pa.nulls(count, pa.string()),
        "_content_hash": _hex(_mixed(numbers, seed + 1000 * version), 2),
        "_extracted_at": pa.repeat(pa.scalar(datetime(2026, 3, 4, 4, version), pa.timestamp("us")), count),
        "_run_id": pa.repeat(f"version-{version}", count),
    }
    for column in RESOURCES["sale"].columns:
        arrays[column.name] = _column(column, numbers, rng, seed, version)
    return pa.Table.from_arrays([arrays[name] for name in landed.names], schema=landed)


def _column(
    column: Column, numbers: np.ndarray, rng: np.random.Generator, seed: int, version: int
) -> pa.Array:
    count = len(numbers)
    if column.name == "id":
        return _hex(_mixed(numbers, seed), 2)
    days = _FIRST_DAY + (numbers % 1150).astype("timedelta64[D]")
    made: dict[ColumnType, Callable[[], pa.Array]] = {
        ColumnType.INTEGER: lambda: pa.array(rng.integers(0, _DISTINCT.get(column.name, 9), count)),
        ColumnType.DECIMAL: lambda: _cents(rng.integers(0, 20_000, count)),
        ColumnType.TEXT: lambda: pa.repeat("", count),
        ColumnType.BOOLEAN: lambda: pa.repeat(pa.scalar(False), count),
        ColumnType.DATE: lambda: pa.array(days),
        ColumnType.TIMESTAMP: lambda: pa.array(days.astype("datetime64[us]") + np.timedelta64(version, "h")),
        ColumnType.KEY_HASH: lambda: _hex(_mixed(rng.integers(0, 6_000, count).astype(np.uint64), seed), 1),
    }
    return made[column.type]()


def _cents(values: np.ndarray) -> pa.Array:
    words = np.zeros((len(values), 2), dtype="<i8")
    words[:, 0] = values
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(values), [None, pa.py_buffer(words.tobytes())])


def _mixed(numbers: np.ndarray, seed: int) -> np.ndarray:
    """Spread numbers over 64 bits without collisions (splitmix64), so that keys arrive in no order."""
    salt = int.from_bytes(hashlib.blake2b(str(seed).encode(), digest_size=8).digest(), "little")
    with np.errstate(over="ignore"):
        mixed = numbers + np.uint64(salt)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def _hex(values: np.ndarray, words: int) -> pa.Array:
    """Return each number as text of 16 hexadecimal digits, repeated `words` times."""
    text = np.repeat(values[:, None], words, axis=1).tobytes().hex().encode()
    offsets = np.arange(0, 16 * words * (len(values) + 1), 16 * words, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(text)])
