"""Quantiles from what backtests got wrong, because in-sample residuals are far too narrow.

Errors of rolling origins, divided by the spread each series shows around such a mean, are pooled by demand class,
forecast level and horizon; their empirical quantiles (split conformal, Vovk et al. 2005; rank ceil((n + 1) p)) are
scaled back. The error of a sum over several periods is pooled like that of a period, never derived from those:
errors of successive weeks of one forecast are alike, and how much is not known beforehand.

Thousands of errors of one origin share what happened to the whole market in those weeks. A few origins say little
about how large that can be, so each origin's own share is taken out of its errors, and the shares of a t distribution
with the origins' few degrees of freedom are put in (Student's predictive distribution of one more origin).
With too few errors the quantiles are those of a negative binomial with the forecast as mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, last_observed, masked_mean, row_sum
from mercurios.forecasting.panel.classes import CLASS_NAMES, NONE
from mercurios.forecasting.panel.history import History
from mercurios.forecasting.uncertainty.common_error import CommonErrors

MIN_ERRORS = 150
LEVEL_EDGES = (0.1, 0.3, 1.0, 3.0, 10.0, 50.0)
_VARIANCE_FLOOR = 0.05
_WEEKS_FOR_HALF = 4.0
_QUARTER, _SELLING = 13, 5
_MAX_DISPERSION = 1e4


@dataclass(frozen=True, slots=True)
class Spread:
    """Variance of a series around any mean m: m + excess x m^2, as of a negative binomial."""

    mean: F64
    excess: F64

    def at(self, mean: F64, periods: F64 | float = 1.0) -> F64:
        """Standard deviation around forecasts of sums of `periods` periods, series x forecasts."""
        variance = mean + self.excess[:, None] * mean * mean / periods
        scale: F64 = np.sqrt(np.maximum(variance, _VARIANCE_FLOOR * periods))
        return scale


@dataclass(frozen=True, slots=True)
class ErrorPool:
    """Scaled error quantiles, class x (levels + 1) x targets x probability; NaN where the pool is too thin.

    The targets are the periods of the horizon and then the sums of the first one, two, … up to all of them. The last
    level of each class pools all levels, and the last class all classes.

    Attributes:
        offsets: The quantiles.
        common_error: Standard deviation of what whole origins have in common, as a logarithm.
    """

    offsets: F64
    common_error: float

    def lookup(self, demand_class: I64, mean: F64) -> F64:
        """Offsets of forecasts of every target, series x targets x probability."""
        level = np.digitize(mean, LEVEL_EDGES)
        target = np.arange(mean.shape[1])[None, :]
        found = self.offsets[demand_class[:, None], level, target]
        for wider in (self.offsets[demand_class[:, None], -1, target], self.offsets[-1, level, target]):
            found = np.where(np.isnan(found), wider, found)
        return found


@dataclass(frozen=True, slots=True)
class Errors:
    """What one origin got wrong, for every target.

    Attributes:
        demand_class: Class of each series at the origin.
        mean: Forecasts, series x targets.
        actual: What came true.
        scale: Spread around the forecasts.
        usable: Which count.
    """

    demand_class: I64
    mean: F64
    actual: F64
    scale: F64
    usable: Bool

    def scaled(self, targets: slice, factors: F64) -> F64:
        """Scaled errors with each of the possible common errors, series x targets x common errors."""
        shifted = self.actual[:, targets, None] * factors - self.mean[:, targets, None]
        result: F64 = shifted / self.scale[:, targets, None]
        return result


def error_spread(history: History, usual: float | None = None) -> Spread:
    """Spread of the last year's observed periods.

    Args:
        history: Demand.
        usual: Excess of an ordinary series, see `usual_excess`. A few periods say little about their own variance, so
            that of a young series is shrunk to it; not shrunk when omitted.
    """
    y, cadence = history.y, history.cadence
    recent = last_observed(history.mask, cadence.year)
    mean = masked_mean(y, recent)
    deviation = np.where(recent, y - mean[:, None], 0.0)
    variance = row_sum(deviation * deviation) / np.maximum(recent.sum(axis=1) - 1, 1)
    square = mean * mean
    excess = np.maximum(variance - mean, 0.0) / np.where(square > 0, square, 1.0)
    excess = np.where(square > 0, excess, 0.0)
    if usual is None:
        return Spread(mean, excess)
    known, weight = np.maximum(recent.sum(axis=1) - 1, 0), cadence.periods(_WEEKS_FOR_HALF)
    return Spread(mean, (known * excess + weight * usual) / (known + weight))


def usual_excess(history: History) -> float:
    """Median excess of the series that have a quarter of history and sold now and then; zero when there are none."""
    long_enough = history.mask.sum(axis=1) >= history.cadence.periods(_QUARTER)
    informative = long_enough & ((history.y > 0).sum(axis=1) >= _SELLING)
    excess = error_spread(history.take(informative)).excess
    return float(np.median(excess)) if excess.size else 0.0


def targets(mean: F64, spread: Spread) -> tuple[F64, F64]:
    """Forecasts of every period and of the sum up to every period, and the spread around them, series x targets."""
    total = np.cumsum(mean, axis=1)
    periods = np.arange(1.0, mean.shape[1] + 1.0)
    scale = [spread.at(mean), spread.at(total, periods)]
    return np.concatenate([mean, total], axis=1), np.concatenate(scale, axis=1)


def fit_pool(
    errors: list[Errors], probabilities: tuple[float, ...], common: CommonErrors, horizon: int
) -> ErrorPool:
    """Pool the scaled errors of several origins for every target."""
    levels, classes = len(LEVEL_EDGES) + 1, len(CLASS_NAMES)
    offsets = np.full((classes + 1, levels + 1, 2 * horizon, len(probabilities)), np.nan)
    if not errors:
        return ErrorPool(offsets, common.deviation)
    code = np.concatenate([window.demand_class for window in errors])
    for target in range(2 * horizon):
        near = _near(target, horizon)
        level = np.digitize(np.concatenate([window.mean[:, near] for window in errors]), LEVEL_EDGES)
        usable = np.concatenate([window.usable[:, near] for window in errors])
        scaled = np.concatenate(
            [window.scaled(near, factor) for window, factor in zip(errors, common.factors, strict=True)]
        )
        for demand_class in range(classes + 1):
            rows = np.flatnonzero(code == demand_class) if demand_class < classes else np.arange(code.size)
            errors_of_class, chosen, bucket = scaled[rows], usable[rows], level[rows]
            for at in range(levels):
                offsets[demand_class, at, target] = _ranks(
                    errors_of_class[chosen & (bucket == at)], probabilities
                )
            offsets[demand_class, levels, target] = _ranks(errors_of_class[chosen], probabilities)
    return ErrorPool(offsets, common.deviation)


def _near(target: int, horizon: int) -> slice:
    """Targets that are pooled for one: neighbouring periods share their errors, three times the sample of one.

    A sum is pooled alone, and that of one period is that period.
    """
    if target > horizon:
        return slice(target, target + 1)
    period = target % horizon
    return slice(max(0, period - 1), min(period + 2, horizon))


def quantiles(
    mean: F64, scale: F64, demand_class: I64, pool: ErrorPool, probabilities: tuple[float, ...]
) -> F64:
    """Quantiles of every forecast, series x targets x probability; ascending, finite and never negative.

    Args:
        mean: Forecasts of every target, series x targets.
        scale: Spread around them.
        demand_class: Class of each series.
        pool: What backtests got wrong.
        probabilities: Quantile probabilities.
    """
    offset = pool.lookup(demand_class, mean)
    value = mean[:, :, None] + scale[:, :, None] * offset
    thin = np.isnan(offset).any(axis=2)
    if bool(thin.any()):
        variance = scale[thin] ** 2 + (pool.common_error * mean[thin]) ** 2
        value[thin] = negative_binomial(mean[thin], variance, probabilities)
    value[(demand_class == NONE) & ~(mean > 0).any(axis=1)] = 0.0
    ordered: F64 = np.maximum.accumulate(np.maximum(value, 0.0), axis=2)
    return ordered


def negative_binomial(mean: F64, variance: F64, probabilities: tuple[float, ...]) -> F64:
    """Quantiles of negative binomials given by mean and variance, one row a distribution.

    The number of failures r and success probability p follow from mean = r (1 - p) / p and variance = mean / p.
    """
    columns = []
    for probability in probabilities:
        # Markov: a mean below 1 - p leaves less than that above zero, so the quantile is zero.
        selling = mean >= 1.0 - probability
        value = np.zeros(mean.shape)
        center = mean[selling]
        spread = np.clip(variance[selling], 1.05 * center, _MAX_DISPERSION * center)
        value[selling] = _count_quantile(probability, center * center / (spread - center), center / spread)
        columns.append(np.where(np.isfinite(value), value, mean))
    return np.stack(columns, axis=-1)


def _count_quantile(probability: float, failures: F64, success: F64) -> F64:
    """Least count whose distribution function reaches the probability; scipy.stats has it, but loads for a second."""
    from scipy.special import betainc, nbdtrik

    count = np.ceil(np.maximum(nbdtrik(probability, failures, success), 0.0))
    count = np.where(betainc(failures, count + 1.0, success) < probability, count + 1.0, count)
    lower = (count >= 1.0) & (betainc(failures, np.maximum(count, 1.0), success) >= probability)
    found: F64 = np.where(lower, count - 1.0, count)
    return found


def _ranks(values: F64, probabilities: tuple[float, ...]) -> F64:
    """Conformal ranks of errors that were each repeated for every common error."""
    if not values.size or values.shape[0] < MIN_ERRORS:
        return np.full(len(probabilities), np.nan)
    repeats = values.shape[1] if values.ndim > 1 else 1
    rank = np.ceil((values.shape[0] + 1) * np.asarray(probabilities) * repeats).astype(np.int64) - 1
    rank = np.minimum(rank, values.size - 1)
    picked: F64 = np.partition(values, rank, axis=None)[rank]
    return picked
