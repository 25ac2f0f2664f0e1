"""A tenant's warehouse on Snowflake: sessions come from the provider's hook, which knows every way to sign in.

The provider is imported here alone, so that a deployment without a Snowflake tenant does not load it.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

from mercurios_airflow.landing import landing_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from mercurios.landing.store import LandingStore
    from mercurios.tenants import Tenant
    from mercurios.tenants.run import Run
    from mercurios.warehouse.snowflake.engine import SnowflakeEngine


class SessionHook(SnowflakeHook):
    """The provider's hook, opening sessions as the engine needs them."""

    def get_conn(self) -> SnowflakeConnection:
        """Open a session.

        Raises:
            WarehouseError: the connection cannot be used; the message names it and never its content.
        """
        from snowflake.connector import connect

        from mercurios.warehouse.engine import WarehouseError
        from mercurios.warehouse.snowflake.engine import SESSION_OPTIONS

        try:
            # Airflow passes over an extra that it cannot read, and the connector would miss the account.
            json.loads(self.get_connection(self.get_conn_id()).extra or "{}")
            parameters = self._get_conn_params()
        except (OSError, TypeError, ValueError):
            # The error may repeat what could not be read, and that may be a secret.
            raise WarehouseError(
                f"connection {self.get_conn_id()!r} cannot be used: its extra or its private key cannot be read. "
                "Expected a PEM file in private_key_file, or base64 of one in private_key_content, and its "
                "passphrase as the password"
            ) from None
        return connect(**parameters, **SESSION_OPTIONS)


class SnowflakeWarehouse:
    """A tenant's database on Snowflake.

    Args:
        tenant: whose database; its file names connection and database.
        run: whose statements they are, for the query tag.
    """

    def __init__(self, tenant: Tenant, run: Run) -> None:
        self.tenant = tenant
        self.run = run

    def get_conn(self) -> SnowflakeEngine:
        """Open the session of a run, which loads from the landing area as the loader."""
        from mercurios.warehouse.snowflake.roles import loader_of

        return self.session(landing_of(self.tenant), loader_of(self.tenant.database))

    def session(self, landing: LandingStore | None, role: str | None) -> SnowflakeEngine:
        """Open a session.

        Args:
            landing: the landing area that a load copies from; None where nothing is loaded.
            role: the role that the session must have taken on; None takes any.

        Raises:
            WarehouseError: the account cannot be reached or refuses the session.
        """
        from mercurios.warehouse.snowflake.engine import SCHEMA, SnowflakeEngine, session_parameters

        hook = SessionHook(
            snowflake_conn_id=self.tenant.connections.warehouse,
            database=self.tenant.database,
            schema=SCHEMA,
            session_parameters=session_parameters(self.run),
        )
        return SnowflakeEngine(hook.get_conn, landing=landing, role=role)

    def readers(self) -> AbstractContextManager[SnowflakeEngine]:
        """Open what readers see: the same database, whose schema `published` the statements name."""
        return self.get_conn()
