"""How much of the additive model to publish: weights by demand class and group, and a guard for the single series.

Choosing per series by its own backtest alone is worse than one method for all, so weights are learned by class, groups
are shrunk to their class, and a series leaves its group's choice only when its own errors, shrunk to the group's, say
the 13-week mean would have been better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.backtest import Window
from mercurios.forecasting.classes import CLASS_NAMES

WEIGHTS = (1.0, 0.75, 0.5, 0.25, 0.0)
OWN_SHARE = 0.3
UNTESTED_WEIGHT = 0.5
_SERIES_FOR_HALF = 1_000.0


@dataclass(frozen=True, slots=True)
class Blend:
    """Weight of the additive model and its error over the 13-week mean's, class x (1 + groups); column 0 is all."""

    groups: I64
    weight: F64
    ratio: F64

    def column(self, group: I64) -> I64:
        """Column of each series' group."""
        if self.groups.size == 0:
            return np.zeros(group.size, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.groups, group), self.groups.size - 1)
        found: I64 = np.where(self.groups[at] == group, at + 1, 0).astype(np.int64)
        return found

    def weights(self, demand_class: I64, group: I64) -> F64:
        """Weight of the additive model for each series."""
        chosen: F64 = self.weight[demand_class, self.column(group)]
        return chosen


def fit_blend(windows: list[Window], group: I64) -> Blend:
    """Choose each class's and group's weight by the absolute error over all origins."""
    groups = np.unique(group)
    shape = (len(CLASS_NAMES), groups.size + 1)
    if not windows:
        return Blend(groups, np.full(shape, UNTESTED_WEIGHT), np.ones(shape))
    at = np.searchsorted(groups, group)
    errors = np.zeros((len(WEIGHTS), *shape))
    members = np.zeros(shape)
    for window in windows:
        code = window.candidates.demand_class
        seen = window.usable.any(axis=1).astype(np.float64)
        np.add.at(members, (code, at + 1), seen / len(windows))
        for row, weight in enumerate(WEIGHTS):
            mean = window.candidates.bounded(window.candidates.blend(np.full(group.size, weight)))
            np.add.at(errors[row], (code, at + 1), window.absolute_error(mean))
    errors[:, :, 0] = errors.sum(axis=2)
    members[:, 0] = members.sum(axis=1)
    average = errors[:, :, :1] / np.maximum(members[:, :1], 1.0)
    shrunk = errors + _SERIES_FOR_HALF * average
    best = np.argmin(shrunk, axis=0)
    least = np.take_along_axis(shrunk, best[None], axis=0)[0]
    ratio = np.where(shrunk[-1] > 0, least / np.where(shrunk[-1] > 0, shrunk[-1], 1.0), 1.0)
    return Blend(groups, np.asarray(WEIGHTS)[best], ratio)


def guard(windows: list[Window], weight: F64, group_ratio: F64) -> Bool:
    """Series whose blend did worse than the 13-week mean once their own errors are shrunk to their group's."""
    own, reference = np.zeros(weight.size), np.zeros(weight.size)
    for window in windows:
        candidates = window.candidates
        own += window.absolute_error(candidates.bounded(candidates.blend(weight)))
        reference += window.absolute_error(np.broadcast_to(candidates.mean_13w[:, None], window.actual.shape))
    relative = np.where(
        reference > 0, own / np.where(reference > 0, reference, 1.0), np.where(own > 0, np.inf, 1.0)
    )
    worse: Bool = OWN_SHARE * relative + (1.0 - OWN_SHARE) * group_ratio > 1.0
    return worse
