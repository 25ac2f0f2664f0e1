"""Publication on Snowflake: readers see the marts of one checked run or of the next, and only a tenant's own change."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from snowflake_retailer import SnowflakeRetailer

from mercurios.jobs.changes import note_outcome, reason_to_skip
from mercurios.jobs.forecast import fit_shard, load_forecast, prepare, read_plan
from mercurios.tenants.run import Run
from mercurios.warehouse.basis import basis_of
from mercurios.warehouse.comments import describe
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.publication import mark_stale, publish
from mercurios.warehouse.setup import write_reference
from mercurios.warehouse.snowflake import publish as publish_snowflake
from mercurios.warehouse.sql import render

MARTS = {
    "fct_demand_weekly": "tenant_id varchar, article_number number(38, 0), branch_number number(38, 0),"
    " week_start date, units number(38, 2), is_stock_out boolean, category_number number(38, 0),"
    " season_number number(38, 0), is_over boolean",
    "article_life": "tenant_id varchar, article_number number(38, 0), article_size_number number(38, 0),"
    " branch_number number(38, 0), season_ends_on date, has_demand boolean, first_seen_on date, life_since date",
    "size_curve": "tenant_id varchar, article_number number(38, 0), article_size_number number(38, 0),"
    " size_share double",
    "stock_out_spells": "tenant_id varchar, article_number number(38, 0), article_size_number number(38, 0),"
    " branch_number number(38, 0), started_on date, ended_on date",
    "dim_article": "tenant_id varchar, article_number number(38, 0), is_service boolean,"
    " supplier_number number(38, 0), sale_price number(18, 2)",
}
TABLES = tuple(MARTS)


@pytest.fixture
def modelled(on_snowflake: SnowflakeRetailer) -> SnowflakeRetailer:
    """A tenant whose marts were built, beside a neighbour's in the same tables."""
    on_snowflake.begin("r1")
    with on_snowflake.engine() as engine:
        for table, columns in MARTS.items():
            engine.execute(f"create table analytics.{table} ({columns})")
        for tenant in ("mini", "neighbour"):
            demand = ", ".join(
                f"('{tenant}', {article}, 1, '{date(2024, 1, 1) + timedelta(weeks=week)}', {1 + week * article % 5},"
                " false, 1, 1, false)"
                for article in (1, 2, 3)
                for week in range(100)
            )
            engine.execute(f"insert into analytics.fct_demand_weekly values {demand}")
            engine.execute(f"insert into analytics.dim_article values ('{tenant}', 1, false, 7, 9.90)")
        for size, share in ((21, 0.75), (22, 0.25)):
            engine.execute(
                f"insert into analytics.article_life values ('mini', 2, {size}, 1, null, true,"
                " '2023-12-01', '2023-12-01')"
            )
            engine.execute(f"insert into analytics.size_curve values ('mini', 2, {size}, {share})")
        engine.execute(
            "insert into analytics.stock_out_spells values ('mini', 2, 22, 1, '2024-03-06', '2024-03-21')"
        )
        engine.execute("update ops.run set as_of_date = cast('2026-03-04' as date)")
    return on_snowflake


def published(retailer: SnowflakeRetailer, tenant: str, table: str = "fct_demand_weekly") -> int:
    [row] = retailer.query(f"select count(*) as n from published.{table} where tenant_id = '{tenant}'")
    return int(row["n"])


def test_readers_see_the_tenants_marts_and_the_weeks_record(modelled: SnowflakeRetailer) -> None:
    with modelled.engine() as engine:
        first = publish(engine, Run("mini", "pipeline__mini", "r1"), TABLES)
        again = publish(engine, Run("mini", "pipeline__mini", "r1"), TABLES)
        later = publish(engine, Run("mini", "pipeline__mini", "r2"), TABLES)

    assert (first.last_complete_week, first.closes_week) == (date(2026, 2, 23), True)
    assert again == first
    assert not later.closes_week
    assert (published(modelled, "mini"), published(modelled, "neighbour")) == (300, 0)
    [status] = modelled.query("select tenant_id, status, run_id, reason from published.publication_status")
    assert status == {"tenant_id": "mini", "status": "fresh", "run_id": "r2", "reason": None}


