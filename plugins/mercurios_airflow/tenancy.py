"""What the DAGs of every tenant have in common: which tenants to build, defaults, assets and alerts."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, get_parsing_context

from mercurios.inputs.text import shown
from mercurios.tenants import Tenant, load_tenants
from mercurios_airflow.alerts.notifiers import (
    failure_notifier,
    findings_notifier,
    recovery_notifier,
    timeout_notifier,
)
from mercurios_airflow.warehouse.hooks import airflow_backend

log = logging.getLogger(__name__)

# A fixed date: a moving one would give every DAG a new version at every parse.
START = datetime(2025, 1, 1, tzinfo=UTC)
_MOST_LETTERS = 300
# Where slots are few, what readers wait for every hour goes before what they wait for every week.
PRIORITIES = {"pipeline": 3, "forecast": 2}
SET_UP_PRIORITY = 1


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


def build_dags(kind: str, build: Callable[[Tenant], DAG]) -> None:
    """Build and register the DAGs of one kind, each apart: one that cannot be built takes no other along.

    Args:
        kind: prefix of the DAG id, such as `pipeline`.
        build: makes the DAG of a tenant, with `dag_settings`, which leave it unregistered.
    """
    # What Airflow loaded stays until the process ends. A garbage collection of it takes half of a task's parse.
    gc.freeze()
    for tenant in tenants_to_build(kind):
        try:
            dag = build(tenant)
        except Exception as error:
            log.exception("the DAG %s__%s cannot be built", kind, tenant.id)
            dag = _unusable(tenant, kind, error)
        dag.auto_register = True
        # A DAG registers itself at the end of its `with` block.
        with dag:
            pass


def _unusable(tenant: Tenant, kind: str, error: Exception) -> DAG:
    """Return a DAG in the place of one that cannot be built: its only task fails every day and says why."""
    # Decorators load the operators of a provider, a quarter of what a task takes to read its DAG.
    from airflow.sdk import task

    problem = f"the DAG of tenant {tenant.id} cannot be built: {type(error).__name__}: {shown(error, _MOST_LETTERS)}"
    with DAG(
        f"{kind}__{tenant.id}",
        schedule="@daily",
        start_date=START,
        catchup=False,
        auto_register=False,
        doc_md=problem,
        tags=[f"tenant:{tenant.id}", kind],
    ) as dag:

        @task(retries=0)
        def cannot_be_built() -> None:
            raise ValueError(problem)

        cannot_be_built()
    return dag


def dag_settings(tenant: Tenant, kind: str, doc: str | None) -> dict[str, Any]:
    """Return the arguments every DAG of a tenant shares; `build_dags` registers it when it is whole.

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
        "auto_register": False,
        "tags": [f"tenant:{tenant.id}", kind, tenant.engine],
        "dagrun_timeout": timedelta(hours=6),
        "on_failure_callback": [timeout_notifier(tenant)],
        "user_defined_macros": dict(airflow_backend(tenant).MACROS),
        "default_args": {
            "owner": tenant.owner,
            "priority_weight": PRIORITIES[kind],
            "weight_rule": "absolute",
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
    return Asset(name=f"marts_{tenant.id}", uri=f"x-mercurios://{tenant.id}/marts", group="marts")


def week_closed_asset(tenant: Tenant) -> Asset:
    """An event each time a week of sales has become complete in the published marts."""
    return Asset(name=f"week_closed_{tenant.id}", uri=f"x-mercurios://{tenant.id}/week-closed", group="marts")


def forecast_asset(tenant: Tenant) -> Asset:
    """The tenant's published forecast."""
    return Asset(name=f"forecast_{tenant.id}", uri=f"x-mercurios://{tenant.id}/forecast", group="forecast")


__all__ = [
    "build_dags",
    "dag_settings",
    "findings_notifier",
    "forecast_asset",
    "marts_asset",
    "recovery_notifier",
    "tenants_to_build",
    "week_closed_asset",
]
