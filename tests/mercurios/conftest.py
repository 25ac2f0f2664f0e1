"""One simulated source for tests that only read, and a fresh one for tests that change something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from retailer import Retailer

from prohandel_simulator.testing import RunningSimulator, running_simulator


@pytest.fixture(scope="session")
def source() -> Iterator[RunningSimulator]:
    """A source that no test changes."""
    with running_simulator(["mini"]) as simulator:
        yield simulator


@pytest.fixture
def own_source() -> Iterator[RunningSimulator]:
    """A source that only this test changes."""
    with running_simulator(["mini"]) as simulator:
        yield simulator


@pytest.fixture
def retailer(source: RunningSimulator, tmp_path: Path) -> Retailer:
    """A retailer whose source stands still."""
    return Retailer(source, tmp_path)


@pytest.fixture
def own_retailer(own_source: RunningSimulator, tmp_path: Path) -> Retailer:
    """A retailer whose source the test may change."""
    return Retailer(own_source, tmp_path)
