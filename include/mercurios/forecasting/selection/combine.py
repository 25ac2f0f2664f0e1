"""Which methods to publish for a series, learned from backtests and shrunk to what its group shows.

Picking the best method per series by its own backtest is worse than one method for all, so a method's score is three
parts the series' own and seven parts its group's, groups are shrunk to their demand class and classes to the panel.
The three best are averaged, the better ones with more weight: combining is worth more than finding the best one. The
combination is scored in the same way, on origins it was not chosen by; a series for which it does not beat the
13-week mean is published as the 13-week mean.

Where most weeks sell nothing, noise hides a season of 40 percent from every series' errors: flat methods, right in no
week of the year, err as little as any. In the totals of classes and groups it is plain, so that those are scored beside
the errors of the series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, place_of
from mercurios.forecasting.methods.pool import (
    ADDITIVE,
    MEAN_13W,
    METHODS,
    OWN_SEASON,
    POOLED_SES,
    POOLED_TSB,
    SBA,
    SEASONAL_NAIVE,
    SES,
    TSB,
)
from mercurios.forecasting.panel.classes import CLASS_NAMES
from mercurios.forecasting.selection.backtest import Window

OWN_SHARE = 0.3
COMBINED = 3
# A choice is kept while no other is better by more than this.
STICKY = 0.02
# A method whose error is 2.5 percent of the 13-week mean's greater gets 1/e of the weight.
_SHARPNESS = 40.0
_SERIES_FOR_HALF = 300.0
_CLASS_SERIES_FOR_HALF = 50.0
_OWN_LIMITS = (0.25, 4.0)
_UNTESTED = (ADDITIVE, POOLED_SES, SES)
_COMBINATION = len(METHODS)


@dataclass(frozen=True, slots=True)
class Scores:
    """Error of each method over the 13-week mean's, by class and group.

    Attributes:
        groups: Groups, ascending.
        ratio: Left-out origin x class x (1 + groups) x (methods + combination). Row 0 knows all origins, row 1 + w
            all but the w-th; column 0 of the groups is the whole class.
        available: Methods that differ from each other on this panel.
    """

    groups: I64
    ratio: F64
    available: Bool

    def column(self, group: I64) -> I64:
        """Column of each series' group."""
        return place_of(self.groups, group) + 1


@dataclass(frozen=True, slots=True)
class Tested:
    """Errors of one origin, the combination's behind those of the methods.

    Attributes:
        absolute: Absolute errors, series x (methods + 1).
        squared: Squared errors.
        totals: Squared errors of totals, class x groups x (methods + 1); groups ascending.
    """

    absolute: F64
    squared: F64
    totals: F64


def fit_scores(windows: list[Window], group: I64) -> Scores:
    """Score every method, then their combination, by class and group over all origins and over all but each."""
    groups = np.unique(group)
    available = _available(windows)
    blank = np.ones((len(windows) + 1, len(CLASS_NAMES), groups.size + 1, len(METHODS) + 1))
    scores = Scores(groups, blank, available)
    alone = Scores(groups, _table(windows, [_alone(window) for window in windows], group, groups), available)
    return (
        Scores(groups, _table(windows, with_combination(windows, alone, group), group, groups), available)
        if windows
        else scores
    )


def _available(windows: list[Window]) -> Bool:
    """Methods that are themselves at the latest origin; those with a past year of their own at all of them."""
    if not windows:
        return np.isin(np.arange(len(METHODS)), _UNTESTED)
    every = np.array([window.candidates.available for window in windows])
    found: Bool = every[0].copy()
    found[[SEASONAL_NAIVE, OWN_SEASON]] = every[:, [SEASONAL_NAIVE, OWN_SEASON]].all(axis=0)
    return found


def with_combination(windows: list[Window], scores: Scores, group: I64) -> list[Tested]:
    """Add the errors of the combination that all other origins would have chosen."""
    alone = [_alone(window) for window in windows]
    result = []
    for row, window in enumerate(windows):
        found = window.candidates
        score = series_scores(alone, scores, found.demand_class, group, without=row)
        mean = found.bounded(found.mixed(combination(score)))
        absolute, squared = window.errors(mean)
        result.append(
            Tested(
                np.concatenate([window.absolute, absolute[:, None]], axis=1),
                np.concatenate([window.squared, squared[:, None]], axis=1),
                np.concatenate([window.totals, window.total_errors(mean, group)[:, :, None]], axis=2),
            )
        )
    return result


def _alone(window: Window) -> Tested:
    """Errors of an origin whose combination is not known yet: the 13-week mean's are taken for it."""
    reference = slice(MEAN_13W, MEAN_13W + 1)
    return Tested(
        np.concatenate([window.absolute, window.absolute[:, reference]], axis=1),
        np.concatenate([window.squared, window.squared[:, reference]], axis=1),
        np.concatenate([window.totals, window.totals[:, :, reference]], axis=2),
    )


def _table(windows: list[Window], tested: list[Tested], group: I64, groups: I64) -> F64:
    shape = (len(windows), 3, len(CLASS_NAMES), groups.size, len(METHODS) + 1)
    errors, members = np.zeros(shape), np.zeros((len(windows), len(CLASS_NAMES), groups.size))
    at = np.searchsorted(groups, group)
    for row, window in enumerate(windows):
        code = window.candidates.demand_class
        np.add.at(members[row], (code, at), window.usable.any(axis=1).astype(np.float64))
        np.add.at(errors[row, 0], (code, at), tested[row].absolute)
        np.add.at(errors[row, 1], (code, at), tested[row].squared)
        errors[row, 2] = members[row][:, :, None] * (1.0 + tested[row].totals)
    total, count = errors.sum(axis=0), members.sum(axis=0)
    rows = [_ratios(total, count, len(windows))]
    rows += [
        _ratios(total - errors[row], count - members[row], len(windows) - 1) for row in range(len(windows))
    ]
    return np.stack(rows)


