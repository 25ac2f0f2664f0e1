"""# Pipeline of one retailer

Brings a retailer's ERP data from the ProHandel API to checked, published marts, once an hour.

1. **begin** sets the warehouse up, registers this start of the run and writes its plan: where each resource continues.
2. **extract** reads the API, big resources alone and small ones together, and lands Parquet parts with a manifest.
3. **load** copies exactly what the manifests list and merges it into RAW, with ledger and watermark, in one transaction each.
4. **check_raw** gates what was loaded; **model** builds staging, intermediate and marts with dbt; **check_marts** gates the marts.
5. **publish** makes the marts visible to readers in one step; **week_closed** tells the forecast when a week is complete.

## Params

| param | default | what it does |
| --- | --- | --- |
| `resync` | `[]` | names of resources, such as `sale`, to read completely in this run, whatever was read before; if the run fails, the next one does it |

## When it fails

Readers keep the last good publication. Every step may be run again: clear the failed task with its downstream tasks.

| task | usual cause | what to do |
| --- | --- | --- |
| `begin` | the warehouse stayed locked, the landing area cannot be written, or `resync` names an unknown resource | end the process the message names, or free the landing area; clear; trigger again with a known name |
| `extract.*` | the API is down, or refuses the credentials | wait and clear; correct the ProHandel connection; the message names resource, page and correlation id |
| `load` | a newer start of the run, or a part that is not the file its manifest names | clear `begin` with its downstream tasks: everything lands again |
| `check_raw`, `check_marts` | data that would mislead a buyer | read the failed expectations in the message or in `ops.dq_result`; correct the source or the suite; clear |
| `model.*` | a dbt model or test failed | the task's log ends with dbt's own message; correct and clear that task |
| `publish` | the readers' folder cannot be written | free it; clear |
| `week_closed` | Airflow itself | clear; until then the forecast of the new week waits |
"""

from __future__ import annotations

from airflow.sdk import DAG, Param, TaskGroup

from mercurios.marts import PIPELINE_MARTS
from mercurios.prohandel.resources import groups
from mercurios.tenants import Tenant
from modelling.tasks import model_tasks
from prohandel.operators import ProHandelExtractOperator
from tenancy import dag_settings, marts_asset, recovery_notifier, tenants_to_build, week_closed_asset
from warehouse.operators import (
    BeginRunOperator,
    GateOperator,
    LoadOperator,
    PublishOperator,
    WeekClosedOperator,
)


def resync_param() -> Param:
    """Return the param that makes a run read resources completely."""
    return Param(
        [],
        type="array",
        items={"type": "string"},
        examples=[resource.name for members in groups().values() for resource in members],
        title="Read completely",
        description="Resources to read from the beginning, whatever was read before.",
    )


def pipeline(tenant: Tenant) -> DAG:
    """Build the pipeline of one tenant."""
    settings = dag_settings(tenant, "pipeline", __doc__)
    with DAG(schedule=tenant.schedules.pipeline, params={"resync": resync_param()}, **settings) as dag:
        begin = BeginRunOperator(task_id="begin", tenant_id=tenant.id)
        with TaskGroup("extract"):
            extracts = [
                ProHandelExtractOperator(
                    task_id=group, tenant_id=tenant.id, group=group, plan_url=begin.output
                )
                for group in groups()
            ]
        load = LoadOperator(
            task_id="load", tenant_id=tenant.id, manifest_urls=[extract.output for extract in extracts]
        )
        check_raw = GateOperator(task_id="check_raw", tenant_id=tenant.id, gate="raw")
        check_marts = GateOperator(task_id="check_marts", tenant_id=tenant.id, gate="marts")
        publish = PublishOperator(
            task_id="publish",
            tenant_id=tenant.id,
            tables=PIPELINE_MARTS,
            outlets=[marts_asset(tenant)],
            on_success_callback=[recovery_notifier(tenant)],
        )
        week_closed = WeekClosedOperator(
            task_id="week_closed", publication=publish.output, outlets=[week_closed_asset(tenant)]
        )
        load >> check_raw >> model_tasks(tenant) >> check_marts >> publish >> week_closed
    return dag


for each_tenant in tenants_to_build("pipeline"):
    pipeline(each_tenant)
