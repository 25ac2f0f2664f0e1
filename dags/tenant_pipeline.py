"""# Pipeline of one retailer

Brings a retailer's data from its source to checked, published marts, once an hour at a minute of its own (`schedules` in the tenant's file names another).

1. **begin** asks the source for access, sets the warehouse up, registers this start of the run and writes its plan: where each resource continues.
2. **extract** reads the source, big resources alone and small ones together, and lands Parquet parts with a manifest.
3. **load** copies exactly what the manifests list and merges it into RAW, with ledger and watermark, in one transaction each.
4. **changes** ends the run when nothing was loaded, set or asked for since the last publication: the tasks after it are skipped, its log and `ops.run.skip_reason` say why, and `ops.publication.verified_at` moves on.
5. **check_raw** gates what was loaded; **model** builds staging, intermediate and marts with dbt; **check_marts** gates the marts.
6. **publish** makes the marts visible to readers in one step; **week_closed** starts the forecast when a week is complete, again each day until it is published.

## Params

| param | default | what it does |
| --- | --- | --- |
| `resync` | `[]` | names of resources, such as `sale`, to read completely in this run, whatever was read before; if the run fails, the next one does it |
| `reconcile` | `false` | read every resource completely in this run and so compare RAW with the source |
| `replay` | `[]` | names of resources whose quarantined rows are typed again after the load; those that fit by now are loaded |
| `accept_deletes` | `[]` | names of resources whose rows that the source no longer shows are really deleted, however many: they are read completely, and deletes held for review are made |
| `rebuild` | `false` | build all history again, check and publish, though nothing has changed |

## When it fails

Readers keep the last good publication. Every step may be run again: clear the failed task with its downstream tasks.

| task | usual cause | what to do |
| --- | --- | --- |
| `begin` | the source refuses access or does not respond; the warehouse stayed locked; the landing area cannot be written; a param names an unknown resource | correct the connection or the exports as the message says; end the process it names, or free the landing area; clear; trigger again with a known name |
| `extract.*` | the source went away while it was read | wait and clear; the message names resource, path, page and correlation id |
| `load` | a newer start of the run, or a part that is not the file its manifest names | clear `begin` with its downstream tasks: everything lands again |
| `changes` | the warehouse stayed locked | end the process the message names; clear |
| `check_raw`, `check_marts` | data that would mislead a buyer | read the failed expectations in the message or in `ops.dq_result`; correct the source or the suite; clear |
| `model.*` | a dbt model or test failed | the task's log ends with dbt's own message; correct and clear that task |
| `publish` | the readers' folder cannot be written | free it; clear |
| `week_closed` | Airflow itself | clear; until then the forecast of the new week waits |

## What an alert means

Alerts go to the tenant's Slack channel, one per run and task. Each names tenant, run, resource, what is lost and the
page of `docs/runbooks` with the steps.

| alert | what it means for you |
| --- | --- |
| failed at `begin`, credentials refused | act now: nothing is read until the connection is corrected (`credentials-refused.md`) |
| failed at `begin` or `extract.*`, the source does not respond | wait for the next run; act when that fails too (`api-down.md`) |
| failed at `load`, `check_*` or `model.*` | act today: readers keep the publication before, and it gets older |
| found drift in `load` | nothing is lost; decide whether the new field is worth having (`drift.md`) |
| found quarantine in `load` | these rows are missing from the marts; have them corrected at the source (`quarantine.md`) |
| found deletes held for review in `load` | find out if the rows are really deleted, then accept or read again (`deletes-held-for-review.md`) |
| found list unstable in `load` | nothing is lost; act when it comes back in every run (`list-unstable.md`) |
| found anomaly in `check_*` or `changes` | the run went on; something differs from before: volume, age, values or columns (`anomaly.md`) |
| failed, `RunTimedOutError` | the run as a whole took too long and was ended; readers keep the publication before (`run-timed-out.md`) |
| works again | nothing to do: what the failed run missed is in this one |
"""

