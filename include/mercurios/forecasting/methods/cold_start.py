"""Levels for articles too young to have one: what articles like them usually sell, scaled by the branch.

The first observed week of a series is by construction one with a sale, so a series of one or two weeks is forecast far
too high from its own data alone. Its reference is the articles that share its group and its further attributes (season,
supplier, price band); where those are few, their level is shrunk to that of the articles that share one attribute less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, place_of
from mercurios.forecasting.methods.baselines import MEAN_WEEKS, mean_13w
from mercurios.forecasting.panel.history import History
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.uncertainty.quantiles import usual_excess

_WEEKS_FOR_HALF = 2.0
_SERIES_FOR_HALF = 5.0
_BRANCH_LIMITS = (0.2, 5.0)
# Marks the attributes that a level does not depend on; no code of a tenant is that low.
_ANY = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Levels:
    """Usual level of a period by group and attributes, and the branches' factors on it.

    Attributes:
        combinations: Combinations of group and attributes, each followed by `_ANY` from its depth on.
        combination_level: Logarithm of one plus the level of each combination, shrunk to the next wider one.
        branches: Branches, ascending.
        branch_factor: Their factors.
        overall: Level of the whole panel.
        excess: Usual excess of a series' variance, for those too young to know their own.
    """

    combinations: I64
    combination_level: F64
    branches: I64
    branch_factor: F64
    overall: F64
    excess: F64

    def expected(self, keys: I64, branch: I64) -> F64:
        """Usual level of series with these groups and attributes in these branches."""
        level = np.expm1(self.reference(keys))
        return level * _lookup(self.branches, self.branch_factor, branch, 1.0)

    def reference(self, keys: I64) -> F64:
        """Logarithm of one plus the level of the most alike combination that is known."""
        found = np.full(keys.shape[0], float(np.log1p(self.overall[0])))
        for depth in range(1, keys.shape[1] + 1):
            at = _match(self.combinations, _cut(keys, depth))
            found = (
                np.where(at >= 0, self.combination_level[np.maximum(at, 0)], found)
                if self.combinations.size
                else found
            )
        return found


def fit_levels(panel: Panel) -> Levels:
    """Average the 13-week means of the panel by what series share, and each branch's ratio to that average.

    Averages are taken of the logarithms: a handful of best sellers must not set the level of every new article.
    """
    known = panel.mask.any(axis=1)
    keys = panel.similarity_keys()[known]
    level = np.log1p(mean_13w(panel)[known])
    overall = float(level.mean()) if level.size else 0.0
    wider = np.full(level.size, overall)
    combinations, levels = [np.zeros((0, keys.shape[1]), dtype=np.int64)], [np.zeros(0)]
    for depth in range(1, keys.shape[1] + 1):
        unique, at = np.unique(_cut(keys, depth), axis=0, return_inverse=True)
        at = at.reshape(-1)
        count = np.bincount(at, minlength=unique.shape[0])
        total = np.bincount(at, weights=level, minlength=unique.shape[0])
        parent = np.bincount(at, weights=wider, minlength=unique.shape[0]) / np.maximum(count, 1)
        shrunk = (total + _SERIES_FOR_HALF * parent) / (count + _SERIES_FOR_HALF)
        combinations.append(unique)
        levels.append(shrunk)
        wider = shrunk[at]
    branches, rest = _average(panel.branch_number[known], level - wider)
    factor = np.clip(np.exp(rest), *_BRANCH_LIMITS)
    whole, excess = np.expm1(overall), usual_excess(panel)
    return Levels(
        np.concatenate(combinations),
        np.concatenate(levels),
        branches,
        factor,
        overall=np.array([whole]),
        excess=np.array([excess]),
    )


def own_share(history: History) -> F64:
    """Share of its own forecast that a series gets: all of it from 13 observed weeks on, little after the first."""
    weeks = history.mask.sum(axis=1) / history.cadence.week
    share: F64 = np.where(weeks < MEAN_WEEKS, weeks / (weeks + _WEEKS_FOR_HALF), 1.0)
    return share


def _cut(keys: I64, depth: int) -> I64:
    """Keep the first `depth` codes and mark the others as any."""
    return np.where(np.arange(keys.shape[1]) < depth, keys, _ANY)


def _match(known: I64, wanted: I64) -> I64:
    """Row of `known` that equals each row of `wanted`, -1 where none does."""
    if known.shape[1] != wanted.shape[1]:
        return np.full(wanted.shape[0], -1, dtype=np.int64)
    unique, code = np.unique(np.concatenate([known, wanted]), axis=0, return_inverse=True)
    code = code.reshape(-1)
    place = np.full(unique.shape[0], -1, dtype=np.int64)
    place[code[: known.shape[0]]] = np.arange(known.shape[0])
    return place[code[known.shape[0] :]]


def _average(code: I64, value: F64) -> tuple[I64, F64]:
    codes, at = np.unique(code, return_inverse=True)
    total = np.bincount(at, weights=value, minlength=codes.size)
    return codes, total / np.maximum(np.bincount(at, minlength=codes.size), 1)


def _lookup(codes: I64, values: F64, code: I64, otherwise: float) -> F64:
    at = place_of(codes, code)
    return np.where(at >= 0, np.append(values, otherwise)[at], otherwise)
