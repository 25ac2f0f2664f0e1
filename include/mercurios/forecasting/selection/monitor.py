"""What earlier forecasts were worth, measured when their weeks have come true, and an alarm when that gets worse.

The yardstick is the 13-week mean frozen at the origin of each forecast: a figure that no change of the models moves.
An alarm compares a ratio with its own history, because no bound fits a boutique and a grocer alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, masked_mean
from mercurios.forecasting.methods.baselines import mean_13w
from mercurios.forecasting.panel.classes import CLASS_NAMES, classify
from mercurios.forecasting.panel.panel import Panel

ALL = "all"
# Fewer earlier figures say nothing about what is usual.
LEAST_HISTORY = 6
_ALARM_DEVIATIONS = 3.0
_LEAST_DEVIATION = 0.03
# Median absolute deviation of a normal distribution, as a standard deviation.
_NORMAL_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Kept:
    """Earlier forecasts of the panel's series, one row a series, origin and period.

    Attributes:
        series: Row of the panel.
        origin: Column of the last period of history that each forecast knew.
        period: Column of the period that was forecast.
        mean: Mean forecast.
        quantiles: Quantiles, rows x probabilities.
    """

    series: I64
    origin: I64
    period: I64
    mean: F64
    quantiles: F64


@dataclass(frozen=True, slots=True)
class Measured:
    """What the forecasts of one demand class were worth.

    Attributes:
        demand_class: Class, or `all`.
        forecasts: Forecasts that came true or not.
        actual: Demand.
        wape: Sum of absolute errors over demand.
        wape_mean_13w: That of the frozen 13-week mean.
        ratio: Ours over the frozen mean's; less than one is better.
        mase: Mean absolute error over that of last period's demand as a forecast (Hyndman and Koehler 2006, Another
            look at measures of forecast accuracy, Int. J. Forecasting 22(4), 679-688).
        bias: Forecast minus demand, over demand.
        tracking_signal: Sum of the periods' errors over their mean absolute size; beyond about four it is no chance.
        coverage: Share of demand at most each quantile.
    """

    demand_class: str
    forecasts: int
    actual: float
    wape: float | None
    wape_mean_13w: float | None
    ratio: float | None
    mase: float | None
    bias: float | None
    tracking_signal: float | None
    coverage: tuple[float | None, ...]


def measure(panel: Panel, kept: Kept) -> list[Measured]:
    """Compare kept forecasts with the panel's demand, all together and by demand class.

    Periods in which stock limited sales are left out: what would have been sold is not known. Those after a series' end
    count.
    """
    known, demand = panel.known()
    seen = known[kept.series, kept.period] if kept.series.size else np.zeros(0, dtype=bool)
    actual = demand[kept.series, kept.period] if kept.series.size else np.zeros(0)
    frozen, naive = _references(panel, kept)
    code = classify(panel)[kept.series] if kept.series.size else np.zeros(0, dtype=np.int64)
    found = [_measured(ALL, seen, actual, frozen, naive, kept)]
    for number, name in enumerate(CLASS_NAMES):
        chosen = seen & (code == number)
        if bool(chosen.any()):
            found.append(_measured(name, chosen, actual, frozen, naive, kept))
    return found


def left_out(panel: Panel, kept: Kept) -> tuple[float | None, float | None]:
    """Shares of the kept forecasts, and of their units, whose demand is not known."""
    seen = panel.known()[0][kept.series, kept.period]
    return _share(float((~seen).sum()), float(seen.size)), _share(
        float(kept.mean[~seen].sum()), float(kept.mean.sum())
    )


def is_drifting(history: Sequence[float], value: float) -> bool:
    """Whether a ratio is higher than its own earlier figures explain: three robust deviations above their median."""
    if len(history) < LEAST_HISTORY:
        return False
    past = np.asarray(history, dtype=np.float64)
    middle = float(np.median(past))
    deviation = _NORMAL_MAD * float(np.median(np.abs(past - middle)))
    return value > middle + _ALARM_DEVIATIONS * max(deviation, _LEAST_DEVIATION)


def _references(panel: Panel, kept: Kept) -> tuple[F64, F64]:
    """The 13-week mean frozen at each forecast's origin, 0 of what had ended, and the mean change between periods."""
    frozen = np.zeros(kept.series.size)
    for origin in np.unique(kept.origin).tolist():
        rows = kept.origin == origin
        past = panel.until(origin + 1)
        left = past.demand_left(1)[:, 0] > 0
        frozen[rows] = np.where(left, mean_13w(past), 0.0)[kept.series[rows]]
    both = panel.mask[:, 1:] & panel.mask[:, :-1]
    change = (
        masked_mean(np.abs(np.diff(panel.y, axis=1)), both) if panel.n_weeks > 1 else np.zeros(panel.n_series)
    )
    return frozen, change[kept.series] if kept.series.size else np.zeros(0)


def _measured(name: str, chosen: Bool, actual: F64, frozen: F64, naive: F64, kept: Kept) -> Measured:
    demand, mean = actual[chosen], kept.mean[chosen]
    total = float(demand.sum())
    error = mean - demand
    ours, theirs = float(np.abs(error).sum()), float(np.abs(frozen[chosen] - demand).sum())
    scale = float(naive[chosen].sum())
    return Measured(
        demand_class=name,
        forecasts=int(chosen.sum()),
        actual=total,
        wape=_share(ours, total),
        wape_mean_13w=_share(theirs, total),
        ratio=_share(ours, theirs),
        mase=_share(ours, scale),
        bias=_share(float(error.sum()), total),
        tracking_signal=_tracking(error, kept.period[chosen]),
        coverage=tuple(
            float((demand <= kept.quantiles[chosen, at]).mean()) if demand.size else None
            for at in range(kept.quantiles.shape[1])
        ),
    )


def _tracking(error: F64, period: I64) -> float | None:
    """Sum of the periods' errors over their mean absolute size."""
    if not error.size:
        return None
    _, at = np.unique(period, return_inverse=True)
    errors = np.bincount(at, weights=error)
    return _share(float(errors.sum()), float(np.abs(errors).mean()))


def _share(value: float, total: float) -> float | None:
    return value / total if total > 0 else None
