"""What dbt says of tables and columns can be read in the warehouse, and only what changed is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mercurios.warehouse.comments import Change, changes, describe, texts_of
from mercurios.warehouse.duckdb.engine import DuckDBEngine


def node(name: str, description: str, schema: str = "analytics", **columns: str) -> dict[str, Any]:
    return {
        "name": name,
        "schema": schema,
        "resource_type": "model",
        "description": description,
        "config": {"materialized": "view" if schema == "standard" else "incremental"},
        "columns": {column: {"description": text} for column, text in columns.items()},
    }


def project(*nodes: dict[str, Any], sources: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "nodes": {each["name"]: each for each in nodes},
        "sources": {each["name"]: each for each in sources},
    }


def row(column: str | None, comment: str | None, schema: str = "analytics") -> dict[str, Any]:
    return {
        "schema_name": schema,
        "relation": "stock",
        "kind": "table",
        "column_name": column,
        "comment": comment,
    }


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    engine = DuckDBEngine(tmp_path / "shop.duckdb", threads=1)
    for schema in ("analytics", "standard"):
        engine.execute(f"create schema {schema}")
    engine.execute("create table analytics.stock (units int, note varchar)")
    engine.execute("create view standard.lines as select 1 as units")
    yield engine
    engine.close()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    path.write_text(
        json.dumps(
            project(
                node(
                    "stock", "The shop's goods;\n  'today'.", units="Pieces.", gone="A column no longer made."
                ),
                node("lines", "Lines.", schema="standard", units="Pieces sold."),
                node("not_built", "It never ran.", units="Pieces."),
            )
        )
    )
    return path


def comments(engine: DuckDBEngine, relation: str) -> list[tuple[str, str | None]]:
    rows = engine.fetch_rows(
        "select column_name, comment from duckdb_columns() where table_name = ? order by column_index",
        [relation],
    )
    return [(each["column_name"], each["comment"]) for each in rows]


def test_tables_views_and_their_columns_are_described(engine: DuckDBEngine, manifest: Path) -> None:
    described = describe(engine, manifest=manifest)

    assert described == 2
    assert comments(engine, "stock") == [("units", "Pieces."), ("note", None)]
    assert comments(engine, "lines") == [("units", "Pieces sold.")]
    [table] = engine.fetch_rows("select comment from duckdb_tables() where table_name = 'stock'")
    assert table["comment"] == "The shop's goods; 'today'."


def test_what_is_described_already_is_not_written_again(engine: DuckDBEngine, manifest: Path) -> None:
    describe(engine, manifest=manifest)

    assert describe(engine, manifest=manifest) == 0


def test_only_what_differs_is_a_change() -> None:
    texts = texts_of(project(node("stock", "Goods.", units="Pieces.", note="Words.")))

    found = changes(
        texts, [row(None, "Goods."), row("units", "Boxes."), row("note", "Words."), row("own", None)]
    )

    assert found == [Change("analytics", "stock", "table", None, {"units": "Pieces."})]


def test_what_readers_see_is_described_as_the_mart() -> None:
    texts = texts_of(project(node("stock", "Goods.", units="Pieces."), node("lines", "Lines.", "standard")))

    found = changes(texts, [row("units", None, schema="published"), row(None, None, schema="published")])

    assert found == [Change("published", "stock", "table", "Goods.", {"units": "Pieces."})]
    assert ("published", "lines") not in texts


def test_a_relation_without_a_text_keeps_the_comment_it_has() -> None:
    texts = texts_of(project(node("stock", "", units="")))

    assert changes(texts, [row(None, "of a person"), row("units", "of a person")]) == []


def test_sources_are_described_by_the_name_of_their_table() -> None:
    source = {**node("sale", "Lines.", schema="raw"), "identifier": "sale"}

    assert texts_of(project(sources=(source,))) == {("raw", "sale"): {None: "Lines."}}


def test_steps_without_a_relation_are_no_relation() -> None:
    step = {**node("step", "A step."), "config": {"materialized": "ephemeral"}}

    assert texts_of(project(step)) == {}
