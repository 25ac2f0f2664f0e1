"""Opening a tenant's warehouse by hand, on whichever engine its file names.

A command gets what a task of the DAGs gets, without Airflow: the tenant file names a connection, and its id an engine.
On DuckDB a command never creates a file and never touches one that is something else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mercurios.landing.store import LandingStore
from mercurios.tenants import Tenant, load_tenants
from mercurios.warehouse.connections import (
    duckdb_file,
    in_environment,
    s3_options,
    snowflake_options,
    variable,
)
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from mercurios.warehouse.duckdb.engine import DuckDBEngine
    from mercurios.warehouse.snowflake.engine import SnowflakeEngine

DAG = "command line"
HOME_VARIABLE = "MERCURIOS_HOME"


@contextmanager
def open_tenant(
    tenant_id: str,
    warehouse: Path | None,
    lock_wait: float,
    *,
    command: str = "",
    loads: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Engine]:
    """Open the warehouse of a tenant, with what its shape has gained since.

    Args:
        tenant_id: whose warehouse.
        warehouse: a DuckDB file; None opens what the tenant's connection leads to.
        lock_wait: seconds to wait while another process holds a file.
        command: on whose behalf, for engines that note it with every statement.
        loads: the command lands files and loads them.
        environ: where connections are looked up.

    Raises:
        KeyError: there is no such tenant.
        WarehouseError: the warehouse cannot be opened, or is none of this tenant's; the message says what to correct.
    """
    if warehouse is not None:
        with open_warehouse(warehouse, tenant_id, lock_wait) as file:
            yield file
        return
    tenant = load_tenants(only=tenant_id).get(tenant_id)
    if tenant.engine == "duckdb":
        with open_warehouse(file_of(tenant, environ), tenant_id, lock_wait) as file:
            yield file
        return
    landing = open_landing(tenant, environ=environ) if loads else None
    with open_snowflake(tenant, command, landing=landing, environ=environ) as engine:
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
        known = engine.fetch_arrow(render(engine.dialect, "recovery_tenants"))["tenant_id"].to_pylist()
        if tenant_id not in known:
            raise WarehouseError(
                f"{path} holds no run of tenant {tenant_id!r} (it knows: {', '.join(known) or 'none'}): "
                "check --tenant and --warehouse"
            )
        set_up(engine)
        yield engine


def file_of(tenant: Tenant, environ: Mapping[str, str] | None = None) -> Path:
    """Return the warehouse file of a tenant on DuckDB, as the DAGs find it.

    Raises:
        WarehouseError: neither the tenant's connection nor `MERCURIOS_HOME` says where it is.
    """
    name = tenant.connections.warehouse
    text = in_environment(name, environ)
    named = duckdb_file(name, text) if text else None
    home = (os.environ if environ is None else environ).get(HOME_VARIABLE)
    if named is None and not home:
        raise WarehouseError(
            f"tenant {tenant.id}: nothing says where its warehouse file is: name it with --warehouse, or set "
            f"{HOME_VARIABLE}, or {variable(name)} to a connection whose host it is"
        )
    return named or Path(str(home)) / "warehouse" / f"{tenant.id}.duckdb"


def open_snowflake(
    tenant: Tenant,
    command: str = "",
    *,
    landing: LandingStore | None = None,
    as_loader: bool = True,
    environ: Mapping[str, str] | None = None,
) -> SnowflakeEngine:
    """Open a session in the database of a tenant on Snowflake, through its Airflow connection.

    Args:
        tenant: whose database.
        command: on whose behalf, for the query tag.
        landing: the landing area that a load copies from.
        as_loader: insist on the loader's role; without it the session reads what its role may see.
        environ: where connections are looked up.

    Raises:
        WarehouseError: the environment has no such connection, or Snowflake refuses it.
    """
    from mercurios.warehouse.snowflake.engine import LOADER, SnowflakeEngine

    name = tenant.connections.warehouse
    text = in_environment(name, environ)
    if text is None:
        raise WarehouseError(
            f"tenant {tenant.id} is on Snowflake, and its connection {name!r} is not in the environment: set "
            f"{variable(name)}, as JSON or as a URI, to what the deployment's Airflow has under that id"
        )
    connect = _connecting(tenant, snowflake_options(name, text), command)
    return SnowflakeEngine(connect, landing=landing, role=LOADER if as_loader else None)


def _connecting(
    tenant: Tenant, options: Mapping[str, Any], command: str
) -> Callable[[], SnowflakeConnection]:
    from snowflake.connector import connect

    from mercurios.warehouse.snowflake.engine import SCHEMA, SESSION_OPTIONS, session_parameters

    session = {
        **options,
        **SESSION_OPTIONS,
        "database": tenant.database,
        "schema": SCHEMA,
        "session_parameters": session_parameters(tenant.id, DAG, command),
    }
    return lambda: connect(**session)


def open_landing(
    tenant: Tenant, url: str | None = None, environ: Mapping[str, str] | None = None
) -> LandingStore:
    """Open a landing area: on S3 with the tenant's AWS connection, or else what AWS finds on this machine.

    Args:
        tenant: whose.
        url: another address than its file's.
        environ: where connections are looked up.

    Raises:
        LandingError: no file system serves the address.
        ValueError: a variable of the tenant's address is not set.
        WarehouseError: its AWS connection cannot be used here.
    """
    url, name = url or tenant.landing_url(), tenant.connections.aws
    text = in_environment(name, environ) if url.startswith("s3://") else None
    return LandingStore(url, **(s3_options(name, text) if text else {}))


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
    return DuckDBEngine(warehouse or file_of(tenant))
