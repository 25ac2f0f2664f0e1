"""Adds rows that are wrong on purpose, for tests of schema drift and quarantine."""

from __future__ import annotations

import orjson

from prohandel_simulator import schema
from prohandel_simulator.changes.book import Book, derived_uuid
from prohandel_simulator.rendering import render_row
from prohandel_simulator.world import World

UNKNOWN_FIELD = "loyaltyTier"
_BROKEN = {"int": "twelve", "dbl": "twelve", "dec2": "n/a", "dt": "31.02.2026", "ts": "yesterday"}


def _breakable(resource: str) -> str:
    spared = {"number", "receiptNumber", "receiptPosition", "seasonNumber"}
    for name, kind in schema.FIELDS[resource]:
        if kind in ("dec2", "dt") and name not in spared:
            return name
    return next(name for name, kind in schema.FIELDS[resource] if kind == "ts")


def add_dirty_rows(
    world: World, resource: str, unknown: int, broken: int, ticks: int
) -> dict[str, list[str]]:
    """Copy rows with new ids: some with an unknown field, some with a value that cannot be read.

    Raises:
        ValueError: there is no such resource, or it has no row to copy.
    """
    collection = world.collections.get(resource)
    if collection is None or not collection.slots:
        raise ValueError(
            f"{resource!r} is no resource with rows; choose among {', '.join(schema.RESOURCES)}."
        )
    added: dict[str, list[str]] = {"unknown_field": [], "unparsable": []}
    kinds = dict(schema.FIELDS[resource])
    for number in range(unknown + broken):
        row = collection.read(int(collection.visible[number % len(collection.visible)]))
        row["id"] = derived_uuid(world.name, world.seed, "dirty", resource, collection.slots)
        if resource == "sale":
            # The receipt key stays unique.
            row["receiptPosition"] += 9000 + number
        if "lastChange" in kinds:
            row["lastChange"] = Book(world).stamp(ticks)
        text = render_row(resource, row)
        if number < unknown:
            text = text[:-1] + f',"{UNKNOWN_FIELD}":{orjson.dumps("gold").decode()}}}'.encode()
            added["unknown_field"].append(row["id"])
        else:
            name = _breakable(resource)
            good = render_row(resource, {**row, name: None if kinds[name] in ("dt", "ts") else row[name]})
            start = good.index(f'"{name}":'.encode()) + len(name) + 3
            stop = good.index(b",", start)
            text = good[:start] + orjson.dumps(_BROKEN[kinds[name]]) + good[stop:]
            added["unparsable"].append(row["id"])
        collection.add(row, ticks, raw=text)
    return added
