"""The hook of the embedded warehouse, and the one place that turns a tenant into its warehouse."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mercurios.tenants import Tenant
    from mercurios.warehouse.duckdb.engine import DuckDBEngine
    from mercurios.warehouse.duckdb.publish import Publication
    from mercurios.warehouse.engine import Engine


class Warehouse(Protocol):
    """A tenant's warehouse, on whatever engine: opened for a run's steps, read by people, published to."""

    def get_conn(self) -> AbstractContextManager[Engine]:
        """Open it for writing."""

    def readers(self) -> AbstractContextManager[Engine]:
        """Open what readers see."""

    def publish(self, engine: Any, run_id: str, dag_id: str, tables: Sequence[str]) -> Publication:
        """Make checked tables visible to readers."""

    def mark_stale(self, run_id: str, reason: str) -> None:
        """Tell readers that a newer run failed its checks."""


class DuckDBHook(BaseHook):
    """Knows where a tenant's warehouse file and readers' file are.

    Connection of type `duckdb`: host is the path of the warehouse file. Without a connection, or with an empty
    host, it is `$MERCURIOS_HOME/warehouse/<tenant>.duckdb`. The readers' file has the same name in the folder
    `published` beside the warehouse's folder.

    Args:
        duckdb_conn_id: connection of type `duckdb`.
        tenant_id: the tenant, for the default path.
    """

    conn_name_attr = "duckdb_conn_id"
    default_conn_name = "duckdb_default"
    conn_type = "duckdb"
    hook_name = "DuckDB"

    def __init__(
        self, duckdb_conn_id: str = default_conn_name, tenant_id: str = "default", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.duckdb_conn_id = duckdb_conn_id
        self.tenant_id = tenant_id

    @property
    def path(self) -> Path:
        """The warehouse file.

        Raises:
            ValueError: neither the connection nor `MERCURIOS_HOME` says where it is.
        """
        try:
            host = self.get_connection(self.duckdb_conn_id).host
        except AirflowNotFoundException:
            host = None
        if host:
            return Path(os.path.expandvars(host))
        home = os.environ.get("MERCURIOS_HOME")
        if not home:
            raise ValueError(
                f"connection {self.duckdb_conn_id!r} names no file and MERCURIOS_HOME is not set: set one of them"
            )
        return Path(home) / "warehouse" / f"{self.tenant_id}.duckdb"

    @property
    def published_path(self) -> Path:
        """The readers' file."""
        return self.path.parent.parent / "published" / self.path.name

    def get_conn(self) -> DuckDBEngine:
        """Open the warehouse file for writing, waiting a bounded time for its lock."""
        from mercurios.warehouse.duckdb.engine import DuckDBEngine

        return DuckDBEngine(self.path)

    def readers(self) -> DuckDBEngine:
        """Open the readers' file, which is never locked, so no other DAG has to wait."""
        from mercurios.warehouse.duckdb.engine import DuckDBEngine

        return DuckDBEngine(self.published_path, read_only=True)

    def publish(self, engine: Any, run_id: str, dag_id: str, tables: Sequence[str]) -> Publication:
        """Replace the readers' file by one with these tables."""
        from mercurios.warehouse.duckdb.publish import publish

        return publish(engine, self.published_path, self.tenant_id, run_id, dag_id, tables)

    def mark_stale(self, run_id: str, reason: str) -> None:
        """Say beside the readers' file that a newer run failed its checks."""
        from mercurios.warehouse.duckdb.publish import mark_stale

        mark_stale(self.published_path, run_id, reason)

    def test_connection(self) -> tuple[bool, str]:
        """Open the file, for the connection form's test button."""
        try:
            with self.get_conn():
                return True, f"{self.path} can be opened"
        except Exception as error:
            return False, str(error)


def warehouse_of(tenant: Tenant, dag_id: str = "", run_id: str = "") -> Warehouse:
    """Return a tenant's warehouse, on the engine that its connection leads to.

    Args:
        tenant: whose warehouse.
        dag_id: on whose behalf, for engines that note it with every statement.
        run_id: likewise.

    Raises:
        ValueError: the connection's type is not the engine that its id names.
    """
    conn_id = tenant.connections.warehouse
    if tenant.engine == "duckdb":
        _check_type(tenant, conn_id, required=False)
        return DuckDBHook(conn_id, tenant.id)
    from mercurios_airflow.warehouse.snowflake import SnowflakeWarehouse

    _check_type(tenant, conn_id, required=True)
    return SnowflakeWarehouse(tenant, dag_id, run_id)


def _check_type(tenant: Tenant, conn_id: str, *, required: bool) -> None:
    """Make sure that a connection is what its id says: the graph of tasks was built from the id."""
    try:
        found = BaseHook.get_connection(conn_id).conn_type
    except AirflowNotFoundException:
        if not required:
            return
        raise ValueError(
            f"tenant {tenant.id}: connection {conn_id!r} is not defined: add it (Admin, Connections), or set "
            f"AIRFLOW_CONN_{conn_id.upper()}"
        ) from None
    if found != tenant.engine:
        raise ValueError(
            f"tenant {tenant.id}: connection {conn_id!r} is of type {found!r}; its id asks for {tenant.engine!r}. "
            "Change its type, or name another connection in the tenant's file"
        )


def duckdb_path(conn_id: str, tenant_id: str) -> str:
    """Return the path of a tenant's warehouse file; a template macro for dbt's environment."""
    return str(DuckDBHook(conn_id, tenant_id).path)
