"""The two calendars a panel may have; every length that is natural in weeks is derived from here.

A method never says "52": it asks the panel's cadence for a year, so that weekly and daily panels run the same code.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cadence:
    """Lengths of one calendar, in periods.

    Attributes:
        name: `W` or `D`.
        word: What people call a period.
        days: Days from one period to the next.
        week: Periods of a week: what is given in weeks is multiplied by it.
        year: Periods of a year, whole weeks, so that the same weekday comes back.
        naive: Lag of the seasonal naive reference.
    """

    name: str
    word: str
    days: int
    week: int
    year: int
    naive: int

    def slowed(self, constants: tuple[float, ...]) -> tuple[float, ...]:
        """Smoothing constants of a period that forget as much in a week as `constants` do."""
        return tuple(1.0 - (1.0 - constant) ** (1.0 / self.week) for constant in constants)


WEEKLY = Cadence("W", "week", 7, 1, 52, 52)
DAILY = Cadence("D", "date", 1, 7, 364, 7)
CADENCES = {"W": WEEKLY, "D": DAILY}
