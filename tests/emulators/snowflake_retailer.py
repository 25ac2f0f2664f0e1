"""The retailer of the tests (`support/retailer.py`) on the emulators: it lands on S3 and loads into Snowflake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import snowflake.connector
from retailer import Retailer, tenant_of
from running_emulators import S3, Snowflake

from mercurios.landing.manifest import Manifest
from mercurios.landing.store import LandingStore
from mercurios.tenants.run import Run
from mercurios.warehouse.run_plan import adopt_run
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.snowflake.engine import SnowflakeEngine, session_parameters
from prohandel_simulator.testing import RunningSimulator

SCHEMAS = ("RAW", "STANDARD", "ANALYTICS", "PUBLISHED", "OPS", "POLICIES", "LANDING")


class SnowflakeRetailer(Retailer):
    """One tenant whose landing area is a bucket and whose warehouse is a database of the emulated account."""

    def __init__(
        self,
        simulator: RunningSimulator,
        home: Path,
        s3: S3,
        snowflake: Snowflake,
        tenant_id: str = "mini",
        database: str | None = None,
        **extraction: Any,
    ) -> None:
        super().__init__(simulator, home, tenant_id, **extraction)
        self.s3, self.snowflake = s3, snowflake
        self.bucket = f"lake-{uuid4().hex[:12]}"
        s3.create_bucket(self.bucket)
        self.root = f"s3://{self.bucket}/landing/"
        self.database = database or f"MERCURIOS_{uuid4().hex[:12].upper()}"
        self.tenant = tenant_of(tenant_id, self.root.rstrip("/"), **extraction)
        self.store = LandingStore(self.tenant.landing_url(), **s3.storage_options)
        self.create_account_objects()
        with self.engine() as engine:
            set_up(engine)

    def create_account_objects(self, landing: str | None = None) -> None:
        """Create what `warehouse apply` creates on a real account and the loader needs: schemas and a stage."""
        create_account_objects(self.snowflake, self.database, self.tenant.id, landing or self.root)

    @contextmanager
    def engine(self, **options: Any) -> Iterator[SnowflakeEngine]:
        """Open a session."""
        with SnowflakeEngine(lambda: self.session(**options), landing=self.store) as engine:
            yield engine

    def session(self, **options: Any) -> snowflake.connector.SnowflakeConnection:
        """Open a session as the hook does."""
        parameters = session_parameters(Run(self.tenant.id, "pipeline__tests", "tests"))
        return snowflake.connector.connect(
            **self.snowflake.parameters(
                self.database, session_parameters=parameters, arrow_number_to_decimal=True, **options
            )
        )


def create_account_objects(emulator: Snowflake, database: str, tenant_id: str, landing: str) -> None:
    """Create the schemas of a database and the stage that shows a tenant's files."""
    with snowflake.connector.connect(**emulator.parameters(database)) as session:
        for schema in SCHEMAS:
            session.cursor().execute(f"create schema if not exists {schema}")
        session.cursor().execute(
            f"create or replace stage landing.tenant_{tenant_id} url = '{landing}tenant={tenant_id}/'"
        )


def forget(snowflake_emulator: Snowflake, database: str) -> None:
    """Drop what a database of the emulator holds."""
    with snowflake.connector.connect(**snowflake_emulator.parameters(database)) as session:
        for schema in SCHEMAS:
            session.cursor().execute(f"drop schema if exists {schema} cascade")


class Twin(Retailer):
    """The same tenant on DuckDB; it loads copies of what the other has landed."""

    def load_copies(self, other: SnowflakeRetailer, urls: list[str]) -> None:
        with self.engine() as engine:
            copies = [self.copy(other, url) for url in urls]
            for url in copies:
                adopt_run(engine, self.store.read_manifest(url), "twin")
        self.load(*copies)

    def copy(self, other: SnowflakeRetailer, url: str) -> str:
        """Copy a manifest and its parts, and return the address of the copy."""
        manifest = other.store.read_manifest(url)
        parts = []
        for part in manifest.parts:
            path = part.url.removeprefix(f"{other.store.url}/")
            with self.store.create(path) as handle:
                handle.write(other.store.read_bytes(part.url))
            parts.append(part.model_copy(update={"url": self.store.address(path)}))
        copied: Manifest = manifest.model_copy(update={"parts": parts})
        prefix = self.store.prefix(manifest.tenant_id, manifest.resource, manifest.run_id, manifest.attempt)
        return self.store.write_manifest(prefix, copied)
