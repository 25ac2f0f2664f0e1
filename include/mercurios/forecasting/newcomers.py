"""Levels for articles too young to have one: the group's usual level, scaled by how much the branch sells.

The first observed week of a series is by construction one with a sale, so a series of one or two weeks is forecast far
too high from its own data alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.baselines import MEAN_WEEKS, mean_13w
from mercurios.forecasting.cadence import WEEKLY, Cadence
from mercurios.forecasting.panel import Panel

_WEEKS_FOR_HALF = 2.0
_BRANCH_LIMITS = (0.2, 5.0)


@dataclass(frozen=True, slots=True)
class Levels:
    """Usual weekly level by group and the branches' factors on it, both ascending by code."""

    groups: I64
    group_level: F64
    branches: I64
    branch_factor: F64
    overall: F64

    def expected(self, group: I64, branch: I64) -> F64:
        """Usual weekly level of a series of this group in this branch."""
        level = _lookup(self.groups, self.group_level, group, float(self.overall[0]))
        return level * _lookup(self.branches, self.branch_factor, branch, 1.0)


def fit_levels(panel: Panel) -> Levels:
    """Average the 13-week means of the panel by group, and each branch's ratio to its groups' average.

    Averages are taken of the logarithms: a handful of best sellers must not set the level of every new article.
    """
    known = panel.mask.any(axis=1)
    level = np.log1p(mean_13w(panel.y, panel.mask, panel.cadence)[known])
    overall = float(level.mean()) if level.size else 0.0
    groups, group_level = _average(panel.group[known], level)
    rest = level - _lookup(groups, group_level, panel.group[known], overall)
    branches, branch_rest = _average(panel.branch_number[known], rest)
    factor = np.clip(np.exp(branch_rest), *_BRANCH_LIMITS)
    return Levels(groups, np.expm1(group_level), branches, factor, np.array([np.expm1(overall)]))


def own_share(mask: Bool, cadence: Cadence = WEEKLY) -> F64:
    """Share of its own forecast that a series gets: all of it from 13 observed weeks on, little after the first."""
    weeks = mask.sum(axis=1) / cadence.week
    share: F64 = np.where(weeks < MEAN_WEEKS, weeks / (weeks + _WEEKS_FOR_HALF), 1.0)
    return share


def _average(code: I64, value: F64) -> tuple[I64, F64]:
    codes, at = np.unique(code, return_inverse=True)
    total = np.bincount(at, weights=value, minlength=codes.size)
    return codes, total / np.maximum(np.bincount(at, minlength=codes.size), 1)


def _lookup(codes: I64, values: F64, code: I64, otherwise: float) -> F64:
    if codes.size == 0:
        return np.full(code.size, otherwise)
    at = np.minimum(np.searchsorted(codes, code), codes.size - 1)
    return np.where(codes[at] == code, values[at], otherwise)
