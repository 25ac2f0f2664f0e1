"""# Warehouse setup

Brings the warehouse of every tenant to the shape the code expects: schemas, bookkeeping tables, RAW tables from the
resource contract, the tenant's own attributes and public holidays. One task per tenant, started by hand.

Every pipeline does the same for its own tenant when it begins, so a new tenant needs nothing of this; run it after
an upgrade, to see for all tenants at once whether the setup works.

## When it fails

The statements are idempotent, so a task may be cleared at any time. The other tenants' tasks are not affected.

| task | usual cause | what to do |
| --- | --- | --- |
| `set_up__<tenant>` | a locked file, a missing grant, an unknown holiday region in the tenant file | correct what the message names; clear |

## What an alert means

A failure alerts the tenant's Slack channel once: that tenant's warehouse is as it was, and its pipeline will fail the
same way until the cause is removed. The alert names the page of `docs/runbooks` with the steps.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from alerts.notifiers import failure_notifier
from mercurios.tenants import load_tenants
from tenancy import START
from warehouse.operators import SetUpOperator

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
        "retries": 1,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(minutes=20),
    },
):
    for tenant in load_tenants():
        SetUpOperator(
            task_id=f"set_up__{tenant.id}",
            tenant_id=tenant.id,
            owner=tenant.owner,
            on_failure_callback=[failure_notifier(tenant)],
        )
