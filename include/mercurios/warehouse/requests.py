"""What an operator may ask of the next run: read completely, delete what is missing, accept another source."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from mercurios.sources.contract import Contract
from mercurios.sources.registry import CONTRACTS
from mercurios.warehouse.clock import next_moment
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render

log = logging.getLogger(__name__)


def request_resync(
    engine: Engine,
    tenant_id: str,
    resources: Sequence[str],
    requested_by: str,
    contract: Contract | None = None,
) -> None:
    """Forget how far collections were read, so that the next run of the pipeline reads them completely.

    The request stands until a complete read that began after it is loaded, however many runs fail before.

    Args:
        engine: the tenant's warehouse, set up.
        tenant_id: the tenant.
        resources: names of collections; nested resources come with the one around them.
        requested_by: who asked, for people who read the bookkeeping.
        contract: of the tenant's source; None takes any source's.

    Raises:
        ValueError: a name is no collection.
    """
    check_collections(resources, contract)
    with engine.transaction():
        note_resync(engine, tenant_id, resources, requested_by, next_moment(engine, tenant_id))


def approve_deletes(
    engine: Engine,
    tenant_id: str,
    resources: Sequence[str],
    approved_by: str,
    contract: Contract | None = None,
) -> None:
    """Approve that rows which the source no longer shows are deleted, however many, and have them read again.

    The loader keeps rows when a complete read misses so many that the response is doubted. An approval lets the next
    complete read that begins after it delete what it misses, and is used up by it. The next run makes that read.

    Args:
        engine: the tenant's warehouse, set up.
        tenant_id: the tenant.
        resources: names of collections; nested resources come with the one around them.
        approved_by: who looked, for people who read the bookkeeping.
        contract: of the tenant's source; None takes any source's.

    Raises:
        ValueError: a name is no collection.
    """
    check_collections(resources, contract)
    now = next_moment(engine, tenant_id)
    with engine.transaction():
        note_resync(engine, tenant_id, resources, approved_by, now)
        note_approval(engine, tenant_id, resources, approved_by, now)


def forget_source(engine: Engine, tenant_id: str) -> str | None:
    """Forget which API a tenant was read from, and return it: the next load notes the one its run has read."""
    key = {"tenant_id": tenant_id}
    with engine.transaction():
        found = engine.fetch_rows(render(engine.dialect, "source_known"), key)
        engine.execute(render(engine.dialect, "source_forget"), key)
    return found[0]["source"] if found else None


def check_collections(names: Sequence[str], contract: Contract | None = None) -> None:
    """Make sure that every name is a resource that a source reads by itself.

    Args:
        names: what is asked for; nested resources come with the one around them.
        contract: of the tenant's source; None takes any source's.

    Raises:
        ValueError: a name is unknown; the message lists the known ones.
    """
    contracts = CONTRACTS.values() if contract is None else (contract,)
    known = {name for each in contracts for name in each.collections}
    unknown = sorted(set(names) - known)
    if unknown:
        raise ValueError(
            f"unknown resource {', '.join(unknown)}; known resources: {', '.join(sorted(known))}"
        )


def check_resources(names: Sequence[str], contract: Contract) -> None:
    """Make sure that every name is a resource of a tenant's source, nested ones included.

    Raises:
        ValueError: a name is not a resource; the message lists those that are.
    """
    unknown = sorted(set(names) - set(contract.resources))
    if unknown:
        raise ValueError(
            f"unknown resource {', '.join(unknown)}; known resources: {', '.join(sorted(contract.resources))}"
        )


def note_resync(
    engine: Engine, tenant_id: str, resources: Sequence[str], requested_by: str, now: datetime
) -> None:
    """Note a request for complete reads, in the caller's transaction."""
    for name in sorted(set(resources)):
        key = {"tenant_id": tenant_id, "resource": name}
        request = {**key, "requested_by": requested_by, "requested_at": now.replace(tzinfo=None)}
        engine.execute(render(engine.dialect, "resync_insert"), request)
        engine.execute(render(engine.dialect, "watermark_forget"), key)
        log.info("%s: the next read is complete (asked for by %s)", name, requested_by)


def note_approval(
    engine: Engine, tenant_id: str, resources: Sequence[str], approved_by: str, now: datetime
) -> None:
    """Note an approval of deletes, in the caller's transaction."""
    for name in sorted(set(resources)):
        approval = {
            "tenant_id": tenant_id,
            "resource": name,
            "approved_by": approved_by,
            "approved_at": now.replace(tzinfo=None),
        }
        engine.execute(render(engine.dialect, "delete_approval_insert"), approval)
        log.info(
            "%s: rows that the next complete read misses are deleted (approved by %s)", name, approved_by
        )
