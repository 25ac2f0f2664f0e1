"""Alerts and runbooks hold together: every alert leads to a page, every page belongs to an alert and is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from mercurios.alerts.findings import Finding, FindingKind
from mercurios.alerts.runbooks import ERRORS, guide, pages
from mercurios.cli.main import app
from mercurios.landing.store import LandingError
from mercurios.quality.gate import GateFailed
from mercurios.quality.suites import Severity
from mercurios.quality.validate import Outcome
from mercurios.sources.prohandel.http.errors import (
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)
from mercurios.warehouse.engine import WarehouseError, WarehouseLockedError
from mercurios.warehouse.load import FencedError, TenantGuardError

SECTIONS = ("What it means", "What was lost", "How to see it", "What to do", "Commands")
FINDING_PAGES = {kind.value for kind in FindingKind}


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


def test_every_page_an_alert_names_exists_and_every_page_is_named_by_an_alert(texts: dict[str, str]) -> None:
    assert pages() | FINDING_PAGES == set(texts)


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
    assert guide(error, "load").page == page


def test_the_page_follows_the_error_an_operator_raised_from_it() -> None:
    wrapped = RuntimeError("tenant mini, run r: refused")
    wrapped.__cause__ = _terminal("token", 401)

    assert guide(wrapped).page == "credentials-refused"


def test_what_dbt_reports_under_any_name_leads_to_the_page_of_models() -> None:
    assert guide(RuntimeError("dbt command failed"), "model.staging").page == "model-failed"
    assert guide(WarehouseLockedError("stayed locked"), "model.staging").page == "warehouse-locked"


@pytest.mark.parametrize("kind", FindingKind)
def test_a_finding_names_the_page_of_its_kind(root: Path, kind: FindingKind) -> None:
    assert (root / Finding(kind, "sale", "seen", "nothing").runbook).is_file()


def test_every_guide_says_what_is_lost_and_why() -> None:
    assert [name for name, found in ERRORS.items() if not re.match(r"nothing: .{20}", found.lost)] == []
