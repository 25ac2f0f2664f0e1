"""Whether a run has anything to build: what was loaded, set and asked for since the last publication.

A run that finds all as it was published ends here. Readers learn that what they see was verified, and what time alone
can make wrong, the age of each source, is judged as its gate does, without the library that takes seconds to import.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mercurios.quality.gate import judge_ages
from mercurios.warehouse.basis import Basis, changed_members
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.publication import has_readers, verify
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from mercurios.tenants import Tenant
    from mercurios.tenants.run import Run

log = logging.getLogger(__name__)


def reason_to_skip(engine: Engine, run: Run, basis: Basis) -> str | None:
    """Return why a run need not build: all is as at the last publication of its DAG; None where it must.

    Args:
        engine: the tenant's warehouse.
        run: the run, after its load.
        basis: what it would build from.
    """
    published = _newest(engine, run)
    if published is None:
        log.info("nothing is published yet")
        return None
    if published["basis"] is None:
        log.info("run %s published without a note of what it was made from", published["run_id"])
        return None
    changed = changed_members(json.loads(published["basis"]), basis)
    if changed:
        log.info("changed since run %s published: %s", published["run_id"], ", ".join(changed))
        return None
    if not has_readers(engine, run, published["run_id"]):
        log.info("what readers see is not the good publication of run %s", published["run_id"])
        return None
    at = f"{published['published_at']:%Y-%m-%d %H:%M} UTC"
    return f"nothing has changed since run {published['run_id']} published at {at}"


def is_of_another_release(engine: Engine, run: Run, basis: Basis) -> bool:
    """Return whether the last publication of a run's DAG was made by another release, or by one that is not known.

    Builds compare rows with what they are made from, not with the statements that make them: after a release, history
    must be made again.

    Args:
        engine: the tenant's warehouse.
        run: the run.
        basis: what it would build from.
    """
    published = _newest(engine, run)
    if published is None or published["basis"] is None:
        return True
    return "product" in changed_members(json.loads(published["basis"]), basis)


def note_outcome(engine: Engine, tenant: Tenant, run: Run, reason: str | None) -> None:
    """Note that a run goes on, or that it ends here with what is published verified and the age of each source judged.

    Args:
        engine: the tenant's warehouse.
        tenant: the tenant.
        run: the run.
        reason: why it ends here; None where it goes on.
    """
    if reason is None:
        _note(engine, run, None)
        return
    judge_ages(engine, run, tenant.source.contract)
    verify(engine, run, datetime.now(UTC))
    _note(engine, run, reason)


def _newest(engine: Engine, run: Run) -> dict[str, Any] | None:
    newest = engine.fetch_rows(render(engine.dialect, "publication_newest"), run.parameters())
    return newest[0] if newest else None


def _note(engine: Engine, run: Run, reason: str | None) -> None:
    values: dict[str, Any] = {**run.parameters(), "skip_reason": reason}
    engine.execute(render(engine.dialect, "run_skip"), values)
