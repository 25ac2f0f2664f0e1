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
from mercurios.forecasting.backtest import Window, run_windows
from mercurios.forecasting.classes import CLASS_NAMES
from mercurios.forecasting.combine import choose, series_scores, with_combination
from mercurios.forecasting.context import SharedContext
from mercurios.forecasting.learn import learn_all, published, targets
from mercurios.forecasting.panel import Panel
from mercurios.forecasting.pool import MEAN_13W, METHODS, candidates
from mercurios.forecasting.quantiles import quantiles
from mercurios.forecasting.settings import ForecastSettings
from mercurios.forecasting.tables import backtest_table, forecast_table, method_names, protection_table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """Outcome of a run.

    Attributes:
        forecast: One row per series and future week, in the columns of analytics.forecast_weekly except tenant_id,
            run_id and created_at.
        protection: One row per series: mean and quantiles of the sum over the protection period.
        backtest: One row per series, origin and week: actual and what each method had forecast.
        summary: Size, classes, accuracy and seconds by stage.
    """

    forecast: pa.Table
    protection: pa.Table
    backtest: pa.Table
    summary: dict[str, Any]


def fit_shared(
    panel: Panel, holidays: Iterable[date] = (), settings: ForecastSettings | None = None
) -> SharedContext:
    """Learn from the whole panel what its shards share: profiles, levels, blend weights and error pools.

    Profiles and levels are learned for the end of the history and for each backtest origin, from what was known then.
    The backtest runs on at most `settings.sample_series` series.
    """
    return learn_all(panel, tuple(holidays), settings or ForecastSettings())[0]


def forecast(
    panel: Panel,
    holidays: Iterable[date] = (),
    settings: ForecastSettings | None = None,
    context: SharedContext | None = None,
    previous: Bool | None = None,
) -> ForecastResult:
    """Forecast every series of a panel or of one of its shards.

    Args:
        panel: The series; a shard must keep the calendar of its panel.
        holidays: Public holidays of history and horizon.
        settings: Settings of the run; the same that made the context.
        context: What `fit_shared` learned from the whole panel; learned from `panel` when omitted.
        previous: Methods published last time, series x methods; kept where no others are clearly better.

    Raises:
        ValueError: The context was made for another calendar or horizon.
    """
    settings = settings or ForecastSettings()
    days = tuple(holidays)
    seconds: dict[str, float] = {}
    windows: list[Window] | None = None
    panel = panel.planned(settings.horizon)
    with _timed(seconds, "shared"):
        if context is None:
            context, windows = learn_all(panel, days, settings)
        _check(context, panel, settings)
    with _timed(seconds, "backtest"):
        if windows is None:
            windows = run_windows(panel, context.shared, days, settings)
    with _timed(seconds, "fit"):
        latest = candidates(panel, context.shared[panel.n_weeks], days, settings)
    with _timed(seconds, "combine"):
        errors = with_combination(windows, context.scores, panel.group)
        score = series_scores(errors, context.scores, latest.demand_class, panel.group)
        weight = choose(score, previous)
        factor = np.exp(context.bias)
        parts = latest.mixed(weight).map(lambda part: part * factor)
    with _timed(seconds, "quantiles"):
        every, scale = targets(
            latest.bounded(latest.mixed(weight)), latest.spread, latest.ceiling, settings, context.bias
        )
        spread = quantiles(every, scale, latest.demand_class, context.pool, settings.quantiles)
        mean = every[:, :-1]
    with _timed(seconds, "tables"):
        means = published(windows, errors, context.scores, panel.group)
        means = [
            np.minimum(mean * factor, w.candidates.ceiling[:, None])
            for mean, w in zip(means, windows, strict=True)
        ]
        table = forecast_table(panel, settings, method_names(weight), mean, spread[:, :-1], parts)
        protection = protection_table(panel, settings, every[:, -1], spread[:, -1])
        tested = backtest_table(panel, windows, means)
    summary = _summary(panel, windows, means, latest.demand_class, weight, context, settings)
    return ForecastResult(table, protection, tested, summary | {"seconds": seconds})


def _check(context: SharedContext, panel: Panel, settings: ForecastSettings) -> None:
    if context.weeks != panel.n_weeks:
        raise ValueError(
            f"the shared context was fitted on {context.weeks} weeks, the panel has {panel.n_weeks}; "
            "call fit_shared on the full panel of this run"
        )
    horizon = context.pool.offsets.shape[2:]
    horizon = (horizon[0] - 1, horizon[1])
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
        "methods": dict(zip(METHODS, np.round(weight.sum(axis=0), 1).tolist(), strict=True)),
        "fallback_series": int((weight[:, MEAN_13W] == 1.0).sum()),
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
        flat = np.repeat(window.candidates.level[:, -1:], horizon, axis=1)
        for column, values in zip(columns, (window.actual, mean, window.candidates.naive, flat), strict=True):
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
