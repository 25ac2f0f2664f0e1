"""Tenants: one YAML file each, validated by one typed model.

Adding a retailer is adding a file. A file that is wrong must break that tenant alone and say what is wrong, so
loading never raises for one file: it returns the good tenants and the errors side by side, and the caller
decides where each becomes visible.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from mercurios.orders.settings import Replenishment
from mercurios.warehouse.backend import Backend, DbtTasks
from mercurios.warehouse.registry import backend_of_connection

TENANTS_DIR_VARIABLE = "MERCURIOS_TENANTS_DIR"
HOME_VARIABLE = "MERCURIOS_HOME"
PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")

# A DuckDB file is addressed by its name, which must not be that of a schema in it.
SCHEMAS = frozenset({"raw", "standard", "analytics", "ops", "main", "temp", "system"})


def _no_schema(name: str) -> str:
    if name in SCHEMAS:
        raise ValueError(f"{name!r} is the name of a warehouse schema; choose another id")
    return name


TenantId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,30}$"), AfterValidator(_no_schema)]
ConnectionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]


def _names_an_engine(connection_id: str) -> str:
    backend_of_connection(connection_id)
    return connection_id


WarehouseId = Annotated[ConnectionId, AfterValidator(_names_an_engine)]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Berlin")
    return name


def _known_schedule(schedule: str) -> str:
    from croniter import croniter

    if schedule not in PRESETS and not (len(schedule.split()) == 5 and croniter.is_valid(schedule)):
        raise ValueError(
            f"{schedule!r} is no schedule: expected five cron fields such as '15 * * * *', "
            f"or one of {', '.join(PRESETS)}"
        )
    return schedule


TimeZone = Annotated[str, AfterValidator(_known_zone)]
Schedule = Annotated[str, AfterValidator(_known_schedule)]


class Mode(StrEnum):
    """How changes of a resource are found; the API's own filter is unproven, so it is a choice per tenant."""

    CHANGED = "changed"
    SCAN = "scan"
    WINDOW = "window"


class Drift(StrEnum):
    """What happens to rows whose columns are not those of the contract; the changelog says so in any case.

    `evolve` keeps unknown columns in `_extra` and takes missing ones for null. `freeze` leaves unknown columns out,
    `quarantine` refuses rows that have some; both refuse rows that lack a column, so that nulls overwrite nothing.
    """

    EVOLVE = "evolve"
    FREEZE = "freeze"
    QUARANTINE = "quarantine"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Connections(_Model):
    """Airflow connection ids; the secrets behind them never stand in a tenant file.

    The warehouse id begins with the engine it leads to (such as `duckdb_`), so that the graph of tasks is known
    when the DAG is parsed, before any connection may be read. `aws` opens a landing area on S3; where
    there is no such connection, the credentials of the machine do.
    """

    prohandel: ConnectionId
    aws: ConnectionId = "aws_default"
    warehouse: WarehouseId
    slack: ConnectionId | None = None


class Schedules(_Model):
    """When the pipeline runs: a cron expression or an Airflow preset; None runs it by hand only.

    The forecast has no clock of its own: it starts when the pipeline has published a week that was not yet
    forecast.
    """

    pipeline: Schedule | None = "@hourly"


class ResourceSettings(_Model):
    """How one resource is read."""

    mode: Mode = Mode.SCAN
    drift: Drift = Drift.EVOLVE


