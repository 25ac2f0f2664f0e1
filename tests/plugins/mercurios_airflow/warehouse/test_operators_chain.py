"""The operators against the simulated API and a real warehouse file: what a run returns, leaves and refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.warehouse.basis import changed_members
from mercurios.warehouse.duckdb.publish import read_status
from mercurios.warehouse.load import FencedError
from mercurios.warehouse.marts import GATES, gated_by
from mercurios_airflow.warehouse.operators import (
    BeginRunOperator,
    ChangesOperator,
    GateOperator,
    LoadOperator,
    PublishOperator,
    SetUpOperator,
    WeekClosedOperator,
)

pytestmark = [pytest.mark.simulator, pytest.mark.dbt, pytest.mark.slow]
NEXT_RUN = "manual__2026-03-04T06:00:00+00:00"


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _change(path: Path, statement: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)


def test_every_resource_is_landed_and_accounted_for(chain: Any) -> None:
    loaded = chain.returned["load"]

    assert set(loaded) == set(RESOURCES)
    assert loaded["sale"]["loaded"] > 1000
    broken = [
        name
        for name, row in loaded.items()
        if row["extracted"] != row["loaded"] + row["quarantined"] + row["superseded"]
    ]
    assert broken == []


def test_every_gate_of_a_good_run_passes(chain: Any) -> None:
    gates = {name: chain.returned[name] for name in ("check_raw", "check_marts", "check_forecast")}

    assert {name: counts["failed"] for name, counts in gates.items()} == dict.fromkeys(gates, 0)
    assert all(counts["passed"] for counts in gates.values())


def test_readers_see_marts_and_forecast_in_one_file(chain: Any) -> None:
    published = chain.home / "published" / "mini.duckdb"

    counts = {
        table: _rows(published, f"select count(*) from analytics.{table}")[0][0]
        for gate in GATES
        for table in gated_by(gate)
    }

    assert all(counts.values()), counts
    assert read_status(published)["status"] == "fresh"
    assert read_status(published)["dag_id"] == "forecast__mini"


def test_what_tasks_return_is_small_and_holds_no_secret(chain: Any) -> None:
    text = repr(chain.returned)

    assert len(text) < 20_000
    assert [secret for secret in ("demo-secret-mini", "plugin-tests-hash-key") if secret in text] == []


def test_loading_again_answers_the_same_and_changes_nothing(
    chain: Any, after_the_chain: Path, execute: Callable[..., Any]
) -> None:
    warehouse = after_the_chain / "warehouse" / "mini.duckdb"
    state = "select (select count(*) from ops.load_ledger), (select count(*) from raw.sale)"
    before = _rows(warehouse, state)

    again = execute(LoadOperator, chain.run_id, tenant_id="mini", manifest_urls=chain.returned["extract"])

    assert again == chain.returned["load"]
    assert _rows(warehouse, state) == before


def test_manifests_of_an_outdated_start_are_refused_and_named(
    chain: Any, after_the_chain: Path, execute: Callable[..., Any]
) -> None:
    execute(BeginRunOperator, chain.run_id, tenant_id="mini")

    with pytest.raises(FencedError, match=r"belongs to start 1 of run .* newest start is 2") as raised:
        execute(LoadOperator, chain.run_id, tenant_id="mini", manifest_urls=chain.returned["extract"])

    first = chain.returned["extract"][0][0]
    assert raised.value.__notes__ == [f"tenant mini, run {chain.run_id}, manifest {first}"]


def test_a_load_reports_what_the_bookkeeping_of_its_run_knows(
    chain: Any, after_the_chain: Path, execute: Callable[..., Any]
) -> None:
    """However often it is tried."""
    _change(
        after_the_chain / "warehouse" / "mini.duckdb",
        "insert into ops.schema_drift values"
        f" ('mini', 'sale', 'colour', 'appeared', 3, '{chain.run_id}', timestamp '2026-03-04 05:00:00')",
    )
    load = {"tenant_id": "mini", "manifest_urls": chain.returned["extract"]}
    tries: list[dict[str, Any]] = [{}, {}]

    for pushed in tries:
        execute(LoadOperator, chain.run_id, pushed=pushed, **load)

    assert [found["seen"] for found in tries[0]["findings"]] == ["field colour appeared (up to 3 rows)"]
    assert tries[1] == tries[0]


def test_a_gate_tells_a_warning_when_it_is_new_and_not_in_the_next_run(
    chain: Any, after_the_chain: Path, execute: Callable[..., Any]
) -> None:
    _change(
        after_the_chain / "warehouse" / "mini.duckdb",
        "update analytics.inventory_position set on_order = -1 where rowid = 0",
    )
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}

    counts = execute(GateOperator, NEXT_RUN, tenant_id="mini", gate="marts", pushed=first)
    execute(GateOperator, "manual__2026-03-04T07:00:00+00:00", tenant_id="mini", gate="marts", pushed=second)

    # There is no forecast since the first run.
    assert (counts["failed"], counts["warned"]) == (0, 2)
    [found] = first["findings"]
    assert (found["kind"], found["table"]) == ("anomaly", "analytics.inventory_position")
    assert "on_order" in found["seen"]
    assert "held last on" in found["seen"]
    assert second == {"findings": []}


@pytest.mark.parametrize(
    ("gate", "damage", "said"),
    [
        ("marts", "insert into analytics.fct_sales select * from analytics.fct_sales limit 1", "fct_sales"),
        ("marts", "delete from analytics.inventory_position", "inventory_position"),
        ("forecast", "update analytics.forecast_weekly set mean = -1", "forecast_weekly"),
    ],
)
def test_a_failing_gate_keeps_the_publication_marks_it_stale_and_is_not_retried(
    after_the_chain: Path, execute: Callable[..., Any], gate: str, damage: str, said: str
) -> None:
    _change(after_the_chain / "warehouse" / "mini.duckdb", damage)
    published = after_the_chain / "published" / "mini.duckdb"
    before = published.read_bytes()

    with pytest.raises(AirflowFailException) as raised:
        execute(GateOperator, NEXT_RUN, tenant_id="mini", gate=gate)

    status = read_status(published)
    assert f"tenant mini, run {NEXT_RUN}: gate {gate} failed" in str(raised.value)
    assert said in str(raised.value)
    assert (status["status"], status["stale_run_id"]) == ("stale", NEXT_RUN)
    assert published.read_bytes() == before
    results = _rows(
        after_the_chain / "warehouse" / "mini.duckdb",
        f"select count(*) filter (where not success) from ops.dq_result where run_id = '{NEXT_RUN}'",
    )
    assert results[0][0] > 0


def test_a_publication_after_a_stale_one_is_fresh_again(
    after_the_chain: Path, execute: Callable[..., Any]
) -> None:
    warehouse = after_the_chain / "warehouse" / "mini.duckdb"
    published = after_the_chain / "published" / "mini.duckdb"
    _change(warehouse, "update analytics.forecast_weekly set mean = -1")
    with pytest.raises(AirflowFailException):
        execute(GateOperator, NEXT_RUN, tenant_id="mini", gate="forecast")

    execute(PublishOperator, NEXT_RUN, tenant_id="mini", publication="pipeline")

    assert read_status(published)["status"] == "fresh"
    # Tables of the other DAG are carried over from the publication before, never from the warehouse.
    assert _rows(published, "select count(*) from analytics.forecast_weekly where mean < 0") == [(0,)]


def test_a_week_is_announced_once(chain: Any, after_the_chain: Path, execute: Callable[..., Any]) -> None:
    first = chain.returned["publish"]

    second = execute(PublishOperator, NEXT_RUN, tenant_id="mini", publication="pipeline")
    repeated = execute(PublishOperator, chain.run_id, tenant_id="mini", publication="pipeline")

    assert first == {"last_complete_week": "2026-02-23", "closes_week": True}
    assert repeated == first
    assert second == {**first, "closes_week": False}
    assert execute(WeekClosedOperator, chain.run_id, publication=first) == "2026-02-23"
    with pytest.raises(AirflowSkipException, match="week 2026-02-23 was announced before"):
        execute(WeekClosedOperator, NEXT_RUN, publication=second)


def test_an_hour_without_change_is_skipped_once_the_forecast_is_in_the_marts(
    chain: Any, after_the_chain: Path, execute: Callable[..., Any]
) -> None:
    """The chain's forecast came after its marts, so the first run after it builds."""
    warehouse = after_the_chain / "warehouse" / "mini.duckdb"
    built: dict[str, Any] = {}
    with_forecast = execute(ChangesOperator, NEXT_RUN, tenant_id="mini", pushed=built)
    execute(PublishOperator, NEXT_RUN, tenant_id="mini", publication="pipeline", basis=with_forecast)
    pushed: dict[str, Any] = {}

    with pytest.raises(AirflowSkipException, match=f"nothing has changed since run {re.escape(NEXT_RUN)}"):
        execute(ChangesOperator, "manual__2026-03-04T07:00:00+00:00", tenant_id="mini", pushed=pushed)

    assert pushed == {"findings": []}
    assert built["full_build"] is False
    assert changed_members(chain.returned["changes"], with_forecast) == ["forecast"]
    verified = (
        "select published_at < verified_at from ops.publication where run_id = ? and dag_id like 'pipe%'"
    )
    assert _rows(warehouse, verified.replace("?", f"'{NEXT_RUN}'")) == [(True,)]


