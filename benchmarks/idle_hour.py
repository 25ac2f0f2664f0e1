"""An hour in which nothing changed: CPU seconds of all tasks of a tenant's pipeline, beside those of its first run.

Each task is a process forked from one that has imported Airflow and nothing of ours, as a worker's is: it parses its
own DAG, imports what it needs and does its work. What the supervisor, the scheduler and the API server use is not in
these figures, nor is the source's. The first run loads, builds, checks and publishes all; then the tasks run again, and
nothing has happened at the source.

Run: PYTHONPATH=include:plugins python benchmarks/idle_hour.py [--world giftware] [--quick]
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import common

from mercurios.sources.prohandel.resources import CONTRACT
from prohandel_simulator.auth import credentials

BAR_SECONDS = 8.0
EXTRACTS = tuple(f"extract.{group}" for group in CONTRACT.groups())
TASKS = ("begin", *EXTRACTS, "load", "changes", "check_raw", "model.build", "check_marts", "publish")
# What a task is given that others returned: the attribute, and how it is made.
GIVEN = {
    "load": lambda done: {"manifest_urls": [done[name] for name in EXTRACTS]},
    "publish": lambda done: {"basis": done["changes"]},
    **dict.fromkeys(EXTRACTS, lambda done: {"plan_url": done["begin"]}),
}
SKIPPED = "skipped: "


class Instance(SimpleNamespace):
    """As much of a task instance as the operators ask for."""

    def xcom_push(self, key: str, value: Any, **_: Any) -> None:
        """Keep nothing: what a task pushes besides its result is for callbacks."""

    def xcom_pull(self, *_: Any, **__: Any) -> Any:
        """Return nothing."""


def execute(task_id: str, tenant_id: str, run_id: str, given: Mapping[str, Any]) -> Any:
    """Parse the DAG as a task does, run one task of it, and return what it returned or why it was skipped."""
    os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = f"pipeline__{tenant_id}"
    os.environ["_AIRFLOW_PARSING_CONTEXT_TASK_ID"] = task_id
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk.exceptions import AirflowSkipException

    file = common.ROOT / "dags" / "tenant_pipeline.py"
    dag = DagBag(file, bundle_path=file.parent, bundle_name="bench").dags[f"pipeline__{tenant_id}"]
    task = dag.get_task(task_id)
    instance = Instance(
        dag_id=dag.dag_id, task_id=task_id, run_id=run_id, try_number=1, map_index=-1, log_url="", task=task
    )
    context = {"ti": instance, "task_instance": instance, "run_id": run_id, "dag": dag, "task": task}
    if task_id == "model.build":
        task.render_template_fields({**context, **(dag.user_defined_macros or {})})
    for name, value in given.items():
        setattr(task, name, value)
    try:
        return task.execute(context)
    except AirflowSkipException as reason:
        return f"{SKIPPED}{reason}"


def work(task_id: str, tenant_id: str, run_id: str, given: Mapping[str, Any], response: Path) -> None:
    """Run one task in this process and leave its result in a file; what it prints is thrown away."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    returned = execute(task_id, tenant_id, run_id, given)
    response.write_text(json.dumps(returned if isinstance(returned, str | list | dict) else None))


def run(tenant_id: str, run_id: str, home: Path) -> tuple[dict[str, common.Spent], Any]:
    """Run the pipeline's tasks, each in a process of its own, up to one that is skipped; return its reason too."""
    forking = multiprocessing.get_context("fork")
    done: dict[str, Any] = {}
    spent: dict[str, common.Spent] = {}
    for task_id in TASKS:
        given = GIVEN.get(task_id, lambda _: {})(done)
        response = home / "response.json"
        process = forking.Process(target=work, args=(task_id, tenant_id, run_id, given, response))
        with common.measured() as spent[task_id]:
            process.start()
            process.join()
        if process.exitcode:
            raise RuntimeError(f"task {task_id} of run {run_id} failed")
        done[task_id] = json.loads(response.read_text())
        if str(done[task_id]).startswith(SKIPPED):
            return spent, done[task_id]
    return spent, None


@contextmanager
def tenant(world: str, auth_url: str) -> Iterator[Path]:
    """Yield an empty home for a demo's tenant whose source is at this address."""
    keys = credentials(world)
    connection = {
        "conn_type": "prohandel",
        "host": auth_url,
        "login": keys["apiKey"],
        "password": keys["secret"],
        "extra": {"hash_key": "benchmark-hash-key-that-is-no-secret"},
    }
    with tempfile.TemporaryDirectory() as name:
        os.environ |= {
            "MERCURIOS_HOME": name,
            f"AIRFLOW_CONN_PROHANDEL_{world.upper()}": json.dumps(connection),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__COSMOS__CACHE_DIR": f"{name}/cosmos",
            "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "false",
        }
        yield Path(name)


def say(report: common.Report, title: str, spent: Mapping[str, common.Spent]) -> float:
    """Print what each task took, and return the CPU seconds of all."""
    for task_id, each in spent.items():
        report.say(f"{title:10s} {task_id:20s} {each}")
    total = sum(each.cpu for each in spent.values())
    report.say(f"{title:10s} {len(spent)} tasks, {total:.2f} s CPU")
    return total


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--world", default="modehaus", choices=["giftware", "modehaus"])
    options = parser.parse_args()
    report = common.Report("idle_hour", options.quick)
    with (
        common.serving(common.simulator(options.world)) as source,
        tenant(options.world, source.auth_url) as home,
    ):
        import airflow.sdk
        from airflow.dag_processing import dagbag

        report.say(f"forked from a process with {airflow.sdk.__name__} and {dagbag.__name__}")
        first, reason = run(options.world, "first", home)
        if reason:
            raise RuntimeError(f"the first run was {reason}")
        idle, reason = run(options.world, "idle", home)
        whole, hour = say(report, "first run", first), say(report, "idle hour", idle)
        report.say(reason or "the second run built all again")
        report.say(f"idle hour / first run: {common.number(hour / whole)}")
        report.at_most(f"an hour without change, {options.world}", hour, BAR_SECONDS, " s CPU")
        return int(reason is None) or report.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
