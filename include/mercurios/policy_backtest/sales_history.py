"""The history that is replayed: the panel of `forecast` in whole weeks, and what is known of each series beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.arrays import F64, Bool
from mercurios.forecasting.panel.cadence import MONTHLY, WEEKLY, Cadence
from mercurios.forecasting.panel.columns import as_days, as_numbers, column_of, read_table
from mercurios.forecasting.panel.panel import MAX_UNITS, Panel, PanelError
from mercurios.forecasting.panel.reader import read_source
from mercurios.forecasting.panel.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

STATE_COLUMN = "initial_state"
COST_COLUMNS = ("unit_cost", "holding_cost", "shortage_cost", "order_cost")
_STOCK_COLUMNS = (STATE_COLUMN, "on_hand", "stock")
_TRANSIT = "in_transit_"
_MAX_TRANSIT = 104


@dataclass(frozen=True, slots=True)
class SalesHistory:
    """What a replay is made of.

    Attributes:
        panel: weekly demand, with the regressors that are known.
        articles: keys of the articles as in the file; the panel's are positions in them.
        branches: keys of the branches.
        shift: days from the panel's Mondays to the file's first day of the week.
        stock: units on hand when the replay begins, NaN where the file says nothing.
        in_transit: units that arrive in the first, second, … week, series x weeks.
        costs: by column of `COST_COLUMNS` that the file has; NaN where it says nothing.
        notes: what was left out or assumed, in sentences.
    """

    panel: Panel
    articles: pa.Array
    branches: pa.Array
    shift: int
    stock: F64
    in_transit: F64
    costs: dict[str, F64]
    notes: list[str]

    def label(self, week: int) -> np.datetime64:
        """First day of a week as the file has it."""
        found: np.datetime64 = self.panel.week_starts[week] + np.timedelta64(self.shift, "D")
        return found


def read_sales_history(
    path: Path,
    *,
    horizon: int,
    group: str | None = None,
    frequency: str | None = None,
    initial_state: Path | None = None,
    planned: bool = True,
) -> SalesHistory:
    """Read a panel and what it says beside demand.

    Args:
        path: Parquet or CSV, as for `forecast`; optionally with the columns `initial_state` and `COST_COLUMNS`.
        horizon: weeks that a forecast reaches beyond the panel.
        group: column that series are pooled by.
        frequency: `W` or `D`; found out when omitted. Days are added up to weeks.
        initial_state: file with `article`, `branch`, `on_hand` and `in_transit_1`, `in_transit_2` …
        planned: whether the regressors of the weeks to come are known when an order is made.

    Raises:
        PanelError: a file cannot be used; names column and row.
    """
    table = read_table(path)
    regressors = [name for name in table.column_names if name.startswith("x_")]
    source = read_source(
        path,
        horizon=lambda cadence: _weekly_or_daily(cadence).periods(horizon),
        frequency=frequency,
        group=group,
        plan=path if planned and regressors else None,
    )
    notes = [note for note in source.notes if "the plan" not in note and "--plan" not in note]
    if regressors:
        what = "are known as planned when an order is made" if planned else "are not used"
        notes.append(f"{', '.join(regressors)} {what}")
    panel = source.panel if source.panel.cadence is WEEKLY else _weekly(source.panel)
    stock, in_transit = _state(table, source, initial_state)
    costs = {name: _latest(table, name, source) for name in COST_COLUMNS if name in table.column_names}
    return SalesHistory(
        panel, source.articles, source.branches, source.shift, stock, in_transit, costs, notes
    )


def _weekly_or_daily(cadence: Cadence) -> Cadence:
    """Return the calendar.

    Raises:
        PanelError: it is one of months.
    """
    if cadence is MONTHLY:
        raise PanelError("date", None, "orders are replayed week by week: export weeks or days, not months")
    return cadence


def _weekly(panel: Panel) -> Panel:
    """Add whole weeks up; a week counts where each of its days that the series was on sale counts."""
    days = panel.week_starts
    skip = int(-(days[0] - np.datetime64("1970-01-05", "D")).astype(np.int64) % 7)
    weeks = (days.size - skip) // 7
    if weeks < 1:
        raise PanelError("date", None, "the panel holds no whole week from Monday to Sunday")
    inside = slice(skip, skip + 7 * weeks)
    shape = (panel.n_series, weeks, 7)
    closed = np.zeros(panel.mask.shape, dtype=bool) if panel.closed is None else panel.closed[:, : days.size]
    mask: Bool = (panel.mask | closed)[:, inside].reshape(shape)
    # The week of the first sale begins with days on which the series was not on sale yet.
    some: Bool = np.asarray(mask.any(axis=2))
    opening = np.cumsum(some, axis=1) == 1
    whole: Bool = np.asarray(mask.all(axis=2)) | (some & opening)
    y = np.where(whole, panel.y[:, inside].reshape(shape).sum(axis=2), 0.0)
    x = None
    if panel.x is not None:
        ahead = (panel.x.shape[1] - skip) // 7
        x = panel.x[:, skip : skip + 7 * ahead].reshape(panel.n_series, ahead, 7, -1).mean(axis=2)
    starts = days[inside][::7]
    return replace(
        panel, y=y, mask=whole, week_starts=starts, cadence=WEEKLY, x=x, closed=None, probable=None
    )


def _state(table: pa.Table, source: Source, path: Path | None) -> tuple[F64, F64]:
    """Stock and units on their way at the beginning."""
    size = source.panel.n_series
    if path is None:
        if STATE_COLUMN not in table.column_names:
            return np.full(size, np.nan), np.zeros((size, 0))
        return _constant(table, STATE_COLUMN, source), np.zeros((size, 0))
    try:
        return _state_of_file(read_table(path), source)
    except PanelError as error:
        raise PanelError(error.column, error.row, f"{error.problem} (initial state {path.name})") from error


def _state_of_file(table: pa.Table, source: Source) -> tuple[F64, F64]:
    for name in ("article", "branch"):
        column_of(table, name)
    column = next((name for name in _STOCK_COLUMNS if name in table.column_names), None)
    if column is None:
        raise PanelError("on_hand", None, f"missing; the file has {', '.join(table.column_names)}")
    rows = source.matched(table, "the initial state")
    _, counts = np.unique(rows[rows >= 0], return_counts=True)
    if bool((counts > 1).any()):
        order = np.argsort(rows, kind="stable")
        again = order[1:][(np.diff(rows[order]) == 0) & (rows[order][1:] >= 0)]
        raise PanelError("article", int(again.min()) + 1, "a second row for the same article and branch")
    stock = np.full(source.panel.n_series, np.nan)
    stock[rows[rows >= 0]] = _amounts(table, column)[rows >= 0]
    names = _transit_columns(table.column_names)
    in_transit = np.zeros((source.panel.n_series, max(names, default=0)))
    for week, name in names.items():
        in_transit[rows[rows >= 0], week - 1] = np.nan_to_num(_amounts(table, name)[rows >= 0])
    return stock, in_transit


def _transit_columns(names: Sequence[str]) -> dict[int, str]:
    found = {}
    for name in names:
        if name.startswith(_TRANSIT):
            number = name.removeprefix(_TRANSIT)
            if not number.isdigit() or not 1 <= int(number) <= _MAX_TRANSIT:
                raise PanelError(
                    name, None, f"expected {_TRANSIT}1 for what arrives in the first week, and so on"
                )
            found[int(number)] = name
    return found


def _amounts(table: pa.Table, name: str) -> F64:
    values = as_numbers(table, name, MAX_UNITS, nulls=True)
    negative = np.flatnonzero(values < 0)
    if negative.size:
        raise PanelError(name, int(negative[0]) + 1, f"{values[negative[0]]:g} is below 0")
    return values


def _constant(table: pa.Table, name: str, source: Source) -> F64:
    """One value for each series, which every row that has one must share."""
    values, rows = _amounts(table, name), source.series_of(table)
    found = np.full(source.panel.n_series, np.nan)
    known = ~np.isnan(values)
    found[rows[known]] = values[known]
    other = known & (values != found[rows])
    if bool(other.any()):
        row = int(np.flatnonzero(other)[0])
        raise PanelError(
            name, row + 1, f"{values[row]:g}, but another row of its series has {found[rows[row]]:g}"
        )
    return found


def _latest(table: pa.Table, name: str, source: Source) -> F64:
    """The last known value of each series."""
    values, rows = _amounts(table, name), source.series_of(table)
    order = np.argsort(as_days(table, source.time_column), kind="stable")
    known = order[~np.isnan(values[order])]
    found = np.full(source.panel.n_series, np.nan)
    found[rows[known]] = values[known]
    return found
