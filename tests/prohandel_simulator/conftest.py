"""One simulator with the `mini` world for tests that only read, and a fresh one for tests that change something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from prohandel_simulator.testing import RunningSimulator, running_simulator

TIMEOUT = 30


@dataclass
class Client:
    """A bare HTTP client: what it sees is what is on the wire."""

    simulator: RunningSimulator
    tenant: str = "mini"
    token: str = ""

    def sign_in(self) -> Client:
        """Fetch a token with the tenant's credentials."""
        response = requests.post(
            f"{self.simulator.auth_url}/token", json=self.simulator.credentials(self.tenant), timeout=TIMEOUT
        )
        self.token = response.json()["token"]["token"]["value"]
        return self

    def get(self, path: str, **query: Any) -> requests.Response:
        """GET below /api/v2/."""
        return requests.get(
            f"{self.simulator.server_url(self.tenant)}/api/v2/{path}",
            params=query,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=TIMEOUT,
        )

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Read every page."""
        found: list[dict[str, Any]] = []
        for page in range(1, 10_000):
            response = self.get(path, page=page, pagesize=1000)
            assert response.status_code == 200, response.text
            found += response.json()
            if response.headers["X-More-Pages-Available"] == "False":
                return found
        raise AssertionError("the list never ended")


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A signed-in client of a simulator that no test changes."""
    with running_simulator(["mini"]) as simulator:
        yield Client(simulator).sign_in()


@pytest.fixture
def own_client() -> Iterator[Client]:
    """A signed-in client of a simulator that only this test uses."""
    with running_simulator(["mini"]) as simulator:
        yield Client(simulator).sign_in()
