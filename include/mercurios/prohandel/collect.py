"""Collecting the rows of one resource: typed, told apart from what is known, and written to parts.

A row whose key and content the warehouse holds is left out, and only its key is kept: a complete read that no
longer shows a key means the row is gone at the source. Keys and contents are compared as 64 bits each, which
keeps memory flat for millions of rows.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mercurios.landing.manifest import Counts, DriftNote, Part
from mercurios.landing.store import LandingStore, PartWriter
from mercurios.prohandel.resources import Resource
from mercurios.prohandel.typing import Rejected, Stamp, TypedPage, schema, type_rows
from mercurios.tenants import Drift

KEYS_SCHEMA = pa.schema([pa.field("id", pa.string())])
QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("row_number", pa.int64()),
        pa.field("source_id", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("payload", pa.string()),
    ]
)


class Collector:
    """Types the rows of one resource and writes rows, unchanged keys and quarantine to its parts.

    Args:
        resource: the contract.
        stamp: what every row carries.
        drift: what happens to undeclared fields.
        known: what the warehouse holds; None where it holds nothing.
        store: the landing area.
        prefix: folder of the attempt.
    """

    def __init__(
        self,
        resource: Resource,
        stamp: Stamp,
        drift: Drift,
        known: Known | None,
        store: LandingStore,
        prefix: str,
    ) -> None:
        self.resource = resource
        self._stamp = stamp
        self._drift = drift
        self._known = known
        self._seen: list[np.ndarray] = []  # keys of this pass, a page each
        self._earlier: np.ndarray | None = None  # keys of earlier passes, sorted
        self._rows = PartWriter(
            store, f"{prefix}/{resource.table}-rows.parquet", "rows", resource.name, schema(resource)
        )
        self._keys = PartWriter(
            store, f"{prefix}/{resource.table}-keys.parquet", "keys", resource.name, KEYS_SCHEMA
        )
        self._quarantine = PartWriter(
            store,
            f"{prefix}/{resource.table}-quarantine.parquet",
            "quarantine",
            resource.name,
            QUARANTINE_SCHEMA,
        )
        self.extracted = 0
        self.unchanged = 0
        self.newest_cursor: datetime | None = None
        self._unknown: Counter[str] = Counter()
        self._missing: Counter[str] = Counter()

    @property
    def landed(self) -> int:
        """Rows written so far."""
        return self._rows.rows

    def take(self, rows: Sequence[dict[str, Any]], reread: Callable[[], Sequence[dict[str, Any]]]) -> None:
        """Type one page of rows and write what is new; `reread` decodes the page again with exact decimals."""
        page = type_rows(
            self.resource,
            rows,
            self._stamp,
            first_row=self.extracted,
            reread=reread,
            quarantine_unknown=self._drift == Drift.QUARANTINE,
        )
        self.extracted += len(rows)
        self._unknown.update(page.unknown_fields)
        self._missing.update(page.missing_fields)
        self._note_cursor(page.table)
        self._write(self._first_seen(page))

    def misses_known_rows(self) -> bool:
        """Return whether a row that the warehouse holds as living was not seen."""
        if self._known is None:
            return False
        seen = np.sort(np.concatenate([*self._seen, np.zeros(0, np.uint64)]))
        return not bool(_is_known(self._known.keys, seen).all())

    def begin_another_pass(self) -> None:
        """From here on only rows that no earlier pass showed are taken."""
        earlier = [] if self._earlier is None else [self._earlier]
        self._earlier = np.sort(np.concatenate([*earlier, *self._seen, np.zeros(0, np.uint64)]))
        self._seen = []

    def _first_seen(self, page: TypedPage) -> TypedPage:
        """Note the keys of a page, and leave out what an earlier pass has shown."""
        keys = _key_hashes(page.table["id"].to_pylist())
        self._seen += [keys, _key_hashes([row.source_id for row in page.rejected if row.source_id])]
        if self._earlier is None:
            return page
        fresh = page.table.filter(pa.array(~_is_known(keys, self._earlier)))
        # A row without an id cannot be told from the same row of the pass before.
        rejected = [
            row
            for row in page.rejected
            if row.source_id and not _is_known(_key_hashes([row.source_id]), self._earlier)[0]
        ]
        self.unchanged += page.table.num_rows - fresh.num_rows + len(page.rejected) - len(rejected)
        return TypedPage(fresh, rejected, page.unknown_fields, page.missing_fields)

    def _write(self, page: TypedPage) -> None:
        table = page.table
        if self._drift == Drift.FREEZE and page.unknown_fields:
            index = table.schema.get_field_index("_extra")
            table = table.set_column(index, "_extra", pa.nulls(table.num_rows, pa.string()))
        if self._known is not None and table.num_rows:
            seen = pa.array(_is_known(_short_hashes(table["_content_hash"]), self._known.hashes))
            same = table.filter(seen)
            self.unchanged += same.num_rows
            self._keys.write(same.select(["id"]).cast(KEYS_SCHEMA))
            table = table.filter(pc.invert(seen))
        self._rows.write(table)
        self._quarantine.write(_quarantine_table(page.rejected))
        # A row that cannot be typed still exists at the source.
        ids = [row.source_id for row in page.rejected if row.source_id]
        self._keys.write(pa.table({"id": pa.array(ids, pa.string())}, schema=KEYS_SCHEMA))

    def _note_cursor(self, table: pa.Table) -> None:
        if self.resource.cursor_column and table.num_rows:
            newest = pc.max(table[self.resource.cursor_column]).as_py()
            if newest is not None and (self.newest_cursor is None or newest > self.newest_cursor):
                self.newest_cursor = newest

    def counts(self) -> Counts:
        """Return how many rows came and what became of them."""
        return Counts(extracted=self.extracted, unchanged=self.unchanged, quarantined=self._quarantine.rows)

    def drift_notes(self) -> list[DriftNote]:
        """Return the fields that appeared or vanished."""
        appeared = [
            DriftNote(resource=self.resource.name, field=name, change="appeared", rows=rows)
            for name, rows in sorted(self._unknown.items())
        ]
        vanished = [
            DriftNote(resource=self.resource.name, field=name, change="vanished", rows=rows)
            for name, rows in sorted(self._missing.items())
        ]
        return appeared + vanished

    def close(self) -> list[Part]:
        """Finish the parts and return those that hold rows."""
        return self._rows.close() + self._keys.close() + self._quarantine.close()

    def abandon(self) -> None:
        """Release the files of an attempt that failed; without a manifest they do not exist for the loader."""
        for writer in (self._rows, self._keys, self._quarantine):
            writer.abandon()


def _quarantine_table(rejected: Sequence[Rejected]) -> pa.Table:
    return pa.table(
        {
            "row_number": [row.row_number for row in rejected],
            "source_id": [row.source_id for row in rejected],
            "reason": [row.reason for row in rejected],
            "payload": [row.payload for row in rejected],
        },
        schema=QUARANTINE_SCHEMA,
    )


def _short_hashes(hashes: pa.ChunkedArray) -> np.ndarray:
    """Return the first 64 bits of each hash as numbers: 8 bytes a row are what keeps memory flat."""
    text = hashes.combine_chunks() if isinstance(hashes, pa.ChunkedArray) else hashes
    joined = b"".join(value.as_py()[:16].encode() for value in text)
    return np.frombuffer(bytes.fromhex(joined.decode()), dtype=">u8").astype(np.uint64)


def _is_known(hashes: np.ndarray, known: np.ndarray) -> np.ndarray:
    if not known.size:
        return np.zeros(len(hashes), dtype=bool)
    position = np.minimum(np.searchsorted(known, hashes), known.size - 1)
    found: np.ndarray = known[position] == hashes
    return found


def _key_hashes(ids: Sequence[str]) -> np.ndarray:
    """Return the first 64 bits of each id's MD5, which every engine can compute too."""
    digests = b"".join(hashlib.md5(key.encode(), usedforsecurity=False).digest()[:8] for key in ids)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


@dataclass(frozen=True)
class Known:
    """What the warehouse holds of a resource: keys and contents of its living rows, 64 bits each, sorted."""

    keys: np.ndarray
    hashes: np.ndarray


def load_known(store: LandingStore, url: str | None) -> dict[str, Known]:
    """Return what is known by resource. The file has the columns `resource`, `key64` and `hash64`."""
    if url is None:
        return {}
    table = pq.read_table(BytesIO(store.read_bytes(url)))
    result: dict[str, Known] = {}
    for name in pc.unique(table["resource"]).to_pylist():
        rows = table.filter(pc.equal(table["resource"], name))
        keys, hashes = (np.sort(rows[column].to_numpy().astype(np.uint64)) for column in ("key64", "hash64"))
        result[name] = Known(keys, hashes)
    return result
