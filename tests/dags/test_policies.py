"""What holds for every DAG and every task, so that it need not be remembered when adding one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from mercurios.tenants import Tenant, load_tenants
from mercurios_airflow.alerts.notifiers import TenantNotifier, _failure, _found, _recovery, _timed_out

LEGAL_TAG = re.compile(r"^(tenant:[a-z][a-z0-9_]{1,30}|pipeline|forecast|warehouse|setup|duckdb|snowflake)$")


@pytest.fixture(scope="module")
def tenants(tenants_dir: Path) -> dict[str, Tenant]:
    return {tenant.id: tenant for tenant in load_tenants(tenants_dir)}


def _tasks(bag: DagBag) -> Iterator[tuple[str, Any, str]]:
    """Yield every task with a name for messages and the id of its tenant."""
    for dag in bag.dags.values():
        for task in dag.tasks:
            tenant_id = (dag.dag_id if "__" in dag.dag_id else task.task_id).partition("__")[2]
            yield f"{dag.dag_id}.{task.task_id}", task, tenant_id


def _notifiers(callbacks: Any, compose: Any) -> list[TenantNotifier]:
    found = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    return [item for item in found if isinstance(item, TenantNotifier) and item.compose is compose]


def test_every_task_belongs_to_its_tenants_owner(bag: DagBag, tenants: dict[str, Tenant]) -> None:
    wrong = {name: task.owner for name, task, tenant in _tasks(bag) if task.owner != tenants[tenant].owner}

    assert wrong == {}


def test_every_task_tries_again_with_growing_patience(bag: DagBag) -> None:
    wrong = [
        name
        for name, task, _ in _tasks(bag)
        if not (
            1 <= task.retries <= 5
            and task.retry_delay >= timedelta(seconds=10)
            and task.retry_exponential_backoff
            and task.max_retry_delay
            and task.max_retry_delay <= timedelta(minutes=30)
        )
    ]

    assert wrong == []


def test_every_task_ends_before_its_dag_does(bag: DagBag) -> None:
    wrong = [
        name
        for name, task, _ in _tasks(bag)
        if task.execution_timeout is None
        or not timedelta() < task.execution_timeout < task.get_dag().dagrun_timeout
    ]

    assert wrong == []


def test_every_failure_reaches_the_tenants_channel(bag: DagBag, tenants: dict[str, Tenant]) -> None:
    wrong = []
    for name, task, tenant in _tasks(bag):
        notifiers = _notifiers(task.on_failure_callback, _failure)
        if [(item.tenant_id, item.conn_id) for item in notifiers] != [
            (tenant, tenants[tenant].connections.slack)
        ]:
            wrong.append(name)

    assert wrong == []


def test_a_run_that_takes_too_long_reaches_the_tenants_channel(
    bag: DagBag, tenants: dict[str, Tenant]
) -> None:
    found = {
        dag_id: [(item.tenant_id, item.conn_id) for item in _notifiers(dag.on_failure_callback, _timed_out)]
        for dag_id, dag in bag.dags.items()
        if "__" in dag_id
    }

    assert found == {
        dag_id: [(tenant, tenants[tenant].connections.slack)]
        for dag_id in found
        for tenant in [dag_id.partition("__")[2]]
    }


def test_every_task_that_looks_at_data_tells_what_it_found_and_no_other(
    bag: DagBag, tenants: dict[str, Tenant]
) -> None:
    reporting = {
        name: [
            (item.tenant_id, item.conn_id)
            for item in _notifiers([*task.on_success_callback, *task.on_skipped_callback], _found)
        ]
        for name, task, _ in _tasks(bag)
    }

    assert reporting == {
        name: [(tenant, tenants[tenant].connections.slack)]
        if task.task_type in ("LoadOperator", "ChangesOperator", "GateOperator", "LoadForecastOperator")
        else []
        for name, task, tenant in _tasks(bag)
    }
    assert {name for name, task, _ in _tasks(bag) if getattr(task, "reports_findings", False)} == {
        name for name, notifiers in reporting.items() if notifiers
    }


def test_where_changes_is_skipped_all_that_follows_is_and_a_recovery_is_reported(bag: DagBag) -> None:
    pipelines = [dag for dag_id, dag in bag.dags.items() if dag_id.startswith("pipeline__")]

    for dag in pipelines:
        changes = dag.get_task("changes")
        after = changes.get_flat_relatives(upstream=False)
        assert [len(_notifiers(changes.on_skipped_callback, kind)) for kind in (_found, _recovery)] == [1, 1]
        assert {"check_raw", "check_marts", "publish", "week_closed"} <= {task.task_id for task in after}
        # Cosmos' own end of its group does nothing, whatever came before it.
        others = {task.task_id for task in after if task.trigger_rule != "all_success"}
        assert others - {"model.dbt_producer_watcher_done"} == set()


def test_recovery_is_reported_by_the_publication_the_last_task_that_always_runs(bag: DagBag) -> None:
    reporting = {
        dag_id: [task.task_id for task in dag.tasks if _notifiers(task.on_success_callback, _recovery)]
        for dag_id, dag in bag.dags.items()
        if "__" in dag_id
    }
    after = {
        dag_id: bag.dags[dag_id].get_task("publish").get_flat_relative_ids(upstream=False)
        for dag_id in reporting
    }

    assert {dag_id: tasks for dag_id, tasks in reporting.items() if tasks != ["publish"]} == {}
    assert {dag_id: tasks for dag_id, tasks in after.items() if not tasks <= {"week_closed"}} == {}


def test_every_dag_runs_once_at_a_time_and_never_catches_up(bag: DagBag) -> None:
    wrong = [
        dag_id
        for dag_id, dag in bag.dags.items()
        if dag.max_active_runs != 1 or dag.catchup or not dag.dagrun_timeout or not dag.start_date
    ]

    assert wrong == []


def test_tags_are_legal_and_name_the_tenant(bag: DagBag) -> None:
    illegal = {
        dag_id: tag for dag_id, dag in bag.dags.items() for tag in dag.tags if not LEGAL_TAG.match(tag)
    }
    missing = [
        dag_id
        for dag_id, dag in bag.dags.items()
        if "__" in dag_id
        and not {f"tenant:{dag_id.partition('__')[2]}", dag_id.partition("__")[0]} <= dag.tags
    ]

    assert illegal == {}
    assert missing == []


def test_every_dag_says_what_it_is(bag: DagBag) -> None:
    assert [
        dag_id for dag_id, dag in bag.dags.items() if not dag.description or not dag.dag_display_name
    ] == []


def test_the_page_of_every_dag_says_for_every_task_what_to_do_when_it_fails(bag: DagBag) -> None:
    unnamed = []
    for dag_id, dag in bag.dags.items():
        _, heading, section = (dag.doc_md or "").partition("## When it fails")
        assert heading, f"{dag_id} has no section 'When it fails'"
        patterns = [re.sub(r"<\w+>", "*", name) for name in re.findall(r"`([^`\s]+)`", section)]
        unnamed += [
            f"{dag_id}.{task.task_id}"
            for task in dag.tasks
            if not any(fnmatch(task.task_id, pattern) for pattern in patterns)
        ]

    assert unnamed == []


def test_the_page_of_every_dag_says_what_its_alerts_mean_and_names_pages_that_exist(
    bag: DagBag, root: Path
) -> None:
    pages = {path.name for path in (root / "docs" / "runbooks").glob("*.md")}
    for dag_id, dag in bag.dags.items():
        _, heading, section = (dag.doc_md or "").partition("## What an alert means")
        assert heading, f"{dag_id} has no section 'What an alert means'"
        assert set(re.findall(r"`([\w-]+\.md)`", section)) <= pages


def test_every_kind_of_recovery_is_a_param_and_off_by_default(
    bag: DagBag,
) -> None:
    pipelines = [dag for dag_id, dag in bag.dags.items() if dag_id.startswith("pipeline__")]

    assert {tuple(sorted(dag.params)) for dag in pipelines} == {
        ("accept_deletes", "rebuild", "reconcile", "replay", "resync")
    }
    assert [name for dag in pipelines for name in dag.params if dag.params[name]] == []


def test_hourly_tasks_go_before_weekly_ones_and_those_before_the_set_up(bag: DagBag) -> None:
    weights: dict[str, set[int]] = {}
    for dag_id, dag in bag.dags.items():
        # Cosmos weighs those of a group that mirrors a build itself.
        of_our_own = [task for task in dag.tasks if not task.task_type.endswith("WatcherOperator")]
        assert {str(task.weight_rule) for task in of_our_own} == {"absolute"}
        weights.setdefault(dag_id.partition("__")[0], set()).update(
            task.priority_weight for task in of_our_own
        )

    assert weights == {"pipeline": {3}, "forecast": {2}, "warehouse_setup": {1}}


def test_the_fits_of_one_tenant_do_not_take_every_slot(bag: DagBag) -> None:
    forecasts = [dag for dag_id, dag in bag.dags.items() if dag_id.startswith("forecast__")]

    assert {dag.max_active_tasks for dag in forecasts} == {8}


def test_no_task_waits_for_a_pool_that_may_be_missing(bag: DagBag) -> None:
    assert {name: task.pool for name, task, _ in _tasks(bag) if task.pool != "default_pool"} == {}


def test_warehouse_tasks_of_a_duckdb_tenant_never_run_side_by_side(
    bag: DagBag, tenants: dict[str, Tenant]
) -> None:
    beside = []
    for dag in bag.dags.values():
        tenant = tenants.get(dag.dag_id.partition("__")[2])
        if tenant is None or tenant.engine != "duckdb":
            continue
        holding = [task for task in dag.tasks if _opens_the_warehouse(task)]
        assert holding
        for number, task in enumerate(holding):
            ordered = task.get_flat_relative_ids(upstream=True) | task.get_flat_relative_ids(upstream=False)
            beside += [
                f"{dag.dag_id}: {task.task_id} and {other.task_id}"
                for other in holding[number + 1 :]
                if other.task_id not in ordered
            ]

    assert beside == []


def _opens_the_warehouse(task: Any) -> bool:
    """Return whether a task opens the warehouse file; fits and extracts do not, nor do mirrors of the dbt build."""
    names = {base.__name__ for base in getattr(task, "operator_class", type(task)).__mro__}
    if names & {"ExtractOperator", "FitOperator", "DemandOperator", "BaseConsumerSensor"}:
        return False
    return bool(names & {"TenantOperator", "DbtLocalBaseOperator"})


def models_of(root: Path) -> dict[str, Any]:
    """Return the models of the dbt project by their unique id."""
    manifest = json.loads((root / "include" / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def stores_nothing(model: dict[str, Any]) -> bool:
    return bool(model["config"]["materialized"] == "ephemeral")


def test_every_model_that_is_stored_has_a_task_where_the_grain_is_models(bag: DagBag, root: Path) -> None:
    models = {model["name"] for model in models_of(root).values() if not stores_nothing(model)}
    dag = bag.dags["pipeline__mini_models"]

    mirrored = {
        task.task_id.removeprefix("model.").removesuffix("_run")
        for task in dag.tasks
        if task.task_id.startswith("model.") and task.task_id.endswith("_run")
    }

    assert {path.stem for path in (root / "include" / "dbt" / "models").rglob("*.sql")} > models
    assert mirrored == models
    upstream = dag.get_task("model.tests").get_flat_relative_ids(upstream=True)
    assert {f"model.{name}_run" for name in models} <= upstream
    assert dag.get_task("check_marts").upstream_task_ids == {"model.tests"}


def test_a_model_follows_what_it_reads_also_through_models_that_store_nothing(
    bag: DagBag, root: Path
) -> None:
    models, dag = models_of(root), bag.dags["pipeline__mini_models"]
    through: list[tuple[str, str]] = []
    missing: list[tuple[str, str]] = []
    for model in models.values():
        if stores_nothing(model):
            continue
        waiting, seen = list(model["depends_on"]["nodes"]), set()
        while waiting:
            parent = models.get(waiting.pop())
            if parent is None or parent["name"] in seen:
                continue
            seen.add(parent["name"])
            if stores_nothing(parent):
                waiting += parent["depends_on"]["nodes"]
                continue
            if parent["unique_id"] not in model["depends_on"]["nodes"]:
                through.append((parent["name"], model["name"]))
            if (
                f"model.{parent['name']}_run"
                not in dag.get_task(f"model.{model['name']}_run").upstream_task_ids
            ):
                missing.append((parent["name"], model["name"]))

    assert len(through) > 30
    assert missing == []


def test_dbt_runs_without_its_unit_tests(bag: DagBag) -> None:
    dags = [bag.dags["pipeline__mini"], bag.dags["pipeline__mini_models"]]
    commands = {
        task.task_id: task.dbt_cmd_flags
        for dag in dags
        for task in dag.tasks
        if task.task_type in ("DbtBuildLocalOperator", "DbtTestLocalOperator", "DbtProducerWatcherOperator")
    }

    assert set(commands) == {
        "model.build",
        "model.tests",
        "model.dbt_producer_watcher",
    }
    assert [name for name, flags in commands.items() if not _excludes_unit_tests(flags)] == []


def _excludes_unit_tests(flags: list[str]) -> bool:
    chosen = [value for flag, value in pairwise(flags) if flag == "--resource-type"]
    excluded = [value for flag, value in pairwise(flags) if flag == "--exclude-resource-type"]
    return "unit_test" in excluded or bool(chosen and "unit_test" not in chosen)
