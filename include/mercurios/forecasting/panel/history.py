"""What every method learns from: units, which of them were observed, their calendar and groups, in one value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, Days, first_observed
from mercurios.forecasting.panel.cadence import WEEKLY, Cadence


@dataclass(frozen=True, slots=True)
class History:
    """Demand of many series on one calendar.

    Attributes:
        y: Units, series x periods, never negative; zero where masked.
        mask: True where the period was observed and may be learned from.
        week_starts: First days of the periods (Mondays, or every day), one a column, without gaps.
        group: Group (category) number of each series.
        cadence: Whether periods are weeks or days.
        x: Regressors, series x (periods + planned periods) x regressors; None without.
        x_names: Names of the regressors; they may be unknown.
    """

    y: F64
    mask: Bool
    week_starts: Days
    group: I64
    cadence: Cadence = WEEKLY
    x: F64 | None = None
    x_names: tuple[str, ...] = ()

    @property
    def n_series(self) -> int:
        """Number of series."""
        return int(self.y.shape[0])

    @property
    def n_weeks(self) -> int:
        """Number of periods."""
        return int(self.y.shape[1])

    @property
    def past_x(self) -> F64:
        """Regressors of the periods of the history; no column without regressors."""
        return np.zeros((*self.y.shape, 0)) if self.x is None else self.x[:, : self.n_weeks]

    def places(self) -> I64:
        """Branch of each series; one for all where branches are not known."""
        return np.zeros(self.n_series, dtype=np.int64)

    def chosen_by_sale(self) -> Bool:
        """Mark the first period of each series that began with a sale within the history.

        It was observed because something was sold in it, so it says more than the average of such periods sells: one
        that sells in every third week begins with at least one unit. All later periods are observed whatever they sold.
        Before there is a later one, one unit says nothing, and more say as much as they are (Tate and Goen 1958,
        Minimum variance unbiased estimation for the truncated Poisson distribution, Ann. Math. Stat. 29(3), 755-765).
        """
        first, periods = first_observed(self.mask), np.arange(self.n_weeks)
        began = (periods == first[:, None]) & (periods > 0) & (self.y > 0)
        chosen: Bool = began & ((self.mask.sum(axis=1) > 1)[:, None] | (self.y <= 1))
        return chosen

    def take(self, rows: I64 | Bool | slice) -> History:
        """Return the history of the given series, in the given order."""
        x = None if self.x is None else self.x[rows]
        return replace(self, y=self.y[rows], mask=self.mask[rows], group=self.group[rows], x=x)
