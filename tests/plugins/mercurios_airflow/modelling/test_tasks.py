"""What the dbt tasks tell dbt about their tenant, looked up when a task runs and not while its DAG is parsed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from mercurios.tenants import load_tenants
from mercurios_airflow.modelling.tasks import model_tasks
from mercurios_airflow.tenancy import dag_settings


def _dag(tenant_id: str) -> Any:
    tenant = load_tenants(only=tenant_id).get(tenant_id)
    with DAG(schedule=None, **dag_settings(tenant, "pipeline", None)) as dag:
        model_tasks(tenant)
    return dag


def _environment(task: Any, is_full: bool | None = None) -> dict[str, str]:
    """Render a task's environment for dbt as Airflow does before executing it."""
    macros = task.get_dag().user_defined_macros or {}
    pushed = {("changes", "full_build"): is_full}
    instance = SimpleNamespace(xcom_pull=lambda *, task_ids, key: pushed[task_ids, key])
    return dict(task.render_template(task.env, {**macros, "run_id": "scheduled__r1", "ti": instance}))


@pytest.mark.parametrize("tenant_id", ["mini", "mini_models"])
def test_every_dbt_task_gets_its_own_tenant_and_file(mini: Path, tenant_id: str) -> None:
    tasks = [task for task in _dag(tenant_id).tasks if task.task_type != "EmptyOperator"]

    environments = {task.task_id: _environment(task) for task in tasks}

    expected = {
        "MERCURIOS_TENANT_ID": tenant_id,
        "MERCURIOS_RUN_ID": "scheduled__r1",
        "MERCURIOS_DUCKDB_PATH": str(mini / "warehouse" / f"{tenant_id}.duckdb"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
        "DBT_FULL_REFRESH": "false",
    }
    assert environments
    assert {name: found for name, found in environments.items() if found != expected} == {}
    assert [task.task_id for task in tasks if not task.append_env] == []


@pytest.mark.parametrize("tenant_id", ["mini", "mini_models"])
def test_history_is_built_again_where_the_task_changes_says_so(mini: Path, tenant_id: str) -> None:
    tasks = [task for task in _dag(tenant_id).tasks if task.task_type != "EmptyOperator"]

    refreshed = [_environment(task, is_full=True)["DBT_FULL_REFRESH"] for task in tasks]

    assert set(refreshed) == {"true"}


def test_the_path_is_unknown_while_parsing(mini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MERCURIOS_HOME")

    task = _dag("mini").get_task("model.build")

    assert task.env["MERCURIOS_DUCKDB_PATH"] == "{{ duckdb_path('duckdb_mini', 'mini') }}"


def test_one_task_builds_every_model_and_runs_every_test(mini: Path) -> None:
    [task] = _dag("mini").tasks

    assert (task.task_id, task.task_type) == ("model.build", "DbtBuildLocalOperator")
    assert (task.select, task.exclude, task.selector) == (None, None, None)


def test_no_dbt_task_installs_packages(mini: Path) -> None:
    tasks = [*_dag("mini").tasks, *_dag("mini_models").tasks]

    assert [task.task_id for task in tasks if getattr(task, "install_deps", False)] == []


def test_what_dbt_parsed_is_kept_for_the_tenants_next_task_alone(mini: Path) -> None:
    together = [task for task in _dag("mini").tasks if task.task_type == "DbtBuildLocalOperator"]
    by_model = [task for task in _dag("mini_models").tasks if hasattr(task, "cache_dir")]

    assert [(task.partial_parse, task.cache_dir.name) for task in together] == [(True, "mini")]
    assert by_model
    assert all(task.partial_parse and "mini_models" in task.cache_dir.name for task in by_model)


def test_on_snowflake_dbt_signs_in_with_the_connection_and_tags_its_statements(
    mini: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tenants"
    folder.mkdir()
    file = (Path(os.environ["MERCURIOS_TENANTS_DIR"]) / "mini.yaml").read_text(encoding="utf-8")
    (folder / "mini.yaml").write_text(file.replace("duckdb_mini", "snowflake_mini"), encoding="utf-8")
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(folder))

    # There is no connection: were it read while parsing, this would fail.
    task = _dag("mini").get_task("model.build")

    tag = task.render_template(
        task.env["MERCURIOS_QUERY_TAG"], {"dag": SimpleNamespace(dag_id="pipeline__mini"), "run_id": "r1"}
    )
    profile = task.profile_config
    assert json.loads(tag) == {"dag": "pipeline__mini", "run": "r1", "tenant": "mini"}
    assert "MERCURIOS_DUCKDB_PATH" not in task.env
    assert (profile.target_name, profile.profile_mapping.conn_id) == ("snowflake", "snowflake_mini")
