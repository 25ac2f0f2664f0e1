"""The emulators, started once for the tests that need them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from running_emulators import S3, Snowflake, running_s3, running_snowflake

from prohandel_simulator.testing import RunningSimulator, running_simulator


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """An emulator of S3."""
    with running_s3() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def running_emulator(s3: S3) -> Iterator[Snowflake]:
    """An emulator of Snowflake with all shims."""
    with running_snowflake(s3) as emulator:
        yield emulator


@pytest.fixture
def snowflake_emulator(running_emulator: Snowflake, monkeypatch: pytest.MonkeyPatch) -> Snowflake:
    """The emulator of Snowflake, trusted by this test."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running_emulator.certificate))
    return running_emulator


@pytest.fixture
def own_source() -> Iterator[RunningSimulator]:
    """A source with one tenant that only this test uses."""
    with running_simulator(["mini"]) as simulator:
        yield simulator
