"""What the tasks that mirror models wait for: made from the DAG alone, and other than Cosmos' at a later try."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.module_loading import import_string
from airflow.serialization.decoders import smart_decode_trigger_kwargs
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent
from cosmos.operators._watcher import WatcherTrigger
from cosmos.operators.watcher import DbtRunWatcherOperator

from mercurios.tenants import load_tenants
from mercurios_airflow.modelling.tasks import model_tasks
from mercurios_airflow.modelling.triggers import ModelTrigger
from mercurios_airflow.tenancy import dag_settings


@pytest.fixture
def dag(mini: Path) -> Any:
    """The models of a tenant whose every model is a task, as the scheduler reads them."""
    tenant = load_tenants(only="mini_models").get("mini_models")
    with DAG(schedule=None, **dag_settings(tenant, "pipeline", None)) as built:
        model_tasks(tenant)
    return DagSerialization.from_dict(DagSerialization.to_dict(built))


def _made_as_airflow_does(task: Any) -> Any:
    start = task.start_trigger_args
    arguments = smart_decode_trigger_kwargs(start.trigger_kwargs)
    return import_string(start.trigger_cls)(**arguments)


def test_every_model_waits_in_the_triggerer_and_nothing_else_does(dag: Any) -> None:
    waiting = {task.task_id for task in dag.tasks if task.start_from_trigger}

    assert waiting == {task.task_id for task in dag.tasks if task.task_id.endswith("_run")}
    assert len(waiting) > 30


def test_the_scheduler_makes_each_trigger_for_the_model_of_its_task(dag: Any) -> None:
    triggers = {task.task_id: _made_as_airflow_does(task) for task in dag.tasks if task.start_from_trigger}

    assert {
        (name, trigger.model_unique_id, trigger.producer_task_id, trigger.dag_id)
        for name, trigger in triggers.items()
    } == {
        (
            name,
            f"model.mercurios.{name.removeprefix('model.').removesuffix('_run')}",
            "model.dbt_producer_watcher",
            "pipeline__mini_models",
        )
        for name in triggers
    }


def test_a_trigger_can_be_made_again_from_what_it_stores(dag: Any) -> None:
    trigger = _made_as_airflow_does(dag.get_task("model.fct_sales_run"))

    classpath, arguments = trigger.serialize()

    assert vars(import_string(classpath)(**arguments)) == vars(trigger)


def test_a_task_resumes_where_cosmos_takes_the_trigger_s_word(dag: Any) -> None:
    resumed = {task.start_trigger_args.next_method for task in dag.tasks if task.start_from_trigger}

    assert resumed == {DbtRunWatcherOperator.execute_complete.__name__}


@pytest.mark.parametrize(
    ("payload", "ended"),
    [
        ({"status": "success", "compiled_sql": "select 1 as one"}, True),
        ({"status": "success", "reason": "node_not_run"}, True),
        ({"status": "failed", "reason": "node_failed"}, False),
        ({"status": "failed", "reason": "producer_skipped"}, False),
        ({"status": "skipped"}, False),
    ],
)
def test_only_a_model_that_was_built_ends_its_task_without_a_worker(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], payload: dict[str, str], ended: bool
) -> None:
    async def seen(self: WatcherTrigger) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent(payload)

    async def said(self: ModelTrigger, key: str) -> dict[str, str]:
        assert key == "model__mercurios__x_dbt_event"
        return {"msg": "OK created sql view model standard.x"}

    monkeypatch.setattr(WatcherTrigger, "run", seen)
    monkeypatch.setattr(ModelTrigger, "get_xcom_val", said)
    trigger = ModelTrigger("pipeline__mini_models", "model.dbt_producer_watcher", "model.mercurios.x", 0)
    trigger.task_instance = SimpleNamespace(task_id="model.x_run", run_id="first", try_number=1)

    async def events() -> list[Any]:
        return [event async for event in trigger.run()]

    [event] = asyncio.run(events())
    log = capsys.readouterr().out

    assert isinstance(event, TaskSuccessEvent) == ended
    assert ended or event.payload == payload
    assert ("OK created sql view model standard.x" in log) == ended
    assert ("select 1 as one" in log) == ("compiled_sql" in payload)


@pytest.mark.parametrize("last", ["success", "failed", "skipped"])
def test_a_later_try_runs_its_model_itself_when_the_build_has_ended(
    monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    states = iter(["running", "up_for_retry", last])

    async def state(self: ModelTrigger) -> str:
        return next(states)

    monkeypatch.setattr(ModelTrigger, "_get_producer_task_status", state)
    trigger = ModelTrigger("pipeline__mini_models", "model.dbt_producer_watcher", "model.mercurios.x", 0)
    trigger.task_instance = SimpleNamespace(task_id="model.x_run", run_id="first", try_number=2)

    async def events() -> list[Any]:
        return [event.payload async for event in trigger.run()]

    assert asyncio.run(events()) == [{"status": "failed", "reason": "producer_skipped"}]
    assert list(states) == []
