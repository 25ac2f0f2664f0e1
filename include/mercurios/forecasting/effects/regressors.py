"""Effects of promotions, prices and other known influences: factors on demand, learned by group, adjusted by series.

Demand is taken for a Poisson-like count whose mean is the series' level of that quarter times exp(x b). The level of
each quarter is concentrated out, so neither a trend nor the season can be mistaken for an effect, and what remains is
solved by Newton's method for all groups, then in one step for all series. One article's own effect is shrunk to its
group's by how much it knows (its Fisher information over its dispersion) against how much series differ (DerSimonian
and Laird 1986, Controlled Clinical Trials 7(3), 177-188). A factor cannot turn demand negative or flip its sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, place_of, row_sum
from mercurios.forecasting.panel.history import History

# Periods of one level: a quarter of a year of weeks.
QUARTER_WEEKS = 13
_SERIES_FOR_HALF = 15.0
_LOG_LIMITS = (-2.0, 2.5)
_NEWTON_STEPS = 12
_MAX_STEP = 1.0
_MIN_RIDGE = 1e-3
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Effects:
    """Log effects of a unit of each regressor; row 0 for the whole panel, row 1 + i for group `codes[i]`.

    Attributes:
        codes: Groups, ascending.
        beta: Effect on the standardised regressor, (1 + groups) x regressors.
        spread: Variance of the series' effects around their group's.
        scale: What a regressor is divided by.
        low: Least value in the history; what lies below is taken for it.
        high: Greatest value in the history.
    """

    codes: I64
    beta: F64
    spread: F64
    scale: F64
    low: F64
    high: F64

    @property
    def count(self) -> int:
        """Number of regressors."""
        return int(self.scale.size)

    def standardised(self, x: F64) -> F64:
        """Regressors within the range seen in the history, in units of their spread."""
        scaled: F64 = np.clip(x, self.low, self.high) / self.scale
        return scaled


def no_effects() -> Effects:
    """Effects of a panel without regressors."""
    empty = np.zeros(0)
    return Effects(np.zeros(0, dtype=np.int64), np.zeros((1, 0)), empty, empty, empty, empty)


@dataclass(frozen=True, slots=True)
class _Sample:
    """What the effects of some series are learned from.

    Attributes:
        y: Demand, series x periods.
        mask: Observed periods.
        z: Standardised regressors of the same periods, series x periods x regressors.
        week: Periods of a week.
    """

    y: F64
    mask: Bool
    z: F64
    week: int

    @classmethod
    def of(cls, history: History, effects: Effects) -> _Sample:
        return cls(history.y, history.mask, effects.standardised(history.past_x), history.cadence.week)

    @property
    def shape(self) -> tuple[int, int]:
        """Series and regressors."""
        return self.z.shape[0], self.z.shape[2]

    def take(self, rows: slice) -> _Sample:
        return _Sample(self.y[rows], self.mask[rows], self.z[rows], self.week)

    def chunks(self) -> list[slice]:
        """Blocks of series whose arrays fit into memory."""
        size = max(1, _CELLS // max(1, self.y.shape[1]))
        return [slice(begin, begin + size) for begin in range(0, self.y.shape[0], size)]


def fit_effects(history: History) -> Effects:
    """Learn the effects of the whole panel and of each group, and how much series differ from their group."""
    codes, x = np.unique(history.group), history.past_x
    seen = x[history.mask]
    if not x.shape[2] or not seen.size:
        return no_effects() if not x.shape[2] else _flat(codes, x.shape[2])
    low, high, spread = seen.min(axis=0), seen.max(axis=0), seen.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    blank = Effects(codes, np.zeros((codes.size + 1, scale.size)), np.zeros(scale.size), scale, low, high)
    sample, n = _Sample.of(history, blank), history.n_series
    dispersion = _dispersion(sample, np.zeros((n, scale.size)))
    whole = np.zeros(scale.size)
    at = np.searchsorted(codes, history.group)
    for _ in range(2):
        whole = _newton(sample, dispersion, np.zeros(n, dtype=np.int64), whole[None, :])[0]
        dispersion = _dispersion(sample, np.broadcast_to(whole, (n, whole.size)))
    grouped = _newton(sample, dispersion, at, np.repeat(whole[None, :], codes.size, axis=0))
    informed = np.bincount(at, weights=_has_contrast(sample), minlength=codes.size)
    weight = (informed / (informed + _SERIES_FOR_HALF))[:, None]
    beta = np.concatenate([whole[None, :], whole + weight * (grouped - whole)])
    spread = _heterogeneity(sample, beta[at + 1], dispersion)
    return Effects(codes, beta, spread, scale, low, high)


def series_effects(effects: Effects, history: History) -> F64:
    """Effects of every series, shrunk to its group's; each row depends on its own demand only."""
    prior = effects.beta[place_of(effects.codes, history.group) + 1]
    if not effects.count or not history.n_series:
        return prior
    sample = _Sample.of(history, effects)
    dispersion = _dispersion(sample, prior)
    gradient, information = _score(sample, prior)
    k = effects.count
    precision = 1.0 / np.maximum(effects.spread, _MIN_RIDGE)
    system = information / dispersion[:, None, None] + np.eye(k) * precision
    step = np.linalg.solve(system, (gradient / dispersion[:, None])[:, :, None])[:, :, 0]
    adjusted: F64 = prior + np.clip(step, -_MAX_STEP, _MAX_STEP)
    return adjusted


