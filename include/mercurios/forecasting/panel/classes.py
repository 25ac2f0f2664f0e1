"""Demand classes by how often and how evenly a series sells, because scale and error pools differ by class.

Syntetos, Boylan and Croston (2005), On the categorization of demand patterns, J. Oper. Res. Soc. 56(5), 495-503.
"""

from __future__ import annotations

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, masked_mean
from mercurios.forecasting.panel.history import History

ADI_CUT = 1.32
CV2_CUT = 0.49
CLASS_NAMES = ("smooth", "erratic", "intermittent", "lumpy", "none")
SMOOTH, ERRATIC, INTERMITTENT, LUMPY, NONE = range(len(CLASS_NAMES))

# The log scale needs demand in nearly every week: with zeros it is biased upwards by a quarter.
_DENSE_ADI = 1.05
_DENSE_MEAN = 5.0


def interval(history: History) -> F64:
    """Observed weeks per selling week (ADI), infinite for a series without a sale."""
    selling = (history.mask & (history.y > 0)).sum(axis=1)
    return np.where(selling > 0, history.mask.sum(axis=1) / np.maximum(selling, 1), np.inf)


def variation(history: History) -> F64:
    """Squared variation of the selling weeks' units (CV2)."""
    sold = history.mask & (history.y > 0)
    mean = masked_mean(history.y, sold)
    deviation = np.where(sold, history.y - mean[:, None], 0.0)
    variance = masked_mean(deviation * deviation, sold)
    square = mean * mean
    return variance / np.where(square > 0, square, 1.0)


def classify(history: History) -> I64:
    """Class code of each series, an index into `CLASS_NAMES`; `NONE` for a series without a sale."""
    adi, cv2 = interval(history), variation(history)
    rare = adi >= ADI_CUT
    uneven = cv2 >= CV2_CUT
    code = np.where(rare, np.where(uneven, LUMPY, INTERMITTENT), np.where(uneven, ERRATIC, SMOOTH))
    named: I64 = np.where(np.isinf(adi), NONE, code).astype(np.int64)
    return named


def is_dense(history: History) -> Bool:
    """Series that sell nearly every week in quantity, for which effects multiply and the log scale is right."""
    mean = masked_mean(history.y, history.mask)
    dense: Bool = (interval(history) <= _DENSE_ADI) & (mean >= _DENSE_MEAN)
    return dense
