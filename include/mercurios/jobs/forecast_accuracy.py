"""What a forecast is worth, by demand class: in the backtest that chose it, and once its weeks have closed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from mercurios.forecasting.output.summary import Accuracy

log = logging.getLogger(__name__)

FIGURES = (
    "actual",
    "wape",
    "wape_mean_13w",
    "ratio",
    "mase",
    "bias",
    "tracking_signal",
    "coverage_50",
    "coverage_80",
    "coverage_95",
)


class Measurement(BaseModel):
    """Figures of one demand class, or of `all`; what could not be measured is None.

    Attributes:
        kind: `backtest`, of what the run would have published at earlier origins, or `live`, of what was published.
        demand_class: the class.
        actual: demand of the weeks that were measured.
        wape: absolute errors over demand.
        wape_mean_13w: the same of the 13-week mean frozen at the origin.
        ratio: the former over the latter; below one is better.
        mase: absolute error over that of last week's demand as a forecast.
        bias: forecast minus demand, over demand.
        tracking_signal: sum of the weeks' errors over their mean absolute size.
        coverage_50: share of demand at most the quantile.
        coverage_80: likewise.
        coverage_95: likewise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["backtest", "live"]
    demand_class: str
    actual: float | None = None
    wape: float | None = None
    wape_mean_13w: float | None = None
    ratio: float | None = None
    mase: float | None = None
    bias: float | None = None
    tracking_signal: float | None = None
    coverage_50: float | None = None
    coverage_80: float | None = None
    coverage_95: float | None = None

    def metrics(self) -> dict[str, float | None]:
        """Figures by the name they have in `ops.model_monitor`: `live_ratio`, and `live_ratio_smooth` of a class."""
        ending = "" if self.demand_class == "all" else f"_{self.demand_class}"
        return {f"{self.kind}_{name}{ending}": getattr(self, name) for name in FIGURES if name != "actual"}


class BacktestSums(BaseModel):
    """Sums of a shard's backtest, by demand class, that those of other shards are added to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actual: list[float]
    error: list[list[float]]
    signed: list[list[float]]
    known: list[list[float]]
    weeks: list[float]
    forecast: list[float]
    origins: int

    @classmethod
    def of(cls, accuracy: Accuracy) -> BacktestSums:
        """Keep what the engine has summed up."""
        return cls(
            actual=accuracy.actual.tolist(),
            error=accuracy.error.tolist(),
            signed=accuracy.signed.tolist(),
            known=accuracy.known.tolist(),
            weeks=accuracy.weeks.tolist(),
            forecast=accuracy.forecast.tolist(),
            origins=accuracy.origins,
        )


def backtest_measurements(shards: Sequence[BacktestSums]) -> list[Measurement]:
    """Add up the shards, in their order, and measure all series and each class."""
    import numpy as np

    from mercurios.forecasting.methods.pool import MEAN_13W
    from mercurios.forecasting.panel.classes import CLASS_NAMES

    actual = sum((np.array(shard.actual) for shard in shards), np.zeros(len(CLASS_NAMES)))
    error = sum((np.array(shard.error) for shard in shards[1:]), np.array(shards[0].error))
    signed = sum((np.array(shard.signed) for shard in shards[1:]), np.array(shards[0].signed))
    found = []
    for name, rows in (
        ("all", slice(None)),
        *((name, slice(at, at + 1)) for at, name in enumerate(CLASS_NAMES)),
    ):
        total = float(actual[rows].sum())
        if name != "all" and not total > 0:
            continue
        ours, theirs = float(error[rows, 0].sum()), float(error[rows, 1 + MEAN_13W].sum())
        found.append(
            Measurement(
                kind="backtest",
                demand_class=name,
                actual=total,
                wape=_share(ours, total),
                wape_mean_13w=_share(theirs, total),
                ratio=_share(ours, theirs),
                bias=_share(float(signed[rows, 0].sum()), total),
            )
        )
    return found


def known_week_metrics(shards: Sequence[BacktestSums]) -> dict[str, float | None]:
    """The backtest over all known weeks, by the names its figures have in `ops.model_monitor`.

    What methods are judged by leaves out series that began lately and weeks after a series' end; this does not.
    """
    import numpy as np

    known = sum((np.array(shard.known) for shard in shards[1:]), np.array(shards[0].known))
    weeks = sum((np.array(shard.weeks) for shard in shards[1:]), np.array(shards[0].weeks))
    forecast = sum((np.array(shard.forecast) for shard in shards[1:]), np.array(shards[0].forecast))
    if not known.size:
        return {}
    actual, mean, error = known.sum(axis=0).tolist()
    by_week = {
        f"backtest_known_bias_week_{week}": _share(row[1] - row[0], row[0])
        for week, row in enumerate(known.tolist(), start=1)
    }
    return {
        "backtest_known_wape": _share(error, actual),
        "backtest_known_bias": _share(mean - actual, actual),
        "backtest_left_out_weeks": _share(float(weeks[1]), float(weeks.sum())),
        "backtest_left_out_units": _share(float(forecast[1]), float(forecast.sum())),
        **by_week,
    }


def record(
    engine: Engine,
    tenant_id: str,
    run_id: str,
    origin_week: date,
    measured: Sequence[Measurement],
    metrics: dict[str, float | None],
) -> None:
    """Write figures to `analytics.forecast_accuracy` and `ops.model_monitor`, in place of the same week's or run's.

    Args:
        engine: the tenant's warehouse, in a transaction.
        tenant_id: the tenant.
        run_id: the forecast run.
        origin_week: last week of history.
        measured: figures by class.
        metrics: further metrics of the run.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    stamp: dict[str, Any] = {"tenant_id": tenant_id, "run_id": run_id, "origin_week": origin_week}
    engine.execute(
        render(engine.dialect, "accuracy_delete"), {"tenant_id": tenant_id, "origin_week": origin_week}
    )
    for one in measured:
        row = stamp | one.model_dump() | {"measured_at": now}
        engine.execute(render(engine.dialect, "accuracy_insert"), row)
    engine.execute(render(engine.dialect, "monitor_delete"), {"tenant_id": tenant_id, "run_id": run_id})
    live = {name: value for one in measured if one.kind == "live" for name, value in one.metrics().items()}
    for metric, value in (metrics | live | _drift(engine, tenant_id, origin_week, live)).items():
        row = stamp | {"metric": metric, "value": value, "measured_at": now}
        engine.execute(render(engine.dialect, "monitor_insert"), row)


def _drift(
    engine: Engine, tenant_id: str, origin_week: date, live: dict[str, float | None]
) -> dict[str, float | None]:
    """Compare each ratio to the frozen 13-week mean with its history: 1 is an alarm."""
    from mercurios.forecasting.selection.monitor import is_drifting

    found: dict[str, float | None] = {}
    for metric, value in live.items():
        if not metric.startswith("live_ratio") or value is None:
            continue
        key = {"tenant_id": tenant_id, "metric": metric, "before": origin_week}
        rows = engine.fetch_arrow(render(engine.dialect, "monitor_history"), key)
        history = [one for one in rows["value"].to_pylist() if one is not None]
        alarm = is_drifting(history, value)
        found[metric.replace("live_ratio", "live_drift")] = float(alarm)
        if alarm:
            log.warning(
                "tenant %s: %s is %.2f, which its history of %d weeks does not explain; analytics.forecast_accuracy"
                " shows which classes got worse",
                tenant_id,
                metric,
                value,
                len(history),
            )
    return found


def _share(value: float, total: float) -> float | None:
    return value / total if total > 0 else None
