"""A run: one value in signatures, the words that messages name it by, and those that statements bind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine

RUN = Run("mini", "pipeline__mini", "scheduled__2026-03-04T05:00:00+00:00")


def test_a_message_names_tenant_and_run() -> None:
    assert str(RUN) == "tenant mini, run scheduled__2026-03-04T05:00:00+00:00"


def test_a_statement_binds_what_it_names_of_a_run(tmp_path: Path) -> None:
    with DuckDBEngine(tmp_path / "mini.duckdb") as engine:
        [of_all] = engine.fetch_rows("select $tenant_id as a, $dag_id as b, $run_id as c", RUN.parameters())
        [of_one] = engine.fetch_rows("select $run_id as run_id", RUN.parameters())

    assert tuple(of_all.values()) == (RUN.tenant_id, RUN.dag_id, RUN.run_id)
    assert of_one == {"run_id": RUN.run_id}


def taking_ids(source: str) -> Iterator[str]:
    """Yield the functions of a module that take a DAG's id and a run's one by one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
            if {"dag_id", "run_id"} <= names:
                yield node.name


def test_no_function_takes_the_ids_of_a_run_one_by_one(root: Path) -> None:
    modules = [
        path for top in ("include/mercurios", "plugins", "dags") for path in (root / top).rglob("*.py")
    ]

    found = {
        path.name: names for path in modules if (names := [*taking_ids(path.read_text(encoding="utf-8"))])
    }

    assert len(modules) > 150
    assert found == {}


@pytest.mark.parametrize("parameters", ["engine, run_id, dag_id", "self, *, dag_id, run_id=''"])
def test_a_function_that_takes_the_ids_of_a_run_is_found(parameters: str) -> None:
    assert list(taking_ids(f"def publish({parameters}): ...")) == ["publish"]
