"""Effects of promotions, prices and other known influences: factors on demand, learned by group, adjusted by series.

Demand is taken for a Poisson-like count whose mean is the series' level of that quarter times exp(x b). The level of
each quarter is concentrated out, so neither a trend nor the season can be mistaken for an effect, and what remains is
solved by Newton's method for all groups, then in one step for all series. One article's own effect is shrunk to its
group's by how much it knows (its Fisher information over its dispersion) against how much series differ (DerSimonian
and Laird 1986, Controlled Clinical Trials 7(3), 177-188; for several regressors Jackson, White and Riley 2013,
Biometrical Journal 55(2), 231-245). A factor cannot turn demand negative or flip its sign.

How a regressor is written down must not matter: in euros or cents, as promoted or as not promoted, as one column for
each kind or with one kind left out. So a regressor counts by what differs from the series' own usual value, a price
by the logarithm of its ratio to it, and all together in the coordinates in which they are uncorrelated and vary by
one: a penalty on those is the same in every spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mercurios.forecasting.arrays import F64, I64, Bool, masked_mean, matmul_rows, place_of, row_sum
from mercurios.forecasting.panel.history import History
from mercurios.forecasting.panel.prices import price_like

# Periods of one level: a quarter of a year of weeks.
QUARTER_WEEKS = 13
# Of months a quarter has too few to tell an effect from its level: half a year shares one.
_FEWEST_OF_A_LEVEL = 6
_SERIES_FOR_HALF = 15.0
_LOG_LIMITS = (-2.0, 2.5)
_NEWTON_STEPS = 12
_MAX_STEP = 1.0
_MAX_DEVIATION = 2.0
_MIN_RIDGE = 1e-3
_CELLS = 4_000_000
# Share of a regressor's variance that the others must leave unexplained for it to tell anything of its own.
_OWN_VARIANCE = 1e-4
_CONSTANT = 1e-9


@dataclass(frozen=True, slots=True)
class Effects:
    """Log effects of the regressors; row 0 for the whole panel, row 1 + i for group `codes[i]`.

    Attributes:
        codes: Groups, ascending.
        beta: Effects along the directions, (1 + groups) x directions.
        spread: Covariance of the series' effects around their group's, directions x directions.
        directions: What a regressor's difference from its usual value counts along each direction, regressors x
            directions; fewer directions than regressors where some are constant or follow from others.
        low: Least difference in the history; what lies below is taken for it.
        high: Greatest difference in the history.
        is_price: Regressors whose difference is the logarithm of a ratio.
    """

    codes: I64
    beta: F64
    spread: F64
    directions: F64
    low: F64
    high: F64
    is_price: Bool

    @property
    def count(self) -> int:
        """Number of directions."""
        return int(self.directions.shape[1])

    def standardised(self, x: F64, usual: F64) -> F64:
        """Regressors along the directions, within the range of differences seen in the history.

        Args:
            x: Regressors of any periods, series x periods x regressors.
            usual: Usual value of each series' regressors.
        """
        difference = np.clip(_difference(x, usual, self.is_price), self.low, self.high)
        flat = matmul_rows(difference.reshape(-1, difference.shape[2]), self.directions)
        return flat.reshape(*x.shape[:2], self.count)

    def of_unit(self, beta: F64) -> F64:
        """Log effects of one unit of each regressor, or of a price e times as high."""
        return matmul_rows(beta, np.ascontiguousarray(self.directions.T))


def no_effects(codes: I64 | None = None, regressors: int = 0) -> Effects:
    """Effects of a panel without regressors, or with some of which nothing can be learned."""
    codes = np.zeros(0, dtype=np.int64) if codes is None else codes
    zero = np.zeros(regressors)
    nothing = np.zeros((regressors, 0))
    return Effects(
        codes, np.zeros((codes.size + 1, 0)), np.zeros((0, 0)), nothing, zero, zero, zero.astype(bool)
    )


def stored_effects(arrays: Mapping[str, npt.NDArray[Any]]) -> Effects:
    """Effects from their stored arrays, by name; those stored before there were directions knew no regressor.

    Raises:
        ValueError: they were stored before and knew some.
    """
    if "directions" in arrays:
        return Effects(*(arrays[field.name] for field in fields(Effects)))
    if arrays["scale"].size:
        raise ValueError("stored before regressors had directions; make the forecast again")
    return no_effects(arrays["codes"])


def usual_values(history: History) -> F64:
    """Value of each series' regressors that others are measured from: the median of the last year's periods.

    That is no promotion where promotions are rare, the usual price, and a promotion where it never ends.
    """
    x = history.past_x[:, -history.cadence.year :]
    return np.ascontiguousarray(np.median(x, axis=1)) if x.shape[1] else np.zeros((x.shape[0], x.shape[2]))


def _difference(x: F64, usual: F64, is_price: Bool) -> F64:
    """What differs from the usual value; of a price the logarithm of the ratio, none where there is no price."""
    difference = x - usual[:, None, :]
    for column in np.flatnonzero(is_price).tolist():
        price, normal = x[:, :, column], usual[:, None, column]
        known = (price > 0) & (normal > 0)
        difference[:, :, column] = np.log(np.where(known, price, 1.0) / np.where(known, normal, 1.0))
    return difference


@dataclass(frozen=True, slots=True)
class _Sample:
    """What the effects of some series are learned from.

    Attributes:
        y: Demand, series x periods.
        mask: Observed periods.
        z: Standardised regressors of the same periods, series x periods x regressors.
        week: Periods of a week.
        calendar: Log effect of season, weekdays and holidays, series x periods; none when omitted.
    """

    y: F64
    mask: Bool
    z: F64
    week: float
    calendar: F64 | None = None

    @classmethod
    def of(cls, history: History, effects: Effects, calendar: F64 | None) -> _Sample:
        z = effects.standardised(history.past_x, usual_values(history))
        return cls(history.y, history.mask, z, history.cadence.week, calendar)

    @property
    def shape(self) -> tuple[int, int]:
        """Series and regressors."""
        return self.z.shape[0], self.z.shape[2]

    def take(self, rows: slice) -> _Sample:
        calendar = None if self.calendar is None else self.calendar[rows]
        return _Sample(self.y[rows], self.mask[rows], self.z[rows], self.week, calendar)

    def chunks(self) -> list[slice]:
        """Blocks of series whose arrays fit into memory."""
        size = max(1, _CELLS // max(1, self.y.shape[1]))
        return [slice(begin, begin + size) for begin in range(0, self.y.shape[0], size)]


def fit_effects(history: History, calendar: F64 | None = None) -> Effects:
    """Learn the effects of the whole panel and of each group, and how much series differ from their group.

    Args:
        history: Demand and regressors.
        calendar: Log effect of season, weekdays and holidays on each series, which no regressor may take for its own.
    """
    codes = np.unique(history.group)
    blank = _directions(history, codes)
    if not blank.count:
        return blank
    sample, n = _Sample.of(history, blank, calendar), history.n_series
    dispersion = _dispersion(sample, np.zeros((n, blank.count)))
    whole = np.zeros(blank.count)
    at = np.searchsorted(codes, history.group)
    for _ in range(2):
        whole = _newton(sample, dispersion, np.zeros(n, dtype=np.int64), whole[None, :])[0]
        dispersion = _dispersion(sample, np.broadcast_to(whole, (n, whole.size)))
    grouped = _newton(sample, dispersion, at, np.repeat(whole[None, :], codes.size, axis=0))
    informed = np.bincount(at, weights=_has_contrast(sample), minlength=codes.size)
    weight = (informed / (informed + _SERIES_FOR_HALF))[:, None]
    beta = np.concatenate([whole[None, :], whole + weight * (grouped - whole)])
    return replace(blank, beta=beta, spread=_heterogeneity(sample, beta[at + 1], dispersion))


def _directions(history: History, codes: I64) -> Effects:
    """Effects without any effect yet: what regressors are measured in, learned from how they vary within series."""
    x, mask = history.past_x, history.mask
    if not x.shape[2] or not mask.any():
        return no_effects(codes, x.shape[2])
    is_price = price_like(x, mask, history.x_names)
    difference = _difference(x, usual_values(history), is_price)
    seen = difference[mask]
    low, high = seen.min(axis=0), seen.max(axis=0)
    within = (
        difference - np.stack([masked_mean(c, mask) for c in np.moveaxis(difference, 2, 0)], 1)[:, None]
    )[mask]
    covariance = within.T @ within / within.shape[0]
    deviation = np.sqrt(np.diag(covariance))
    varies = deviation > _CONSTANT * np.maximum(np.abs(x[mask]).max(axis=0), np.abs(seen).max(axis=0))
    directions = np.zeros((x.shape[2], 0))
    if varies.any():
        unit = np.where(varies, deviation, 1.0)
        values, vectors = np.linalg.eigh(covariance / np.outer(unit, unit) * np.outer(varies, varies))
        kept = values > _OWN_VARIANCE * values.max()
        directions = vectors[:, kept] / np.sqrt(values[kept]) / unit[:, None]
    count = directions.shape[1]
    nothing = np.zeros((codes.size + 1, count))
    return Effects(codes, nothing, np.zeros((count, count)), directions, low, high, is_price)


def series_effects(effects: Effects, history: History, calendar: F64 | None = None) -> F64:
    """Effects of every series, shrunk to its group's; each row depends on its own demand only."""
    prior = effects.beta[place_of(effects.codes, history.group) + 1]
    if not effects.count or not history.n_series:
        return prior
    sample = _Sample.of(history, effects, calendar)
    dispersion = _dispersion(sample, prior)
    gradient, information = _score(sample, prior)
    values, vectors = np.linalg.eigh(effects.spread)
    precision = (vectors / np.maximum(values, _MIN_RIDGE)) @ vectors.T
    system = information / dispersion[:, None, None] + precision
    step = np.linalg.solve(system, (gradient / dispersion[:, None])[:, :, None])[:, :, 0]
    adjusted: F64 = prior + _shortened(step.astype(np.float64), _MAX_STEP)
    return adjusted


