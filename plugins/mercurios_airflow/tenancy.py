"""What the DAGs of every tenant have in common: which tenants to build, defaults, assets and alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, get_parsing_context

from mercurios.tenants import Tenant, load_tenants
from mercurios_airflow.alerts.notifiers import failure_notifier, findings_notifier, recovery_notifier
from mercurios_airflow.warehouse.hooks import airflow_backend

# A fixed date: a moving one would give every DAG a new version at every parse.
START = datetime(2025, 1, 1, tzinfo=UTC)


def tenants_to_build(kind: str) -> Iterator[Tenant]:
    """Yield the tenants whose DAGs of one kind this parse needs: all of them, or in a task its own alone.

    Files that cannot be used are left out here; `tenant_files.py` shows them as an import error.

    Args:
        kind: prefix of the DAG id, such as `pipeline`.
    """
    wanted = get_parsing_context().dag_id
    if wanted is None:
        yield from load_tenants()
        return
    prefix, _, tenant_id = wanted.partition("__")
    if prefix == kind and tenant_id:
        yield from load_tenants(only=tenant_id)


def dag_settings(tenant: Tenant, kind: str, doc: str | None) -> dict[str, Any]:
    """Return the arguments every DAG of a tenant shares.

    Args:
        tenant: whose DAG it is.
        kind: prefix of the DAG id and a tag.
        doc: the DAG file's docstring.
    """
    return {
        "dag_id": f"{kind}__{tenant.id}",
        "dag_display_name": f"{kind} · {tenant.name}",
        "description": f"{kind} of {tenant.name}",
        "doc_md": doc,
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,
        "tags": [f"tenant:{tenant.id}", kind, tenant.engine],
        "dagrun_timeout": timedelta(hours=6),
        "user_defined_macros": dict(airflow_backend(tenant).MACROS),
        "default_args": {
            "owner": tenant.owner,
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "retry_exponential_backoff": 2,
            "max_retry_delay": timedelta(minutes=10),
            "execution_timeout": timedelta(hours=2),
            "on_failure_callback": [failure_notifier(tenant)],
        },
    }


def marts_asset(tenant: Tenant) -> Asset:
    """The tenant's published marts."""
    return Asset(name=f"marts_{tenant.id}", uri=f"mercurios://{tenant.id}/marts", group="marts")


def week_closed_asset(tenant: Tenant) -> Asset:
    """An event each time a week of sales has become complete in the published marts."""
    return Asset(name=f"week_closed_{tenant.id}", uri=f"mercurios://{tenant.id}/week-closed", group="marts")


def forecast_asset(tenant: Tenant) -> Asset:
    """The tenant's published forecast."""
    return Asset(name=f"forecast_{tenant.id}", uri=f"mercurios://{tenant.id}/forecast", group="forecast")


__all__ = [
    "dag_settings",
    "findings_notifier",
    "forecast_asset",
    "marts_asset",
    "recovery_notifier",
    "tenants_to_build",
    "week_closed_asset",
]
