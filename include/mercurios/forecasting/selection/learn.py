"""What a run learns from the whole panel before any shard is forecast: seasonal factors, scores and pools of errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, row_sum
from mercurios.forecasting.effects.calendar import Frame, build_frame
from mercurios.forecasting.effects.profiles import Profile, fit_profile
from mercurios.forecasting.effects.regressors import (
    Effects,
    fit_effects,
    log_effect,
    no_effects,
    series_effects,
    typical_effect,
    usual_values,
)
from mercurios.forecasting.effects.ridge import RidgeBasis
from mercurios.forecasting.methods.baselines import MEAN_WEEKS
from mercurios.forecasting.methods.cold_start import fit_levels
from mercurios.forecasting.methods.pool import POOLED_SES, Shared
from mercurios.forecasting.panel.closing import find_closed
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.selection import metrics
from mercurios.forecasting.selection.backtest import Window, origins, run_windows
from mercurios.forecasting.selection.combine import (
    Scores,
    Tested,
    choose,
    fit_scores,
    series_scores,
    with_combination,
)
from mercurios.forecasting.selection.context import SharedContext
from mercurios.forecasting.settings import ForecastSettings
from mercurios.forecasting.uncertainty.common_error import CommonErrors, Total, fit_common_errors
from mercurios.forecasting.uncertainty.quantiles import ErrorPool, Errors, fit_pool, quantiles, targets

# Rounds in which calendar and regressors are fitted, and the change of a log factor below which they are the same.
_ROUNDS, _SAME = 4, 0.005


def learn_all(
    panel: Panel,
    days: tuple[date, ...],
    settings: ForecastSettings,
    progress: Callable[[str], None] | None = None,
) -> tuple[SharedContext, list[Window] | None]:
    """Learn the context; also return its backtest when that covered every series."""
    panel = panel.planned(settings.horizon).wanted()
    whole = panel.n_series <= settings.sample_series
    sample = panel if whole else panel.take(_sample(panel, settings.sample_series))
    cuts = origins(panel.n_weeks, settings, panel.cadence)
    shared = {}
    for cut in (panel.n_weeks, *cuts):
        shared[cut] = _learn(panel.until(cut), sample.until(cut), days, settings)
        if progress is not None:
            progress("factors")
    windows = run_windows(sample, shared, days, settings, progress)
    scores = fit_scores(windows, sample.group)
    tested = published(windows, with_combination(windows, scores, sample.group), scores, sample.group)
    rows = np.arange(sample.n_series)
    if sample.n_series > settings.pool_series:
        rows = _sample(sample, settings.pool_series)
    if panel.n_weeks >= panel.cadence.year and not scores.available[POOLED_SES]:
        tested = _in_season(windows, tested, shared[panel.n_weeks].profile, sample)
    common, pool = _pool(windows, tested, rows, settings, panel.n_weeks / panel.cadence.year)
    covered = _held_out_coverage(windows, tested, rows, settings, panel.n_weeks / panel.cadence.year)
    context = SharedContext(panel.n_weeks, shared, scores, pool, common.bias, covered)
    return context, windows if whole else None


def published(windows: list[Window], tested: list[Tested], scores: Scores, group: I64) -> list[F64]:
    """What would have been published at each origin, chosen by all other origins, before the correction of bias."""
    means = []
    for row, window in enumerate(windows):
        found = window.candidates
        score = series_scores(tested, scores, found.demand_class, group, without=row)
        means.append(found.bounded(found.mixed(choose(score))))
    return means


def _in_season(windows: list[Window], tested: list[F64], profile: Profile, sample: Panel) -> list[F64]:
    """What would have been forecast at origins that knew no season, with the season that has become known since.

    What is left of their errors is what the next forecast, which knows that season, may get wrong: neither its bias nor
    its quantiles come from the rise or fall of another time of the year.
    """
    season = np.add(*profile.of(sample, slice(None)))
    recent = sample.cadence.periods(MEAN_WEEKS)
    means = []
    for window, mean in zip(windows, tested, strict=True):
        before = row_sum(season[:, max(0, window.cut - recent) : window.cut]) / min(recent, window.cut)
        change = season[:, window.cut : window.cut + mean.shape[1]] - before[:, None]
        means.append(np.minimum(mean * np.exp(change), window.candidates.ceiling[:, None]))
    return means


def _learn(panel: Panel, sample: Panel, holidays: tuple[date, ...], settings: ForecastSettings) -> Shared:
    closed = find_closed(panel, settings.horizon, holidays)
    panel, sample = (closed.masked(each).learnable() for each in (panel, sample))
    frame = build_frame(panel, holidays, settings)
    levels = fit_levels(panel.after_first_sale())
    if panel.x is None or sample.x is None:
        return Shared(fit_profile(panel, frame, settings), no_effects(), levels, closed)
    profile, effects = _learn_jointly(sample, frame, settings)
    return Shared(profile, effects, levels, closed)


def _learn_jointly(sample: Panel, frame: Frame, settings: ForecastSettings) -> tuple[Profile, Effects]:
    """Fit calendar and regressors in turns, each with the other taken out, until both stay as they are.

    Fitted once one after the other, a promotion that is never on Sundays would take the rest of the week for its own.
    """
    usual = usual_values(sample)
    calendar: F64 | None = None
    bases: dict[bytes, RidgeBasis] = {}
    for _ in range(_ROUNDS):
        effects = fit_effects(sample, calendar)
        beta = series_effects(effects, sample, calendar)
        typical = typical_effect(effects, beta, sample, usual)
        explained = log_effect(effects, beta, sample.past_x, usual, typical)
        profile = fit_profile(sample, frame, settings, explained, bases)
        before, calendar = calendar, np.add(*profile.of(sample, slice(frame.weeks)))
        if before is not None and float(np.abs(calendar - before).max(initial=0.0)) < _SAME:
            break
    return profile, effects


def _sample(panel: Panel, size: int) -> I64:
    """Rows of the sample: least hash of the keys, so that it does not depend on the order of the series."""
    keys = panel.article_number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys ^= panel.branch_number.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    keys ^= keys >> np.uint64(29)
    order = np.lexsort((panel.branch_number, panel.article_number, keys * np.uint64(0xBF58476D1CE4E5B9)))
    chosen: I64 = np.sort(order[:size]).astype(np.int64)
    return chosen


def _common_errors(
    windows: list[Window], tested: list[F64], settings: ForecastSettings, years: float
) -> CommonErrors:
    totals = [_total(window, mean) for window, mean in zip(windows, tested, strict=True)]
    periods = np.concatenate(
        [np.arange(window.cut, window.cut + settings.horizon) for window in windows] or [np.arange(0)]
    )
    return fit_common_errors(totals, np.unique(periods).size / settings.horizon, years)


def _total(window: Window, mean: F64) -> Total:
    variance = window.candidates.spread.at(mean) ** 2
    return Total(*(float(values[window.usable].sum()) for values in (window.actual, mean, variance)))


def _pool(
    windows: list[Window], tested: list[F64], rows: I64, settings: ForecastSettings, years: float
) -> tuple[CommonErrors, ErrorPool]:
    common = _common_errors(windows, tested, settings, years)
    errors = [_errors(window, mean, rows, common.bias) for window, mean in zip(windows, tested, strict=True)]
    return common, fit_pool(errors, settings.quantiles, common, settings.horizon)


def _errors(window: Window, mean: F64, rows: I64, bias: float) -> Errors:
    found = window.candidates
    corrected = np.minimum(mean * np.exp(bias), found.ceiling[:, None])
    forecast, scale = targets(corrected, found.spread)
    complete: Bool = np.logical_and.accumulate(window.usable, axis=1)
    actual = np.concatenate([window.actual, np.cumsum(window.actual, axis=1)], axis=1)
    # A closed day that was forecast as one is right by itself; in a sum it counts.
    single = window.usable & ~(found.closed & (window.actual == 0))
    usable = np.concatenate([single, complete], axis=1)
    return Errors(found.demand_class[rows], forecast[rows], actual[rows], scale[rows], usable[rows])


def _held_out_coverage(
    windows: list[Window], tested: list[F64], rows: I64, settings: ForecastSettings, years: float
) -> F64:
    """Coverage at the latest origin with pools of the others; pools never judge their own errors."""
    if len(windows) < 2:
        return np.full(len(settings.quantiles), np.nan)
    common, pool = _pool(windows[1:], tested[1:], rows, settings, years)
    last = _errors(windows[0], tested[0], rows, common.bias)
    spread = quantiles(last.mean, last.scale, last.demand_class, pool, settings.quantiles)
    usable = last.usable[:, : settings.horizon]
    actual, spread = last.actual[:, : settings.horizon], spread[:, : settings.horizon]
    return np.array([metrics.coverage(actual[usable], spread[usable, at]) for at in range(spread.shape[2])])