def test_the_param_rebuild_has_a_run_go_on_though_nothing_has_changed(
    after_the_chain: Path, execute: Callable[..., Any]
) -> None:
    basis = execute(ChangesOperator, NEXT_RUN, tenant_id="mini")
    execute(PublishOperator, NEXT_RUN, tenant_id="mini", publication="pipeline", basis=basis)

    pushed: dict[str, Any] = {}
    again = execute(ChangesOperator, NEXT_RUN, tenant_id="mini", params={"rebuild": True}, pushed=pushed)

    assert again == basis
    assert pushed["full_build"] is True


def test_publishing_a_table_that_was_not_built_leaves_the_publication_alone(
    after_the_chain: Path, execute: Callable[..., Any]
) -> None:
    published = after_the_chain / "published" / "mini.duckdb"
    _change(after_the_chain / "warehouse" / "mini.duckdb", "drop table analytics.fct_sales")
    before = published.read_bytes()

    with pytest.raises(Exception, match=r"mini\.duckdb has no table analytics\.fct_sales"):
        execute(PublishOperator, NEXT_RUN, tenant_id="mini", publication="pipeline")

    assert published.read_bytes() == before
    assert [path.name for path in published.parent.iterdir() if "partial" in path.name] == []


def test_setting_up_twice_changes_nothing(mini: Path, execute: Callable[..., Any]) -> None:
    warehouse = mini / "warehouse" / "mini.duckdb"
    tables = "select table_schema, table_name from information_schema.tables order by all"

    execute(SetUpOperator, "manual__1", dag_id="warehouse_setup", tenant_id="mini")
    first = _rows(warehouse, tables), _rows(warehouse, "select * from raw.public_holiday order by all")
    execute(SetUpOperator, "manual__2", dag_id="warehouse_setup", tenant_id="mini")
    second = _rows(warehouse, tables), _rows(warehouse, "select * from raw.public_holiday order by all")

    assert second == first
    assert {("raw", "sale"), ("ops", "load_ledger")} <= set(first[0])
    assert first[1]
    assert _rows(warehouse, "select tenant_id, currency from raw.tenant") == [("mini", "EUR")]
