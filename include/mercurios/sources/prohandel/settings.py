"""What a tenant file says of a ProHandel API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mercurios.sources.contract import Contract
from mercurios.sources.prohandel.resources import CONTRACT
from mercurios.sources.settings import ConnectionId, Drift, Mode, SourceSettings

Minutes = Annotated[int, Field(ge=0, le=1440)]


class ResourceSettings(BaseModel):
    """How one resource is read.

    Attributes:
        mode: how changes are found: by the API's filter (`changed`), by a full read whose unchanged rows are dropped
            (`scan`), or by reading the newest rows until nothing is new (`window`).
        drift: what happens to rows whose columns are not the declared ones. `evolve` loads them with name and type
            of unknown columns, `freeze` leaves unknown ones out, `quarantine` sets such rows aside; the last two
            set rows aside that lack a column.
        interval_minutes: how long a read is good for: until then a run does not ask for the resource; 0 reads it in
            every run. None takes what holds for all resources, else the source's own: no time for sales, stock,
            articles, branches and orders, six hours for other masters, a day for what no mart reads.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode = Mode.SCAN
    drift: Drift = Drift.EVOLVE
    interval_minutes: Minutes | None = None


class ProHandelSettings(SourceSettings):
    """How the API is read.

    Attributes:
        connection: Airflow connection of type `prohandel`.
        time_zone: zone of the instants the API writes without one (`lastChange`, `created`).
        plausible: what this retailer can mean; rows beyond it are set aside.
        page_size: rows asked for in one request.
        pages_in_flight: requests under way at once in one task.
        requests_per_minute: budget of this credential over all tasks; None sets no limit.
        overlap_minutes: how far before the watermark an incremental read starts.
        full_read_days: age of the last complete read at which the next one is complete again.
        interval_minutes: how long a read of any resource is good for that does not say it itself; None takes the
            source's own of each.
        resources: settings of single resources; the others use the defaults.
    """

    contract: ClassVar[Contract] = CONTRACT
    reads_a_whole_life: ClassVar[bool] = True
    moved_keys: ClassVar[Mapping[str, str]] = {
        "ingestion": "write 'source: {kind: prohandel, connection: …}' instead",
        "extraction": "write its settings below 'source', beside 'kind: prohandel'",
        "connections.prohandel": "write it as 'source.connection', beside 'kind: prohandel'",
    }

    kind: Literal["prohandel"]
    connection: ConnectionId
    page_size: Annotated[int, Field(ge=1, le=1000)] = 1000
    pages_in_flight: Annotated[int, Field(ge=1, le=32)] = 4
    requests_per_minute: Annotated[int, Field(ge=1)] | None = None
    overlap_minutes: Annotated[int, Field(ge=0)] = 60
    full_read_days: Annotated[int, Field(ge=1)] = 7
    interval_minutes: Minutes | None = None
    resources: dict[str, ResourceSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _only_known_resources(self) -> ProHandelSettings:
        known = self.contract.resources
        for name in self.resources:
            if name not in known:
                raise ValueError(f"resource {name!r} is unknown; known resources: {', '.join(sorted(known))}")
        return self

    def mode_of(self, resource: str) -> Mode:
        """Return how changes of a resource are found."""
        return self._settings_of(resource).mode

    def drift_of(self, resource: str) -> Drift:
        """Return what happens to rows of a resource whose columns are not those of the contract."""
        return self._settings_of(resource).drift

    def interval_of(self, resource: str) -> timedelta:
        """Return how long a read of a resource is good for; zero reads it in every run."""
        for minutes in (self._settings_of(resource).interval_minutes, self.interval_minutes):
            if minutes is not None:
                return timedelta(minutes=minutes)
        return super().interval_of(resource)

    @property
    def overlap(self) -> timedelta:
        """How far before the watermark an incremental read starts."""
        return timedelta(minutes=self.overlap_minutes)

    @property
    def full_read_after(self) -> timedelta:
        """Age of the last complete read at which the next one is complete again."""
        return timedelta(days=self.full_read_days)

    def _settings_of(self, resource: str) -> ResourceSettings:
        return self.resources.get(resource, ResourceSettings())
