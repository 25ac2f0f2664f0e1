"""The changelog of fields that are not as their contract says.

A change is news once: when it begins. It begins again only after a read of the whole list has shown that it was over,
because any other read shows some of the rows, and a field may differ in the others.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime

from mercurios.landing.manifest import Manifest
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render

RETURNED = "returned"
"""The change of a field that is as its contract says again."""

log = logging.getLogger(__name__)

Change = tuple[str, str, str]
"""Resource, field and what happened to it."""


def record_drift(engine: Engine, manifest: Manifest, loaded_at: datetime) -> None:
    """Note which fields began to differ from their contract, and which no longer do.

    Args:
        engine: the warehouse, in the transaction of the rows.
        manifest: what was read.
        loaded_at: when it is loaded, UTC without a zone.
    """
    found: dict[Change, int] = {
        (each.resource, each.field, each.change): each.rows for each in manifest.drift
    }
    for (name, field, change), rows in found.items():
        log.warning("%s: field %s %s in %d rows", name, field, change, rows)
    if not found and not manifest.complete:
        return
    tenant = {"tenant_id": manifest.tenant_id}
    known = {
        (row["resource"], row["column_name"], row["change"])
        for row in engine.fetch_rows(render(engine.dialect, "drift_open"), tenant)
    }
    read = {name for name, counts in manifest.counts.items() if manifest.complete and counts.extracted}
    news = {each: rows for each, rows in found.items() if each not in known}
    news |= dict.fromkeys(those_over(known, found, read), 0)
    for (name, field, change), rows in sorted(news.items()):
        what = {"resource": name, "column_name": field, "change": change, "row_count": rows}
        run = {"run_id": manifest.run_id, "detected_at": loaded_at}
        engine.execute(render(engine.dialect, "drift_insert"), {**tenant, **what, **run})


def those_over(known: Collection[Change], found: Collection[Change], read: Collection[str]) -> set[Change]:
    """Return the fields that are as their contract says again.

    Args:
        known: changes by the changelog, those that are over left out.
        found: changes that a read found.
        read: resources whose rows the read showed, all of them.
    """
    differing = {(name, field) for name, field, _ in found}
    return {
        (name, field, RETURNED) for name, field, _ in known if name in read and (name, field) not in differing
    }
