"""Requirements: what is installed is pinned, and what is constrained says why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[a-z0-9,_-]+\])?==(?P<version>[^\s;*]+)(\s*;\s*[^#]+)?$"
)


def _requirements(path: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _pins(path: Path) -> dict[str, str]:
    found = (PIN.match(line) for line in _requirements(path))
    return {match["name"]: match["version"] for match in found if match}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"])
def test_every_installed_package_has_one_exact_version(root: Path, name: str) -> None:
    lines = _requirements(root / name)

    assert [line for line in lines if not PIN.match(line)] == []
    assert len(_pins(root / name)) == len(lines)


def test_developers_run_the_versions_that_are_deployed(root: Path) -> None:
    deployed = _pins(root / "requirements.txt")
    developed = _pins(root / "requirements-dev.txt")

    assert {name: developed.get(name) for name in deployed} == deployed


def test_the_rival_is_measured_with_the_versions_that_are_deployed(root: Path) -> None:
    deployed = _pins(root / "requirements.txt")
    measured = _pins(root / "requirements-bench.txt")
    shared = deployed.keys() & measured.keys()

    assert {"duckdb", "pyarrow"} <= shared
    assert {name: measured[name] for name in shared} == {name: deployed[name] for name in shared}


def test_the_rival_is_in_no_environment_of_the_product(root: Path) -> None:
    assert "dlt" in _pins(root / "requirements-bench.txt")
    assert "dlt" not in _pins(root / "requirements.txt") | _pins(root / "requirements-dev.txt")


@pytest.mark.parametrize("stem", ["requirements", "requirements-dev", "requirements-bench"])
def test_every_direct_requirement_is_in_the_compiled_file(root: Path, stem: str) -> None:
    compiled = {re.sub(r"[._]", "-", name).lower() for name in _pins(root / f"{stem}.txt")}
    direct = [re.split(r"[\[<>=!~; ]", line)[0].lower() for line in _requirements(root / f"{stem}.in")]

    assert [name for name in direct if name not in ("-r", "-c") and name not in compiled] == []


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in", "requirements-bench.in"])
def test_every_constraint_says_why(root: Path, name: str) -> None:
    unexplained = []
    explained_above = False
    for line in (root / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            explained_above = True
            continue
        constrained = re.search(r"[<>=!~]=?\s*\d", line.split("#")[0])
        if constrained and "#" not in line and not explained_above:
            unexplained.append(line)
        explained_above = explained_above and bool(constrained)

    assert unexplained == []


@pytest.mark.parametrize(
    "name",
    [f"requirements{part}.{kind}" for part in ("", "-dev", "-bench") for kind in ("in", "txt")],
)
def test_requirements_name_no_package_index(root: Path, name: str) -> None:
    options = [
        line
        for line in _requirements(root / name)
        if line.startswith("-") and not line.startswith(("-r ", "-c "))
    ]

    assert options == []
