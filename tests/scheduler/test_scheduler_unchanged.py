"""An hour in which nothing happened, in a real scheduler: the run ends after its load, and says so."""

from __future__ import annotations

from typing import Any

import pytest

from mercurios.warehouse.duckdb.publish import read_status

pytestmark = [pytest.mark.scheduler, pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(5400)]
BEFORE = {"begin", "load", "extract.sales", "extract.stock", "extract.masters", "extract.orders"}
AFTER = {"changes", "check_raw", "model.build", "check_marts", "publish", "week_closed"}


def test_a_run_that_finds_nothing_new_shows_its_tasks_as_skipped_and_none_as_failed(played: Any) -> None:
    run = played.third["mini"]
    states = {name: task["state"] for name, task in played.tasks(run).items()}

    assert run.state == "success"
    assert {states[name] for name in BEFORE} == {"success"}
    assert {states[name] for name in AFTER} == {"skipped"}


def test_the_row_of_a_skipped_run_says_why(played: Any) -> None:
    run, before = played.third["mini"], played.second["mini"]
    said = f"nothing has changed since run {before.run_id} published at"

    [row] = played.rows("mini", f"select skip_reason from ops.run where run_id = '{run.run_id}'")

    assert row["skip_reason"].startswith(said)


def test_readers_learn_that_what_they_see_was_verified_by_the_skipped_run(played: Any) -> None:
    before, now = played.status_of_second, read_status(played.stack.published / "mini.duckdb")

    [row] = played.rows(
        "mini",
        "select run_id, published_at, verified_at from ops.publication"
        " where dag_id = 'pipeline__mini' order by published_at desc limit 1",
    )

    assert row["run_id"] == played.second["mini"].run_id
    assert row["verified_at"] > row["published_at"]
    assert now["verified_at"] > before.get("verified_at", "")
    assert (now["status"], now["run_id"]) == ("fresh", before["run_id"])


def test_a_skipped_run_still_judges_the_age_of_every_source(played: Any) -> None:
    runs = {name: run["mini"].run_id for name, run in (("second", played.second), ("third", played.third))}

    ages = {
        name: {
            row["table_name"]
            for row in played.rows(
                "mini",
                f"select table_name from ops.dq_metric where run_id = '{run_id}' and metric = 'freshness_hours'"
                " and table_name like 'raw.%'",
            )
        }
        for name, run_id in runs.items()
    }

    assert ages["third"] == ages["second"] != set()
