"""The rows of one resource as the API shows them: a rendered base, newer versions behind it, and the list order.

Storage only grows. A changed row gets a new version at the end and its entry in the list points there, so a page is
mostly one slice of the base blob and clock moves never rewrite it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import orjson

from prohandel_simulator import schema
from prohandel_simulator.rendering import Rendered, render_row


class _Growing:
    """An int64 array that can be appended to without copying each time."""

    def __init__(self, values: np.ndarray) -> None:
        self._data = np.array(values, dtype=np.int64)
        self._size = len(values)

    def append(self, value: int) -> None:
        if self._size == len(self._data):
            self._data = np.concatenate([self._data, np.zeros(max(1024, self._size // 4), dtype=np.int64)])
        self._data[self._size] = value
        self._size += 1

    @property
    def values(self) -> np.ndarray:
        return self._data[: self._size]


class Collection:
    """All rows of one resource, addressed by slot: a number that stays with a row for life."""

    def __init__(self, resource: str, base: Rendered) -> None:
        self.resource = resource
        self._blob = base.blob
        self._offsets = base.offsets
        self._base = len(base)
        self._tail: list[bytes] = []
        self._ref = _Growing(np.arange(len(base)))
        self._ticks = _Growing(base.ticks)
        self._keys = _Growing(base.keys)
        self._deleted = _Growing(base.deleted)
        self._silent: set[int] = set()
        self._order: np.ndarray | None = None
        self._since: tuple[int, np.ndarray] | None = None

    @property
    def slots(self) -> int:
        """How many rows were ever stored, deleted ones included."""
        return len(self._ref.values)

    @property
    def visible(self) -> np.ndarray:
        """Slots of the undeleted rows in list order."""
        if self._order is None:
            alive = np.flatnonzero(self._deleted.values == 0)
            self._order = alive[np.argsort(self._keys.values[alive], kind="stable")]
        return self._order

    def changed_since(self, ticks: int) -> np.ndarray:
        """Slots whose last change is at or after the instant, tombstones included, oldest change first."""
        if self._since is None or self._since[0] != ticks:
            stamps = self._ticks.values
            slots = np.flatnonzero(stamps >= ticks)
            if self._silent:
                slots = slots[~np.isin(slots, list(self._silent))]
            self._since = (ticks, slots[np.argsort(stamps[slots], kind="stable")])
        return self._since[1]

    @property
    def newest(self) -> int:
        """Ticks of the last change that left a trace, tombstones included."""
        return int(self._ticks.values.max(initial=0))

    @property
    def deleted(self) -> list[int]:
        """Slots of the deleted rows."""
        return np.flatnonzero(self._deleted.values).tolist()

    def is_deleted(self, slot: int) -> bool:
        """Return whether the row was deleted, with or without a tombstone."""
        return bool(self._deleted.values[slot])

    def page(self, slots: np.ndarray) -> bytes:
        """Render the rows of these slots as a bare JSON array."""
        refs = self._ref.values[slots]
        if not len(refs):
            return b"[]"
        breaks = np.flatnonzero((np.diff(refs) != 1) | (refs[1:] >= self._base)) + 1
        bounds = [0, *breaks.tolist(), len(refs)]
        parts = []
        for start, stop in pairwise(bounds):
            first = int(refs[start])
            if first < self._base:
                parts.append(self._blob[self._offsets[first] + 1 : self._offsets[first + stop - start]])
            else:
                parts.append(self._tail[first - self._base])
        return b"[" + b",".join(parts) + b"]"

    def raw(self, slot: int) -> bytes:
        """Return the current bytes of one row."""
        return self.page(np.array([slot]))[1:-1]

    def read(self, slot: int) -> dict[str, Any]:
        """Return one row as wire values."""
        row: dict[str, Any] = orjson.loads(self.raw(slot))
        return row

    def add(self, row: dict[str, Any], ticks: int, raw: bytes | None = None) -> int:
        """Store a new row and return its slot; `raw` replaces the rendering, for rows that are wrong on purpose."""
        key = schema.sort_key(self.resource, row)
        slot = self.slots
        self._keys.append(int(key) if key is not None else slot)
        self._ref.append(self._base + len(self._tail))
        self._tail.append(raw if raw is not None else render_row(self.resource, row))
        self._ticks.append(ticks)
        self._deleted.append(0)
        self._touch()
        return slot

    def update(self, slot: int, row: dict[str, Any], ticks: int, raw: bytes | None = None) -> None:
        """Store a new version of a row; its place in the list stays. `raw` replaces the rendering, as in `add`."""
        self._ref.values[slot] = self._base + len(self._tail)
        self._tail.append(raw if raw is not None else render_row(self.resource, row))
        self._ticks.values[slot] = ticks
        self._since = None

    def delete(self, slot: int, ticks: int, stamp: str, silent: bool = False) -> None:
        """Take a row out of the list: with a tombstone that `changed` returns, or without any trace."""
        if silent:
            self._silent.add(slot)
        else:
            self.update(slot, {**self.read(slot), "isDeleted": True, "lastChange": stamp}, ticks)
        self._deleted.values[slot] = 1
        self._touch()

    def restore(self, slot: int, ticks: int, stamp: str, silent: bool = False) -> bool:
        """Put a deleted row back into the list; return whether that left a trace.

        A row that vanished without a trace can come back without one; a tombstone is taken back by a change.
        """
        traced = not (silent and slot in self._silent)
        self._silent.discard(slot)
        if traced:
            self.update(slot, {**self.read(slot), "isDeleted": False, "lastChange": stamp}, ticks)
        self._deleted.values[slot] = 0
        self._touch()
        return traced

    def move(self, slot: int, before: int) -> None:
        """Let a row stand before another one in the list, as a change of its number does."""
        order = self.visible
        place = int(np.flatnonzero(order == before)[0])
        keys = self._keys.values
        lower = keys[order[place - 1]] if place else keys[before] - 2
        # Equal keys are in the order of their slots, so a key between two neighbours may not exist.
        keys[slot] = (lower + keys[before]) // 2
        self._touch()

    def _touch(self) -> None:
        self._order = None
        self._since = None
