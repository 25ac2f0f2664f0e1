"""The marts of schema `analytics` as the dbt project declares them: publication, grain and gate.

Each mart says so in the `meta` of its YAML, the tables of the forecast in that of their source. The manifest is read
when a task runs, never while DAGs are parsed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).resolve().parents[2] / "dbt" / "target" / "manifest.json"
# The DAG that makes a mart and may therefore publish it, and the gates that stand before a publication.
PUBLICATIONS = ("pipeline", "forecast")
GATES = ("marts", "forecast")


@dataclass(frozen=True)
class Mart:
    """A table that readers see.

    Attributes:
        publication: the DAG that makes and publishes it.
        grain: the columns that identify a row, the tenant first.
        gate: the quality gate that checks it; None when dbt's own tests are enough.
    """

    name: str
    publication: str
    grain: tuple[str, ...]
    gate: str | None = None


def published_by(publication: str, manifest: Path = MANIFEST) -> tuple[str, ...]:
    """Return the marts that a DAG publishes.

    Raises:
        ValueError: no DAG has this name, or a mart is declared wrongly.
    """
    if publication not in PUBLICATIONS:
        raise ValueError(
            f"publication {publication!r} is unknown; publications are {' and '.join(PUBLICATIONS)}"
        )
    return tuple(mart.name for mart in declared(manifest).values() if mart.publication == publication)


def gated_by(gate: str, manifest: Path = MANIFEST) -> tuple[str, ...]:
    """Return the marts that a gate checks; none for a gate that checks no marts."""
    return tuple(mart.name for mart in declared(manifest).values() if mart.gate == gate)


def declared(manifest: Path = MANIFEST) -> Mapping[str, Mart]:
    """Return every mart by its name.

    Raises:
        FileNotFoundError: the dbt project was not parsed.
        ValueError: a mart does not say what it has to.
    """
    return marts_of(parsed(manifest))


def parsed(manifest: Path = MANIFEST) -> Mapping[str, Any]:
    """Return the parsed dbt project.

    Raises:
        FileNotFoundError: the dbt project was not parsed.
    """
    try:
        changed = manifest.stat().st_mtime_ns
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{manifest} is missing, which says what is published: make it with "
            "`make include/dbt/target/manifest.json`"
        ) from error
    return _read(manifest, changed)


@lru_cache(maxsize=1)
def _read(manifest: Path, changed: int) -> Mapping[str, Any]:
    project: Mapping[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    return project


def marts_of(manifest: Mapping[str, Any]) -> dict[str, Mart]:
    """Return the marts of a parsed manifest by their names.

    Raises:
        ValueError: a mart does not say what it has to.
    """
    marts = [_mart(str(node["name"]), node["config"].get("meta") or {}) for node in _nodes(manifest)]
    return {mart.name: mart for mart in sorted(marts, key=lambda mart: mart.name)}


def _nodes(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and "marts" in node["tags"]:
            yield node
    for node in manifest["sources"].values():
        if node["schema"] == "analytics":
            yield node


def _mart(name: str, meta: Mapping[str, Any]) -> Mart:
    publication, grain, gate = (meta.get(key) for key in ("publication", "grain", "gate"))
    if publication not in PUBLICATIONS:
        raise ValueError(_wrong(name, "publication", publication, PUBLICATIONS))
    if not isinstance(grain, list) or grain[:1] != ["tenant_id"]:
        raise ValueError(_wrong(name, "grain", grain, ("a list of columns that begins with tenant_id",)))
    if gate is not None and gate not in GATES:
        raise ValueError(_wrong(name, "gate", gate, GATES))
    return Mart(name, publication, tuple(grain), gate)


def _wrong(name: str, key: str, found: object, expected: tuple[str, ...]) -> str:
    return (
        f"mart {name}: config.meta.{key} in its YAML in include/dbt/models is {found!r}; "
        f"expected {' or '.join(expected)}"
    )