def log_effect(effects: Effects, beta: F64, x: F64, typical: F64) -> F64:
    """Log factor of every period against one with the series' typical state.

    Args:
        effects: Effects of the panel.
        beta: Effects of every series.
        x: Regressors of any periods, series x periods x regressors.
        typical: What `typical_state` found in the history.
    """
    if not effects.count:
        return np.zeros(x.shape[:2])
    change = effects.standardised(x) - typical[:, None, :]
    total = np.zeros(x.shape[:2])
    for column in range(effects.count):
        total += change[:, :, column] * beta[:, column, None]
    limited: F64 = np.clip(total, *_LOG_LIMITS)
    return limited


def typical_state(effects: Effects, history: History) -> F64:
    """Standardised value that effects are measured from: the median of the last year's periods.

    That is no promotion where promotions are rare, the usual price, and a promotion where it never ends.
    """
    z = effects.standardised(history.past_x[:, -history.cadence.year :])
    return np.ascontiguousarray(np.median(z, axis=1)) if z.shape[1] else np.zeros((z.shape[0], effects.count))


def _flat(codes: I64, count: int) -> Effects:
    zero = np.zeros(count)
    return Effects(codes, np.zeros((codes.size + 1, count)), zero, zero + 1.0, zero, zero)


def _quarters(values: F64, week: int) -> F64:
    """Fold the period axis into quarters that end with the history; the first is filled up with zeros."""
    length = QUARTER_WEEKS * week
    n, periods = values.shape
    count = -(-periods // length)
    folded = np.zeros((n, count * length))
    folded[:, count * length - periods :] = values
    return folded.reshape(n, count, length)


def _means(sample: _Sample, beta: F64) -> tuple[F64, F64, F64]:
    """Observed demand, exp(x b) and expected demand of every period, folded; the level of each quarter is its own."""
    linear = np.zeros(sample.y.shape)
    for column in range(sample.z.shape[2]):
        linear += sample.z[:, :, column] * beta[:, column, None]
    demand = _quarters(np.where(sample.mask, sample.y, 0.0), sample.week)
    factor = np.exp(np.clip(linear, -10.0, 10.0))
    weight = _quarters(np.where(sample.mask, factor, 0.0), sample.week)
    total = row_sum(weight)
    level = np.where(total > 0, row_sum(demand) / np.where(total > 0, total, 1.0), 0.0)
    return demand, weight, weight * level[:, :, None]


def _score(sample: _Sample, beta: F64) -> tuple[F64, F64]:
    """Gradient and information of every series' likelihood with the quarters' levels concentrated out."""
    n, k = sample.shape
    demand, weight, expected = _means(sample, beta)
    total = row_sum(weight)
    share = weight / np.where(total > 0, total, 1.0)[:, :, None]
    quarter = row_sum(demand)
    folded = [_quarters(sample.z[:, :, column], sample.week) for column in range(k)]
    center = [row_sum(share * column) for column in folded]
    gradient, information = np.zeros((n, k)), np.zeros((n, k, k))
    for i in range(k):
        gradient[:, i] = row_sum(row_sum((demand - expected) * folded[i]))
        for j in range(i + 1):
            covariance = row_sum(share * folded[i] * folded[j]) - center[i] * center[j]
            information[:, i, j] = information[:, j, i] = row_sum(quarter * covariance)
    return gradient, information


def _dispersion(sample: _Sample, beta: F64) -> F64:
    """Variance of every series' counts over their mean, at least that of a Poisson count."""
    result = np.ones(sample.y.shape[0])
    for rows in sample.chunks():
        demand, _, expected = _means(sample.take(rows), beta[rows])
        error = demand - expected
        pearson = row_sum(row_sum(error * error / np.where(expected > 0, expected, 1.0)))
        freedom = row_sum((expected > 0).sum(axis=2).astype(np.float64) - (row_sum(expected) > 0))
        result[rows] = np.maximum(pearson / np.maximum(freedom, 1.0), 1.0)
    return result


def _newton(sample: _Sample, dispersion: F64, at: I64, start: F64) -> F64:
    """Effects of each group in `at`, a small ridge keeping what the data do not show at its start."""
    groups, k = start.shape
    beta = start.copy()
    for _ in range(_NEWTON_STEPS):
        gradient, information = np.zeros((groups, k)), np.zeros((groups, k, k))
        for rows in sample.chunks():
            slope, inner = _score(sample.take(rows), beta[at[rows]])
            np.add.at(gradient, at[rows], slope / dispersion[rows, None])
            np.add.at(information, at[rows], inner / dispersion[rows, None, None])
        system = information + np.eye(k) * 1.0
        step = np.linalg.solve(system, (gradient - (beta - start))[:, :, None])[:, :, 0]
        beta += np.clip(step, -_MAX_STEP, _MAX_STEP)
        if float(np.abs(step).max(initial=0.0)) < 1e-10:
            break
    return beta


def _heterogeneity(sample: _Sample, prior: F64, dispersion: F64) -> F64:
    """Variance between series beyond what their noise explains, one a regressor; `prior` is their groups' effects."""
    n, k = sample.shape
    deviation, weight = np.zeros((n, k)), np.zeros((n, k))
    for rows in sample.chunks():
        gradient, information = _score(sample.take(rows), prior[rows])
        inner = np.einsum("nkk->nk", information)
        weight[rows] = inner / dispersion[rows, None]
        deviation[rows] = np.where(inner > 0, gradient / np.where(inner > 0, inner, 1.0), 0.0)
    deviation = np.clip(deviation, -2.0, 2.0)
    weight = np.where(weight > 1.0, weight, 0.0)
    total, series = weight.sum(axis=0), (weight > 0).sum(axis=0)
    excess = (weight * deviation * deviation).sum(axis=0) - np.maximum(series - 1, 0)
    denominator = total - (weight * weight).sum(axis=0) / np.where(total > 0, total, 1.0)
    found: F64 = np.clip(excess / np.where(denominator > 0, denominator, np.inf), 0.0, 1.0)
    return found


def _has_contrast(sample: _Sample) -> F64:
    """Series that sold and saw a regressor change."""
    observed, sold = sample.mask[:, :, None], np.where(sample.mask, sample.y, 0.0) > 0
    low = np.where(observed, sample.z, np.inf).min(axis=1, initial=np.inf)
    high = np.where(observed, sample.z, -np.inf).max(axis=1, initial=-np.inf)
    seen: F64 = ((high > low).any(axis=1) & sold.any(axis=1)).astype(np.float64)
    return seen
