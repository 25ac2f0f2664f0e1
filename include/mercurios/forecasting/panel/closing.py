"""Days on which a branch is closed: nothing sells then, which says nothing of demand, and nothing will.

They show in the sales of a branch as a whole. A weekday on which it hardly ever sells is one on which it is closed, and
so are public holidays if it sold on few of them, and single days without a sale in a branch that otherwise sells every
day. On a weekday or holiday on which it did sell it was open. Weeks are never closed by this: a week without any sale
has other reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, Days, place_of
from mercurios.forecasting.panel.cadence import DAILY
from mercurios.forecasting.panel.panel import MONDAY, Panel

WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_WEEK = 7
# Occurrences of a weekday that are looked at together, and how many of them have to be without a sale.
_OCCURRENCES, _FEWEST, _WITHOUT_SALE = 13, 8, 0.9
# Share of the other days that have to sell, so that so many without a sale are no chance.
_LEAST_SELLING = 0.6
# The same for a single day.
_NEARLY_ALWAYS, _AROUND = 0.95, 28
# Units that the other state would have sold, and the share of them that keying errors may be.
_LEAST_EXPECTED, _NEXT_TO_NOTHING = 100.0, 0.005
_FEWEST_HOLIDAYS, _HOLIDAYS_WITHOUT_SALE = 4, 0.8


@dataclass(frozen=True, slots=True)
class Closed:
    """Days on which branches are closed.

    Attributes:
        branches: Branches, ascending; none where closing is not looked for.
        days: Branch x periods of history and horizon.
    """

    branches: I64
    days: Bool

    def ahead(self, panel: Panel, horizon: int) -> Bool:
        """Closed periods of the horizon of each series, by branch and by the panel's own record."""
        found = np.zeros((panel.n_series, horizon), dtype=bool)
        place = place_of(self.branches, panel.branch_number)
        known = place >= 0
        if known.any():
            found[known] = self.days[place[known]][:, panel.n_weeks : panel.n_weeks + horizon]
        return found | panel.closed_ahead(horizon)

    def masked(self, panel: Panel) -> Panel:
        """Return the panel with closed periods left out."""
        place = place_of(self.branches, panel.branch_number)
        if not self.branches.size or bool((place < 0).all()):
            return panel
        closed = np.zeros(panel.mask.shape, dtype=bool)
        closed[place >= 0] = self.days[place[place >= 0]][:, : panel.n_weeks]
        return replace(panel, mask=panel.mask & ~closed, y=np.where(closed, 0.0, panel.y))


def never_closed() -> Closed:
    """Branches of which it is not known that they close."""
    return Closed(np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=bool))


def find_closed(panel: Panel, horizon: int, holidays: Iterable[date]) -> Closed:
    """Find the closed days of each branch in the history, and those of the horizon that follow from them."""
    if panel.cadence is not DAILY or not panel.n_weeks:
        return never_closed()
    branches, at = np.unique(panel.branch_number, return_inverse=True)
    sold = np.zeros((branches.size, panel.n_weeks), dtype=bool)
    observed = np.zeros_like(sold)
    np.logical_or.at(sold, at, panel.y > 0)
    np.logical_or.at(observed, at, panel.mask)
    starts = panel.week_starts[0] + np.arange(panel.n_weeks + horizon)
    is_holiday = np.isin(
        starts, np.array([np.datetime64(day, "D") for day in holidays], dtype="datetime64[D]")
    )
    rows = [_branch(sold[row], observed[row], starts, is_holiday) for row in range(branches.size)]
    return Closed(branches, np.stack(rows))


def closed_notes(closed: Closed, panel: Panel, holidays: Iterable[date]) -> Iterator[str]:
    """Yield sentences about weekdays, holidays and single days on which branches are closed."""
    if not closed.days.any():
        return
    past, weekday = closed.days[:, : panel.n_weeks], _weekdays(panel.week_starts)
    is_holiday = np.isin(panel.week_starts, np.array([np.datetime64(day, "D") for day in holidays], "M8[D]"))
    ahead = closed.days[:, panel.n_weeks :]
    after = _weekdays(panel.week_starts[-1:] + 1 + np.arange(ahead.shape[1]))
    regular = np.zeros((past.shape[0], _WEEK), dtype=bool)
    for day, name in enumerate(WEEKDAYS):
        regular[:, day] = ahead[:, after == day].sum(axis=1) * 2 > (after == day).sum()
        shut = int(regular[:, day].sum())
        if shut:
            yield f"closed on {name}: {shut:,} of {past.shape[0]:,} branches; they are neither learned nor forecast"
    other = past & ~regular[:, weekday]
    for what, days in (("public holidays", is_holiday), ("other single days", ~is_holiday)):
        count = int(other[:, days].sum())
        if count:
            yield f"closed on {what}: {count:,} days of branches are not learned from"


