"""From a warehouse's demand table to a panel, or to an error that names the column and the row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, Days
from mercurios.forecasting.panel.cadence import WEEKLY
from mercurios.forecasting.panel.life import NO_END, Life, fadings
from mercurios.forecasting.panel.panel import MAX_UNITS, MONDAY, NO_GROUP, WEEK, Panel, PanelError
from mercurios.forecasting.panel.recorded import (
    LEAST_ON_OFFER,
    lower_bounds,
    net_of_returns,
    probable_demand,
    wanted,
)

if TYPE_CHECKING:
    import pyarrow as pa

_ATTRIBUTES = ("season_number", "supplier_number")
_REQUIRED = ("article_number", "branch_number", "week_start", "units", "is_stock_out")


def panel_of(table: pa.Table, last_week: np.datetime64 | None = None) -> Panel:
    """Build a panel from a demand table.

    A week without a row counts as zero demand from the first sale on; weeks before the first sale are masked, and so
    are stock-out weeks that sold less than usual. A series that never sold is observed from its first row.

    Args:
        table: Columns article_number, branch_number, week_start, units, is_stock_out, optionally category_number,
            season_number, supplier_number and sale_price; is_over, which marks weeks after a series' end, and
            season_ends_on, the last day of its season; on_offer, the share of its demand that was for sizes that were
            there. A week with less than half of it is as one that ran out of stock.
        last_week: Monday the panel ends with; the latest week of the table when omitted.

    Raises:
        PanelError: A column is missing, or a value cannot be used; names column and row.
    """
    for column in _REQUIRED:
        if column not in table.column_names:
            raise PanelError(
                column, None, f"missing; the table has {', '.join(table.column_names) or 'none'}"
            )
    if table.num_rows == 0:
        raise PanelError("units", None, "the table has no rows; load demand before forecasting")
    article = _integers(table, "article_number")
    branch = _integers(table, "branch_number")
    week = _mondays(table)
    units = _finite(table, "units")
    on_offer = _finite(table, "on_offer") if "on_offer" in table.column_names else np.ones(week.size)
    over = _booleans(table, "is_over") if "is_over" in table.column_names else np.zeros(week.size, dtype=bool)
    stock_out = _booleans(table, "is_stock_out")
    order = np.lexsort((week, branch, article))
    _reject_duplicates(article[order], branch[order], week[order], order)
    codes = [
        _integers(table, name) for name in ("category_number", *_ATTRIBUTES) if name in table.column_names
    ]
    if "sale_price" in table.column_names:
        codes.append(_price_band(table))
    weeks = _calendar(week, last_week)
    last_row = np.append(np.flatnonzero(_starts(article[order], branch[order]))[1:], order.size) - 1
    season_end = _season_ends(table, weeks)[order][last_row]
    rows = _Rows(article, branch, week, units, on_offer, stock_out, over)
    panel = _assemble(rows, season_end, order, weeks)
    latest = np.stack([code[order][last_row] for code in codes], axis=1) if codes else None
    if latest is None:
        return panel
    grouped = "category_number" in table.column_names
    return replace(
        panel,
        group=latest[:, 0] if grouped else panel.group,
        attributes=latest[:, 1:] if grouped else latest,
    )


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name).combine_chunks()
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise PanelError(name, row, "null; every row needs a value")
    return column


def _cast(table: pa.Table, name: str, kind: pa.DataType, expected: str) -> pa.Array:
    import pyarrow as pa

    column = _column(table, name)
    try:
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise PanelError(name, None, f"expected {expected}, got {column.type} ({error})") from error


def _integers(table: pa.Table, name: str) -> I64:
    import pyarrow as pa

    values: I64 = _cast(table, name, pa.int64(), "whole numbers").to_numpy(zero_copy_only=False)
    return values


def _finite(table: pa.Table, name: str) -> F64:
    import pyarrow as pa

    values: F64 = _cast(table, name, pa.float64(), "numbers").to_numpy(zero_copy_only=False)
    bad = np.flatnonzero(~(np.abs(values) <= MAX_UNITS))
    if bad.size:
        raise PanelError(name, int(bad[0]), f"{values[bad[0]]} is not a number within +-{MAX_UNITS:g}")
    return values


def _price_band(table: pa.Table) -> I64:
    """Number of times a price doubles, so that 10 and 15 are alike and 10 and 50 are not; -99 without a price."""
    import pyarrow as pa

    price: F64 = _cast(table, "sale_price", pa.float64(), "prices").to_numpy(zero_copy_only=False)
    priced = np.isfinite(price) & (price > 0)
    return np.where(priced, np.floor(np.log2(np.where(priced, price, 1.0))), -99).astype(np.int64)


def _booleans(table: pa.Table, name: str) -> Bool:
    import pyarrow as pa

    values: Bool = _cast(table, name, pa.bool_(), "true or false").to_numpy(zero_copy_only=False)
    return values


def _season_ends(table: pa.Table, weeks: Days) -> I64:
    """Column of the week in which each row's season ends; `NO_END` where it has none."""
    import pyarrow as pa

    if "season_ends_on" not in table.column_names:
        return np.full(table.num_rows, NO_END, dtype=np.int64)
    column = table.column("season_ends_on").combine_chunks().cast(pa.date32())
    days = column.to_numpy(zero_copy_only=False).astype("datetime64[D]")
    known = ~np.isnat(days)
    ends = (np.where(known, days, weeks[0]) - weeks[0]).astype(np.int64) // 7
    return np.where(known, ends, NO_END)


