"""Loading on Snowflake: the same manifests give the same RAW as on DuckDB, and what fails leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from retailer import Retailer
from running_emulators import S3, Snowflake
from snowflake_retailer import SnowflakeRetailer

from mercurios.landing.store import LandingStore
from mercurios.prohandel.resources import RESOURCES
from mercurios.warehouse.runs import adopt_run
from prohandel_simulator.testing import RunningSimulator

TABLES = tuple(resource.table for resource in RESOURCES.values())


class Twin(Retailer):
    """The same tenant on DuckDB, given the very manifests that Snowflake is given."""

    def adopt(self, other: SnowflakeRetailer) -> None:
        self.store = LandingStore(other.tenant.landing_url(), **other.s3.storage_options)

    def load_manifests(self, urls: list[str]) -> None:
        """Load manifests that lie in S3, from copies in this retailer's folder."""
        with self.engine() as engine:
            for url in urls:
                adopt_run(engine, self.store.read_manifest(url), "twin")
        self.load(*urls)


@pytest.fixture
def on_snowflake(
    own_source: RunningSimulator, tmp_path: Path, s3: S3, snowflake_emulator: Snowflake
) -> SnowflakeRetailer:
    return SnowflakeRetailer(own_source, tmp_path / "snowflake", s3, snowflake_emulator)


def test_a_run_loads_what_the_source_shows(on_snowflake: SnowflakeRetailer) -> None:
    loaded = on_snowflake.run("r1", "sale", "order", "customer")

    assert loaded["sale"].loaded > 1000
    assert on_snowflake.differences("sale", "order", "customer") == []
