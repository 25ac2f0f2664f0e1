"""Parsing is repeatable and touches nothing: no network, no warehouse, no database, no Variable, no connection.

Every Airflow component imports these files again and again; what a parse touches, it touches every few seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

HEAVY = ("cosmos", "dbt", "duckdb", "great_expectations", "pandas", "pyarrow", "scipy", "statsmodels")

SERIALIZE = """
import json, os
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
assert not bag.import_errors, bag.import_errors
dags = {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in sorted(bag.dags.items())}
print(json.dumps(dags))
"""

# An audit hook sees every socket, file and database that Python code opens, however it was imported.
WATCHED = """
import json, os, sys

touched = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        touched.append(f"{event} {arguments[1:]}")
        raise RuntimeError(touched[-1])
    if event == "sqlite3.connect" or event == "subprocess.Popen":
        touched.append(f"{event} {arguments[0]}")
    if event == "open" and str(arguments[0]).endswith((".duckdb", ".db")):
        touched.append(f"open {arguments[0]}")

import airflow.sdk, airflow.models
from airflow.dag_processing.dagbag import DagBag

def refuse(*arguments, **settings):
    touched.append(f"looked up {arguments[-1:]}")
    raise RuntimeError(touched[-1])

for owner in (airflow.sdk.Variable, airflow.models.Variable):
    owner.get = refuse
for owner in (airflow.sdk.Connection, airflow.models.Connection):
    owner.get = refuse
airflow.models.Connection.get_connection_from_secrets = refuse
airflow.sdk.BaseHook.get_connection = refuse

sys.addaudithook(watch)
bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
heavy = [name for name in json.loads(os.environ["HEAVY"]) if name in sys.modules]
print(json.dumps({"dags": sorted(bag.dags), "errors": bag.import_errors, "touched": touched, "heavy": heavy}))
"""

PROBES = """
from airflow.sdk import BaseHook, DAG, Variable
from mercurios_airflow.warehouse.duckdb.hooks import DuckDBHook
import socket, urllib.request

for probe in (
    lambda: urllib.request.urlopen("http://127.0.0.1:9/"),
    lambda: Variable.get("anything"),
    lambda: BaseHook.get_connection("anything"),
    lambda: DuckDBHook("duckdb_mini", "mini").path,
    lambda: open("/nonexistent/mini.duckdb"),
):
    try:
        probe()
    except Exception:
        pass
"""

COLLECTED = """
import gc, json, os, sys
from airflow.dag_processing.dagbag import DagBag
airflows = len(gc.get_objects())
bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
assert not bag.import_errors, bag.import_errors
print(json.dumps({"airflows": airflows, "frozen": gc.get_freeze_count()}))
"""

IMPORT_PLUGINS = """
import importlib, json, os, sys
import airflow.sdk
before = set(sys.modules)
for name in json.loads(os.environ["MODULES"]):
    importlib.import_module(name)
print(json.dumps([name for name in json.loads(os.environ["HEAVY"]) if name in set(sys.modules) - before]))
"""


def test_two_processes_serialize_every_dag_to_the_same_text(
    in_fresh_process: Callable[..., Any], tenants_dir: Path
) -> None:
    first, second = (
        in_fresh_process(SERIALIZE, PYTHONHASHSEED=seed, MERCURIOS_TENANTS_DIR=str(tenants_dir))
        for seed in ("1", "2")
    )

    assert len(first) > 1
    assert {dag_id for dag_id in first if first[dag_id] != second.get(dag_id)} == set()
    assert list(first) == list(second)


def test_a_parse_touches_nothing_outside_the_folder(
    in_fresh_process: Callable[..., Any], tenants_dir: Path
) -> None:
    seen = in_fresh_process(WATCHED, MERCURIOS_TENANTS_DIR=str(tenants_dir), HEAVY="[]")

    assert seen["errors"] == {}
    assert "pipeline__mini_models" in seen["dags"]
    assert seen["touched"] == []


def test_the_watch_would_see_what_it_watches_for(
    in_fresh_process: Callable[..., Any], tenants_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "probes.py").write_text(PROBES)

    seen = in_fresh_process(
        WATCHED, MERCURIOS_TENANTS_DIR=str(tenants_dir), HEAVY="[]", AIRFLOW__CORE__DAGS_FOLDER=str(tmp_path)
    )

    kinds = [entry.split()[0] for entry in seen["touched"]]
    assert kinds == ["socket.getaddrinfo", "looked", "looked", "looked", "open"]


def test_a_parse_loads_no_data_library(in_fresh_process: Callable[..., Any], tenants_dir: Path) -> None:
    # Cosmos belongs to the parse of a pipeline: it builds the dbt tasks.
    libraries = [name for name in HEAVY if name not in ("cosmos", "dbt")]

    seen = in_fresh_process(WATCHED, MERCURIOS_TENANTS_DIR=str(tenants_dir), HEAVY=json.dumps(libraries))

    assert seen["heavy"] == []


def test_what_airflow_loaded_is_not_collected_again_in_a_parse(
    in_fresh_process: Callable[..., Any], tenants_dir: Path
) -> None:
    seen = in_fresh_process(COLLECTED, MERCURIOS_TENANTS_DIR=str(tenants_dir))

    assert seen["frozen"] > seen["airflows"] > 100_000


def test_importing_every_plugin_module_loads_neither_data_libraries_nor_cosmos(
    in_fresh_process: Callable[..., Any], root: Path
) -> None:
    plugins = root / "plugins"
    modules = [
        ".".join(path.relative_to(plugins).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted(plugins.rglob("*.py"))
    ]

    loaded = in_fresh_process(IMPORT_PLUGINS, MODULES=json.dumps(modules), HEAVY=json.dumps(HEAVY))

    assert len(modules) > 5
    assert loaded == []
