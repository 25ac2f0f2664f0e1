"""Deletions at the source that only a complete read can find: a row that it does not show is deleted.

A broken response looks the same as a clearance at the shop. Where so many rows are missing that the response is
doubted, they stay until a person has looked and confirms that they are deleted.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from mercurios.landing.manifest import Manifest
from mercurios.sources.contract import Resource
from mercurios.warehouse.counting import count, naive, scalar
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.schema import KEY_COLUMNS, typed
from mercurios.warehouse.sql import render

log = logging.getLogger(__name__)

# A complete read that misses more than this share of the active rows is taken for a broken response of the API.
DELETE_GUARD_SHARE = 0.5
DELETE_GUARD_ROWS = 20

CLOCKS_APART = timedelta(minutes=15)
"""How far the clock of the API's responses may be ahead of the one that stamps its rows: two machines keep them. What
changed within this of a read's beginning may have appeared behind the reader, so the read says nothing of it."""


@dataclass(frozen=True)
class CompleteRead:
    """A read that showed all rows of a resource and was accepted as complete: what it did not show was deleted by then.

    Attributes:
        extracted_at: when it began, by our clock, UTC.
        source_now: when it began, by the source's.
    """

    extracted_at: datetime
    source_now: datetime | None

    def overtakes(self, manifest: Manifest) -> bool:
        """Return whether it began after the read of a manifest.

        Such a read has judged every row already: an older one that is loaded later says nothing of what is deleted, and
        its newest row may be one that the newer read has missed, on which no watermark can stand.
        """
        return self.extracted_at > naive(manifest.extracted_at)


def newest_complete_read(engine: Engine, manifest: Manifest, resource: Resource) -> CompleteRead | None:
    """Return the newest complete read of a resource that RAW holds, other than this one."""
    key = {"tenant_id": manifest.tenant_id, "resource": resource.name}
    rows = engine.fetch_rows(render(engine.dialect, "complete_read_newest"), key)
    return CompleteRead(**rows[0]) if rows else None


def count_active(engine: Engine, manifest: Manifest, resource: Resource) -> int:
    """Return how many active rows RAW holds of a resource; to be asked before the merge adds to them."""
    sql = render(engine.dialect, "count_active", table=resource.table)
    return scalar(engine, sql, {"tenant_id": manifest.tenant_id})


def delete_vanished(
    engine: Engine, manifest: Manifest, resource: Resource, active: int, loaded_at: datetime
) -> tuple[int, int]:
    """Mark as deleted what a complete read no longer shows.

    Args:
        engine: the warehouse, in the load's transaction, the resource's rows staged and merged.
        manifest: of a complete read.
        resource: whose rows.
        active: active rows before the merge: those that this read brought say nothing for those that it misses.
        loaded_at: the load's time.

    Returns:
        How many rows were marked, and how many were held for review.
    """
    # No row was active before, so whatever is active now is in this read.
    if not active:
        return 0, 0
    keys = manifest.parts_of(resource.name, "keys")
    engine.stage_files("stage_keys", typed(KEY_COLUMNS, engine.dialect), [part.url for part in keys])
    read = {
        "tenant_id": manifest.tenant_id,
        "read_at": naive(manifest.extracted_at),
        "source_now": naive(manifest.source_now) - CLOCKS_APART,
    }
    engine.execute(
        render(engine.dialect, "vanished", table=resource.table, cursor=resource.cursor_column), read
    )
    vanished = count(engine, f"vanished_{resource.table}")
    if not vanished:
        return 0, 0
    if too_many_to_delete(vanished, active) and not _accepted(engine, manifest):
        log.warning(
            "%s: the source no longer shows %d of %d rows; so many are taken for a broken response, none is deleted "
            "until a person accepts it (accept_deletes)",
            resource.name,
            vanished,
            active,
        )
        return 0, vanished
    engine.execute(
        render(engine.dialect, "delete_vanished", table=resource.table), {**read, "loaded_at": loaded_at}
    )
    return vanished, 0


def too_many_to_delete(vanished: int, active: int) -> bool:
    """Return whether so many rows are missing that the response is doubted rather than the rows.

    Args:
        vanished: active rows that the read did not show.
        active: all active rows before the read; when none was shown, the response is doubted however few they are.
    """
    return vanished >= active or (vanished > DELETE_GUARD_ROWS and vanished > DELETE_GUARD_SHARE * active)


def use_up_approvals(engine: Engine, manifest: Manifest, loaded_at: datetime) -> None:
    """Let a complete read use up the approvals from before it began, whether it needed them or not."""
    if manifest.complete:
        use = {**_approvals(manifest), "run_id": manifest.run_id, "loaded_at": loaded_at}
        engine.execute(render(engine.dialect, "delete_approval_use"), use)


def _accepted(engine: Engine, manifest: Manifest) -> bool:
    return scalar(engine, render(engine.dialect, "delete_approval_waiting"), _approvals(manifest)) > 0


def _approvals(manifest: Manifest) -> dict[str, object]:
    return {
        "tenant_id": manifest.tenant_id,
        "resource": manifest.resource,
        "extracted_at": naive(manifest.extracted_at),
    }
