"""One dbt process behind a task per model, on DuckDB: what the scheduler tests run on Snowflake alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from mercurios.tenants import load_tenants
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.setup import set_up
from mercurios_airflow.modelling.tasks import model_tasks
from mercurios_airflow.tenancy import dag_settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]


class Instance(SimpleNamespace):
    """As much of a task instance as Cosmos asks for; what is pushed stays in `pushed`."""

    def xcom_push(self, key: str, value: Any, **_: Any) -> None:
        self.pushed[key] = value

    def xcom_pull(self, *_: Any, key: str, **__: Any) -> Any:
        return self.pushed.get(key)


@pytest.fixture
def dag(mini: Path) -> Any:
    """The models of a tenant on DuckDB whose every model is a task, over RAW tables without rows."""
    file = mini / "warehouse" / "mini_models.duckdb"
    file.parent.mkdir(parents=True, exist_ok=True)
    with DuckDBEngine(file) as engine:
        set_up(engine)
    tenant = load_tenants(only="mini_models").get("mini_models")
    assert (tenant.engine, tenant.dbt_tasks) == ("duckdb", "models")
    with DAG(schedule=None, **dag_settings(tenant, "pipeline", None)) as built:
        model_tasks(tenant)
    return built


def context_of(dag: Any, task: Any) -> dict[str, Any]:
    instance = Instance(
        dag_id=dag.dag_id,
        task_id=task.task_id,
        run_id="r1",
        try_number=1,
        map_index=-1,
        pushed={},
        log_url="",
        task=task,
    )
    context = {"ti": instance, "task_instance": instance, "run_id": "r1", "dag": dag, "task": task}
    task.render_template_fields({**context, **(dag.user_defined_macros or {})})
    return context


def views(mini: Path) -> list[str]:
    # A task's process ends, this one does not.
    DuckDBConnectionManager.close_all_connections()
    with DuckDBEngine(mini / "warehouse" / "mini_models.duckdb", read_only=True) as engine:
        found = engine.fetch_arrow(
            "select table_name from information_schema.tables where table_schema = 'standard'"
        )
    return sorted(found["table_name"].to_pylist())


def test_one_process_builds_and_tells_the_tasks_of_the_models(
    dag: Any, mini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a second try would read is in Airflow's database, which is not here.
    monkeypatch.setattr("cosmos.settings.enable_watcher_reliable_retry", False)
    producer = dag.get_task("model.dbt_producer_watcher")
    producer.select = ["stg_prohandel__labels"]
    context = context_of(dag, producer)

    producer.execute(context)

    assert views(mini) == ["stg_prohandel__labels"]
    pushed = context["ti"].pushed
    assert pushed["model__mercurios__stg_prohandel__labels_status"]["status"] == "success"
    assert pushed["task_status"] == "completed"


def test_a_task_whose_build_is_not_tried_again_runs_its_own_model(dag: Any, mini: Path) -> None:
    task = dag.get_task("model.stg_prohandel__labels_run")

    task.execute_complete(context_of(dag, task), {"status": "failed", "reason": "producer_skipped"})

    assert views(mini) == ["stg_prohandel__labels"]
