"""Extraction: from the API's pages to the landing area, in one pass and with flat memory.

Rows whose content the warehouse already holds are dropped here, before they cost anything further; their keys
are kept, because a complete read that no longer shows a key means the row is gone at the source.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mercurios.landing.manifest import Counts, DriftNote, Manifest, Part
from mercurios.landing.plan import ResourcePlan, RunPlan
from mercurios.landing.store import LandingStore, PartWriter
from mercurios.prohandel.client import Page, ProHandelClient
from mercurios.prohandel.resources import RESOURCES, Resource, children_of
from mercurios.prohandel.typing import Rejected, Stamp, TypedPage, schema, type_rows
from mercurios.tenants import Drift, Extraction, Mode

log = logging.getLogger(__name__)

_PROGRESS_SECONDS = 10.0
_MOST_PASSES = 3  # over a list that moves while it is read
_WINDOW_PAGES = 3  # pages in a row without anything new after which a window read stops
KEYS_SCHEMA = pa.schema([pa.field("id", pa.string())])
QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("row_number", pa.int64()),
        pa.field("source_id", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("payload", pa.string()),
    ]
)


@dataclass(frozen=True)
class ExtractRequest:
    """What to read and how.

    Attributes:
        resource: name of the collection.
        plan: the run's plan.
        settings: the tenant's extraction settings.
        hash_key: key of the hash that replaces persons' numbers.
    """

    resource: str
    plan: RunPlan
    settings: Extraction
    hash_key: bytes


def extract(client: ProHandelClient, store: LandingStore, request: ExtractRequest) -> str:
    """Read one resource into the landing area.

    Returns:
        URL of the manifest, which exists only when everything was read and landed.

    Raises:
        ProHandelError: the API could not be read to its end.
        LandingError: the landing area could not be written.
    """
    plan = request.plan
    attempt = store.next_attempt(plan.tenant_id, request.resource, plan.run_id)
    prefix = store.prefix(plan.tenant_id, request.resource, plan.run_id, attempt)
    reading = _Reading(request, store, prefix)
    with reading:
        reading.read(client)
        manifest = reading.manifest(attempt)
    return store.write_manifest(prefix, manifest)


class _Reading:
    """The state of one extraction: a collector for the resource and for each nested one."""

    def __init__(self, request: ExtractRequest, store: LandingStore, prefix: str) -> None:
        self.request = request
        self.resource = RESOURCES[request.resource]
        self.plan: ResourcePlan = request.plan.resources[request.resource]
        self.started = time.monotonic()
        self.source_now: datetime | None = None
        self.pages = 0
        self.quiet_pages = 0
        self.stopped_early = False
        self.extracted_at = datetime.now(UTC)
        known = _load_known(store, self.plan.known_url)
        self.collectors = [
            _Collector(
                resource,
                Stamp(
                    tenant_id=request.plan.tenant_id,
                    run_id=request.plan.run_id,
                    extracted_at=self.extracted_at.replace(tzinfo=None),
                    time_zone=request.settings.time_zone,
                    hash_key=request.hash_key,
                    parent_key=resource.parent_key,
                ),
                request.settings.settings_of(resource.name).drift,
                known.get(resource.name),
                store,
                prefix,
            )
            for resource in (self.resource, *children_of(self.resource.name))
        ]

    def __enter__(self) -> _Reading:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for collector in self.collectors:
                collector.abandon()

    @property
    def path(self) -> str:
        if self.plan.mode == Mode.CHANGED and self.plan.since is not None:
            since = self.plan.since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return f"{self.resource.name}/changed/{since}"
        return self.resource.name

    @property
    def complete(self) -> bool:
        """Whether this read enumerated every row of the source."""
        return self.path == self.resource.name and not self.stopped_early

    def read(self, client: ProHandelClient) -> None:
        """Read the list, and once more where rows slipped from page to page behind the reader's back.

        A complete read is believed only if no row slipped and every row known to live was seen; otherwise the
        list is read again, and what any pass showed counts as seen.
        """
        may_stop_early = self.plan.mode == Mode.WINDOW and self.plan.since is not None
        for number in range(1, _MOST_PASSES + 1):
            slips: list[int] = []
            on_slip = slips.append if self.complete and not may_stop_early else None
            for page in self.watched(client.pages(self.path, on_slip=on_slip)):
                self.take(page)
                self.stopped_early = may_stop_early and number == 1 and self.quiet_pages >= _WINDOW_PAGES
                if self.stopped_early:
                    return
            missing = number == 1 and any(collector.misses_known_rows() for collector in self.collectors)
            if not self.complete or not (missing or slips):
                return
            log.info(
                "%s: %s; reading again",
                self.resource.name,
                f"rows slipped at the end of pages {slips}" if slips else "known rows were not shown",
            )
            for collector in self.collectors:
                collector.begin_another_pass()

    def watched(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Pass pages on and say now and then how far the read is."""
        said = self.started
        for page in pages:
            yield page
            if time.monotonic() - said > _PROGRESS_SECONDS:
                said = time.monotonic()
                log.info("%s: %s", self.resource.name, self._progress())
        log.info("%s: read to the end: %s", self.resource.name, self._progress())

    def take(self, page: Page) -> None:
        """Type, filter and write one page."""
        self.source_now = self.source_now or page.source_now
        self.pages += 1
        parent, *children = self.collectors
        before = parent.landed
        parent.take(page.rows, lambda: _exact(page))
        for child in children:
            field = child.resource.child_field or ""
            key = child.resource.parent_key or ""
            child.take(_nested(page.rows, field, key), lambda f=field, k=key: _nested(_exact(page), f, k))
        self.quiet_pages = 0 if parent.landed > before else self.quiet_pages + 1

    def manifest(self, attempt: int) -> Manifest:
        """Close the parts and describe them."""
        plan = self.request.plan
        parts = [part for collector in self.collectors for part in collector.close()]
        source_now = self.source_now or datetime.now(UTC)
        return Manifest(
            tenant_id=plan.tenant_id,
            resource=self.resource.name,
            run_id=plan.run_id,
            attempt=attempt,
            fence=plan.fence,
            mode=self.plan.mode,
            complete=self.complete,
            extracted_at=self.extracted_at,
            source_now=source_now,
            cursor_from=self.plan.since,
            cursor_to=self._cursor_to(source_now),
            counts={collector.resource.name: collector.counts() for collector in self.collectors},
            drift=[note for collector in self.collectors for note in collector.drift_notes()],
            parts=parts,
        )

    def _cursor_to(self, source_now: datetime) -> datetime | None:
        """Return the greatest cursor seen, but never later than the read began by the source's own clock.

        A row changed behind the reader's back has a later cursor than that, so the next run finds it.
        """
        newest = self.collectors[0].newest_cursor
        if newest is None:
            return self.plan.since
        return min(newest.replace(tzinfo=UTC), source_now)

    def _progress(self) -> str:
        rows = sum(collector.extracted for collector in self.collectors)
        rate = rows / max(time.monotonic() - self.started, 1e-9)
        return f"{rows:,} rows in {self.pages:,} pages, {rate:,.0f} rows/s"


