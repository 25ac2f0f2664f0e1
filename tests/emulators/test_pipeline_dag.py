"""The pipeline of a small tenant on the emulators, in a real scheduler: a full run and an incremental one."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from running_emulators import S3, Snowflake, airflow_connections, switched_tenant
from snowflake_retailer import SnowflakeRetailer

from mercurios.demo.airflow_api import AirflowApi
from mercurios.demo.follow import Follower, RunOutcome
from mercurios.demo.processes import session_members
from mercurios.demo.stack import Ports, Stack
from mercurios.marts import PIPELINE_MARTS
from prohandel_simulator.testing import running_simulator

pytestmark = [
    pytest.mark.scheduler,
    pytest.mark.simulator,
    pytest.mark.dbt,
    pytest.mark.slow,
    pytest.mark.timeout(1200),
]

RUN_SECONDS = 480.0


@dataclass
class Played:
    """What the runs left behind."""

    retailer: SnowflakeRetailer
    api: AirflowApi
    runs: dict[str, RunOutcome] = field(default_factory=dict)

    def tasks(self, name: str) -> dict[str, Any]:
        run = self.runs[name]
        return {task["task_id"]: task["state"] for task in self.api.task_instances(run.dag_id, run.run_id)}


@pytest.fixture(scope="module")
def played(
    s3: S3, running_emulator: Snowflake, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Played]:
    """Run the pipeline of the tenant, let a day pass, and run it again."""
    home = tmp_path_factory.mktemp("pipeline")
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("REQUESTS_CA_BUNDLE", str(running_emulator.certificate))
        idle = opened.enter_context(
            running_simulator(["mini"])
        )  # a retailer needs one; the stack has its own
        retailer = SnowflakeRetailer(idle, home, s3, running_emulator, database="MERCURIOS_DATA")
        stack = Stack(
            home=home,
            ports=Ports(*_free_ports(2)),
            tenants=["mini"],
            tenants_dir=switched_tenant(root, home / "tenants"),
            today="2026-03-04",
            extra_environment=airflow_connections(s3, running_emulator)
            | {"MERCURIOS_LANDING": retailer.root, "REQUESTS_CA_BUNDLE": str(running_emulator.certificate)},
        )
        try:
            stack.start_simulator()
            stack.start_airflow()
            sessions = [service.process.pid for service in stack.services]
            yield _play(stack, retailer)
        finally:
            stack.stop()
    assert [pid for session in sessions for pid in session_members(session)] == []


def _play(stack: Stack, retailer: SnowflakeRetailer) -> Played:
    stack.await_simulator()
    api = stack.await_airflow(["pipeline__mini"])
    played = Played(retailer, api)
    follower = Follower(api, stack, Console(soft_wrap=True), time.monotonic())
    for name in ("first", "second"):
        [played.runs[name]] = follower.run("pipeline", name, ["mini"], RUN_SECONDS)
        stack.advance_clock(24)
    return played


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_both_runs_succeed_task_by_task(played: Played) -> None:
    for name in ("first", "second"):
        assert played.runs[name].state == "success", played.tasks(name)


def test_every_row_is_accounted_for_and_the_second_run_reads_changes_only(played: Played) -> None:
    ledger = played.retailer.query(
        "select run_id, resource, mode, extracted, loaded, quarantined, superseded from ops.load_ledger"
    )

    sales = {row["run_id"]: row for row in ledger if row["resource"] == "sale"}
    first, second = (sales[played.runs[name].run_id] for name in ("first", "second"))
    assert second["mode"] == "changed"
    assert 0 < second["extracted"] < first["extracted"] / 2
    assert [
        row for row in ledger if row["extracted"] != row["loaded"] + row["quarantined"] + row["superseded"]
    ] == []


def test_readers_see_every_mart_of_the_second_run(played: Played) -> None:
    [status] = played.retailer.query("select status, run_id from published.publication_status")
    counted = {
        mart: played.retailer.query(
            f"select (select count(*) from published.{mart}) as seen, (select count(*) from analytics.{mart}) as built"
        )[0]
        for mart in PIPELINE_MARTS
    }

    assert status == {"status": "fresh", "run_id": played.runs["second"].run_id}
    assert {mart: row for mart, row in counted.items() if not 0 < row["seen"] == row["built"]} == {}
