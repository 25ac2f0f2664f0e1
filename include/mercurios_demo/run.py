"""The demo from start to summary: two retailers, a first run, their forecasts, and the orders of the day after."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from rich.console import Console

from mercurios_demo.follow import Follower, RunOutcome
from mercurios_demo.processes import ProcessError, port_problem
from mercurios_demo.report import print_summary
from mercurios_demo.stack import Ports, Stack

TENANTS = ("giftware", "modehaus")

__all__ = ["DemoError", "Ports", "run_demo"]


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


def run_demo(home: Path, ports: Ports, *, leave: bool) -> bool:
    """Run the demo.

    Args:
        home: folder for everything it writes; a second demo in the same folder goes on from there.
        ports: where Airflow and the simulator listen.
        leave: stop everything after the summary instead of waiting for Ctrl-C.

    Returns:
        Whether every run succeeded.

    Raises:
        DemoError: a port is busy, or a service did not come up.
    """
    _check_ports(ports)
    # A log file has no width of its own, and tables must not lose columns in it.
    console = Console(width=None if sys.stdout.isatty() else 130)
    started = time.monotonic()
    history = _History(home)
    stack = Stack(home=home, ports=ports, tenants=TENANTS, today=history.today)
    with _stopped_at_the_end(stack, console):
        try:
            outcomes = _play(stack, console, started, history)
        except ProcessError as error:
            raise DemoError(str(error)) from error
        succeeded = all(outcome.state == "success" for outcome in outcomes)
        print_summary(console, stack, outcomes, TENANTS)
        console.print(f"\n{time.monotonic() - started:.0f} s in all. ", end="")
        console.print("[green]Everything succeeded.[/]" if succeeded else "[red]Not everything succeeded.[/]")
        if not leave:
            _wait(console, stack)
    return succeeded


def _play(stack: Stack, console: Console, started: float, history: _History) -> list[RunOutcome]:
    console.print(f"Mercurios demo: tenants {', '.join(TENANTS)}; everything is written below {stack.home}")
    stack.start_simulator()
    stack.start_airflow()
    with console.status("Airflow and the simulated retailers are starting (about a minute the first time)"):
        stack.await_simulator()
        for _ in range(history.days):
            stack.advance_clock(24)
        dag_ids = [f"{kind}__{tenant}" for kind in ("pipeline", "forecast") for tenant in TENANTS]
        api = stack.await_airflow(dag_ids)
    follower = Follower(api, stack, console, started)
    follower.say(f"Airflow is up at {stack.airflow_url}")
    follower.say("first pipeline run of every tenant")
    outcomes = follower.run("pipeline", "first", TENANTS)
    follower.say("forecast of every tenant")
    outcomes += follower.run("forecast", "week", TENANTS)
    stack.advance_clock(24)
    history.add_day()
    follower.say("a day has passed in the shops: second pipeline run, which orders by the forecast")
    return outcomes + follower.run("pipeline", "second", TENANTS)


class _History:
    """What earlier demos in this folder did to the simulated clock, so that the shops go on instead of back."""

    def __init__(self, home: Path) -> None:
        self._path = home / "history.json"
        state = json.loads(self._path.read_text()) if self._path.exists() else {}
        self.today: str = state.get("today", date.today().isoformat())
        self.days: int = state.get("days", 0)

    def add_day(self) -> None:
        self.days += 1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps({"today": self.today, "days": self.days}))


def _check_ports(ports: Ports) -> None:
    wishes = (
        (ports.airflow, "Airflow", "DEMO_AIRFLOW_PORT"),
        (ports.simulator, "the simulator", "DEMO_SIMULATOR_PORT"),
    )
    for port, what, variable in wishes:
        remedy = f"Stop what runs there, or choose another with {variable}=…"
        problem = port_problem(port, what, remedy)
        if problem:
            raise DemoError(problem)


@contextmanager
def _stopped_at_the_end(stack: Stack, console: Console) -> Iterator[None]:
    """Stop every service whatever happens; SIGTERM and a closed terminal count as Ctrl-C."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = {wanted: signal.signal(wanted, interrupt) for wanted in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        with console.status("stopping Airflow and the simulator"):
            stack.stop()
        for wanted, handler in previous.items():
            signal.signal(wanted, handler)


def _wait(console: Console, stack: Stack) -> None:
    console.print("Leave it running and look around; Ctrl-C stops everything.")
    while True:
        stack.ensure_alive()
        time.sleep(1)
