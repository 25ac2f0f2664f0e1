"""The plan of a run: what the warehouse knew when the run began.

It is made once, by the task that begins the run, and read by every extract task, so that no extract task needs
the warehouse, all of them agree on where to continue, and the plan of a past run can be looked at.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import BaseModel, ConfigDict

from mercurios.landing.store import LandingStore, safe_key


class ResourcePlan(BaseModel):
    """How one resource is read in this run.

    Attributes:
        mode: `changed`, `scan` or `window`.
        since: start of an incremental read, overlap included; None reads from the beginning.
        first_day: nothing was booked before it, as the warehouse shows; None where it does not.
        known_url: Parquet file with the content hashes in the warehouse by resource; None where nothing is known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: str
    since: datetime | None = None
    first_day: date | None = None
    known_url: str | None = None


class RunPlan(BaseModel):
    """What every extract task of a run must know.

    Attributes:
        fence: number of this start of the run; manifests carry it, and only the newest start may be loaded.
        attempts: greatest number of an attempt of this run that the ledger holds. Numbers go on from there even if
            the landing area was emptied, or the ledger would take a new attempt for one it has loaded.
        time_zone: zone of the shops, whose midnights begin the days; None in plans of older releases.
        resources: how each resource is read; one whose last read is still good is not among them.
        not_before: a moment, UTC, after every one that the warehouse held; reads of this run are dated no earlier.
        source_seen: the source's clock in the run before, UTC; None before the first, and in plans of older releases.
        seen_at: when that run began, UTC.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant_id: str
    run_id: str
    fence: int
    attempts: int = 0
    time_zone: str | None = None
    not_before: datetime | None = None
    source_seen: datetime | None = None
    seen_at: datetime | None = None
    resources: dict[str, ResourcePlan]

    def moment(self) -> datetime:
        """Return now, UTC; a moment after what the warehouse holds, where the clock of this machine is behind."""
        now = datetime.now(UTC)
        return now if self.not_before is None else max(now, self.not_before)

    def write(self, store: LandingStore) -> str:
        """Write the plan to the landing area and return its URL."""
        return store.write_document(
            self.path(self.tenant_id, self.run_id, f"plan-{self.fence}.json"), self._bytes()
        )

    @classmethod
    def read(cls, store: LandingStore, url: str) -> RunPlan:
        """Read a plan by URL."""
        return cls.model_validate_json(store.read_bytes(url))

    @staticmethod
    def path(tenant_id: str, run_id: str, name: str) -> str:
        """Return the path of a document of a run, relative to the landing area."""
        return f"tenant={tenant_id}/plans/run={safe_key(run_id)}/{name}"

    def _bytes(self) -> bytes:
        return self.model_dump_json(indent=2).encode()
