"""Collecting the rows of one resource: typed, told apart from what is known, and written to parts.

A row whose key and content the warehouse holds is left out, and only its key is kept: a complete read that no
longer shows a key means the row is gone at the source. Keys and contents are compared as 64 bits each, which
keeps memory flat for millions of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mercurios.landing.manifest import Counts, DriftNote, Part
from mercurios.landing.store import LandingStore, PartWriter
from mercurios.sources.contract import Resource
from mercurios.sources.rows.arrow_columns import flags
from mercurios.sources.rows.keys import (
    KeySet,
    Known,
    are_in,
    content_hashes,
    key_hashes,
    quick_hashes,
)
from mercurios.sources.rows.records import Record
from mercurios.sources.rows.typed_rows import (
    Rejected,
    Stamp,
    TypedPage,
    schema,
    type_records,
    type_rows,
)
from mercurios.sources.settings import Drift

KEYS_SCHEMA = pa.schema([pa.field("id", pa.string())])
QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("row_number", pa.int64()),
        pa.field("source_id", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("payload", pa.string()),
    ]
)

_A_HANDFUL = 5  # so many bad rows are bad rows, whatever their share
_SHARE_OF_A_CHANGED_TYPE = 0.5


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
        # Only keys that are held against the warehouse's need a hash that it can compute too.
        self._hashes_of = quick_hashes if known is None else key_hashes
        self._seen = KeySet()  # in this pass
        self._earlier: KeySet | None = None  # in the passes before
        self._rows = PartWriter(
            store,
            f"{prefix}/{resource.table}-rows.parquet",
            "rows",
            resource.name,
            schema(resource),
            unique=("id", "_content_hash", resource.cursor_column or "id"),
        )
        self._keys = PartWriter(
            store,
            f"{prefix}/{resource.table}-keys.parquet",
            "keys",
            resource.name,
            KEYS_SCHEMA,
            unique=("id",),
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
        self._without_cursor = 0
        self._unknown: Counter[str] = Counter()
        self._missing: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._judged = 0  # rows that were looked at for drift

    @property
    def landed(self) -> int:
        """Rows written so far."""
        return self._rows.rows

    def take(self, rows: Sequence[dict[str, Any]], reread: Callable[[], Sequence[dict[str, Any]]]) -> bool:
        """Type one page of rows and write what is new.

        Args:
            rows: decoded rows.
            reread: decodes the page again with exact decimals.

        Returns:
            Whether this pass had already shown every one of these rows.
        """
        page = type_rows(
            self.resource, rows, self._stamp, first_row=self.extracted, reread=reread, drift=self._drift
        )
        refused = [row.source_id for row in page.rejected if row.source_id]
        shown = self._hashes_of([*page.table["id"].to_pylist(), *refused])
        return self._take(page, len(rows), [shown])[0]

    def take_records(self, pages: Sequence[Sequence[Record]]) -> list[bool] | None:
        """Type pages of records together and write what is new.

        Returns:
            For each page whether this pass had shown every one of its rows before these pages; None where nothing was
            taken, because a value must be looked at row by row.
        """
        records = list(chain.from_iterable(pages))
        typed = type_records(self.resource, records, self._stamp)
        if typed is None:
            return None
        shown = [self._hashes_of([record.id for record in page]) for page in pages]
        return self._take(typed, len(records), shown)

    def _take(self, page: TypedPage, rows: int, shown: Sequence[np.ndarray]) -> list[bool]:
        """Note and write what is typed of these rows; `shown` are the hashes of their ids, page by page."""
        self.extracted += rows
        self._note_drift(page, rows)
        repeated = [bool(keys.size) and self._seen.holds_all(keys) for keys in shown]
        self._seen.add(np.concatenate(shown))
        fresh = self._first_seen(page)
        self._note_cursor(fresh.table)
        self._write(fresh)
        return repeated

    def _note_drift(self, page: TypedPage, rows: int) -> None:
        if self._earlier is None:  # a further pass shows the same rows
            self._judged += rows
            self._unknown.update(page.unknown_fields)
            self._missing.update(page.missing_fields)
            self._refused.update(row.field for row in page.rejected if row.field)

    def note_missing(self, field: str, rows: int) -> None:
        """Count rows that lack a field in which other rows are nested."""
        if rows and self._earlier is None:
            self._missing[field] += rows

    def misses_known_rows(self) -> bool:
        """Return whether a row that the warehouse holds as living was not shown by any pass."""
        if self._known is None:
            return False
        shown = self._seen.hold(self._known.keys)
        if self._earlier is not None:
            shown |= self._earlier.hold(self._known.keys)
        return not bool(shown.all())

    def begin_scan(self) -> None:
        """From here on only rows that no earlier pass showed are taken."""
        self._earlier = self._earlier or KeySet()
        self._earlier.add_all(self._seen)
        self._seen = KeySet()

    def _first_seen(self, page: TypedPage) -> TypedPage:
        """Leave out what an earlier pass has shown."""
        if self._earlier is None:
            return page
        keys = self._hashes_of(page.table["id"].to_pylist())
        fresh = page.table.filter(flags(~self._earlier.hold(keys)))
        # A row without an id cannot be told from the same row of the pass before.
        rejected = [
            row
            for row in page.rejected
            if row.source_id and not self._earlier.holds_all(self._hashes_of([row.source_id]))
        ]
        self.unchanged += page.table.num_rows - fresh.num_rows + len(page.rejected) - len(rejected)
        return TypedPage(fresh, rejected, page.unknown_fields, page.missing_fields)

    def _write(self, page: TypedPage) -> None:
        table = page.table
        if self._known is not None and table.num_rows:
            seen = flags(are_in(content_hashes(table["_content_hash"]), self._known.hashes))
            same = table.filter(seen)
            self.unchanged += same.num_rows
            self._keys.write(same.select(["id"]).cast(KEYS_SCHEMA))
            table = table.filter(pc.invert(seen))
        self._rows.write(table)
        if page.rejected:
            self._quarantine.write(_quarantine_table(page.rejected))
            # A row that cannot be typed still exists at the source.
            ids = [row.source_id for row in page.rejected if row.source_id]
            self._keys.write(pa.table({"id": ids}, schema=KEYS_SCHEMA))

    def _note_cursor(self, table: pa.Table) -> None:
        if self.resource.cursor_column and table.num_rows:
            cursors = table[self.resource.cursor_column]
            self._without_cursor += cursors.null_count
            newest = pc.max(cursors).as_py()
            if newest is not None and (self.newest_cursor is None or newest > self.newest_cursor):
                self.newest_cursor = newest

    def counts(self) -> Counts:
        """Return how many rows came and what became of them."""
        return Counts(
            extracted=self.extracted,
            unchanged=self.unchanged,
            quarantined=self._quarantine.rows,
            without_cursor=self._without_cursor,
        )

    def drift_notes(self) -> list[DriftNote]:
        """Return the fields that appeared, vanished or changed their type."""
        found: dict[str, Mapping[str, int]] = {
            "appeared": self._unknown,
            "vanished": self._missing,
            "retyped": retyped(self._refused, self._judged),
        }
        return [
            DriftNote.model_validate(
                {"resource": self.resource.name, "field": name, "change": change, "rows": rows}
            )
            for change, fields in found.items()
            for name, rows in sorted(fields.items())
        ]

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


def retyped(refused: Mapping[str, int], rows: int) -> dict[str, int]:
    """Return the fields whose type changed at the source: most rows of a read are refused for their value.

    Args:
        refused: by field, how many rows were refused for its value.
        rows: how many rows the read had.
    """
    return {
        name: count
        for name, count in refused.items()
        if count > _A_HANDFUL and count >= _SHARE_OF_A_CHANGED_TYPE * rows
    }
