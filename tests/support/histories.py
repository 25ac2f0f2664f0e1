"""Demand histories from plain arrays, for tests of what learns from them."""

from __future__ import annotations

import numpy as np

from mercurios.forecasting.panel.cadence import WEEKLY, Cadence
from mercurios.forecasting.panel.history import History

FIRST_MONDAY = np.datetime64("2021-01-04", "D")


def history_of(
    y: np.ndarray,
    mask: np.ndarray | None = None,
    cadence: Cadence = WEEKLY,
    x: np.ndarray | None = None,
    group: np.ndarray | None = None,
) -> History:
    """A history from a Monday on; every period observed and every series in one group when not said otherwise."""
    n, periods = y.shape
    return History(
        y=y,
        mask=np.ones(y.shape, dtype=bool) if mask is None else mask,
        week_starts=FIRST_MONDAY + cadence.days * np.arange(periods),
        group=np.zeros(n, dtype=np.int64) if group is None else group,
        cadence=cadence,
        x=x,
    )
