"""`make demo WAREHOUSE=snowflake-emulator`: a small retailer on emulators of Snowflake and S3, through the real DAGs.

The same play as `make demo`: a first run of the pipeline, a day passes in the shops, a second run, the forecast. What
it shows is read from the emulator, which forgets everything when the demo ends.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import snowflake.connector
from rich.console import Console
from running_emulators import (
    Snowflake,
    airflow_connections,
    running_s3,
    running_snowflake,
    switched_tenant,
)
from snowflake_retailer import create_account_objects

from mercurios.orders.proposals import fetch_actions
from mercurios.warehouse.snowflake.engine import SnowflakeEngine
from mercurios.warehouse.sql import render
from mercurios_demo.follow import Follower, RunOutcome
from mercurios_demo.report import print_publication, print_tenant
from mercurios_demo.stack import Ports, Stack

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "MERCURIOS_DATA"
BUCKET = "mercurios-demo"


def main(*, leave: bool) -> bool:
    """Run the demo, and return whether every run succeeded."""
    console = Console(width=None if sys.stdout.isatty() else 130)
    with ExitStack() as opened:
        home = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="mercurios-demo-")))
        with console.status("the emulators of S3 and Snowflake are starting"):
            s3 = opened.enter_context(running_s3())
            emulator = opened.enter_context(running_snowflake(s3))
        os.environ["REQUESTS_CA_BUNDLE"] = str(emulator.certificate)
        s3.create_bucket(BUCKET)
        create_account_objects(emulator, DATABASE, "mini", f"s3://{BUCKET}/")
        stack = Stack(
            home=home,
            ports=Ports(*_free_ports(2)),
            tenants=["mini"],
            tenants_dir=switched_tenant(ROOT, home / "tenants"),
            extra_environment=airflow_connections(s3, emulator) | {"MERCURIOS_LANDING": f"s3://{BUCKET}/"},
        )
        opened.callback(stack.stop)
        outcomes = _play(stack, console)
        _report(console, emulator, stack, outcomes)
        succeeded = all(outcome.state == "success" for outcome in outcomes)
        console.print("[green]Everything succeeded.[/]" if succeeded else "[red]Not everything succeeded.[/]")
        if not leave:
            console.print("Leave it running and look around; Ctrl-C stops everything.")
            while True:
                stack.ensure_alive()
                time.sleep(1)
    return succeeded


def _play(stack: Stack, console: Console) -> list[RunOutcome]:
    started = time.monotonic()
    stack.start_simulator()
    stack.start_airflow()
    with console.status("Airflow and the simulated retailer are starting"):
        stack.await_simulator()
        api = stack.await_airflow(["pipeline__mini", "forecast__mini"])
    follower = Follower(api, stack, console, started)
    follower.say(f"Airflow is up at {stack.airflow_url}")
    outcomes = follower.run("pipeline", "first", ["mini"])
    outcomes += follower.run("forecast", "week", ["mini"])
    stack.advance_clock(24)
    follower.say("a day has passed in the shops: second pipeline run, which orders by the forecast")
    return outcomes + follower.run("pipeline", "second", ["mini"])


def _report(console: Console, emulator: Snowflake, stack: Stack, outcomes: Sequence[RunOutcome]) -> None:
    for outcome in outcomes:
        console.print(f"{outcome.dag_id}, {outcome.label}: {outcome.state} after {outcome.seconds:.0f} s")
    parameters = emulator.parameters(DATABASE, arrow_number_to_decimal=True)
    with SnowflakeEngine(lambda: snowflake.connector.connect(**parameters)) as engine:
        key = {"tenant_id": "mini"}
        print_tenant(console, "mini", engine, outcomes, fetch_actions(engine, "mini"))
        [status] = engine.fetch_arrow(render(engine.dialect, "publication_known"), key).to_pylist()
        print_publication(console, status)
    console.print(f"Airflow: {stack.airflow_url} (no login on this machine); logs: {stack.home / 'logs'}")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let an end from outside count as Ctrl-C, so that nothing is left running."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for wanted in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, interrupt)
    yield


if __name__ == "__main__":
    try:
        with _interruptible():
            sys.exit(0 if main(leave="--exit" in sys.argv) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