def _mondays(table: pa.Table) -> Days:
    import pyarrow as pa

    column = _cast(table, "week_start", pa.date32(), "dates")
    days: Days = column.to_numpy(zero_copy_only=False).astype("datetime64[D]")
    bad = np.flatnonzero((days - MONDAY) % WEEK != np.timedelta64(0, "D"))
    if bad.size:
        raise PanelError("week_start", int(bad[0]), f"{days[bad[0]]} is not a Monday")
    return days


def _reject_duplicates(article: I64, branch: I64, week: Days, order: I64) -> None:
    same = (np.diff(article) == 0) & (np.diff(branch) == 0) & (week[1:] == week[:-1])
    if bool(same.any()):
        at = int(np.flatnonzero(same)[0]) + 1
        key = f"article {article[at]}, branch {branch[at]}, week {week[at]}"
        raise PanelError("week_start", int(order[at]), f"second row for {key}; one row a week expected")


def _calendar(week: Days, last_week: np.datetime64 | None) -> Days:
    first, last = week.min(), week.max()
    end = last if last_week is None else last_week.astype("datetime64[D]")
    if (end - MONDAY) % WEEK != np.timedelta64(0, "D"):
        raise PanelError("week_start", None, f"last_week {end} is not a Monday")
    if last > end:
        row = int(np.flatnonzero(week > end)[0])
        raise PanelError("week_start", row, f"{week[row]} lies after the last week {end}")
    weeks: Days = np.arange(first, end + WEEK, WEEK)
    return weeks


def _starts(article: I64, branch: I64) -> Bool:
    """Mark the first row of each series in sorted rows."""
    starts = np.ones(article.size, dtype=bool)
    starts[1:] = (np.diff(article) != 0) | (np.diff(branch) != 0)
    return starts


class _Rows(NamedTuple):
    """Columns of a demand table."""

    article: I64
    branch: I64
    week: Days
    units: F64
    on_offer: F64
    stock_out: Bool
    over: Bool


def _assemble(rows: _Rows, season_end: I64, order: I64, weeks: Days) -> Panel:
    """Place the sorted rows in the rectangle and derive the mask."""
    article_sorted, branch_sorted = rows.article[order], rows.branch[order]
    starts = _starts(article_sorted, branch_sorted)
    series = np.cumsum(starts) - 1
    first_row = np.flatnonzero(starts)
    column = ((rows.week[order] - weeks[0]) // WEEK).astype(np.int64)
    y, on_offer = np.zeros((first_row.size, weeks.size)), np.ones((first_row.size, weeks.size))
    blocked, ended = np.zeros((2, *y.shape), dtype=bool)
    y[series, column] = rows.units[order]
    on_offer[series, column] = rows.on_offer[order]
    blocked[series, column] = rows.stock_out[order]
    ended[series, column] = rows.over[order]
    negative = int((y < 0).sum())
    sold = y > 0
    begin = np.where(sold.any(axis=1), np.argmax(sold, axis=1), column[first_row])
    y = net_of_returns(y, WEEKLY)
    life = _life(y, ended, blocked, season_end)
    y = wanted(y, np.where(ended, 1.0, on_offer))
    blocked |= on_offer < LEAST_ON_OFFER
    live = (np.arange(weeks.size)[None, :] >= begin[:, None]) & ~ended
    mask = live & ~blocked
    limited = live & blocked
    probable = probable_demand(y, mask, limited, WEEKLY) if limited.any() else None
    mask |= lower_bounds(y, mask, limited, WEEKLY)
    y[~mask] = 0.0
    group = np.full(first_row.size, NO_GROUP, dtype=np.int64)
    return Panel(
        y,
        mask,
        weeks,
        group,
        article_number=article_sorted[first_row],
        branch_number=branch_sorted[first_row],
        negative_weeks=negative,
        life=life,
        probable=probable,
    )


def _life(y: F64, ended: Bool, sold_out: Bool, season_end: I64) -> Life | None:
    """Ends of the series; None where none has one."""
    if not ended.any() and bool((season_end == NO_END).all()):
        return None
    return Life(ended, np.where(ended & ~sold_out, y, np.nan), season_end, fadings(y, season_end))
