"""A DAG as plain data, for comparing it with another or with a stored one."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset


def graph_of(dag: Any) -> dict[str, Any]:
    """Return schedule, tags and tasks of a DAG, but for the tasks that mirror single dbt models."""
    tasks = {task.task_id: task for task in dag.tasks if not _mirrors_a_model(task.task_id)}
    return {
        "schedule": _schedule(dag.schedule),
        "tags": sorted(dag.tags),
        "tasks": {
            task_id: {
                "operator": task.task_type,
                "owner": task.owner,
                "mapped": bool(task.is_mapped),
                "inlets": [asset.name for asset in task.inlets],
                "outlets": [asset.name for asset in task.outlets],
                "downstream": sorted(name for name in task.downstream_task_ids if name in tasks),
            }
            for task_id, task in sorted(tasks.items())
        },
    }


def _mirrors_a_model(task_id: str) -> bool:
    return task_id.startswith("model.") and task_id.endswith("_run")


def _schedule(schedule: Any) -> Any:
    if schedule is None or isinstance(schedule, str):
        return schedule
    assert all(isinstance(asset, Asset) for asset in schedule)
    return [f"{asset.name} {asset.uri}" for asset in schedule]