def log_effect(effects: Effects, beta: F64, x: F64, usual: F64, typical: F64) -> F64:
    """Log factor of every period against one in the series' typical state.

    Args:
        effects: Effects of the panel.
        beta: Effects of every series.
        x: Regressors of any periods, series x periods x regressors.
        usual: What `usual_values` found in the history.
        typical: What `typical_effect` found there.
    """
    if not effects.count:
        return np.zeros(x.shape[:2])
    limited: F64 = np.clip(_linear(effects.standardised(x, usual), beta) - typical[:, None], *_LOG_LIMITS)
    return limited


def typical_effect(effects: Effects, beta: F64, history: History, usual: F64) -> F64:
    """Median effect of the last year's periods: the state that effects are measured from."""
    x = history.past_x[:, -history.cadence.year :]
    if not effects.count or not x.shape[1]:
        return np.zeros(x.shape[0])
    median: F64 = np.median(_linear(effects.standardised(x, usual), beta), axis=1)
    return median


def _linear(z: F64, beta: F64) -> F64:
    """Sum of the effects, one direction after the other, so that a row's bits are its own."""
    total = np.zeros(z.shape[:2])
    for column in range(z.shape[2]):
        total += z[:, :, column] * beta[:, column, None]
    return total


def _shortened(step: F64, limit: float) -> F64:
    """Steps no longer than the limit, whatever their direction."""
    length = np.sqrt(row_sum(step * step))[:, None]
    return np.where(length > limit, step * (limit / np.where(length > 0, length, 1.0)), step)


