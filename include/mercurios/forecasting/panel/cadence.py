"""The calendars a panel may have; every length that is natural in weeks is derived from here.

A method never says "52": it asks the panel's cadence for a year, so that weekly, daily and monthly panels run the same
code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import I64, Days


@dataclass(frozen=True, slots=True)
class Cadence:
    """Lengths of one calendar, in periods.

    Attributes:
        name: `W`, `D` or `M`.
        word: What people call a period.
        days: Days of a period, of a month on average.
        week: Periods of a week.
        year: Periods of a year, whole weeks where it can be, so that the same weekday comes back.
        naive: Lag of the seasonal naive reference.
        noun: A period in a sentence.
    """

    name: str
    word: str
    days: int
    week: float
    year: int
    naive: int
    noun: str

    def periods(self, weeks: float) -> int:
        """Whole periods of some weeks, at least one."""
        return max(1, round(weeks * self.week))

    def slowed(self, constants: tuple[float, ...]) -> tuple[float, ...]:
        """Smoothing constants of a period that forget as much in a week as `constants` do."""
        return tuple(1.0 - (1.0 - constant) ** (1.0 / self.week) for constant in constants)

    def starts(self, first: np.datetime64, count: int) -> Days:
        """First days of `count` periods, the first of which begins on `first`."""
        if self.name == "M":
            begun: Days = (first.astype("datetime64[M]") + np.arange(count)).astype("datetime64[D]")
            return begun
        every: Days = first + self.days * np.arange(count)
        return every

    def steps(self, first: np.datetime64, days: Days) -> I64:
        """Periods from the one that begins on `first` to that of each day."""
        if self.name == "M":
            months: I64 = (days.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(np.int64)
            return months
        found: I64 = (days - first).astype(np.int64) // self.days
        return found


WEEKLY = Cadence("W", "week", 7, 1, 52, 52, "week")
DAILY = Cadence("D", "date", 1, 7, 364, 7, "day")
MONTHLY = Cadence("M", "month", 30, 12 / 52, 12, 12, "month")
CADENCES = {"W": WEEKLY, "D": DAILY, "M": MONTHLY}
