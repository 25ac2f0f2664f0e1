"""The simple rules a model has to beat, batched like the model itself.

They are references in every backtest and, in the case of the 13-week mean, what is published when the models are worse.
"""

from __future__ import annotations

import numpy as np

from mercurios.forecasting.arrays import F64, last_observed, masked_mean
from mercurios.forecasting.methods.smoothing import sba
from mercurios.forecasting.panel.history import History

MEAN_WEEKS = 13

__all__ = ["MEAN_WEEKS", "mean_13w", "sba", "seasonal_naive"]


def mean_13w(history: History) -> F64:
    """Mean of the observed periods of the last 13 weeks; of as many observed ones when all of those are masked."""
    y, mask = history.y, history.mask
    periods = history.cadence.periods(MEAN_WEEKS)
    recent = masked_mean(y[:, -periods:], mask[:, -periods:])
    known = mask[:, -periods:].any(axis=1)
    if bool(known.all()):
        return recent
    return np.where(known, recent, masked_mean(y, last_observed(mask, periods)))


def seasonal_naive(history: History, horizon: int) -> F64:
    """The same period one season earlier; the last observed period where that one is masked or not recorded.

    The season is 52 weeks, on daily panels one week.
    """
    y, mask, weeks, lag = history.y, history.mask, history.n_weeks, history.cadence.naive
    last = masked_mean(y, last_observed(mask, 1))
    result = np.repeat(last[:, None], horizon, axis=1)
    for step in range(horizon):
        at = weeks + step - lag * (step // lag + 1)
        if at >= 0:
            result[:, step] = np.where(mask[:, at], y[:, at], last)
    return result
