"""When the task of a model reaches a worker: not while the build makes it, and at a later try to run dbt itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = [pytest.mark.scheduler, pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(5400)]

WORD = re.compile(
    r"Received executor event with state success for task instance TaskInstanceKey\("
    r"dag_id='pipeline__mini_models', task_id='model\.(\w+)', run_id='first', try_number=1,"
)


def test_no_worker_is_asked_for_a_model_that_the_build_has_made(played: Any) -> None:
    """The executor has a word of every try in a worker, and may have it when the task already waits to start again."""
    tasks = played.by_model
    mirrors = {name for name, task in tasks.items() if re.fullmatch(r"model\.\w+_run", name)}
    log = (played.stack.home / "logs" / "airflow.log").read_text(errors="replace")

    assert len(mirrors) > 30
    assert {tasks[name]["state"] for name in mirrors} == {"success"}
    reached = WORD.findall(log)
    assert {"dbt_producer_watcher", "tests"} <= set(reached)
    assert [name for name in reached if f"model.{name}" in mirrors] == []


def test_a_model_s_task_that_is_cleared_runs_its_model_itself(played: Any) -> None:
    task = played.cleared

    assert (task["state"], task["try_number"]) == ("success", 2)
    assert re.search(r"1 of 1 OK created sql \w+ model analytics\.fct_sales", played.log), played.log
