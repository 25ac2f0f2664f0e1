"""Connecting to a tenant's warehouse and landing area from the command line.

Connections are Airflow's. Nothing here knows Airflow: an entry point of the group `mercurios.connections`, which
`plugins/` offers, looks them up where the DAGs do and opens what they lead to. That loads Airflow, which takes seconds,
also where the environment names the file: Airflow asks a secrets backend before the environment, and the metadata
database before a default holds, so a shorter way could lead to another file than the DAGs'. A DuckDB file that is named
with `--warehouse` needs no connection. How a warehouse is opened for a command is the engine's own matter
(`mercurios.warehouse.commands`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mercurios.landing.store import LandingStore
from mercurios.tenants import Tenant, load_tenants
from mercurios.warehouse.commands import commands_of
from mercurios.warehouse.engine import Engine, WarehouseError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

ENTRY_POINTS = "mercurios.connections"


class Connections(Protocol):
    """Opens what the connections of a deployment lead to."""

    def warehouse(self, tenant: Tenant, command: str) -> AbstractContextManager[Any]:
        """Open what a tenant's warehouse connection leads to; the tenant's engine knows what that is.

        Args:
            tenant: whose.
            command: on whose behalf, for engines that note it with every statement.
        """

    def landing(self, tenant: Tenant, url: str | None = None) -> LandingStore:
        """Open a landing area: the tenant's, or one at another address with the tenant's AWS connection."""

    def account(self, name: str) -> SnowflakeConnection | None:
        """Open the connection of an account's administrator; None where the deployment has none of that name."""


def connections() -> Connections:
    """Return the connections of the deployment.

    Raises:
        WarehouseError: nothing on the Python path offers them.
    """
    for entry_point in entry_points(group=ENTRY_POINTS):
        offered: Connections = entry_point.load()()
        return offered
    raise WarehouseError(
        f"connections are looked up by Airflow, and nothing on the Python path offers them (entry point "
        f"{ENTRY_POINTS!r}): add the folder plugins/ of the repository to PYTHONPATH, as make and the image do, or "
        "name a DuckDB file with --warehouse where the command takes one"
    )


@contextmanager
def open_tenant(
    tenant_id: str,
    warehouse: Path | None,
    lock_wait: float,
    *,
    command: str = "",
    loads: bool = False,
) -> Iterator[Engine]:
    """Open the warehouse of a tenant and add what its shape has gained since.

    Args:
        tenant_id: whose warehouse.
        warehouse: a DuckDB file; None opens what the tenant's connection leads to.
        lock_wait: seconds to wait while another process holds a file.
        command: on whose behalf, for engines that note it with every statement.
        loads: the command lands files and loads them.

    Raises:
        KeyError: there is no such tenant.
        WarehouseError: the warehouse cannot be opened, or is not this tenant's; the message says what to correct.
    """
    if warehouse is not None:
        from mercurios.warehouse.duckdb.commands import open_file

        with open_file(warehouse, tenant_id, lock_wait) as file:
            yield file
        return
    tenant = load_tenants(only=tenant_id).get(tenant_id)
    landing = partial(open_landing, tenant) if loads else None
    with connections().warehouse(tenant, command) as connection:
        opened = commands_of(tenant).open_to_operate(connection, tenant, landing=landing, lock_wait=lock_wait)
    with opened as engine:
        yield engine


@contextmanager
def open_readers(
    tenant_id: str, warehouse: Path | None, lock_wait: float, *, command: str = ""
) -> Iterator[Engine]:
    """Open what readers of a tenant see, to read.

    Args:
        tenant_id: whose marts.
        warehouse: a DuckDB file; None opens what was published where the tenant's connection leads.
        lock_wait: seconds to wait while another process writes to the file.
        command: on whose behalf, for engines that note it with every statement.

    Raises:
        KeyError: there is no such tenant.
        WarehouseError: it cannot be opened, the file is missing, or it holds nothing of the tenant.
    """
    if warehouse is not None:
        from mercurios.warehouse.duckdb.commands import open_readers_file

        with open_readers_file(warehouse, tenant_id, lock_wait) as file:
            yield file
        return
    tenant = load_tenants(only=tenant_id).get(tenant_id)
    with connections().warehouse(tenant, command) as connection:
        opened = commands_of(tenant).open_to_read(connection, tenant, lock_wait=lock_wait)
    with opened as engine:
        yield engine


def open_landing(tenant: Tenant, url: str | None = None) -> LandingStore:
    """Open a landing area: on S3 with the tenant's AWS connection, or else what AWS finds on this machine.

    Args:
        tenant: whose.
        url: another address than its file's.

    Raises:
        LandingError: no file system serves the address.
        ValueError: a variable of the tenant's address is not set.
        WarehouseError: nothing offers connections.
    """
    address = url or tenant.landing_url()
    return connections().landing(tenant, address) if address.startswith("s3://") else LandingStore(address)


def open_for_load(
    tenant: Tenant, warehouse: Path | None, landing: LandingStore
) -> AbstractContextManager[Engine]:
    """Open a warehouse that a manifest is loaded into; a missing DuckDB file is created.

    Args:
        tenant: whose.
        warehouse: a DuckDB file; None opens what the tenant's connection leads to.
        landing: where the manifest's parts are.

    Raises:
        WarehouseError: it cannot be opened; the message says what to correct.
    """
    if warehouse is not None:
        from mercurios.warehouse.duckdb.engine import DuckDBEngine

        return DuckDBEngine(warehouse)
    with connections().warehouse(tenant, "load") as connection:
        return commands_of(tenant).open_to_load(connection, tenant, landing=landing)


@contextmanager
def open_account(name: str) -> Iterator[SnowflakeConnection]:
    """Open the connection of an account's administrator: Airflow's, or else an entry of the connector's own file.

    The connector's file, `connections.toml`, is the place for a person who signs in with a browser.

    Raises:
        WarehouseError: there is no such connection, it cannot be used, or Snowflake refuses it.
    """
    import snowflake.connector

    try:
        session = connections().account(name) or snowflake.connector.connect(connection_name=name)
    except snowflake.connector.errors.Error as error:
        reason = " ".join(str(error.msg or error).split())
        raise WarehouseError(
            f"connection {name!r}: {reason}. Define it in Airflow (AIRFLOW_CONN_{name.upper()}, secrets backend, or "
            "Admin, Connections in the UI), or name an entry of Snowflake's connections.toml with --connection"
        ) from None
    try:
        yield session
    finally:
        session.close()
