"""The Astro project: what the CLI and the image read must be what they understand.

`airflow_settings.yaml` is loaded by the Astro CLI into Go structs that ignore unknown keys, so a misspelt key is a
connection that silently lacks its host. The key sets below are those structs (astro-cli, settings/types.go).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow._shared.module_loading import find_path_from_directory

from mercurios.tenants import load_tenants

CONNECTION_KEYS = {
    "conn_id": str,
    "conn_type": str,
    "conn_host": str,
    "conn_schema": str,
    "conn_login": str,
    "conn_password": str,
    "conn_port": int,
    "conn_uri": str,
    "conn_extra": dict,
}
VARIABLE_KEYS = {"variable_name": str, "variable_value": str}
IMAGE_HOME = "/usr/local/airflow"
BASE = re.compile(
    r"^FROM astrocrpublic\.azurecr\.io/runtime:(\d+\.\d+)-\d+-python-\d\.\d+(?:@sha256:([0-9a-f]{64}))?$",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def settings(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "airflow_settings.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> str:
    return (root / "Dockerfile").read_text(encoding="utf-8")


def _misfits(entries: list[dict[str, Any]], keys: dict[str, type]) -> list[str]:
    return [
        f"{entry}: {key}"
        for entry in entries
        for key, value in entry.items()
        if key not in keys or not (value is None or isinstance(value, keys[key]))
    ]


def test_settings_have_exactly_the_keys_the_astro_cli_reads(settings: dict[str, Any]) -> None:
    airflow = settings["airflow"]

    assert set(settings) == {"airflow"}
    assert set(airflow) == {"connections", "pools", "variables"}
    assert _misfits(airflow["connections"], CONNECTION_KEYS) == []
    # No task waits for a pool: see docs/decisions/0005-no-pools.md.
    assert airflow["pools"] == []
    assert _misfits(airflow["variables"], VARIABLE_KEYS) == []


def test_every_connection_has_the_id_and_type_without_which_the_cli_skips_it(
    settings: dict[str, Any],
) -> None:
    connections = settings["airflow"]["connections"]

    assert connections
    assert all(connection["conn_id"] and connection["conn_type"] for connection in connections)
    assert len({connection["conn_id"] for connection in connections}) == len(connections)


def test_settings_hold_no_login_password_or_extra(settings: dict[str, Any]) -> None:
    secret_keys = ("conn_login", "conn_password", "conn_uri", "conn_extra")

    filled = [
        c["conn_id"] for c in settings["airflow"]["connections"] if any(c.get(key) for key in secret_keys)
    ]

    assert filled == []


def test_every_connection_a_tenant_names_is_defined_with_its_type(
    settings: dict[str, Any], root: Path
) -> None:
    defined = {c["conn_id"]: c["conn_type"] for c in settings["airflow"]["connections"]}
    tenants = load_tenants(root / "include" / "tenants")
    named = {}
    for tenant in tenants:
        named[tenant.source.connection] = "prohandel"
        named[tenant.connections.warehouse] = tenant.engine
        if tenant.connections.slack:
            named[tenant.connections.slack] = "slackwebhook"

    assert tenants.errors == ()
    assert {name: defined.get(name) for name in named} == named


def test_the_images_python_path_imports_the_project(dockerfile: str, root: Path, tmp_path: Path) -> None:
    declared = re.search(r"^ENV PYTHONPATH=(\S+)$", dockerfile, re.MULTILINE)
    assert declared, "Dockerfile sets no PYTHONPATH"
    mapped = [
        str(root) + entry.removeprefix(IMAGE_HOME)
        for entry in declared.group(1).split(":")
        if entry.startswith(IMAGE_HOME)
    ]

    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import importlib.util, mercurios, mercurios.tenants.files; print(mercurios.__file__);"
            " assert importlib.util.find_spec('mercurios_airflow.alerts.notifiers')",
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(mapped)},
        capture_output=True,
        text=True,
        timeout=900,
    )

    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == root / "include" / "mercurios" / "__init__.py"


def test_the_image_and_the_requirements_name_the_same_airflow_line(dockerfile: str, root: Path) -> None:
    tag = BASE.search(dockerfile)
    pin = re.search(r"^apache-airflow==(\d+\.\d+)\.\d+", (root / "requirements.txt").read_text(), re.M)

    assert tag
    assert pin
    assert tag.group(1) == pin.group(1)


def test_the_base_image_has_an_exact_tag_and_a_whole_digest_once_it_is_known(dockerfile: str) -> None:
    """Without a digest the file says how to find it."""
    lines = [line for line in dockerfile.splitlines() if line.startswith("FROM")]
    [(_, digest)] = BASE.findall(dockerfile)

    assert len(lines) == 1
    assert len(set(digest)) > 8 or (not digest and "imagetools inspect" in dockerfile)


def test_the_image_builds_the_manifest_without_a_warehouse(dockerfile: str) -> None:
    commands = dockerfile.replace("\\\n", " ")
    run = next(line for line in commands.splitlines() if line.startswith("RUN"))

    assert "cd include/dbt" in run
    assert "MERCURIOS_DUCKDB_PATH=:memory:" in run
    assert "MERCURIOS_TENANT_ID=none" in run
    assert re.search(r"dbt parse .*--target-path target\b", run)


def test_local_secrets_and_settings_stay_out_of_the_image_and_out_of_git(root: Path) -> None:
    ignored_by_image = (root / ".dockerignore").read_text().splitlines()
    ignored_by_git = (root / ".gitignore").read_text().splitlines()

    assert {".env", "airflow_settings.yaml", ".git"} <= set(ignored_by_image)
    assert ".env" in ignored_by_git


def test_the_environment_example_holds_comments_only(root: Path) -> None:
    lines = (root / ".env.example").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


def test_airflow_runs_nothing_of_the_plugins_folder_as_a_plugin(root: Path) -> None:
    """Asked as Airflow's plugin manager asks; without the ignore file it would run every module."""
    plugins = root / "plugins"

    found = [Path(each) for each in find_path_from_directory(str(plugins), ".airflowignore")]

    assert [path for path in found if path.suffix == ".py"] == []
    assert len(list(plugins.rglob("*.py"))) > 20


def test_a_module_that_no_line_ignores_would_be_found(tmp_path: Path) -> None:
    (tmp_path / ".airflowignore").write_text("mercurios_airflow/\n")
    (tmp_path / "mercurios_airflow").mkdir()
    for name in ("mercurios_airflow/landing.py", "landing.py"):
        (tmp_path / name).touch()

    found = find_path_from_directory(str(tmp_path), ".airflowignore")

    assert [Path(each).relative_to(tmp_path) for each in found if each.endswith(".py")] == [
        Path("landing.py")
    ]
