"""Exponential smoothing of many series at once: SES, TSB and SBA, with or without the seasonal factors taken out.

The level of a series with the seasonal factor f is discounted demand over discounted exposure, sum w y / sum w f: a
week in which twice the demand is expected says twice as much about the level. With f = 1 this is the textbook's SES.
Masked periods leave every state as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mercurios.forecasting.arrays import F64, Bool, masked_mean
from mercurios.forecasting.panel.history import History

SES_GRID = (0.05, 0.1, 0.2, 0.4)
TSB_GRID = (0.05, 0.1, 0.2)
# One-step errors of neighbouring weeks are correlated and the horizon is longer than one week, so their evidence
# counts for half.
_EVIDENCE = 0.5
_START_PERIODS = 8


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Final level of each series for each smoothing constant, and the one-step errors made on the way.

    Attributes:
        level: Series x constants.
        squared_error: Sum of squared one-step errors, series x constants.
        count: Observed periods of each series.
    """

    level: F64
    squared_error: F64
    count: F64

    def averaged(self) -> F64:
        """Level averaged over the constants by the evidence of their one-step errors."""
        error = np.maximum(self.squared_error, 1e-12 * (1.0 + self.squared_error.max(axis=1, keepdims=True)))
        log_weight = -0.5 * _EVIDENCE * self.count[:, None] * np.log(error)
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        mean: F64 = (weight * self.level).sum(axis=1) / weight.sum(axis=1)
        return mean


def starting_level(history: History, exposure: F64 | None = None) -> F64:
    """Demand over exposure of the first observed periods."""
    mask = history.mask
    early = mask & (np.cumsum(mask, axis=1, dtype=np.int16) <= _START_PERIODS)
    total = np.where(early, history.y, 0.0).sum(axis=1)
    weight = early.sum(axis=1) if exposure is None else np.where(early, exposure, 0.0).sum(axis=1)
    level: F64 = np.where(weight > 0, total / np.maximum(weight, 1e-12), 0.0)
    return level


def ses(history: History, grid: tuple[float, ...] = SES_GRID, exposure: F64 | None = None) -> Smoothed:
    """Smooth every series with every constant of the grid.

    Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., section 8.1.
    """
    alpha = np.asarray(grid)[:, None]
    top = np.repeat(starting_level(history, exposure)[None, :], len(grid), axis=0)
    bottom = np.ones_like(top)
    error = np.zeros_like(top)
    for seen, demand, weight in _columns(history, exposure):
        step = alpha * seen
        if len(grid) > 1:
            miss = demand - (top if exposure is None else top / bottom * weight)
            error += miss * miss * seen
        top += step * (demand - top)
        if exposure is not None:
            bottom += step * (weight - bottom)
    return _smoothed(top / bottom, error, history.mask)


def tsb(history: History, grid: tuple[float, ...] = TSB_GRID, exposure: F64 | None = None) -> Smoothed:
    """Smooth size and probability of demand apart, so that an article that stops selling fades away.

    Teunter, Syntetos and Babai (2011), Intermittent demand: Linking forecasting to inventory obsolescence, European J.
    Operational Research 214(3), 606-615. One constant for both; sizes are taken per unit of exposure.
    """
    alpha = np.asarray(grid)[:, None]
    sold = history.mask & (history.y > 0)
    count = np.maximum(history.mask.sum(axis=1), 1)
    chance = np.repeat((sold.sum(axis=1) / count)[None, :], len(grid), axis=0)
    start = starting_level(replace(history, mask=sold), exposure)
    size = np.repeat(start[None, :], len(grid), axis=0)
    error = np.zeros_like(size)
    for seen, demand, weight in _columns(history, exposure):
        hit = seen & (demand > 0)
        if len(grid) > 1:
            miss = demand - (chance * size if exposure is None else chance * size * weight)
            error += miss * miss * seen
        size += alpha * hit * ((demand if exposure is None else demand / weight) - size)
        chance += alpha * seen * (hit - chance)
    return _smoothed(chance * size, error, history.mask)


def sba(history: History, alpha: float = 0.1) -> F64:
    """Croston's method with the Syntetos-Boylan bias correction, one smoothing constant.

    Size and interval begin as the series' means. An interval that begins at one is forgotten only after many sales: a
    series that sells in every tenth period would be forecast for years as if it sold in most.

    Syntetos and Boylan (2005), The accuracy of intermittent demand estimates, Int. J. Forecasting 21(2), 303-314.
    """
    sold = history.mask & (history.y > 0)
    count = sold.sum(axis=1)
    size, interval = masked_mean(history.y, sold), history.mask.sum(axis=1) / np.maximum(count, 1)
    gap, started = np.ones(history.n_series), np.zeros(history.n_series, dtype=bool)
    for seen, demand, _ in _columns(history, None):
        hit = seen & (demand > 0)
        step = alpha * hit
        size += step * (demand - size)
        interval += step * started * (gap - interval)
        gap = np.where(hit, 1.0, gap + seen)
        started |= hit
    level: F64 = np.where(started, (1.0 - alpha / 2.0) * size / np.maximum(interval, 1.0), 0.0)
    return level


def _smoothed(level: F64, error: F64, mask: Bool) -> Smoothed:
    count = mask.sum(axis=1).astype(np.float64)
    return Smoothed(np.ascontiguousarray(level.T), np.ascontiguousarray(error.T), count)


def _columns(history: History, exposure: F64 | None) -> zip[tuple[Bool, F64, F64]]:
    """Periods one after the other, each contiguous: what was seen, demand and exposure of every series."""
    n, periods = history.y.shape
    weight = np.ones((1, 1)) if exposure is None else np.ascontiguousarray(exposure.T)
    rows = np.broadcast_to(weight, (periods, n))
    seen, demand = np.ascontiguousarray(history.mask.T), np.ascontiguousarray(history.y.T)
    return zip(seen, demand, rows, strict=True)
