"""What the embedded engine needs of Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mercurios_airflow.warehouse.duckdb.hooks import DuckDBHook, duckdb_path

if TYPE_CHECKING:
    from mercurios.tenants import Tenant
    from mercurios.tenants.run import Run

MACROS = {"duckdb_path": duckdb_path}


def open_warehouse(tenant: Tenant, run: Run) -> DuckDBHook:
    """Return the tenant's warehouse; a file needs no word of who writes to it."""
    return DuckDBHook(tenant.connections.warehouse, tenant.id)


def dbt_environment(tenant: Tenant) -> dict[str, str]:
    """Return where dbt finds the file, looked up when the task runs and not while the DAG is parsed."""
    call = "{{ duckdb_path('" + tenant.connections.warehouse + "', '" + tenant.id + "') }}"
    return {"MERCURIOS_DUCKDB_PATH": call}


def dbt_profile(tenant: Tenant, profiles: Path, name: str) -> dict[str, Any]:
    """Return the profile: the project's own file has it whole."""
    return {"profiles_yml_filepath": profiles}


def account_operators() -> None:
    """Return nothing: there is no account around a file."""
