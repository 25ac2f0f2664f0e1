"""Canaries: what a source says of persons and secrets in errors, headers and rows is in no message of any kind.

The runs of a real scheduler are searched for them in `tests/scheduler/test_scheduler_runs.py`.
"""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import canary_source
import orjson
import pytest
from edits import intercepting
from quick_retailer import QuickRetailer
from recorded_log import recorded_log
from typer.testing import CliRunner

from mercurios.alerts.messages import Event, Message, failure_message, findings_message
from mercurios.alerts.record import Occasion, record
from mercurios.cli.main import app
from mercurios.jobs.findings import load_findings
from mercurios.sources.contract import ColumnType
from mercurios.sources.prohandel.http.errors import ProHandelError
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows.landed_table import Stamp
from mercurios.sources.rows.typed_rows import type_rows
from mercurios.tenants.run import Run
from prohandel_simulator.api import Request, Response
from prohandel_simulator.testing import RunningSimulator

# Of a person, and of a secret that no pattern knows.
CANARY = "Erika Kanarienvogel <erika@kanarien.invalid> 0815-4711-0815"
PARTS = ("Kanarienvogel", "kanarien.invalid", "0815-4711-0815")
HEADERS = (
    "Retry-After",
    "X-More-Pages-Available",
    "X-Pagesize",
    "Set-Cookie",
    "Location",
    "WWW-Authenticate",
)
PAGES = {
    "json": orjson.dumps({"message": CANARY, "errors": [{CANARY: CANARY}]}),
    "html": f"<html><title>{CANARY}</title><pre>at Shop.Customer('{CANARY}')</pre></html>".encode(),
    "half a list": b'[{"id": "1", "name1": "' + CANARY.encode(),
    "no list": orjson.dumps(CANARY),
    "rows of texts": orjson.dumps([CANARY, CANARY]),
}
COMMANDS = ("ledger", "quarantine", "alerts", "replay", "resync")


def event_of(retailer: QuickRetailer, run_id: str) -> Event:
    run = Run(retailer.tenant.id, "pipeline__tests", run_id)
    return Event(run, retailer.tenant.name, retailer.tenant.owner, "load", "http://127.0.0.1/log")


def written(message: Message) -> str:
    return message.text + json.dumps(message.blocks, ensure_ascii=False)


def birds_in(text: str) -> list[str]:
    return [part for part in PARTS if part in text]


def files_with_birds(folder: Path) -> list[str]:
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and birds_in(path.read_bytes().decode("latin-1"))
    ]


@pytest.mark.parametrize(
    ("status", "page"),
    [
        *((200, page) for page in PAGES),
        *((status, "json") for status in (302, 400, 401, 403, 404, 418, 429)),
        *((status, "html") for status in (500, 503)),
    ],
)
def test_an_error_page_of_the_source_is_in_no_message(
    retailer: QuickRetailer, source: RunningSimulator, status: int, page: str
) -> None:
    headers = tuple((name.lower().encode(), CANARY.encode()) for name in HEADERS)
    bird = Response(status, PAGES[page], (*headers, (b"x-correlation-id", CANARY.encode())))
    plan = retailer.begin("r1")

    def answer(_: Any, request: Request) -> Response | None:
        return bird if request.path == ("customer",) else None

    with (
        recorded_log() as log,
        intercepting(source, answer),
        pytest.raises(ProHandelError) as failed,
    ):
        retailer.extract(plan, "customer", attempts=2)

    message = failure_message(event_of(retailer, "r1"), failed.value)
    everything = "".join(traceback.format_exception(failed.value)) + log.getvalue() + written(message)
    assert "customer" in everything
    assert birds_in(everything + repr(failed.value.__dict__)) == []
    assert files_with_birds(retailer.landing) == []


