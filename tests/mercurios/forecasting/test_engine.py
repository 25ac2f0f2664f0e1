"""What a run promises: bounded, explained, repeatable numbers, the same however the panel is split."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mercurios.forecasting import ForecastSettings, SharedContext, fit_shared, forecast, shards
from mercurios.forecasting.methods.pool import METHODS
from mercurios.forecasting.panel.panel import Panel

HOLIDAYS = tuple(date(year, 12, day) for year in (2021, 2022, 2023) for day in (25, 26))
SETTINGS = ForecastSettings()
COLUMNS = [
    "article_number",
    "branch_number",
    "origin_week",
    "week_start",
    "horizon",
    "method",
    "mean",
    "quantile_50",
    "quantile_80",
    "quantile_95",
    "part_level",
    "part_trend",
    "part_season",
    "part_holiday",
    "part_regressor",
]


def column(table: pa.Table, name: str) -> np.ndarray:
    return table.column(name).to_numpy()


def parts_sum(table: pa.Table) -> np.ndarray:
    return sum(column(table, name) for name in COLUMNS if name.startswith("part_"))


def assert_sound(panel: Panel, table: pa.Table, horizon: int) -> None:
    """No NaN, no infinity, nothing negative, no crossing, bounded by the series, explained by its parts."""
    mean = column(table, "mean")
    quantiles = np.stack([column(table, f"quantile_{p}") for p in (50, 80, 95)])
    ceiling = np.repeat(3.0 * panel.y.max(axis=1), horizon)
    assert mean.size == panel.n_series * horizon
    assert np.isfinite(mean).all()
    assert np.isfinite(quantiles).all()
    assert np.isfinite(parts_sum(table)).all()
    assert (mean >= 0).all()
    assert (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=0) >= 0).all()
    assert (mean <= ceiling).all()
    assert (np.abs(mean - parts_sum(table)) <= 1e-9 * (1.0 + ceiling)).all()


@pytest.fixture(scope="module")
def context(seasonal_panel: Panel) -> SharedContext:
    return fit_shared(seasonal_panel, HOLIDAYS, SETTINGS)


@pytest.fixture(scope="module")
def whole(seasonal_panel: Panel, context: SharedContext) -> pa.Table:
    return forecast(seasonal_panel, HOLIDAYS, SETTINGS, context).forecast


def test_the_forecast_has_the_columns_and_keys_of_the_mart(seasonal_panel: Panel, whole: pa.Table) -> None:
    assert whole.column_names == COLUMNS
    first = whole.slice(0, 13)
    origin = seasonal_panel.week_starts[-1].item()
    assert set(first.column("origin_week").to_pylist()) == {origin}
    assert [(week - origin).days for week in first.column("week_start").to_pylist()] == [
        7 * h for h in range(1, 14)
    ]
    assert first.column("horizon").to_pylist() == list(range(1, 14))
    assert (
        whole.select(["article_number", "branch_number", "week_start"])
        .group_by(["article_number", "branch_number", "week_start"])
        .aggregate([])
        .num_rows
        == whole.num_rows
    )
    assert_sound(seasonal_panel, whole, 13)


def test_the_same_input_gives_the_same_output(seasonal_panel: Panel) -> None:
    first, second = (forecast(seasonal_panel, HOLIDAYS, SETTINGS) for _ in range(2))
    assert first.forecast.equals(second.forecast)
    assert first.backtest.equals(second.backtest)


@pytest.mark.parametrize("size", [1, 37, 100])
def test_the_result_does_not_depend_on_how_the_panel_is_split(
    seasonal_panel: Panel, context: SharedContext, whole: pa.Table, size: int
) -> None:
    panel = seasonal_panel if size > 1 else seasonal_panel.take(slice(0, 12))
    parts = [forecast(part, HOLIDAYS, SETTINGS, context).forecast for part in shards(panel, size)]
    assert pa.concat_tables(parts).equals(whole.slice(0, 13 * panel.n_series))


def test_the_block_size_changes_no_number(
    seasonal_panel: Panel, context: SharedContext, whole: pa.Table
) -> None:
    small = ForecastSettings(block_series=50)
    assert forecast(seasonal_panel, HOLIDAYS, small, context).forecast.equals(whole)


def test_a_context_survives_being_written_and_read(
    seasonal_panel: Panel, context: SharedContext, whole: pa.Table
) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **context.to_arrays())
    buffer.seek(0)
    with np.load(buffer) as arrays:
        restored = SharedContext.from_arrays(arrays)
    assert forecast(seasonal_panel, HOLIDAYS, SETTINGS, restored).forecast.equals(whole)


def test_a_context_stored_under_earlier_names_is_still_read(context: SharedContext) -> None:
    earlier = {"pool_common_error": "pool_shock"}
    for cut in context.shared:
        earlier[f"levels_combinations_{cut}"] = f"levels_kinds_{cut}"
        earlier[f"levels_combination_level_{cut}"] = f"levels_kind_level_{cut}"
    arrays = {earlier.get(name, name): values for name, values in context.to_arrays().items()}

    restored = SharedContext.from_arrays(arrays)

    for name, values in context.to_arrays().items():
        assert np.array_equal(restored.to_arrays()[name], values, equal_nan=values.dtype.kind == "f")


def test_a_context_of_another_calendar_or_horizon_is_refused(
    seasonal_panel: Panel, context: SharedContext
) -> None:
    with pytest.raises(ValueError, match="fitted on 130 weeks, the panel has 120"):
        forecast(seasonal_panel.until(120), HOLIDAYS, SETTINGS, context)
    with pytest.raises(ValueError, match="13 weeks and 3 quantiles, the settings ask for 8 and 3"):
        forecast(seasonal_panel, HOLIDAYS, ForecastSettings(horizon=8), context)


def test_the_backtest_shows_what_each_method_had_forecast(
    seasonal_panel: Panel, context: SharedContext
) -> None:
    result = forecast(seasonal_panel, HOLIDAYS, SETTINGS, context)
    tested = result.backtest
    assert tested.column_names == (
        [
            "article_number",
            "branch_number",
            "origin_week",
            "week_start",
            "horizon",
            "actual",
            "mean",
            *METHODS,
        ]
    )
    assert len(set(tested.column("origin_week").to_pylist())) == SETTINGS.windows
    row = tested.slice(1_000, 1).to_pylist()[0]
    series = int(np.flatnonzero(seasonal_panel.article_number == row["article_number"])[0])
    week = int(np.flatnonzero(seasonal_panel.week_starts == np.datetime64(row["week_start"]))[0])
    assert row["actual"] == seasonal_panel.y[series, week]
    assert seasonal_panel.mask[series, week]
    actual = column(tested, "actual")
    error = np.abs(actual - column(tested, "mean")).sum() / actual.sum()
    assert result.summary["wape"] == pytest.approx(error)


def test_a_seasonal_panel_is_forecast_better_than_by_both_references(
    make_panel: Callable[..., Panel], make_demand: Callable[..., tuple[np.ndarray, np.ndarray]]
) -> None:
    y, group = make_demand(300, 143, seed=21)
    panel = make_panel(y[:, :130], group=group)
    result = forecast(panel, (), SETTINGS)
    mean = column(result.forecast, "mean").reshape(-1, 13)
    actual = y[:, 130:]
    recent = np.repeat(y[:, 117:130].mean(axis=1)[:, None], 13, axis=1)
    naive = y[:, 78:91]
    error = [float(np.abs(actual - f).sum() / actual.sum()) for f in (mean, recent, naive)]
    assert error[0] < 0.85 * error[1]
    assert error[0] < 0.85 * error[2]
    covered = (actual <= column(result.forecast, "quantile_95").reshape(-1, 13)).mean()
    assert 0.92 <= covered <= 0.985
    assert abs(mean.sum() / actual.sum() - 1.0) < 0.08


def test_a_class_the_model_cannot_beat_is_published_as_the_13_week_mean(
    make_panel: Callable[..., Panel],
) -> None:
    rng = np.random.default_rng(9)
    jumps = np.cumsum(rng.random((200, 90)) < 0.02, axis=1) % 2
    panel = make_panel(rng.poisson(2.0 + 30.0 * jumps).astype(float))
    result = forecast(panel, (), ForecastSettings(correction_weight=0.0))
    methods = set(result.forecast.column("method").to_pylist())
    assert "mean_13w" in methods
    assert result.summary["fallback_series"] > 0
    table = result.forecast.filter(pc.equal(result.forecast["method"], "mean_13w"))
    assert np.array_equal(column(table, "mean"), column(table, "part_level"))


@pytest.mark.parametrize("weeks", [1, 2, 9, 30, 60, 120])
def test_degenerate_series_answer(make_panel: Callable[..., Panel], weeks: int) -> None:
    y = np.zeros((6, weeks))
    y[1, -1] = 5.0
    y[2] = 7.0
    y[3, ::2] = 1e6
    y[4, 0] = 3.0
    mask = np.ones(y.shape, dtype=bool)
    mask[1, :-1] = False
    mask[5] = False
    panel = make_panel(y, mask)
    table = forecast(panel).forecast
    assert_sound(panel, table, 13)
    mean = column(table, "mean").reshape(6, 13)
    assert not mean[0].any()
    assert not mean[5].any()
    if weeks >= 13:
        np.testing.assert_allclose(mean[2], 7.0, rtol=0.02)


def test_one_lucky_first_week_is_not_taken_for_the_level(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(12)
    y = rng.poisson(0.5, (100, 60)).astype(float)
    y[0, -1] = 6.0
    mask = np.ones(y.shape, dtype=bool)
    mask[0, :-1] = False
    mean = column(forecast(make_panel(y, mask)).forecast, "mean").reshape(100, 13)
    assert 0.5 < mean[0].mean() < 4.5


def test_a_panel_without_series_gives_empty_tables(seasonal_panel: Panel, context: SharedContext) -> None:
    result = forecast(seasonal_panel.take(slice(0, 0)), HOLIDAYS, SETTINGS, context)
    assert result.forecast.num_rows == 0
    assert result.forecast.column_names == COLUMNS
    assert result.summary["wape"] is None


def test_importing_the_package_loads_neither_pandas_nor_statsmodels() -> None:
    code = (
        "import sys, mercurios.forecasting as f; f.Panel; f.forecast; "
        "print([m for m in ('pandas', 'statsmodels', 'scipy', 'pyarrow') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"damping": 0.95}, "damping must lie in 0..0.9"),
        ({"quantiles": (0.8, 0.5)}, "quantiles must ascend"),
        ({"horizon": 0}, "horizon must be at least 1"),
        ({"changepoint_range": 0.9}, "changepoint_range"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ForecastSettings(**change)
