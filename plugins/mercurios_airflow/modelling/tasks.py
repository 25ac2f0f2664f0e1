"""The dbt project as tasks of a tenant's pipeline.

One setting decides how many: one task for all models, or a task for each, mirrored from one dbt process, for those who
want to see each of them run. A hundred tasks a tenant cost scheduler and dag processor ten times as much as one
(decision 0053). Cosmos reads the manifest that the build made and runs no dbt while parsing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import TaskGroup

from mercurios_airflow.warehouse.hooks import airflow_backend

if TYPE_CHECKING:
    from cosmos import DbtTaskGroup, ProfileConfig

    from mercurios.tenants import Tenant

DBT_PROJECT = Path(__file__).resolve().parents[3] / "include" / "dbt"
MANIFEST = DBT_PROJECT / "target" / "manifest.json"
PROFILE = "mercurios"

# dbt writes such a model into the queries of its readers, so there is nothing to wait for or to try again.
_STORES_NOTHING = "config.materialized:ephemeral"

# dbt's log of every step takes a quarter of its time, the manifest is written twice, and both are thrown away with the
# folder that dbt runs in.
_WRITE_NOTHING = ["--log-level-file", "none", "--no-write-json"]

# dbt's unit tests prove formulas on handmade rows: they belong to the build of the project, not to every run.
_NO_UNIT_TESTS = ["--exclude-resource-type", "unit_test"]


def model_tasks(tenant: Tenant) -> TaskGroup:
    """Return the task group `model` of the DAG that is being built."""
    return _build(tenant) if tenant.dbt_tasks == "build" else _models(tenant)


def _environment(tenant: Tenant) -> dict[str, str]:
    """Return what dbt needs to know of the tenant; what has to be looked up is a template."""
    return {
        "MERCURIOS_TENANT_ID": tenant.id,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # Whose results of models dbt records, see macros/model_results.sql.
        "MERCURIOS_RUN_ID": "{{ run_id }}",
        # After a release, and where a person asks for it: the XCom is of `ChangesOperator`.
        "DBT_FULL_REFRESH": "{{ (ti.xcom_pull(task_ids='changes', key='full_build') or false) | lower }}",
        # The UI shows colour codes as text.
        "DBT_USE_COLORS": "false",
        **airflow_backend(tenant).dbt_environment(tenant),
    }


def _profile(tenant: Tenant) -> ProfileConfig:
    from cosmos import ProfileConfig

    signing_in = airflow_backend(tenant).dbt_profile(tenant, DBT_PROJECT / "profiles.yml", PROFILE)
    return ProfileConfig(profile_name=PROFILE, target_name=tenant.backend.dbt_target, **signing_in)


def _dbt(tenant: Tenant) -> dict[str, Any]:
    """Return how every task that runs dbt itself runs it.

    What dbt parsed is kept for the tenant's next task: the names of a tenant's tables are part of it, so it cannot
    be kept once for all.
    """
    from cosmos import settings
    from cosmos.constants import InvocationMode

    return {
        "project_dir": str(DBT_PROJECT),
        "profile_config": _profile(tenant),
        "invocation_mode": InvocationMode.DBT_RUNNER,
        "dbt_cmd_flags": _NO_UNIT_TESTS,
        "dbt_cmd_global_flags": _WRITE_NOTHING,
        "cache_dir": settings.cache_dir / tenant.id,
        "install_deps": False,
        "emit_datasets": False,
        "env": _environment(tenant),
        "append_env": True,
    }


def _build(tenant: Tenant) -> TaskGroup:
    """Build and test all models in one task: a process of dbt costs seconds before it builds the first of them."""
    from cosmos.operators.local import DbtBuildLocalOperator

    with TaskGroup("model") as group:
        DbtBuildLocalOperator(task_id="build", **_dbt(tenant))
    return group


def _models(tenant: Tenant) -> TaskGroup:
    """Mirror one `dbt build` of all models in a task per model, and run the tests when all models stand.

    After a failure Cosmos skips the build at its next try and lets the tasks of the models that are missing run
    dbt themselves, without tests. So the tests are a task of their own, which no retry can step over.

    The tasks of the models wait in the triggerer, see `_wait_in_the_triggerer`.
    """
    from cosmos import DbtTaskGroup, ExecutionConfig, ProjectConfig, RenderConfig
    from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior
    from cosmos.operators.local import DbtTestLocalOperator

    group: TaskGroup = DbtTaskGroup(
        group_id="model",
        project_config=ProjectConfig(
            dbt_project_path=DBT_PROJECT,
            manifest_path=MANIFEST,
            env_vars=_environment(tenant),
            install_dbt_deps=False,
        ),
        profile_config=_profile(tenant),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            test_behavior=TestBehavior.NONE,
            emit_datasets=False,
            exclude=[_STORES_NOTHING],
        ),
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.WATCHER, invocation_mode=InvocationMode.DBT_RUNNER
        ),
        operator_args={"append_env": True, "dbt_cmd_global_flags": _WRITE_NOTHING},
    )
    _keep_order(group)
    _sort_tasks(group)
    _wait_in_the_triggerer(group)
    leaves = list(group.get_leaves())
    tests = DbtTestLocalOperator(task_id="tests", task_group=group, **_dbt(tenant))
    leaves >> tests
    return group


def _keep_order(group: DbtTaskGroup) -> None:
    """Let a model's task also follow the models that it reads through ephemeral ones, which have no task."""
    nodes, tasks = group.dbt_graph.nodes, group.tasks_map

    @cache
    def stored(name: str) -> frozenset[str]:
        """The models with a task that a model is made from."""
        parents = [parent for parent in nodes[name].depends_on if parent in nodes]
        return frozenset().union(*({parent} if parent in tasks else stored(parent) for parent in parents))

    for name in sorted(tasks.keys() & nodes.keys()):
        for parent in sorted(stored(name) - set(nodes[name].depends_on)):
            tasks[parent] >> tasks[name]


def _sort_tasks(group: TaskGroup) -> None:
    """List tasks by name: Cosmos leaves nodes out by a set, whose order is another in every process.

    Airflow writes a new version of a DAG whose serialization differs, and each run keeps the version it began with.
    """
    listed = group.dag.task_dict
    tasks = {task.task_id: listed.pop(task.task_id) for task in group.iter_tasks()}
    listed.update(sorted(tasks.items()))
    group.children = dict(sorted(group.children.items()))


def _wait_in_the_triggerer(group: TaskGroup) -> None:
    """Let the tasks that mirror models begin in the triggerer and reach a worker when their model is done.

    Left to themselves they begin in a worker, look once and defer, which races with the scheduler (see
    `ModelTrigger`). Not deferring would not race, but up to one task per source table would hold a worker slot
    for as long as the build takes, other tenants' slots included, and once they hold all the slots of their DAG
    a build that has to be tried again waits for them and they for it. Sensors that are rescheduled race like
    deferred ones (apache/airflow#71172).
    """
    from airflow.triggers.base import StartTriggerArgs
    from cosmos.operators.watcher import DbtConsumerWatcherSensor

    for task in group.iter_tasks():
        if isinstance(task, DbtConsumerWatcherSensor):
            task.start_from_trigger = True
            task.start_trigger_args = StartTriggerArgs(
                trigger_cls="mercurios_airflow.modelling.triggers.ModelTrigger",
                trigger_kwargs={
                    "dag_id": task.dag_id,
                    "producer_task_id": task.producer_task_id,
                    "model_unique_id": task.model_unique_id,
                    "poke_interval": task.poke_interval,
                },
                next_method="execute_complete",
            )
