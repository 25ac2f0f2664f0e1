"""Panels from anywhere: a Parquet or CSV file with one row per article, branch and period becomes a `Panel`.

Everything a file can have wrong is found here and reported with column, row and key, so that the person who made
the file can correct it. Rows are counted from 1, without the header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.panel.cadence import Cadence
from mercurios.forecasting.panel.columns import as_days, as_flags, as_keys, as_numbers, column_of, read_table
from mercurios.forecasting.panel.panel import MAX_UNITS, NO_GROUP, Panel
from mercurios.forecasting.panel.plan import with_regressors
from mercurios.forecasting.panel.recorded import (
    lower_bounds,
    net_of_returns,
    no_longer_offered,
    probable_demand,
)
from mercurios.forecasting.panel.rows import (
    Rows,
    cadence_of,
    reject_future,
    time_column_of,
    until,
    within_life,
)
from mercurios.forecasting.panel.source import Source
from mercurios.inputs.keys import likeness
from mercurios.inputs.text import shown

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_COLUMNS = ("category", "group", "department")
_KNOWN = ("article", "branch", "week", "date", "month", "quantity", "in_stock", "open", "initial_state")


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
            Other columns that do not change within a series tell which articles are similar to a new one.
        plan: File with the future values of the regressors.
        today: Rows after this day are refused unless an origin is given.

    Raises:
        PanelError: the file cannot be used; names column and row.
    """
    table, notes = read_table(path), list[str]()
    time_column = time_column_of(table)
    days = as_days(table, time_column)
    table, days, late = until(table, days, origin)
    if late:
        notes.append(f"{late:,} rows after {origin} were left out")
    table, days, strays = within_life(table, days)
    notes += strays
    reject_future(table, time_column, days, origin, today)
    cadence, shift = cadence_of(table, time_column, days, frequency)
    rows = Rows.of(table, time_column, days - np.timedelta64(shift, "D"), cadence)
    panel = _described(_assemble(table, rows, cadence, notes), table, rows, group)
    source = Source(panel, rows.articles, rows.branches, time_column, shift, notes)
    notes += [*_alike("article", rows.articles), *_alike("branch", rows.branches)]
    source = with_regressors(source, table, rows, plan, horizon(cadence))
    _note_oddities(source)
    return source


def _alike(name: str, keys: pa.Array) -> Iterator[str]:
    """Yield a sentence about keys that look like one and are two series: only their owner knows which."""
    import pyarrow as pa

    if not pa.types.is_string(keys.type):
        return
    seen: dict[str, str] = {}
    pairs = []
    for key in keys.to_pylist():
        first = seen.setdefault(likeness(key), key)
        if first != key:
            pairs.append(f"'{shown(first)}' and '{shown(key)}'")
    if pairs:
        more = f", and {len(pairs) - 1:,} more" if len(pairs) > 1 else ""
        yield f"{name} {pairs[0]} count as two though they look alike{more}: spell them alike if they are one"


def _note_oddities(source: Source) -> None:
    """Note what of the demand is not taken as it is."""
    outliers, negative = source.outliers(), source.panel.negative_weeks
    if outliers:
        source.notes.append(
            f"{outliers:,} quantities are many times all others of their series and are not learned from"
        )
    if negative:
        source.notes.append(
            f"{negative:,} negative quantities (returns beyond sales) are taken from the sales before them"
        )


def _described(panel: Panel, table: pa.Table, rows: Rows, group: str | None) -> Panel:
    """Add the group that series are pooled by, and the columns that tell which articles are similar."""
    pooled = group or next((name for name in GROUP_COLUMNS if name in table.column_names), None)
    further = [name for name in table.column_names if name not in (*_KNOWN, pooled)]
    similar = [name for name in further if not name.startswith("x_")]
    return replace(panel, group=_group_of(table, rows, pooled), attributes=_attributes(table, rows, similar))


def _group_of(table: pa.Table, rows: Rows, name: str | None) -> I64:
    """Group of every series: that of its latest row."""
    result = np.full(rows.keys.size, NO_GROUP, dtype=np.int64)
    if name is None:
        return result
    column_of(table, name)
    code, _ = as_keys(table, name, nulls=True)
    order = np.lexsort((rows.period, rows.series))
    result[rows.series[order]] = code[order]
    return result


def _attributes(table: pa.Table, rows: Rows, names: list[str]) -> I64 | None:
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


def _assemble(table: pa.Table, rows: Rows, cadence: Cadence, notes: list[str]) -> Panel:
    """Place the rows in the rectangle and derive the mask."""
    quantity = as_numbers(table, "quantity", MAX_UNITS)
    shape = (rows.keys.size, rows.starts.size)
    y, blocked, recorded = np.zeros(shape), np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    y[rows.series, rows.period] = quantity
    recorded[rows.series, rows.period] = True
    if "in_stock" in table.column_names:
        blocked[rows.series, rows.period] = ~as_flags(table, "in_stock")
    negative = int((y < 0).sum())
    sold = y > 0
    begin = np.where(sold.any(axis=1), np.argmax(sold, axis=1), np.argmax(recorded, axis=1))
    y = net_of_returns(y, cadence)
    live = np.arange(shape[1]) >= begin[:, None]
    blocked &= ~_expired(y, live & blocked, cadence, notes)
    mask: Bool = live & ~blocked
    probable = probable_demand(y, mask, live & blocked, cadence) if blocked.any() else None
    bounds = lower_bounds(y, mask, live & blocked, cadence)
    mask |= bounds
    if bounds.any():
        notes.append(
            f"{int(bounds.sum()):,} {cadence.word}s that ran out of stock sold as much as usual or more: demand was at "
            "least that, and is learned as what it probably was"
        )
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
        group=np.full(rows.keys.size, NO_GROUP, dtype=np.int64),
        negative_weeks=negative,
        cadence=cadence,
        probable=probable,
    )


def _expired(y: F64, sold_out: Bool, cadence: Cadence, notes: list[str]) -> Bool:
    """Periods in which a series is no longer offered, and a note of them."""
    found = no_longer_offered(y, sold_out, cadence)
    count = int(found.any(axis=1).sum())
    if count:
        notes.append(
            f"{count:,} series were out of stock for more than a year: {cadence.word}s after it count as zero demand"
        )
    return found
