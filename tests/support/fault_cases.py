"""The table of fault cases and the page made from it; `python tests/support/fault_cases.py` writes the page.

Loaded as a pytest plugin (`-p fault_cases`) this writes every collected test and its marks to the file that
`MERCURIOS_FAULT_CASES_REPORT` names.
"""

from __future__ import annotations

import json
import os
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "promises" / "fault_cases.yaml"
PAGE = ROOT / "docs" / "fault-cases.md"
HEAD = """\
# Fault cases

What can go wrong between a retailer's ERP and the page a buyer reads, and what holds then. Every sentence is proved by
the tests below it; `tests/promises/test_safeguards_are_tested.py` takes the safeguards out one by one and shows that
the tests notice. The table behind this page is `tests/promises/fault_cases.yaml`; `python tests/support/fault_cases.py`
writes the page, and a test compares the two.
"""


@dataclass(frozen=True)
class FaultCase:
    """One fault.

    Attributes:
        number: place in the list of faults.
        theme: chapter of the page.
        claim: what holds in spite of it.
        tests: node ids, from the repository's root, of the tests that prove it.
        reason: why it does not apply here, wholly or in part.
    """

    number: int
    theme: str
    claim: str
    tests: tuple[str, ...]
    reason: str


def fault_cases() -> list[FaultCase]:
    """Read the table."""
    return [
        FaultCase(
            number=case.pop("number"),
            theme=chapter["theme"],
            claim=case.pop("claim"),
            tests=tuple(f"tests/{test}" for test in case.pop("tests", ())),
            reason=case.pop("reason", ""),
            **case,
        )
        for chapter in yaml.safe_load(TABLE.read_text(encoding="utf-8"))
        for case in chapter["cases"]
    ]


def page(cases: list[FaultCase]) -> str:
    """Write the table as people read it."""
    proved = [case for case in cases if case.tests]
    tests = {test for case in proved for test in case.tests}
    lines, theme = [f"{HEAD}\n{len(cases)} cases, {len(proved)} of them proved by {len(tests)} tests.\n"], ""
    for case in cases:
        if case.theme != theme:
            theme = case.theme
            lines.append(f"## {theme}\n")
        lines.append(f"{textwrap.fill(f'**{case.number}.** {case.claim}', 120)}\n")
        lines += [f"- {_link(test)}" for test in case.tests]
        if case.tests:
            lines.append("")
        if case.reason:
            kind = "In part only" if case.tests else "Does not apply"
            lines.append(f"{textwrap.fill(f'{kind}: {case.reason}', 120)}\n")
    return "\n".join(lines).rstrip() + "\n"


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    name, _, example = name.removeprefix("test_").partition("[")
    words = name.replace("_", " ") + (f" ({example[:-1]})" if example else "")
    return f"[{words}](../{path})"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write what was collected."""
    found = {item.nodeid: sorted({mark.name for mark in item.iter_markers()}) for item in session.items}
    Path(os.environ["MERCURIOS_FAULT_CASES_REPORT"]).write_text(json.dumps(found))


if __name__ == "__main__":
    PAGE.write_text(page(fault_cases()), encoding="utf-8")
