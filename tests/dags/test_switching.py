"""A retailer moves from DuckDB to Snowflake by an edit of its connection id and nothing else."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
from dag_graph import graph_of

from mercurios.tenants import Tenant, load_tenants

MOVE = ("warehouse: duckdb_mini", "warehouse: snowflake_mini")


@pytest.fixture(scope="module")
def folders(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The test tenant before and after the move."""
    text = (root / "tests" / "tenants" / "mini.yaml").read_text(encoding="utf-8")
    found = {}
    for engine, content in {"duckdb": text, "snowflake": text.replace(*MOVE)}.items():
        found[engine] = tmp_path_factory.mktemp(engine)
        (found[engine] / "mini.yaml").write_text(content, encoding="utf-8")
    return found


def tenant_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(folder))
    return load_tenants(only="mini").get("mini")


def without_the_engine(graph: dict[str, Any]) -> dict[str, Any]:
    """Return a DAG without the tag that names the engine."""
    return {**graph, "tags": sorted({*graph["tags"]} - {"duckdb", "snowflake"})}


def test_the_move_is_one_word_of_one_line(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = (
        (folders[name] / "mini.yaml").read_text(encoding="utf-8").splitlines() for name in folders
    )

    edits = [
        line for line in difflib.unified_diff(before, after, n=0, lineterm="") if line[1:].strip() in MOVE
    ]

    assert edits == [f"-  {MOVE[0]}", f"+  {MOVE[1]}"]
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    tenants = {name: tenant_in(folder, monkeypatch) for name, folder in folders.items()}
    assert {name: tenant.engine for name, tenant in tenants.items()} == {
        "duckdb": "duckdb",
        "snowflake": "snowflake",
    }
    unmoved = tenants["snowflake"].model_copy(update={"connections": tenants["duckdb"].connections})
    assert unmoved == tenants["duckdb"]


def test_the_moved_retailer_has_the_same_dags(folders: dict[str, Path], parse: Any) -> None:
    bags = {name: parse(folder) for name, folder in folders.items()}

    assert {name: bag.import_errors for name, bag in bags.items()} == {"duckdb": {}, "snowflake": {}}
    graphs = {
        name: {
            dag_id: without_the_engine(graph_of(dag))
            for dag_id, dag in bag.dags.items()
            if dag_id.endswith("__mini")
        }
        for name, bag in bags.items()
    }
    assert set(graphs["duckdb"]) == {"pipeline__mini", "forecast__mini"}
    assert graphs["duckdb"] == graphs["snowflake"]


def test_the_move_needs_no_connection_while_dags_are_parsed(
    folders: dict[str, Path], parse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AIRFLOW_CONN_SNOWFLAKE_MINI", "MERCURIOS_LANDING"):
        monkeypatch.delenv(name, raising=False)

    bag = parse(folders["snowflake"])

    assert bag.import_errors == {}
    models = [task for task in bag.dags["pipeline__mini"].tasks if task.task_id.startswith("model.")]
    assert {task.profile_config.target_name for task in models} == {"snowflake"}
