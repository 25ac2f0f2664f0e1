"""The simple methods a model has to beat, batched like the model itself.

They are references in every backtest and, in the case of the 13-week mean, what is published when the model is worse.
"""

from __future__ import annotations

import numpy as np

from mercurios.forecasting.arrays import F64, Bool, last_observed, masked_mean

MEAN_WEEKS = 13
YEAR_WEEKS = 52


def mean_13w(y: F64, mask: Bool) -> F64:
    """Mean of the observed weeks among the last 13; of the last 13 observed weeks when all of those are masked."""
    recent = masked_mean(y[:, -MEAN_WEEKS:], mask[:, -MEAN_WEEKS:])
    if bool(mask[:, -MEAN_WEEKS:].any(axis=1).all()):
        return recent
    earlier = masked_mean(y, last_observed(mask, MEAN_WEEKS))
    return np.where(mask[:, -MEAN_WEEKS:].any(axis=1), recent, earlier)


def seasonal_naive(y: F64, mask: Bool, horizon: int) -> F64:
    """The same week one year (52 weeks) earlier; the last observed week where that one is masked or not recorded."""
    weeks = y.shape[1]
    last = masked_mean(y, last_observed(mask, 1))
    result = np.repeat(last[:, None], horizon, axis=1)
    for step in range(horizon):
        at = weeks + step - YEAR_WEEKS * (step // YEAR_WEEKS + 1)
        if at >= 0:
            result[:, step] = np.where(mask[:, at], y[:, at], last)
    return result


def sba(y: F64, mask: Bool, alpha: float = 0.1) -> F64:
    """Croston's method with the Syntetos-Boylan bias correction, one smoothing constant, masked weeks skipped.

    Syntetos and Boylan (2005), The accuracy of intermittent demand estimates, Int. J. Forecasting 21(2), 303-314.
    """
    n, weeks = y.shape
    size, interval, gap = np.zeros(n), np.ones(n), np.ones(n)
    started = np.zeros(n, dtype=bool)
    for week in range(weeks):
        seen = mask[:, week]
        hit = seen & (y[:, week] > 0)
        first = hit & ~started
        size = np.where(first, y[:, week], np.where(hit, size + alpha * (y[:, week] - size), size))
        interval = np.where(first, gap, np.where(hit, interval + alpha * (gap - interval), interval))
        gap = np.where(hit, 1.0, gap + seen)
        started |= hit
    return np.where(started, (1.0 - alpha / 2.0) * size / interval, 0.0)