def test_an_hour_without_change_is_skipped_and_what_readers_see_is_verified(
    modelled: SnowflakeRetailer,
) -> None:
    first, second = (Run("mini", "pipeline__mini", name) for name in ("r1", "r2"))
    with modelled.engine() as engine:
        write_reference(engine, modelled.tenant, date(2026, 3, 4))
        publish(engine, first, TABLES, basis_of(engine, modelled.tenant))

        reason = reason_to_skip(engine, second, basis_of(engine, modelled.tenant))
        note_outcome(engine, modelled.tenant, second, reason)

    assert str(reason).startswith("nothing has changed since run r1 published at ")
    for table in ("published.publication_status", "ops.publication"):
        [found] = modelled.query(f"select verified_at > published_at as is_verified from {table}")
        assert found == {"is_verified": True}


@pytest.mark.parametrize(
    "change",
    [
        "update ops.run set as_of_date = cast('2026-03-05' as date)",
        "insert into raw.public_holiday values ('mini', cast('2026-07-01' as date), 'Founding day')",
        "insert into raw.sale (tenant_id, id, _content_hash, _extracted_at, _run_id, _loaded_at)"
        " values ('mini', 'x', 'x', cast('2026-03-04' as timestamp_ntz), 'r2', cast('2026-03-04' as timestamp_ntz))",
        "update published.publication_status set status = 'stale'",
    ],
    ids=["business day", "holiday", "row", "failed gate"],
)
def test_what_a_build_reads_changed_alone_has_the_run_go_on(modelled: SnowflakeRetailer, change: str) -> None:
    run = Run("mini", "pipeline__mini", "r1")
    with modelled.engine() as engine:
        publish(engine, run, TABLES, basis_of(engine, modelled.tenant))
        assert reason_to_skip(engine, run, basis_of(engine, modelled.tenant)) is not None

        engine.execute(change)

        assert reason_to_skip(engine, run, basis_of(engine, modelled.tenant)) is None


def test_readers_find_what_tables_and_columns_mean(modelled: SnowflakeRetailer) -> None:
    with modelled.engine() as engine:
        publish(engine, Run("mini", "pipeline__mini", "r1"), TABLES)

        rewritten = describe(engine)

    assert rewritten == 0, "what is described already is written again in every run"
    for schema in ("analytics", "published"):
        [column] = modelled.query(
            "select comment from information_schema.columns where table_name = 'FCT_DEMAND_WEEKLY'"
            f" and column_name = 'WEEK_START' and table_schema = '{schema.upper()}'"
        )
        assert column == {"comment": "Monday of the week."}
    [table] = modelled.query(
        "select comment from information_schema.tables where table_name = 'DIM_ARTICLE'"
        " and table_schema = 'PUBLISHED'"
    )
    assert table["comment"].startswith("Articles with a readable name")


def test_a_neighbours_publication_stays_as_it_is(modelled: SnowflakeRetailer) -> None:
    with modelled.engine() as engine:
        publish(engine, Run("neighbour", "pipeline__neighbour", "n1"), TABLES)
        engine.execute("delete from analytics.fct_demand_weekly where tenant_id = 'neighbour'")
        publish(engine, Run("mini", "pipeline__mini", "r1"), TABLES)

    assert (published(modelled, "mini"), published(modelled, "neighbour")) == (300, 300)


