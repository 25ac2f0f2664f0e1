"""Rolling-origin backtests: every judgement about a method is made on forecasts it would have given at the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from mercurios.forecasting import baselines
from mercurios.forecasting.additive import Parts, fit_additive
from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.classes import classify
from mercurios.forecasting.design import build_frame
from mercurios.forecasting.newcomers import Levels, temper
from mercurios.forecasting.panel import Panel
from mercurios.forecasting.profiles import Profile
from mercurios.forecasting.quantiles import error_scale
from mercurios.forecasting.settings import ForecastSettings

# A series younger than this at an origin says nothing about how well a method does.
_MIN_OBSERVED = 8


@dataclass(frozen=True, slots=True)
class Shared:
    """What one origin takes from the whole panel: the pooled profile and the groups' levels."""

    profile: Profile
    levels: Levels


@dataclass(frozen=True, slots=True)
class Candidates:
    """Forecasts of every series from one origin, before they are combined."""

    parts: Parts
    mean_13w: F64
    seasonal_naive: F64
    demand_class: I64
    scale: F64
    ceiling: F64

    def blend(self, weight: F64) -> Parts:
        """Parts of `weight` x additive + (1 - weight) x 13-week mean, one weight a series."""
        share = weight[:, None]
        mixed = self.parts.map(lambda part: share * part)
        level = mixed.level + (1.0 - share) * self.mean_13w[:, None]
        return Parts(level, mixed.trend, mixed.season, mixed.holiday, mixed.regressor)

    def bounded(self, parts: Parts) -> F64:
        """Mean forecast within 0 and the series' ceiling."""
        return np.clip(parts.total(), 0.0, self.ceiling[:, None])


@dataclass(frozen=True, slots=True)
class Window:
    """One backtest origin: candidates, what came true, and which series and weeks count."""

    cut: int
    candidates: Candidates
    actual: F64
    usable: Bool

    def absolute_error(self, mean: F64) -> F64:
        """Absolute error of each series summed over its usable weeks."""
        error: F64 = np.where(self.usable, np.abs(self.actual - mean), 0.0).sum(axis=1)
        return error


def origins(weeks: int, settings: ForecastSettings) -> list[int]:
    """Weeks of history at each origin, latest first; an origin needs a full horizon behind it."""
    cuts = [weeks - settings.horizon - settings.window_step * window for window in range(settings.windows)]
    return [cut for cut in cuts if cut >= settings.min_train_weeks]


def candidates(
    panel: Panel, shared: Shared, holidays: Iterable[date], settings: ForecastSettings
) -> Candidates:
    """Forecast every series of `panel` from the end of its history with every method."""
    frame = build_frame(panel.week_starts, settings.horizon, holidays, settings.fourier_order)
    y, mask = panel.y, panel.mask
    parts = fit_additive(y, mask, panel.group, frame, shared.profile, settings)
    recent = baselines.mean_13w(y, mask)
    return Candidates(
        parts=temper(parts, mask, panel.group, panel.branch_number, shared.levels),
        mean_13w=recent,
        seasonal_naive=baselines.seasonal_naive(y, mask, settings.horizon),
        demand_class=classify(y, mask),
        scale=error_scale(y, mask),
        ceiling=settings.max_ratio * y.max(axis=1, initial=0.0),
    )


def run_windows(
    panel: Panel, shared: dict[int, Shared], holidays: Iterable[date], settings: ForecastSettings
) -> list[Window]:
    """Backtest every series at each of the context's origins."""
    days = tuple(holidays)
    windows = []
    for cut in sorted((cut for cut in shared if cut < panel.n_weeks), reverse=True):
        past = panel.until(cut)
        ahead = slice(cut, cut + settings.horizon)
        known = past.mask.sum(axis=1) >= _MIN_OBSERVED
        windows.append(
            Window(
                cut=cut,
                candidates=candidates(past, shared[cut], days, settings),
                actual=panel.y[:, ahead],
                usable=panel.mask[:, ahead] & known[:, None],
            )
        )
    return windows
