"""# Warehouse setup

Brings the warehouse of every tenant to the shape the code expects: schemas, bookkeeping tables, RAW tables from the
resource contract, the tenant's own attributes and public holidays. It has no schedule: trigger it.

Every pipeline creates the tables of its own tenant when it begins, so a new tenant on DuckDB needs nothing of this; run
it after an upgrade, to see the result of the set-up for all tenants at once. A tenant on Snowflake needs the account
first: warehouses, roles, its database, policies and grants. The tasks around its `set_up` apply them with the connection
`snowflake_admin`, and are skipped where it is missing: then a person runs `python -m mercurios warehouse apply`
(`docs/snowflake.md`).

## When it fails

The statements are idempotent, so a task may be cleared at any time. The other tenants' tasks are not affected.

| task | usual cause | what to do |
| --- | --- | --- |
| `account__<tenant>` | a grant that `snowflake_admin` lacks, a wrong account file | grant or correct what the message names; clear |
| `set_up__<tenant>` | a locked file, a missing grant, an unknown holiday region in the tenant file | correct what the message names; clear |
| `protect_tables__<tenant>` | a table whose owner is not the loader | drop it or change its owner; clear |

## What an alert means

A failure alerts the tenant's Slack channel once: that tenant's warehouse is as it was, and its pipeline will fail the
same way until the cause is removed. The alert names the page of `docs/runbooks` with the steps.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from mercurios.tenants import Tenant, load_tenants
from mercurios_airflow.alerts.notifiers import failure_notifier
from mercurios_airflow.tenancy import SET_UP_PRIORITY, START
from mercurios_airflow.warehouse.hooks import airflow_backend
from mercurios_airflow.warehouse.operators import SetUpOperator

log = logging.getLogger(__name__)


def set_up_tenant(tenant: Tenant) -> None:
    """Add the tasks of one tenant."""
    shared: dict[str, Any] = {
        "tenant_id": tenant.id,
        "owner": tenant.owner,
        "on_failure_callback": [failure_notifier(tenant)],
    }
    # Skipped account tasks mean that a person does their part.
    set_up = SetUpOperator(task_id=f"set_up__{tenant.id}", trigger_rule="none_failed", **shared)
    account_operators = airflow_backend(tenant).account_operators()
    if account_operators is not None:
        apply_account, protect_tables = account_operators
        account = apply_account(task_id=f"account__{tenant.id}", **shared)
        account >> set_up >> protect_tables(task_id=f"protect_tables__{tenant.id}", **shared)


with DAG(
    dag_id="warehouse_setup",
    schedule=None,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    description="Create what is missing in every tenant's warehouse",
    tags=["warehouse", "setup"],
    dagrun_timeout=timedelta(hours=1),
    default_args={
        "priority_weight": SET_UP_PRIORITY,
        "weight_rule": "absolute",
        "retries": 1,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(minutes=20),
    },
):
    for each_tenant in load_tenants():
        try:
            set_up_tenant(each_tenant)
        except Exception:
            # The tasks of the other tenants go on.
            log.exception("the tasks of tenant %s cannot be built", each_tenant.id)
