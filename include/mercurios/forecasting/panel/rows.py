"""Where every row of a panel's file belongs: its series, its period, and the calendar that all rows share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.arrays import I64, Days
from mercurios.forecasting.panel.cadence import CADENCES, DAILY, MONTHLY, WEEKLY, Cadence
from mercurios.forecasting.panel.columns import as_keys, column_of, first_bad
from mercurios.forecasting.panel.panel import PanelError

if TYPE_CHECKING:
    import pyarrow as pa

_TIME_COLUMNS = ("week", "date", "month")
_MAX_PERIODS = 8_000
# Two firsts of months happen to a daily panel of two days.
_FEWEST_MONTHS = 3
_SHORTEST_MONTH, _LONGEST_MONTH = 25, 36
# So few rows, a year and more away from all others, are mistakes of a clock; fewer rows say nothing of a life.
_STRAY_ROWS, _LEAST_ROWS = 3, 100
_AWAY = np.timedelta64(366, "D")


def time_column_of(table: pa.Table) -> str:
    """Name of the time column of a table that has what a panel needs."""
    time_column = find_time_column(table)
    if time_column is None:
        raise PanelError(
            "week", None, f"missing (or 'date', 'month'); the file has {', '.join(table.column_names)}"
        )
    for name in ("article", "branch", "quantity"):
        column_of(table, name)
    if not table.num_rows:
        raise PanelError("quantity", None, "the file has no rows; a forecast needs a history")
    return time_column


def find_time_column(table: pa.Table) -> str | None:
    """Name of the first column that may hold the periods."""
    return next((name for name in _TIME_COLUMNS if name in table.column_names), None)


@dataclass(frozen=True, slots=True)
class Rows:
    """Where every row of a table belongs."""

    articles: pa.Array
    branches: pa.Array
    article: I64
    branch: I64
    keys: I64
    series: I64
    period: I64
    starts: Days

    @classmethod
    def of(cls, table: pa.Table, time_column: str, days: Days, cadence: Cadence) -> Rows:
        """Find the series and the period of every row.

        Raises:
            PanelError: two rows have the same series and period, or the periods cannot be of one history.
        """
        article, articles = as_keys(table, "article")
        branch, branches = as_keys(table, "branch")
        keys, series = np.unique(article * len(branches) + branch, return_inverse=True)
        first = cadence.starts(days.min(), 1)[0]
        count = int(cadence.steps(first, days).max()) + 1
        if count > _MAX_PERIODS:
            row = int(np.argmin(days))
            raise PanelError(
                time_column,
                row + 1,
                f"{days[row]} makes the history {count:,} periods long; is it a typing error?",
            )
        period = cadence.steps(first, days)
        found = cls(
            articles,
            branches,
            article,
            branch,
            keys,
            series.astype(np.int64),
            period,
            cadence.starts(first, count),
        )
        found.reject_duplicates(time_column, days)
        return found

    def reject_duplicates(self, time_column: str, days: Days) -> None:
        """Raise for a second row of one article, branch and period."""
        cell = self.series * self.starts.size + self.period
        order = np.argsort(cell, kind="stable")
        same = np.flatnonzero(np.diff(cell[order]) == 0)
        if same.size:
            row, other = int(order[same[0] + 1]), int(order[same[0]])
            raise PanelError(
                time_column,
                row + 1,
                f"a second row for article {self.articles[int(self.article[row])]}, branch "
                f"{self.branches[int(self.branch[row])]}, {days[row]} (the first is row {other + 1}); "
                "sum them up before",
            )


def until(table: pa.Table, days: Days, origin: date | None) -> tuple[pa.Table, Days, int]:
    """Leave out the rows after a day, and count them.

    Raises:
        PanelError: no row is left.
    """
    import pyarrow as pa

    if origin is None:
        return table, days, 0
    keep = days <= np.datetime64(origin, "D")
    if not bool(keep.any()):
        raise PanelError("origin", None, f"no row lies on or before {origin}; the first is of {days.min()}")
    return table.filter(pa.array(keep)), days[keep], int((~keep).sum())


def within_life(table: pa.Table, days: Days) -> tuple[pa.Table, Days, list[str]]:
    """Leave out the few rows that lie more than a year before or after all others, and say which days they name.

    All series share one calendar: a single row of 2001 would begin that of all series.
    """
    import pyarrow as pa

    order = np.sort(days)
    few = max(_STRAY_ROWS, order.size // 1000)
    if order.size < _LEAST_ROWS:
        return table, days, []
    wide = np.flatnonzero(np.diff(order) > _AWAY)
    before, after = wide[wide < few], wide[wide >= order.size - 1 - few]
    first = order[before[-1] + 1] if before.size else order[0]
    last = order[after[0]] if after.size else order[-1]
    keep = (days >= first) & (days <= last)
    strays = np.unique(days[~keep])
    if not strays.size:
        return table, days, []
    shown = ", ".join(str(day) for day in strays[:3])
    count = int((~keep).sum())
    note = (
        f"{count:,} rows more than a year away from all others were left out ({shown}): correct their dates"
    )
    return table.filter(pa.array(keep)), days[keep], [note]


def reject_future(
    table: pa.Table, time_column: str, days: Days, origin: date | None, today: date | None
) -> None:
    """Raise for a row of the future, unless the last day of the history is given."""
    limit = np.datetime64(today or date.today(), "D")
    if origin is None and bool((days > limit).any()):
        row = first_bad(days > limit)
        raise PanelError(
            time_column,
            row + 1,
            f"{days[row]} lies in the future; correct it, or say where the history ends with --origin",
        )


def _reject_months(time_column: str, days: Days) -> None:
    """Raise where no month has a second date: a month is neither a week nor a day.

    Whatever day stands for a month, the first, the last or the last working day: two of them are about a month apart.
    """
    distinct = np.unique(days)
    months = np.unique(distinct.astype("datetime64[M]"))
    if distinct.size < _FEWEST_MONTHS or months.size < distinct.size:
        return
    apart = np.diff(distinct).astype(np.int64) / np.diff(months).astype(np.int64)
    if bool(((apart >= _SHORTEST_MONTH) & (apart <= _LONGEST_MONTH)).all()):
        raise PanelError(
            time_column,
            1,
            f"{days[0]} stands for a month, as do all {distinct.size:,} dates of the file, no two of which lie in one: "
            "say --frequency M for a forecast by months, or export weeks or days",
        )


def cadence_of(table: pa.Table, time_column: str, days: Days, frequency: str | None) -> tuple[Cadence, int]:
    """Calendar of the dates, and days from Monday to the file's first day of the week."""
    if frequency == "M":
        return MONTHLY, 0
    _reject_months(time_column, days)
    weekday = (days - np.datetime64("1970-01-05", "D")).astype(np.int64) % 7
    usual = int(np.bincount(weekday, minlength=7).argmax())
    one_weekday = bool((weekday == usual).all())
    several = int(np.unique(days).size) > 1
    if frequency is None:
        frequency = "W" if time_column == "week" or (one_weekday and several) else "D"
    if frequency not in CADENCES:
        raise PanelError(time_column, None, f"frequency must be W, D or M, got {frequency}")
    if frequency == "W" and not one_weekday:
        row = first_bad(weekday != usual)
        raise PanelError(
            time_column,
            row + 1,
            f"{days[row]} does not start a week: most rows start theirs on another weekday; "
            "daily panels need --frequency D",
        )
    if frequency == "D" and one_weekday and int(np.unique(days).size) > 2:
        raise PanelError(
            time_column, 1, "all dates fall on one weekday: this is a weekly panel, use --frequency W"
        )
    return (WEEKLY, usual) if frequency == "W" else (DAILY, 0)
