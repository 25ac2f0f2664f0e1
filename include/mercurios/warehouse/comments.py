"""Descriptions where people browse: what dbt says of a table and its columns, as comments in the warehouse.

dbt can write them itself, but then again in every run, for every model, and for neither RAW nor what readers see. Here
one query finds what is described otherwise, and only that is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mercurios.warehouse.engine import Engine
from mercurios.warehouse.marts import MANIFEST, parsed
from mercurios.warehouse.sql import render, statements

# Where a relation lies: schema and name.
Place = tuple[str, str]
# Texts of a relation by column; None is the relation itself.
Texts = dict[str | None, str]

ANALYTICS, PUBLISHED = "analytics", "published"


@dataclass(frozen=True)
class Change:
    """What a relation is described as otherwise than it should be.

    Attributes:
        comment: the relation's own text; None when it is right.
        columns: texts by column, those that are right left out.
    """

    schema: str
    table: str
    kind: str
    comment: str | None
    columns: Mapping[str, str]


def describe(engine: Engine, database: str | None = None, manifest: Path = MANIFEST) -> int:
    """Bring the comments of a database's relations to what dbt says of them, and return how many relations changed.

    Args:
        engine: the warehouse.
        database: an attached database; None for the warehouse itself.
        manifest: the parsed dbt project.

    Raises:
        FileNotFoundError: the dbt project was not parsed.
        WarehouseError: a statement failed; what was written before stays.
    """
    present = engine.fetch_rows(render(engine.dialect, "comments"), {"database": database})
    found = changes(texts_of(parsed(manifest)), present)
    for change in found:
        script = render(engine.dialect, "comments_set", database=database, **vars(change))
        for statement in statements(script):
            engine.execute(statement)
    return len(found)


def texts_of(manifest: Mapping[str, Any]) -> dict[Place, Texts]:
    """Return the texts of every relation of a parsed project; readers see those of the marts."""
    texts: dict[Place, Texts] = {}
    for node in _relations(manifest):
        columns = {name.lower(): _line(column["description"]) for name, column in node["columns"].items()}
        described = {None: _line(node["description"]), **columns}
        texts[node["schema"], node.get("identifier") or node["name"]] = {
            name: text for name, text in described.items() if text
        }
    marts = {(PUBLISHED, name): text for (schema, name), text in texts.items() if schema == ANALYTICS}
    return texts | marts


def changes(texts: Mapping[Place, Texts], present: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Return what relations are described as otherwise than they should be.

    Args:
        texts: texts by place.
        present: rows of `comments.sql`.
    """
    differing: dict[tuple[str, str, str], Texts] = {}
    for row in present:
        place = (row["schema_name"], row["relation"])
        wanted = texts.get(place, {}).get(row["column_name"])
        if wanted is not None and wanted != row["comment"]:
            differing.setdefault((*place, row["kind"]), {})[row["column_name"]] = wanted
    return [
        Change(*key, comment=found.get(None), columns={name: text for name, text in found.items() if name})
        for key, found in sorted(differing.items())
    ]


def _relations(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral":
            yield node
    yield from manifest["sources"].values()


def _line(text: str) -> str:
    return " ".join(text.split())
