"""Panels from anywhere: a Parquet or CSV file with one row per article, branch and period becomes a `Panel`.

Everything a file can have wrong is found here and reported with column, row and key, so that the person who made
the file can correct it. Rows are counted from 1, without the header.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, Days, place_of
from mercurios.forecasting.panel.cadence import CADENCES, DAILY, WEEKLY, Cadence
from mercurios.forecasting.panel.columns import (
    as_days,
    as_flags,
    as_keys,
    as_numbers,
    column_of,
    first_bad,
    read_table,
)
from mercurios.forecasting.panel.outliers import flag_outliers
from mercurios.forecasting.panel.panel import MAX_UNITS, NO_GROUP, Panel, PanelError

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_COLUMNS = ("category", "group", "department")
_KNOWN = ("article", "branch", "week", "date", "quantity", "in_stock", "initial_state")
_TIME_COLUMNS = ("week", "date")
_MAX_PERIODS = 8_000


@dataclass(frozen=True, slots=True)
class Source:
    """A panel and what is needed to describe it in the words of its file.

    Attributes:
        panel: The panel; its keys are positions in `articles` and `branches`.
        articles: Article keys as in the file, ascending.
        branches: Branch keys as in the file, ascending.
        time_column: `week` or `date`.
        shift: Days from the panel's Mondays to the file's first day of the week.
        notes: What was left out or assumed, in sentences.
    """

    panel: Panel
    articles: pa.Array
    branches: pa.Array
    time_column: str
    shift: int
    notes: list[str] = field(default_factory=list)

    def label(self, start: np.datetime64) -> np.datetime64:
        """First day of a period as the file has it."""
        return start + np.timedelta64(self.shift, "D")

    def outliers(self) -> int:
        """Periods that are left out as keyed-in outliers."""
        return int(flag_outliers(self.panel).sum())


def read_source(
    path: Path,
    *,
    horizon: Callable[[Cadence], int],
    frequency: str | None = None,
    origin: date | None = None,
    group: str | None = None,
    plan: Path | None = None,
    today: date | None = None,
) -> Source:
    """Read a panel, and the plan of its regressors when there is one.

    Args:
        path: Parquet or CSV with `article`, `branch`, `week` or `date` and `quantity`; optionally `in_stock`, group
            columns and regressors `x_...`.
        horizon: Periods that the plan has to cover, by calendar.
        frequency: `W` or `D`; found out from the dates when omitted.
        origin: Last day of the history; later rows are left out. The latest row when omitted.
        group: Column that series are pooled by; `category`, `group` or `department` when omitted and there is one.
            Other columns that do not change within a series say which articles a new one is like.
        plan: File with the future values of the regressors.
        today: Rows after this day are refused unless an origin is given.

    Raises:
        PanelError: the file cannot be used; names column and row.
    """
    table, notes = read_table(path), list[str]()
    time_column = _checked(table)
    days = as_days(table, time_column)
    table, days, late = _until(table, days, origin)
    if late:
        notes.append(f"{late:,} rows after {origin} were left out")
    _reject_future(table, time_column, days, origin, today)
    cadence, shift = _cadence(table, time_column, days, frequency)
    rows = _Rows.of(table, time_column, days - np.timedelta64(shift, "D"), cadence)
    pooled = group or next((name for name in GROUP_COLUMNS if name in table.column_names), None)
    similar = [
        name for name in table.column_names if name not in (*_KNOWN, pooled) and not name.startswith("x_")
    ]
    panel = _assemble(table, rows, cadence, _group_of(table, rows, pooled), notes)
    panel = replace(panel, attributes=_attributes(table, rows, similar))
    names = tuple(name for name in table.column_names if name.startswith("x_"))
    if names:
        panel = _with_regressors(panel, table, rows, names, plan, horizon(cadence), shift, notes)
    elif plan is not None:
        raise PanelError("x_", None, "a plan was given, but the panel has no regressor columns x_...")
    source = Source(panel, rows.articles, rows.branches, time_column, shift, notes)
    outliers = source.outliers()
    if outliers:
        notes.append(
            f"{outliers:,} quantities are many times all others of their series and are not learned from"
        )
    if panel.negative_weeks:
        notes.append(f"{panel.negative_weeks:,} negative quantities (returns beyond sales) count as zero")
    return source


def _checked(table: pa.Table) -> str:
    """Name of the time column of a table that has what a panel needs."""
    time_column = _time_column(table)
    if time_column is None:
        raise PanelError("week", None, f"missing (or 'date'); the file has {', '.join(table.column_names)}")
    for name in ("article", "branch", "quantity"):
        column_of(table, name)
    if not table.num_rows:
        raise PanelError("quantity", None, "the file has no rows; a forecast needs a history")
    return time_column


def _time_column(table: pa.Table) -> str | None:
    return next((name for name in _TIME_COLUMNS if name in table.column_names), None)


@dataclass(frozen=True, slots=True)
class _Rows:
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
    def of(cls, table: pa.Table, time_column: str, days: Days, cadence: Cadence) -> _Rows:
        article, articles = as_keys(table, "article")
        branch, branches = as_keys(table, "branch")
        keys, series = np.unique(article * len(branches) + branch, return_inverse=True)
        first, last = days.min(), days.max()
        count = int((last - first).astype(np.int64)) // cadence.days + 1
        if count > _MAX_PERIODS:
            row = int(np.argmin(days))
            raise PanelError(
                time_column,
                row + 1,
                f"{days[row]} makes the history {count:,} periods long; is it a typing error?",
            )
        period = (days - first).astype(np.int64) // cadence.days
        found = cls(
            articles,
            branches,
            article,
            branch,
            keys,
            series.astype(np.int64),
            period,
            first + cadence.days * np.arange(count),
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


def _until(table: pa.Table, days: Days, origin: date | None) -> tuple[pa.Table, Days, int]:
    import pyarrow as pa

    if origin is None:
        return table, days, 0
    keep = days <= np.datetime64(origin, "D")
    if not bool(keep.any()):
        raise PanelError("origin", None, f"no row lies on or before {origin}; the first is of {days.min()}")
    return table.filter(pa.array(keep)), days[keep], int((~keep).sum())


def _reject_future(
    table: pa.Table, time_column: str, days: Days, origin: date | None, today: date | None
) -> None:
    limit = np.datetime64(today or date.today(), "D")
    if origin is None and bool((days > limit).any()):
        row = first_bad(days > limit)
        raise PanelError(
            time_column,
            row + 1,
            f"{days[row]} lies in the future; correct it, or say where the history ends with --origin",
        )


def _cadence(table: pa.Table, time_column: str, days: Days, frequency: str | None) -> tuple[Cadence, int]:
    """Calendar of the dates, and days from Monday to the file's first day of the week."""
    weekday = (days - np.datetime64("1970-01-05", "D")).astype(np.int64) % 7
    usual = int(np.bincount(weekday, minlength=7).argmax())
    one_weekday = bool((weekday == usual).all())
    several = int(np.unique(days).size) > 1
    if frequency is None:
        frequency = "W" if time_column == "week" or (one_weekday and several) else "D"
    if frequency not in CADENCES:
        raise PanelError(time_column, None, f"frequency must be W or D, got {frequency}")
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