class _Collector:
    """Types the rows of one resource and writes rows, unchanged keys and quarantine to its parts."""

    def __init__(
        self,
        resource: Resource,
        stamp: Stamp,
        drift: Drift,
        known: _Known | None,
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
        return self._rows.rows

    def take(self, rows: Sequence[dict[str, Any]], reread: Any) -> None:
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
        return Counts(extracted=self.extracted, unchanged=self.unchanged, quarantined=self._quarantine.rows)

    def drift_notes(self) -> list[DriftNote]:
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


def _nested(rows: Sequence[dict[str, Any]], field: str, key: str) -> list[dict[str, Any]]:
    """Return the nested rows with the key of the row around them.

    What is not a list of objects becomes a row without an id, which typing quarantines: nothing is skipped unseen.
    """
    nested = []
    for row in rows:
        children = row.get(field) or ()
        for child in children if isinstance(children, list | tuple) else (children,):
            content = child if isinstance(child, dict) else {field: child}
            nested.append({**content, key: row.get("id")})
    return nested


def _exact(page: Page) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(page.body, parse_float=Decimal, parse_int=_whole)
    return rows


def _whole(digits: str) -> int | Decimal:
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else Decimal(number)


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
class _Known:
    """What the warehouse holds of a resource: keys and contents of its living rows, 64 bits each, sorted."""

    keys: np.ndarray
    hashes: np.ndarray


def _load_known(store: LandingStore, url: str | None) -> dict[str, _Known]:
    """Return what is known by resource. The file has the columns `resource`, `key64` and `hash64`."""
    if url is None:
        return {}
    table = pq.read_table(BytesIO(store.read_bytes(url)))
    result: dict[str, _Known] = {}
    for name in pc.unique(table["resource"]).to_pylist():
        rows = table.filter(pc.equal(table["resource"], name))
        keys, hashes = (np.sort(rows[column].to_numpy().astype(np.uint64)) for column in ("key64", "hash64"))
        result[name] = _Known(keys, hashes)
    return result
