"""The warehouse's clock: moments that order what happened, whatever the clocks of the machines say.

Which read is newer decides what is deleted, what is overwritten and what a build looks at. The machines that read and
load have clocks of their own, and one may be a year ahead: what it stamped would stand above everything that follows,
until the others' clocks have caught up. So a moment is never earlier than the newest that the warehouse holds; a clock
that is wrong leaves wrong moments behind, and no wrong order.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from mercurios.warehouse.counting import naive
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render

log = logging.getLogger(__name__)

_TICK = timedelta(microseconds=1)
# Clocks of machines that are kept in time differ by less.
_NOTABLE = timedelta(hours=1)


def next_moment(engine: Engine, tenant_id: str, at_least: datetime | None = None) -> datetime:
    """Return a moment, UTC, after every one that the warehouse holds for a tenant, and now where that is later.

    Args:
        engine: the tenant's warehouse, set up.
        tenant_id: the tenant.
        at_least: a moment that it may not precede.
    """
    [found] = engine.fetch_rows(render(engine.dialect, "stamp_newest"), {"tenant_id": tenant_id})
    known = [moment for moment in (found["stamp"], at_least and naive(at_least)) if moment is not None]
    now = naive(datetime.now(UTC))
    if known and max(known) > now + _NOTABLE:
        log.warning(
            "tenant %s: a machine whose clock is ahead has read or loaded at %s UTC; what follows is ordered after it",
            tenant_id,
            max(known),
        )
    return (
        max(now, *(moment + _TICK for moment in known)).replace(tzinfo=UTC)
        if known
        else now.replace(tzinfo=UTC)
    )
