"""One retailer on two engines gives one set of marts, twice: built model by model, then layer by layer."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from dbt_builds import State, differing, tables_of

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.marts import gated_by

pytestmark = [pytest.mark.scheduler, pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(5400)]


def on_duckdb(played: Any, name: str) -> State:
    """Return the marts that readers of `mini` saw after a run."""
    files: dict[str, Path] = {
        "first": played.first_published["mini"],
        "second": played.stack.published / "mini.duckdb",
    }
    with DuckDBEngine(files[name], read_only=True) as engine:
        return tables_of(engine, [f"analytics.{mart}" for mart in gated_by("marts")], "mini", loads=False)


def by_mart(state: State) -> State:
    return {name.partition(".")[2]: table for name, table in state.items()}


def test_both_runs_on_snowflake_succeed(played: Any) -> None:
    for run in (played.first["mini_models"], played.second["mini_models"]):
        assert run.state == "success", {name: task["state"] for name, task in played.tasks(run).items()}


def test_a_tenant_file_that_asks_for_one_task_is_followed_by_the_next_run(played: Any) -> None:
    tasks = played.tasks(played.second["mini_models"])

    assert {name for name in tasks if name.startswith("model.")} == {"model.build"}


@pytest.mark.parametrize("name", ["first", "second"])
def test_readers_see_the_same_marts_on_both_engines(played: Any, name: str) -> None:
    expected, found = by_mart(on_duckdb(played, name)), by_mart(played.on_snowflake[name])

    # A shop whose every booking is known and whose articles have a forecast has nothing to complain of.
    empty = {"first": [], "second": ["inventory_issue"]}[name]
    assert [mart for mart, table in expected.items() if not table.rows] == empty
    assert differing(expected, found) == {}


def test_the_second_run_on_snowflake_reads_and_changes_what_is_new(played: Any) -> None:
    question = "select mode, extracted, loaded from ops.load_ledger where resource = 'sale' order by loaded_at limit 2"
    reads = played.rows("mini_models", question)

    assert reads == played.rows("mini", question)
    assert 0 < reads[1]["extracted"] < reads[0]["extracted"] / 2
    assert "published.fct_sales" in differing(played.on_snowflake["first"], played.on_snowflake["second"])


def test_readers_see_that_the_second_run_is_published(played: Any) -> None:
    found = played.rows("mini_models", "select status, run_id from published.publication_status")

    assert found == [{"status": "fresh", "run_id": played.second["mini_models"].run_id}]


def test_the_key_of_the_account_is_in_no_file_of_a_run(played: Any) -> None:
    pem = played.account.snowflake.key.pem
    der = "".join(pem.splitlines()[1:-1])
    parts = [der[100:150], base64.b64encode(pem.encode()).decode()[100:150]]
    written = [
        path
        for path in played.stack.home.rglob("*")
        if path.suffix in (".log", ".yml", ".json", ".sql", ".msgpack") and path.is_file()
    ]

    assert len(written) > 20
    assert [str(path) for path in written for part in parts if part.encode() in path.read_bytes()] == []
