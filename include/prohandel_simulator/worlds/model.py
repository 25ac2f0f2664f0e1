"""What a generator hands over: tables for the API and the state that lets the clock move on from them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prohandel_simulator.rendering import TICKS, uuids

DAY_TICKS = 86_400 * TICKS
State = dict[str, np.ndarray]
MIGRATED = 1_571_732_786 * TICKS + 5_940_474
"""The day in 2019 on which most old masters were last touched: a bulk migration, not a business event."""


def rng_for(seed: int, *words: str | int) -> np.random.Generator:
    """Return a generator of random numbers that depends on the seed and on what it is for."""
    parts = [zlib.crc32(word.encode()) if isinstance(word, str) else word for word in words]
    return np.random.default_rng([seed, *parts])


@dataclass
class Table:
    """Columns of one resource; scalars repeat, missing fields take the wire's default."""

    columns: dict[str, Any]
    count: int

    def with_ids(self, resource: str, seed: int) -> Table:
        """Give every row a technical key that depends only on seed, resource and position."""
        if "id" in self.columns:
            return self
        return Table({**self.columns, "id": uuids(rng_for(seed, "id", resource), self.count)}, self.count)


@dataclass
class WorldData:
    """A generated world before rendering.

    Attributes:
        tables: columns per resource.
        state: arrays the change engine continues from; `row_*` arrays follow the order of articlesize.
        zone: zone of business dates and times.
        starts_on: day (days since 1970) of the first clock reading; data exists up to the evening before.
    """

    tables: dict[str, Table]
    state: State
    zone: str
    starts_on: int
    meta: dict[str, Any] = field(default_factory=dict)


def days(values: np.ndarray) -> np.ndarray:
    """Turn day numbers into business dates; negative numbers become missing."""
    dates = np.asarray(values, dtype=np.int64).astype("datetime64[D]")
    return np.where(np.asarray(values) < 0, np.datetime64("NaT"), dates)


def fractions(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return sub-second ticks as the API shows them: mostly seven digits, sometimes fewer, now and then none."""
    ticks = rng.integers(0, TICKS, count)
    digits = rng.choice([0, 1, 2, 3], size=count, p=[0.97, 0.015, 0.01, 0.005])
    return np.asarray(ticks // 10 ** (2 * digits) * 10 ** (2 * digits) * (digits < 3))
