"""From a demand panel to the forecast table: what is shared is learned once, every shard is forecast on its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date

import numpy as np

from mercurios.forecasting.arrays import F64, Bool
from mercurios.forecasting.methods.additive import Parts
from mercurios.forecasting.methods.pool import Candidates, candidates
from mercurios.forecasting.output.model import ForecastModel
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.output.summary import Accuracy, summarise
from mercurios.forecasting.output.tables import backtest_table, forecast_table, method_names, protection_table
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.selection.backtest import Window, run_windows
from mercurios.forecasting.selection.combine import choose, series_scores, with_combination, with_new_season
from mercurios.forecasting.selection.context import SharedContext
from mercurios.forecasting.selection.learn import learn_all, published
from mercurios.forecasting.settings import ForecastSettings

Progress = Callable[[str], None]


def fit_shared(
    panel: Panel,
    holidays: Iterable[date] = (),
    settings: ForecastSettings | None = None,
    progress: Progress | None = None,
) -> SharedContext:
    """Learn from the whole panel what its shards share: profiles, levels, scores and error pools.

    Profiles and levels are learned for the end of the history and for each backtest origin, from what was known then.
    The backtest runs on at most `settings.sample_series` series.
    """
    return learn_all(panel, tuple(holidays), settings or ForecastSettings(), progress)[0]


def forecast(
    panel: Panel,
    holidays: Iterable[date] = (),
    settings: ForecastSettings | None = None,
    context: SharedContext | None = None,
    previous: Bool | None = None,
    progress: Progress | None = None,
) -> ForecastResult:
    """Forecast every series of a panel or of one of its shards.

    Args:
        panel: The series; a shard must keep the calendar of its panel.
        holidays: Public holidays of history and horizon.
        settings: Settings of the run; the same that made the context.
        context: What `fit_shared` learned from the whole panel; learned from `panel` when omitted.
        previous: Methods published last time, series x methods; kept where no others are clearly better.
        progress: Called with what was done, after every origin.

    Raises:
        ValueError: The context was made for another calendar or horizon.
    """
    settings = settings or ForecastSettings()
    days = tuple(holidays)
    seconds: dict[str, float] = {}
    windows: list[Window] | None = None
    panel = panel.planned(settings.horizon).wanted()
    with _timed(seconds, "shared"):
        if context is None:
            context, windows = learn_all(panel, days, settings, progress)
        _check(context, panel, settings)
    with _timed(seconds, "backtest"):
        if windows is None:
            windows = run_windows(panel, context.shared, days, settings, progress)
    with _timed(seconds, "fit"):
        latest = candidates(panel, context.shared[panel.n_weeks], days, settings)
    with _timed(seconds, "combine"):
        errors = with_combination(windows, context.scores, panel.group)
        score = series_scores(errors, context.scores, latest.demand_class, panel.group)
        weight = choose(with_new_season(score, context.scores, latest.available), previous)
        model = _model(panel, latest, weight, context, settings)
    with _timed(seconds, "quantiles"):
        found = model.predict(slice(None))
    with _timed(seconds, "tables"):
        means = _corrected(windows, published(windows, errors, context.scores, panel.group), context.bias)
        methods = (model.method, model.methods.tolist())
        table = forecast_table(panel, settings, methods, found.mean, found.quantiles, found.parts)
        protection = protection_table(panel, settings, found.total, found.total_quantiles)
        tested = backtest_table(panel, windows, means)
    accuracy = Accuracy.of(windows, means)
    summary = summarise(panel, accuracy, latest.demand_class, weight, context, settings)
    return ForecastResult(table, protection, tested, model, found, accuracy, summary | {"seconds": seconds})


def _model(
    panel: Panel, latest: Candidates, weight: F64, context: SharedContext, settings: ForecastSettings
) -> ForecastModel:
    """Keep what the forecast is made of, the correction of the bias included."""
    factor = np.exp(context.bias)
    parts: Parts = latest.mixed(weight).map(lambda part: part * factor)
    method, names = method_names(weight)
    return ForecastModel(
        article_number=panel.article_number,
        branch_number=panel.branch_number,
        origin=panel.week_starts[-1:].astype(np.int64),
        x_names=np.array(panel.x_names, dtype=np.str_),
        level=parts.level,
        trend=parts.trend,
        season=parts.season,
        holiday=parts.holiday,
        regressor_base=latest.mixed_regressor_base(weight) * factor,
        planned=np.log(latest.regressor),
        beta=latest.beta,
        usual_x=latest.usual_x,
        typical=latest.typical,
        effects=context.shared[panel.n_weeks].effects,
        ceiling=latest.ceiling,
        closed=latest.closed,
        spread=latest.spread,
        demand_class=latest.demand_class,
        method=method,
        methods=np.array(names, dtype=np.str_),
        pool=context.pool.offsets,
        common_error=np.array([context.pool.common_error]),
        probabilities=np.array(settings.quantiles),
    )


def _corrected(windows: list[Window], means: list[F64], bias: float) -> list[F64]:
    """What was published at each origin with the run's correction of the bias."""
    factor = np.exp(bias)
    return [
        np.minimum(mean * factor, window.candidates.ceiling[:, None])
        for mean, window in zip(means, windows, strict=True)
    ]


def _check(context: SharedContext, panel: Panel, settings: ForecastSettings) -> None:
    if context.weeks != panel.n_weeks:
        raise ValueError(
            f"the shared context was fitted on {context.weeks} weeks, the panel has {panel.n_weeks}; "
            "call fit_shared on the full panel of this run"
        )
    targets, count = context.pool.offsets.shape[2:]
    if (targets // 2, count) != (settings.horizon, len(settings.quantiles)):
        raise ValueError(
            f"the shared context has {targets // 2} weeks and {count} quantiles, the settings ask for "
            f"{settings.horizon} and {len(settings.quantiles)}; use the settings that made the context"
        )


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - begin, 4)
