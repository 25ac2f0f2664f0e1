"""A folder of exports as a source: every dataset is read whole, and of several files the newest counts for a row."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Self

import fsspec

from mercurios.landing.manifest import Manifest, ReadBounds
from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.collect.collector import Collector
from mercurios.sources.collect.keys import load_known
from mercurios.sources.contract import Resource
from mercurios.sources.files.export import Export
from mercurios.sources.files.resources import CONTRACT
from mercurios.sources.files.settings import Dataset, FilesSettings
from mercurios.sources.files.tables import read_table
from mercurios.sources.rows.landed_table import Stamp
from mercurios.sources.rows.typed_page import Rejected
from mercurios.sources.source import SourceAccessError, TerminalSourceError, TransientSourceError

log = logging.getLogger(__name__)

_ROWS_TOGETHER = 5_000
# An hour that is on the same day in every time zone where people keep shops.
_HOUR_OF_A_DAY = time(10, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class ExportFile:
    """A file of a dataset; the newest sorts last."""

    written_at: datetime
    path: str

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return PurePosixPath(self.path).name


class FilesSource:
    """Reads one tenant's folder of exports.

    Args:
        settings: of the tenant.
        file_system: an open file system for the folder's protocol; None opens one.

    Raises:
        TerminalSourceError: no file system serves the folder's address, or a variable of it is not set.
    """

    def __init__(
        self, settings: FilesSettings, *, file_system: fsspec.AbstractFileSystem | None = None
    ) -> None:
        self._settings = settings
        try:
            self.url = settings.folder_url()
            if file_system is not None:
                self._fs, self._root = file_system, str(file_system._strip_protocol(self.url))
            else:
                self._fs, self._root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise TerminalSourceError(f"folder {settings.folder}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fs.invalidate_cache()

    @property
    def hash_key(self) -> None:
        """None: exports name no persons."""
        return None

    def check(self) -> str:
        """Make sure that every dataset has a file, and return the folder's address.

        Raises:
            TerminalSourceError: one has none; the message names folder and pattern.
        """
        for name in self._settings.datasets:
            self.files_of(name)
        return self.url

    def files_of(self, name: str) -> list[ExportFile]:
        """Return the files of a dataset, the newest first.

        Raises:
            TerminalSourceError: there is no file. An empty read would take every row for deleted.
            TransientSourceError: the folder does not answer.
        """
        pattern = self._settings.datasets[name].files
        try:
            with self._reaching():
                paths = [str(path) for path in self._fs.glob(f"{self._root}/{pattern}")]
                found = [ExportFile(_utc(self._fs.modified(path)), path) for path in paths]
        except OSError as error:
            raise TransientSourceError(f"folder {self.url} cannot be listed now: {error}") from error
        if not found:
            raise TerminalSourceError(
                f"folder {self.url} has no file {pattern!r}, which source.datasets.{name}.files names"
            )
        return sorted(found, reverse=True)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Name the folder, and what opens it, when it cannot be reached. Other faults may pass and are tried again.

        Raises:
            TerminalSourceError: the bucket is missing, or a file was taken away.
            SourceAccessError: the folder or a file may not be read.
        """
        opened_with = f" (connection {self._settings.connection!r})" if self.url.startswith("s3://") else ""
        try:
            yield
        except FileNotFoundError as error:
            raise TerminalSourceError(
                f"folder {self.url}{opened_with} is not there, or a file was taken away while it was read: {error}"
            ) from error
        except PermissionError as error:
            raise SourceAccessError(f"folder {self.url}{opened_with} may not be read: {error}") from error

    def extract(self, resource: str, plan: RunPlan, store: LandingStore) -> str | None:
        """Read one dataset into the landing area.

        Returns:
            URL of the manifest; None where the tenant's file names no such dataset.

        Raises:
            TerminalSourceError: a file is missing, lacks a mapped column or is not what its ending says.
            LandingError: the landing area could not be written.
        """
        dataset = self._settings.datasets.get(resource)
        if dataset is None:
            log.info("%s: the tenant's file names no such dataset; nothing is read", resource)
            return None
        attempt = store.reserve_attempt(plan.tenant_id, resource, plan.run_id, after=plan.attempts)
        prefix = store.prefix(plan.tenant_id, resource, plan.run_id, attempt)
        extracted_at = plan.moment()
        collector = self._collector(CONTRACT.resources[resource], dataset, plan, store, prefix, extracted_at)
        try:
            for number, file in enumerate(self.files_of(resource)):
                if number:
                    collector.begin_scan()
                self._read(file, dataset, collector)
            parts = collector.close()
        except BaseException:
            collector.abandon()
            raise
        manifest = Manifest(
            tenant_id=plan.tenant_id,
            resource=resource,
            run_id=plan.run_id,
            attempt=attempt,
            fence=plan.fence,
            source=self.url,
            bounds=ReadBounds.model_validate(collector.bounds),
            mode=plan.resources[resource].mode,
            complete=not dataset.append_only,
            extracted_at=extracted_at,
            source_now=self.source_now(extracted_at),
            cursor_from=None,
            cursor_to=None,
            counts={resource: collector.counts()},
            drift=collector.drift_notes(),
            parts=parts,
        )
        return store.write_manifest(prefix, manifest)

    def source_now(self, now: datetime) -> datetime:
        """Return the clock of the exports: when the newest file was written, or the day that the tenant file names.

        A file that was written in the future comes from a machine whose clock is wrong: its time is now.
        """
        if self._settings.as_of is not None:
            return datetime.combine(self._settings.as_of, _HOUR_OF_A_DAY)
        return min(now, max(self.files_of(name)[0].written_at for name in self._settings.datasets))

    def _collector(
        self,
        resource: Resource,
        dataset: Dataset,
        plan: RunPlan,
        store: LandingStore,
        prefix: str,
        extracted_at: datetime,
    ) -> Collector:
        stamp = Stamp(
            tenant_id=plan.tenant_id,
            run_id=plan.run_id,
            extracted_at=extracted_at.replace(tzinfo=None),
            time_zone=self._settings.time_zone,
            # No field of an export is a person's number.
            hash_key=b"",
            business_zone=plan.time_zone or self._settings.time_zone,
            local_days=True,
            bounds=self._settings.plausible.bounds(max(extracted_at, self.source_now(extracted_at))),
        )
        known = load_known(store, plan.resources[resource.name].known_url).get(resource.name)
        return Collector(resource, stamp, dataset.drift, known, store, prefix)

    def _read(self, file: ExportFile, dataset: Dataset, collector: Collector) -> None:
        with self._reaching(), self._fs.open(file.path, "rb") as handle:
            table = read_table(handle, file.name, dataset)
            header = next(table, None)
            if header is None:
                raise TerminalSourceError(
                    f"{file.name} is empty: expected a line with the names of its columns"
                )
            export = Export(collector.resource, dataset, file.name, header)
            for start, cells in _together(table, collector):
                rows: list[dict[str, Any]] = []
                refused: list[Rejected] = []
                for number, row in enumerate(cells, start=start):
                    made = export.row(row, number)
                    if isinstance(made, Rejected):
                        refused.append(made)
                    else:
                        rows.append(made)
                _take(collector, rows, refused)
        log.info("%s: %s read", collector.resource.name, file.name)


def _together(table: Iterator[Any], collector: Collector) -> Iterator[tuple[int, list[Any]]]:
    """Yield rows in lots, each with the number of its first row within the extraction."""
    lot: list[Any] = []
    for cells in table:
        lot.append(cells)
        if len(lot) == _ROWS_TOGETHER:
            yield collector.extracted, lot
            lot = []
    if lot:
        yield collector.extracted, lot


def _take(collector: Collector, rows: list[dict[str, Any]], refused: list[Rejected]) -> None:
    if rows:
        collector.take(rows, lambda: rows)
    if refused:
        collector.refuse(refused)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
