"""Operators of a run's warehouse steps; each opens the tenant's engine and calls one pure function.

On DuckDB one process at a time may hold the file, so these steps follow one another in the graph, and the
engine waits a bounded time where another DAG of the tenant is at work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from mercurios_airflow.alerts.findings import reporting
from mercurios_airflow.tenant_operator import TenantOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from mercurios.sources.contract import Contract


class SetUpOperator(TenantOperator):
    """Creates what is missing in a tenant's warehouse: schemas, bookkeeping, RAW tables, reference rows."""

    def execute(self, context: Context) -> None:
        """Set the warehouse up."""
        from datetime import UTC, datetime

        from mercurios.warehouse.setup import set_up, write_reference
        from mercurios_airflow.warehouse.hooks import warehouse_of

        tenant = self.tenant()
        with warehouse_of(tenant, self.run_of(context)).get_conn() as engine:
            set_up(engine)
            write_reference(engine, tenant, datetime.now(UTC).date())


class BeginRunOperator(TenantOperator):
    """Asks the source for access, sets the warehouse up, takes the run's fence and writes its plan.

    The DAG's param `resync` names resources that this run reads completely, `reconcile` means all of them, and
    `accept_deletes` names those whose missing rows are deleted, however many. `replay` is for the load, but checked
    here.

    Returns:
        URL of the plan.
    """

    def execute(self, context: Context) -> str:
        """Begin the run.

        Raises:
            AirflowFailException: a param names an unknown resource, the tenant's file cannot be used, the source
                refuses the tenant, or its connection has another `hash_key` than the warehouse was written with.
        """
        from mercurios.tenants import load_tenants
        from mercurios.warehouse.hash_key import HashKeyChangedError, adopt_key
        from mercurios.warehouse.requests import check_collections, check_resources
        from mercurios.warehouse.run_plan import begin_run
        from mercurios.warehouse.setup import set_up
        from mercurios_airflow.landing import landing_of
        from mercurios_airflow.sources.connect import check_access
        from mercurios_airflow.warehouse.hooks import warehouse_of

        run = self.run_of(context)
        try:
            # All files: a warehouse or folder that two tenants name is refused to one of them.
            tenant = load_tenants().get(self.tenant_id)
        except KeyError as error:
            raise AirflowFailException(f"{run}: {error.args[0]}") from None
        contract = tenant.source.contract
        params = context.get("params") or {}
        asked = {name: list(params.get(name) or ()) for name in ("resync", "accept_deletes")}
        asked["resync"] += contract.collections if params.get("reconcile") else []
        checks: dict[str, Callable[[list[str], Contract], None]] = dict.fromkeys(asked, check_collections)
        checks["replay"] = check_resources
        for name, check in checks.items():
            try:
                check(list(params.get(name) or ()), contract)
            except ValueError as error:
                raise AirflowFailException(
                    f"{run}, param {name}: {error}; trigger the DAG again with known names"
                ) from error
        hash_key = check_access(tenant, run)
        with warehouse_of(tenant, run).get_conn() as engine:
            set_up(engine)
            store = landing_of(tenant)
            try:
                adopt_key(engine, store, run, contract, hash_key)
            except HashKeyChangedError as error:
                raise AirflowFailException(f"{run}: {error}") from error
            return begin_run(engine, store, tenant, run, **asked)


