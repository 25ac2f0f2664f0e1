"""Rules that the product is compared with: what a planner has in a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, last_observed, masked_mean, row_sum
from mercurios.forecasting.methods import baselines
from mercurios.forecasting.panel.panel import Panel

PRODUCT, MEAN_13W, SEASONAL_NAIVE = "product", "mean_13w", "seasonal_naive"
SIMPLE_RULES = (MEAN_13W, SEASONAL_NAIVE)
RULES = (PRODUCT, *SIMPLE_RULES)
_WEEKS = 13


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a simple rule expects of the protection period.

    Attributes:
        mean: units of each series.
        deviation: their standard deviation.
    """

    mean: F64
    deviation: F64


def expectation(rule: str, past: Panel, weeks: I64) -> Expectation:
    """Return what a rule expects of the next weeks from the weeks before.

    Args:
        rule: one of `SIMPLE_RULES`.
        past: the history so far.
        weeks: weeks of each series' protection period, at least 1.
    """
    recent = last_observed(past.mask, _WEEKS)
    root = np.sqrt(weeks.astype(np.float64))
    if rule == MEAN_13W:
        mean = baselines.mean_13w(past)
        return Expectation(mean * weeks, _deviation(past.y - mean[:, None], recent, freedom=1) * root)
    if rule != SEASONAL_NAIVE:
        raise ValueError(f"there is no rule {rule}; known are {', '.join(SIMPLE_RULES)}")
    ahead = np.cumsum(baselines.seasonal_naive(past, int(weeks.max())), axis=1)
    total: F64 = ahead[np.arange(weeks.size), weeks - 1]
    year = past.cadence.year
    error = past.y - masked_mean(past.y, recent)[:, None]
    if past.n_weeks > year:
        both = past.mask[:, year:] & past.mask[:, :-year]
        error[:, year:] = np.where(both, past.y[:, year:] - past.y[:, :-year], error[:, year:])
    return Expectation(total, _deviation(error, recent, freedom=0) * root)


def _deviation(error: F64, counted: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], freedom: int) -> F64:
    """Root mean square of the counted errors of each series."""
    squares = row_sum(np.where(counted, error * error, 0.0))
    found: F64 = np.sqrt(squares / np.maximum(counted.sum(axis=1) - freedom, 1))
    return found
