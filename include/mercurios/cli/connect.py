"""Connecting to a tenant's warehouse and landing area from the command line.

Connections are Airflow's. Nothing here knows Airflow: an entry point of the group `mercurios.connections`, which
`plugins/` offers, looks them up where the DAGs do and opens what they lead to. That loads Airflow, which takes seconds,
also where the environment names the file: Airflow asks a secrets backend before the environment, and the metadata
database before a default holds, so a shorter way could lead to another file than the DAGs'. A DuckDB file that is named
with `--warehouse` needs no connection. On DuckDB a command never creates a file and never touches one that is something
else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mercurios.landing.store import LandingStore
from mercurios.tenants import Tenant, load_tenants
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from mercurios.warehouse.duckdb.engine import DuckDBEngine
    from mercurios.warehouse.snowflake.engine import SnowflakeEngine

ENTRY_POINTS = "mercurios.connections"


class Connections(Protocol):
    """Opens what the connections of a deployment lead to."""

    def warehouse_file(self, tenant: Tenant) -> Path:
        """Return the warehouse file of a tenant on DuckDB."""

    def published_file(self, tenant: Tenant) -> Path:
        """Return the file that readers of a tenant on DuckDB have."""

    def snowflake(
        self, tenant: Tenant, command: str, *, landing: LandingStore | None, role: str | None
    ) -> SnowflakeEngine:
        """Open a session in the database of a tenant on Snowflake; `role` must be the session's, None takes any."""

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
        with open_warehouse(warehouse, tenant_id, lock_wait) as file:
            yield file
        return
    tenant = load_tenants(only=tenant_id).get(tenant_id)
    if tenant.engine == "duckdb":
        with open_warehouse(connections().warehouse_file(tenant), tenant_id, lock_wait) as file:
            yield file
        return
    landing = open_landing(tenant) if loads else None
    with open_snowflake(tenant, command, landing=landing) as engine:
        columns = {"table_schema": "ops", "table_name": "watermark"}
        if not engine.fetch_arrow(render(engine.dialect, "quality_columns"), columns).num_rows:
            raise WarehouseError(
                f"database {tenant.database} has no ops.watermark: run the pipeline of tenant {tenant_id} first, and "
                "check key 'database' of its file"
            )
        set_up(engine)
        yield engine


@contextmanager
def open_warehouse(path: Path, tenant_id: str, lock_wait: float) -> Iterator[DuckDBEngine]:
    """Open a tenant's warehouse file, never creating one and never touching a file that is something else.

    Raises:
        WarehouseError: the file is missing, locked, no warehouse, or holds no run of the tenant.
    """
    from mercurios.warehouse.duckdb.engine import DuckDBEngine

    if not path.is_file():
        raise WarehouseError(
            f"warehouse file {path} does not exist: check --warehouse, or run the tenant's pipeline first"
        )
    with DuckDBEngine(path, lock_wait=lock_wait) as engine:
        columns = {"table_schema": "ops", "table_name": "watermark"}
        if not engine.fetch_arrow(render(engine.dialect, "quality_columns"), columns).num_rows:
            raise WarehouseError(
                f"{path} is not a warehouse file (it has no ops.watermark): name the file that the tenant's pipeline "
                "writes, not the published one"
            )
        _check_tenant(engine, path, tenant_id)
        set_up(engine)
        yield engine


def _check_tenant(engine: DuckDBEngine, path: Path, tenant_id: str) -> None:
    known = [row["tenant_id"] for row in engine.fetch_rows(render(engine.dialect, "recovery_tenants"))]
    if tenant_id not in known:
        raise WarehouseError(
            f"{path} holds no run of tenant {tenant_id!r} (it knows: {', '.join(known) or 'none'}): "
            "check --tenant and --warehouse"
        )


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
    from mercurios.warehouse.duckdb.engine import DuckDBEngine

    path = warehouse
    if path is None:
        tenant = load_tenants(only=tenant_id).get(tenant_id)
        if tenant.engine == "snowflake":
            with open_snowflake(tenant, command, as_loader=False) as engine:
                yield engine
            return
        path = connections().published_file(tenant)
    with DuckDBEngine(path, read_only=True, lock_wait=lock_wait) as file:
        columns = {"table_schema": "ops", "table_name": "run"}
        if file.fetch_arrow(render(file.dialect, "quality_columns"), columns).num_rows:
            # A misspelt name finds nothing, and nothing to order is an answer too.
            _check_tenant(file, path, tenant_id)
        yield file


def open_snowflake(
    tenant: Tenant,
    command: str = "",
    *,
    landing: LandingStore | None = None,
    as_loader: bool = True,
) -> SnowflakeEngine:
    """Open a session in the database of a tenant on Snowflake, through its Airflow connection.

    Args:
        tenant: whose database.
        command: on whose behalf, for the query tag.
        landing: the landing area that a load copies from.
        as_loader: insist on the loader's role; without it the session reads what its role may see.

    Raises:
        WarehouseError: there is no such connection, it cannot be used, or Snowflake refuses it.
    """
    from mercurios.warehouse.snowflake.roles import loader_of

    role = loader_of(tenant.database) if as_loader else None
    return connections().snowflake(tenant, command, landing=landing, role=role)


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
) -> DuckDBEngine | SnowflakeEngine:
    """Open a warehouse that a manifest is loaded into; a missing DuckDB file is created.

    Args:
        tenant: whose.
        warehouse: a DuckDB file; None opens what the tenant's connection leads to.
        landing: where the manifest's parts are.

    Raises:
        WarehouseError: it cannot be opened; the message says what to correct.
    """
    from mercurios.warehouse.duckdb.engine import DuckDBEngine

    if warehouse is None and tenant.engine == "snowflake":
        return open_snowflake(tenant, "load", landing=landing)
    return DuckDBEngine(warehouse or connections().warehouse_file(tenant))


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
