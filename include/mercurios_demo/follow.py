"""Following runs of several tenants at once and saying what happens as it happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.status import Status

from mercurios_demo.airflow_api import FINAL_STATES, AirflowApi
from mercurios_demo.stack import Stack

# Airflow takes a good part of a second to list a hundred tasks, which the runs would have had.
_LOOK_SECONDS = 2.0
# Within these the scheduler starts a run that is due.
_SCHEDULE_SECONDS = 3.0
_TASK_DONE = {"success", "failed", "skipped", "upstream_failed", "up_for_retry"}
_MARKS = {"success": "[green]done[/]", "skipped": "[dim]skipped[/]", "failed": "[red]FAILED[/]"}


@dataclass(frozen=True)
class RunOutcome:
    """How one run ended; `label` says what the run was for."""

    tenant: str
    dag_id: str
    run_id: str
    label: str
    state: str
    seconds: float


class Follower:
    """Runs one DAG of several tenants at once and reports its tasks until all runs have ended.

    Args:
        api: Airflow.
        stack: watched, so that a dead service ends the wait.
        console: where the lines go.
        started: `time.monotonic()` of the demo's start; lines show the seconds since.
    """

    def __init__(self, api: AirflowApi, stack: Stack, console: Console, started: float) -> None:
        self._api = api
        self._stack = stack
        self._console = console
        self._started = started

    def run(self, kind: str, label: str, tenants: Sequence[str], timeout: float = 1800.0) -> list[RunOutcome]:
        """Run one DAG of every tenant, follow the runs to their end and return how they ended.

        A run that the DAG's own schedule has just started is followed instead of triggering another.

        Args:
            kind: prefix of the DAG ids.
            label: what the runs are for.
            tenants: whose DAGs.
            timeout: seconds after which a run counts as timed out.
        """
        begun = time.monotonic()
        runs = {tenant: (f"{kind}__{tenant}", self._begin(f"{kind}__{tenant}", label)) for tenant in tenants}
        reported: set[tuple[str, str, int, str]] = set()
        outcomes: dict[str, RunOutcome] = {}
        with Status("", console=self._console) as status:
            while len(outcomes) < len(runs):
                self._stack.ensure_alive()
                late = time.monotonic() - begun > timeout
                running = []
                for tenant in runs.keys() - outcomes.keys():
                    dag_id, run_id = runs[tenant]
                    state = "timed out" if late else self._api.run_state(dag_id, run_id)
                    running += self._report(tenant, dag_id, run_id, reported)
                    if late or state in FINAL_STATES:
                        seconds = time.monotonic() - begun
                        outcomes[tenant] = RunOutcome(tenant, dag_id, run_id, label, state, seconds)
                status.update(f"{self._clock()} running: {', '.join(running) or 'the scheduler is choosing'}")
                time.sleep(_LOOK_SECONDS)
        return [outcomes[tenant] for tenant in tenants]

    def _begin(self, dag_id: str, label: str) -> str:
        """Unpause the DAG and return the id of its active run, triggering one where its schedule starts none."""
        self._api.unpause(dag_id)
        deadline = time.monotonic() + _SCHEDULE_SECONDS
        while time.monotonic() < deadline:
            active = [run["dag_run_id"] for run in self._api.runs(dag_id) if run["state"] not in FINAL_STATES]
            if active:
                return str(active[0])
            time.sleep(0.5)
        run_id = f"demo_{label}_{time.strftime('%Y%m%dT%H%M%S')}"
        self._api.trigger(dag_id, run_id)
        return run_id

    def say(self, text: str) -> None:
        """Print a line with the time since the start."""
        self._console.print(f"{self._clock()} {text}", highlight=False)

    def _clock(self) -> str:
        return f"[dim]{time.monotonic() - self._started:6.1f} s[/]"

    def _report(
        self, tenant: str, dag_id: str, run_id: str, reported: set[tuple[str, str, int, str]]
    ) -> list[str]:
        running = []
        for task in sorted(
            self._api.task_instances(dag_id, run_id), key=lambda item: item["end_date"] or "9"
        ):
            name, state = task["task_id"], task["state"]
            if state == "running":
                running.append(f"{tenant} {name}")
            key = (tenant, f"{name}[{task['map_index']}]", task["try_number"], state)
            if state in _TASK_DONE and key not in reported:
                reported.add(key)
                detail = self._detail(dag_id, run_id, task)
                mark = _MARKS.get(state, f"[yellow]{state}[/]")
                self.say(f"{tenant:<10} {name:<22} {mark:<18} {_seconds(task):6.1f} s  {detail}")
        return running

    def _detail(self, dag_id: str, run_id: str, task: Mapping[str, Any]) -> str:
        if task["state"] != "success" or task["map_index"] >= 0:
            return ""
        describe = _DETAILS.get(f"{dag_id.partition('__')[0]}.{task['task_id']}")
        return describe(self._api.xcom(dag_id, run_id, task["task_id"])) if describe else ""


def _seconds(task: Mapping[str, Any]) -> float:
    if not task["start_date"] or not task["end_date"]:
        return 0.0
    begin, end = (datetime.fromisoformat(task[name]) for name in ("start_date", "end_date"))
    return (end - begin).total_seconds()


def _rows_loaded(value: Any) -> str:
    extracted = sum(row["extracted"] for row in value.values())
    loaded = sum(row["loaded"] for row in value.values())
    return f"{extracted:,} rows read, {loaded:,} changed RAW"


def _published(value: Any) -> str:
    return f"sales complete up to the week of {value['last_complete_week']}"


def _forecast_loaded(value: Any) -> str:
    return f"{value['series']:,} series, {value['rows']:,} forecast rows"


def _checked(value: Any) -> str:
    warned = f", {value['warned']} warnings" if value["warned"] else ""
    return f"{value['passed']} expectations hold{warned}"


_DETAILS: dict[str, Callable[[Any], str]] = {
    "pipeline.load": _rows_loaded,
    "pipeline.publish": _published,
    "pipeline.check_raw": _checked,
    "pipeline.check_marts": _checked,
    "forecast.load": _forecast_loaded,
    "forecast.check_forecast": _checked,
}
