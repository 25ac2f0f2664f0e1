"""Every model has an owner, and every reader of a mart outside dbt is known to dbt."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mercurios.sources.registry import every_resource
from mercurios.warehouse.marts import declared

ROOT = Path(__file__).parents[2]
READERS = (ROOT / "include" / "sql", ROOT / "include" / "mercurios", ROOT / "include" / "mercurios_demo")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The parsed project."""
    text = (ROOT / "include" / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def exposed(manifest: Mapping[str, Any]) -> set[str]:
    """Return the marts that exposures read."""
    return {
        unique_id.rpartition(".")[2]
        for exposure in manifest["exposures"].values()
        for unique_id in exposure["depends_on"]["nodes"]
    }


def named_in(folders: tuple[Path, ...], marts: set[str]) -> set[str]:
    """Return the marts that files in these folders name."""
    words: set[str] = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in (".py", ".sql", ".jinja"):
                words |= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return marts & words


def test_every_model_belongs_to_a_group_with_an_owner(manifest: dict[str, Any]) -> None:
    owners = {group["name"]: group["owner"]["name"] for group in manifest["groups"].values()}

    without = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and not owners.get(node["config"].get("group"))
    ]

    assert without == []


def test_every_mart_that_is_read_outside_dbt_is_in_an_exposure(manifest: dict[str, Any]) -> None:
    read = named_in(READERS, set(declared()))

    assert len(read) > 10
    assert read - exposed(manifest) == set(), "name the reader in include/dbt/models/_exposures.yml"


def test_exposures_read_published_marts_only(manifest: dict[str, Any]) -> None:
    assert exposed(manifest) - set(declared()) == set()


def test_every_exposure_names_its_owner_and_what_it_is(manifest: dict[str, Any]) -> None:
    incomplete = [
        exposure["name"]
        for exposure in manifest["exposures"].values()
        if not (exposure["owner"].get("name") and exposure["description"] and exposure["label"])
    ]

    assert incomplete == []


def test_every_source_with_a_cursor_says_when_it_is_stale(manifest: dict[str, Any]) -> None:
    tables = {source["name"]: source for source in manifest["sources"].values()}
    changing = [each.table for each in every_resource().values() if each.cursor]

    silent = [name for name in changing if not tables[name]["freshness"]["error_after"]["count"]]

    assert len(changing) > 15
    assert silent == []
