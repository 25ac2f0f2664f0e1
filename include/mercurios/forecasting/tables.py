"""Arrow tables of a run, in the columns and types the warehouse expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.additive import Parts
from mercurios.forecasting.arrays import F64, I64
from mercurios.forecasting.backtest import Window
from mercurios.forecasting.panel import Panel
from mercurios.forecasting.settings import ForecastSettings

if TYPE_CHECKING:
    import pyarrow as pa


def method_name(weight: float) -> str:
    """Name of a blend: `additive`, `mean_13w`, or `blend_75` for three parts of the former and one of the latter."""
    if weight >= 1.0:
        return "additive"
    return "mean_13w" if weight <= 0.0 else f"blend_{round(100 * weight)}"


def quantile_name(probability: float) -> str:
    """Column of a quantile: `quantile_95`, and `quantile_97_5` for 0.975."""
    return "quantile_" + f"{100 * probability:.6g}".replace(".", "_")


def forecast_table(
    panel: Panel, settings: ForecastSettings, weight: F64, mean: F64, quantiles: F64, parts: Parts
) -> pa.Table:
    """Rows of analytics.forecast_weekly, series by series, without the columns the caller owns."""
    import pyarrow as pa

    n, horizon = mean.shape
    origin = panel.week_starts[-1]
    ahead = np.arange(1, horizon + 1)
    names, at = np.unique(weight, return_inverse=True)
    methods = pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(at, horizon).astype(np.int32)),
        pa.array([method_name(w) for w in names.tolist()], pa.string()),
    )
    columns = {
        "article_number": pa.array(np.repeat(panel.article_number, horizon)),
        "branch_number": pa.array(np.repeat(panel.branch_number, horizon)),
        "origin_week": pa.array(np.full(n * horizon, origin), pa.date32()),
        "week_start": pa.array(np.tile(origin + 7 * ahead.astype("timedelta64[D]"), n), pa.date32()),
        "horizon": pa.array(np.tile(ahead, n).astype(np.int32)),
        "method": methods.cast(pa.string()),
        "mean": pa.array(mean.ravel()),
    }
    for position, probability in enumerate(settings.quantiles):
        columns[quantile_name(probability)] = pa.array(quantiles[:, :, position].ravel())
    for name in ("level", "trend", "season", "holiday", "regressor"):
        columns[f"part_{name}"] = pa.array(getattr(parts, name).ravel())
    return pa.table(columns)


def backtest_table(panel: Panel, windows: list[Window], means: list[F64]) -> pa.Table:
    """Usable weeks of every origin with the actual demand and each method's forecast."""
    import pyarrow as pa

    schema = pa.schema(
        [("article_number", pa.int64()), ("branch_number", pa.int64())]
        + [("origin_week", pa.date32()), ("week_start", pa.date32()), ("horizon", pa.int32())]
        + [(name, pa.float64()) for name in ("actual", "mean", "seasonal_naive", "mean_13w")]
    )
    return pa.concat_tables(
        [schema.empty_table()]
        + [_window_table(panel, window, mean, schema) for window, mean in zip(windows, means, strict=True)]
    )


def _window_table(panel: Panel, window: Window, mean: F64, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    rows: I64
    rows, steps = np.nonzero(window.usable)
    origin = panel.week_starts[window.cut - 1]
    columns = (
        panel.article_number[rows],
        panel.branch_number[rows],
        np.full(rows.size, origin),
        panel.week_starts[window.cut + steps],
        (steps + 1).astype(np.int32),
        window.actual[rows, steps],
        mean[rows, steps],
        window.candidates.seasonal_naive[rows, steps],
        window.candidates.mean_13w[rows],
    )
    return pa.Table.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )
