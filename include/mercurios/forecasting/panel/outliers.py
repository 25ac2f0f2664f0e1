"""Keyed-in outliers: one week that is many times everything else a series ever sold is a mistake, not demand.

Such a week is masked for learning. It is still counted where forecasts are compared with what was recorded.
"""

from __future__ import annotations

import numpy as np

from mercurios.forecasting.arrays import Bool
from mercurios.forecasting.panel.history import History

# Ten times the second best period, which itself is not just the single sale of a new article.
_RATIO = 10.0
_MIN_OBSERVED = 8
_LEAST_UNITS = 100.0


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
