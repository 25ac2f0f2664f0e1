"""Weeks that say little about the next ones: keyed-in outliers, which are masked, and one-off orders, which are damped.

One week that is many times everything else a series ever sold is a mistake, not demand. One that is as many times the
third best of the weeks around it, with no neighbour like it, is an order that does not come every week: it counts as a
very good week.
Both are counted as recorded where forecasts are compared with what came true.
"""

from __future__ import annotations

import numpy as np

from mercurios.forecasting.arrays import F64, Bool
from mercurios.forecasting.panel.history import History

# Ten times the second best period, which itself is not just the single sale of a new article.
_RATIO = 10.0
_MIN_OBSERVED = 8
_LEAST_UNITS = 100.0
_VERY_GOOD = 3.0
_ONE_OFF_UNITS = 20.0
_AROUND = 13.0


def flag_outliers(history: History) -> Bool:
    """Mark the periods that are keyed-in outliers; at most one a series."""
    y, mask = history.y, history.mask
    flagged = np.zeros(mask.shape, dtype=bool)
    if y.shape[1] < _MIN_OBSERVED:
        return flagged
    seen = np.where(mask, y, 0.0)
    second, first = np.partition(seen, -2, axis=1)[:, -2:].T
    outlier = (first >= _LEAST_UNITS) & (first > _RATIO * second) & (mask.sum(axis=1) >= _MIN_OBSERVED)
    outlier &= second > 0
    rows = np.flatnonzero(outlier)
    flagged[rows, np.argmax(seen[rows], axis=1)] = True
    return flagged


def without_one_offs(history: History) -> F64:
    """Units with one-off orders as three times the third best period around; as they are where promotions are known.

    Around is a quarter before and after: an order in summer for goods that sell at Christmas is not one of their peaks.
    """
    y, mask, reach = history.y, history.mask, history.cadence.periods(_AROUND)
    if y.shape[1] < _MIN_OBSERVED or history.x is not None:
        return y
    seen = np.where(mask, y, 0.0)
    beside = np.zeros_like(seen)
    beside[:, 1:] = seen[:, :-1]
    beside[:, :-1] = np.maximum(beside[:, :-1], seen[:, 1:])
    rows, at = np.nonzero((seen >= _ONE_OFF_UNITS) & (seen > _RATIO * beside))
    padded = np.pad(seen[rows], ((0, 0), (reach, reach)))
    around = np.take_along_axis(padded, at[:, None] + np.arange(2 * reach + 1), axis=1)
    third = np.partition(around, -3, axis=1)[:, -3]
    one_off = (third > 0) & (seen[rows, at] > _RATIO * third)
    if not one_off.any():
        return y
    damped = y.copy()
    damped[rows[one_off], at[one_off]] = _VERY_GOOD * third[one_off]
    return damped
