"""Daily panels: promotions, weekdays and closed days are kept apart, and closed days are forecast 0."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from worlds import Drawn, World, draw

from mercurios.forecasting import ForecastSettings, fit_shared, forecast, shards
from mercurios.forecasting.command import Request, run_request
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.panel.cadence import DAILY
from mercurios.forecasting.selection.context import SharedContext

SETTINGS = ForecastSettings(horizon=14, windows=2)
WORLD = World(series=30, periods=420, horizon=14, promotions=0.3, season=0.2, cadence=DAILY, level=8.0)


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw(WORLD)


@pytest.fixture(scope="module")
def context(drawn: Drawn) -> SharedContext:
    return fit_shared(drawn.panel, (), SETTINGS)


@pytest.fixture(scope="module")
def result(drawn: Drawn, context: SharedContext) -> ForecastResult:
    return forecast(drawn.panel, (), SETTINGS, context)


def test_a_promotion_that_is_never_on_sundays_has_its_own_effect(result: ForecastResult) -> None:
    """Fitted before the weekdays it took theirs: 0.63 instead of 0.34."""
    effects = result.model.effects

    assert effects.of_unit(effects.beta)[:, 0] == pytest.approx(WORLD.uplift, abs=0.05)


def test_what_is_wanted_is_forecast(drawn: Drawn, result: ForecastResult) -> None:
    mean = result.prediction.mean

    assert np.abs(mean - drawn.wanted).sum() < 0.1 * drawn.wanted.sum()
    assert mean.sum() == pytest.approx(drawn.wanted.sum(), rel=0.05)


def test_nothing_is_forecast_for_closed_days(drawn: Drawn, result: ForecastResult) -> None:
    closed = drawn.wanted.sum(axis=0) == 0
    found = result.prediction

    assert closed.sum() == 2
    assert not found.mean[:, closed].any()
    assert not found.quantiles[:, closed].any()
    assert result.model.closed[:, closed].all()
    assert not result.model.predict(slice(None), np.ones((30, 14, 1))).mean[:, closed].any()


def test_shards_and_stored_contexts_know_the_same_closed_days(
    drawn: Drawn, context: SharedContext, result: ForecastResult
) -> None:
    restored = SharedContext.from_arrays(context.to_arrays())

    parts = [forecast(part, (), SETTINGS, restored).forecast for part in shards(drawn.panel, 11)]

    assert pa.concat_tables(parts).equals(result.forecast)


def panel_file(tmp_path: Path, drawn: Drawn, name: str, opened: list[object]) -> tuple[Path, Path]:
    """A panel of three series with one row a day, closed days included, and a plan of its horizon."""
    rows = 3
    days = drawn.panel.week_starts[0] + np.arange(WORLD.periods + WORLD.horizon)
    paths = []
    for part, span in (("panel", slice(WORLD.periods)), ("plan", slice(WORLD.periods, None))):
        count = days[span].size
        flag = [opened[day % 7 == 6] for day in range(days.size)][span]
        columns = {
            "article": np.repeat(np.arange(rows), count),
            "branch": np.ones(rows * count, dtype=np.int64),
            "date": np.tile(days[span], rows),
            name: flag * rows,
        }
        if part == "panel":
            columns["quantity"] = drawn.panel.y[:rows].ravel()
        paths.append(tmp_path / f"{part}_{name}.parquet")
        pq.write_table(pa.table(columns), paths[-1])
    return paths[0], paths[1]


@pytest.mark.parametrize(
    ("name", "opened"),
    [("open", [True, False]), ("open", ["ja", "nein"]), ("x_open", [1, 0]), ("x_closed", [0, 1])],
)
def test_a_column_that_says_when_a_branch_is_open_is_no_regressor(
    tmp_path: Path, drawn: Drawn, name: str, opened: list[object]
) -> None:
    panel, plan = panel_file(tmp_path, drawn, name, opened)

    summary = run_request(Request(panel=panel, plan=plan, out=tmp_path / "out", horizon=14))

    mean = pq.read_table(tmp_path / "out" / "forecast.parquet")["mean"].to_numpy().reshape(3, 14)
    assert np.flatnonzero(mean[0] == 0).tolist() == np.flatnonzero(drawn.wanted[0] == 0).tolist()
    assert summary["regressors"] == []
    note = (
        f"{name}: 180 dates on which branches were closed are not learned from, 6 planned ones are forecast 0"
    )
    assert note in summary["notes"]
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["notes"] == summary["notes"]
