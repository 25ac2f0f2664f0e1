"""One real Airflow and one simulated world for all scheduler tests: the runs are made once, the tests read them.

Three tenants share the world `mini`. `mini` builds its models layer by layer on DuckDB, and `mini_refused` holds
credentials the API refuses. `mini_models` builds model by model and is switched to the emulators of Snowflake and S3,
by its connection id and nothing else. What happens, in this order:

1. the first pipeline run of all three at once; the week it closes starts the forecast of `mini` by itself;
2. the task of one model is cleared and runs again;
3. the file of `mini_models` says that it builds layer by layer from now on;
4. a day passes in the shops, and the pipelines of `mini` and `mini_models` run again;
5. the pipeline of `mini` runs a third time, and nothing has happened since.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import canary_source
import duckdb
import pytest
import requests
from dbt_builds import State, tables_of
from emulated_account import EmulatedAccount, emulated_account
from rich.console import Console

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.duckdb.publish import read_status
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.marts import gated_by
from mercurios_demo.airflow_api import FINAL_STATES, AirflowApi, AirflowApiError
from mercurios_demo.follow import Follower, RunOutcome
from mercurios_demo.processes import session_members, start
from mercurios_demo.stack import REPOSITORY, Ports, Stack
from prohandel_simulator.auth import credentials

HASH_KEY = "scheduler-tests-hash-key-that-is-no-secret"
REFUSED_SECRET = "a-secret-that-is-not-the-right-one"
TODAY = "2026-03-04"
# A guard against a hang, not a promise: a machine with other work needs several times what an idle one does.
RUN_SECONDS = 1500.0
ON_SNOWFLAKE = "mini_models"
SWITCH = ("warehouse: duckdb_mini_models", "warehouse: snowflake_mini_models")
IN_ONE_TASK = ("dbt_tasks: models", "dbt_tasks: build")
# The task of a model that is cleared after its run.
CLEARED = "model.fct_sales_run"


@dataclass
class Played:
    """What the runs left behind.

    Attributes:
        slack: what the webhook of `mini` was sent.
        status_of_second: what readers of `mini` learned of its second run.
        on_snowflake: the marts that readers of `mini_models` saw after each of its runs.
        by_model: the tasks of its first run before one was cleared.
        cleared: that task when it had run again.
        log: what it wrote then.
    """

    api: AirflowApi
    stack: Stack
    account: EmulatedAccount
    slack: list[str]
    first: dict[str, RunOutcome] = field(default_factory=dict)
    second: dict[str, RunOutcome] = field(default_factory=dict)
    third: dict[str, RunOutcome] = field(default_factory=dict)
    status_of_second: dict[str, Any] = field(default_factory=dict)
    forecast_runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    first_published: dict[str, Path] = field(default_factory=dict)
    on_snowflake: dict[str, State] = field(default_factory=dict)
    by_model: dict[str, dict[str, Any]] = field(default_factory=dict)
    cleared: dict[str, Any] = field(default_factory=dict)
    log: str = ""

    def warehouse(self, tenant: str) -> duckdb.DuckDBPyConnection:
        """Open a tenant's warehouse; every run has ended, so no other process holds it."""
        path = self.stack.home / "data" / "warehouse" / f"{tenant}.duckdb"
        return duckdb.connect(str(path), read_only=True)

    def published(self, tenant: str) -> duckdb.DuckDBPyConnection:
        """Open what readers see."""
        return duckdb.connect(str(self.stack.published / f"{tenant}.duckdb"), read_only=True)

    def rows(self, tenant: str, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query on a tenant's warehouse, on whichever engine it is."""
        file = self.stack.home / "data" / "warehouse" / f"{tenant}.duckdb"
        session: Any = self.account.engine() if tenant == ON_SNOWFLAKE else DuckDBEngine(file, read_only=True)
        with session as engine:
            found: list[dict[str, Any]] = engine.fetch_arrow(sql).to_pylist()
        return found

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
    sessions: list[int] = []
    with emulated_account() as account, pytest.MonkeyPatch.context() as trust:
        trust.setenv("REQUESTS_CA_BUNDLE", str(account.snowflake.certificate))
        account.create_objects(ON_SNOWFLAKE)
        stack = _stack(home, _tenant_files(root, home), account)
        try:
            _start_source(stack)
            with slack_of(stack) as received:
                stack.start_airflow()
                sessions = [service.process.pid for service in stack.services]
                yield _play(stack, account, received)
        finally:
            stack.stop()
    assert [pid for session in sessions for pid in session_members(session)] == []
    assert _processes_with(str(home)) == []


def _start_source(stack: Stack) -> None:
    """Start the simulator as `Stack` does, from the script whose source writes persons and secrets everywhere."""
    script = [sys.executable, str(Path(canary_source.__file__))]
    options = ["--port", str(stack.ports.simulator), "--tenants", "mini", "--today", TODAY]
    log, worlds = stack.home / "logs" / "simulator.log", stack.home / "worlds"
    command = [*script, "serve", *options, "--cache-dir", str(worlds)]
    stack.services.append(start("simulator", command, stack.environment(), REPOSITORY, log))


@contextmanager
def slack_of(stack: Stack) -> Iterator[list[str]]:
    """Let the tenant `mini` have a Slack webhook on loopback, and yield what it is sent."""
    received: list[str] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        address = {
            "conn_type": "slackwebhook",
            "host": f"http://127.0.0.1:{server.server_port}",
            "password": "T/B/x",
        }
        stack.extra_environment["AIRFLOW_CONN_SLACK_MINI"] = json.dumps(address)
        yield received
        server.shutdown()


def _tenant_files(root: Path, home: Path) -> Path:
    """Return a folder with the test tenants, one of them switched to Snowflake."""
    folder = home / "tenants"
    shutil.copytree(root / "tests" / "tenants", folder)
    _replace(folder, *SWITCH)
    return folder


def _replace(folder: Path, old: str, new: str) -> None:
    """Change what the file of `mini_models` says."""
    file = folder / "mini_models.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def _stack(home: Path, tenants_dir: Path, account: EmulatedAccount) -> Stack:
    ports = Ports(*_free_ports(2))
    stack = Stack(home=home, ports=ports, tenants=["mini"], tenants_dir=tenants_dir, today=TODAY)
    stack.extra_environment |= account.environment(ON_SNOWFLAKE)
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


def _play(stack: Stack, account: EmulatedAccount, received: list[str]) -> Played:
    stack.await_simulator()
    dag_ids = [
        f"{kind}__{tenant}"
        for kind in ("pipeline", "forecast")
        for tenant in ("mini", "mini_models", "mini_refused")
    ]
    api = stack.await_airflow(dag_ids)
    played = Played(api, stack, account, received)
    both = ("mini", "mini_models")
    follower = Follower(api, stack, Console(soft_wrap=True), time.monotonic())
    for tenant in both:
        api.unpause(f"forecast__{tenant}")
    for tenant in ("mini_models", "mini_refused"):
        api.trigger(f"pipeline__{tenant}", "first")
        api.unpause(f"pipeline__{tenant}")
    played.first["mini"] = follower.run("pipeline", "first", ["mini"], RUN_SECONDS)[0]
    _keep_publication(played, "mini")
    played.first |= {tenant: _first_outcome(api, stack, tenant) for tenant in ("mini_models", "mini_refused")}
    played.on_snowflake["first"] = _marts_on_snowflake(account)
    # What a pipeline says of articles without a forecast is the same only where both tenants have one.
    played.forecast_runs = {tenant: _run_ended(api, stack, f"forecast__{tenant}") for tenant in both}
    _clear_a_model(played)
    _build_in_one_task(played)
    stack.advance_clock(24)
    played.second = dict(zip(both, follower.run("pipeline", "second", both, RUN_SECONDS), strict=True))
    played.on_snowflake["second"] = _marts_on_snowflake(account)
    played.status_of_second = read_status(stack.published / "mini.duckdb")
    played.third["mini"] = follower.run("pipeline", "third", ["mini"], RUN_SECONDS)[0]
    return played


def _clear_a_model(played: Played) -> None:
    """Let a model's task of the first run on Snowflake run again."""
    run = played.first[ON_SNOWFLAKE]
    played.by_model = played.tasks(run)
    if CLEARED not in played.by_model:
        return
    played.api.clear(run.dag_id, run.run_id, CLEARED)
    _run_ended(played.api, played.stack, run.dag_id)
    played.cleared = played.tasks(run)[CLEARED]
    with suppress(AirflowApiError):
        played.log = played.api.task_log(run.dag_id, run.run_id, CLEARED, 2)


def _build_in_one_task(played: Played) -> None:
    """Let the file of `mini_models` say so, and wait until Airflow has read it."""
    dag_id = f"pipeline__{ON_SNOWFLAKE}"
    if played.stack.tenants_dir is not None:
        _replace(played.stack.tenants_dir, *IN_ONE_TASK)
    played.api.parse_again(dag_id)
    _await(played.stack, lambda: "model.build" in played.api.task_ids(dag_id))


def _marts_on_snowflake(account: EmulatedAccount) -> State:
    """Return the marts that readers of `mini_models` see now; nothing where its run failed."""
    with suppress(WarehouseError), account.engine() as engine:
        return tables_of(
            engine, [f"published.{mart}" for mart in gated_by("marts")], ON_SNOWFLAKE, loads=False
        )
    return {}


def _keep_publication(played: Played, tenant: str) -> None:
    published = played.stack.published / f"{tenant}.duckdb"
    if published.exists():
        played.first_published[tenant] = played.stack.home / f"first-{tenant}.duckdb"
        shutil.copy(published, played.first_published[tenant])


def _first_outcome(api: AirflowApi, stack: Stack, tenant: str) -> RunOutcome:
    dag_id = f"pipeline__{tenant}"
    state = str(_run_ended(api, stack, dag_id).get("state"))
    return RunOutcome(tenant, dag_id, "first", "first", state, 0.0)


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