@pytest.fixture
def with_birds(retailer: QuickRetailer, source: RunningSimulator) -> tuple[QuickRetailer, dict[str, str]]:
    """A retailer that has read rows with a canary in each field in turn, and what was said meanwhile by place."""
    pages = {}
    for name in ("customer", "sale"):
        fields = [column.field for column in RESOURCES[name].columns if column.field != "id"]
        [row, *_] = source.truth("mini", name)
        rows = [{**row, "id": f"bird-{number}", field: CANARY} for number, field in enumerate(fields)]
        rows.append({**row, "id": "bird-undeclared", CANARY: CANARY, "undeclared": CANARY})
        pages[(name,)] = Response(200, orjson.dumps(rows), ((b"x-more-pages-available", b"False"),))

    def answer(_: Any, request: Request) -> Response | None:
        return pages.get(request.path)

    with recorded_log() as log, intercepting(source, answer):
        retailer.run("r1", "customer", "sale")
        with retailer.engine() as engine:
            findings = load_findings(engine, retailer.tenant, Run("mini", "pipeline__tests", "r1"))
    message = findings_message(event_of(retailer, "r1"), findings)
    kept = record(Occasion.FINDINGS, event_of(retailer, "r1"), message, datetime.now(UTC))
    retailer.store.write_document(kept.path, kept.model_dump_json().encode())
    return retailer, {"log": log.getvalue(), "alert": written(message), "record": kept.model_dump_json()}


def test_a_value_of_a_row_is_in_no_log_alert_or_reason(
    with_birds: tuple[QuickRetailer, dict[str, str]],
) -> None:
    retailer, said = with_birds
    reasons = retailer.query("select reason from ops.quarantine")
    said |= {"reasons": str(reasons), "drift": str(retailer.query("select * from ops.schema_drift"))}

    assert len(reasons) > 20
    assert {place: found for place, text in said.items() if (found := birds_in(text))} == {}


def test_a_value_of_a_row_is_in_the_output_of_no_command(
    with_birds: tuple[QuickRetailer, dict[str, str]], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    retailer, _ = with_birds
    retailer.close()
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
    monkeypatch.setenv("MERCURIOS_HOME", str(retailer.landing.parent))
    shown = {}
    for command in COMMANDS:
        line = [command, "--tenant", "mini"]
        line += [] if command == "alerts" else ["--warehouse", str(retailer.warehouse)]
        line += ["--resource", "sale"] if command in ("replay", "resync") else []
        shown[command] = CliRunner().invoke(app, line, env={"COLUMNS": "250"}).output

    assert "found drift, quarantine" in shown["alerts"]
    assert "expected" in shown["quarantine"]
    assert {command: found for command, text in shown.items() if (found := birds_in(text))} == {}


def test_what_a_contract_does_not_keep_of_persons_is_in_no_file(
    with_birds: tuple[QuickRetailer, dict[str, str]],
) -> None:
    """Numbers of persons are hashed, names and addresses are read into nothing; other fields wait in quarantine."""
    retailer, _ = with_birds
    personal = [
        column.field for column in RESOURCES["customer"].columns if column.type is ColumnType.KEY_HASH
    ]
    payloads = retailer.query("select source_id, payload from ops.quarantine where resource = 'customer'")

    shown = {
        field
        for row in payloads
        for field, value in json.loads(row["payload"]).items()
        if birds_in(str(value))
    }
    assert personal
    assert shown & {*personal, "undeclared", CANARY} == set()


@pytest.mark.parametrize("name", [name for name in RESOURCES if "." not in name])
def test_the_source_of_the_schedulers_runs_sends_no_row_that_changes_a_mart(
    source: RunningSimulator, name: str
) -> None:
    """A row with a canary in each declared field is set aside; one that loads is about a person."""
    resource, rows = RESOURCES[name], source.truth("mini", name)
    if not rows:
        pytest.skip("the world has no such rows")
    aside, *loads = canary_source.rows_of(resource, rows[-1])
    stamp = Stamp("mini", "r1", datetime(2026, 3, 4), "UTC", b"k" * 32)

    page = type_rows(resource, [{**aside, "id": "aside"}, *({**row, "id": "loads"} for row in loads)], stamp)

    assert [row.source_id for row in page.rejected] == ["aside"]
    assert page.table["id"].to_pylist() == ["loads"] * resource.personal
    assert birds_in(str(page.table.to_pylist()) + page.rejected[0].payload + page.rejected[0].reason) == []
    assert canary_source.PAYLOAD in page.rejected[0].payload
    assert all(
        value == [] for value in aside.values() if isinstance(value, list) and value != aside.get("list")
    )
