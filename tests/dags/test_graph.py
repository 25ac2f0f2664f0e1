"""The graph of the test tenants' DAGs as a stored file, so that a change of it is seen and meant.

Refresh it with `MERCURIOS_REFRESH_GRAPH=1 python -m pytest tests/dags/test_graph.py` and read the difference.
The tasks that mirror single dbt models are left out: they follow the dbt project, not this repository's DAG code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from airflow.sdk import Asset

STORED = Path(__file__).with_name("graph.json")


def test_the_graph_is_the_stored_one(parse: Any, root: Path) -> None:
    bag = parse(root / "tests" / "tenants")
    graph = {dag_id: _graph(dag) for dag_id, dag in sorted(bag.dags.items())}

    if os.environ.get("MERCURIOS_REFRESH_GRAPH"):
        STORED.write_text(json.dumps(graph, indent=2) + "\n", encoding="utf-8")

    stored = json.loads(STORED.read_text(encoding="utf-8"))
    assert graph == stored, (
        "the graph changed; if that is meant, refresh graph.json (see this file's docstring)"
    )


def _graph(dag: Any) -> dict[str, Any]:
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
