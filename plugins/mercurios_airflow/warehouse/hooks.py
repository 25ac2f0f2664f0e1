"""The one place that turns a tenant into its warehouse, on whatever engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mercurios.tenants import Tenant
    from mercurios.tenants.run import Run
    from mercurios.warehouse.engine import Engine
    from mercurios_airflow.tenant_operator import TenantOperator


class Warehouse(Protocol):
    """A tenant's warehouse, on whatever engine: opened for a run's steps, and read by people."""

    def get_conn(self) -> AbstractContextManager[Engine]:
        """Open it for writing."""

    def readers(self) -> AbstractContextManager[Engine]:
        """Open what readers see."""


class AirflowBackend(Protocol):
    """What Airflow needs of an engine, which only Airflow can give: hooks, templates and operators.

    An engine's package beside this module offers it as its module `airflow_backend`. What needs no Airflow is in the
    engine's record, `mercurios.warehouse.backend.Backend`.

    Attributes:
        MACROS: functions that templates of the tenant's DAGs may call.
    """

    MACROS: Mapping[str, Callable[..., str]]

    def open_warehouse(self, tenant: Tenant, run: Run) -> Warehouse:
        """Return a tenant's warehouse for a task of a run."""

    def dbt_environment(self, tenant: Tenant) -> dict[str, str]:
        """Return the variables that the engine's output of `profiles.yml` and its models read, as templates."""

    def dbt_profile(self, tenant: Tenant, profiles: Path, name: str) -> dict[str, Any]:
        """Return the arguments of Cosmos' `ProfileConfig` that say how dbt signs in."""

    def account_operators(self) -> tuple[type[TenantOperator], type[TenantOperator]] | None:
        """Return the operators around a tenant's set-up, before and after it; None where an engine needs none."""


def airflow_backend(tenant: Tenant) -> AirflowBackend:
    """Return the Airflow side of a tenant's engine: the package beside this module that has its name."""
    return cast("AirflowBackend", import_module(f"{__package__}.{tenant.engine}.airflow_backend"))


def warehouse_of(tenant: Tenant, run: Run) -> Warehouse:
    """Return a tenant's warehouse, on the engine that its connection leads to.

    Args:
        tenant: whose warehouse.
        run: on whose behalf, for engines that note it with every statement.

    Raises:
        ValueError: the connection's type is not the engine that its id names.
    """
    _check_type(tenant)
    return airflow_backend(tenant).open_warehouse(tenant, run)


def _check_type(tenant: Tenant) -> None:
    """Make sure that a connection is what its id says: the graph of tasks was built from the id."""
    conn_id, backend = tenant.connections.warehouse, tenant.backend
    try:
        found = BaseHook.get_connection(conn_id).conn_type
    except AirflowNotFoundException:
        if not backend.needs_connection:
            return
        raise ValueError(
            f"tenant {tenant.id}: connection {conn_id!r} is not defined: add it (Admin, Connections), or set "
            f"AIRFLOW_CONN_{conn_id.upper()}"
        ) from None
    if found != backend.connection_type:
        raise ValueError(
            f"tenant {tenant.id}: connection {conn_id!r} is of type {found!r}; its id asks for "
            f"{backend.connection_type!r}. Change its type, or name another connection in the tenant's file"
        )
