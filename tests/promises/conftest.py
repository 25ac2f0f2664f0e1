"""The source of the promise tests: each test gets its own, because each one damages it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prohandel_simulator.testing import RunningSimulator, running_simulator


@pytest.fixture
def own_source() -> Iterator[RunningSimulator]:
    """A source with one tenant that only this test uses."""
    with running_simulator(["mini"]) as simulator:
        yield simulator
