"""What a tenant file says of its source, whatever kind it is: the part that every kind has in common."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from mercurios.sources.contract import Contract

ConnectionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
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

    `evolve` keeps unknown columns in `_extra` and takes missing ones for null. `freeze` leaves unknown columns out,
    `quarantine` refuses rows that have some; both refuse rows that lack a column, so that nulls overwrite nothing.
    """

    EVOLVE = "evolve"
    FREEZE = "freeze"
    QUARANTINE = "quarantine"


class SourceSettings(BaseModel):
    """How one tenant's source is read; each kind of source has a class of its own below this one.

    Attributes:
        contract: what this kind of source declares.
        kind: the word that chooses the class in a tenant file.
        time_zone: zone of the instants that the source writes without one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    contract: ClassVar[Contract]

    kind: str
    time_zone: TimeZone = "UTC"

    def mode_of(self, resource: str) -> Mode:
        """Return how changes of a resource are found."""
        return Mode.SCAN

    def drift_of(self, resource: str) -> Drift:
        """Return what happens to rows of a resource whose columns are not those of the contract."""
        return Drift.EVOLVE

    @property
    def overlap(self) -> timedelta:
        """How far before the watermark an incremental read starts."""
        return timedelta(0)

    @property
    def full_read_after(self) -> timedelta:
        """Age of the last complete read at which the next one is complete again."""
        return timedelta(0)
