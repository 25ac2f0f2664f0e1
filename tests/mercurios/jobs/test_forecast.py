"""The forecast run: three steps, any number of shards, one answer."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from forecast_run import EVERYTHING, HORIZON, LAST_WEEK, SERIES, SUMS, ForecastRun

from mercurios.forecasting.output.model import ForecastModel
from mercurios.jobs.forecast import ForecastError, ShardManifest, fit_shard, load_forecast, prepare
from mercurios.landing.store import LandingError, LandingStore
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.load import TenantGuardError
from mercurios.warehouse.sql import render


@pytest.fixture
def run(published: Path, tmp_path: Path) -> Iterator[ForecastRun]:
    run = ForecastRun(published, tmp_path)
    yield run
    run.engine.close()


@pytest.fixture(scope="module")
def fitted(published: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[str]]:
    """A landing area with one fitted run, for tests that only load."""
    home = tmp_path_factory.mktemp("fitted")
    run = ForecastRun(published, home)
    plan_url, urls = run.fit("r1")
    run.engine.close()
    return home, plan_url, urls


def test_a_receipt_of_long_ago_lengthens_the_history_of_no_series(published: Path, tmp_path: Path) -> None:
    shutil.copy(published, tmp_path / "mini.duckdb")
    with DuckDBEngine(tmp_path / "mini.duckdb", threads=1) as engine:
        sql = render(engine.dialect, "forecast_demand")
        before = engine.fetch_arrow(sql, {"tenant_id": "mini"})
        engine.execute(
            "insert into analytics.fct_demand_weekly by name"
            " select * exclude (n) replace (week_start - 7 * n::integer as week_start, if(n = 1000, 1, 0) as units)"
            " from (select * from analytics.fct_demand_weekly order by week_start, article_number limit 1),"
            " range(1, 1001) as weeks (n)"
        )

        after = engine.fetch_arrow(sql, {"tenant_id": "mini"})

    assert after.equals(before)


def test_a_retailer_that_has_just_begun_is_read_from_its_first_week(published: Path, tmp_path: Path) -> None:
    shutil.copy(published, tmp_path / "mini.duckdb")
    with DuckDBEngine(tmp_path / "mini.duckdb", threads=1) as engine:
        engine.execute(f"delete from analytics.fct_demand_weekly where week_start < date '{LAST_WEEK}' - 14")

        found = engine.fetch_arrow(render(engine.dialect, "forecast_demand"), {"tenant_id": "mini"})

    assert len(set(found["week_start"].to_pylist())) == 3


def test_every_plannable_series_gets_every_week_of_the_horizon(
    run: ForecastRun, fitted: tuple[Path, str, list[str]]
) -> None:
    _, plan_url, urls = fitted
    done = run.load(plan_url, urls)

    rows = run.rows()
    # Service articles are not planned.
    plannable = SERIES - 2
    assert (len(urls), done.series, done.rows, len(rows)) == (
        2,
        plannable,
        plannable * HORIZON,
        plannable * HORIZON,
    )
    assert {row["origin_week"] for row in rows} == {LAST_WEEK} == {done.origin_week}
    assert {row["week_start"] for row in rows} == {
        LAST_WEEK + timedelta(weeks=h) for h in range(1, HORIZON + 1)
    }
    assert all(0 <= row["quantile_50"] <= row["quantile_80"] <= row["quantile_95"] for row in rows)
    assert all(row["mean"] >= 0 and np.isfinite(row["mean"]) for row in rows)
    assert 0 < done.wape["wape_model"] < 2


def test_what_orders_must_cover_is_published_for_every_number_of_weeks(
    run: ForecastRun, fitted: tuple[Path, str, list[str]]
) -> None:
    _, plan_url, urls = fitted
    run.load(plan_url, urls)

    [off] = run.rows(
        "with weeks as (select *, sum(mean) over (partition by article_number, branch_number order by week_start)"
        " as total from analytics.forecast_weekly)"
        " select count(*) as n, max(abs(total - sums.mean)) as mean,"
        " max(abs(weeks.quantile_95 - sums.quantile_95)) filter (where periods = 1) as first_week,"
        " count(*) filter (where not sums.quantile_50 <= sums.quantile_80) as crossed,"
        " count(distinct (sums.tenant_id, sums.run_id)) as runs"
        " from weeks full join analytics.forecast_protection as sums"
        " using (tenant_id, run_id, origin_week, article_number, branch_number)"
        " where horizon = periods"
    )
    assert off == {
        "n": (SERIES - 2) * HORIZON,
        "mean": pytest.approx(0, abs=1e-9),
        "first_week": 0,
        "crossed": 0,
        "runs": 1,
    }


def test_a_load_that_breaks_between_weeks_and_sums_leaves_neither(
    run: ForecastRun, fitted: tuple[Path, str, list[str]]
) -> None:
    _, plan_url, urls = fitted
    manifest = ShardManifest.model_validate_json(run.store.read_bytes(urls[1]))
    lost = manifest.model_copy(
        update={"protection": manifest.protection.model_copy(update={"rows": manifest.protection.rows + 1})}
    )
    url = run.store.write_document("lost/manifest.json", lost.model_dump_json().encode())

    with pytest.raises(
        WarehouseError, match="512 rows of forecast_protection were copied, the manifests list 513"
    ):
        run.load(plan_url, [urls[0], url])

    assert (run.rows(), run.rows(SUMS)) == ([], [])


def test_the_forecast_does_not_depend_on_how_many_shards_there_are(
    run: ForecastRun, fitted: tuple[Path, str, list[str]]
) -> None:
    _, plan_url, urls = fitted
    run.load(plan_url, urls)
    two_shards = run.rows(), run.rows(SUMS)
    measured = run.rows("select metric, value from ops.model_monitor order by all")

    plan_url, urls = run.fit("r2", shard_size=10_000)
    run.load(plan_url, urls)

    assert len(urls) == 1
    assert (run.rows(), run.rows(SUMS)) == two_shards
    again = run.rows("select metric, value from ops.model_monitor where run_id = 'r2' order by all")
    assert [row["value"] for row in again] == pytest.approx([row["value"] for row in measured], rel=1e-9)


def test_loading_again_replaces_and_doubles_nothing(
    run: ForecastRun, fitted: tuple[Path, str, list[str]]
) -> None:
    _, plan_url, urls = fitted
    run.load(plan_url, urls)
    before = run.rows(), run.rows("select metric, value from ops.model_monitor order by all")
    sums = run.rows(SUMS)
    for table in ("analytics.forecast_weekly", "analytics.forecast_protection"):
        older = f"insert into {table} select * replace (date '2026-02-16' as origin_week) from {table}"
        run.engine.execute(older)

    run.load(plan_url, list(reversed(urls)))

    newest = EVERYTHING.replace("order by", f"where origin_week = date '{LAST_WEEK}' order by")
    assert run.rows(newest) == before[0]
    assert run.rows("select metric, value from ops.model_monitor order by all") == before[1]
    assert run.rows(SUMS.replace("order by", f"where origin_week = date '{LAST_WEEK}' order by")) == sums
    for table, count in (("weekly", len(before[0])), ("protection", len(sums))):
        [kept] = run.rows(
            f"select count(*) as n from analytics.forecast_{table} where origin_week = date '2026-02-16'"
        )
        assert kept["n"] == count, "the forecast of an earlier week is measured later and must stay"


def test_a_missing_shard_is_named_and_nothing_is_loaded(
    run: ForecastRun, fitted: tuple[Path, str, list[str]]
) -> None:
    _, plan_url, urls = fitted

    with pytest.raises(
        WarehouseError, match=r"the run has shards 0 to 1, but \[1\] were landed: clear `fit`"
    ):
        run.load(plan_url, urls[1:])

    assert run.rows() == []


def test_a_shard_of_another_run_is_refused(run: ForecastRun, fitted: tuple[Path, str, list[str]]) -> None:
    _, plan_url, urls = fitted
    foreign = ShardManifest.model_validate_json(run.store.read_bytes(urls[1])).model_copy(
        update={"run_id": "r9"}
    )
    url = run.store.write_document("foreign/manifest.json", foreign.model_dump_json().encode())

    with pytest.raises(WarehouseError, match="shard 1 belongs to run r9 of mini, not to this one"):
        run.load(plan_url, [urls[0], url])

    assert run.rows() == []


@pytest.mark.parametrize(
    "stranger", [Run("mini", "forecast__mini", "r2"), Run("other", "forecast__other", "r1")]
)
def test_a_run_fits_and_loads_no_plan_of_another_run_or_tenant(
    run: ForecastRun, fitted: tuple[Path, str, list[str]], stranger: Run
) -> None:
    home, plan_url, urls = fitted
    store = LandingStore(f"file://{home}/landing")

    for use in (
        lambda: fit_shard(store, plan_url, 0, stranger),
        lambda: load_forecast(run.engine, store, plan_url, urls, stranger),
    ):
        with pytest.raises(TenantGuardError, match="is of run r1 of tenant 'mini'"):
            use()

    assert run.rows() == []


@pytest.mark.parametrize("kind", ["elsewhere", "a link", "a linked folder"])
def test_a_part_outside_of_its_shards_folder_is_refused(run: ForecastRun, tmp_path: Path, kind: str) -> None:
    plan_url, urls = run.fit("r1", shard_size=10_000)
    manifest = ShardManifest.model_validate_json(run.store.read_bytes(urls[0]))
    part = Path(manifest.forecast.url.removeprefix("file://"))
    stranger = tmp_path / "landing" / "tenant=other" / part.name
    if kind == "a linked folder":
        part.parent.rename(stranger.parent)
        part.parent.symlink_to(stranger.parent)
    else:
        stranger.parent.mkdir(parents=True)
        part.rename(stranger)
    if kind == "a link":
        part.symlink_to(stranger)
    if kind == "elsewhere":
        moved = manifest.forecast.model_copy(update={"url": f"file://{stranger}"})
        changed = manifest.model_copy(update={"forecast": moved})
        Path(urls[0].removeprefix("file://")).write_text(changed.model_dump_json())

    with pytest.raises(TenantGuardError, match=r"does not lie in the folder tenant=mini/.*/shard=00000"):
        run.load(plan_url, urls)

    assert run.rows() == []


def test_a_forecast_with_rows_of_another_tenant_is_refused(run: ForecastRun) -> None:
    plan_url, urls = run.fit("r1", shard_size=10_000)
    manifest = ShardManifest.model_validate_json(run.store.read_bytes(urls[0]))
    part = Path(manifest.protection.url.removeprefix("file://"))
    table = pq.read_table(part, partitioning=None)
    place = table.column_names.index("tenant_id")
    tenants = ["other", *table["tenant_id"].to_pylist()[1:]]
    pq.write_table(table.set_column(place, "tenant_id", [tenants]), part)
    content = part.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    listed = manifest.protection.model_copy(update={"bytes": len(content), "sha256": digest})
    changed = manifest.model_copy(update={"protection": listed})
    Path(urls[0].removeprefix("file://")).write_text(changed.model_dump_json())

    with pytest.raises(
        TenantGuardError, match="holds rows of another tenant than 'mini'; nothing was loaded"
    ):
        run.load(plan_url, urls)

    assert (run.rows(), run.rows(SUMS)) == ([], [])


@pytest.mark.parametrize("name", ["forecast", "protection", "backtest"])
def test_a_part_that_is_not_the_one_its_manifest_names_is_refused(
    run: ForecastRun, tmp_path: Path, name: str
) -> None:
    plan_url, urls = run.fit("r1", shard_size=10_000)
    [part] = (tmp_path / "landing").rglob(f"{name}.parquet")
    part.write_bytes(part.read_bytes()[:-1])

    with pytest.raises(LandingError, match=f"{name}.parquet is not the file its manifest names"):
        run.load(plan_url, urls)

    assert run.rows() == []


def test_a_tenant_without_published_demand_learns_what_to_do(run: ForecastRun) -> None:
    run.engine.execute(
        "create table analytics.fct_demand_weekly as select ''::varchar as tenant_id, 1::bigint as article_number,"
        " 1::bigint as branch_number, current_date as week_start, 1.0 as units, false as is_stock_out,"
        " 1::bigint as category_number, 1::bigint as season_number, false as is_over limit 0"
    )
    run.engine.execute(
        "create table analytics.article_life as select ''::varchar as tenant_id, 1::bigint as article_number,"
        " 1::bigint as article_size_number, 1::bigint as branch_number, null::date as season_ends_on,"
        " true as has_demand, current_date as first_seen_on, current_date as life_since limit 0"
    )
    run.engine.execute(
        "create table analytics.size_curve as select ''::varchar as tenant_id, 1::bigint as article_number,"
        " 1::bigint as article_size_number, 1.0 as size_share limit 0"
    )
    run.engine.execute(
        "create table analytics.stock_out_spells as select ''::varchar as tenant_id, 1::bigint as article_number,"
        " 1::bigint as article_size_number, 1::bigint as branch_number, current_date as started_on,"
        " current_date as ended_on limit 0"
    )
    run.engine.execute(
        "create table analytics.dim_article as select ''::varchar as tenant_id, 1::bigint as article_number,"
        " false as is_service, 1::bigint as supplier_number, 1.0 as sale_price limit 0"
    )

    with pytest.raises(
        ForecastError, match="tenant mini: the published demand holds no complete week; run the"
    ):
        prepare(run.engine, run.store, run.tenant(100), Run("mini", "forecast__mini", "r1"))


def test_a_series_that_ended_is_forecast_nothing_and_left_out_weeks_are_counted(
    run: ForecastRun, fitted: tuple[Path, str, list[str]]
) -> None:
    _, plan_url, urls = fitted
    run.load(plan_url, urls)

    [ended] = run.rows(
        "select max(mean) as mean, max(quantile_95) as high, count(*) as weeks from analytics.forecast_weekly"
        " where (article_number, branch_number) = (1002, 1)"
    )
    figures = {
        row["metric"]: row["value"]
        for row in run.rows("select metric, value from ops.model_monitor where metric like 'backtest_%'")
    }
    assert ended == {"mean": 0, "high": 0, "weeks": HORIZON}
    assert 0 < figures["backtest_left_out_weeks"] < 0.05
    assert figures["backtest_known_wape"] > 0
    weeks = [figures[f"backtest_known_bias_week_{week}"] for week in range(1, HORIZON + 1)]
    assert min(weeks) < figures["backtest_known_bias"] < max(weeks)


def test_the_model_of_a_shard_answers_without_fitting(
    run: ForecastRun, fitted: tuple[Path, str, list[str]]
) -> None:
    home, plan_url, urls = fitted
    run.load(plan_url, urls)
    [path] = (home / "landing").rglob("shard=00001/model.npz")
    with np.load(path, allow_pickle=False) as arrays:
        model = ForecastModel.from_arrays(dict(arrays))
    row = model.row(1060, 2)
    answer = model.predict(slice(row, row + 1))
    published = run.rows(
        "select mean from analytics.forecast_weekly where (article_number, branch_number) = (1060, 2)"
    )
    assert sorted(answer.mean[0]) == sorted(row["mean"] for row in published)
