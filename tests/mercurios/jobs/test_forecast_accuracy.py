"""What a forecast was worth, once its weeks have closed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from forecast_run import LAST_WEEK, ForecastRun

from mercurios.jobs.findings import forecast_findings
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine


@pytest.fixture
def a_week_later(published: Path, tmp_path: Path) -> Path:
    """What readers see when the forecast of the week before has been published and its first week has closed."""
    earlier, later = tmp_path / "earlier.duckdb", tmp_path / "later.duckdb"
    shutil.copy(published, earlier)
    shutil.copy(published, later)
    with DuckDBEngine(earlier, threads=1) as engine:
        engine.execute(f"delete from analytics.fct_demand_weekly where week_start = date '{LAST_WEEK}'")
    (tmp_path / "before").mkdir()
    run = ForecastRun(earlier, tmp_path / "before")
    run.load(*run.fit("r0"))
    table = run.engine.fetch_arrow("select * from analytics.forecast_weekly")
    run.engine.close()
    with DuckDBEngine(later, threads=1) as engine:
        engine._connection.register("kept", table)
        engine.execute("insert into analytics.forecast_weekly by name select * from kept")
    return later


def demand_that_is_known(history: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the weeks that stock did not limit, and those that sold at least the level before the end."""
    for _, rows in groupby(history, key=lambda row: (row["article_number"], row["branch_number"])):
        level: float | None = None
        for row in rows:
            units = row["units"]
            usual = level or 0.0
            if row["is_over"]:
                if not row["is_stock_out"]:
                    yield row
                continue
            if row["is_stock_out"] and not (units > 0 and units >= usual - usual**0.5):
                continue
            level = units if level is None else usual + 0.2 * (units - usual)
            yield row


def test_a_week_that_has_closed_is_compared_with_what_had_been_published(
    a_week_later: Path, tmp_path: Path
) -> None:
    run = ForecastRun(a_week_later, tmp_path)
    plan_url, urls = run.fit("r1")
    run.load(plan_url, urls)

    figures = {
        row["metric"]: row["value"]
        for row in run.rows("select metric, value from ops.model_monitor where run_id = 'r1'")
    }
    with DuckDBEngine(a_week_later, read_only=True) as engine:
        history = engine.fetch_arrow(
            "select article_number, branch_number, week_start, units, is_stock_out, is_over, mean,"
            " quantile_80"
            " from analytics.fct_demand_weekly left join analytics.forecast_weekly"
            " using (article_number, branch_number, week_start)"
            " order by article_number, branch_number, week_start"
        ).to_pylist()
    run.engine.close()
    known = [row for row in demand_that_is_known(history) if row["mean"] is not None]
    assert len(known) > 10
    units = sum(row["units"] for row in known)
    errors = [row["mean"] - row["units"] for row in known]
    assert figures["live_wape"] == pytest.approx(sum(map(abs, errors)) / units)
    assert figures["live_bias"] == pytest.approx(sum(errors) / units)
    covered = sum(row["units"] <= row["quantile_80"] for row in known)
    assert figures["live_coverage_80"] == pytest.approx(covered / len(known))
    assert figures["live_ratio"] == pytest.approx(figures["live_wape"] / figures["live_wape_mean_13w"])
    assert figures["live_drift"] == 0.0
    assert {"live_wape_smooth", "live_mase_smooth", "wape_model"} <= set(figures)


def test_the_accuracy_mart_has_a_row_for_each_class(a_week_later: Path, tmp_path: Path) -> None:
    """Of the backtest and of what came true."""
    run = ForecastRun(a_week_later, tmp_path)
    done = run.load(*run.fit("r1"))
    run.load(*run.fit("r2", shard_size=10_000))
    rows = {
        (row["kind"], row["demand_class"]): row
        for row in run.rows("select * from analytics.forecast_accuracy order by all")
    }
    count = run.rows("select count(*) as n from analytics.forecast_accuracy")[0]["n"]
    monitored = run.rows(
        "select value from ops.model_monitor where metric = 'live_ratio_smooth' and run_id = 'r2'"
    )
    run.engine.close()
    assert count == len(rows), "the second run of the week takes the place of the first"
    assert {("backtest", "all"), ("live", "all"), ("backtest", "smooth"), ("live", "smooth")} <= set(rows)
    whole = rows["backtest", "all"]
    assert whole["wape"] == pytest.approx(done.wape["wape_model"])
    assert whole["bias"] == pytest.approx(done.wape["bias_model"])
    assert whole["wape_mean_13w"] == pytest.approx(done.wape["wape_mean_13w"], rel=0.02)
    assert whole["actual"] == pytest.approx(
        sum(r["actual"] for k, r in rows.items() if k[0] == "backtest") / 2
    )
    assert whole["mase"] is None
    assert 0 <= rows["live", "all"]["coverage_80"] <= 1
    assert monitored == [{"value": rows["live", "smooth"]["ratio"]}]


def test_a_ratio_far_above_its_own_history_is_an_alarm(a_week_later: Path, tmp_path: Path) -> None:
    run = ForecastRun(a_week_later, tmp_path)
    for week in range(1, 9):
        row = f"('mini', 'w{week}', date '{LAST_WEEK - timedelta(weeks=week)}', 'live_ratio', 0.5, now()::timestamp)"
        run.engine.execute(f"insert into ops.model_monitor values {row}")
    run.load(*run.fit("r1"))
    [alarm] = run.rows("select value from ops.model_monitor where metric = 'live_drift'")
    [finding] = forecast_findings(run.engine, Run("mini", "forecast__mini", "r1"))
    run.engine.close()
    assert alarm["value"] == 1.0
    assert finding.seen.startswith("all articles: the error is ")
    assert finding.seen.endswith(" times that of the 13-week mean, usually 0.50")


def test_the_methods_that_readers_know_are_kept_where_they_are_nearly_the_best(
    a_week_later: Path, tmp_path: Path
) -> None:
    by_series = (
        "select article_number, branch_number, method from analytics.forecast_weekly where horizon = 1"
    )
    same = {}
    for name, change in (("known", ""), ("unknown", "update analytics.forecast_weekly set method = 'other'")):
        path, home = tmp_path / f"{name}.duckdb", tmp_path / name
        home.mkdir()
        shutil.copy(a_week_later, path)
        with DuckDBEngine(path, threads=1) as engine:
            if change:
                engine.execute(change)
        with DuckDBEngine(a_week_later, read_only=True) as engine:
            before = {tuple(row.values()) for row in engine.fetch_arrow(by_series).to_pylist()}
        run = ForecastRun(path, home)
        run.load(*run.fit("r1"))
        same[name] = len(before & {tuple(row.values()) for row in run.rows(by_series)})
        run.engine.close()
    assert same["known"] > same["unknown"]
