"""When the task of a model reaches a worker: not while the build makes it, and at a later try, to run dbt itself.

These tests follow `test_scheduler_runs.py`, which reads the first tries: the last one clears a task.
"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

pytestmark = [pytest.mark.scheduler, pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(5400)]

SECONDS = 180.0
CLEARED = "model.fct_sales_run"
WORD = re.compile(
    r"Received executor event with state success for task instance TaskInstanceKey\("
    r"dag_id='pipeline__mini_models', task_id='model\.(\w+)', run_id='first', try_number=1,"
)


def test_no_worker_is_asked_for_a_model_that_the_build_has_made(played: Any) -> None:
    """The executor has a word of every try in a worker, and may have it when the task already waits to start again."""
    tasks = played.tasks(played.first["mini_models"])
    mirrors = {name for name, task in tasks.items() if re.fullmatch(r"model\.\w+_run", name)}
    log = (played.stack.home / "logs" / "airflow.log").read_text(errors="replace")

    assert len(mirrors) > 30
    assert {tasks[name]["state"] for name in mirrors} == {"success"}
    reached = WORD.findall(log)
    assert {"dbt_producer_watcher", "tests"} <= set(reached)
    assert [name for name in reached if f"model.{name}" in mirrors] == []


def test_a_model_s_task_that_is_cleared_runs_its_model_itself(played: Any) -> None:
    run = played.first["mini_models"]
    played.api._call(
        "POST",
        f"/dags/{run.dag_id}/clearTaskInstances",
        json={"dry_run": False, "dag_run_id": run.run_id, "task_ids": [CLEARED], "only_failed": False},
    )

    deadline = time.monotonic() + SECONDS
    while played.api.run_state(run.dag_id, run.run_id) != "success" and time.monotonic() < deadline:
        played.stack.ensure_alive()
        time.sleep(0.5)

    task = played.tasks(run)[CLEARED]
    assert (task["state"], task["try_number"]) == ("success", 2)
    log = played.api.task_log(run.dag_id, run.run_id, CLEARED, 2)
    assert re.search(r"1 of 1 OK created sql \w+ model analytics\.fct_sales", log), log
