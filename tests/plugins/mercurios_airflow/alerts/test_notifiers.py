"""Notifiers: what reaches Slack, and that nothing that happens there reaches the task."""

from __future__ import annotations

import json
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.callbacks.callback_requests import DagCallbackRequest
from airflow.dag_processing.processor import _execute_dag_callbacks
from airflow.sdk import DAG, BaseOperator

from mercurios.alerts.findings import Finding
from mercurios.alerts.kinds import FAILURES, finding_kind
from mercurios.alerts.record import AlertRecord, folder
from mercurios.landing.store import LandingStore
from mercurios.tenants import load_tenants
from mercurios_airflow.alerts import notifiers
from mercurios_airflow.alerts.findings import MOST_FINDINGS, reporting
from mercurios_airflow.alerts.notifiers import (
    failed_run_before,
    failure_notifier,
    findings_notifier,
    recovery_notifier,
    timeout_notifier,
)

TENANT: Any = SimpleNamespace(
    id="mini", name="Mini", owner="data-platform", connections=SimpleNamespace(slack="slack_mini")
)
EARLIER = "asset_triggered__2024-03-01T00:00:00+00:00_aaaa"
SECRET_PATH = "T0/B0/synthetic-webhook-path"


class Ti(SimpleNamespace):
    """The questions a task instance answers, with recorded answers."""

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = json.loads(json.dumps(value))

    def xcom_pull(self, *, task_ids: str, key: str, map_indexes: int) -> Any:
        assert (task_ids, map_indexes) == (self.task_id, self.map_index)
        return self.pushed.get(key)

    def get_previous_dagrun(self) -> Any:
        return self.previous

    def get_task_states(self, dag_id: str, task_ids: list[str]) -> dict[str, dict[str, str]]:
        return {run_id: {task_ids[0]: "success"} for run_id in self.states}

    def get_dagrun_state(self, dag_id: str, run_id: str) -> str:
        return self.states[run_id]


def _ti(**changes: Any) -> Ti:
    fields = {
        "dag_id": "pipeline_mini",
        "task_id": "publish",
        "run_id": "scheduled__2024-03-04T05:00:00+00:00",
        "log_url": "http://127.0.0.1:8080/log",
        "try_number": 1,
        "map_index": -1,
        "pushed": {},
    }
    return Ti(**{**fields, **changes})


def _context(error: Any = "ValueError: broken") -> dict[str, Any]:
    return {"ti": _ti(), "task": SimpleNamespace(reports_findings=True), "exception": error}


