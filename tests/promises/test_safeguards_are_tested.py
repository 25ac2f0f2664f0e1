"""The tests can fail: with one safeguard taken out, the test that is named for it fails, and for that reason.

Two processes run the named tests of `safeguards.py`: one as they are, one with each test's safeguard taken out. The
schedules of `test_any_schedule_of_faults.py` are held to the same: one of their first seeds must need the safeguard.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from safeguards import SAFEGUARDS, Safeguard
from schedules import Stage
from seeded_source import seeded_source
from workers import play

from mercurios.warehouse import load

FIRST_SEEDS = 16
Outcomes = dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with seeded_source() as source:
        shared = Stage(source, tmp_path_factory.mktemp("safeguards"))
        yield shared
        shared.close()


@pytest.fixture(scope="module")
def outcomes(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcomes]:
    """The outcomes of the named tests with their safeguards kept, and with each removed."""
    home = tmp_path_factory.mktemp("outcomes")
    running = {state: _start(root, home / f"{state}.json", state) for state in ("kept", "removed")}
    said = {state: process.communicate(timeout=900)[0] for state, process in running.items()}
    found = {}
    for state in running:
        report = home / f"{state}.json"
        assert report.exists(), said[state]
        found[state] = {name: tuple(outcome) for name, outcome in json.loads(report.read_text()).items()}
    return found


def _start(root: Path, report: Path, state: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "MERCURIOS_SAFEGUARDS": state, "MERCURIOS_SAFEGUARDS_REPORT": str(report)}
    paths = [environment.get("PYTHONPATH", ""), str(root / "include"), str(root / "tests" / "support")]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    plugins = ["-p", "no:cacheprovider", "-p", "safeguards", "--basetemp", str(report.with_suffix(""))]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", *plugins, *(each.test for each in SAFEGUARDS)],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


class Removals:
    """Notes what a removal would put something else in the place of, and changes nothing."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def setattr(self, owner: Any, name: str, value: Any) -> None:
        assert hasattr(owner, name), f"{owner.__name__} has no {name}"
        self.names.add(f"{owner.__name__}.{name}")


def removed_names() -> set[str]:
    """Return the dotted names that are taken out for one safeguard or another."""
    removals: Any = Removals()
    for safeguard in SAFEGUARDS:
        safeguard.remove(removals)
    return removals.names


def guards_of(module: ModuleType) -> set[str]:
    """Return the dotted names of a module's own functions that refuse something, which their names say."""
    found = inspect.getmembers(module, inspect.isfunction)
    return {
        f"{module.__name__}.{name}"
        for name, function in found
        if function.__module__ == module.__name__ and name.startswith(("_check_", "_guard_"))
    }


def test_every_guard_of_the_loader_is_taken_out_by_a_safeguard() -> None:
    guards = guards_of(load)

    assert len(guards) >= 4
    assert guards - removed_names() == set()


def test_every_safeguard_names_a_test_that_exists_and_no_two_the_same(root: Path) -> None:
    tests = [each.test for each in SAFEGUARDS]
    missing = []
    for test in tests:
        path, _, name = test.partition("::")
        if not (root / path).is_file() or f"def {name.partition('[')[0]}(" not in (root / path).read_text():
            missing.append(test)

    assert missing == []
    assert len(set(tests)) == len(tests)


@pytest.mark.long
@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda each: each.name)
def test_without_a_safeguard_its_named_test_fails_for_that_reason(
    outcomes: dict[str, Outcomes], safeguard: Safeguard
) -> None:
    kept, removed = (outcomes[state].get(safeguard.test, ("not run", "")) for state in ("kept", "removed"))

    assert kept == ("call passed", "")
    assert removed[0] == "call failed", removed[1]
    reason = [line for line in removed[1].splitlines() if line.startswith((">", "E "))]
    assert safeguard.symptom in "\n".join(reason)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(
    ("safeguard", "without", "symptom"),
    [
        ("warehouse.load._check_fence", lambda *_: None, "its run was started again"),
        ("warehouse.load.delete_vanished", lambda *_: (0, 0), "not at the source"),
        ("warehouse.load._ledger_of", lambda *_: [], "insert into ops.load_ledger"),
        ("sources.prohandel.settings.ProHandelSettings.overlap", timedelta(0), ": lost"),
        (
            "sources.prohandel.reading.Reading._cursor_to",
            lambda reading, _: reading.collectors[0].newest_cursor,
            "the cursor passed the clock of the read",
        ),
    ],
)
def test_without_a_safeguard_a_schedule_finds_what_it_guards_against(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, safeguard: str, without: Any, symptom: str
) -> None:
    monkeypatch.setattr(f"mercurios.{safeguard}", without)

    found = (" ".join(play(stage, seed).found) for seed in range(FIRST_SEEDS))

    assert any(symptom in each for each in found)
