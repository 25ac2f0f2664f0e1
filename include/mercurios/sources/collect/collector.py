"""Collecting the rows of one resource: typed, compared with what the warehouse holds, and written to parts.

A row whose key and content the warehouse holds is left out, and only its key is kept: a complete read that no
longer shows a key means that the row is deleted at the source. Keys and contents are compared as 64 bits each, which
keeps memory flat for millions of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercurios.landing.manifest import Counts, DriftNote, Part
from mercurios.landing.store import LandingStore
from mercurios.sources.collect.drift_notes import DriftCounts
from mercurios.sources.collect.keys import Known, are_in, content_hashes, key_hashes, quick_hashes
from mercurios.sources.collect.parts import ResourceParts
from mercurios.sources.collect.shown_keys import ShownKeys
from mercurios.sources.contract import Resource
from mercurios.sources.rows.arrow_buffers import flags
from mercurios.sources.rows.landed_table import Stamp, schema
from mercurios.sources.rows.records import Record
from mercurios.sources.rows.typed_page import Rejected, TypedPage
from mercurios.sources.rows.typed_rows import type_records, type_rows
from mercurios.sources.settings import Bounds, Drift


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
        self.extracted = 0
        self.unchanged = 0
        self.newest_cursor: datetime | None = None
        self._stamp = stamp
        self._drift = drift
        self._known = known
        # Only keys that are compared with the warehouse's need a hash that it can compute too.
        self._shown = ShownKeys(quick_hashes if known is None else key_hashes)
        self._parts = ResourceParts(resource, store, prefix, stamp.tenant_id)
        self._drift_counts = DriftCounts()
        self._without_cursor = 0

    @property
    def landed(self) -> int:
        """Rows written so far."""
        return self._parts.rows

    @property
    def stamp(self) -> Stamp:
        """What every row carries from here on, and how its values are read."""
        return self._stamp

    @property
    def bounds(self) -> Bounds:
        """What the rows may mean."""
        return self._stamp.bounds

    def bound(self, bounds: Bounds) -> None:
        """Set what the rows may mean from here on."""
        self._stamp = replace(self._stamp, bounds=bounds)

    def take(self, rows: Sequence[dict[str, Any]], reread: Callable[[], Sequence[dict[str, Any]]]) -> bool:
        """Type one page of rows and write what is new.

        Args:
            rows: decoded rows.
            reread: decodes the page again with exact decimals.

        Returns:
            Whether this scan had already shown every one of these rows.
        """
        page = type_rows(
            self.resource, rows, self._stamp, first_row=self.extracted, reread=reread, drift=self._drift
        )
        rejected = [row.source_id for row in page.rejected if row.source_id]
        keys = self._shown.hashes_of([*page.table["id"].to_pylist(), *rejected])
        return self._take(page, len(rows), [keys])[0]

    def refuse(self, rejected: Sequence[Rejected]) -> None:
        """Take rows that could not be read into fields at all; each has an id of its own."""
        page = TypedPage(schema(self.resource).empty_table(), list(rejected))
        keys = self._shown.hashes_of([row.source_id or "" for row in rejected])
        self._take(page, len(rejected), [keys])

    def take_records(
        self, pages: Sequence[Sequence[Record]], typed: TypedPage | None = None
    ) -> list[bool] | None:
        """Type pages of records together and write what is new.

        Args:
            pages: the records.
            typed: the same pages where they are typed already.

        Returns:
            For each page whether this scan had shown every one of its rows before these pages; None where nothing was
            taken, because a value must be looked at row by row.
        """
        typed = typed or type_records(self.resource, list(chain.from_iterable(pages)), self._stamp)
        if typed is None:
            return None
        keys = [self._shown.hashes_of([record.id for record in page]) for page in pages]
        return self._take(typed, sum(map(len, pages)), keys)

    def _take(self, page: TypedPage, rows: int, keys: Sequence[np.ndarray]) -> list[bool]:
        """Count and write typed rows; `keys` are the hashes of their ids, page by page."""
        self.extracted += rows
        # A further scan shows the same rows again.
        if self._shown.is_first_scan:
            self._drift_counts.add(page, rows)
        repeated = self._shown.add(keys)
        fresh = self._shown.without_earlier(page)
        self.unchanged += (
            page.table.num_rows - fresh.table.num_rows + len(page.rejected) - len(fresh.rejected)
        )
        self._note_cursor(fresh.table)
        self._write(fresh)
        return repeated

    def note_missing(self, field: str, rows: int) -> None:
        """Count rows that lack a field in which other rows are nested."""
        if self._shown.is_first_scan:
            self._drift_counts.add_missing(field, rows)

    def misses_known_rows(self) -> bool:
        """Return whether a row that the warehouse holds as active was not shown by any scan."""
        return self._known is not None and not self._shown.show_all(self._known.keys)

    def begin_scan(self) -> None:
        """From here on only rows that no earlier scan showed are taken."""
        self._shown.begin_scan()

    def _write(self, page: TypedPage) -> None:
        table = page.table
        if self._known is not None and table.num_rows:
            is_known = flags(are_in(content_hashes(table["_content_hash"]), self._known.hashes))
            same = table.filter(is_known)
            self.unchanged += same.num_rows
            self._parts.write_unchanged(same)
            table = table.filter(pc.invert(is_known))
        self._parts.write_rows(table)
        self._parts.write_rejected(page.rejected)

    def _note_cursor(self, table: pa.Table) -> None:
        if self.resource.cursor_column and table.num_rows:
            cursors = table[self.resource.cursor_column]
            self._without_cursor += cursors.null_count
            newest = pc.max(cursors).as_py()
            if newest is not None and (self.newest_cursor is None or newest > self.newest_cursor):
                self.newest_cursor = newest

    def counts(self) -> Counts:
        """Return how many rows came, and how many of them were unchanged, in quarantine or without a cursor."""
        return Counts(
            extracted=self.extracted,
            unchanged=self.unchanged,
            quarantined=self._parts.quarantined,
            without_cursor=self._without_cursor,
        )

    def drift_notes(self) -> list[DriftNote]:
        """Return the fields that appeared, vanished or changed their type."""
        return self._drift_counts.notes(self.resource.name)

    def close(self) -> list[Part]:
        """Finish the parts and return those that hold rows."""
        return self._parts.close()

    def abandon(self) -> None:
        """Release the files of an attempt that failed."""
        self._parts.abandon()