class LoadOperator(TenantOperator):
    """Loads manifests into RAW, each in one transaction, and then what the DAG's param `replay` names.

    Args:
        manifest_urls: lists of manifest URLs, one list per extract task.

    Returns:
        Rows by resource: extracted, loaded, quarantined, superseded, deleted, held_for_review, late.
    """

    template_fields: Sequence[str] = ("manifest_urls",)
    reports_findings = True

    def __init__(self, *, manifest_urls: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.manifest_urls = manifest_urls

    def execute(self, context: Context) -> dict[str, dict[str, int]]:
        """Load every manifest, and report what came to light."""
        from datetime import UTC, datetime

        from mercurios.jobs.findings import load_findings
        from mercurios.warehouse.load import load_manifest
        from mercurios.warehouse.setup import write_reference
        from mercurios_airflow.landing import landing_of
        from mercurios_airflow.warehouse.hooks import warehouse_of

        tenant = self.tenant()
        run = self.run_of(context)
        store = landing_of(tenant)
        result: dict[str, dict[str, int]] = {}
        with (
            warehouse_of(tenant, run).get_conn() as engine,
            reporting(context, lambda: load_findings(engine, tenant, run)),
        ):
            write_reference(engine, tenant, datetime.now(UTC).date())
            for url in [url for urls in self.manifest_urls for url in urls]:
                try:
                    rows = load_manifest(engine, store, url, time_zone=tenant.time_zone, run=run)
                except Exception as error:
                    error.add_note(f"{run}, manifest {url}")
                    raise
                result |= {row.resource: row.counts() for row in rows}
            asked = (context.get("params") or {}).get("replay") or ()
            if asked:
                # It types rows, for which it loads what no other load needs.
                from mercurios.jobs.replay import replay

                for name in asked:
                    replay(engine, store, tenant, name)
        return result


class ChangesOperator(TenantOperator):
    """Ends a run that has nothing to build: all is as it was when its DAG published last.

    The DAG's param `rebuild` has it go on whatever it finds. Then, and after a release, history is built again: the
    XCom `full_build` is true.

    Returns:
        What the run builds from, to be published with it.
    """

    reports_findings = True

    def execute(self, context: Context) -> dict[str, str]:
        """Compare, and skip this task, and so all that follow, where nothing has changed.

        Raises:
            AirflowSkipException: nothing has changed; what is published was verified, and is as fresh as this run.
        """
        from mercurios.jobs.changes import is_of_another_release, note_outcome, reason_to_skip
        from mercurios.jobs.findings import gate_findings
        from mercurios.warehouse.basis import basis_of
        from mercurios_airflow.warehouse.hooks import warehouse_of

        tenant = self.tenant()
        run = self.run_of(context)
        asked = bool((context.get("params") or {}).get("rebuild"))
        with warehouse_of(tenant, run).get_conn() as engine:
            basis = basis_of(engine, tenant)
            reason = None if asked else reason_to_skip(engine, run, basis)
            is_full = reason is None and (asked or is_of_another_release(engine, run, basis))
            note_outcome(engine, tenant, run, reason)
            if reason is not None:
                with reporting(context, lambda: gate_findings(engine, run, "raw")):
                    pass
        if reason is not None:
            # Of a skipped task Airflow's own line in the log is without the reason.
            self.log.info("%s: %s", run, reason)
            raise AirflowSkipException(f"{run}: {reason}")
        # The tasks of dbt read it.
        context["ti"].xcom_push(key="full_build", value=is_full)
        return basis


class GateOperator(TenantOperator):
    """Runs the quality gate over what the run loaded or built, and stops the run when it fails.

    Args:
        gate: `raw`, `marts` or `forecast`.
    """

    reports_findings = True

    def __init__(self, *, gate: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gate = gate

    def execute(self, context: Context) -> dict[str, int]:
        """Check, record, report what came to light, and mark the publication stale when the gate fails."""
        from mercurios.jobs.findings import gate_findings
        from mercurios.quality.gate import GateFailed, check
        from mercurios.warehouse.publication import mark_stale
        from mercurios_airflow.warehouse.hooks import warehouse_of

        tenant = self.tenant()
        run = self.run_of(context)
        with (
            warehouse_of(tenant, run).get_conn() as engine,
            reporting(context, lambda: gate_findings(engine, run, self.gate)),
        ):
            try:
                return check(engine, run, self.gate, tenant.source.contract)
            except GateFailed as error:
                mark_stale(engine, run, str(error))
                raise AirflowFailException(f"{run}: {error}") from error


class PublishOperator(TenantOperator):
    """Makes checked tables visible to readers.

    Args:
        publication: `pipeline` or `forecast`, the group of marts to publish; the dbt project says which those are.
        basis: what ChangesOperator returned; None where no later run may be skipped because of this one.

    Returns:
        The last complete week and whether a forecast of it is due.
    """

    template_fields: Sequence[str] = ("basis",)

    def __init__(self, *, publication: str, basis: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.publication = publication
        self.basis = basis

    def execute(self, context: Context) -> dict[str, Any]:
        """Publish."""
        from mercurios.warehouse.marts import published_by
        from mercurios.warehouse.publication import publish
        from mercurios_airflow.warehouse.hooks import warehouse_of

        run = self.run_of(context)
        with warehouse_of(self.tenant(), run).get_conn() as engine:
            done = publish(engine, run, published_by(self.publication), self.basis)
        week = done.last_complete_week
        return {"last_complete_week": week.isoformat() if week else None, "closes_week": done.closes_week}


class WeekClosedOperator(BaseOperator):
    """Succeeds, and so updates the week-closed asset, when the forecast of a complete week is due.

    Args:
        publication: what PublishOperator returned.
    """

    template_fields: Sequence[str] = ("publication",)

    def __init__(self, *, publication: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.publication = publication

    def execute(self, context: Context) -> str:
        """Return the week, or skip when its forecast is made or was announced within a day."""
        if not self.publication["closes_week"]:
            raise AirflowSkipException(f"week {self.publication['last_complete_week']} was announced before")
        return str(self.publication["last_complete_week"])