def _weekdays(starts: Days) -> I64:
    days: I64 = (starts - MONDAY).astype(np.int64) % _WEEK
    return days


def _branch(sold: Bool, observed: Bool, starts: Days, is_holiday: Bool) -> Bool:
    """Closed days of one branch, history and horizon."""
    periods, weekday = sold.size, _weekdays(starts)
    closed = np.zeros(starts.size, dtype=bool)
    # Days before the branch's first sale were before it opened.
    begin = int(np.argmax(sold)) if sold.any() else periods
    known = observed & (np.arange(periods) >= begin)
    for day in range(_WEEK):
        _close_weekday(closed, sold, known, weekday == day)
    ordinary = known & ~closed[:periods] & ~is_holiday[:periods]
    seen = known & ~closed[:periods] & is_holiday[:periods]
    if (
        seen.sum() >= _FEWEST_HOLIDAYS
        and (~sold[seen]).mean() >= _HOLIDAYS_WITHOUT_SALE
        and sold[ordinary].mean() > 0.5
    ):
        closed[:periods] |= seen & ~sold
        closed[periods:] |= is_holiday[periods:]
    silent = np.flatnonzero(known & ~closed[:periods] & ~sold)
    closed[silent] = _sells_around(sold, ordinary, silent)
    return closed


def _close_weekday(closed: Bool, sold: Bool, known: Bool, of_day: Bool) -> None:
    """Mark, in place, the days of one weekday without a sale around which it hardly ever sells, and those ahead."""
    periods = sold.size
    days = np.flatnonzero(of_day[:periods] & known)
    others = known & ~of_day[:periods]
    if days.size < _FEWEST or not others.any() or sold[others].mean() < _LEAST_SELLING:
        return
    without = np.append(0.0, np.cumsum(~sold[days]))
    first = np.maximum(np.arange(days.size) - _OCCURRENCES, 0)
    last = np.minimum(np.arange(days.size) + _OCCURRENCES + 1, days.size)
    share = (without[last] - without[first]) / (last - first)
    closed[days] = (share >= _WITHOUT_SALE) & ~sold[days]
    recent = ~sold[days[-_OCCURRENCES:]]
    if recent.mean() >= _WITHOUT_SALE or bool(recent[-_FEWEST:].all()):
        closed[periods:] |= of_day[periods:]


def _sells_around(sold: Bool, ordinary: Bool, days: I64) -> Bool:
    """Whether nearly all ordinary days of the four weeks before and after each day sold something."""
    count, hits = (np.append(0, np.cumsum(flag)) for flag in (ordinary, ordinary & sold))
    first, last = np.maximum(days - _AROUND, 0), np.minimum(days + _AROUND + 1, sold.size)
    itself = ordinary[days].astype(np.int64)
    near, selling = count[last] - count[first] - itself, hits[last] - hits[first]
    found: Bool = (near >= _AROUND) & (selling >= _NEARLY_ALWAYS * near)
    return found


def closing_state(x: F64, y: F64, mask: Bool) -> float | None:
    """Value of a regressor of two values in which nothing sells: that of a closed day; None where there is not one."""
    observed = mask & ~np.isnan(x)
    values = np.unique(x[observed])
    if values.size != 2:
        return None
    cells = np.array([(x[observed] == value).sum() for value in values])
    units = np.array([y[observed][x[observed] == value].sum() for value in values])
    quiet = int(np.argmin(units / cells))
    expected = units[1 - quiet] / cells[1 - quiet] * cells[quiet]
    if cells[quiet] < _FEWEST or expected < _LEAST_EXPECTED or units[quiet] > _NEXT_TO_NOTHING * expected:
        return None
    return float(values[quiet])
