"""Beginning a run: a new fence, and the plan that says where every resource continues."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mercurios.landing.manifest import Manifest
from mercurios.landing.plan import ResourcePlan, RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.contract import Resource
from mercurios.sources.settings import Mode
from mercurios.warehouse.clock import next_moment
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.life import beginnings
from mercurios.warehouse.requests import check_collections, note_approval, note_resync
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa

    from mercurios.tenants import Tenant
    from mercurios.tenants.run import Run

log = logging.getLogger(__name__)

# Runs begin a little earlier or later than the hour; one that is early must not put a read off to the next.
_EARLY = timedelta(minutes=10)


def begin_run(
    engine: Engine,
    store: LandingStore,
    tenant: Tenant,
    run: Run,
    resync: Sequence[str] = (),
    accept_deletes: Sequence[str] = (),
) -> str:
    """Register a start of the run and write its plan.

    Args:
        engine: the tenant's warehouse, set up.
        store: the landing area.
        tenant: whose settings decide how each resource is read.
        run: the run; beginning it again outdates what its earlier starts landed.
        resync: collections to read completely, whatever the watermark says.
        accept_deletes: collections to read completely and whose missing rows are deleted, however many they are.

    Returns:
        URL of the plan.

    Raises:
        ValueError: a name is no collection.
    """
    check_collections([*resync, *accept_deletes], tenant.source.contract)
    now = next_moment(engine, tenant.id)
    parameters = {**run.parameters(), "started_at": now.replace(tzinfo=None)}
    with engine.transaction():
        requested_by = f"{run.dag_id}, run {run.run_id}"
        engine.claim(tenant.id)
        # This statement comes first, as a load locks the run first.
        engine.execute(render(engine.dialect, "run_begin"), parameters)
        begins = beginnings(engine, tenant)
        # Rows from before the beginning leave the warehouse with a complete read, which sets them aside.
        strays = [name for name, beginning in begins.items() if beginning.has_strays]
        note_resync(engine, tenant.id, [*resync, *accept_deletes, *strays], requested_by, now)
        note_approval(engine, tenant.id, accept_deletes, requested_by, now)
        [found] = engine.fetch_rows(render(engine.dialect, "run_fence"), parameters)
        [attempts] = engine.fetch_rows(render(engine.dialect, "ledger_attempts"), parameters)
        standing = engine.fetch_rows(render(engine.dialect, "watermarks"), {"tenant_id": tenant.id})
        seen = engine.fetch_rows(render(engine.dialect, "run_clock_last"), parameters)
    fence = int(found["fence"])
    resources = _plans(engine, store, tenant, run, fence, standing, datetime.now(UTC).replace(tzinfo=None))
    for name, beginning in ((name, begins[name]) for name in begins.keys() & resources.keys()):
        resources[name] = resources[name].model_copy(update={"first_day": beginning.first_day})
    plan = RunPlan(
        tenant_id=run.tenant_id,
        run_id=run.run_id,
        fence=fence,
        attempts=int(attempts["attempts"]),
        time_zone=tenant.time_zone,
        not_before=now,
        source_seen=seen[0]["source_now"].replace(tzinfo=UTC) if seen else None,
        seen_at=seen[0]["started_at"].replace(tzinfo=UTC) if seen else None,
        resources=resources,
    )
    return plan.write(store)


def _plans(
    engine: Engine,
    store: LandingStore,
    tenant: Tenant,
    run: Run,
    fence: int,
    standing: list[dict[str, Any]],
    now: datetime,
) -> dict[str, ResourcePlan]:
    state = {row["resource"]: row for row in standing}
    plans = {}
    contract = tenant.source.contract
    for resource in contract.resources.values():
        row = state.get(resource.name)
        if resource.child_of is None and is_due(tenant, resource, row, now):
            # What is known stays known in a resync: without it no read would notice rows that it was not shown.
            known = _write_known(engine, store, tenant, run, fence, resource) if row else None
            reached = row if row and not row["resync_pending"] else {}
            cursor, complete_at = reached.get("cursor_value"), reached.get("last_complete_at")
            plan = plan_resource(tenant, resource, cursor, complete_at, now)
            plans[resource.name] = plan.model_copy(update={"known_url": known})
    return plans


def is_due(tenant: Tenant, resource: Resource, standing: Mapping[str, Any] | None, now: datetime) -> bool:
    """Return whether a run reads a resource: its last read is not good any more, or a person asked for one.

    Args:
        tenant: whose settings decide.
        resource: what is read.
        standing: how far it was read (`watermarks.sql`); None before its first complete read.
        now: our clock, UTC without zone.
    """
    interval = tenant.source.interval_of(resource.name)
    read_at = standing["last_read_at"] if standing else None
    if not interval or standing is None or standing["resync_pending"] or read_at is None:
        return True
    # Where our clock was ahead at that read, no one knows when it was.
    good_until = read_at + interval - _EARLY
    if read_at > now or now >= good_until:
        return True
    log.info("%s: read at %s UTC, not asked for before %s", resource.name, read_at, good_until)
    return False


def adopt_run(engine: Engine, manifest: Manifest, dag_id: str) -> None:
    """Make a warehouse that did not begin a manifest's run accept it; a run it knows keeps its own fence.

    Raises:
        WarehouseError: the warehouse is another tenant's.
    """
    parameters = {
        "tenant_id": manifest.tenant_id,
        "run_id": manifest.run_id,
        "dag_id": dag_id,
        "fence": manifest.fence,
        "started_at": manifest.extracted_at.replace(tzinfo=None),
    }
    with engine.transaction():
        engine.claim(manifest.tenant_id)
        engine.execute(render(engine.dialect, "run_adopt"), parameters)


def plan_resource(
    tenant: Tenant, resource: Resource, cursor: datetime | None, complete_at: datetime | None, now: datetime
) -> ResourcePlan:
    """Decide how one resource is read.

    The first read is complete, and so is one after `full_read_after` without a complete one, whatever the mode:
    that is what finds rows deleted without a trace. In between `changed` starts at the watermark less the
    overlap.

    Args:
        tenant: whose settings decide.
        resource: what is read.
        cursor: the watermark, UTC without zone.
        complete_at: when the last complete read was loaded, UTC without zone.
        now: our clock, UTC without zone.
    """
    settings = tenant.source
    mode = settings.mode_of(resource.name)
    if resource.cursor is None or cursor is None or complete_at is None:
        return ResourcePlan(mode=Mode.SCAN if resource.cursor is None else mode)
    # A read that is still to come was noted by a clock that is ahead: no one knows when it was.
    if mode == Mode.SCAN or complete_at > now or now - complete_at >= settings.full_read_after:
        return ResourcePlan(mode=Mode.SCAN)
    return ResourcePlan(mode=mode, since=cursor.replace(tzinfo=UTC) - settings.overlap)


def _write_known(
    engine: Engine, store: LandingStore, tenant: Tenant, run: Run, fence: int, resource: Resource
) -> str | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [_known(engine, tenant, member) for member in tenant.source.contract.family_of(resource.name)]
    known = pa.concat_tables(tables)
    if not known.num_rows:
        return None
    path = RunPlan.path(run.tenant_id, run.run_id, f"known-{fence}-{resource.table}.parquet")
    with store.create(path) as handle:
        # Hashes are no smaller when they are compressed or looked up in a dictionary.
        pq.write_table(known, handle, compression="none", use_dictionary=["resource"])
    return store.address(path)


def _known(engine: Engine, tenant: Tenant, resource: Resource) -> pa.Table:
    import pyarrow as pa

    table = engine.fetch_arrow(
        render(engine.dialect, "known_hashes", table=resource.table),
        {"resource": resource.name, "tenant_id": tenant.id},
    )
    for name in ("key64", "hash64"):
        if pa.types.is_string(table.schema.field(name).type):
            table = table.set_column(table.schema.get_field_index(name), name, _numbers(table.column(name)))
    return table.cast(pa.schema([("resource", pa.string()), ("key64", pa.uint64()), ("hash64", pa.uint64())]))


def _numbers(digits: pa.ChunkedArray) -> pa.Array:
    """Return 16 hexadecimal digits each as a number, for an engine that has no such number itself."""
    import numpy as np
    import pyarrow as pa

    return pa.array(np.frombuffer(bytes.fromhex("".join(digits.to_pylist())), dtype=">u8").astype("u8"))
