"""From a demand panel to the forecast table: what is shared is learned once, every shard is forecast on its own."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from mercurios.forecasting import metrics
from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.backtest import Shared, Window, candidates, origins, run_windows
from mercurios.forecasting.classes import CLASS_NAMES
from mercurios.forecasting.combine import Blend, fit_blend, guard
from mercurios.forecasting.context import SharedContext
from mercurios.forecasting.design import build_frame
from mercurios.forecasting.newcomers import fit_levels
from mercurios.forecasting.panel import Panel
from mercurios.forecasting.profiles import fit_profile
from mercurios.forecasting.quantiles import ErrorPool, fit_pool, quantiles
from mercurios.forecasting.settings import ForecastSettings
from mercurios.forecasting.tables import backtest_table, forecast_table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """Outcome of a run.

    Attributes:
        forecast: One row per series and future week, in the columns of analytics.forecast_weekly except tenant_id,
            run_id and created_at.
        backtest: One row per series, origin and week: actual and what each method had forecast.
        summary: Size, classes, accuracy and seconds by stage.
    """

    forecast: pa.Table
    backtest: pa.Table
    summary: dict[str, Any]


def fit_shared(
    panel: Panel, holidays: Iterable[date] = (), settings: ForecastSettings | None = None
) -> SharedContext:
    """Learn from the whole panel what its shards share: profiles, levels, blend weights and error pools.

    Profiles and levels are learned for the end of the history and for each backtest origin, from what was known then.
    The backtest runs on at most `settings.sample_series` series.
    """
    return _fit_shared(panel, tuple(holidays), settings or ForecastSettings())[0]


def forecast(
    panel: Panel,
    holidays: Iterable[date] = (),
    settings: ForecastSettings | None = None,
    context: SharedContext | None = None,
) -> ForecastResult:
    """Forecast every series of a panel or of one of its shards.

    Args:
        panel: The series; a shard must keep the calendar of its panel.
        holidays: Public holidays of history and horizon.
        settings: Settings of the run; the same that made the context.
        context: What `fit_shared` learned from the whole panel; learned from `panel` when omitted.

    Raises:
        ValueError: The context was made for another calendar or horizon.
    """
    settings = settings or ForecastSettings()
    days = tuple(holidays)
    seconds: dict[str, float] = {}
    windows: list[Window] | None = None
    with _timed(seconds, "shared"):
        if context is None:
            context, windows = _fit_shared(panel, days, settings)
        _check(context, panel, settings)
    with _timed(seconds, "backtest"):
        if windows is None:
            windows = run_windows(panel, context.shared, days, settings)
    with _timed(seconds, "fit"):
        latest = candidates(panel, context.shared[panel.n_weeks], days, settings)
    with _timed(seconds, "combine"):
        weight = context.blend.weights(latest.demand_class, panel.group)
        ratio = context.blend.ratio[latest.demand_class, context.blend.column(panel.group)]
        weight = np.where(guard(windows, weight, ratio), 0.0, weight)
        parts = latest.blend(weight)
        mean = latest.bounded(parts)
    with _timed(seconds, "quantiles"):
        spread = quantiles(mean, latest.scale, latest.demand_class, context.pool, settings.quantiles)
    with _timed(seconds, "tables"):
        means = [_blended(window, panel.group, context.blend) for window in windows]
        table = forecast_table(panel, settings, weight, mean, spread, parts)
        tested = backtest_table(panel, windows, means)
    summary = _summary(panel, windows, means, latest.demand_class, weight, context, settings)
    return ForecastResult(table, tested, summary | {"seconds": seconds})


def _fit_shared(
    panel: Panel, days: tuple[date, ...], settings: ForecastSettings
) -> tuple[SharedContext, list[Window] | None]:
    """Learn the context; also return its backtest when that covered every series."""
    cuts = origins(panel.n_weeks, settings)
    shared = {cut: _learn(panel.until(cut), days, settings) for cut in (panel.n_weeks, *cuts)}
    whole = panel.n_series <= settings.sample_series
    sample = panel if whole else panel.take(_sample(panel, settings.sample_series))
    windows = run_windows(sample, shared, days, settings)
    blend = fit_blend(windows, sample.group)
    pool = _pool(windows, sample.group, blend, settings)
    covered = _held_out_coverage(windows, sample.group, blend, settings)
    return SharedContext(panel.n_weeks, shared, blend, pool, covered), windows if whole else None


def _learn(panel: Panel, holidays: tuple[date, ...], settings: ForecastSettings) -> Shared:
    frame = build_frame(panel.week_starts, settings.horizon, holidays, settings.fourier_order)
    profile = fit_profile(panel.y, panel.mask, panel.group, frame, settings)
    return Shared(profile, fit_levels(panel))


def _sample(panel: Panel, size: int) -> I64:
    """Rows of the sample: least hash of the keys, so that it does not depend on the order of the series."""
    keys = panel.article_number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys ^= panel.branch_number.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    keys ^= keys >> np.uint64(29)
    order = np.lexsort((panel.branch_number, panel.article_number, keys * np.uint64(0xBF58476D1CE4E5B9)))
    chosen: I64 = np.sort(order[:size]).astype(np.int64)
    return chosen


def _blended(window: Window, group: I64, blend: Blend) -> F64:
    found = window.candidates
    return found.bounded(found.blend(blend.weights(found.demand_class, group)))


def _pool(windows: list[Window], group: I64, blend: Blend, settings: ForecastSettings) -> ErrorPool:
    errors: list[tuple[I64, F64, F64, Bool]] = []
    for window in windows:
        mean = _blended(window, group, blend)
        scaled = (window.actual - mean) / window.candidates.scale[:, None]
        errors.append((window.candidates.demand_class, mean, scaled, window.usable))
    return fit_pool(errors, settings.horizon, settings.quantiles)


def _held_out_coverage(windows: list[Window], group: I64, blend: Blend, settings: ForecastSettings) -> F64:
    """Coverage at the latest origin with pools of the earlier ones; pools never judge their own errors."""
    if len(windows) < 2:
        return np.full(len(settings.quantiles), np.nan)
    pool = _pool(windows[1:], group, blend, settings)
    last = windows[0]
    found = last.candidates
    spread = quantiles(
        _blended(last, group, blend), found.scale, found.demand_class, pool, settings.quantiles
    )
    usable = last.usable
    return np.array(
        [metrics.coverage(last.actual[usable], spread[usable, at]) for at in range(spread.shape[2])]
    )


def _check(context: SharedContext, panel: Panel, settings: ForecastSettings) -> None:
    if context.weeks != panel.n_weeks:
        raise ValueError(
            f"the shared context was fitted on {context.weeks} weeks, the panel has {panel.n_weeks}; "
            "call fit_shared on the full panel of this run"
        )
    horizon = context.pool.offsets.shape[2:]
    expected = (settings.horizon, len(settings.quantiles))
    if horizon != expected:
        raise ValueError(
            f"the shared context has {horizon[0]} weeks and {horizon[1]} quantiles, the settings ask for "
            f"{expected[0]} and {expected[1]}; use the settings that made the context"
        )


def _summary(
    panel: Panel,
    windows: list[Window],
    means: list[F64],
    demand_class: I64,
    weight: F64,
    context: SharedContext,
    settings: ForecastSettings,
) -> dict[str, Any]:
    """Size, classes and backtest accuracy of the run; None for what could not be measured."""
    actual, model, naive, recent = _tested(windows, means, settings.horizon)
    counts = np.bincount(demand_class, minlength=len(CLASS_NAMES))
    return {
        "series": panel.n_series,
        "weeks": panel.n_weeks,
        "negative_weeks": panel.negative_weeks,
        "masked_weeks": int((~panel.mask).sum()),
        "classes": {name: int(count) for name, count in zip(CLASS_NAMES, counts, strict=True)},
        "origins": len(windows),
        "fallback_series": int((weight == 0.0).sum()),
        "wape": _known(metrics.wape(actual, model)),
        "wape_seasonal_naive": _known(metrics.wape(actual, naive)),
        "wape_mean_13w": _known(metrics.wape(actual, recent)),
        "bias": _known(metrics.bias(actual, model)),
        "coverage": {
            f"{p:g}": _known(float(value))
            for p, value in zip(settings.quantiles, context.coverage, strict=True)
        },
    }


def _tested(windows: list[Window], means: list[F64], horizon: int) -> tuple[F64, F64, F64, F64]:
    """Actual, model, seasonal naive and 13-week mean of all usable backtest weeks."""
    columns: list[list[F64]] = [[], [], [], []]
    for window, mean in zip(windows, means, strict=True):
        flat = np.repeat(window.candidates.mean_13w[:, None], horizon, axis=1)
        for column, values in zip(
            columns, (window.actual, mean, window.candidates.seasonal_naive, flat), strict=True
        ):
            column.append(values[window.usable])
    actual, model, naive, recent = (np.concatenate(column) if column else np.zeros(0) for column in columns)
    return actual, model, naive, recent


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - begin, 4)
