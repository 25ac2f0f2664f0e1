"""What Snowflake needs of Airflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mercurios.tenants import Tenant
    from mercurios.tenants.run import Run
    from mercurios_airflow.tenant_operator import TenantOperator
    from mercurios_airflow.warehouse.snowflake.hooks import SnowflakeWarehouse

MACROS: dict[str, Callable[..., str]] = {}


def open_warehouse(tenant: Tenant, run: Run) -> SnowflakeWarehouse:
    """Return the tenant's database, whose sessions carry DAG and run in their query tag."""
    from mercurios_airflow.warehouse.snowflake.hooks import SnowflakeWarehouse

    return SnowflakeWarehouse(tenant, run)


def dbt_environment(tenant: Tenant) -> dict[str, str]:
    """Return the query tag of dbt's session."""
    tag = {"dag": "{{ dag.dag_id }}", "run": "{{ run_id }}", "tenant": tenant.id}
    return {"MERCURIOS_QUERY_TAG": json.dumps(tag)}


def dbt_profile(tenant: Tenant, profiles: Path, name: str) -> dict[str, Any]:
    """Return the profile: the project's target, signed in with the tenant's connection."""
    from mercurios_airflow.warehouse.snowflake.profile import SnowflakeProfile

    return {"profile_mapping": SnowflakeProfile(tenant, profiles, name)}


def account_operators() -> tuple[type[TenantOperator], type[TenantOperator]]:
    """Return what applies the account before a tenant's tables are created, and protects them afterwards."""
    from mercurios_airflow.warehouse.snowflake.account import ApplyAccountOperator, ProtectTablesOperator

    return ApplyAccountOperator, ProtectTablesOperator
