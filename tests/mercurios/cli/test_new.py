"""`new` writes files that work as they are: a tenant that loads, a resource that RAW and dbt know."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COLUMNS = (
    "number:int name colorNumber:int sizeGroup:code customerNumber:hash price:dec isActive:bool validFrom:date "
    "lastChange:ts isDeleted:bool"
)


class Tree:
    """A copy of the product, and its commands."""

    def __init__(self, root: Path, folder: Path) -> None:
        ignored = shutil.ignore_patterns("__pycache__", "target", "logs", "prohandel_simulator")
        shutil.copytree(root / "include", folder / "include", ignore=ignored)
        self.include = folder / "include"
        self.environment = {**os.environ, "PYTHONPATH": str(self.include)}
        self.environment.pop("MERCURIOS_TENANTS_DIR", None)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mercurios", *arguments]
        return subprocess.run(
            command, cwd=self.include, env=self.environment, capture_output=True, text=True, timeout=240
        )

    def python(self, script: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def parse_dbt(self) -> dict[str, Any]:
        project = self.include / "dbt"
        settings = {"MERCURIOS_TENANT_ID": "none", "MERCURIOS_DUCKDB_PATH": ":memory:"}
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--quiet", "parse", "--profiles-dir", "."],
            cwd=project,
            env={**self.environment, **settings, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout
        manifest = json.loads((project / "target" / "manifest.json").read_text())
        return {**manifest["nodes"], **manifest["sources"]}


@pytest.fixture
def tree(root: Path, tmp_path: Path) -> Tree:
    return Tree(root, tmp_path)


def test_a_new_tenant_loads_and_its_connections_are_listed(tree: Tree) -> None:
    done = tree.run(
        "new", "tenant", "nord", "--name", 'Haus "Nord"', "--region", "HH", "--slack", "slack_nord"
    )

    assert done.returncode == 0, done.stderr
    assert "prohandel_nord" in done.stdout
    assert "duckdb_nord" in done.stdout
    assert "slack_nord" in done.stdout
    listed = tree.run("tenants")
    assert listed.returncode == 0, listed.stderr
    assert 'Haus "Nord"' in listed.stdout


def test_a_new_tenant_on_another_engine_names_its_connection(tree: Tree) -> None:
    done = tree.run("new", "tenant", "nord", "--warehouse", "snowflake")

    assert "snowflake_nord" in done.stdout


@pytest.mark.parametrize(
    ("folder", "connection"), [("file:///exports/nord", ""), ("s3://exports/nord", "aws_nord")]
)
def test_a_new_tenant_may_read_exports_instead(tree: Tree, folder: str, connection: str) -> None:
    done = tree.run("new", "tenant", "nord", "--files", folder)

    assert done.returncode == 0, done.stderr
    assert "try-with-files.md" in done.stdout
    assert "prohandel" not in done.stdout
    assert [word for word in done.stdout.split() if word.startswith("aws_")] == connection.split()
    source = (
        "from mercurios.tenants.files import load_tenants;"
        "found = load_tenants(only='nord').get('nord').source; print(found.kind, found.folder)"
    )
    assert tree.python(source).split() == ["files", folder]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("modehaus",), "exists already"),
        (("Nord",), "key 'id'"),
        (("../nord",), "key 'id'"),
        (("../../../nord",), "key 'id'"),
        (("nord/../sued",), "key 'id'"),
        (("nord", "--time-zone", "Berlin"), "key 'time_zone'"),
    ],
)
def test_a_wrong_tenant_is_refused_and_nothing_is_written(
    tree: Tree, arguments: tuple[str, ...], said: str
) -> None:
    before = sorted(tree.include.parent.rglob("*.yaml"))

    done = tree.run("new", "tenant", *arguments)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(tree.include.parent.rglob("*.yaml")) == before


@pytest.mark.dbt
def test_a_new_resource_is_declared_and_its_staging_model_parses(tree: Tree) -> None:
    done = tree.run("new", "resource", "colour", "--columns", COLUMNS, "--description", "Colours of articles")

    assert done.returncode == 0, done.stderr
    declared = tree.python(
        "from mercurios.sources.registry import every_resource\n"
        "each = every_resource()['colour']\n"
        "print(each.table, each.group, each.cursor, each.tombstone, *[c.name for c in each.columns])"
    )
    assert declared.split()[:6] == ["colour", "masters", "lastChange", "isDeleted", "id", "number"]
    nodes = tree.parse_dbt()
    model, source = nodes["model.mercurios.stg_prohandel__colours"], nodes["source.mercurios.raw.colour"]
    assert {name: column["description"] for name, column in model["columns"].items()} == {
        "tenant_id": "The retailer.",
        "colour_id": source["columns"]["id"]["description"],
        "colour_number": "Colour, a number as the source gives it.",
        "color_number": "Color number, as the source gives it.",
        "customer_number": "Keyed hash of the customer number.",
        "colour_name": "Colour name, as the source gives it.",
        "size_group": "Range of sizes it belongs to.",
        "price": "Price, as the source gives it.",
        "is_active": "Whether the source lists it as active.",
        "valid_from": "First day on which it is valid.",
        "last_changed_at": source["columns"]["last_change"]["description"],
        "loaded_at": source["columns"]["_loaded_at"]["description"],
    }
    kept = [name for name in source["columns"] if not name.startswith("_")]
    assert kept == ["tenant_id", *declared.split()[4:]]


def test_a_new_resource_is_formatted_as_the_repository_is(tree: Tree, root: Path) -> None:
    tree.run("new", "resource", "colour", "--columns", COLUMNS, "--description", "Colours of articles")

    model = tree.include / "dbt/models/staging/prohandel/stg_prohandel__colours.sql"
    resources = tree.include / "mercurios/sources/prohandel/resources.py"
    config = ["--config", str(root / "pyproject.toml")]
    for arguments in (["check", *config], ["format", "--check", *config]):
        command = [sys.executable, "-m", "ruff", *arguments, str(resources)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    assert "{{ reference_or_null('color_number') }} as color_number," in model.read_text()
    assert "price," in model.read_text()


def test_a_source_without_a_template_is_refused_and_the_others_are_named(tree: Tree) -> None:
    done = tree.run(
        "new", "resource", "colour", "--source", "files", "--columns", "name", "--description", "Colours"
    )

    assert done.returncode == 1
    assert "--source: expected prohandel (got 'files')" in done.stderr
    assert not list(tree.include.rglob("stg_*colour*"))


def test_a_resource_is_written_where_its_source_is(tree: Tree) -> None:
    """What a further source's package holds is enough: nothing in the command names a source."""
    sources = tree.include / "mercurios/sources"
    files = sources / "files"
    declared = (files / "resources.py").read_text()
    (files / "templates/resource.py.jinja").write_text(
        '    Resource("{{ resource }}", "{{ table }}", columns_of("id"), "{{ group }}"),\n'
    )
    (files / "resources.py").write_text(
        declared.replace("\n)\n\nCONTRACT", "\n)\n\nRESOURCES: object = _ALL\n\nCONTRACT")
    )

    done = tree.run(
        *("new", "resource", "colour", "--source", "files", "--table", "files_colour"),
        *("--columns", "name lastChange:ts isDeleted:bool", "--description", "Colours"),
    )

    assert done.returncode == 0, done.stderr
    assert 'Resource("colour", "files_colour"' in (files / "resources.py").read_text()
    model = (tree.include / "dbt/models/staging/files/stg_files__files_colours.sql").read_text()
    # Neither is a cursor or a tombstone of this source.
    assert "is_deleted" in model
    assert "is_live(has_flag=false)" in model
    assert "- name: files_colour" in (tree.include / "dbt/models/staging/files/_sources.yml").read_text()


@pytest.mark.parametrize(
    ("name", "columns", "said"),
    [
        ("sale", "number:int", "is declared already"),
        ("../colour", "number:int", "the resource: '../colour' is no name"),
        ("colour') # ", "number:int", "is no name"),
        ("colour", "number:integer", "--columns: 'integer'"),
    ],
)
def test_a_wrong_resource_is_refused_and_nothing_is_written(
    tree: Tree, name: str, columns: str, said: str
) -> None:
    before = (tree.include / "mercurios/sources/prohandel/resources.py").read_text()

    done = tree.run("new", "resource", name, "--columns", columns, "--description", "x")

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert (tree.include / "mercurios/sources/prohandel/resources.py").read_text() == before
