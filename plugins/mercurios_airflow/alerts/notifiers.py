"""Callbacks that report failures, findings and recoveries to a tenant's Slack channel.

A callback runs inside the task's process, after the work: it may neither fail nor delay the task. Whatever goes wrong
here ends in one line of the task log, and delivery has a deadline that holds even for name resolution. Within it
delivery is tried again, but only where Slack cannot have taken the message: no alert arrives twice.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from mercurios.alerts.messages import (
    Event,
    Message,
    failure_message,
    findings_message,
    recovery_message,
)
from mercurios.alerts.redaction import redact, shorten
from mercurios.tenants.run import Run
from mercurios_airflow.alerts.findings import findings_of

if TYPE_CHECKING:
    from mercurios.tenants import Tenant

DELIVERY_SECONDS = 5
DELIVERY_RETRIES = 2

# The client logs its own error line, even after the deadline; ours is enough.
_SLACK_SDK_LOG = logging.getLogger("mercurios.alerts.slack_sdk")
_SLACK_SDK_LOG.disabled = True

_RUN_STAMP = re.compile(r"__(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)?)")

Compose = Callable[[Event, Mapping[str, Any]], Message | None]


def failure_notifier(tenant: Tenant) -> TenantNotifier:
    """Return the `on_failure_callback` of a tenant's tasks: one message when a task has failed for good."""
    return TenantNotifier(tenant, "failure", _failure)


def timeout_notifier(tenant: Tenant) -> TenantNotifier:
    """Return the `on_failure_callback` of a tenant's DAG: a message when a run as a whole took too long.

    Airflow skips the tasks of such a run that have not ended, and calls none of their callbacks. Where a task has
    failed, its own callback has said so.
    """
    return TenantNotifier(tenant, "failure", _timed_out)


def findings_notifier(tenant: Tenant) -> TenantNotifier:
    """Return the `on_success_callback` of a task that checks data: one message when it found something."""
    return TenantNotifier(tenant, "findings", _found)


def recovery_notifier(tenant: Tenant) -> TenantNotifier:
    """Return the `on_success_callback` of a tenant's last task: a message only after a failed run."""
    return TenantNotifier(tenant, "recovery", _recovery)


class RunTimedOutError(Exception):
    """A run took longer than its DAG's `dagrun_timeout`, and Airflow ended it."""


class TenantNotifier(BaseNotifier):
    """Records what `compose` makes of a context, sends it to the tenant's Slack connection, and never raises."""

    def __init__(self, tenant: Tenant, kind: str, compose: Compose) -> None:
        super().__init__()
        self.kind = kind
        self.tenant_id = tenant.id
        self.tenant_name = tenant.name
        self.owner = tenant.owner
        self.conn_id = tenant.connections.slack
        self.compose = compose

    def __call__(self, *args: Any) -> None:
        """Airflow's entry point; the base class would render templates, and an error text is not a template."""
        self.notify(args[0] if args else {})

    def notify(self, context: Mapping[str, Any]) -> None:
        """Send the alert for this context, if there is one to send."""
        try:
            event = self._event(context.get("ti") or _no_task(context))
            message = self.compose(event, context)
            if message is None:
                return
            self._record(event, message)
            if self.conn_id is None:
                self.log.info("no alert sent: tenant %s names no Slack connection", self.tenant_id)
                return
            _deliver(self.conn_id, message, context)
            self.log.info("alert sent through %s: %s", self.conn_id, message.text)
        except Exception as error:
            self.log.warning("alert not sent through %s: %s", self.conn_id, _one_line(error, self.conn_id))

    def _record(self, event: Event, message: Message) -> None:
        """Keep the message where the command line finds it, whether Slack takes it or not."""
        try:
            _within(DELIVERY_SECONDS, "the landing area", partial(_write_record, self.kind, event, message))
        except Exception as error:
            self.log.warning("alert not recorded: %s", _one_line(error, self.conn_id))

    def _event(self, ti: Any) -> Event:
        return Event(
            run=Run(self.tenant_id, ti.dag_id, ti.run_id),
            tenant_name=self.tenant_name,
            owner=self.owner,
            task_id=ti.task_id,
            log_url=ti.log_url,
            try_number=ti.try_number,
            map_index=-1 if ti.map_index is None else ti.map_index,
        )


def _failure(event: Event, context: Mapping[str, Any]) -> Message:
    error = context.get("exception") or context.get("reason")
    try:
        findings = findings_of(context)
    except Exception:
        # The process died and pushed nothing; its failure is reported all the same.
        findings = []
    return failure_message(event, error, findings, mask=_mask_known_secrets)


