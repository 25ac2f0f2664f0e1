"""What a tenant file says of its source, whatever kind it is: the part that every kind has in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, ClassVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from mercurios.inputs.names import Day
from mercurios.sources.contract import Contract

ConnectionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]


@cache
def _zones() -> frozenset[str]:
    """Return the names of time zones; looking for them reads a folder of hundreds of files."""
    # Which one these are, the machine decides.
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Berlin")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Mode(StrEnum):
    """How changes of a resource are found; a source's own filter is unproven, so it is a choice per tenant."""

    CHANGED = "changed"
    SCAN = "scan"
    WINDOW = "window"


class Drift(StrEnum):
    """What happens to rows whose columns are not those of the contract; the changelog says so in any case.

    `evolve` keeps name and type of unknown columns in `_extra` and takes missing ones for null. `freeze` leaves out
    unknown ones, `quarantine` refuses rows that have some; both refuse rows that lack a column, so that nulls overwrite
    nothing.
    """

    EVOLVE = "evolve"
    FREEZE = "freeze"
    QUARANTINE = "quarantine"


def no_future(day: date) -> date:
    """Return a day that can have been.

    Raises:
        ValueError: it lies in the future.
    """
    if day > datetime.now(UTC).date() + timedelta(days=1):
        raise ValueError("lies in the future: correct the year")
    return day


@dataclass(frozen=True)
class Bounds:
    """What a retailer can mean on one day.

    Attributes:
        first_day: nothing was booked before it.
        last_day: nothing is booked after it.
        most_units: of a line, a position or a stock.
        largest_amount: of a price, a line or a document.
    """

    first_day: date = date(2000, 1, 1)
    last_day: date = date(2199, 12, 31)
    most_units: int = 1_000_000
    largest_amount: int = 10_000_000


class Plausible(BaseModel):
    """What a retailer can mean: a row with a value beyond it is set aside, so that it moves nothing of another.

    Attributes:
        first_day: nothing was sold before it. Where the file does not say it, the receipts do after the first complete
            read of a source that shows all that was ever booked: 13 weeks before the first that is no stray.
        days_ahead: nothing is booked so many days after the source's clock.
        most_units: of a receipt line, an order line or a stock.
        largest_amount: of a price, a receipt line or a document, in the tenant's currency.
    """

    # Of the greatest bounds, the product still fits every amount of the marts.
    model_config = ConfigDict(extra="forbid", frozen=True)

    first_day: Annotated[Day, Field(ge=date(1970, 1, 1)), AfterValidator(no_future)] = date(2000, 1, 1)
    days_ahead: Annotated[int, Field(ge=1, le=3660)] = 366
    most_units: Annotated[int, Field(ge=1, le=10**7)] = 1_000_000
    largest_amount: Annotated[int, Field(ge=1, le=10**8)] = 10_000_000

    def bounds(self, now: datetime, begins_on: date | None = None) -> Bounds:
        """Return the bounds of rows that are read at a moment.

        Args:
            now: the moment.
            begins_on: first day as the retailer's own rows say it; None where they do not.
        """
        first_day = max(self.first_day, begins_on or self.first_day)
        last_day = (now + timedelta(days=self.days_ahead)).date()
        return Bounds(first_day, last_day, self.most_units, self.largest_amount)


class SourceSettings(BaseModel):
    """How one tenant's source is read; each kind of source has a class of its own below this one.

    Attributes:
        contract: what this kind of source declares.
        reads_a_whole_life: whether a complete read shows all that was ever booked.
        moved_keys: keys of a tenant file that older versions read for this kind of source, and what to write instead.
        kind: the word that chooses the source in a tenant file.
        time_zone: zone of the instants that the source writes without one.
        plausible: what this retailer can mean; rows beyond it are set aside.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    contract: ClassVar[Contract]
    reads_a_whole_life: ClassVar[bool] = False
    moved_keys: ClassVar[Mapping[str, str]] = {}

    kind: str
    time_zone: TimeZone = "UTC"
    plausible: Plausible = Plausible()

    def mode_of(self, resource: str) -> Mode:
        """Return how changes of a resource are found."""
        return Mode.SCAN

    def drift_of(self, resource: str) -> Drift:
        """Return what happens to rows of a resource whose columns are not those of the contract."""
        return Drift.EVOLVE

    def interval_of(self, resource: str) -> timedelta:
        """Return how long a read of a resource is good for; zero reads it in every run."""
        return self.contract.resources[resource].interval

    @property
    def overlap(self) -> timedelta:
        """How far before the watermark an incremental read starts."""
        return timedelta(0)

    @property
    def full_read_after(self) -> timedelta:
        """Age of the last complete read at which the next one is complete again."""
        return timedelta(0)
