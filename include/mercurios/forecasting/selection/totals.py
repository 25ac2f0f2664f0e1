"""Errors of the totals of classes and groups: they show what the noise of every single series hides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.panel.classes import CLASS_NAMES
from mercurios.forecasting.uncertainty.common_error import SEASON_KNOWN


@dataclass(frozen=True, slots=True)
class Cells:
    """The demand class and group of every series as one number.

    Attributes:
        groups: How many groups there are.
        at: Class and group of each series.
    """

    groups: int
    at: I64

    @classmethod
    def of(cls, demand_class: I64, group: I64) -> Cells:
        """Number the classes and groups, the groups ascending."""
        groups, at = np.unique(group, return_inverse=True)
        return cls(groups.size, demand_class * groups.size + at.reshape(-1))

    def total(self, values: F64 | Bool) -> F64:
        """Sum up series x periods to cells x periods."""
        size = len(CLASS_NAMES) * self.groups
        columns = [np.bincount(self.at, weights=column, minlength=size) for column in values.T]
        return np.stack(columns, axis=1)

    def total_errors(self, mean: F64, actual: F64, noise: F64, usable: Bool) -> F64:
        """Squared error of each cell's total over what it may be off by, averaged over its usable periods.

        A total may be off by its series' own noise and by what is common to all of them and no method can know. Methods
        that differ by less are alike, so that small cells tell none apart.

        Args:
            mean: Forecasts, series x periods, 0 where not usable like all that follow.
            actual: What came true.
            noise: Variance of each series.
            usable: Periods that count.

        Returns:
            Class x groups.
        """
        error, variance, count = self.total(mean - actual), self.total(noise), self.total(usable)
        counted = np.maximum(count.sum(axis=1), 1.0)
        usual = self.total(actual).sum(axis=1) / counted
        allowed = variance + (SEASON_KNOWN * usual[:, None] * count) ** 2
        scaled = np.where(allowed > 0, error * error / np.where(allowed > 0, allowed, 1.0), 0.0)
        found: F64 = (scaled * count).sum(axis=1) / counted
        return found.reshape(len(CLASS_NAMES), self.groups)
