"""The table of fault cases is whole: every case has tests that exist and run, or says why it does not apply."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fault_cases import PAGE, fault_cases, page

CASES = fault_cases()
NOT_RUN = {"skip", "skipif", "xfail"}


@pytest.fixture(scope="module")
def collected(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The marks of every test in the files that the table names, by node id and by the id without its example."""
    report = tmp_path_factory.mktemp("fault-cases") / "collected.json"
    files = sorted({test.partition("::")[0] for case in CASES for test in case.tests})
    paths = [os.environ.get("PYTHONPATH", ""), str(root / "tests" / "support")]
    environment = {
        **os.environ,
        "MERCURIOS_FAULT_CASES_REPORT": str(report),
        "PYTHONPATH": os.pathsep.join(paths),
    }
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "fault_cases"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    found: dict[str, set[str]] = {}
    for test, marks in json.loads(report.read_text()).items():
        for name in (test, test.partition("[")[0]):
            found.setdefault(name, set()).update(marks)
    return found


def test_all_fault_cases_are_there_once() -> None:
    assert [case.number for case in CASES] == list(range(1, 82))


def test_every_case_is_proved_or_says_why_not() -> None:
    silent = [case.number for case in CASES if not (case.tests or len(case.reason) > 40)]
    repeated = [case.number for case in CASES if len(set(case.tests)) != len(case.tests)]

    assert silent == []
    assert repeated == []


def test_every_named_test_exists_and_is_not_skipped(collected: dict[str, set[str]]) -> None:
    named = {test for case in CASES for test in case.tests}

    assert sorted(named - collected.keys()) == []
    assert sorted(test for test in named if collected[test] & NOT_RUN) == []


def test_the_page_says_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(CASES), "run python tests/support/fault_cases.py"
