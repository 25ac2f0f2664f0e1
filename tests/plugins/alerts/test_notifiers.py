"""Notifiers: what reaches Slack, and that nothing that happens there reaches the task."""

from __future__ import annotations

import json
import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest

from alerts import notifiers
from alerts.notifiers import failed_run_before, failure_notifier, recovery_notifier

TENANT: Any = SimpleNamespace(
    id="mini", name="Mini", owner="data-platform", connections=SimpleNamespace(slack="slack_mini")
)
EARLIER = "asset_triggered__2024-03-01T00:00:00+00:00_aaaa"
SECRET_PATH = "T0/B0/synthetic-webhook-path"


class Ti(SimpleNamespace):
    """The questions a task instance answers, with recorded answers."""

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
    }
    return Ti(**{**fields, **changes})


def _context(error: Any = "ValueError: broken") -> dict[str, Any]:
    return {"ti": _ti(), "exception": error}


@pytest.fixture
def connected(slack: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    connection = {"conn_type": "slackwebhook", "host": slack.host, "password": SECRET_PATH}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_MINI", json.dumps(connection))
    return slack


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

    mask_secret("synthetic-Zq81-value")

    failure_notifier(TENANT)(_context("login refused for synthetic-Zq81-value"))

    assert "Zq81" not in json.dumps(connected.received)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_error_answer_of_slack_is_one_log_line(
    connected: Any, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    connected.status = status

    failure_notifier(TENANT)(_context())

    assert len(connected.received) == 1, "an alert is not retried"
    [line] = capsys.readouterr().out.splitlines()
    assert "alert not sent through slack_mini" in line
    assert str(status) in line
    assert SECRET_PATH not in line


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


def test_a_slack_that_never_finishes_answering_holds_the_task_up_no_longer_than_the_deadline(
    connected: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notifiers, "DELIVERY_SECONDS", 1)
    connected.dribble = True
    started = time.monotonic()

    failure_notifier(TENANT)(_context())

    assert time.monotonic() - started < 3
    assert "did not answer within 1 s" in capsys.readouterr().out


def test_the_deadline_is_five_seconds() -> None:
    assert notifiers.DELIVERY_SECONDS == 5


def test_a_tenant_without_a_slack_connection_sends_nothing(connected: Any) -> None:
    silent = SimpleNamespace(**{**TENANT.__dict__, "connections": SimpleNamespace(slack=None)})

    failure_notifier(silent)(_context())

    assert connected.received == []


@pytest.mark.parametrize("context", [{}, {"ti": None}, {"ti": SimpleNamespace()}])
def test_a_context_without_a_task_instance_does_not_raise(context: dict[str, Any]) -> None:
    failure_notifier(TENANT)(context)
    recovery_notifier(TENANT)(context)


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
                "somebody's own run id": "failed",
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
