"""Starts a simulator inside a test process: real HTTP on a free loopback port, and direct access to the oracle."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import requests
import uvicorn

from prohandel_simulator.auth import ACCESS_SECONDS, credentials
from prohandel_simulator.faults import Faulty
from prohandel_simulator.server import HOST, Application, configure
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.world import DEFAULT_SEED, World

DEFAULT_TODAY = date(2026, 3, 4)
_TIMEOUT = 120


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator that answers on `base_url`; `faulty.faults` may be set to a schedule of faults."""

    base_url: str
    application: Application
    faulty: Faulty

    @property
    def simulator(self) -> Simulator:
        """The state behind the server."""
        return self.application.simulator

    @property
    def auth_url(self) -> str:
        """Where tokens are issued; `/token` and `/token/refresh` follow."""
        return f"{self.base_url}/auth/api/v4"

    def credentials(self, tenant: str) -> dict[str, str]:
        """Return `apiKey` and `secret` of a tenant."""
        return credentials(tenant)

    def server_url(self, tenant: str) -> str:
        """Return the `serverUrl` that the tenant's token response names."""
        return f"{self.base_url}/t/{tenant}"

    def advance(self, hours: float) -> dict[str, Any]:
        """Move the clock and return what happened."""
        return self.post("/_simulator/clock", {"advance_hours": hours})

    def truth(self, tenant: str, resource: str) -> list[dict[str, Any]]:
        """Return every undeleted row of a resource."""
        response = requests.get(f"{self.base_url}/_simulator/{tenant}/truth/{resource}", timeout=_TIMEOUT)
        response.raise_for_status()
        return [json.loads(line) for line in response.content.splitlines()]

    def world(self, tenant: str) -> World:
        """Return the world behind a tenant; read it, never write to it."""
        return self.simulator.tenants[tenant].world

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post JSON to an admin path and return the JSON response."""
        response = requests.post(self.base_url + path, json=body, timeout=_TIMEOUT)
        response.raise_for_status()
        result: dict[str, Any] = response.json()
        return result


@contextmanager
def running_simulator(
    tenants: Sequence[str] = ("mini",),
    today: date = DEFAULT_TODAY,
    seed: int = DEFAULT_SEED,
    cache_dir: Path | None = None,
    changed: set[str] | None = None,
    access_seconds: int = ACCESS_SECONDS,
    instants_in: str = "UTC",
) -> Iterator[RunningSimulator]:
    """Run a simulator in a thread for the length of a `with` block.

    Raises:
        RuntimeError: the server did not start within ten seconds.
    """
    simulator = Simulator(list(tenants), today, seed, cache_dir, changed, access_seconds, instants_in)
    application = Application(simulator)
    faulty = Faulty(application)
    server = uvicorn.Server(configure(faulty, 0))
    thread = threading.Thread(target=server.run, name="prohandel-simulator", daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("The ProHandel simulator did not start within 10 s.")
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield RunningSimulator(f"http://{HOST}:{port}", application, faulty)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
