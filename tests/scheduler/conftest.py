"""One real Airflow and one simulated world for all scheduler tests: the runs are made once, the tests read them.

Three tenants share the world `mini`. `mini` builds its models layer by layer, `mini_models` model by model, and
`mini_refused` holds credentials the API refuses. What happens, in this order:

1. the first pipeline run of all three at once; the week it closes starts the forecast of `mini` by itself;
2. a day passes in the shops, and the pipeline of `mini` runs again, perhaps while `mini_models` is still at work.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
from rich.console import Console

from mercurios.demo.airflow_api import FINAL_STATES, AirflowApi
from mercurios.demo.follow import Follower, RunOutcome
from mercurios.demo.processes import session_members
from mercurios.demo.stack import Ports, Stack
from prohandel_simulator.auth import credentials

HASH_KEY = "scheduler-tests-hash-key"
REFUSED_SECRET = "a-secret-that-is-not-the-right-one"
TODAY = "2026-03-04"
RUN_SECONDS = 420.0


@dataclass
class Played:
    """What the runs left behind."""

    api: AirflowApi
    stack: Stack
    first: dict[str, RunOutcome] = field(default_factory=dict)
    second: dict[str, RunOutcome] = field(default_factory=dict)
    forecast_run: dict[str, Any] = field(default_factory=dict)
    first_published: dict[str, Path] = field(default_factory=dict)

    def warehouse(self, tenant: str) -> duckdb.DuckDBPyConnection:
        """Open a tenant's warehouse; every run has ended, so nobody else holds it."""
        path = self.stack.home / "data" / "warehouse" / f"{tenant}.duckdb"
        return duckdb.connect(str(path), read_only=True)

    def published(self, tenant: str) -> duckdb.DuckDBPyConnection:
        """Open what readers see."""
        return duckdb.connect(str(self.stack.published / f"{tenant}.duckdb"), read_only=True)

    def truth(self, resource: str) -> list[dict[str, Any]]:
        """Return every undeleted row of the simulated world."""
        address = f"{self.stack.simulator_url}/_simulator/mini/truth/{resource}"
        return [json.loads(line) for line in requests.get(address, timeout=60).content.splitlines()]

    def tasks(self, outcome: RunOutcome) -> dict[str, dict[str, Any]]:
        """Return the task instances of a run by task id."""
        return {task["task_id"]: task for task in self.api.task_instances(outcome.dag_id, outcome.run_id)}


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Played]:
    """Start everything, make all runs, and afterwards prove that no process is left."""
    home = tmp_path_factory.mktemp("scheduler")
    stack = _stack(home, root)
    sessions: list[int] = []
    try:
        stack.start_simulator()
        stack.start_airflow()
        sessions = [service.process.pid for service in stack.services]
        yield _play(stack)
    finally:
        stack.stop()
    assert [pid for session in sessions for pid in session_members(session)] == []
    assert _processes_with(str(home)) == []


def _stack(home: Path, root: Path) -> Stack:
    ports = Ports(*_free_ports(2))
    stack = Stack(
        home=home, ports=ports, tenants=["mini"], tenants_dir=root / "tests" / "tenants", today=TODAY
    )
    keys = credentials("mini")
    secrets = {"mini": keys["secret"], "mini_models": keys["secret"], "mini_refused": REFUSED_SECRET}
    for tenant, secret in secrets.items():
        stack.extra_environment[f"AIRFLOW_CONN_PROHANDEL_{tenant.upper()}"] = json.dumps(
            {
                "conn_type": "prohandel",
                "host": f"{stack.simulator_url}/auth",
                "login": keys["apiKey"],
                "password": secret,
                "extra": {"hash_key": HASH_KEY},
            }
        )
    return stack


def _play(stack: Stack) -> Played:
    stack.await_simulator()
    dag_ids = [
        f"{kind}__{tenant}"
        for kind in ("pipeline", "forecast")
        for tenant in ("mini", "mini_models", "mini_refused")
    ]
    api = stack.await_airflow(dag_ids)
    played = Played(api, stack)
    follower = Follower(api, stack, Console(soft_wrap=True), time.monotonic())
    api.unpause("forecast__mini")
    for tenant in ("mini_models", "mini_refused"):
        api.trigger(f"pipeline__{tenant}", "first")
        api.unpause(f"pipeline__{tenant}")
    played.first["mini"] = follower.run("pipeline", "first", ["mini"], RUN_SECONDS)[0]
    _keep_publication(played, "mini")
    played.forecast_run = _run_ended(api, stack, "forecast__mini")
    _await(stack, lambda: _loaded(api, "pipeline__mini_models"))
    stack.advance_clock(24)
    played.second["mini"] = follower.run("pipeline", "second", ["mini"], RUN_SECONDS)[0]
    for tenant in ("mini_models", "mini_refused"):
        dag_id = f"pipeline__{tenant}"
        state = str(_run_ended(api, stack, dag_id).get("state"))
        played.first[tenant] = RunOutcome(tenant, dag_id, "first", "first", state, 0.0)
    _keep_publication(played, "mini_models")
    return played


def _keep_publication(played: Played, tenant: str) -> None:
    published = played.stack.published / f"{tenant}.duckdb"
    if published.exists():
        played.first_published[tenant] = played.stack.home / f"first-{tenant}.duckdb"
        shutil.copy(published, played.first_published[tenant])


def _loaded(api: AirflowApi, dag_id: str) -> bool:
    """Say whether a run has read all it reads of the source, so that the source may change."""
    tasks = api.task_instances(dag_id, "first")
    return any(task["task_id"] == "load" and task["state"] in FINAL_STATES for task in tasks)


def _run_ended(api: AirflowApi, stack: Stack, dag_id: str) -> dict[str, Any]:
    """Return the only run of a DAG when it has ended; empty when none was started or none has ended in time."""

    def ended() -> bool:
        return bool(runs := api.runs(dag_id)) and all(run["state"] in FINAL_STATES for run in runs)

    _await(stack, ended)
    return dict(next(iter(api.runs(dag_id)), {}))


def _await(stack: Stack, condition: Callable[[], bool]) -> None:
    """Wait for a condition; what did not come true is found by the tests, with names."""
    begun = time.monotonic()
    while not condition() and time.monotonic() - begun < RUN_SECONDS:
        stack.ensure_alive()
        time.sleep(0.5)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _processes_with(text: str) -> list[int]:
    """Return the processes whose environment names this folder (Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found