def _timed_out(event: Event, context: Mapping[str, Any]) -> Message | None:
    if context.get("reason") != "timed_out":
        return None
    limit = context["dag"].dagrun_timeout
    error = RunTimedOutError(
        f"the run took longer than {limit} (dagrun_timeout), and Airflow ended it; the tasks that had not ended are "
        "skipped"
    )
    return failure_message(event, error, mask=_mask_known_secrets)


def _no_task(context: Mapping[str, Any]) -> Any:
    """Return what an alert names of a run none of whose tasks was left when it ended."""
    return SimpleNamespace(
        dag_id=context["dag"].dag_id,
        run_id=context["run_id"],
        task_id="no task",
        log_url="",
        try_number=0,
        map_index=-1,
    )


def _found(event: Event, context: Mapping[str, Any]) -> Message | None:
    findings = findings_of(context)
    return findings_message(event, findings, mask=_mask_known_secrets) if findings else None


def _recovery(event: Event, context: Mapping[str, Any]) -> Message | None:
    failed = failed_run_before(context)
    return recovery_message(event, failed) if failed else None


def failed_run_before(context: Mapping[str, Any]) -> str | None:
    """Return the id of the previous run of this DAG if that run failed.

    A task process has no database; it asks through the execution API. That API orders runs by logical date, so runs
    without one (started by an asset) are listed by way of this task and ordered by the instant in their run id.
    """
    ti = context["ti"]
    dag_run = context.get("dag_run")
    if dag_run is not None and dag_run.logical_date is not None:
        previous = ti.get_previous_dagrun()
        return previous.run_id if previous is not None and previous.state == "failed" else None
    now = _run_instant(ti.run_id)
    if now is None:
        return None
    runs = ti.get_task_states(dag_id=ti.dag_id, task_ids=[ti.task_id])
    earlier = [(at, run_id) for run_id in runs if (at := _run_instant(run_id)) is not None and at < now]
    if not earlier:
        return None
    _, run_id = max(earlier)
    return run_id if ti.get_dagrun_state(ti.dag_id, run_id) == "failed" else None


def _run_instant(run_id: str) -> datetime | None:
    stamp = _RUN_STAMP.search(run_id)
    return datetime.fromisoformat(stamp.group(1)).replace(tzinfo=None) if stamp else None


def _deliver(conn_id: str, message: Message, context: Mapping[str, Any]) -> None:
    from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier

    notifier = SlackWebhookNotifier(
        slack_webhook_conn_id=conn_id,
        text=message.text,
        blocks=message.blocks,
        timeout=DELIVERY_SECONDS,
        retry_handlers=_retry_handlers(),
    )
    notifier.hook.extra_client_args["logger"] = _SLACK_SDK_LOG
    # Reads the connection here: only this thread may talk to the supervisor.
    _ = notifier.hook.client
    # `notify`, not a call: calling renders text and blocks as Jinja, and an error message may hold braces.
    _within(DELIVERY_SECONDS, "Slack", partial(notifier.notify, context))


def _write_record(kind: str, event: Event, message: Message) -> None:
    from mercurios.alerts.record import Occasion, record
    from mercurios.tenants import load_tenants
    from mercurios_airflow.landing import landing_of

    store = landing_of(load_tenants(only=event.run.tenant_id).get(event.run.tenant_id))
    alert = record(Occasion(kind), event, message, datetime.now(UTC))
    store.write_document(alert.path, alert.model_dump_json(indent=2).encode())


def _retry_handlers() -> list[Any]:
    """Return when delivery is tried again: no connection, too many requests, or a server error.

    Not when the response broke off or took too long: Slack may have taken the message then.
    """
    from urllib.error import URLError

    from slack_sdk.http_retry.builtin_handlers import (
        ConnectionErrorRetryHandler,
        RateLimitErrorRetryHandler,
        ServerErrorRetryHandler,
    )

    return [
        ConnectionErrorRetryHandler(max_retry_count=DELIVERY_RETRIES, error_types=[URLError]),
        RateLimitErrorRetryHandler(max_retry_count=1),
        ServerErrorRetryHandler(max_retry_count=DELIVERY_RETRIES),
    ]


def _within(seconds: float, who: str, action: Callable[[], object]) -> None:
    """Run an action in a daemon thread and stop waiting at the deadline; socket time-outs bound single reads only."""
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run, name="slack-alert", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"{who} did not answer within {seconds:g} s")
    if outcome:
        raise outcome[0]


def _mask_known_secrets(text: str) -> str:
    from airflow.providers.common.compat.sdk import redact as redact_known

    return str(redact_known(text))


def _one_line(error: Exception, conn_id: str | None) -> str:
    if type(error).__name__ == "AirflowNotFoundException":
        variable = f"AIRFLOW_CONN_{conn_id}".upper()
        return f"the connection is not configured; define {variable} (see .env.example)"
    return shorten(redact(f"{type(error).__name__}: {' '.join(str(error).split())}"), 300)
