"""Connection types: found by Airflow without installing anything, with the Python path of the image."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROBE = """
import json, sys
from airflow.providers_manager import ProvidersManager

manager = ProvidersManager()
forms = {item.connection_type: item._asdict() for item in manager.iter_connection_type_hook_ui_metadata()}
widgets = {
    name: {"sensitive": info.is_sensitive, "schema": info.field["schema"]}
    for name, info in manager._connection_form_widgets_from_metadata.items()
    if info.package_name == "mercurios-airflow"
}
names = ("prohandel", "duckdb")
lazy = ("mercurios_airflow.sources.prohandel.hooks", "mercurios_airflow.warehouse.duckdb.hooks", "duckdb")
print("RESULT" + json.dumps({
    "providers": "mercurios-airflow" in manager.providers,
    "imported": [name for name in lazy if name in sys.modules],
    "forms": {name: forms.get(name) for name in names},
    "widgets": widgets,
}))
"""

HOOKS = """
import json
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

hooks = ProvidersManagerTaskRuntime().hooks
print("RESULT" + json.dumps({name: hooks[name] and hooks[name]._asdict() for name in ("prohandel", "duckdb")}))
"""


def _run(code: str, python_path: list[Path]) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, python_path))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [result] = re.findall(r"^RESULT(.*)$", done.stdout, re.MULTILINE)
    return json.loads(result)


@pytest.fixture(scope="module")
def found(root: Path) -> dict[str, Any]:
    return _run(PROBE, [root / "include", root / "plugins"])


def test_airflow_finds_both_types_without_importing_a_hook(found: dict[str, Any]) -> None:
    assert found["providers"]
    assert {name: form["hook_class_name"] for name, form in found["forms"].items()} == {
        "prohandel": "mercurios_airflow.sources.prohandel.hooks.ProHandelHook",
        "duckdb": "mercurios_airflow.warehouse.duckdb.hooks.DuckDBHook",
    }
    assert found["imported"] == []


def test_the_prohandel_form_asks_for_what_the_hook_needs(found: dict[str, Any]) -> None:
    form = found["forms"]["prohandel"]

    assert form["hook_name"] == "ProHandel"
    assert form["field_behaviour"]["relabeling"] == {
        "host": "Authentication URL",
        "login": "API key",
        "password": "API secret",
    }
    assert list(found["widgets"]) == ["extra__prohandel__hash_key", "extra__prohandel__api_hosts"]


def test_the_hash_key_is_masked(found: dict[str, Any]) -> None:
    assert found["widgets"]["extra__prohandel__hash_key"]["sensitive"] is True


def test_the_duckdb_form_asks_for_a_file_only(found: dict[str, Any]) -> None:
    behaviour = found["forms"]["duckdb"]["field_behaviour"]

    assert set(behaviour["hidden_fields"]) == {"schema", "login", "password", "port", "extra"}
    assert behaviour["relabeling"] == {"host": "Warehouse file"}


def test_the_hooks_declare_the_types_they_are_registered_for(root: Path) -> None:
    hooks = _run(HOOKS, [root / "include", root / "plugins"])

    assert {name: hook and hook["connection_type"] for name, hook in hooks.items()} == {
        "prohandel": "prohandel",
        "duckdb": "duckdb",
    }
    assert hooks["prohandel"]["hook_class_name"] == "mercurios_airflow.sources.prohandel.hooks.ProHandelHook"
    assert hooks["duckdb"]["hook_class_name"] == "mercurios_airflow.warehouse.duckdb.hooks.DuckDBHook"