def _quarters(values: F64, week: float) -> F64:
    """Fold the period axis into quarters that end with the history; the first is filled up with zeros."""
    length = max(_FEWEST_OF_A_LEVEL, round(QUARTER_WEEKS * week))
    n, periods = values.shape
    count = -(-periods // length)
    folded = np.zeros((n, count * length))
    folded[:, count * length - periods :] = values
    return folded.reshape(n, count, length)


def _means(sample: _Sample, beta: F64) -> tuple[F64, F64, F64]:
    """Observed demand, exp(x b) and expected demand of every period, folded; the level of each quarter is its own."""
    linear = _linear(sample.z, beta)
    linear = linear if sample.calendar is None else linear + sample.calendar
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
        beta += _shortened(step.astype(np.float64), _MAX_STEP)
        if float(np.abs(step).max(initial=0.0)) < 1e-10:
            break
    return beta


def _heterogeneity(sample: _Sample, prior: F64, dispersion: F64) -> F64:
    """Covariance of the effects between series beyond what their noise explains; `prior` is their groups' effects.

    A score s with the information W has the covariance W + W C W, which is solved for C over all series, each with the
    weight 1 / |W|: with one regressor that is DerSimonian and Laird's estimate.
    """
    _, k = sample.shape
    excess, noise, squares = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k * k, k * k))
    sizes = []
    for rows in sample.chunks():
        gradient, information = _score(sample.take(rows), prior[rows])
        score, known = gradient / dispersion[rows, None], information / dispersion[rows, None, None]
        size = np.einsum("nkk->n", known) / k
        informed = size > 1.0
        score, known, size = score[informed], known[informed], size[informed]
        damped = known + _CONSTANT * size[:, None, None] * np.eye(k)
        deviation = np.linalg.solve(damped, score[:, :, None])[:, :, 0]
        length = np.sqrt(row_sum(deviation * deviation))
        score = score * np.minimum(1.0, _MAX_DEVIATION / np.where(length > 0, length, 1.0))[:, None]
        excess += (score / size[:, None]).T @ score
        noise += (known / size[:, None, None]).sum(axis=0)
        flat = known.reshape(-1, k * k)
        squares += (flat / size[:, None]).T @ flat
        sizes.append(size)
    return _between(excess, noise, squares, np.concatenate(sizes))


def _between(excess: F64, noise: F64, squares: F64, size: F64) -> F64:
    """Solve for the covariance between series, one degree of freedom lost to what they have in common."""
    k, total = excess.shape[0], float(size.sum())
    if size.size < 2:
        return np.zeros((k, k))
    left = 1.0 - float((size * size).sum()) / (total * total)
    system = squares.reshape(k, k, k, k).transpose(0, 2, 1, 3).reshape(k * k, k * k) * left
    moments = (excess - noise * (size.size - 1) / size.size).ravel()
    found = np.linalg.lstsq(system, moments, rcond=1e-10)[0].reshape(k, k)
    values, vectors = np.linalg.eigh((found + found.T) / 2.0)
    covariance: F64 = (vectors * np.clip(values, 0.0, 1.0)) @ vectors.T
    return covariance


def _has_contrast(sample: _Sample) -> F64:
    """Series that sold and saw a regressor change."""
    observed, sold = sample.mask[:, :, None], np.where(sample.mask, sample.y, 0.0) > 0
    low = np.where(observed, sample.z, np.inf).min(axis=1, initial=np.inf)
    high = np.where(observed, sample.z, -np.inf).max(axis=1, initial=-np.inf)
    seen: F64 = ((high > low).any(axis=1) & sold.any(axis=1)).astype(np.float64)
    return seen
