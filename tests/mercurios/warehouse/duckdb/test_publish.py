"""Publication: readers see one publication or the next, whatever happens to the writer."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb import publish as duckdb_publish
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.duckdb.publish import published_file, read_status
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.publication import mark_stale, publish
from mercurios.warehouse.setup import set_up

DAG, FORECAST = "pipeline__mini", "forecast__mini"


class Shop:
    """A warehouse with one mart whose rows all carry the number of the run that made them."""

    def __init__(self, home: Path) -> None:
        self.target = home / "published" / "mini.duckdb"
        self.engine = DuckDBEngine(home / "warehouse" / "mini.duckdb", threads=1)
        set_up(self.engine)

    def build(self, run: int, rows: int = 10) -> None:
        self.engine.execute(
            "create or replace table analytics.fct_sales as select t as tenant_id, ?::int as run, n"
            " from range(?) r(n), (values ('mini'), ('other')) as tenants(t)",
            [run, rows],
        )

    def business_day(self, run_id: str, day: date) -> None:
        self.engine.execute(
            "insert into ops.run (tenant_id, run_id, dag_id, fence, started_at, source_now, as_of_date)"
            " values ('mini', ?, ?, 1, now()::timestamp, now()::timestamp, ?) on conflict do nothing",
            [run_id, DAG, day],
        )

    def publish(self, run_id: str, *tables: str, dag: str = DAG) -> Any:
        return publish(self.engine, Run("mini", dag, run_id), tables or ("fct_sales",))

    def mark_stale(self, run_id: str, reason: str) -> None:
        mark_stale(self.engine, Run("mini", DAG, run_id), reason)

    def read(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.target), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    shop = Shop(tmp_path)
    yield shop
    shop.engine.close()


def test_readers_get_the_tenants_own_rows_and_the_bookkeeping(shop: Shop) -> None:
    shop.build(1)
    shop.business_day("r1", date(2026, 3, 4))

    done = shop.publish("r1")

    assert shop.read("select distinct tenant_id, run from analytics.fct_sales") == [("mini", 1)]
    assert shop.read("select run_id, dag_id, last_complete_week, closes_week from ops.publication") == [
        ("r1", DAG, date(2026, 2, 23), True)
    ]
    assert done.last_complete_week == date(2026, 2, 23)
    assert read_status(shop.target)["status"] == "fresh"
    assert sorted(path.name for path in shop.target.parent.iterdir()) == ["mini.duckdb", "mini.status.json"]


def test_a_reader_never_sees_a_torn_file(shop: Shop, tmp_path: Path) -> None:
    shop.build(0, rows=2000)
    shop.publish("r0")
    stop = tmp_path / "stop"
    reader = (
        "import duckdb, json, pathlib, sys\n"
        "target, stop = sys.argv[1], pathlib.Path(sys.argv[2])\n"
        "seen, torn = set(), []\n"
        "print('reading', flush=True)\n"
        "while not stop.exists():\n"
        "    with duckdb.connect(target, read_only=True) as c:\n"
        "        runs, rows = c.execute('select list(distinct run), count(*) from analytics.fct_sales').fetchone()\n"
        "        last = c.execute('select count(*) from ops.publication').fetchone()[0]\n"
        "    seen.add(runs[0])\n"
        "    if len(runs) != 1 or rows != 2000 or last != runs[0] + 1: torn.append([runs, rows, last])\n"
        "print(json.dumps([sorted(seen), torn]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", reader, str(shop.target), str(stop)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "reading\n"

    for run in range(1, 16):
        shop.build(run, rows=2000)
        shop.publish(f"r{run}")
    stop.touch()
    output, _ = process.communicate(timeout=900)

    assert process.returncode == 0
    seen, torn = json.loads(output)
    assert torn == []
    assert len(seen) > 1, "the reader saw only one publication: the test proved nothing"


def test_readers_find_what_tables_and_columns_mean(shop: Shop) -> None:
    shop.build(1)

    shop.publish("r1")

    [(table,)] = shop.read("select comment from duckdb_tables() where table_name = 'fct_sales'")
    [(column,)] = shop.read(
        "select comment from duckdb_columns() where table_name = 'fct_sales' and column_name = 'tenant_id'"
    )
    assert "One row per tenant and receipt line" in table
    assert column == "The retailer."


def test_tables_of_the_other_dag_are_carried_over_as_they_were_published(shop: Shop) -> None:
    shop.build(1)
    shop.publish("r1")
    shop.build(2)

    shop.publish("f1", "forecast_weekly", dag=FORECAST)

    assert shop.read("select distinct run from analytics.fct_sales") == [(1,)], "an unchecked mart leaked"
    assert shop.read("select count(*) from analytics.forecast_weekly") == [(0,)]


def test_a_missing_table_is_named_and_leaves_readers_and_bookkeeping_as_they_were(shop: Shop) -> None:
    shop.build(1)
    shop.publish("r1")

    with pytest.raises(
        WarehouseError, match=r"mini.duckdb has no table analytics.dim_article, analytics.dim_date"
    ):
        shop.publish("r2", "fct_sales", "dim_date", "dim_article")

    assert shop.read("select distinct run from analytics.fct_sales") == [(1,)]
    recorded = shop.engine.fetch_arrow("select run_id from ops.publication").to_pylist()
    assert recorded == [{"run_id": "r1"}]


def test_a_week_is_closed_exactly_once_and_a_rerun_repeats_its_answer(shop: Shop) -> None:
    shop.build(1)
    answers = []
    for run_id, day in [
        ("r1", date(2026, 3, 4)),
        # The Sunday itself is not over yet.
        ("r2", date(2026, 3, 8)),
        ("r3", date(2026, 3, 9)),
        ("r3", date(2026, 3, 9)),
        ("r4", date(2026, 3, 10)),
        ("r1", date(2026, 3, 4)),
    ]:
        shop.business_day(run_id, day)
        done = shop.publish(run_id)
        answers.append((run_id, done.last_complete_week, done.closes_week))

    first, second = date(2026, 2, 23), date(2026, 3, 2)
    assert answers[:5] == [
        ("r1", first, True),
        ("r2", first, False),
        ("r3", second, True),
        ("r3", second, True),
        ("r4", second, False),
    ]
    assert answers[5][2] is True


def _a_day_passes(shop: Shop) -> None:
    shop.engine.execute("update ops.publication set published_at = published_at - interval 1 day")


def test_a_week_is_closed_again_a_day_later_until_its_forecast_is_published(shop: Shop) -> None:
    """A DAG that is paused loses what reaches it; its week must not be lost with it."""
    shop.build(1)
    shop.business_day("r1", date(2026, 3, 4))
    answers = [shop.publish("r1").closes_week, shop.publish("r2").closes_week]
    _a_day_passes(shop)
    answers += [shop.publish("r3").closes_week, shop.publish("r4").closes_week]
    shop.engine.execute(
        "create or replace table analytics.forecast_weekly as select 'mini' as tenant_id, 1 as mean"
    )
    shop.publish("f1", "forecast_weekly", dag=FORECAST)
    _a_day_passes(shop)
    answers.append(shop.publish("r5").closes_week)

    assert answers == [True, False, True, False, False]


def test_a_forecast_of_the_week_before_does_not_stand_for_this_one(shop: Shop) -> None:
    shop.build(1)
    shop.business_day("r1", date(2026, 3, 4))
    shop.engine.execute(
        "create or replace table analytics.forecast_weekly as select 'mini' as tenant_id, 1 as mean"
    )
    shop.publish("r1")
    shop.publish("f1", "forecast_weekly", dag=FORECAST)
    _a_day_passes(shop)
    shop.engine.execute("update ops.run set started_at = started_at - interval 1 day")
    shop.business_day("r2", date(2026, 3, 11))
    first = shop.publish("r2").closes_week
    _a_day_passes(shop)

    assert (first, shop.publish("r3").closes_week) == (True, True)


def test_a_week_whose_publication_failed_is_closed_by_the_next_run(shop: Shop) -> None:
    shop.build(1)
    shop.business_day("r1", date(2026, 3, 9))
    with pytest.raises(WarehouseError):
        shop.publish("r1", "fct_sales", "dim_article")

    assert shop.publish("r2").closes_week is True
    assert shop.publish("r3").closes_week is False


def test_a_warehouse_publishes_for_its_own_tenant_alone(shop: Shop) -> None:
    shop.build(1)
    shop.publish("r1")

    with pytest.raises(WarehouseError, match=r"belongs to tenant mini.*nothing was written for other"):
        publish(shop.engine, Run("other", DAG, "r2"), ("fct_sales",))

    assert not shop.target.with_name("other.duckdb").exists()


def test_a_readers_file_of_another_tenant_is_not_replaced(shop: Shop) -> None:
    shop.build(1)
    shop.publish("r1")
    with duckdb.connect(str(shop.target)) as readers:
        readers.execute("update ops.publication set tenant_id = 'other'")
    shop.build(2)

    with pytest.raises(WarehouseError, match="belongs to tenant other; nothing was published for mini"):
        shop.publish("r2")

    assert shop.read("select distinct tenant_id, run from analytics.fct_sales") == [("mini", 1)]


def test_the_forecast_keeps_its_own_record_of_weeks(shop: Shop) -> None:
    shop.build(1)
    shop.business_day("r1", date(2026, 3, 9))

    assert shop.publish("r1").closes_week is True
    assert shop.publish("f1", "forecast_weekly", dag=FORECAST).closes_week is True


def test_a_writer_killed_before_the_last_step_leaves_the_old_file(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build(1)
    shop.publish("r1")
    shop.build(2)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as at_the_last_step:
        at_the_last_step.setattr(duckdb_publish.os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.publish("r2")
    assert shop.read("select distinct run from analytics.fct_sales") == [(1,)]

    rest = shop.target.with_name("mini.partial")
    rest.write_bytes(b"what a process that was killed by force leaves behind")
    shop.publish("r3")
    assert shop.read("select distinct run from analytics.fct_sales") == [(2,)]
    assert not rest.exists()


def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(shop: Shop, tmp_path: Path) -> None:
    shop.build(1)
    (tmp_path / "published").write_text("a file stands where the folder should be")

    with pytest.raises(WarehouseError, match=r"readers' file .*mini.duckdb cannot be replaced .*space left"):
        shop.publish("r1")


def test_a_stale_publication_says_since_when_and_why_until_the_next_good_one(shop: Shop) -> None:
    shop.mark_stale("r0", "nothing published yet")
    assert read_status(shop.target) == {}
    shop.build(1)
    shop.publish("r1")

    shop.mark_stale("r2", "units are negative")
    since = read_status(shop.target)["stale_since"]
    shop.mark_stale("r3", "units are still negative")
    status = read_status(shop.target)

    assert (status["status"], status["run_id"], status["stale_run_id"]) == ("stale", "r1", "r3")
    assert status["stale_since"] == since
    assert datetime.fromisoformat(since).tzinfo is not None
    assert shop.read("select distinct run from analytics.fct_sales") == [(1,)]
    shop.publish("r4")
    assert "reason" not in read_status(shop.target)


def test_tenants_whose_warehouse_files_have_one_name_publish_apart(tmp_path: Path) -> None:
    for tenant in ("north", "south"):
        with DuckDBEngine(tmp_path / tenant / "shop.duckdb", threads=1) as engine:
            set_up(engine)
            publish(engine, Run(tenant, FORECAST, "r1"), ["forecast_weekly"])

    assert sorted(path.name for path in (tmp_path / "published").glob("*.duckdb")) == [
        "north.duckdb",
        "south.duckdb",
    ]


def test_a_warehouse_file_of_any_name_can_be_published(tmp_path: Path) -> None:
    warehouse = tmp_path / "it's a warehouse" / "it's Mini 2.v1.duckdb"

    with DuckDBEngine(warehouse, threads=1) as engine:
        set_up(engine)

        publish(engine, Run("mini", FORECAST, "r1"), ["forecast_weekly"])
        publish(engine, Run("mini", FORECAST, "r2"), ["forecast_weekly"])

    with duckdb.connect(str(published_file(warehouse, "mini")), read_only=True) as connection:
        assert connection.execute("select run_id from ops.publication").fetchall() == [("r1",), ("r2",)]
        assert connection.execute("select count(*) from analytics.forecast_weekly").fetchall() == [(0,)]
