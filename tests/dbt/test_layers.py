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
# A longer model holds more than one idea: split it into ephemeral models `int_...`.
LINES = 120
# Those that are still longer, with their length: it may shrink and never grow.
LONGER = {
    "inventory_issue": 244,
    "replenishment_level": 237,
    "inventory_measure": 218,
    "int_stock_weekly": 214,
    "inventory_position": 214,
    "markdown_candidate": 190,
    "supplier_lead_time": 190,
    "replenishment_policy": 186,
    "inventory_status": 147,
    "demand_outlook": 145,
    "inventory_daily": 144,
    "int_articles_named": 141,
    "stock_out_spells": 140,
    "replenishment_transfer": 137,
    "stock_age": 134,
    "int_sales_netted": 129,
    "article_class": 128,
    "dim_date": 127,
    "fct_demand_weekly": 127,
    "size_curve": 124,
}

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


def too_long(models: Path, longer: Mapping[str, int]) -> list[str]:
    """Return the models that have more lines than they may, and the exceptions that are longer than needed."""
    lines = {path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in models.rglob("*.sql")}
    found = [
        f"{name} has {count} lines; at most {longer.get(name, LINES)} are allowed"
        for name, count in lines.items()
        if count > longer.get(name, LINES)
    ]
    found += [
        f"{name} has {lines.get(name, 0)} lines; lower its ceiling of {ceiling}"
        for name, ceiling in longer.items()
        if lines.get(name, 0) < ceiling
    ]
    return sorted(found)


def test_no_model_is_longer_than_it_may_be() -> None:
    assert too_long(PROJECT / "models", LONGER) == []


def test_a_model_that_grows_and_a_ceiling_that_is_too_high_are_found(tmp_path: Path) -> None:
    (tmp_path / "fits.sql").write_text("select 1\n" * LINES)
    (tmp_path / "grew.sql").write_text("select 1\n" * (LINES + 1))
    (tmp_path / "shrank.sql").write_text("select 1\n" * (LINES + 1))

    assert too_long(tmp_path, {"shrank": LINES + 2, "deleted": LINES + 1}) == [
        "deleted has 0 lines; lower its ceiling of 121",
        "grew has 121 lines; at most 120 are allowed",
        "shrank has 121 lines; lower its ceiling of 122",
    ]
