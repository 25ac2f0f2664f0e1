"""Every kind of alert is complete, and every runbook page belongs to a kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from mercurios.alerts.failures import failure_kind
from mercurios.alerts.kinds import FAILURES, FINDINGS, KINDS, FailureKind, FindingKind
from mercurios.cli.main import app
from mercurios.landing.store import LandingError
from mercurios.quality.checks import Severity
from mercurios.quality.gate import GateFailed
from mercurios.quality.validate import Outcome
from mercurios.sources.prohandel.http.errors import (
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)
from mercurios.sources.source import SourceAccessError, TerminalSourceError, TransientSourceError
from mercurios.warehouse.engine import WarehouseError, WarehouseLockedError
from mercurios.warehouse.load import FencedError, TenantGuardError
from mercurios.warehouse.sql import render

SECTIONS = ("What it means", "What was lost", "How to see it", "What to do", "Commands")


@pytest.fixture(scope="module")
def texts(root: Path) -> dict[str, str]:
    """Every page by name, the index left out."""
    found = {
        path.stem: path.read_text(encoding="utf-8") for path in (root / "docs" / "runbooks").glob("*.md")
    }
    del found["README"]
    return found


def _terminal(path: str, status: int) -> TerminalProHandelError:
    return TerminalProHandelError("refused", RequestContext(path, 1, 1000), status=status)


def test_every_kind_has_a_page_and_every_page_belongs_to_a_kind(root: Path, texts: dict[str, str]) -> None:
    assert {kind.name for kind in KINDS} == set(texts)
    assert [kind.name for kind in KINDS if not (root / kind.runbook).is_file()] == []


def test_no_name_and_no_error_belongs_to_two_kinds() -> None:
    names = [kind.name for kind in KINDS]
    errors = [error for kind in FAILURES for error in kind.errors]

    assert (len(names), len(errors)) == (len(set(names)), len(set(errors)))


@pytest.mark.parametrize("engine", ["duckdb", "snowflake"])
@pytest.mark.parametrize("kind", FINDINGS, ids=lambda kind: kind.name)
def test_every_finding_has_a_query_on_every_engine(kind: FindingKind, engine: str) -> None:
    sql = render(engine, kind.query)

    assert "$tenant_id" in sql
    assert "$run_id" in sql


def test_every_query_of_findings_belongs_to_a_kind(root: Path) -> None:
    queries = {path.stem for path in (root / "include" / "sql").rglob("findings_*.sql")}

    assert queries == {kind.query for kind in FINDINGS}


@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.name)
def test_every_failure_has_a_first_step_and_a_loss(kind: FailureKind) -> None:
    assert re.match(r"nothing: .{20}", kind.loss)
    assert kind.advice.endswith(".")


def test_the_index_links_every_page(root: Path, texts: dict[str, str]) -> None:
    index = (root / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")

    assert set(re.findall(r"\]\(([\w-]+)\.md\)", index)) == set(texts)


def test_every_page_has_the_sections_people_need(texts: dict[str, str]) -> None:
    lacking = {
        page: [section for section in SECTIONS if f"**{section}.**" not in text]
        for page, text in texts.items()
    }

    assert {page: sections for page, sections in lacking.items() if sections} == {}
    assert [page for page, text in texts.items() if "```" not in text.partition("**Commands.**")[2]] == []


def test_every_command_of_a_page_exists_with_the_options_it_uses(root: Path) -> None:
    commands = vars(get_command(app))["commands"]
    wrong = []
    for path in (root / "docs" / "runbooks").glob("*.md"):
        for name, rest in re.findall(r"python -m mercurios ([\w-]+)(.*)", path.read_text(encoding="utf-8")):
            options = {option for item in getattr(commands.get(name), "params", ()) for option in item.opts}
            used = set(re.findall(r"--[\w-]+", rest.partition("#")[0].partition("`")[0]))
            if name not in commands or used - options:
                wrong.append(f"{path.name}: {name} {sorted(used - options)}")

    assert wrong == []


@pytest.mark.parametrize(
    ("error", "page"),
    [
        (_terminal("token", 401), "credentials-refused"),
        (_terminal("token", 404), "credentials-refused"),
        (_terminal("sale", 403), "credentials-refused"),
        (_terminal("sale", 404), "request-refused"),
        (TransientProHandelError("no answer", RequestContext("sale", 3, 1000)), "api-down"),
        (TerminalSourceError("sales.csv has no column 'paid'"), "request-refused"),
        (SourceAccessError("folder /exports may not be read"), "credentials-refused"),
        (TransientSourceError("folder /exports cannot be listed now"), "api-down"),
        (LandingError("cannot be written"), "landing-not-writable"),
        (WarehouseLockedError("stayed locked"), "warehouse-locked"),
        (WarehouseError("a statement failed"), "task-failed"),
        (FencedError("outdated"), "stale-attempt"),
        (TenantGuardError("rows of another tenant"), "foreign-rows"),
        (
            GateFailed("raw", [Outcome("raw.sale", "expectation", None, Severity.CRITICAL, False, "odd")]),
            "gate-failed",
        ),
        (ValueError("anything"), "task-failed"),
        ("killed", "task-failed"),
        (None, "task-failed"),
    ],
)
def test_the_page_follows_the_error(error: BaseException | str | None, page: str) -> None:
    assert failure_kind(error, "load").name == page


def test_the_page_follows_the_error_an_operator_raised_from_it() -> None:
    wrapped = RuntimeError("tenant mini, run r: refused")
    wrapped.__cause__ = _terminal("token", 401)

    assert failure_kind(wrapped).name == "credentials-refused"


def test_any_failure_of_a_model_task_leads_to_the_page_of_models() -> None:
    assert failure_kind(RuntimeError("dbt command failed"), "model.build").name == "model-failed"
    assert failure_kind(WarehouseLockedError("stayed locked"), "model.build").name == "warehouse-locked"