def test_a_publication_that_fails_half_way_leaves_what_readers_saw(
    modelled: SnowflakeRetailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with modelled.engine() as engine:
        publish(engine, Run("mini", "pipeline__mini", "r1"), TABLES)
        engine.execute("delete from analytics.fct_demand_weekly where article_number = 3")

        def breaking(dialect: str, name: str, **context: Any) -> str:
            return render(dialect, name, **context).replace(
                "published.publication_status", "published.nowhere"
            )

        with monkeypatch.context() as patch:
            patch.setattr(publish_snowflake, "render", breaking)
            with pytest.raises(WarehouseError):
                publish(engine, Run("mini", "pipeline__mini", "r2"), TABLES)

    assert published(modelled, "mini") == 300
    assert modelled.query("select run_id from ops.publication") == [{"run_id": "r1"}]


def test_a_mart_that_gained_a_column_is_published_with_it(modelled: SnowflakeRetailer) -> None:
    with modelled.engine() as engine:
        publish(engine, Run("mini", "pipeline__mini", "r1"), TABLES)
        engine.execute("alter table analytics.dim_article add column colour varchar")
        engine.execute("update analytics.dim_article set colour = 'blue'")
        publish(engine, Run("mini", "pipeline__mini", "r2"), TABLES)

    assert modelled.query("select tenant_id, colour from published.dim_article") == [
        {"tenant_id": "mini", "colour": "blue"}
    ]


def test_rows_without_a_partner_are_counted_for_one_tenant(modelled: SnowflakeRetailer) -> None:
    shape = {"table": "fct_demand_weekly", "column": "article_number"}
    sql = render("snowflake", "quality_orphans", **shape, to_table="dim_article", key="article_number")

    with modelled.engine() as engine:
        [found] = engine.fetch_arrow(sql, {"tenant_id": "mini"}).to_pylist()

    assert found == {"orphans": 200}


def test_a_mart_that_was_not_built_is_named(modelled: SnowflakeRetailer) -> None:
    with modelled.engine() as engine, pytest.raises(WarehouseError, match=r"no table analytics\.fct_sales"):
        publish(engine, Run("mini", "pipeline__mini", "r1"), ["fct_sales"])


def test_a_failed_check_marks_the_publication_stale_once_and_leaves_it(modelled: SnowflakeRetailer) -> None:
    question = "select status, stale_run_id, reason, stale_since from published.publication_status"
    with modelled.engine() as engine:
        mark_stale(engine, Run("mini", "pipeline__mini", "r0"), "before anything was published")
        assert modelled.query(question) == []
        publish(engine, Run("mini", "pipeline__mini", "r1"), TABLES)
        mark_stale(engine, Run("mini", "pipeline__mini", "r2"), "units are negative")
        [first] = modelled.query(question)
        mark_stale(engine, Run("mini", "pipeline__mini", "r3"), "still negative")
        [second] = modelled.query(question)

    assert (first["status"], first["stale_run_id"], first["reason"]) == ("stale", "r2", "units are negative")
    assert second["stale_since"] == first["stale_since"] <= datetime.now()
    assert published(modelled, "mini") == 300


def test_the_share_of_sizes_on_offer_is_read_from_what_was_published(modelled: SnowflakeRetailer) -> None:
    """A quarter of the demand was missing for a week and for three days; the week of the sell-out counts as whole."""
    with modelled.engine() as engine:
        publish(engine, Run("mini", "pipeline__mini", "r1"), TABLES)
        rows = engine.fetch_arrow(
            render(engine.dialect, "forecast_demand"), {"tenant_id": "mini"}
        ).to_pylist()

    found = {row["week_start"]: row["on_offer"] for row in rows if row["on_offer"] != 1}
    assert {row["article_number"] for row in rows} == {1, 2, 3}
    assert list(found) == [date(2024, 3, 11), date(2024, 3, 18)]
    assert list(found.values()) == pytest.approx([0.75, 1 - 0.25 * 3 / 7])


def test_a_forecast_is_loaded_in_one_transaction_and_replaced_when_repeated(
    modelled: SnowflakeRetailer,
) -> None:
    with modelled.engine() as engine:
        publish(engine, Run("mini", "pipeline__mini", "r1"), TABLES)
        for run_id in ("f1", "f2"):
            plan_url = prepare(engine, modelled.store, modelled.tenant, Run("mini", "forecast__mini", run_id))
            shards = range(read_plan(modelled.store, plan_url).shards)
            manifests = [fit_shard(modelled.store, plan_url, shard) for shard in shards]
            loaded = load_forecast(engine, modelled.store, plan_url, manifests)

    assert (loaded.series, loaded.rows) == (3, 3 * modelled.tenant.forecast.horizon_weeks)
    for table in ("forecast_weekly", "forecast_protection"):
        found = modelled.query(f"select tenant_id, run_id, count(*) as n from analytics.{table} group by all")
        assert found == [{"tenant_id": "mini", "run_id": "f2", "n": loaded.rows}]
    monitored = modelled.query("select distinct run_id from ops.model_monitor order by run_id")
    assert [row["run_id"] for row in monitored] == ["f1", "f2"]
