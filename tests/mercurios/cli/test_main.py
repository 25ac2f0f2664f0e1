"""The command line, as a person types it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from retailer import Retailer
from typer.main import get_command
from typer.testing import CliRunner

from mercurios.cli.main import app


@pytest.fixture
def tenants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> Path:
    folder = tmp_path / "tenants"
    folder.mkdir()
    text = (root / "include/tenants/modehaus.yaml").read_text().replace("modehaus", "mini")
    (folder / "mini.yaml").write_text(text)
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(folder))
    return folder


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_help_starts_without_heavy_imports() -> None:
    code = (
        "import sys; sys.argv = ['mercurios', '--help']\n"
        "from mercurios.cli.main import app\n"
        "try: app()\n"
        "except SystemExit as done: assert not done.code\n"
        "print(sorted({'pyarrow', 'duckdb', 'pandas', 'airflow', 'statsmodels'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, timeout=900
    )

    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert "ledger" in done.stdout


def test_tenants_are_listed_and_broken_files_named(tenants: Path) -> None:
    assert run("tenants")[0] == 0
    (tenants / "broken.yaml").write_text("id: broken\n")

    code, output = run("tenants")

    assert code == 1
    assert "duckdb_mini" in output
    assert "broken.yaml: key 'name': missing" in output


def test_a_manifest_is_loaded_into_a_fresh_file_from_a_folder_with_any_name(
    retailer: Retailer, tenants: Path, tmp_path: Path
) -> None:
    there = Retailer(retailer.simulator, tmp_path / "a folder ü")
    [url] = there.extract(there.begin("r1"), "article")
    warehouse = tmp_path / "fresh.duckdb"
    arguments = (url.removeprefix("file://"), "--warehouse", str(warehouse), "--tenant", "mini")

    first, again = run("load", *arguments), run("load", *arguments)

    assert first[0] == 0, first[1]
    assert first == again
    assert "article" in first[1]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) from raw.article").fetchall() == [(40,)]


def test_a_manifest_of_another_tenant_is_not_loaded_for_this_one(retailer: Retailer, tenants: Path) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "article")
    text = (tenants / "mini.yaml").read_text().replace("mini", "other")
    (tenants / "other.yaml").write_text(text)

    code, output = run("load", url, "--warehouse", str(retailer.warehouse), "--tenant", "other")

    assert code == 1
    assert "is of tenant 'mini', not of other; nothing was loaded" in output.replace("\n", "")
    assert retailer.query("select * from ops.load_ledger") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere/manifest.json", "--tenant", "mini"), "nowhere/manifest.json cannot be read"),
        (
            ("nowhere/manifest.json", "--tenant", "other"),
            "tenant 'other' has no usable file in tenants/ (known: mini)",
        ),
    ],
)
def test_what_cannot_be_loaded_is_reported_without_a_traceback(
    tenants: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    code, output = run("load", *arguments, "--warehouse", str(tmp_path / "w.duckdb"))

    assert code == 1
    assert message in output.replace("\n", "")
    assert "Traceback" not in output


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command that takes a tenant, with what else it requires."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        elif any(parameter.name == "tenant" for parameter in command.params):
            required = [each for each in command.params if each.required and each.name != "tenant"]
            words = [
                word
                for each in required
                for word in ([each.opts[0]] if each.param_type_name == "option" else [])
                + [REQUIRED[each.name]]
            ]
            yield (*path, name, *words)


REQUIRED = {"resource": "sale", "manifest": "nowhere/manifest.json", "out": "orders.xlsx", "file": "x"}
OF_A_TENANT = sorted(_commands(get_command(app)))


@pytest.mark.parametrize("command", OF_A_TENANT, ids=" ".join)
def test_every_command_answers_a_misspelt_tenant_with_those_there_are(
    tenants: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)

    code, output = run(*command, "--tenant", "MINI")

    assert code == 1
    assert "did you mean 'mini'?" in output.replace("\n", "")


def test_the_commands_of_a_tenant_are_many() -> None:
    assert len(OF_A_TENANT) > 10
