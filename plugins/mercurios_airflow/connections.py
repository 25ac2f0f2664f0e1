"""A tenant's connections for the command line, found where its DAGs find them.

`python -m mercurios` knows nothing of Airflow. It loads this module through the entry point group
`mercurios.connections` (`mercurios_airflow-*.dist-info`), so that there is one way to connect: the hooks of the DAGs,
and Airflow's own lookup in the environment, the secrets backend and the metadata database.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mercurios.warehouse.engine import WarehouseError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from mercurios.landing.store import LandingStore
    from mercurios.tenants import Tenant
    from mercurios_airflow.warehouse.hooks import Warehouse

COMMAND_LINE = "command line"
# Airflow's lookup asks the metadata database only in a process that says it is one of Airflow's own components;
# `airflow connections get` says the same.
PROCESS_VARIABLE = "_AIRFLOW_PROCESS_CONTEXT"
# A command prints its own output; what is wrong with a connection is in its message. Set one of these to see more.
LOGGING = {
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "airflow=CRITICAL py.warnings=CRITICAL",
}


class AirflowConnections:
    """What the command line gets of Airflow; `mercurios.cli.connect.Connections` describes it.

    Airflow is imported when it is asked for the first connection.
    """

    @contextmanager
    def warehouse(self, tenant: Tenant, command: str) -> Iterator[Warehouse]:
        """Open what a tenant's warehouse connection leads to: the hook that its DAGs use.

        Args:
            tenant: whose.
            command: on whose behalf, for engines that note it with every statement.

        Raises:
            WarehouseError: there is no such connection, or it is of another type; the message says what to correct.
        """
        name, backend = tenant.connections.warehouse, tenant.backend
        with _airflow_process():
            if not _found(name, backend.connection_type) and backend.needs_connection:
                raise WarehouseError(
                    f"tenant {tenant.id}: connection {name!r} is not defined, or cannot be read, in any of "
                    f"{_places(name)}. Add it in Airflow's UI (Admin, Connections), or set the variable, as JSON or "
                    "as a URI"
                )
            from mercurios.tenants.run import Run
            from mercurios.warehouse.commands import NotNamedError
            from mercurios_airflow.warehouse.hooks import airflow_backend

            try:
                yield airflow_backend(tenant).open_warehouse(tenant, Run(tenant.id, COMMAND_LINE, command))
            except NotNamedError as error:
                raise WarehouseError(f"tenant {tenant.id}: {error} (looked for in {_places(name)})") from None

    def landing(self, tenant: Tenant, url: str | None = None) -> LandingStore:
        """Open a landing area: the tenant's, or one at another address, with the tenant's AWS connection.

        Raises:
            LandingError: no file system serves the address.
            ValueError: the tenant's file or the environment does not say where it is.
        """
        with _airflow_process():
            from mercurios_airflow.landing import landing_of

            return landing_of(tenant, url)

    def account(self, name: str) -> SnowflakeConnection | None:
        """Open the connection of an account's administrator; None where Airflow has none of that name.

        Raises:
            WarehouseError: it is of another type, or cannot be used.
        """
        with _airflow_process():
            if not _found(name, "snowflake"):
                return None
            from mercurios_airflow.warehouse.snowflake.hooks import SessionHook

            return SessionHook(snowflake_conn_id=name).get_conn()


@contextmanager
def _airflow_process() -> Iterator[None]:
    """Let Airflow look connections up as one of its own processes does, quietly, for the length of a `with` block."""
    wanted = {name: os.environ.get(name, value) for name, value in LOGGING.items()} | {
        PROCESS_VARIABLE: "server"
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        # Importing it sets logging up.
        import airflow.sdk  # noqa: F401

        _leave_the_output_to_the_command()
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _leave_the_output_to_the_command() -> None:
    """Send the process's log to standard error, without what Airflow and Python's warnings say."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.__stdout__:
            handler.setStream(sys.stderr)
            handler.addFilter(lambda record: not record.name.startswith(("airflow.", "py.warnings")))


def _found(name: str, kind: str) -> bool:
    """Look a connection up, and return whether it exists.

    Raises:
        WarehouseError: it is of another type.
    """
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found = BaseHook.get_connection(name).conn_type
    except AirflowNotFoundException:
        return False
    if found != kind:
        raise WarehouseError(
            f"connection {name!r} is of type {found!r}; expected {kind!r}. Change its type, or name another connection"
        )
    return True


def _places(name: str) -> str:
    """Name the places where Airflow looked for a connection."""
    from airflow.sdk.configuration import conf

    backend = str(conf.get("secrets", "backend", fallback="") or "")
    secrets = backend.rpartition(".")[2] or "none is configured"
    return (
        f"AIRFLOW_CONN_{name.upper()}, secrets backend ({secrets}), metadata database ({_database_state()})"
    )


def _database_state() -> str:
    """Tell a metadata database without the connection from one that cannot be read: the lookup skips the latter."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import func, select
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with create_session() as session:
            count = session.scalar(select(func.count()).select_from(Connection))
    except SQLAlchemyError as error:
        return f"cannot be read: {type(error).__name__}; AIRFLOW_HOME and AIRFLOW__DATABASE__SQL_ALCHEMY_CONN name it"
    return f"it has {count} connections"
