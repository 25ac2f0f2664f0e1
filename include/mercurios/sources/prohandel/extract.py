"""Extraction: from the API's pages to the landing area, in one pass and with flat memory.

Rows whose content the warehouse already holds are dropped here, before they cost anything further; their keys
are kept, because a complete read that no longer shows a key means the row is gone at the source.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from mercurios.landing.manifest import Manifest
from mercurios.landing.plan import ResourcePlan, RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.prohandel.client import ProHandelClient
from mercurios.sources.prohandel.http.errors import TransientProHandelError
from mercurios.sources.prohandel.paging.page import Page
from mercurios.sources.prohandel.paging.scans import Scan, Verdict, judge
from mercurios.sources.prohandel.resources import CONTRACT
from mercurios.sources.prohandel.settings import ProHandelSettings
from mercurios.sources.rows.collect import Collector
from mercurios.sources.rows.decode import decode_exact
from mercurios.sources.rows.keys import load_known
from mercurios.sources.rows.records import records_of
from mercurios.sources.rows.typed_rows import Stamp
from mercurios.sources.settings import Mode

log = logging.getLogger(__name__)

_PROGRESS_SECONDS = 10.0
_REPEATED_PAGES = (
    10  # pages in a row that this scan has shown: more than rows that appear further up can explain
)
_WINDOW_PAGES = 3  # pages in a row without anything new after which a window read stops
PAGES_TOGETHER = (
    4  # typed at once: each call lets another thread in, and getting back costs more than the call
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
    settings: ProHandelSettings
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
    attempt = store.reserve_attempt(plan.tenant_id, request.resource, plan.run_id, after=plan.attempts)
    prefix = store.prefix(plan.tenant_id, request.resource, plan.run_id, attempt)
    reading = _Reading(request, store, prefix)
    with reading, _young_objects_only():
        reading.read(client)
        manifest = reading.manifest(attempt)
    return store.write_manifest(prefix, manifest)


@contextmanager
def _young_objects_only() -> Iterator[None]:
    """Spare the garbage collector what lived before: rows come by the million, and each look at all the rest costs."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Reading:
    """The state of one extraction: a collector for the resource and for each nested one."""

    def __init__(self, request: ExtractRequest, store: LandingStore, prefix: str) -> None:
        self.request = request
        self.resource, *children = CONTRACT.family_of(request.resource)
        self.records = None if children else records_of(self.resource)
        self.plan: ResourcePlan = request.plan.resources[request.resource]
        self.started = time.monotonic()
        self.source_now: datetime | None = None
        self.source: str | None = None
        self.pages = 0
        self.quiet_pages = 0
        self.stopped_early = False
        self.repeated_pages = 0
        self.waiting: list[Page] = []  # pages of records that are not typed yet
        self.verdict = Verdict.COMPLETE
        self.extracted_at = datetime.now(UTC)
        known = load_known(store, self.plan.known_url)
        self.collectors = [
            Collector(
                resource,
                Stamp(
                    tenant_id=request.plan.tenant_id,
                    run_id=request.plan.run_id,
                    extracted_at=self.extracted_at.replace(tzinfo=None),
                    time_zone=request.settings.time_zone,
                    hash_key=request.hash_key,
                    parent_key=resource.parent_key,
                ),
                request.settings.drift_of(resource.name),
                known.get(resource.name),
                store,
                prefix,
            )
            for resource in (self.resource, *children)
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
            # Cut to the millisecond, never rounded: up would pass a real value.
            since = self.plan.since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return f"{self.resource.name}/changed/{since}"
        return self.resource.name

    @property
    def is_window(self) -> bool:
        """Whether the read goes over the list's newest rows until nothing is new, which is judged page by page."""
        return self.plan.mode == Mode.WINDOW and self.plan.since is not None

    @property
    def complete(self) -> bool:
        """Whether this read enumerated every row of the source."""
        return self.is_whole_list and self.verdict is Verdict.COMPLETE

    @property
    def is_whole_list(self) -> bool:
        """Whether the read goes over the list itself, to its end; a window may reach it too."""
        return self.path == self.resource.name and not self.stopped_early

    def read(self, client: ProHandelClient) -> None:
        """Scan the list, and again where a scan is not conclusive; what any scan showed counts as seen.

        A list of changes is checked like any other: the watermark moves past a row that shifted there, and only the
        next complete read would find it. A window ends where nothing is new, whatever lies behind.
        """
        scans: list[Scan] = []
        while True:
            shifts: list[int] = []
            for page in self.watched(client.pages(self.path, on_shift=shifts.append, records=self.records)):
                self.take(page)
                self.source = client.source
                if self.is_window and not scans and self.quiet_pages >= _WINDOW_PAGES:
                    self.stopped_early = True
                    return
            self.take_waiting()
            scans.append(Scan(tuple(shifts), self.is_whole_list and self.misses_known_rows()))
            self.verdict = judge(scans)
            if self.verdict is not Verdict.SCAN_AGAIN:
                break
            log.info("%s: %s; scanning again", self.resource.name, _reason(scans[-1]))
            for collector in self.collectors:
                collector.begin_scan()
        if self.verdict is not Verdict.COMPLETE:
            log.warning(
                "%s: %s, in the last of %d scans; nothing is taken for deleted%s",
                self.resource.name,
                _reason(scans[-1]),
                len(scans),
                " and the watermark stays" if self.verdict is Verdict.UNSTABLE else "",
            )

    def misses_known_rows(self) -> bool:
        """Return whether a row that the warehouse holds as living was not shown."""
        return any(collector.misses_known_rows() for collector in self.collectors)

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
        """Type, filter and write one page, or let it wait for others to be typed with.

        Raises:
            TransientProHandelError: the API keeps showing what it has shown, and says that more follows.
        """
        self.source_now = self.source_now or self._clock_of(page)
        self.pages += 1
        if page.records is None:
            self.take_waiting()
            self._take_rows(page)
            return
        self.waiting.append(page)
        if self.is_window or len(self.waiting) == PAGES_TOGETHER:
            self.take_waiting()

    def take_waiting(self) -> None:
        """Type, filter and write the pages that wait, together; each alone where a value needs a closer look.

        Raises:
            TransientProHandelError: as for `take`.
        """
        pages, self.waiting = self.waiting, []
        if not pages or self._take_records(pages):
            return
        for page in pages:
            if not self._take_records([page]):
                self._take_rows(page)

    def _take_records(self, pages: Sequence[Page]) -> bool:
        parent = self.collectors[0]
        before = parent.landed
        repeated = parent.take_records([page.records or () for page in pages])
        for page, is_repeated in zip(pages, repeated or (), strict=False):
            self._judge(page, parent.landed > before, is_repeated)
        return repeated is not None

    def _take_rows(self, page: Page) -> None:
        parent, *children = self.collectors
        before = parent.landed
        repeated = parent.take(page.rows, lambda: decode_exact(page.body))
        for child in children:
            field = child.resource.child_field or ""
            key = child.resource.parent_key or ""
            parent.note_missing(field, sum(field not in row for row in page.rows))
            child.take(_nested(page.rows, field, key), partial(_exact_nested, page, field, key))
        self._judge(page, parent.landed > before, repeated)

    def _judge(self, page: Page, brought_something: bool, repeated: bool) -> None:
        self.quiet_pages = 0 if brought_something else self.quiet_pages + 1
        self.repeated_pages = self.repeated_pages + 1 if repeated else 0
        if self.repeated_pages >= _REPEATED_PAGES and page.more:
            raise TransientProHandelError(
                f"the last {_REPEATED_PAGES} pages showed only rows that pages before them had shown, "
                "and the API goes on to say that more follow",
                page.context,
            )

    def _clock_of(self, page: Page) -> datetime:
        """Return the source's clock at the first answer; ours where it tells none, which the overlap allows for."""
        if page.source_now is not None:
            return page.source_now
        log.warning("%s: the API tells no usable time: our own clock stands in for it", self.resource.name)
        return datetime.now(UTC).replace(microsecond=0)

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
            source=self.source,
            mode=self.plan.mode,
            complete=self.complete,
            settled=self.verdict is not Verdict.UNSTABLE,
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

        A row changed behind the reader's back has a later cursor than that, so the next run finds it. A list that
        never stood still may have hidden rows of any cursor, so it leaves the cursor where it was.
        """
        newest = self.collectors[0].newest_cursor
        if newest is None or self.verdict is Verdict.UNSTABLE:
            return self.plan.since
        return min(newest.replace(tzinfo=UTC), source_now)

    def _progress(self) -> str:
        rows = sum(collector.extracted for collector in self.collectors)
        rate = rows / max(time.monotonic() - self.started, 1e-9)
        return f"{rows:,} rows in {self.pages:,} pages, {rate:,.0f} rows/s"


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


def _exact_nested(page: Page, field: str, key: str) -> list[dict[str, Any]]:
    return _nested(decode_exact(page.body), field, key)


def _reason(last: Scan) -> str:
    if last.shifts:
        return f"rows shifted across the end of pages {list(last.shifts)}"
    return "known rows were not shown"
