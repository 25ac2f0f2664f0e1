"""Requirements: what is installed is pinned, and what is constrained says why."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[a-z0-9,_-]+\])?==(?P<version>[^\s;*]+)(\s*;\s*[^#]+)?$"
)


def _requirements(path: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line.removesuffix("\\").rstrip() for line in lines if line and not line.startswith("--hash=")]


def _pins(path: Path) -> dict[str, str]:
    found = (PIN.match(line) for line in _requirements(path))
    return {match["name"]: match["version"] for match in found if match}


SETS = ("requirements", "requirements-dev", "requirements-bench", "requirements-mutants", "requirements-sbom")


@pytest.mark.parametrize("name", [f"{stem}.txt" for stem in SETS])
def test_every_installed_package_has_one_exact_version(root: Path, name: str) -> None:
    lines = _requirements(root / name)

    assert [line for line in lines if not PIN.match(line)] == []
    assert len(_pins(root / name)) == len(lines)


@pytest.mark.parametrize("name", [f"{stem}.txt" for stem in SETS])
def test_nothing_is_installed_whose_hash_is_not_known(root: Path, name: str) -> None:
    """With one hash in a file pip and uv ask for a hash of every package."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (root / name).read_text(encoding="utf-8"))

    assert len(blocks) == len(_pins(root / name))
    assert [block.partition(" ")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_developers_run_the_versions_that_are_deployed(root: Path) -> None:
    deployed = _pins(root / "requirements.txt")
    developed = _pins(root / "requirements-dev.txt")

    assert {name: developed.get(name) for name in deployed} == deployed


def test_the_competitor_is_measured_with_the_versions_that_are_deployed(root: Path) -> None:
    deployed = _pins(root / "requirements.txt")
    measured = _pins(root / "requirements-bench.txt")
    shared = deployed.keys() & measured.keys()

    assert {"duckdb", "pyarrow"} <= shared
    assert {name: measured[name] for name in shared} == {name: deployed[name] for name in shared}


def test_the_competitor_is_in_no_environment_of_the_product(root: Path) -> None:
    assert "dlt" in _pins(root / "requirements-bench.txt")
    assert "dlt" not in _pins(root / "requirements.txt") | _pins(root / "requirements-dev.txt")


@pytest.mark.parametrize("stem", SETS)
def test_every_direct_requirement_is_in_the_compiled_file(root: Path, stem: str) -> None:
    compiled = {re.sub(r"[._]", "-", name).lower() for name in _pins(root / f"{stem}.txt")}
    direct = [re.split(r"[\[<>=!~; ]", line)[0].lower() for line in _requirements(root / f"{stem}.in")]

    assert [name for name in direct if name not in ("-r", "-c") and name not in compiled] == []


@pytest.mark.parametrize("name", [f"{stem}.in" for stem in SETS])
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


@pytest.mark.parametrize("name", [f"{stem}.{kind}" for stem in SETS for kind in ("in", "txt")])
def test_requirements_name_no_package_index(root: Path, name: str) -> None:
    options = [
        line
        for line in _requirements(root / name)
        if line.startswith("-") and not line.startswith(("-r ", "-c "))
    ]

    assert options == []


# Distributions that are not named as what is imported of them; the longest prefix counts.
DISTRIBUTIONS = {
    "airflow": "apache-airflow",
    "airflow.providers.amazon": "apache-airflow-providers-amazon",
    "airflow.providers.slack": "apache-airflow-providers-slack",
    "airflow.providers.snowflake": "apache-airflow-providers-snowflake",
    "cosmos": "astronomer-cosmos",
    "dbt": "dbt-core",
    "jwt": "pyjwt",
    "psycopg2": "psycopg2-binary",
    "snowflake.connector": "snowflake-connector-python",
    "yaml": "pyyaml",
}
# What is installed though nothing of the runtime imports it.
NOT_IMPORTED = {
    "dbt-duckdb": "adapter that dbt loads by name",
    "dbt-snowflake": "adapter that dbt loads by name",
    "s3fs": "file system that fsspec and the Amazon provider load by name",
    "pytest": "what `astro dev pytest` starts",
}
# What developers have though no test or benchmark imports it.
TOOLS = {
    "contourpy": "part of matplotlib, constrained",
    "mypy": "a command",
    "pandas-stubs": "types",
    "pre-commit": "a command",
    "pytest-timeout": "plugin of pytest",
    "pytest-xdist": "plugin of pytest",
    "ruff": "a command",
    "types-pyyaml": "types",
    "types-requests": "types",
}
# The one import of the product that is not deployed: it is asked for where pictures are wanted.
OPTIONAL = {"matplotlib"}
PYTHON_PATH = ("include", "plugins", "dags", "tests/support", "tests/emulators", "benchmarks")
RUNTIME_FOLDERS = ("include", "plugins", "dags")


def _declared(path: Path) -> set[str]:
    names = (re.split(r"[\[<>=!~; ]", line)[0].lower() for line in _requirements(path))
    return {name for name in names if not name.startswith("-")}


def _imported(root: Path, *folders: str) -> set[str]:
    """Return the distributions that Python files of these folders import."""
    files = [path for folder in folders for path in (root / folder).rglob("*.py")]
    importable = [path for folder in PYTHON_PATH for path in (root / folder).iterdir()]
    local = {path.stem for path in importable if path.suffix == ".py" or (path / "__init__.py").exists()}
    names = {name for path in files for name in _modules(path)}
    return {
        _distribution(name) for name in names if name.split(".")[0] not in local | sys.stdlib_module_names
    }


def _modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _distribution(module: str) -> str:
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if found := DISTRIBUTIONS.get(".".join(parts[:length])):
            return found
    return parts[0].replace("_", "-")


def test_the_runtime_declares_exactly_what_it_imports(root: Path) -> None:
    declared, imported = _declared(root / "requirements.in"), _imported(root, *RUNTIME_FOLDERS)

    assert imported - declared == OPTIONAL
    assert declared - imported == NOT_IMPORTED.keys()


def test_developers_declare_exactly_what_tests_and_benchmarks_import_beyond_that(root: Path) -> None:
    """What the product is compared with and what changes it for `make mutants` have environments of their own."""
    declared = _declared(root / "requirements-dev.in")
    elsewhere = _declared(root / "requirements-bench.in") | _declared(root / "requirements-mutants.in")
    imported = _imported(root, *RUNTIME_FOLDERS, "tests", "benchmarks")

    assert imported - _declared(root / "requirements.in") - declared == elsewhere
    assert declared - imported == TOOLS.keys()


def test_the_runtime_has_no_package_for_tests_or_pictures_but_pytest(root: Path) -> None:
    deployed = _pins(root / "requirements.txt").keys()

    found = {
        name for name in deployed if re.match(r"pytest|hypothesis|matplotlib|contourpy|moto|fakesnow", name)
    }

    assert found == {"pytest"}


def test_pytest_starts_without_its_plugins_as_in_the_image(root: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:socket", "-p", "no:timeout", "-p", "no:xdist"]
    command += ["-p", "no:hypothesispytest", "tests/project/test_requirements.py", "-k", "package_index"]

    done = subprocess.run(command, cwd=root, env=os.environ, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_test_reaches_the_network_or_hangs(request: pytest.FixtureRequest) -> None:
    import socket

    from pytest_socket import SocketConnectBlockedError

    # An address that is reserved for documentation: nothing would answer there.
    with pytest.raises(SocketConnectBlockedError), socket.socket() as reached:
        reached.connect(("192.0.2.1", 80))
    assert request.config.getoption("timeout") > 0
