"""The emulated account and lake that tenants of a running Airflow use, and how Airflow reaches them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import snowflake.connector
from running_emulators import S3, Snowflake, airflow_connections, running_s3, running_snowflake
from snowflake_retailer import create_account_objects

from mercurios.warehouse.snowflake.engine import SnowflakeEngine

DATABASE = "MERCURIOS_DATA"
BUCKET = "mercurios-lake"
LANDING = f"s3://{BUCKET}/landing/"


@dataclass
class EmulatedAccount:
    """One account with the database that tenants share by default, and a bucket."""

    s3: S3
    snowflake: Snowflake

    def create_objects(self, tenant: str) -> None:
        """Create what `warehouse apply` creates on a real account and a tenant's run needs."""
        self.s3.create_bucket(BUCKET)
        create_account_objects(self.snowflake, DATABASE, tenant, LANDING)

    def environment(self, tenant: str) -> dict[str, str]:
        """Return the variables with which Airflow reaches both for a tenant."""
        return {
            "MERCURIOS_LANDING": LANDING,
            "REQUESTS_CA_BUNDLE": str(self.snowflake.certificate),
            **airflow_connections(self.s3, self.snowflake, tenant),
        }

    @contextmanager
    def engine(self) -> Iterator[SnowflakeEngine]:
        """Open a session."""
        parameters: dict[str, Any] = self.snowflake.parameters(DATABASE, arrow_number_to_decimal=True)
        with SnowflakeEngine(lambda: snowflake.connector.connect(**parameters)) as engine:
            yield engine


@contextmanager
def emulated_account() -> Iterator[EmulatedAccount]:
    """Run both emulators for the length of a `with` block; the caller has to trust `snowflake.certificate`."""
    with running_s3() as s3, running_snowflake(s3) as emulator:
        yield EmulatedAccount(s3, emulator)
