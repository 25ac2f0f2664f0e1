"""The one shape every forecasting method works on: series x weeks with a mask of usable observations.

It is checked here once, so that the numerical code behind it never has to look for NaN, for gaps or for weeks that do
not start on a Monday.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.panel.cadence import WEEKLY
from mercurios.forecasting.panel.history import History
from mercurios.forecasting.panel.life import Life
from mercurios.forecasting.panel.outliers import flag_outliers, without_one_offs
from mercurios.inputs.table_file import TableError

WEEK = np.timedelta64(7, "D")
MONDAY = np.datetime64("1970-01-05", "D")
_STORED = ("y", "mask", "article_number", "branch_number", "week_starts", "group", "attributes")
_LIFE = ("over", "after", "season_end", "fades")
NO_GROUP = -1
# Beyond this a week is a keying error, and its square would lose the other weeks' digits.
MAX_UNITS = 1e12


class PanelError(TableError):
    """A demand table that cannot be forecast; says which column and row, and what is expected there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(History):
    """A history whose series have keys: weekly or daily demand of articles in branches.

    Attributes:
        article_number: Article key of each series.
        branch_number: Branch key of each series.
        negative_weeks: Periods whose net units were negative and were clipped to zero.
        attributes: Further codes of each series, series x attributes, the most informative first: new articles without
            a history are forecast by similar ones, which share them.
        life: When the series end; None where nothing is known of it.
        closed: Periods in which the file says that a series' branch is closed, series x (periods + planned periods);
            None where it says nothing.
        probable: Demand that is probable in periods that ran out of stock, series x periods, NaN in all others; None
            where no period did.
    """

    article_number: I64
    branch_number: I64
    negative_weeks: int = 0
    attributes: I64 | None = None
    life: Life | None = None
    closed: Bool | None = None
    probable: F64 | None = None

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        n, weeks = self.y.shape
        keys = (self.article_number, self.branch_number, self.group)
        if self.mask.shape != (n, weeks) or any(key.shape != (n,) for key in keys):
            raise PanelError("y", None, f"mask, keys and group must fit {n} series x {weeks} weeks")
        if self.week_starts.shape != (weeks,):
            raise PanelError("week_start", None, f"{weeks} weeks expected, got {self.week_starts.shape[0]}")
        weekly = self.cadence is WEEKLY
        if weekly and weeks and bool(np.any((self.week_starts - MONDAY) % WEEK != np.timedelta64(0, "D"))):
            raise PanelError("week_start", None, "every week must start on a Monday")
        if weeks > 1 and bool((self.week_starts != self.cadence.starts(self.week_starts[0], weeks)).any()):
            raise PanelError("week_start", None, f"{self.cadence.word}s must follow each other without a gap")
        if self.probable is not None and self.probable.shape != (n, weeks):
            raise PanelError("probable", None, f"probable demand must fit {n} series x {weeks} weeks")
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

    def places(self) -> I64:
        """Branch of each series."""
        return self.branch_number

    def similarity_keys(self) -> I64:
        """Group and attributes of each series, the most informative first."""
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
            life=None if self.life is None else self.life.take(rows),
            closed=None if self.closed is None else self.closed[rows],
            probable=None if self.probable is None else self.probable[rows],
            negative_weeks=0,
        )

    def until(self, weeks: int) -> Panel:
        """Return the panel as it was known after its first `weeks` periods; regressors count as planned ahead."""
        return replace(
            self,
            y=np.ascontiguousarray(self.y[:, :weeks]),
            mask=np.ascontiguousarray(self.mask[:, :weeks]),
            week_starts=self.week_starts[:weeks],
            life=None if self.life is None else self.life.until(weeks),
            probable=None if self.probable is None else np.ascontiguousarray(self.probable[:, :weeks]),
            negative_weeks=0,
        )

    def demand_left(self, horizon: int) -> F64:
        """Share of each series' demand that its end leaves in each period ahead, series x horizon."""
        return np.ones((self.n_series, horizon)) if self.life is None else self.life.factor(horizon)

    def closed_ahead(self, horizon: int) -> Bool:
        """Periods after the history in which each series' branch is recorded to be closed, series x horizon."""
        closed = np.zeros((self.n_series, horizon), dtype=bool)
        if self.closed is not None:
            planned = self.closed[:, self.n_weeks : self.n_weeks + horizon]
            closed[:, : planned.shape[1]] = planned
        return closed

    def known(self) -> tuple[Bool, F64]:
        """Periods whose demand is known, those with stock after a series' end included, and that demand."""
        if self.closed is not None:
            return self.mask | self.closed[:, : self.n_weeks], self.y
        if self.life is None:
            return self.mask, self.y
        after = ~np.isnan(self.life.after)
        return self.mask | after, np.where(after, self.life.after, self.y)

    def alive(self) -> Bool:
        """Series whose end does not lie behind the last period."""
        ended = np.zeros(self.n_series, dtype=bool) if self.life is None else self.life.has_ended()
        return ~ended

    def wanted(self) -> Panel:
        """Return the panel with what was probably wanted in periods that ran out, in place of what was sold."""
        if self.probable is None:
            return self
        known = ~np.isnan(self.probable)
        if self.closed is not None:
            known &= ~self.closed[:, : self.n_weeks]
        y = np.where(known, self.probable, self.y)
        return replace(self, y=y, mask=self.mask | known, probable=None)

    def learnable(self) -> Panel:
        """Return the panel with keyed-in outliers masked and one-off orders damped."""
        flagged = flag_outliers(self)
        kept = (
            replace(self, y=np.where(flagged, 0.0, self.y), mask=self.mask & ~flagged)
            if flagged.any()
            else self
        )
        damped = without_one_offs(kept)
        return kept if damped is kept.y else replace(kept, y=damped)

    def after_first_sale(self) -> Panel:
        """Return the panel without the periods that were observed because of a sale in them."""
        chosen = self.chosen_by_sale()
        return replace(self, y=np.where(chosen, 0.0, self.y), mask=self.mask & ~chosen)

    def planned(self, horizon: int) -> Panel:
        """Return the panel without regressors that are not planned for the whole horizon."""
        if self.x is None or self.x.shape[1] >= self.n_weeks + horizon:
            return self
        return replace(self, x=None, x_names=())

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Flat arrays of a weekly panel without regressors, ready for `numpy.savez`."""
        none = np.zeros((self.n_series, 0), dtype=np.int64)
        stored = {name: getattr(self, name) for name in _STORED}
        ends = {} if self.life is None else {f"life_{name}": getattr(self.life, name) for name in _LIFE}
        ends |= {} if self.probable is None else {"probable": self.probable}
        return stored | ends | {"attributes": none if self.attributes is None else self.attributes}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Panel:
        """Inverse of `to_arrays`; accepts what `numpy.load` returns."""
        values: dict[str, Any] = {name: arrays[name] for name in _STORED}
        if "probable" in arrays:
            values["probable"] = arrays["probable"]
        if "life_after" in arrays:
            values["life"] = Life(*(arrays[f"life_{name}"] for name in _LIFE))
        return cls(**values)


def shards(panel: Panel, size: int) -> Iterator[Panel]:
    """Split a panel by series, in the order of its keys, into panels of at most `size` series."""
    if size < 1:
        raise ValueError(f"a shard needs at least one series, got size {size}")
    order = np.lexsort((panel.branch_number, panel.article_number))
    for begin in range(0, panel.n_series, size):
        yield panel.take(order[begin : begin + size])
