"""Monthly histories: refused unless they are asked for, and then forecast month by month."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from worlds import Drawn, World, draw

from mercurios.forecasting import ForecastSettings, forecast
from mercurios.forecasting.command import Request, run_request
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.panel.cadence import MONTHLY
from mercurios.forecasting.panel.panel import PanelError

WORLD = World(series=60, periods=48, horizon=6, level=30.0, season=0.4, excess=0.02, cadence=MONTHLY)


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw(WORLD)


@pytest.fixture(scope="module")
def result(drawn: Drawn) -> ForecastResult:
    return forecast(drawn.panel, (), ForecastSettings(horizon=6, protection=1))


def test_months_follow_the_season_of_the_year(drawn: Drawn, result: ForecastResult) -> None:
    """The 13-week mean of the same months is off by a third and more."""
    mean, flat = result.prediction.mean, drawn.panel.y[:, -3:].mean(axis=1, keepdims=True)
    error = np.abs(mean - drawn.wanted).sum() / drawn.wanted.sum()

    assert error < 0.13
    assert error < 0.5 * np.abs(flat - drawn.wanted).sum() / drawn.wanted.sum()
    assert mean.sum() == pytest.approx(drawn.wanted.sum(), rel=0.05)


def test_four_of_five_months_lie_below_their_quantile(drawn: Drawn, result: ForecastResult) -> None:
    covered = (drawn.sold <= result.prediction.quantiles[:, :, 1]).mean()

    assert 0.7 < covered < 0.92


def written(tmp_path: Path, drawn: Drawn, days: np.ndarray, column: str = "date") -> Path:
    rows, count = 5, days.size
    path = tmp_path / "panel.parquet"
    table = {
        "article": np.repeat(np.arange(rows), count),
        "branch": np.ones(rows * count, dtype=np.int64),
        column: np.tile(days, rows),
        "quantity": drawn.panel.y[:rows].ravel(),
    }
    pq.write_table(pa.table(table), path)
    return path


def days_of(kind: str) -> np.ndarray:
    first = WORLD.cadence.starts(np.datetime64("2021-01-01"), WORLD.periods)
    following = WORLD.cadence.starts(np.datetime64("2021-02-01"), WORLD.periods)
    return {
        "first": first,
        "last": following - 1,
        "fifteenth": first + 14,
        "last working day": np.busday_offset(following, -1, roll="forward"),
    }[kind]


KINDS = ["first", "last", "fifteenth", "last working day"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("column", ["date", "week", "month"])
def test_months_are_refused_unless_asked_for(tmp_path: Path, drawn: Drawn, column: str, kind: str) -> None:
    path = written(tmp_path, drawn, days_of(kind), column)

    with pytest.raises(PanelError, match=f"column '{column}', row 1: .*--frequency M"):
        run_request(Request(panel=path, out=tmp_path / "out"))


@pytest.mark.parametrize("kind", KINDS)
def test_any_day_stands_for_its_month(tmp_path: Path, drawn: Drawn, kind: str) -> None:
    path = written(tmp_path, drawn, days_of(kind))

    summary = run_request(Request(panel=path, out=tmp_path / kind, frequency="M", country="DE", plots=True))

    found = pq.read_table(tmp_path / kind / "forecast.parquet")
    assert (summary["frequency"], summary["periods"], summary["horizon"]) == ("M", 48, 6)
    assert (summary["first"], summary["origin"]) == ("2021-01-01", "2024-12-01")
    assert [str(day) for day in found["date"][:6].to_pylist()] == [
        f"2025-0{month}-01" for month in range(1, 7)
    ]
    assert " that month" in found["explanation"][0].as_py()


def test_two_rows_of_one_month_are_refused(tmp_path: Path, drawn: Drawn) -> None:
    days = days_of("first").copy()
    days[1] = days[0] + 3
    path = written(tmp_path, drawn, days)

    with pytest.raises(PanelError, match="a second row for article 0"):
        run_request(Request(panel=path, out=tmp_path / "out", frequency="M"))