def _group_of(table: pa.Table, rows: _Rows, name: str | None) -> I64:
    """Group of every series: that of its latest row."""
    result = np.full(rows.keys.size, NO_GROUP, dtype=np.int64)
    if name is None:
        return result
    column_of(table, name)
    code, _ = as_keys(table, name, nulls=True)
    order = np.lexsort((rows.period, rows.series))
    result[rows.series[order]] = code[order]
    return result


def _attributes(table: pa.Table, rows: _Rows, names: list[str]) -> I64 | None:
    """Codes of the columns that tell which articles are similar: few values, the same in all of its rows."""
    found = []
    for name in names:
        try:
            code, values = as_keys(table, name, nulls=True)
        except (ValueError, NotImplementedError, TypeError):
            continue
        if not 1 < len(values) <= max(2, rows.keys.size // 5):
            continue
        latest = _group_of(table, rows, name)
        if bool((latest[rows.series] == code).all()):
            found.append((len(values), latest))
    found.sort(key=lambda one: one[0])
    return np.stack([codes for _, codes in found], axis=1) if found else None


def _assemble(table: pa.Table, rows: _Rows, cadence: Cadence, group: I64, notes: list[str]) -> Panel:
    quantity = as_numbers(table, "quantity", MAX_UNITS)
    shape = (rows.keys.size, rows.starts.size)
    y, blocked, recorded = np.zeros(shape), np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    y[rows.series, rows.period] = quantity
    recorded[rows.series, rows.period] = True
    if "in_stock" in table.column_names:
        blocked[rows.series, rows.period] = ~as_flags(table, "in_stock")
    negative = int((y < 0).sum())
    y = np.maximum(y, 0.0)
    sold = y > 0
    begin = np.where(sold.any(axis=1), np.argmax(sold, axis=1), np.argmax(recorded, axis=1))
    mask: Bool = (np.arange(shape[1]) >= begin[:, None]) & ~blocked
    gaps = int((mask & ~recorded).sum())
    if gaps:
        notes.append(
            f"{gaps:,} {cadence.word}s without a row, after a series' first sale, count as zero sales"
        )
    return Panel(
        y=np.where(mask, y, 0.0),
        mask=mask,
        article_number=rows.keys // len(rows.branches),
        branch_number=rows.keys % len(rows.branches),
        week_starts=rows.starts,
        group=group,
        negative_weeks=negative,
        cadence=cadence,
    )


def _with_regressors(
    panel: Panel,
    table: pa.Table,
    rows: _Rows,
    names: tuple[str, ...],
    plan: Path | None,
    horizon: int,
    shift: int,
    notes: list[str],
) -> Panel:
    """Add the regressors of history and plan; without a plan they are left out."""
    if plan is None:
        notes.append(f"{', '.join(names)}: no plan was given (--plan), so they are not used")
        return panel
    try:
        planned = read_plan(plan, panel, rows.articles, rows.branches, names, horizon, shift, notes)
    except PanelError as error:
        raise PanelError(error.column, error.row, f"{error.problem} (plan {plan.name})") from error
    x = np.full((panel.n_series, panel.n_weeks + horizon, len(names)), np.nan)
    for column, name in enumerate(names):
        x[rows.series, rows.period, column] = as_numbers(table, name, MAX_UNITS, nulls=True)
    x[:, panel.n_weeks :] = planned
    missing = int(np.isnan(planned).sum())
    if missing:
        notes.append(
            f"{missing:,} values are not in the plan: 0 for events (regressors that know 0), else the last known"
        )
    for column in range(len(names)):
        x[:, :, column] = filled(x[:, :, column], panel.n_weeks)
    return replace(panel, x=x, x_names=names)


def read_plan(
    path: Path,
    panel: Panel,
    articles: pa.Array,
    branches: pa.Array,
    names: tuple[str, ...],
    horizon: int,
    shift: int,
    notes: list[str],
) -> F64:
    """Future values of the regressors, series x horizon x regressors; NaN where the plan says nothing.

    Raises:
        PanelError: the plan lacks a column, or a value cannot be used; names column and row.
    """
    table = read_table(path)
    time_column = _time_column(table)
    if time_column is None:
        raise PanelError("week", None, f"missing in the plan; it has {', '.join(table.column_names)}")
    for name in ("article", "branch", *names):
        if name not in table.column_names:
            what = "regressor of the panel, missing in the plan" if name in names else "missing in the plan"
            raise PanelError(name, None, f"{what}; the plan has {', '.join(table.column_names)}")
    step = _steps_ahead(panel, as_days(table, time_column) - np.timedelta64(shift, "D"), time_column)
    series = series_of(table, panel, articles, branches)
    use = (series >= 0) & (step >= 0) & (step < horizon)
    cell = np.where(use, series * horizon + step, -1 - np.arange(use.size))
    unique, first_row = np.unique(cell, return_index=True)
    if unique.size < cell.size:
        row = first_bad(~np.isin(np.arange(cell.size), first_row))
        raise PanelError(time_column, row + 1, "a second row for the same article, branch and period")
    planned = np.full((panel.n_series, horizon, len(names)), np.nan)
    for column, name in enumerate(names):
        planned[series[use], step[use], column] = as_numbers(table, name, MAX_UNITS, nulls=True)[use]
    if not bool(use.all()):
        notes.append(
            f"{int((~use).sum()):,} rows of the plan lie outside of the panel's series or the horizon"
        )
    return planned


def _steps_ahead(panel: Panel, days: Days, time_column: str) -> I64:
    """Periods from the first one after the history to each day."""
    first = panel.week_starts[-1] + np.timedelta64(panel.cadence.days, "D")
    distance: I64 = (days - first).astype(np.int64)
    off = distance % panel.cadence.days != 0
    if bool(off.any()):
        row = first_bad(off)
        raise PanelError(time_column, row + 1, f"{days[row]} does not start a {panel.cadence.word}")
    return distance // panel.cadence.days


def series_of(table: pa.Table, panel: Panel, articles: pa.Array, branches: pa.Array) -> I64:
    """Row of the panel that each row of the plan belongs to; -1 for a series that the panel does not have."""
    import pyarrow.compute as pc

    codes = []
    for name, known in (("article", articles), ("branch", branches)):
        column = table.column(name)
        if column.type != known.type:
            column = column.cast(known.type)
        found = pc.index_in(column, value_set=known)
        codes.append(pc.fill_null(found, -1).to_numpy().astype(np.int64))
    key = codes[0] * len(branches) + codes[1]
    known_keys = panel.article_number * len(branches) + panel.branch_number
    found_series: I64 = np.where((codes[0] >= 0) & (codes[1] >= 0), place_of(known_keys, key), -1)
    return found_series


def filled(values: F64, periods: int) -> F64:
    """Fill what is unknown: 0 for an event, one that knows 0 in the history, else the series' last known value."""
    unknown = np.isnan(values)
    if not bool(unknown.any()):
        return values
    seen = values[:, :periods][~unknown[:, :periods]]
    if not seen.size or bool((seen == 0).any()):
        return np.where(unknown, 0.0, values)
    at = np.where(unknown, 0, np.arange(values.shape[1]))
    last = np.take_along_axis(values, np.maximum.accumulate(at, axis=1), axis=1)
    first = np.argmax(~unknown, axis=1)
    start = np.where(unknown.all(axis=1), seen.mean(), values[np.arange(values.shape[0]), first])
    return np.where(np.isnan(last), start[:, None], last)
