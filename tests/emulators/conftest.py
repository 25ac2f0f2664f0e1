"""The emulators, started once for the tests that need them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from running_emulators import (
    S3,
    Snowflake,
    airflow_connections,
    running_s3,
    running_snowflake,
    switched_tenant,
)
from snowflake_retailer import SnowflakeRetailer, Twin, forget

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


@pytest.fixture
def on_snowflake(
    own_source: RunningSimulator, tmp_path: Path, s3: S3, snowflake_emulator: Snowflake
) -> SnowflakeRetailer:
    """The test tenant on Snowflake."""
    return SnowflakeRetailer(
        own_source, tmp_path / "snowflake", s3, snowflake_emulator, resources={"sale": {"mode": "changed"}}
    )


@pytest.fixture
def on_duckdb(own_source: RunningSimulator, tmp_path: Path) -> Twin:
    """The same tenant on DuckDB, for comparison."""
    return Twin(own_source, tmp_path / "duckdb")


@pytest.fixture
def retailer(
    own_source: RunningSimulator,
    s3: S3,
    snowflake_emulator: Snowflake,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> SnowflakeRetailer:
    """The test tenant on Snowflake, as its file and the Airflow connections of the environment say."""
    forget(snowflake_emulator, "MERCURIOS_DATA")
    retailer = SnowflakeRetailer(own_source, tmp_path, s3, snowflake_emulator, database="MERCURIOS_DATA")
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(switched_tenant(root, tmp_path / "tenants")))
    monkeypatch.setenv("MERCURIOS_LANDING", retailer.root)
    for name, value in airflow_connections(s3, snowflake_emulator).items():
        monkeypatch.setenv(name, value)
    return retailer
