"""What an alert said can be read again without Slack: as plain text, the newest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mercurios.alerts.messages import Event, failure_message, recovery_message
from mercurios.alerts.record import AlertRecord, Occasion, plain_text, record
from mercurios.cli.main import app
from mercurios.landing.store import LandingStore
from mercurios.tenants import load_tenants
from mercurios.tenants.run import Run

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
EVENT = Event(
    run=Run("mini", "pipeline__mini", "manual__1"),
    tenant_name="Mini",
    owner="data",
    task_id="load",
    log_url="http://airflow.example/log?a=1&b=2",
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> LandingStore:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
    monkeypatch.setenv("MERCURIOS_HOME", str(tmp_path))
    return LandingStore(load_tenants(only="mini").get("mini").landing_url())


def report(store: LandingStore, kind: Occasion, text: str, minutes: int) -> AlertRecord:
    message = (
        failure_message(EVENT, ValueError(text))
        if kind is Occasion.FAILURE
        else recovery_message(EVENT, text)
    )
    alert = record(kind, EVENT, message, NOON + timedelta(minutes=minutes))
    store.write_document(alert.path, alert.model_dump_json().encode())
    return alert


def show(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["alerts", "--tenant", "mini", *arguments])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_the_plain_text_says_everything_and_carries_no_markup() -> None:
    text = plain_text(failure_message(EVENT, ValueError("a < b & token=abc123")))

    assert "Mini: pipeline__mini failed at load" in text
    assert "Run: manual__1" in text
    assert "What broke\nValueError: a < b & token=***" in text
    assert "Open the log: http://airflow.example/log?a=1&b=2" in text
    assert "docs/runbooks/" in text
    assert not {"```", "*What", "&lt;", "|Open"} & set(text.split())


def test_the_newest_failure_is_shown_although_a_recovery_came_after_it(store: LandingStore) -> None:
    report(store, Occasion.FAILURE, "the first failure", 0)
    report(store, Occasion.FAILURE, "the last failure", 61)
    report(store, Occasion.RECOVERY, "manual__0", 70)

    code, failure = show("--failures")
    _, newest = show()

    assert code == 0
    assert "2026-03-04 13:01:00 UTC" in failure
    assert "the last failure" in failure
    assert "the first failure" not in failure
    assert "works again" in newest


def test_several_alerts_are_shown_the_newest_first(store: LandingStore) -> None:
    for number in range(3):
        report(store, Occasion.FAILURE, f"failure number {number}", number)

    _, output = show("--last", "2")

    assert output.index("failure number 2") < output.index("failure number 1")
    assert "failure number 0" not in output


def test_no_alert_is_reported_as_such_and_an_unknown_tenant_is_named(store: LandingStore) -> None:
    assert show("--failures") == (0, f"No failure of tenant mini is on record in {store.url}.\n")
    result = CliRunner().invoke(app, ["alerts", "--tenant", "nobody"])
    assert result.exit_code == 1
    assert "nobody" in result.output


def test_a_half_written_record_is_not_read(store: LandingStore) -> None:
    alert = report(store, Occasion.FAILURE, "whole", 0)
    with store.create(f"{alert.path.replace('120000', '130000')}.partial") as handle:
        handle.write(b'{"kind": "fail')

    assert "whole" in show()[1]


def test_a_record_of_version_0_1_0_can_still_be_read() -> None:
    alert = record(Occasion.FAILURE, EVENT, failure_message(EVENT, ValueError("broken")), NOON)
    old = alert.model_dump(mode="json")
    old["told_at"] = old.pop("reported_at")

    assert AlertRecord.model_validate(old) == alert
