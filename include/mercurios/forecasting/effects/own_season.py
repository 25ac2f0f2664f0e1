"""The season of a series itself: an index by week of the year, smoothed, and taken as far as its years agree.

A group's season leaves out what one article does alone, and the additive model's own waves are smooth. The index is the
classical one, demand over its level of a whole year (Hyndman and Athanasopoulos 2021, Forecasting: Principles and
Practice, 3rd ed., section 3.4), on what the group's factors leave, smoothed over neighbouring weeks and shrunk: a
series' share is the reliability of its index, found by predicting every year's from the others' (Miller and Williams
2003, Shrinkage estimators of time series seasonal factors, Int. J. Forecasting 19(4), 669-684; the Spearman-Brown
formula brings it to all years together).
"""

from __future__ import annotations

import numpy as np

from mercurios.forecasting.arrays import F64, I64, matmul_rows, row_sum
from mercurios.forecasting.effects.calendar import Frame
from mercurios.forecasting.panel.history import History

# Years of history before a series' own index is looked for, and the latest that are used.
LEAST_YEARS, _MOST_YEARS = 2, 5
_WEEKS = 52
_YEAR_DAYS = 365.25
# Weeks of the kernels' standard deviations: a peak of two weeks, and a wave.
_BANDWIDTHS = (1.0, 3.0)
_LEAST_FACTOR, _MOST_FACTOR = 0.1, 5.0
_TINY = 1e-9


def own_season(history: History, frame: Frame, past: F64) -> F64:
    """Factor of every series' own season in history and horizon, series x (periods + horizon); 1 where unclear.

    Args:
        history: Demand.
        frame: The calendar.
        past: Log factors of the history that are known without it, series x periods.
    """
    weeks, year = frame.weeks, frame.cadence.year
    years = min(weeks // year, _MOST_YEARS)
    if years < LEAST_YEARS:
        return np.ones((history.n_series, weeks + frame.horizon))
    exposure = np.where(history.mask, np.exp(past), 0.0)
    demand = np.where(history.mask, history.y, 0.0)
    expected = exposure * _yearly_level(demand, exposure, year)
    place = _week_of_year(frame)
    latest = [slice(weeks - year * (back + 1), weeks - year * back) for back in range(years)]
    sold, usual = (
        np.stack([_by_week(values[:, part], place[part]) for part in latest]) for values in (demand, expected)
    )
    found = [_index(sold, usual, _kernel(width)) for width in _BANDWIDTHS]
    closest = np.argmin(np.stack([error for _, error in found]), axis=0)
    factor = np.stack([index for index, _ in found])[closest, np.arange(history.n_series)]
    return np.asarray(np.clip(factor, _LEAST_FACTOR, _MOST_FACTOR)[:, place])


def _yearly_level(demand: F64, exposure: F64, year: int) -> F64:
    """Demand over exposure of the year around each period; a whole year at both ends too, so that a season cancels."""
    weeks = demand.shape[1]
    begin = np.clip(np.arange(weeks) - year // 2, 0, weeks - year)
    sums = []
    for values in (demand, exposure):
        total = np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1)], axis=1)
        sums.append(total[:, begin + year] - total[:, begin])
    return np.where(sums[1] > _TINY, sums[0] / np.maximum(sums[1], _TINY), 0.0)


def _week_of_year(frame: Frame) -> I64:
    """Fifty-second of the year that each period begins in; the years begin with the history."""
    days = (frame.week_starts - frame.week_starts[0]).astype(np.int64)
    place: I64 = np.floor(days % _YEAR_DAYS / _YEAR_DAYS * _WEEKS).astype(np.int64)
    return place


def _kernel(width: float) -> F64:
    """Gaussian weights of the weeks around each week, around the turn of the year too."""
    apart = np.abs(np.arange(_WEEKS)[:, None] - np.arange(_WEEKS))
    weight = np.exp(-0.5 * (np.minimum(apart, _WEEKS - apart) / width) ** 2)
    shares: F64 = weight / weight.sum(axis=1, keepdims=True)
    return shares


def _by_week(values: F64, place: I64) -> F64:
    """Sum up one year's values by week of the year, series x weeks."""
    chosen = (place[:, None] == np.arange(_WEEKS)).astype(np.float64)
    return matmul_rows(values, chosen)


def _index(sold: F64, usual: F64, kernel: F64) -> tuple[F64, F64]:
    """Shrunk index of each series by week of the year, and how far every year was from what the others say of it.

    Each week's error counts by what was expected in it, as of counts.

    Args:
        sold: Demand by year, series and week of the year.
        usual: What was expected of it without an own season.
        kernel: Weights of the weeks around each week.
    """
    years = sold.shape[0]
    smooth = [(matmul_rows(sold[year], kernel), matmul_rows(usual[year], kernel)) for year in range(years)]
    whole = tuple(sum(parts, np.zeros_like(parts[0])) for parts in zip(*smooth, strict=True))
    product, square, rest = (np.zeros(sold.shape[1]) for _ in range(3))
    for year, (found, expected) in enumerate(smooth):
        deviation = _deviation(whole[0] - found, whole[1] - expected)
        miss = sold[year] - usual[year]
        product += row_sum(deviation * miss)
        square += row_sum(deviation * deviation * usual[year])
        rest += row_sum(miss * miss / np.maximum(usual[year], _TINY))
    slope = np.clip(product / np.maximum(square, _TINY), 0.0, 1.0)
    # Reliability of all years' index from that of all but one (Spearman and Brown).
    single = slope / np.maximum(years - 1 - (years - 2) * slope, _TINY)
    share = years * single / (1.0 + (years - 1) * single)
    return 1.0 + share[:, None] * _deviation(*whole), rest - 2.0 * slope * product + slope * slope * square


def _deviation(sold: F64, usual: F64) -> F64:
    return np.where(usual > _TINY, sold / np.maximum(usual, _TINY) - 1.0, 0.0)