def _ratios(errors: F64, members: F64, origins: int) -> F64:
    """Shrink each group's errors to its class's and each class's to the panel's, then compare with the 13-week mean."""
    count = members / max(origins, 1)
    series = count.sum(axis=1)
    whole = errors.sum(axis=(1, 2)) / max(float(series.sum()), 1.0)
    classes = errors.sum(axis=2) + _CLASS_SERIES_FOR_HALF * whole[:, None]
    average = classes / (series + _CLASS_SERIES_FOR_HALF)[:, None]
    groups = errors + _SERIES_FOR_HALF * average[:, :, None]
    return _relative(np.concatenate([average[:, :, None], groups], axis=2))


def _relative(errors: F64) -> F64:
    """Geometric mean of the ratio of absolute errors and that of root mean squared errors; 1 where nothing is known.

    Absolute errors alone would choose forecasts below the mean for series with many zeros, squared ones alone would
    let a few weeks decide. The root of the totals' squared errors, where those are given, is a factor beside them.
    """
    reference = errors[..., MEAN_13W : MEAN_13W + 1]
    ratio = np.where(reference > 0, errors / np.where(reference > 0, reference, 1.0), 1.0)
    mixed: F64 = np.sqrt(ratio[0]) * ratio[1:].prod(axis=0) ** 0.25
    return mixed


def series_scores(
    tested: list[Tested], scores: Scores, demand_class: I64, group: I64, without: int = -1
) -> F64:
    """Score of every method and of their combination for every series.

    Args:
        tested: Errors of every origin.
        scores: Scores by class and group.
        demand_class: Class of each series.
        group: Group of each series.
        without: Number of an origin to leave out, -1 for none.
    """
    known = scores.ratio[without + 1][demand_class, scores.column(group)]
    used = [errors for row, errors in enumerate(tested) if row != without]
    single = np.ones_like(known)
    if used:
        absolute = sum((errors.absolute for errors in used), np.zeros_like(known))
        squared = sum((errors.squared for errors in used), np.zeros_like(known))
        single = np.clip(_relative(np.stack([absolute, squared])), *_OWN_LIMITS)
    mixed: F64 = OWN_SHARE * single + (1.0 - OWN_SHARE) * known
    return np.where(np.append(scores.available, True), mixed, np.inf)


def with_new_season(score: F64, scores: Scores, latest: tuple[bool, ...]) -> F64:
    """Scores where the season has become known since the last origin that could be tested.

    No test says anything about it then. A method that takes it in is as good as the same method without it was in the
    weeks that were tested, and none without it is published, neither alone nor in place of the combination: a level
    that holds in November is no forecast of January.

    Args:
        score: What `series_scores` found.
        scores: Scores by class and group.
        latest: Methods that are themselves at the end of the history.
    """
    if not latest[POOLED_SES] or bool(scores.available[POOLED_SES]):
        return score
    seasonal = score.copy()
    seasonal[:, [POOLED_SES, POOLED_TSB]] = score[:, [SES, TSB]]
    seasonal[:, [SBA, TSB, SES, MEAN_13W, SEASONAL_NAIVE]] = np.inf
    seasonal[:, _COMBINATION] = 1.0
    return seasonal


def combination(score: F64, previous: Bool | None = None) -> F64:
    """Weights of the three best methods, or of the previous choice while it is nearly as good.

    Args:
        score: Series x (methods + combination).
        previous: Methods published last time, series x methods; a row without any has no previous choice.
    """
    method = score[:, :_COMBINATION]
    order = np.argsort(method, axis=1, kind="stable")
    chosen = np.zeros(method.shape, dtype=bool)
    np.put_along_axis(chosen, order[:, :COMBINED], True, axis=1)
    chosen &= np.isfinite(method)
    if previous is not None:
        kept = _mean_score(method, previous) <= (1.0 + STICKY) * _mean_score(method, chosen)
        chosen = np.where(kept[:, None], previous & np.isfinite(method), chosen)
    best = method[np.arange(method.shape[0]), order[:, 0]][:, None]
    weight = np.where(chosen, np.exp(-_SHARPNESS * (np.where(chosen, method, best) - best)), 0.0)
    normed: F64 = weight / np.ascontiguousarray(weight).sum(axis=1, keepdims=True)
    return normed


def choose(score: F64, previous: Bool | None = None) -> F64:
    """Weights to publish: those of the combination, or the 13-week mean alone where the combination is no better.

    The 13-week mean alone is a verdict and no choice that is kept: it is decided again each time, and a combination,
    which is better than its methods are on average, would hardly ever clearly beat it.
    """
    if previous is not None:
        alone = previous[:, MEAN_13W] & (previous.sum(axis=1) == 1)
        previous = previous & ~alone[:, None]
    weight = combination(score, previous)
    weight[score[:, _COMBINATION] > 1.0] = np.arange(len(METHODS)) == MEAN_13W
    return weight


def _mean_score(score: F64, chosen: Bool) -> F64:
    total = np.zeros(score.shape[0])
    for method in range(score.shape[1]):
        total += np.where(chosen[:, method], score[:, method], 0.0)
    count = chosen.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)