from __future__ import annotations

from airflow.sdk import DAG, Param, TaskGroup
from airflow.sdk.definitions.param import ParamsDict

from mercurios.tenants import Tenant
from mercurios_airflow.modelling.tasks import model_tasks
from mercurios_airflow.sources.operators import ExtractOperator
from mercurios_airflow.tenancy import (
    build_dags,
    dag_settings,
    findings_notifier,
    marts_asset,
    recovery_notifier,
    week_closed_asset,
)
from mercurios_airflow.warehouse.operators import (
    BeginRunOperator,
    ChangesOperator,
    GateOperator,
    LoadOperator,
    PublishOperator,
    WeekClosedOperator,
)


def resources_param(tenant: Tenant, title: str, description: str) -> Param:
    """Return a param that names resources of the tenant's source."""
    return Param(
        [],
        type="array",
        items={"type": "string"},
        examples=list(tenant.source.contract.collections),
        title=title,
        description=description,
    )


def params(tenant: Tenant) -> dict[str, Param]:
    """Return the params of one run."""
    return {
        "resync": resources_param(
            tenant, "Read completely", "Resources to read from the beginning, whatever was read before."
        ),
        "reconcile": Param(
            False,
            type="boolean",
            title="Reconcile",
            description="Read every resource from the beginning and compare RAW with the source.",
        ),
        "replay": resources_param(
            tenant,
            "Replay quarantine",
            "Resources whose quarantined rows are typed again; those that fit are loaded.",
        ),
        "rebuild": Param(
            False,
            type="boolean",
            title="Rebuild",
            description="Build all history again, check and publish, though nothing has changed.",
        ),
        "accept_deletes": resources_param(
            tenant,
            "Accept deletes",
            "Resources whose rows that the source no longer shows are deleted, however many; they are read completely.",
        ),
    }


def gate(tenant: Tenant, name: str) -> GateOperator:
    """Return the task of a gate."""
    return GateOperator(
        task_id=f"check_{name}",
        tenant_id=tenant.id,
        gate=name,
        on_success_callback=[findings_notifier(tenant)],
    )


def pipeline(tenant: Tenant) -> DAG:
    """Build the pipeline of one tenant."""
    settings = dag_settings(tenant, "pipeline", __doc__)
    with DAG(schedule=tenant.pipeline_schedule, **settings) as dag:
        begin = BeginRunOperator(task_id="begin", tenant_id=tenant.id)
        with TaskGroup("extract"):
            extracts = [
                ExtractOperator(task_id=group, tenant_id=tenant.id, group=group, plan_url=begin.output)
                for group in tenant.source.contract.groups()
            ]
        load = LoadOperator(
            task_id="load",
            tenant_id=tenant.id,
            manifest_urls=[extract.output for extract in extracts],
            on_success_callback=[findings_notifier(tenant)],
        )
        # Where it is skipped nothing follows, so it says what the last task of other runs says.
        changes = ChangesOperator(
            task_id="changes",
            tenant_id=tenant.id,
            on_skipped_callback=[findings_notifier(tenant), recovery_notifier(tenant)],
        )
        check_raw, check_marts = gate(tenant, "raw"), gate(tenant, "marts")
        publish = PublishOperator(
            task_id="publish",
            tenant_id=tenant.id,
            publication="pipeline",
            basis=changes.output,
            outlets=[marts_asset(tenant)],
            on_success_callback=[recovery_notifier(tenant)],
        )
        week_closed = WeekClosedOperator(
            task_id="week_closed", publication=publish.output, outlets=[week_closed_asset(tenant)]
        )
        load >> changes >> check_raw >> model_tasks(tenant) >> check_marts >> publish >> week_closed
    # Every task copies and checks the parameters that its DAG has when it is made. A run gives them to its tasks itself.
    dag.params = ParamsDict(params(tenant))
    return dag


build_dags("pipeline", pipeline)
