"""Keys and contents as 64 bits each: what keeps memory flat while millions of rows are compared."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mercurios.landing.store import LandingStore


def key_hashes(ids: Sequence[str]) -> np.ndarray:
    """Return the first 64 bits of each id's MD5, which every engine can compute too."""
    digests = b"".join(hashlib.md5(key.encode(), usedforsecurity=False).digest()[:8] for key in ids)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


def quick_hashes(ids: Sequence[str]) -> np.ndarray:
    """Return 64 bits that distinguish each id from others within this process, and mean nothing outside of it."""
    return np.fromiter(map(hash, ids), np.int64, len(ids)).astype(np.uint64)


def content_hashes(hashes: pa.ChunkedArray) -> np.ndarray:
    """Return the first 64 bits of hashes that are written in hexadecimal."""
    digits = "".join(pc.utf8_slice_codeunits(hashes, 0, 16).to_pylist())
    return np.frombuffer(bytes.fromhex(digits), dtype=">u8").astype(np.uint64)


def are_in(hashes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return for each hash whether it is among the known ones, which are sorted."""
    if not known.size:
        return np.zeros(len(hashes), dtype=bool)
    position = np.minimum(np.searchsorted(known, hashes), known.size - 1)
    found: np.ndarray = known[position] == hashes
    return found


class KeySet:
    """Key hashes that arrive a page at a time.

    They are kept in sorted runs. Short ones are merged as they come, so that pages of a few rows make no thousands of
    them; the others wait until they fill a long run. To merge more often would leave holes in memory, and in longer
    runs to merge costs more memory than looking into one run more costs time.
    """

    SHORT_RUN, LONG_RUN = 8_192, 262_144

    def __init__(self) -> None:
        self._long: list[np.ndarray] = []
        self._waiting: list[np.ndarray] = []

    def add(self, keys: np.ndarray) -> None:
        """Add keys."""
        if keys.size:
            self._add_run(np.sort(keys))

    def add_all(self, other: KeySet) -> None:
        """Add the keys of another set."""
        for run in other._runs():
            self._add_run(run)

    def _runs(self) -> list[np.ndarray]:
        return self._long + self._waiting

    def _add_run(self, run: np.ndarray) -> None:
        while self._waiting and len(self._waiting[-1]) <= len(run) < self.SHORT_RUN:
            run = _merged([self._waiting.pop(), run])
        self._waiting.append(run)
        if sum(map(len, self._waiting)) >= self.LONG_RUN:
            self._long.append(_merged(self._waiting))
            self._waiting = []

    def hold(self, keys: np.ndarray) -> np.ndarray:
        """Return for each key whether it is in the set."""
        found = np.zeros(len(keys), dtype=bool)
        for run in self._runs():
            found |= are_in(keys, run)
        return found

    def holds_all(self, keys: np.ndarray) -> bool:
        """Return whether every key is in the set; cheap where already the first one is not."""
        return not len(keys) or (self._holds(keys[0]) and bool(self.hold(keys).all()))

    def _holds(self, key: np.uint64) -> bool:
        for run in self._runs():
            # The search of numpy would let another thread run, which costs more than the search.
            at = bisect_left(run, key)
            if at < len(run) and run[at] == key:
                return True
        return False


def _merged(runs: Sequence[np.ndarray]) -> np.ndarray:
    run = np.concatenate(runs)
    # In place: a sorted copy would be the greatest array of a long read.
    run.sort(kind="stable")
    return run


@dataclass(frozen=True)
class Known:
    """What the warehouse holds of a resource: keys and contents of its active rows, sorted."""

    keys: np.ndarray
    hashes: np.ndarray


def load_known(store: LandingStore, url: str | None) -> dict[str, Known]:
    """Return what is known by resource. The file has the columns `resource`, `key64` and `hash64`."""
    if url is None:
        return {}
    # `read_table` and `to_numpy` load pandas, which takes longer than the file and holds 35 MiB.
    with pq.ParquetFile(BytesIO(store.read_bytes(url))) as file:
        table = file.read()
    resources = pc.dictionary_encode(table["resource"].combine_chunks())
    places, keys, hashes = (
        np.from_dlpack(column)
        for column in (resources.indices, *(table[name].combine_chunks() for name in ("key64", "hash64")))
    )
    return {
        name: Known(np.sort(keys[places == place]), np.sort(hashes[places == place]))
        for place, name in enumerate(resources.dictionary.to_pylist())
    }
