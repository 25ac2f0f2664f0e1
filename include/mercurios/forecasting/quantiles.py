"""Quantiles from what backtests got wrong, because in-sample residuals are far too narrow.

Errors of rolling origins, divided by each series' own scale at that origin, are pooled by demand class, forecast level
and horizon; their empirical quantiles (split conformal, Vovk et al. 2005; rank ceil((n + 1) p)) are scaled back. With
fewer than three origins, or too few errors, the quantiles are those of a negative binomial with the forecast as mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, last_observed, masked_mean, row_sum
from mercurios.forecasting.classes import CLASS_NAMES, NONE

MIN_WINDOWS = 3
MIN_ERRORS = 150
LEVEL_EDGES = (0.1, 0.3, 1.0, 3.0, 10.0, 50.0)
_SCALE_WEEKS = 52
_SCALE_FLOOR = 0.05
_MAX_DISPERSION = 1e4


@dataclass(frozen=True, slots=True)
class ErrorPool:
    """Scaled error quantiles, class x (levels + 1) x horizon x probability; NaN where the pool is too thin.

    The last level of each class pools all levels.
    """

    offsets: F64

    def lookup(self, demand_class: I64, mean: F64) -> F64:
        """Offsets for each series and week, series x horizon x probability."""
        level = np.digitize(mean, LEVEL_EDGES)
        week = np.arange(mean.shape[1])[None, :]
        fine = self.offsets[demand_class[:, None], level, week]
        coarse = self.offsets[demand_class, -1]
        return np.where(np.isnan(fine), coarse, fine)


def error_scale(y: F64, mask: Bool) -> F64:
    """Spread of the last 52 observed weeks, at least that of a Poisson count of the same mean."""
    recent = last_observed(mask, _SCALE_WEEKS)
    mean = masked_mean(y, recent)
    deviation = np.where(recent, y - mean[:, None], 0.0)
    variance = row_sum(deviation * deviation) / np.maximum(recent.sum(axis=1) - 1, 1)
    scale: F64 = np.sqrt(np.maximum(np.maximum(variance, mean), _SCALE_FLOOR))
    return scale


def fit_pool(
    errors: list[tuple[I64, F64, F64, Bool]], horizon: int, probabilities: tuple[float, ...]
) -> ErrorPool:
    """Pool scaled errors of several origins.

    Args:
        errors: Per origin: demand class of each series, mean forecasts, scaled errors and the weeks that count.
        horizon: Weeks ahead.
        probabilities: Quantile probabilities.
    """
    levels = len(LEVEL_EDGES) + 1
    offsets = np.full((len(CLASS_NAMES), levels + 1, horizon, len(probabilities)), np.nan)
    if len(errors) < MIN_WINDOWS:
        return ErrorPool(offsets)
    code = np.concatenate([window[0] for window in errors])
    level = np.digitize(np.concatenate([window[1] for window in errors]), LEVEL_EDGES)
    scaled = np.concatenate([window[2] for window in errors])
    usable = np.concatenate([window[3] for window in errors])
    for demand_class in range(len(CLASS_NAMES)):
        rows = np.flatnonzero(code == demand_class)
        for week in range(horizon):
            # Neighbouring horizons share their errors: three times the sample at nearly the same difficulty.
            near = slice(max(0, week - 1), week + 2)
            values, keep, bins = scaled[rows, near], usable[rows, near], level[rows, near]
            for bucket in range(levels):
                offsets[demand_class, bucket, week] = _ranks(values[keep & (bins == bucket)], probabilities)
            offsets[demand_class, levels, week] = _ranks(values[keep], probabilities)
    return ErrorPool(offsets)


def quantiles(
    mean: F64, scale: F64, demand_class: I64, pool: ErrorPool, probabilities: tuple[float, ...]
) -> F64:
    """Quantiles of every forecast, series x horizon x probability; ascending, finite and never negative."""
    offset = pool.lookup(demand_class, mean)
    value = mean[:, :, None] + scale[:, None, None] * offset
    thin = np.isnan(offset).any(axis=2)
    if bool(thin.any()):
        spread = np.broadcast_to(scale[:, None], mean.shape)
        value[thin] = negative_binomial(mean[thin], spread[thin] ** 2, probabilities)
    value[demand_class == NONE] = 0.0
    ordered: F64 = np.maximum.accumulate(np.maximum(value, 0.0), axis=2)
    return ordered


def negative_binomial(mean: F64, variance: F64, probabilities: tuple[float, ...]) -> F64:
    """Quantiles of negative binomials given by mean and variance, one row a distribution.

    The number of failures r and success probability p follow from mean = r (1 - p) / p and variance = mean / p.
    """
    from scipy.stats import nbinom

    columns = []
    for probability in probabilities:
        # Markov: a mean below 1 - p leaves less than that above zero, so the quantile is zero.
        selling = mean >= 1.0 - probability
        value = np.zeros(mean.shape)
        center = mean[selling]
        spread = np.clip(variance[selling], 1.05 * center, _MAX_DISPERSION * center)
        value[selling] = nbinom.ppf(probability, center * center / (spread - center), center / spread)
        columns.append(np.where(np.isfinite(value), value, mean))
    return np.stack(columns, axis=-1)


def _ranks(values: F64, probabilities: tuple[float, ...]) -> F64:
    if values.size < MIN_ERRORS:
        return np.full(len(probabilities), np.nan)
    ordered = np.sort(values)
    rank = np.ceil((values.size + 1) * np.asarray(probabilities)).astype(np.int64) - 1
    picked: F64 = ordered[np.minimum(rank, values.size - 1)]
    return picked
