"""The one shape every forecasting method works on: series x weeks with a mask of usable observations.

A demand table is checked here once, with an error that names the column and the row, so that the numerical code behind
it never has to look for NaN, duplicates or weeks that do not start on a Monday.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mercurios.forecasting.arrays import F64, I64, Bool, Days
from mercurios.forecasting.panel.cadence import WEEKLY
from mercurios.forecasting.panel.history import History
from mercurios.forecasting.panel.outliers import flag_outliers

if TYPE_CHECKING:
    import pyarrow as pa

_WEEK = np.timedelta64(7, "D")
_MONDAY = np.datetime64("1970-01-05", "D")
_STORED = ("y", "mask", "article_number", "branch_number", "week_starts", "group", "attributes")
_ATTRIBUTES = ("season_number", "supplier_number")
_REQUIRED = ("article_number", "branch_number", "week_start", "units", "is_stock_out")
NO_GROUP = -1
# Beyond this a week is a keying error, and its square would lose the other weeks' digits.
MAX_UNITS = 1e12


class PanelError(ValueError):
    """A demand table that cannot be forecast; says which column and row, and what is expected there."""

    def __init__(self, column: str, row: int | None, problem: str) -> None:
        where = f"column '{column}': " if row is None else f"column '{column}', row {row}: "
        super().__init__(f"{where if column else ''}{problem}")
        self.column = column
        self.row = row
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(History):
    """A history whose series have keys: weekly or daily demand of articles in branches.

    Attributes:
        article_number: Article key of each series.
        branch_number: Branch key of each series.
        negative_weeks: Periods whose net units were negative and were clipped to zero.
        x_names: Names of the regressors.
        attributes: Further codes of each series, series x attributes, the most telling first: new articles without a
            history are forecast by similar ones, which share them.
    """

    article_number: I64
    branch_number: I64
    negative_weeks: int = 0
    x_names: tuple[str, ...] = ()
    attributes: I64 | None = None

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        n, weeks = self.y.shape
        keys = (self.article_number, self.branch_number, self.group)
        if self.mask.shape != (n, weeks) or any(key.shape != (n,) for key in keys):
            raise PanelError("y", None, f"mask, keys and group must fit {n} series x {weeks} weeks")
        if self.week_starts.shape != (weeks,):
            raise PanelError("week_start", None, f"{weeks} weeks expected, got {self.week_starts.shape[0]}")
        weekly = self.cadence is WEEKLY
        if weekly and weeks and bool(np.any((self.week_starts - _MONDAY) % _WEEK != np.timedelta64(0, "D"))):
            raise PanelError("week_start", None, "every week must start on a Monday")
        if weeks > 1 and bool(np.any(np.diff(self.week_starts) != np.timedelta64(self.cadence.days, "D"))):
            raise PanelError("week_start", None, f"{self.cadence.word}s must follow each other without a gap")
        if self.attributes is not None and self.attributes.shape[:1] != (n,):
            raise PanelError("attributes", None, f"attributes must be given for {n} series")
        if self.x is not None and (
            self.x.shape[0] != n or self.x.shape[1] < weeks or self.x.shape[2] != len(self.x_names)
        ):
            raise PanelError("x", None, f"regressors must cover {n} series and at least {weeks} periods")
        if not bool(np.all((self.y >= 0) & (self.y <= MAX_UNITS))):
            raise PanelError("units", None, f"units must be numbers within 0..{MAX_UNITS:g}")
        if self.x is not None and not bool(np.all(np.abs(self.x) <= MAX_UNITS)):
            raise PanelError("x", None, f"regressors must be numbers within +-{MAX_UNITS:g}")

    def similarity_keys(self) -> I64:
        """Group and attributes of each series, the most telling first."""
        group = self.group[:, None]
        return group if self.attributes is None else np.concatenate([group, self.attributes], axis=1)

    def take(self, rows: I64 | Bool | slice) -> Panel:
        """Return the panel of the given series, in the given order."""
        return replace(
            self,
            y=self.y[rows],
            mask=self.mask[rows],
            article_number=self.article_number[rows],
            branch_number=self.branch_number[rows],
            group=self.group[rows],
            x=None if self.x is None else self.x[rows],
            attributes=None if self.attributes is None else self.attributes[rows],
            negative_weeks=0,
        )

    def until(self, weeks: int) -> Panel:
        """Return the panel as it was known after its first `weeks` periods; regressors count as planned ahead."""
        return replace(
            self,
            y=np.ascontiguousarray(self.y[:, :weeks]),
            mask=np.ascontiguousarray(self.mask[:, :weeks]),
            week_starts=self.week_starts[:weeks],
            negative_weeks=0,
        )

    def learnable(self) -> Panel:
        """Return the panel with keyed-in outliers masked."""
        flagged = flag_outliers(self)
        if not bool(flagged.any()):
            return self
        return replace(self, y=np.where(flagged, 0.0, self.y), mask=self.mask & ~flagged)

    def planned(self, horizon: int) -> Panel:
        """Return the panel without regressors that are not planned for the whole horizon."""
        if self.x is None or self.x.shape[1] >= self.n_weeks + horizon:
            return self
        return replace(self, x=None, x_names=())

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Flat arrays of a weekly panel without regressors, ready for `numpy.savez`."""
        none = np.zeros((self.n_series, 0), dtype=np.int64)
        stored = {name: getattr(self, name) for name in _STORED}
        return stored | {"attributes": none if self.attributes is None else self.attributes}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Panel:
        """Inverse of `to_arrays`; accepts what `numpy.load` returns."""
        values: dict[str, Any] = {name: arrays[name] for name in _STORED}
        return cls(**values)

    @classmethod
    def from_arrow(cls, table: pa.Table, last_week: np.datetime64 | None = None) -> Panel:
        """Build a panel from a demand table.

        A week without a row counts as zero demand from the first sale on; weeks before the first sale and stock-out
        weeks are masked. A series that never sold is observed from its first row.

        Args:
            table: Columns article_number, branch_number, week_start, units, is_stock_out, optionally category_number,
                season_number, supplier_number and sale_price.
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
        units = _finite(table)
        stock_out = _booleans(table)
        order = np.lexsort((week, branch, article))
        _reject_duplicates(article[order], branch[order], week[order], order)
        codes = [
            _integers(table, name) for name in ("category_number", *_ATTRIBUTES) if name in table.column_names
        ]
        if "sale_price" in table.column_names:
            codes.append(_price_band(table))
        weeks = _calendar(week, last_week)
        panel = _assemble(article, branch, week, units, stock_out, order, weeks)
        last_row = np.append(np.flatnonzero(_starts(article[order], branch[order]))[1:], order.size) - 1
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


def _finite(table: pa.Table) -> F64:
    import pyarrow as pa

    values: F64 = _cast(table, "units", pa.float64(), "numbers").to_numpy(zero_copy_only=False)
    bad = np.flatnonzero(~(np.abs(values) <= MAX_UNITS))
    if bad.size:
        raise PanelError("units", int(bad[0]), f"{values[bad[0]]} is not a number within +-{MAX_UNITS:g}")
    return values


def _price_band(table: pa.Table) -> I64:
    """Number of times a price doubles, so that 10 and 15 are alike and 10 and 50 are not; -99 without a price."""
    import pyarrow as pa

    price: F64 = _cast(table, "sale_price", pa.float64(), "prices").to_numpy(zero_copy_only=False)
    priced = np.isfinite(price) & (price > 0)
    return np.where(priced, np.floor(np.log2(np.where(priced, price, 1.0))), -99).astype(np.int64)


def _booleans(table: pa.Table) -> Bool:
    import pyarrow as pa

    values: Bool = _cast(table, "is_stock_out", pa.bool_(), "true or false").to_numpy(zero_copy_only=False)
    return values


def _mondays(table: pa.Table) -> Days:
    import pyarrow as pa

    column = _cast(table, "week_start", pa.date32(), "dates")
    days: Days = column.to_numpy(zero_copy_only=False).astype("datetime64[D]")
    bad = np.flatnonzero((days - _MONDAY) % _WEEK != np.timedelta64(0, "D"))
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
    if (end - _MONDAY) % _WEEK != np.timedelta64(0, "D"):
        raise PanelError("week_start", None, f"last_week {end} is not a Monday")
    if last > end:
        row = int(np.flatnonzero(week > end)[0])
        raise PanelError("week_start", row, f"{week[row]} lies after the last week {end}")
    weeks: Days = np.arange(first, end + _WEEK, _WEEK)
    return weeks


def _starts(article: I64, branch: I64) -> Bool:
    """Mark the first row of each series in sorted rows."""
    starts = np.ones(article.size, dtype=bool)
    starts[1:] = (np.diff(article) != 0) | (np.diff(branch) != 0)
    return starts


def _assemble(
    article: I64,
    branch: I64,
    week: Days,
    units: F64,
    stock_out: Bool,
    order: I64,
    weeks: Days,
) -> Panel:
    """Place the sorted rows in the rectangle and derive the mask."""
    article_sorted, branch_sorted = article[order], branch[order]
    starts = _starts(article_sorted, branch_sorted)
    series = np.cumsum(starts) - 1
    first_row = np.flatnonzero(starts)
    column = ((week[order] - weeks[0]) // _WEEK).astype(np.int64)
    y = np.zeros((first_row.size, weeks.size))
    blocked = np.zeros(y.shape, dtype=bool)
    y[series, column] = units[order]
    blocked[series, column] = stock_out[order]
    negative = int((y < 0).sum())
    np.clip(y, 0.0, None, out=y)
    sold = y > 0
    begin = np.where(sold.any(axis=1), np.argmax(sold, axis=1), column[first_row])
    mask = (np.arange(weeks.size)[None, :] >= begin[:, None]) & ~blocked
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
    )


def shards(panel: Panel, size: int) -> Iterator[Panel]:
    """Split a panel by series, in the order of its keys, into panels of at most `size` series."""
    if size < 1:
        raise ValueError(f"a shard needs at least one series, got size {size}")
    order = np.lexsort((panel.branch_number, panel.article_number))
    for begin in range(0, panel.n_series, size):
        yield panel.take(order[begin : begin + size])
