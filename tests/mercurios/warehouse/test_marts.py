"""What the dbt project declares of its marts, and what is refused because it declares too little."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mercurios.quality.suites import History, suites_of
from mercurios.warehouse.marts import MANIFEST, declared, gated_by, marts_of, published_by

META = {"publication": "pipeline", "grain": ["tenant_id", "day"], "gate": "marts"}


def manifest_of(**metas: Any) -> dict[str, Any]:
    """Return a manifest with one mart per name."""
    nodes = {
        f"model.mercurios.{name}": {
            "name": name,
            "resource_type": "model",
            "tags": ["marts"],
            "config": {"meta": meta},
        }
        for name, meta in metas.items()
    }
    return {"nodes": nodes, "sources": {}}


def test_a_new_mart_with_meta_is_published_and_gated(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest_of(a_mart=META, another={**META, "gate": None})), encoding="utf-8")

    assert published_by("pipeline", path) == ("a_mart", "another")
    assert published_by("forecast", path) == ()
    assert gated_by("marts", path) == ("a_mart",)
    assert declared(path)["a_mart"].grain == ("tenant_id", "day")


@pytest.mark.parametrize(
    ("meta", "key"),
    [
        ({}, "publication"),
        ({**META, "publication": "hourly"}, "publication"),
        ({"publication": "pipeline"}, "grain"),
        ({**META, "grain": ["day"]}, "grain"),
        ({**META, "gate": "raw"}, "gate"),
    ],
)
def test_a_mart_without_its_meta_is_refused_by_name(meta: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=rf"mart a_mart: config\.meta\.{key} in its YAML"):
        marts_of(manifest_of(a_mart=meta))


def test_a_missing_manifest_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"make include/dbt/target/manifest\.json"):
        published_by("pipeline", tmp_path / "manifest.json")


def test_an_unknown_publication_is_refused() -> None:
    with pytest.raises(ValueError, match="publication 'hourly' is unknown"):
        published_by("hourly")


def test_a_manifest_that_was_made_again_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest_of(a_mart=META)), encoding="utf-8")
    before = published_by("pipeline", path)
    path.write_text(json.dumps(manifest_of(a_mart=META, b_mart=META)), encoding="utf-8")

    assert (before, published_by("pipeline", path)) == (("a_mart",), ("a_mart", "b_mart"))


def test_every_mart_of_the_project_declares_its_grain_as_its_key_test_does() -> None:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    tested = {
        node["attached_node"].rpartition(".")[2]: tuple(node["test_metadata"]["kwargs"]["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "key"
    }
    marts = {name: mart.grain for name, mart in declared().items() if mart.publication == "pipeline"}

    assert len(marts) >= 29
    assert marts == {name: tested.get(name) for name in marts}


@pytest.mark.parametrize("gate", ["marts", "forecast"])
def test_every_gated_mart_has_a_suite_with_its_grain(gate: str) -> None:
    keys = {suite.table: suite.key for suite in suites_of(gate, "mini", History())}

    assert keys == {name: declared()[name].grain for name in gated_by(gate)}
    assert keys
