"""The hook of the embedded warehouse: where a tenant's file and its readers' file are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    from mercurios.warehouse.duckdb.engine import DuckDBEngine


class DuckDBHook(BaseHook):
    """Knows where a tenant's warehouse file and readers' file are.

    Connection of type `duckdb`: host is the path of the warehouse file. Without a connection, or with an empty
    host, it is `$MERCURIOS_HOME/warehouse/<tenant>.duckdb`. The readers' file is `<tenant>.duckdb` in the folder
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
        from mercurios.warehouse.duckdb.publish import published_file

        return published_file(self.path, self.tenant_id)

    def get_conn(self) -> DuckDBEngine:
        """Open the warehouse file for writing, waiting a bounded time for its lock."""
        from mercurios.warehouse.duckdb.engine import DuckDBEngine

        return DuckDBEngine(self.path)

    def readers(self) -> DuckDBEngine:
        """Open the readers' file, which is never locked, so no other DAG has to wait."""
        from mercurios.warehouse.duckdb.engine import DuckDBEngine

        return DuckDBEngine(self.published_path, read_only=True)

    def test_connection(self) -> tuple[bool, str]:
        """Open the file, for the connection form's test button."""
        try:
            with self.get_conn():
                return True, f"{self.path} can be opened"
        except Exception as error:
            return False, str(error)


def duckdb_path(conn_id: str, tenant_id: str) -> str:
    """Return the path of a tenant's warehouse file; a template macro for dbt's environment."""
    return str(DuckDBHook(conn_id, tenant_id).path)
