"""Rolling-origin backtests: every judgement about a method is made on forecasts it would have given at the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.methods.pool import METHODS, Candidates, Shared, candidates
from mercurios.forecasting.panel.cadence import WEEKLY, Cadence
from mercurios.forecasting.panel.classes import CLASS_NAMES
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.selection.totals import Cells
from mercurios.forecasting.settings import ForecastSettings

# A series younger than this at an origin says nothing about how well a method does.
_MIN_OBSERVED_WEEKS = 8
_LEAST_TRAIN_WEEKS = 10
_YEARS_BACK = 2
_YEARS_KNOWN = 2


@dataclass(frozen=True, slots=True)
class Window:
    """One backtest origin: candidates, what came true, and which series and periods count.

    Attributes:
        cut: Periods of history at the origin.
        candidates: What each method forecast.
        actual: What came true, where that is known.
        usable: Which periods methods are judged by: those of series that were observed long enough and had not ended,
            whose demand is known. Ends after the origin do not matter: they were not known.
        there: Periods of series that had begun at the origin; all others were not forecast then.
        known: Those of them whose demand is known.
        absolute: Absolute error of every series and method over its usable periods.
        squared: Squared error over the series' variance.
        totals: Squared error of the total of each class and group over what it may be off by, its weeks' mean, class x
            groups x methods; groups ascending.
    """

    cut: int
    candidates: Candidates
    actual: F64
    usable: Bool
    there: Bool
    known: Bool
    absolute: F64
    squared: F64
    totals: F64

    def errors(self, mean: F64) -> tuple[F64, F64]:
        """Absolute and scaled squared error of each series over its usable periods."""
        error = np.where(self.usable, mean - self.actual, 0.0)
        return np.abs(error).sum(axis=1), (error * error).sum(axis=1) / self.variance()

    def variance(self) -> F64:
        """Variance of each series around its 13-week mean, the measure of all methods' errors."""
        found = self.candidates
        variance: F64 = found.spread.at(found.level[:, -1:])[:, 0] ** 2
        return variance

    def total_errors(self, mean: F64, group: I64) -> F64:
        """Squared errors of the totals of classes and groups over what those may be off by, class x groups."""
        noise = np.repeat(self.variance()[:, None], mean.shape[1], axis=1)
        counted, actual, variance = (np.where(self.usable, each, 0.0) for each in (mean, self.actual, noise))
        return Cells.of(self.candidates.demand_class, group).total_errors(
            counted, actual, variance, self.usable
        )


def origins(periods: int, settings: ForecastSettings, cadence: Cadence = WEEKLY) -> list[int]:
    """Periods of history at each origin, latest first; an origin needs a full horizon behind it.

    The latest origins lie `window_step` weeks apart, closer where history is short. The same weeks one and two years
    earlier are added where two years lie before them: what went wrong last Christmas may go wrong again. From one year
    growth and season cannot be told apart, so that such an origin would judge another season than the one of today.
    """
    last = periods - settings.horizon
    half = int(periods / cadence.week) // 2
    least = cadence.periods(min(settings.min_train_weeks, max(_LEAST_TRAIN_WEEKS, half)))
    step = cadence.periods(settings.window_step)
    if settings.windows > 1:
        step = max(1, min(step, (last - least) // (settings.windows - 1)))
    recent = [last - step * window for window in range(settings.windows)]
    cuts = [cut for cut in recent if cut >= least]
    if cuts:
        years = [periods - cadence.year * year for year in range(1, _YEARS_BACK + 1)]
        cuts += [cut for cut in years if _YEARS_KNOWN * cadence.year <= cut < min(cuts)]
    return cuts


def run_windows(
    panel: Panel,
    shared: dict[int, Shared],
    holidays: Iterable[date],
    settings: ForecastSettings,
    progress: Callable[[str], None] | None = None,
) -> list[Window]:
    """Backtest every series at each of the context's origins, latest first."""
    days = tuple(holidays)
    cuts = sorted((cut for cut in shared if cut < panel.n_weeks), reverse=True)
    windows = []
    for cut in cuts:
        windows.append(_window(panel, cut, shared[cut], days, settings))
        if progress is not None:
            progress("backtest")
    return windows


def _window(
    panel: Panel, cut: int, shared: Shared, holidays: tuple[date, ...], settings: ForecastSettings
) -> Window:
    past = panel.until(cut)
    ahead = slice(cut, cut + settings.horizon)
    seen = past.mask.sum(axis=1) >= panel.cadence.periods(_MIN_OBSERVED_WEEKS)
    found = candidates(past, shared, holidays, settings)
    known, demand = panel.known()
    known, truth = known[:, ahead], demand[:, ahead]
    usable = known & (seen & past.alive())[:, None]
    begun = np.asarray(past.known()[0].any(axis=1))
    there = np.repeat(begun[:, None], truth.shape[1], axis=1)
    blank = np.zeros((panel.n_series, len(METHODS)))
    totals = np.zeros((len(CLASS_NAMES), np.unique(panel.group).size, len(METHODS)))
    window = Window(cut, found, truth, usable, there, known & there, blank, blank.copy(), totals)
    for method in range(len(METHODS)):
        mean = found.single(method)
        window.absolute[:, method], window.squared[:, method] = window.errors(mean)
        totals[:, :, method] = window.total_errors(mean, panel.group)
    return window
