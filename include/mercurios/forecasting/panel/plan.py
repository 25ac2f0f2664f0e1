"""Regressors of a panel: their past from its file, their future from the file of the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Days
from mercurios.forecasting.panel.cadence import MONTHLY
from mercurios.forecasting.panel.closing import closing_state
from mercurios.forecasting.panel.columns import as_days, as_flags, as_numbers, first_bad, read_table
from mercurios.forecasting.panel.panel import MAX_UNITS, Panel, PanelError
from mercurios.forecasting.panel.prices import named_price
from mercurios.forecasting.panel.regressor_notes import regressor_notes
from mercurios.forecasting.panel.rows import Rows, find_time_column
from mercurios.forecasting.panel.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

# Whether a branch was open: what a period sold on which it was not says nothing.
OPEN = "open"


def with_regressors(source: Source, table: pa.Table, rows: Rows, plan: Path | None, horizon: int) -> Source:
    """Add the regressors of history and plan, and the periods in which branches are closed.

    Without a plan regressors are left out. One that says when a branch is closed, as the column `open` does, is no
    regressor: nothing is learned from those periods, and nothing is forecast for them.

    Args:
        source: The panel.
        table: Its file.
        rows: Where every row of it belongs.
        plan: File with the future values.
        horizon: Periods that it has to cover.

    Raises:
        PanelError: there is a plan and no regressor, or the plan cannot be used; names column and row.
    """
    panel, names = source.panel, tuple(name for name in table.column_names if name.startswith("x_"))
    columns = (*names, OPEN) if OPEN in table.column_names else names
    if not columns:
        if plan is not None:
            raise PanelError("x_", None, "a plan was given, but the panel has no regressor columns x_...")
        return source
    x = np.full((panel.n_series, panel.n_weeks + horizon, len(columns)), np.nan)
    for column, name in enumerate(columns):
        read = as_numbers(table, name, MAX_UNITS, nulls=True) if name != OPEN else as_flags(table, name)
        x[rows.series, rows.period, column] = read
    if plan is not None:
        x[:, panel.n_weeks :] = _planned(plan, source, columns, horizon)
    source, kept = _closing(source, x, columns)
    x, names = x[:, :, kept], tuple(columns[at] for at in kept)
    if plan is None:
        if names:
            source.notes.append(f"{', '.join(names)}: no plan was given (--plan), so they are not used")
        return source
    return _completed(source, x, names) if names else source


def _planned(plan: Path, source: Source, names: tuple[str, ...], horizon: int) -> F64:
    try:
        return read_plan(plan, source, names, horizon)
    except PanelError as error:
        raise PanelError(error.column, error.row, f"{error.problem} (plan {plan.name})") from error


def _closing(source: Source, x: F64, names: tuple[str, ...]) -> tuple[Source, list[int]]:
    """Take the periods in which branches are closed out of the panel; also return the columns that do not say it."""
    panel, kept = source.panel, list[int]()
    closed = np.zeros(x.shape[:2], dtype=bool)
    for column, name in enumerate(names):
        past = x[:, : panel.n_weeks, column]
        state = 0.0 if name == OPEN else closing_state(past, panel.y, panel.mask)
        if state is None:
            kept.append(column)
            continue
        found = x[:, :, column] == state
        found[:, : panel.n_weeks] &= panel.y == 0
        closed |= found
        source.notes.append(
            f"{name}: {int(found[:, : panel.n_weeks].sum()):,} {panel.cadence.word}s on which branches were closed are "
            f"not learned from, {int(found[:, panel.n_weeks :].sum()):,} planned ones are forecast 0"
        )
    if not closed.any():
        return source, kept
    mask = panel.mask & ~closed[:, : panel.n_weeks]
    return replace(source, panel=replace(panel, mask=mask, closed=closed)), kept


def _completed(source: Source, x: F64, names: tuple[str, ...]) -> Source:
    """Fill what neither file nor plan says, and note what is odd."""
    panel = source.panel
    source.notes.extend(_without_price(x, names))
    missing = int(np.isnan(x[:, panel.n_weeks :]).sum())
    if missing:
        source.notes.append(
            f"{missing:,} values are not in the plan: 0 for events (regressors that know 0), else the last known"
        )
    for column in range(len(names)):
        x[:, :, column] = filled(x[:, :, column], panel.n_weeks)
    panel = replace(panel, x=x, x_names=names)
    source.notes.extend(regressor_notes(panel))
    return replace(source, panel=panel)


def _without_price(x: F64, names: tuple[str, ...]) -> Iterator[str]:
    """Make prices of zero and below unknown, in place, and say how many there were."""
    for column, name in enumerate(names):
        values = x[:, :, column]
        none = values <= 0
        if named_price(name) and bool((values > 0).any()) and bool(none.any()):
            values[none] = np.nan
            yield f"{name}: {int(none.sum()):,} prices are 0 or less and count as unknown: the last known one holds"


def read_plan(path: Path, source: Source, names: tuple[str, ...], horizon: int) -> F64:
    """Future values of the regressors, series x horizon x regressors; NaN where the plan says nothing.

    Raises:
        PanelError: the plan lacks a column, or a value cannot be used; names column and row.
    """
    table, panel = read_table(path), source.panel
    time_column = _checked(table, names)
    step = _steps_ahead(panel, as_days(table, time_column) - np.timedelta64(source.shift, "D"), time_column)
    series = source.matched(table, "the plan")
    use = (series >= 0) & (step >= 0) & (step < horizon)
    cell = np.where(use, series * horizon + step, -1 - np.arange(use.size))
    unique, first_row = np.unique(cell, return_index=True)
    if unique.size < cell.size:
        row = first_bad(~np.isin(np.arange(cell.size), first_row))
        raise PanelError(time_column, row + 1, "a second row for the same article, branch and period")
    planned = np.full((panel.n_series, horizon, len(names)), np.nan)
    for column, name in enumerate(names):
        if name == OPEN and name not in table.column_names:
            continue
        read = as_numbers(table, name, MAX_UNITS, nulls=True) if name != OPEN else as_flags(table, name)
        planned[series[use], step[use], column] = read[use]
    if not bool(use.all()):
        source.notes.append(
            f"{int((~use).sum()):,} rows of the plan lie outside of the panel's series or the horizon"
        )
    return planned


def _checked(table: pa.Table, names: tuple[str, ...]) -> str:
    """Name of the time column of a plan that has what it needs."""
    time_column = find_time_column(table)
    if time_column is None:
        raise PanelError("week", None, f"missing in the plan; it has {', '.join(table.column_names)}")
    for name in ("article", "branch", *names):
        if name not in table.column_names and name != OPEN:
            what = "regressor of the panel, missing in the plan" if name in names else "missing in the plan"
            raise PanelError(name, None, f"{what}; the plan has {', '.join(table.column_names)}")
    return time_column


def _steps_ahead(panel: Panel, days: Days, time_column: str) -> I64:
    """Periods from the first one after the history to each day."""
    cadence = panel.cadence
    first = cadence.starts(panel.week_starts[-1], 2)[1]
    off = (days - first).astype(np.int64) % cadence.days != 0
    if cadence is not MONTHLY and bool(off.any()):
        row = first_bad(off)
        raise PanelError(time_column, row + 1, f"{days[row]} does not start a {cadence.word}")
    return cadence.steps(first, days)


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