class Extraction(_Model):
    """How the API is read.

    Attributes:
        time_zone: zone of the instants the API writes without one (`lastChange`, `created`).
        page_size: rows asked for in one request.
        pages_in_flight: requests under way at once in one task.
        requests_per_minute: budget of this credential over all tasks; None sets no limit.
        overlap_minutes: how far before the watermark an incremental read starts.
        full_read_days: age of the last complete read at which the next one is complete again.
        resources: settings of single resources; the others use the defaults.
    """

    time_zone: TimeZone = "UTC"
    page_size: Annotated[int, Field(ge=1, le=1000)] = 1000
    pages_in_flight: Annotated[int, Field(ge=1, le=32)] = 4
    requests_per_minute: Annotated[int, Field(ge=1)] | None = None
    overlap_minutes: Annotated[int, Field(ge=0)] = 60
    full_read_days: Annotated[int, Field(ge=1)] = 7
    resources: dict[str, ResourceSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _only_known_resources(self) -> Extraction:
        from mercurios.sources.registry import every_resource

        known = every_resource()
        for name in self.resources:
            if name not in known:
                raise ValueError(f"resource {name!r} is unknown; known resources: {', '.join(sorted(known))}")
        return self

    def settings_of(self, resource: str) -> ResourceSettings:
        """Return the settings of one resource, the defaults where the file names none."""
        return self.resources.get(resource, ResourceSettings())

    @property
    def overlap(self) -> timedelta:
        """The overlap as a duration."""
        return timedelta(minutes=self.overlap_minutes)


class Forecast(_Model):
    """Settings of the weekly forecast."""

    horizon_weeks: Annotated[int, Field(ge=1, le=52)] = 13
    shard_size: Annotated[int, Field(ge=100)] = 10_000


class Tenant(_Model):
    """One retailer.

    Attributes:
        id: the word in `tenant_id`, in DAG ids and in paths.
        name: what people read.
        time_zone: zone of the shops; business days are days of this zone.
        country: ISO 3166 code, for public holidays.
        region: subdivision whose holidays hold, as the `holidays` library spells it.
        currency: ISO 4217 code of the amounts.
        owner: who is asked when something breaks.
        ingestion: `direct` reads the API here; `fivetran` leaves that to Fivetran.
        landing: URL of the landing area; `${NAME}` stands for an environment variable. None takes the engine's
            default: a folder beside a DuckDB file, and what `MERCURIOS_LANDING` names for Snowflake.
        database: Snowflake database that holds this tenant; may be shared. DuckDB uses a file per tenant.
        dbt_tasks: `layers` (a task per layer) or `models` (a task per model); None takes the engine's default.
    """

    id: TenantId
    name: Annotated[str, StringConstraints(min_length=1)]
    time_zone: TimeZone
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    region: str | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    owner: Annotated[str, StringConstraints(min_length=1)]
    ingestion: Literal["direct", "fivetran"] = "direct"
    connections: Connections
    landing: str | None = None
    database: str = "MERCURIOS_DATA"
    dbt_tasks: DbtTasks | None = None
    schedules: Schedules = Field(default_factory=Schedules)
    extraction: Extraction = Field(default_factory=Extraction)
    forecast: Forecast = Field(default_factory=Forecast)
    replenishment: Replenishment = Field(default_factory=Replenishment)

    @property
    def backend(self) -> Backend:
        """The warehouse engine that the connection id names, with its defaults."""
        return backend_of_connection(self.connections.warehouse)

    @property
    def engine(self) -> str:
        """The name of the warehouse engine."""
        return self.backend.name

    @property
    def dbt_grain(self) -> DbtTasks:
        """A task per layer where a model takes milliseconds, a task per model where it takes minutes."""
        return self.dbt_tasks or self.backend.dbt_tasks

    def landing_url(self) -> str:
        """Return the landing URL with environment variables filled in.

        Raises:
            ValueError: a variable of the URL is not set.
        """
        landing = self.landing or self.backend.landing
        url = os.path.expandvars(landing)
        if "${" in url:
            raise ValueError(
                f"tenant {self.id}: landing {landing!r} names an environment variable that is not set"
            )
        return url.rstrip("/")


@dataclass(frozen=True)
class TenantFileError:
    """One tenant file that cannot be used, with the key and what was expected there."""

    path: Path
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.path.name}: " + "; ".join(self.problems)


@dataclass(frozen=True)
class Tenants:
    """What a folder of tenant files holds: the usable tenants by id, and the files that are not usable."""

    tenants: tuple[Tenant, ...]
    errors: tuple[TenantFileError, ...]

    def __iter__(self) -> Iterator[Tenant]:
        return iter(self.tenants)

    def get(self, tenant_id: str) -> Tenant:
        """Return one tenant.

        Raises:
            KeyError: no usable file names this tenant; the message says what is wrong with its file, or lists
                the tenants that exist.
        """
        for tenant in self.tenants:
            if tenant.id == tenant_id:
                return tenant
        for error in self.errors:
            if error.path.stem == tenant_id:
                raise KeyError(f"tenant {tenant_id!r} cannot be used: {error}")
        known = ", ".join(tenant.id for tenant in self.tenants) or "none"
        raise KeyError(f"tenant {tenant_id!r} has no usable file in {tenants_dir().name}/ (known: {known})")


def tenants_dir() -> Path:
    """Return the folder of tenant files: `MERCURIOS_TENANTS_DIR`, or `include/tenants`."""
    return Path(os.environ.get(TENANTS_DIR_VARIABLE) or Path(__file__).resolve().parents[2] / "tenants")


def load_tenants(directory: Path | None = None, only: str | None = None) -> Tenants:
    """Read every tenant file, in the order of file names.

    Args:
        directory: folder of `*.yaml` files; the configured one by default.
        only: read the file of this tenant alone, for a task that needs no other.
    """
    directory = directory or tenants_dir()
    pattern = f"{only}.yaml" if only else "*.yaml"
    tenants: list[Tenant] = []
    errors: list[TenantFileError] = []
    for path in sorted(directory.glob(pattern)):
        result = _read(path)
        if isinstance(result, Tenant):
            tenants.append(result)
        else:
            errors.append(result)
    return Tenants(tuple(tenants), tuple(errors))


def _read(path: Path) -> Tenant | TenantFileError:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return TenantFileError(path, (f"not readable as YAML: {' '.join(str(error).split())}",))
    if not isinstance(document, dict):
        return TenantFileError(path, ("expected a mapping of settings such as 'id: …' at the top level",))
    try:
        tenant = Tenant.model_validate(document)
    except ValidationError as error:
        return TenantFileError(path, tuple(_problem(item) for item in error.errors()))
    if tenant.id != path.stem:
        return TenantFileError(
            path, (f"key 'id': expected {path.stem!r}, the file's name, got {tenant.id!r}",)
        )
    return tenant


def _problem(item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"]) or "(file)"
    if item["type"] == "extra_forbidden":
        return f"key {key!r}: unknown; remove it or correct its spelling"
    if item["type"] == "missing":
        return f"key {key!r}: missing"
    given = repr(item.get("input"))
    return f"key {key!r}: {item['msg']} (got {given[:80]})"
