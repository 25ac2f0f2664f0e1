"""The reading of one resource: its list is scanned until it is known what the scans prove, and that is described.

What any scan shows is landed once; the verdict on the scans decides whether rows that were not shown may be deleted and
whether the watermark moves.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime

from mercurios.landing.manifest import DriftNote, Manifest, ReadBounds
from mercurios.landing.plan import ResourcePlan
from mercurios.landing.store import LandingStore
from mercurios.sources.collect.collector import Collector
from mercurios.sources.collect.keys import load_known
from mercurios.sources.hash_keys import key_id
from mercurios.sources.prohandel.client import ProHandelClient
from mercurios.sources.prohandel.clock import plausible_clock
from mercurios.sources.prohandel.page_sink import PAGES_TOGETHER, PageSink
from mercurios.sources.prohandel.paging.page import Page
from mercurios.sources.prohandel.paging.scans import Scan, Verdict, judge
from mercurios.sources.prohandel.progress import Progress
from mercurios.sources.prohandel.request import ExtractRequest
from mercurios.sources.prohandel.resources import CONTRACT
from mercurios.sources.rows.landed_table import Stamp
from mercurios.sources.rows.records import records_of
from mercurios.sources.rows.typing_process import typing_process
from mercurios.sources.settings import Mode

log = logging.getLogger(__name__)

# Pages in a row without anything new after which a window read stops.
_WINDOW_PAGES = 3


class Reading:
    """The state of one extraction; as a context manager it abandons its parts when the extraction fails.

    Args:
        request: what to read and how.
        store: the landing area.
        prefix: folder of the attempt.
    """

    def __init__(self, request: ExtractRequest, store: LandingStore, prefix: str) -> None:
        self.request = request
        self.resource, *children = CONTRACT.family_of(request.resource)
        self.records = None if children else records_of(self.resource)
        self.plan: ResourcePlan = request.plan.resources[request.resource]
        self.source_now: datetime | None = None
        self.doubts_clock = False
        self.source: str | None = None
        self.stopped_early = False
        self.verdict = Verdict.COMPLETE
        self.extracted_at = request.plan.moment()
        self.collectors = self._new_collectors(store, prefix)
        self._progress = Progress(self.resource.name, self._extracted)
        self.sink = PageSink(self.collectors, 1 if self.is_window else PAGES_TOGETHER)

    def _new_collectors(self, store: LandingStore, prefix: str) -> list[Collector]:
        request, known = self.request, load_known(store, self.plan.known_url)
        return [
            Collector(
                resource,
                Stamp(
                    tenant_id=request.plan.tenant_id,
                    run_id=request.plan.run_id,
                    extracted_at=self.extracted_at.replace(tzinfo=None),
                    time_zone=request.settings.time_zone,
                    hash_key=request.hash_key,
                    parent_key=resource.parent_key,
                    business_zone=request.plan.time_zone or request.settings.time_zone,
                    bounds=request.settings.plausible.bounds(self.extracted_at, self.plan.first_day),
                ),
                request.settings.drift_of(resource.name),
                known.get(resource.name),
                store,
                prefix,
            )
            for resource in CONTRACT.family_of(request.resource)
        ]

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for collector in self.collectors:
                collector.abandon()

    @property
    def path(self) -> str:
        """The list below `/api/v2/`: the resource, or its changes since a moment."""
        if self.plan.mode == Mode.CHANGED and self.plan.since is not None:
            # Cut to the millisecond, never rounded: up would go beyond a real value.
            since = self.plan.since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return f"{self.resource.name}/changed/{since}"
        return self.resource.name

    @property
    def is_window(self) -> bool:
        """Whether the list is read from its newest rows until nothing is new, which is judged page by page."""
        return self.plan.mode == Mode.WINDOW and self.plan.since is not None

    @property
    def is_whole_list(self) -> bool:
        """Whether the list itself is read to its end; a window may reach it too."""
        return self.path == self.resource.name and not self.stopped_early

    @property
    def complete(self) -> bool:
        """Whether every row of the source was shown."""
        return self.is_whole_list and self.verdict is Verdict.COMPLETE

    def read(self, client: ProHandelClient) -> None:
        """Scan the list, and again where the scans prove too little; what any scan showed counts as seen.

        A list of changes is checked like any other: the watermark moves past a row that shifted there, and only the
        next complete read would find it. A window ends where nothing is new, whatever lies behind.

        The first read of all is typed in a process of its own, for it is long and the tenant waits for it. The others
        are typed here, which costs less CPU.
        """
        is_first_of_all = self.records is not None and self.plan.known_url is None and not self.is_window
        with typing_process(self.resource) if is_first_of_all else nullcontext() as self.sink.typing:
            self._scan_until_proven(client)

    def _scan_until_proven(self, client: ProHandelClient) -> None:
        scans: list[Scan] = []
        while (scan := self._scan(client, is_first=not scans)) is not None:
            scans.append(scan)
            self.verdict = judge(scans)
            if self.verdict is not Verdict.SCAN_AGAIN:
                self._warn(scans)
                return
            log.info("%s: %s; scanning again", self.resource.name, _reason(scan))
            for collector in self.collectors:
                collector.begin_scan()

    def _scan(self, client: ProHandelClient, *, is_first: bool) -> Scan | None:
        """Read the list once; None where a window read stopped before its end."""
        shifts: list[int] = []
        pages = client.pages(self.path, on_shift=shifts.append, records=self.records)
        for page in self._progress.watch(pages):
            self.take(page)
            self.source = client.source
            if is_first and self.is_window and self.sink.quiet_pages >= _WINDOW_PAGES:
                self.stopped_early = True
                return None
        self.sink.flush()
        return Scan(tuple(shifts), self.is_whole_list and self.misses_known_rows())

    def take(self, page: Page) -> None:
        """Take one page.

        Raises:
            TransientProHandelError: the API keeps showing what it has shown, and says that more follows.
        """
        if self.source_now is None:
            self.source_now = self._clock_of(page)
            # Of two clocks the later decides what lies ahead: one that is behind would set good rows aside.
            now = max(self.source_now, self.extracted_at)
            bounds = self.request.settings.plausible.bounds(now, self.plan.first_day)
            for collector in self.collectors:
                collector.bound(bounds)
        self.sink.take(page)

    def misses_known_rows(self) -> bool:
        """Return whether a row that the warehouse holds as active was not shown."""
        return any(collector.misses_known_rows() for collector in self.collectors)

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
            bounds=ReadBounds.model_validate(self.collectors[0].bounds),
            key_id=self._key_id(),
            mode=self.plan.mode,
            complete=self.complete,
            stable=self.verdict is not Verdict.UNSTABLE,
            extracted_at=self.extracted_at,
            source_now=source_now,
            cursor_from=self.plan.since,
            cursor_to=self._cursor_to(source_now),
            counts={collector.resource.name: collector.counts() for collector in self.collectors},
            drift=self._notes(),
            parts=parts,
        )

    def _notes(self) -> list[DriftNote]:
        notes = [note for collector in self.collectors for note in collector.drift_notes()]
        if self.doubts_clock:
            notes.append(DriftNote(resource=self.resource.name, field="Date", change="doubted", rows=1))
        return notes

    def _key_id(self) -> str | None:
        holds_persons = any(collector.resource.holds_persons for collector in self.collectors)
        return key_id(self.request.hash_key) if holds_persons else None

    def _cursor_to(self, source_now: datetime) -> datetime | None:
        """Return the greatest cursor seen, but never later than the read began by the source's own clock.

        A row that changed after it was read has a later cursor than that, so the next run finds it. A list that
        was never stable may have hidden rows of any cursor, so it leaves the cursor where it was.
        """
        newest = self.collectors[0].newest_cursor
        if newest is None or self.verdict is Verdict.UNSTABLE:
            return self.plan.since
        return min(newest.replace(tzinfo=UTC), source_now)

    def _clock_of(self, page: Page) -> datetime:
        """Return the source's clock at the first response, or where it must be.

        Where the source gives none it is ours, which the overlap allows for.
        """
        shown, now = page.source_now, plausible_clock(page.source_now, self.request.plan)
        if shown is None:
            now = now.replace(microsecond=0)
            log.warning("%s: the API gives no usable time: it is taken to be %s", self.resource.name, now)
        elif now != shown:
            self.doubts_clock = True
            log.warning(
                "%s: the API's clock shows %s, which cannot be right: it is taken to be %s",
                self.resource.name,
                shown,
                now,
            )
        return now

    def _extracted(self) -> int:
        return sum(collector.extracted for collector in self.collectors)

    def _warn(self, scans: Sequence[Scan]) -> None:
        if self.verdict is Verdict.COMPLETE:
            return
        log.warning(
            "%s: %s, in the last of %d scans; nothing is taken for deleted%s",
            self.resource.name,
            _reason(scans[-1]),
            len(scans),
            " and the watermark stays" if self.verdict is Verdict.UNSTABLE else "",
        )


def _reason(scan: Scan) -> str:
    if scan.shifts:
        return f"rows shifted across the end of pages {list(scan.shifts)}"
    return "known rows were not shown"