@pytest.fixture
def connected(slack: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    connection = {"conn_type": "slackwebhook", "host": slack.host, "password": SECRET_PATH}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_MINI", json.dumps(connection))
    return slack


@pytest.fixture(autouse=True)
def landing(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> LandingStore:
    """The landing area of the tenant, where alerts are recorded."""
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
    monkeypatch.setenv("MERCURIOS_HOME", str(tmp_path))
    return LandingStore(load_tenants(only="mini").get("mini").landing_url())


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """How long the task waits at most, by wait: what holds on the slowest machine, where measured time does not."""
    found: list[float | None] = []

    class Thread(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            found.append(timeout)
            super().join(timeout)

    monkeypatch.setattr(notifiers, "threading", SimpleNamespace(Thread=Thread))
    return found


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline that a busy machine keeps, for tests of what happens before it."""
    monkeypatch.setattr(notifiers, "DELIVERY_SECONDS", 60)


def recorded(landing: LandingStore) -> list[AlertRecord]:
    urls = landing.newest_documents(folder("mini"), 10)
    return [AlertRecord.model_validate_json(landing.read_bytes(url)) for url in urls]


def test_an_alert_is_recorded_whether_slack_takes_it_or_not(
    connected: Any, landing: LandingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure_notifier(TENANT)(_context(ValueError("sent to slack")))
    monkeypatch.delenv("AIRFLOW_CONN_SLACK_MINI")
    failure_notifier(TENANT)(_context(ValueError("not connected, password=synthetic-pw")))

    last, first = recorded(landing)
    assert "ValueError: sent to slack" in first.text
    assert "ValueError: not connected" in last.text
    assert "synthetic-pw" not in last.text
    assert (last.kind, last.dag_id, last.task) == ("failure", "pipeline_mini", "publish")


def test_a_landing_area_that_cannot_be_written_keeps_no_alert_from_slack(
    connected: Any, landing: LandingStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "landing").write_text("no folder")

    failure_notifier(TENANT)(_context(ValueError("sent all the same")))

    [(_, body)] = connected.received
    assert "sent all the same" in body["text"]
    assert "alert not recorded: " in capsys.readouterr().out


def _ended(reason: str, last_task: bool) -> DagCallbackRequest:
    """Return what the scheduler asks the DAG processor for when a run has failed."""
    instance = {
        "id": "0198a000-0000-7000-8000-000000000000",
        "dag_id": "pipeline_mini",
        "task_id": "publish",
        "run_id": "r1",
        "try_number": 1,
        "map_index": -1,
        "dag_version_id": "0198a000-0000-7000-8000-000000000001",
    }
    now = datetime(2024, 3, 4, tzinfo=UTC)
    run = {
        "dag_id": "pipeline_mini",
        "run_id": "r1",
        "run_type": "scheduled",
        "state": "failed",
        "logical_date": now,
        "run_after": now,
        "start_date": now,
        "consumed_asset_events": [],
        **dict.fromkeys(("data_interval_start", "data_interval_end", "end_date", "partition_key")),
    }
    server = {"dag_run": run, "last_ti": instance} if last_task else None
    return DagCallbackRequest.model_validate(
        {
            "filepath": "mini.py",
            "bundle_name": "dags",
            "bundle_version": None,
            "dag_id": "pipeline_mini",
            "run_id": "r1",
            "is_failure_callback": True,
            "msg": reason,
            "context_from_server": server,
        }
    )


@pytest.mark.parametrize("last_task", [True, False])
def test_a_run_that_takes_too_long_is_reported_by_airflow_s_own_callback(
    connected: Any, landing: LandingStore, last_task: bool
) -> None:
    with DAG("pipeline_mini", dagrun_timeout=timedelta(hours=6)) as dag:
        BaseOperator(task_id="publish")
    dag.on_failure_callback = [timeout_notifier(TENANT)]
    bag: Any = SimpleNamespace(dags={dag.dag_id: dag})

    for reason in ("task_failure", "timed_out"):
        _execute_dag_callbacks(bag, _ended(reason, last_task), dag.on_failure_callback[0].log)

    [(_, body)] = connected.received
    at = "publish" if last_task else "no task"
    assert (
        f"Mini: pipeline_mini failed at {at}: RunTimedOutError: the run took longer than 6:00:00"
        in body["text"]
    )
    shown = json.dumps(body["blocks"])
    assert "r1" in shown
    assert "docs/runbooks/run-timed-out.md" in shown
    assert [alert.run_id for alert in recorded(landing)] == ["r1"]


def test_a_failure_is_delivered_as_text_and_blocks(connected: Any) -> None:
    failure_notifier(TENANT)(_context(ValueError("column 'quantity' is missing")))

    [(path, body)] = connected.received
    assert path == f"/{SECRET_PATH}"
    assert body["text"] == "Mini: pipeline_mini failed at publish: ValueError: column 'quantity' is missing"
    assert body["blocks"][0]["type"] == "header"
    assert "http://127.0.0.1:8080/log" in json.dumps(body["blocks"])


def test_braces_in_an_error_are_text_not_a_template(connected: Any) -> None:
    failure_notifier(TENANT)(_context("bad value {{ var.value.secret }} {% raw"))

    [(_, body)] = connected.received
    assert "{{ var.value.secret }} {% raw" in body["text"]


def test_values_masked_in_the_task_log_are_masked_in_the_message(connected: Any) -> None:
    from airflow.sdk.log import mask_secret

    # Airflow masks a secret that is part of another one first, or last: no other test's secret may be part of this one.
    mask_secret("Zq81Kx07Vd55")

    failure_notifier(TENANT)(_context("login refused for Zq81Kx07Vd55"))

    assert "Zq81" not in json.dumps(connected.received)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(("status", "tries"), [(400, 1), (404, 1), (500, 3), (503, 3)])
def test_an_error_response_of_slack_is_one_log_line_after_bounded_tries(
    connected: Any, status: int, tries: int, capsys: pytest.CaptureFixture[str]
) -> None:
    connected.status = status

    failure_notifier(TENANT)(_context())

    assert len(connected.received) == tries
    [line] = capsys.readouterr().out.splitlines()
    assert "alert not sent through slack_mini" in line
    assert str(status) in line
    assert SECRET_PATH not in line


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(("status", "headers"), [(500, {}), (503, {}), (429, {"Retry-After": "1"})])
def test_a_slack_that_recovers_within_the_deadline_gets_the_alert(
    connected: Any, status: int, headers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    connected.status, connected.failing, connected.headers = status, 1, headers

    failure_notifier(TENANT)(_context())

    assert len(connected.received) == 2
    assert connected.received[0] == connected.received[1]
    assert "alert sent through slack_mini" in capsys.readouterr().out


def test_no_retry_waits_past_the_deadline(
    connected: Any,
    waits: list[float | None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(notifiers, "DELIVERY_SECONDS", 1)
    connected.status, connected.headers = 429, {"Retry-After": "300"}
    started = time.monotonic()

    failure_notifier(TENANT)(_context())

    assert waits == [1, 1]
    assert time.monotonic() - started < 30
    assert "did not answer within 1 s" in capsys.readouterr().out


def test_a_response_that_breaks_off_is_not_retried(
    connected: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Slack may have taken the message: a second try could deliver it twice."""
    connected.hang_up = True

    failure_notifier(TENANT)(_context())

    assert len(connected.received) == 1
    assert "alert not sent through slack_mini" in capsys.readouterr().out


@pytest.mark.usefixtures("unhurried")
def test_an_alert_reaches_a_slack_that_comes_up_within_the_deadline(
    slack: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as late:
        # Bound and not listening: connections are refused.
        late.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{late.getsockname()[1]}"
        connection = {"conn_type": "slackwebhook", "host": address, "password": SECRET_PATH}
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_MINI", json.dumps(connection))
        answered = threading.Thread(target=_answer_one, args=(late,), daemon=True)

        threading.Timer(0.2, answered.start).start()
        failure_notifier(TENANT)(_context())

    assert "alert sent through slack_mini" in capsys.readouterr().out


def _answer_one(listener: socket.socket) -> None:
    listener.listen()
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


def test_an_unreachable_slack_is_one_log_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    connection = {"conn_type": "slackwebhook", "host": f"http://127.0.0.1:{port}", "password": SECRET_PATH}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_MINI", json.dumps(connection))

    failure_notifier(TENANT)(_context())

    [line] = capsys.readouterr().out.splitlines()
    assert "alert not sent through slack_mini" in line
    assert SECRET_PATH not in line


def test_a_slack_that_never_finishes_delays_the_task_no_longer_than_the_deadline(
    connected: Any,
    waits: list[float | None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The task waits once for its record and once for Slack, which would take 300 s; 30 s are room for the machine."""
    monkeypatch.setattr(notifiers, "DELIVERY_SECONDS", 1)
    connected.dribble_seconds = 300.0
    started = time.monotonic()

    failure_notifier(TENANT)(_context())

    assert waits == [1, 1]
    assert time.monotonic() - started < 30
    assert "did not answer within 1 s" in capsys.readouterr().out


def test_the_deadline_is_five_seconds() -> None:
    assert notifiers.DELIVERY_SECONDS == 5


def test_a_tenant_without_a_slack_connection_sends_nothing_and_says_so(
    connected: Any, landing: LandingStore, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = SimpleNamespace(**{**TENANT.__dict__, "connections": SimpleNamespace(slack=None)})

    failure_notifier(silent)(_context(ValueError("kept all the same")))

    assert connected.received == []
    assert "no alert sent: tenant mini names no Slack connection" in capsys.readouterr().out
    assert ["kept all the same" in alert.text for alert in recorded(landing)] == [True]


@pytest.mark.parametrize("context", [{}, {"ti": None}, {"ti": SimpleNamespace()}])
@pytest.mark.parametrize("notifier", [failure_notifier, findings_notifier, recovery_notifier])
def test_a_context_without_a_task_instance_costs_the_alert_and_one_line(
    connected: Any, capsys: pytest.CaptureFixture[str], notifier: Any, context: dict[str, Any]
) -> None:
    notifier(TENANT)(context)

    assert connected.received == []
    assert capsys.readouterr().out.count("alert not sent through slack_mini") == 1


FINDING = Finding(finding_kind("drift"), "sale", "field colour appeared", "nothing: kept in _extra")


def test_findings_of_a_task_that_succeeded_are_one_message(connected: Any) -> None:
    context = _context(None)

    with reporting(context, lambda: [FINDING, FINDING]):
        pass
    findings_notifier(TENANT)(context)

    [(_, body)] = connected.received
    assert body["text"] == (
        "Mini: pipeline_mini found drift in publish: sale: field colour appeared (and 1 more)"
    )
    assert "docs/runbooks/drift.md" in json.dumps(body["blocks"])


def test_a_task_that_found_nothing_sends_nothing(connected: Any) -> None:
    context = _context(None)

    with reporting(context, list):
        pass
    findings_notifier(TENANT)(context)

    assert connected.received == []
    assert context["ti"].pushed == {"findings": []}


def test_what_a_task_found_before_it_failed_is_reported_with_the_failure(connected: Any) -> None:
    context = _context(ValueError("broken"))

    with pytest.raises(ValueError, match="broken"), reporting(context, lambda: [FINDING]):
        raise context["exception"]
    failure_notifier(TENANT)(context)

    [(_, body)] = connected.received
    assert "ValueError: broken" in body["text"]
    assert "field colour appeared" in json.dumps(body["blocks"])


def test_a_task_that_reports_no_findings_is_not_asked_for_them(connected: Any) -> None:
    context = {**_context(ValueError("broken")), "task": SimpleNamespace()}
    del context["ti"].pushed

    findings_notifier(TENANT)(context)
    failure_notifier(TENANT)(context)

    assert [body["text"] for _, body in connected.received] == [
        "Mini: pipeline_mini failed at publish: ValueError: broken"
    ]


def test_a_failure_is_reported_although_no_findings_were_pushed(connected: Any) -> None:
    context = _context("the process was killed")
    del context["ti"].pushed

    failure_notifier(TENANT)(context)

    [(_, body)] = connected.received
    assert "the process was killed" in body["text"]


def test_findings_that_cannot_be_read_cost_an_alert_and_not_the_task(
    connected: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> list[Finding]:
        raise RuntimeError("the bookkeeping is broken")

    with reporting(_context(None), broken):
        pass
    with reporting({}, lambda: [FINDING]):
        pass

    said = caplog.text + capsys.readouterr().out
    assert "the findings of this run are not reported: RuntimeError: the bookkeeping is broken" in said
    assert "the findings of this run are not reported: KeyError" in said


def test_a_flood_of_findings_is_pushed_in_part() -> None:
    context = _context(None)

    with reporting(context, lambda: [FINDING] * 500):
        pass

    assert len(context["ti"].pushed["findings"]) == MOST_FINDINGS


def test_kinds_of_failure_use_the_libraries_names_of_errors() -> None:
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowTaskTimeout
    from cosmos.exceptions import CosmosDbtRunError

    from mercurios_airflow.sources.prohandel.hooks import ConnectionIncompleteError

    kinds = (AirflowNotFoundException, AirflowTaskTimeout, CosmosDbtRunError, ConnectionIncompleteError)
    known = {error for kind in FAILURES for error in kind.errors}
    assert [kind.__name__ for kind in kinds if kind.__name__ not in known] == []


@pytest.mark.parametrize(
    ("previous", "expected"),
    [
        (None, None),
        (SimpleNamespace(run_id="before", state="success"), None),
        (SimpleNamespace(run_id="before", state="running"), None),
        (SimpleNamespace(run_id="before", state="failed"), "before"),
    ],
)
def test_a_dated_run_is_a_recovery_only_after_a_failed_one(previous: Any, expected: str | None) -> None:
    dag_run = SimpleNamespace(logical_date=object())

    assert failed_run_before({"ti": _ti(previous=previous), "dag_run": dag_run}) == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({}, None),
        (
            {EARLIER: "failed"},
            "asset_triggered__2024-03-01T00:00:00+00:00_aaaa",
        ),
        ({EARLIER: "running"}, None),
        (
            {
                EARLIER: "failed",
                "manual__2024-03-02T00:00:00.5+00:00_bbbb": "success",
                "asset_triggered__2024-03-09T00:00:00+00:00_cccc": "failed",
                "a run id of a person": "failed",
            },
            None,
        ),
    ],
)
def test_a_run_without_a_date_is_ordered_by_the_instant_in_its_id(
    states: dict[str, str], expected: str | None
) -> None:
    ti = _ti(
        run_id="asset_triggered__2024-03-04T05:00:00.123456+00:00_dddd",
        states=states,
    )

    assert failed_run_before({"ti": ti, "dag_run": SimpleNamespace(logical_date=None)}) == expected
