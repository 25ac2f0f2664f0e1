"""Arrow tables of a run, in the columns and types the warehouse expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.methods.additive import Parts
from mercurios.forecasting.methods.pool import METHODS
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.selection.backtest import Window
from mercurios.forecasting.settings import ForecastSettings

if TYPE_CHECKING:
    import pyarrow as pa


def method_names(weight: F64) -> tuple[I64, list[str]]:
    """Which mixture each series has, and the mixtures' names: the methods joined by `+`, all with the same weight."""
    code = (weight > 0) @ (1 << np.arange(len(METHODS)))
    codes, at = np.unique(code, return_inverse=True)
    names = [
        "+".join(name for bit, name in enumerate(METHODS) if mixture >> bit & 1) for mixture in codes.tolist()
    ]
    return at.astype(np.int64), names


def methods_of(names: list[str]) -> Bool:
    """Inverse of `method_names`, series x methods; a name unknown here counts as no choice."""
    parts = [set(name.split("+")) for name in names]
    known = [part if part <= set(METHODS) else set() for part in parts]
    flags = [[method in part for method in METHODS] for part in known]
    return np.array(flags, dtype=bool).reshape(len(names), len(METHODS))


def quantile_name(probability: float) -> str:
    """Column of a quantile: `quantile_95`, and `quantile_97_5` for 0.975."""
    return "quantile_" + f"{100 * probability:.6g}".replace(".", "_")


def forecast_table(
    panel: Panel,
    settings: ForecastSettings,
    methods: tuple[I64, list[str]],
    mean: F64,
    quantiles: F64,
    parts: Parts,
) -> pa.Table:
    """Rows of analytics.forecast_weekly, series by series, without the columns the caller owns."""
    import pyarrow as pa

    n, horizon = mean.shape
    origin = panel.week_starts[-1]
    ahead = np.arange(1, horizon + 1)
    at, names = methods
    method = pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(at, horizon).astype(np.int32)), pa.array(names, pa.string())
    )
    starts = panel.cadence.starts(origin, horizon + 1)[1:]
    columns = {
        "article_number": pa.array(np.repeat(panel.article_number, horizon)),
        "branch_number": pa.array(np.repeat(panel.branch_number, horizon)),
        "origin_week": pa.array(np.full(n * horizon, origin), pa.date32()),
        "week_start": pa.array(np.tile(starts, n), pa.date32()),
        "horizon": pa.array(np.tile(ahead, n).astype(np.int32)),
        "method": method.cast(pa.string()),
        "mean": pa.array(mean.ravel()),
    }
    for position, probability in enumerate(settings.quantiles):
        columns[quantile_name(probability)] = pa.array(quantiles[:, :, position].ravel())
    for name in ("level", "trend", "season", "holiday", "regressor"):
        columns[f"part_{name}"] = pa.array(getattr(parts, name).ravel())
    return pa.table(columns)


def protection_table(panel: Panel, settings: ForecastSettings, mean: F64, quantiles: F64) -> pa.Table:
    """Rows of analytics.forecast_protection: what each series may sell in its first 1, 2, … periods together."""
    import pyarrow as pa

    n, horizon = mean.shape
    columns = {
        "article_number": pa.array(np.repeat(panel.article_number, horizon)),
        "branch_number": pa.array(np.repeat(panel.branch_number, horizon)),
        "origin_week": pa.array(np.full(n * horizon, panel.week_starts[-1]), pa.date32()),
        "periods": pa.array(np.tile(np.arange(1, horizon + 1, dtype=np.int32), n)),
        "mean": pa.array(mean.ravel()),
    }
    for position, probability in enumerate(settings.quantiles):
        columns[quantile_name(probability)] = pa.array(quantiles[:, :, position].ravel())
    return pa.table(columns)


def backtest_table(panel: Panel, windows: list[Window], means: list[F64]) -> pa.Table:
    """Usable periods of every origin with the actual demand, what was published and each method's forecast."""
    import pyarrow as pa

    keys = [("article_number", pa.int64()), ("branch_number", pa.int64())]
    keys += [("origin_week", pa.date32()), ("week_start", pa.date32()), ("horizon", pa.int32())]
    schema = pa.schema(keys + [(name, pa.float64()) for name in ("actual", "mean", *METHODS)])
    return pa.concat_tables(
        [schema.empty_table()]
        + [_window_table(panel, window, mean, schema) for window, mean in zip(windows, means, strict=True)]
    )


def _window_table(panel: Panel, window: Window, mean: F64, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    rows: I64
    rows, steps = np.nonzero(window.usable)
    origin = panel.week_starts[window.cut - 1]
    columns = [
        panel.article_number[rows],
        panel.branch_number[rows],
        np.full(rows.size, origin),
        panel.week_starts[window.cut + steps],
        (steps + 1).astype(np.int32),
        window.actual[rows, steps],
        mean[rows, steps],
    ]
    columns += [window.candidates.single(method)[rows, steps] for method in range(len(METHODS))]
    return pa.Table.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )
