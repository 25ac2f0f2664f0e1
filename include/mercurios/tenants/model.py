"""What a tenant is: one typed model of everything that its file says."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from zlib import crc32

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from mercurios.inputs.names import Label, Line, Place
from mercurios.orders.settings import Replenishment
from mercurios.sources.registry import AnySource
from mercurios.sources.settings import ConnectionId, TimeZone
from mercurios.tenants.classification import Classification
from mercurios.tenants.limits import Limits
from mercurios.tenants.prices import Prices
from mercurios.tenants.settings import Section, SettingRow
from mercurios.warehouse.backend import Backend
from mercurios.warehouse.registry import backend_of_connection

REGIONS = Path(__file__).with_name("holiday_regions.json")
PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")

# croniter takes R for another moment each time it is asked.
_RANDOM = re.compile(r"(?<![a-z])r(?![a-z])", re.IGNORECASE)
_SOME_DAY = datetime(2025, 1, 1, tzinfo=UTC)

# A DuckDB file is addressed by its name, which must not be that of a schema in it.
SCHEMAS = frozenset({"raw", "standard", "analytics", "ops", "main", "temp", "system"})


def _no_schema(name: str) -> str:
    if name in SCHEMAS:
        raise ValueError(f"{name!r} is the name of a warehouse schema; choose another id")
    return name


TenantId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,30}$"), AfterValidator(_no_schema)]


def _names_an_engine(connection_id: str) -> str:
    backend_of_connection(connection_id)
    return connection_id


WarehouseId = Annotated[ConnectionId, AfterValidator(_names_an_engine)]


def _known_schedule(schedule: str) -> str:
    from croniter import CroniterBadDateError, croniter

    if schedule in PRESETS:
        return schedule
    is_cron = len(schedule.split()) == 5 and croniter.is_valid(schedule)
    if not is_cron or _RANDOM.search(schedule):
        raise ValueError(
            f"{schedule!r} is no schedule: expected five cron fields such as '15 * * * *', "
            f"or one of {', '.join(PRESETS)}"
        )
    try:
        croniter(schedule, _SOME_DAY).get_next()
    except CroniterBadDateError:
        raise ValueError(
            f"{schedule!r} never comes, as the 30th of February: correct the day or the month"
        ) from None
    return schedule


def _has_holidays(country: str, region: str | None = None) -> None:
    """Do nothing where the public holidays of a country and region are known.

    What the library lists is kept beside this module (`make docs` writes it): each task reads its tenant's file, and to
    import the library for that would take a third of its parse. What is not in the list, the library itself is asked.

    Raises:
        NotImplementedError: they are not.
    """
    if country in _regions() and (region is None or region in _regions()[country]):
        return
    import holidays

    holidays.country_holidays(country, subdiv=region)


@cache
def _regions() -> dict[str, list[str]]:
    """Return the countries whose public holidays are known, each with its regions."""
    found: dict[str, list[str]] = json.loads(REGIONS.read_text(encoding="utf-8"))
    return found


def _known_country(country: str) -> str:
    try:
        _has_holidays(country)
    except NotImplementedError:
        raise ValueError(
            "is no country whose public holidays are known; expected a code such as DE"
        ) from None
    return country


# Airflow describes a schedule in words, at most a thousand letters of them.
Schedule = Annotated[str, StringConstraints(max_length=100), AfterValidator(_known_schedule)]


class Connections(Section):
    """Airflow connection ids; the secrets behind them are never in a tenant file.

    The warehouse id begins with the engine it leads to (such as `duckdb_`), so that the graph of tasks is known
    when the DAG is parsed, before any connection may be read.

    Attributes:
        aws: opens a landing area on S3; where there is no such connection, the credentials of the machine do.
        warehouse: the warehouse, `duckdb_...` or `snowflake_...`.
        slack: webhook that takes the alerts; without one they are on record only.
    """

    aws: ConnectionId = "aws_default"
    warehouse: WarehouseId
    slack: ConnectionId | None = None


class Schedules(Section):
    """When the pipeline runs.

    The forecast has no clock of its own: it starts when the pipeline has published a week that was not yet
    forecast.

    Attributes:
        pipeline: a cron expression or an Airflow preset; None runs it on request only. Without this key it runs once an
            hour, at a minute that follows from the tenant's id and stays the same.
    """

    pipeline: Schedule | None = "@hourly"


class Forecast(Section):
    """Settings of the weekly forecast.

    Attributes:
        horizon_weeks: weeks that are forecast.
        shard_size: most series that one task fits.
    """

    horizon_weeks: Annotated[int, Field(ge=1, le=52)] = 13
    shard_size: Annotated[int, Field(ge=100)] = 10_000


class Tenant(Section):
    """One retailer.

    Attributes:
        id: the word in `tenant_id`, in DAG ids and in paths.
        name: what people read.
        time_zone: zone of the shops; business days are days of this zone.
        country: ISO 3166 code, for public holidays.
        region: subdivision whose holidays hold, as the `holidays` library spells it.
        currency: ISO 4217 code of the amounts.
        owner: who is asked when something breaks.
        source: where the data comes from: `kind` names the source, the other keys are its settings.
        connections: ids of the Airflow connections it uses.
        landing: URL of the landing area; `${NAME}` stands for an environment variable. None takes the engine's
            default: a folder beside a DuckDB file, and what `MERCURIOS_LANDING` names for Snowflake.
        database: Snowflake database that holds this tenant; may be shared. DuckDB uses a file per tenant.
        schedules: when the pipeline runs.
        forecast: how far ahead demand is forecast, and in how many tasks.
        replenishment: how goods are ordered: policies and budget.
        classification: what articles are that the source does not classify, and which lines are keying errors.
        prices: what the amounts hold; without it there is no margin, because nothing is guessed.
        limits: the buying plan by season, category and month; without it nothing has a limit.
        dbt_tasks: `build` (one task for all models) or `models` (a task for each).
    """

    id: TenantId
    name: Label
    time_zone: TimeZone
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(_known_country)]
    region: Label | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    owner: Label
    source: AnySource
    connections: Connections
    landing: Place | None = None
    database: Line = "MERCURIOS_DATA"
    dbt_tasks: Literal["build", "models"] = "build"
    schedules: Schedules = Field(default_factory=Schedules)
    forecast: Forecast = Field(default_factory=Forecast)
    replenishment: Replenishment = Field(default_factory=Replenishment)
    classification: Classification = Field(default_factory=Classification)
    prices: Prices | None = None
    limits: Limits | None = None

    @field_validator("region")
    @classmethod
    def _known_region(cls, region: str | None, read: ValidationInfo) -> str | None:
        country = read.data.get("country")
        if region is not None and country is not None:
            try:
                _has_holidays(country, region)
            except NotImplementedError:
                raise ValueError(
                    f"is no region of {country} whose public holidays are known; expected a code such as BY of DE"
                ) from None
        return region

    @property
    def pipeline_schedule(self) -> str | None:
        """When the pipeline runs: as the file says, or hourly at a minute of the tenant's own, so that few meet."""
        if "pipeline" in self.schedules.model_fields_set:
            return self.schedules.pipeline
        return f"{crc32(self.id.encode()) % 60} * * * *"

    def setting_rows(self) -> list[SettingRow]:
        """Return what the file says of lines, articles, prices and limits."""
        declared = [section for section in (self.prices, self.limits) if section]
        return [*self.classification.rows(), *(row for section in declared for row in section.rows())]

    @property
    def backend(self) -> Backend:
        """The warehouse engine that the connection id names, with its defaults."""
        return backend_of_connection(self.connections.warehouse)

    @property
    def engine(self) -> str:
        """The name of the warehouse engine."""
        return self.backend.name

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
