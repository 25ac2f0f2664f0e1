"""Which models may read which: a source ends at the conformed layer; what follows knows no source."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2] / "include" / "dbt"
# What the product itself writes down of a tenant; it is no source.
REFERENCE = "mercurios"
# A longer model holds more than one idea: split it into steps, `models/steps`.
LINES = 120

Node = Mapping[str, Any]


def layer_of(node: Node) -> str:
    """Return the folder below models that a node's file is in."""
    return str(node["fqn"][1])


def source_of(node: Node) -> str | None:
    """Return the source whose staging a model is, none of other models."""
    return node["fqn"][2] if layer_of(node) == "staging" and node["fqn"][2] != REFERENCE else None


def models_of(manifest: Mapping[str, Any]) -> dict[str, Node]:
    """Return the models by their unique id."""
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def staging_read_elsewhere(manifest: Mapping[str, Any]) -> list[str]:
    """Return who reads the staging of a source without being conformed, with what it reads."""
    models = models_of(manifest)
    return sorted(
        f"{node['name']} reads {models[parent]['name']}"
        for node in manifest["nodes"].values()
        for parent in node["depends_on"]["nodes"]
        if parent in models and source_of(models[parent]) and not _may_read(node, models[parent])
    )


def _may_read(node: Node, staging: Node) -> bool:
    if node["resource_type"] == "test":
        # A test of the staging model itself.
        return node.get("attached_node") == staging["unique_id"]
    return layer_of(node) == "conformed"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The manifest that the build of the project made."""
    text = (PROJECT / "target" / "manifest.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def test_only_conformed_models_read_the_staging_of_a_source(manifest: dict[str, Any]) -> None:
    sources = {source_of(node) for node in models_of(manifest).values()} - {None}

    assert sources
    assert staging_read_elsewhere(manifest) == []


@pytest.mark.parametrize("reader", ["int_sales_netted", "dim_branch"])
def test_a_model_that_reads_the_staging_of_a_source_is_found(manifest: dict[str, Any], reader: str) -> None:
    broken = copy.deepcopy(manifest)
    broken["nodes"][f"model.mercurios.{reader}"]["depends_on"]["nodes"].append(
        "model.mercurios.stg_prohandel__sales"
    )

    assert staging_read_elsewhere(broken) == [f"{reader} reads stg_prohandel__sales"]


def test_conformed_models_read_nothing_but_staging(manifest: dict[str, Any]) -> None:
    models = models_of(manifest)
    conformed = {key: node for key, node in models.items() if layer_of(node) == "conformed"}
    layers = {
        layer_of(models[parent]) for node in conformed.values() for parent in node["depends_on"]["nodes"]
    }

    assert len(conformed) >= 10
    assert layers == {"staging"}


def test_conformed_models_say_their_grain_and_their_columns_without_a_source(
    manifest: dict[str, Any],
) -> None:
    conformed = [node for node in models_of(manifest).values() if layer_of(node) == "conformed"]
    texts = {
        node["name"]: " ".join(
            [node["description"], *(column["description"] for column in node["columns"].values())]
        )
        for node in conformed
    }
    undescribed = [
        f"{node['name']}.{column['name']}"
        for node in conformed
        for column in node["columns"].values()
        if not column["description"]
    ]

    assert [node["name"] for node in conformed if not node["columns"]] == []
    assert undescribed == []
    assert [node["name"] for node in conformed if "One row per " not in node["description"]] == []
    assert [name for name, text in texts.items() if "prohandel" in text.lower()] == []


def marts_read_too_early(manifest: Mapping[str, Any]) -> list[str]:
    """Return the intermediate models that read marts or steps of marts.

    The intermediate layer is built before the marts. A table that reads one would hold what the run before left there,
    and whatever reads one, even without being stored, makes dbt run the tests of that mart with the earlier layer.
    """
    models = models_of(manifest)
    return sorted(
        f"{node['name']} reads {models[parent]['name']}"
        for node in models.values()
        for parent in node["depends_on"]["nodes"]
        if layer_of(node) == "intermediate"
        and parent in models
        and layer_of(models[parent]) in ("steps", "marts")
    )


def test_the_intermediate_layer_reads_no_mart_and_no_step_of_one(manifest: dict[str, Any]) -> None:
    assert marts_read_too_early(manifest) == []


@pytest.mark.parametrize("read", ["dim_branch", "int_weekly_sales"])
def test_an_intermediate_model_that_reads_a_mart_or_its_step_is_found(
    manifest: dict[str, Any], read: str
) -> None:
    broken = copy.deepcopy(manifest)
    broken["nodes"]["model.mercurios.int_stock_days"]["depends_on"]["nodes"].append(f"model.mercurios.{read}")

    assert marts_read_too_early(broken) == [f"int_stock_days reads {read}"]


def test_steps_store_nothing(manifest: dict[str, Any]) -> None:
    """A stored one would be built by no task: the layers' tasks select their own models."""
    steps = [node for node in models_of(manifest).values() if layer_of(node) == "steps"]

    assert len(steps) > 30
    assert {node["config"]["materialized"] for node in steps} == {"ephemeral"}


def test_intermediate_models_and_steps_say_their_grain(manifest: dict[str, Any]) -> None:
    nodes = [node for node in models_of(manifest).values() if layer_of(node) in ("intermediate", "steps")]

    assert [node["name"] for node in nodes if "One row per " not in node["description"]] == []


def too_long(models: Path) -> list[str]:
    """Return the models that have more lines than they may."""
    lines = {path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in models.rglob("*.sql")}
    return sorted(f"{name} has {count} lines" for name, count in lines.items() if count > LINES)


def test_no_model_is_longer_than_one_idea() -> None:
    assert too_long(PROJECT / "models") == []


def test_a_model_that_is_too_long_is_found(tmp_path: Path) -> None:
    (tmp_path / "fits.sql").write_text("select 1\n" * LINES)
    (tmp_path / "grew.sql").write_text("select 1\n" * (LINES + 1))

    assert too_long(tmp_path) == ["grew has 121 lines"]


def test_the_names_of_unit_tests_are_claims_of_less_than_80_characters(manifest: dict[str, Any]) -> None:
    names = [node["name"] for node in manifest["unit_tests"].values()]

    assert len(names) > 100
    assert [name for name in names if len(name) >= 80] == []


def test_no_table_or_view_asks_for_what_its_materialization_does_not_make(manifest):
    """`macros/incremental.sql` fills tables and replaces views on DuckDB, and nothing else."""
    options = ("pre-hook", "post-hook", "grants", "indexes", "sql_header", "partitioned_by", "sorted_by")

    asked = sorted(
        f"{node['name']} asks for {option}"
        for node in models_of(manifest).values()
        if node["config"]["materialized"] in ("incremental", "view")
        for option in options
        if node["config"].get(option)
    )

    assert asked == []
