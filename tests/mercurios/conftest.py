"""What tests of several packages use: simulated sources, and the order formula, which dbt compiles once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import pytest
from retailer import Retailer
from session_cache import SessionCache

from mercurios.policy_backtest.models import Model, compile_models
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


@pytest.fixture(scope="session")
def compiled(session_cache: SessionCache) -> Mapping[str, Model]:
    """The order formula's models as dbt compiles them, once in a session."""

    def write(folder: Path) -> None:
        found = {name: asdict(model) for name, model in compile_models().items()}
        (folder / "models.json").write_text(json.dumps(found))

    text = (session_cache.once("compiled-models", write) / "models.json").read_text()
    return {name: Model(**fields) for name, fields in json.loads(text).items()}
