"""`mercurios forecast` turns a file into tables that join back to it, in seconds, or says what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from mercurios.cli.main import app
from mercurios.forecasting.command import Request, run_request

MONDAY = date(2023, 1, 2)
PARTS = [f"part_{name}" for name in ("level", "trend", "season", "holiday", "regressor")]


def write_panel(path: Path, articles: int = 12, weeks: int = 120, **extra: Any) -> Path:
    """Three branches, seasonal Poisson demand, a promotion flag; seeded."""
    rng = np.random.default_rng(17)
    n = articles * 3
    promo = (rng.random((n, weeks)) < 0.2).astype(int)
    season = np.exp(0.5 * np.sin(np.arange(weeks) / 8.3))
    y = rng.poisson(rng.lognormal(1.0, 1.0, (n, 1)) * season * 2.0**promo)
    columns = {
        "article": np.repeat([f"art-{at:03d}" for at in range(articles)], 3 * weeks),
        "branch": np.tile(np.repeat([10, 20, 30], weeks), articles),
        "week": np.tile([MONDAY + timedelta(7 * week) for week in range(weeks)], n),
        "quantity": y.ravel(),
        "category": np.repeat(np.arange(articles) % 3, 3 * weeks),
    }
    columns |= {name: make(promo) for name, make in extra.items()}
    pq.write_table(pa.table(columns), path)
    return path


def command(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["forecast", *map(str, arguments)], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def read(folder: Path, name: str) -> pa.Table:
    return pq.read_table(folder / f"{name}.parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("forecast")
    panel = write_panel(home / "panel.parquet", x_promo=lambda promo: promo.ravel())
    ahead = [MONDAY + timedelta(7 * (120 + week)) for week in range(8)]
    plan = {
        "article": ["art-001"] * 8,
        "branch": [20] * 8,
        "week": ahead,
        "x_promo": [0, 0, 1, 1, 0, 0, 0, 0],
    }
    pq.write_table(pa.table(plan), home / "plan.parquet")
    code, output = command(panel, "--out", home / "out", "--plan", home / "plan.parquet", "--plots")
    assert code == 0, output
    return home


def test_the_forecast_joins_back_to_the_file(folder: Path) -> None:
    table = read(folder / "out", "forecast")
    quantiles = ["q0.5", "q0.8", "q0.95"]
    assert table.column_names == [
        *("article", "branch", "week", "horizon", "method", "mean"),
        *quantiles,
        *PARTS,
        "explanation",
    ]
    assert table.num_rows == 36 * 8
    assert table["article"].unique().to_pylist() == [f"art-{at:03d}" for at in range(12)]
    assert table["branch"].unique().to_pylist() == [10, 20, 30]
    assert table["week"][0].as_py() == MONDAY + timedelta(7 * 120)
    assert table["horizon"].slice(0, 8).to_pylist() == list(range(1, 9))
    mean = table["mean"].to_numpy()
    np.testing.assert_allclose(sum(table[name].to_numpy() for name in PARTS), mean, atol=1e-9)
    stacked = np.stack([table[name].to_numpy() for name in quantiles])
    assert (np.diff(stacked, axis=0) >= 0).all()


def test_the_planned_promotion_raises_its_series_alone(folder: Path) -> None:
    table = read(folder / "out", "forecast").to_pylist()
    rows_of_series = [row for row in table if (row["article"], row["branch"]) == ("art-001", 20)]
    uplift = [row["part_regressor"] / (row["mean"] - row["part_regressor"]) for row in rows_of_series]
    assert np.flatnonzero(np.array(uplift) > 0.5).tolist() == [2, 3]
    assert not any(row["part_regressor"] for row in table if row["article"] != "art-001")
    assert "promotion or price adds" in rows_of_series[2]["explanation"]


def test_the_sum_over_the_protection_period_has_quantiles_of_its_own(folder: Path) -> None:
    table, weekly = read(folder / "out", "protection"), read(folder / "out", "forecast")
    assert table.column_names == ["article", "branch", "origin", "periods", "mean", "q0.5", "q0.8", "q0.95"]
    assert set(table["periods"].to_pylist()) == {3}
    assert set(table["origin"].to_pylist()) == {MONDAY + timedelta(7 * 119)}
    first = weekly["mean"].to_numpy().reshape(36, 8)[:, :3].sum(axis=1)
    np.testing.assert_allclose(table["mean"].to_numpy(), first)
    summed = weekly["q0.95"].to_numpy().reshape(36, 8)[:, :3].sum(axis=1)
    assert table["q0.95"].to_numpy().sum() < summed.sum()


def test_the_summary_says_what_was_done(folder: Path) -> None:
    summary = json.loads((folder / "out" / "summary.json").read_text())
    assert summary["series"] == 36
    assert summary["rows"] == 288
    assert sum(summary["classes"].values()) == 36
    assert sum(summary["methods"].values()) == pytest.approx(36, abs=0.1)
    assert summary["seconds"]["total"] >= summary["seconds"]["shared"] > 0
    assert summary["peak_memory_mib"] > 0
    assert summary["versions"]["numpy"] == np.__version__
    assert summary["backtest"]["wape"] < summary["backtest"]["wape_mean_13w"]
    assert "values are not in the plan" in " ".join(summary["notes"])


def test_every_method_was_tested_on_every_series(folder: Path) -> None:
    table = read(folder / "out", "backtest")
    assert {"article", "branch", "origin", "week", "horizon", "actual", "mean", "mean_13w", "sba"} <= set(
        table.column_names
    )
    assert table.group_by(["article", "branch"]).aggregate([]).num_rows == 36


def test_there_is_a_picture_for_each_class(folder: Path) -> None:
    summary = json.loads((folder / "out" / "summary.json").read_text())
    for name, count in summary["classes"].items():
        path = folder / "out" / f"plot_{name}.png"
        assert path.exists() == (count > 0)
        if count:
            assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_shards_change_no_number(folder: Path, tmp_path: Path) -> None:
    for name, size in (("whole", 10_000), ("split", 7)):
        run_request(Request(folder / "panel.parquet", tmp_path / name, shard_series=size))
    for name in ("forecast", "protection"):
        assert read(tmp_path / "split", name).equals(read(tmp_path / "whole", name))


def test_the_methods_of_an_earlier_forecast_are_kept(folder: Path, tmp_path: Path) -> None:
    first = folder / "panel.parquet"
    run_request(Request(first, tmp_path / "one"))
    run_request(Request(first, tmp_path / "two", previous=tmp_path / "one" / "forecast.parquet"))
    assert read(tmp_path / "two", "forecast").equals(read(tmp_path / "one", "forecast"))
    with pytest.raises(ValueError, match=r"column 'method': missing in panel\.parquet"):
        run_request(Request(first, tmp_path / "three", previous=first))


def test_daily_panels_are_forecast_by_day(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    days = 200
    shape = np.tile([1.0, 1.0, 1.0, 1.2, 1.6, 2.0, 0.2], 29)[:days]
    columns = {
        "article": np.repeat([1, 2, 3, 4], days),
        "branch": np.ones(4 * days, dtype=np.int64),
        "date": np.tile([MONDAY + timedelta(day) for day in range(days)], 4),
        "quantity": rng.poisson(8.0 * np.tile(shape, 4)),
    }
    pq.write_table(pa.table(columns), tmp_path / "daily.parquet")
    code, output = command(tmp_path / "daily.parquet", "--out", tmp_path / "out", "--protection", 10)
    assert code == 0, output
    table = read(tmp_path / "out", "forecast")
    mean = table["mean"].to_numpy().reshape(4, 28)
    assert table["date"][0].as_py() == MONDAY + timedelta(days)
    weekday = np.array([day.weekday() for day in table["date"].slice(0, 28).to_pylist()])
    assert mean[:, weekday == 5].mean() > 5 * mean[:, weekday == 6].mean()
    assert read(tmp_path / "out", "protection")["periods"][0].as_py() == 10


def test_options_are_obeyed(folder: Path, tmp_path: Path) -> None:
    code, output = command(
        *(folder / "panel.parquet", "--out", tmp_path, "--horizon", 2, "--quantiles", "0.9,0.25"),
        *(
            "--protection",
            5,
            "--origin",
            "2024-12-20",
            "--country",
            "DE",
            "--region",
            "BY",
            "--group",
            "branch",
        ),
    )
    assert code == 0, output
    table, summary = read(tmp_path, "forecast"), json.loads((tmp_path / "summary.json").read_text())
    assert table.num_rows == 36 * 2
    assert [name for name in table.column_names if name.startswith("q")] == ["q0.25", "q0.9"]
    assert summary["origin"] == "2024-12-16"
    assert summary["protection"] == 5
    assert summary["holidays"] > 20
    assert table["week"][0].as_py() == date(2024, 12, 23)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--quantiles", "0.5,1.2"), "--quantiles: '0.5,1.2' must be probabilities"),
        (("--origin", "yesterday"), "--origin: 'yesterday' is not a date"),
        (("--frequency", "Q"), "--frequency: 'Q' is not W (weekly), D (daily) or M (monthly)"),
        (("--group", "colour"), "panel.parquet: column 'colour': missing"),
        (("--country", "XX"), "no public holidays are known for XX"),
        (("--plan", "nowhere.csv"), "nowhere.csv does not exist"),
    ],
)
def test_a_wrong_option_ends_with_a_sentence(
    folder: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    code, output = command(folder / "panel.parquet", "--out", tmp_path / "none", *options)
    assert code == 2
    assert message in output
    assert not (tmp_path / "none" / "summary.json").exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda y: y[:1, :1],
        lambda y: y[:, :1],
        lambda y: np.zeros_like(y),
        lambda y: np.full_like(y, 7),
        lambda y: y[:1],
        lambda y: y[:, :9],
        lambda y: -y,
        lambda y: np.where(y == y.max(), 80_000, y),
    ],
    ids=["one point", "one week", "zero", "constant", "one series", "nine weeks", "returns", "outlier"],
)
def test_poor_panels_are_answered(tmp_path: Path, make: Callable[[np.ndarray], np.ndarray]) -> None:
    y = make(np.random.default_rng(1).poisson(2.0, (5, 70)))
    n, weeks = y.shape
    columns = {
        "article": np.repeat(np.arange(n), weeks),
        "branch": np.ones(n * weeks, dtype=np.int64),
        "week": np.tile([MONDAY + timedelta(7 * week) for week in range(weeks)], n),
        "quantity": y.ravel(),
    }
    pq.write_table(pa.table(columns), tmp_path / "panel.parquet")
    run_request(Request(tmp_path / "panel.parquet", tmp_path))
    table = read(tmp_path, "forecast")
    values = np.stack([table[name].to_numpy() for name in ("mean", "q0.5", "q0.8", "q0.95")])
    assert table.num_rows == n * 8
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values[1:], axis=0) >= 0).all()


def test_the_command_runs_as_a_program_and_loads_no_more_than_it_needs(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom mercurios.cli.main import app\n"
        f"sys.argv = ['mercurios', 'forecast', {str(folder / 'panel.parquet')!r}, '--out', {str(tmp_path)!r}]\n"
        "try: app()\nexcept SystemExit as done: assert not done.code\n"
        "print(sorted({'matplotlib', 'scipy.stats', 'duckdb', 'airflow', 'holidays'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, timeout=900
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert "36 series" in done.stdout
