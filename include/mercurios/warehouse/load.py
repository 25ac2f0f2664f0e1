"""The loader: what a manifest lists becomes rows of RAW, ledger and watermark in one transaction.

Transport is at least once, the effect exactly once: a manifest may be loaded again, late or after a newer one,
and RAW stays what the source showed last. Nothing is decided by file names or times of files; only what a
manifest of the run's newest start lists exists.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mercurios.landing.manifest import Manifest
from mercurios.landing.store import LandingStore
from mercurios.sources.contract import ColumnType, Meaning, Resource
from mercurios.sources.registry import every_resource
from mercurios.warehouse.clock import next_moment
from mercurios.warehouse.counting import count, naive, scalar
from mercurios.warehouse.deletes import (
    CLOCKS_APART,
    CompleteRead,
    count_active,
    delete_vanished,
    newest_complete_read,
    use_up_approvals,
)
from mercurios.warehouse.drift import record_drift
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.hash_key import check_key
from mercurios.warehouse.schema import QUARANTINE_COLUMNS, landed_columns, transient_relations, typed
from mercurios.warehouse.sql import render, statements

if TYPE_CHECKING:
    from mercurios.tenants.run import Run

log = logging.getLogger(__name__)


class FencedError(WarehouseError):
    """The run was started again after this attempt began; what it landed may no longer be loaded."""


class TenantGuardError(WarehouseError):
    """What was landed for a tenant belongs to another one."""


@dataclass(frozen=True)
class LedgerRow:
    """What happened to one resource's rows: extracted = loaded + quarantined + superseded.

    Attributes:
        deleted: rows of RAW that a complete read no longer showed, now marked as deleted.
        held_for_review: the same, but too many to delete unseen: they stay until a person accepts them.
        late: loaded rows whose cursor the watermark had passed before, which incremental reads may have missed.
    """

    resource: str
    extracted: int
    loaded: int
    quarantined: int
    superseded: int
    deleted: int
    held_for_review: int = 0
    late: int = 0

    def counts(self) -> dict[str, int]:
        """Return the numbers without the resource's name."""
        return {name: value for name, value in asdict(self).items() if name != "resource"}


def load_manifest(
    engine: Engine, store: LandingStore, url: str, *, time_zone: str, run: Run | None = None
) -> list[LedgerRow]:
    """Load one manifest.

    Args:
        engine: the tenant's warehouse, set up.
        store: the landing area.
        url: the manifest.
        time_zone: the tenant's zone, for the business day of the source's clock.
        run: the run that loads; None where the manifest alone says whose it is, as in a command.

    Returns:
        One ledger row per resource; those of the first load when this attempt was loaded before.

    Raises:
        FencedError: the run was started again since.
        HashKeyChangedError: persons' numbers are hashed with another key than those in the warehouse.
        TenantGuardError: the manifest is of another tenant or run, lists a part outside of its own folder, or a part
            holds rows of another tenant; or another retailer's source was read.
        LandingError: a part of an attempt that is not loaded yet is missing or is not the file the manifest names.
        WarehouseError: a statement failed; nothing of the manifest is loaded.
    """
    manifest = store.read_manifest(url)
    declared = every_resource()
    _check_ids(store, url, manifest, run)
    done = _loaded_before(engine, manifest)
    if done:
        return done
    for part in manifest.parts:
        store.verify(part)
    resources = [declared[name] for name in manifest.counts]
    engine.prepare(transient_relations(resources, engine.dialect))
    with engine.transaction():
        engine.claim(manifest.tenant_id)
        # Staged before the run is locked: copying files takes the most time.
        for resource in resources:
            # A complete read is compared with RAW also where it brought nothing new.
            if not (manifest.complete or _has_rows(manifest, resource)):
                continue
            _stage(engine, manifest, resource)
            _guard_tenant(engine, manifest, resource, resource.table)
        _check_fence(engine, manifest)
        _check_source(engine, manifest)
        check_key(engine, manifest, resources)
        # Read again: only now can no other process be loading it.
        done = _ledger_of(engine, manifest)
        if done:
            return done
        loaded_at = naive(next_moment(engine, manifest.tenant_id, manifest.extracted_at))
        complete = {each.name: newest_complete_read(engine, manifest, each) for each in resources}
        rows = [
            _load_resource(engine, manifest, resource, complete[resource.name], loaded_at)
            for resource in resources
        ]
        _note_rows(engine, manifest, url, rows, loaded_at)
        _note_clock(engine, manifest, time_zone)
        newest = complete[manifest.resource]
        if newest is None or not newest.overtakes(manifest):
            _advance(engine, manifest, loaded_at)
    for row in rows:
        log.info("%s", row)
    return rows


def _check_ids(store: LandingStore, url: str, manifest: Manifest, run: Run | None) -> None:
    """Make sure that a manifest is what its address and the run that loads it say, and lists nothing else's files."""
    if run is not None and (manifest.tenant_id, manifest.run_id) != (run.tenant_id, run.run_id):
        raise TenantGuardError(
            f"{url} is of run {manifest.run_id} of tenant {manifest.tenant_id!r}, and was to be loaded by {run}; "
            "nothing was loaded. Clear the extract tasks, so that they land again"
        )
    family = {manifest.resource} | {
        name for name, each in every_resource().items() if each.child_of == manifest.resource
    }
    named = {*manifest.counts, *(part.resource for part in manifest.parts)}
    if not named <= family:
        raise TenantGuardError(
            f"{url} is of {manifest.resource} and lists rows of {', '.join(sorted(named - family))[:200]}; nothing was "
            "loaded. Clear the extract task, so that it lands again"
        )
    if (misplaced := store.misplaced(url, manifest)) is not None:
        raise TenantGuardError(
            f"{manifest.resource}: {misplaced} does not lie in the folder of tenant {manifest.tenant_id!r}, run "
            f"{manifest.run_id}, attempt {manifest.attempt}; nothing was loaded. Clear the extract task, so that it "
            "lands again, and find out who wrote the manifest"
        )


def _loaded_before(engine: Engine, manifest: Manifest) -> list[LedgerRow]:
    """Return the ledger rows of an attempt of the run's newest start that is loaded: its files need not be copied."""
    return _ledger_of(engine, manifest) if _fence_of(engine, manifest) == manifest.fence else []


def _fence_of(engine: Engine, manifest: Manifest) -> int | None:
    run = {"tenant_id": manifest.tenant_id, "run_id": manifest.run_id}
    found = engine.fetch_rows(render(engine.dialect, "run_fence"), run)
    return int(found[0]["fence"]) if found else None


def _check_fence(engine: Engine, manifest: Manifest) -> None:
    _execute(engine, "run_lock", {"tenant_id": manifest.tenant_id, "run_id": manifest.run_id})
    current = _fence_of(engine, manifest)
    if current != manifest.fence:
        raise FencedError(
            f"manifest of {manifest.resource} belongs to start {manifest.fence} of run {manifest.run_id}, but the "
            f"run's newest start is {current}: clear the run's extract tasks, so that they land again"
        )


def _check_source(engine: Engine, manifest: Manifest) -> None:
    """Make sure that the source that was read is the one that RAW was read from, or note it at the first load."""
    if manifest.source is None:
        return
    key = {"tenant_id": manifest.tenant_id}
    found = [row["source"] for row in engine.fetch_rows(render(engine.dialect, "source_known"), key)]
    if not found:
        first = {**key, "source": manifest.source, "run_id": manifest.run_id}
        engine.execute(render(engine.dialect, "source_insert"), first)
    elif found != [manifest.source]:
        raise TenantGuardError(
            f"{manifest.resource}: tenant {manifest.tenant_id!r} was read from {found[0]}, this run from "
            f"{manifest.source}; nothing was loaded. Check what the tenant's source leads to; if the retailer's "
            "source has moved, accept it with `python -m mercurios accept-source`"
        )


def _ledger_of(engine: Engine, manifest: Manifest) -> list[LedgerRow]:
    parameters = {
        "tenant_id": manifest.tenant_id,
        "run_id": manifest.run_id,
        "attempt": manifest.attempt,
        "resources": list(manifest.counts),
    }
    rows = engine.fetch_rows(render(engine.dialect, "ledger_of_attempt"), parameters)
    read_at = {row.pop("extracted_at") for row in rows} - {None, naive(manifest.extracted_at)}
    if read_at:
        raise WarehouseError(
            f"{manifest.resource}: attempt {manifest.attempt} of run {manifest.run_id} was loaded before from another "
            "manifest; the landing area was changed manually. Clear the extract task, so that a new attempt lands"
        )
    if rows:
        log.info("%s: attempt %d was loaded before", manifest.resource, manifest.attempt)
    return [LedgerRow(**row) for row in rows]


def _load_resource(
    engine: Engine,
    manifest: Manifest,
    resource: Resource,
    newest: CompleteRead | None,
    loaded_at: datetime,
) -> LedgerRow:
    counts = manifest.counts[resource.name]
    active = count_active(engine, manifest, resource) if manifest.complete else 0
    loaded = late = 0
    if _has_rows(manifest, resource):
        loaded = _merge(engine, manifest, resource, newest, loaded_at)
        _check_arrived(engine, manifest, resource)
        late = _count_late(engine, manifest, resource)
    deleted, held_for_review = (0, 0)
    if manifest.complete and not (newest and newest.overtakes(manifest)):
        deleted, held_for_review = delete_vanished(engine, manifest, resource, active, loaded_at)
    quarantined = _quarantine(engine, manifest, resource, loaded_at)
    if quarantined != counts.quarantined:
        raise WarehouseError(
            f"{resource.name}: {quarantined} quarantined rows were landed, the manifest counts {counts.quarantined}"
        )
    return LedgerRow(
        resource=resource.name,
        extracted=counts.extracted,
        loaded=loaded,
        quarantined=quarantined,
        superseded=counts.extracted - loaded - quarantined,
        deleted=deleted,
        held_for_review=held_for_review,
        late=late,
    )


def _merge(
    engine: Engine,
    manifest: Manifest,
    resource: Resource,
    newest: CompleteRead | None,
    loaded_at: datetime,
) -> int:
    """Merge what is staged into RAW and return how many rows changed it."""
    columns = list(landed_columns(resource, engine.dialect))
    shape = {
        "table": resource.table,
        "cursor": resource.cursor_column,
        "tombstone": resource.tombstone_column,
        "columns": columns,
    }
    key = {"tenant_id": manifest.tenant_id, "resource": resource.name}
    source_now = newest.source_now if newest else None
    missed = {
        "missed_at": newest.extracted_at if newest else None,
        "missed_source_now": source_now - CLOCKS_APART if source_now else None,
    }
    _execute(engine, "candidates", {**key, **missed}, **shape)
    loaded = count(engine, f"candidate_{resource.table}")
    _execute(engine, "merge_delete", key, table=resource.table)
    values = {**key, **missed, "loaded_at": loaded_at}
    with engine.writing(loaded):
        _execute(
            engine,
            "merge_insert",
            values,
            table=resource.table,
            columns=columns,
            tombstone=resource.tombstone_column,
        )
    return loaded


def _execute(engine: Engine, name: str, parameters: dict[str, Any], **context: Any) -> None:
    """Run the statements of a file; none where an engine needs nothing."""
    for statement in statements(render(engine.dialect, name, **context)):
        engine.execute(statement, parameters)


def _count_late(engine: Engine, manifest: Manifest, resource: Resource) -> int:
    if resource.cursor_column is None:
        return 0
    sql = render(engine.dialect, "count_late", table=resource.table, cursor=resource.cursor_column)
    return scalar(engine, sql, {"tenant_id": manifest.tenant_id, "resource": resource.name})


def _has_rows(manifest: Manifest, resource: Resource) -> bool:
    """Return whether a manifest counts or lists rows of a resource; most reads of most hours bring none."""
    return bool(manifest.counts[resource.name].landed or manifest.parts_of(resource.name, "rows"))


def _stage(engine: Engine, manifest: Manifest, resource: Resource) -> None:
    parts = manifest.parts_of(resource.name, "rows")
    columns = landed_columns(resource, engine.dialect)
    staged = engine.stage_files(f"stage_{resource.table}", columns, [part.url for part in parts])
    expected = sum(part.rows for part in parts)
    if not staged == expected == manifest.counts[resource.name].landed:
        raise WarehouseError(
            f"{resource.name}: {staged} rows were staged, the parts list {expected} and the manifest counts "
            f"{manifest.counts[resource.name].landed}: clear the extract task, so that a new attempt lands it again"
        )


def _guard_tenant(engine: Engine, manifest: Manifest, resource: Resource, table: str) -> None:
    """Make sure that what is staged, rows or quarantine, is the manifest's tenant's."""
    sql = render(engine.dialect, "tenant_guard", table=table)
    foreign = engine.fetch_rows(sql, {"tenant_id": manifest.tenant_id})
    if foreign:
        found = ", ".join(f"{row['row_count']} of {row['tenant_id']!r}" for row in foreign)
        raise TenantGuardError(
            f"{resource.name}: rows of another tenant in a manifest of {manifest.tenant_id!r} ({found}); nothing "
            "was loaded. Check which source the tenant's file names"
        )


def _check_arrived(engine: Engine, manifest: Manifest, resource: Resource) -> None:
    """Make sure, before anything is committed, that RAW holds the key of every staged row."""
    landed = manifest.counts[resource.name].landed
    key = {"tenant_id": manifest.tenant_id}
    arrived = scalar(engine, render(engine.dialect, "count_arrived", table=resource.table), key)
    if arrived != landed:
        raise WarehouseError(
            f"{resource.name}: {landed} rows were staged, but RAW holds the keys of only {arrived} after the merge; "
            "nothing was loaded. This is a fault of the loader or the engine: report it with the manifest"
        )


def _quarantine(engine: Engine, manifest: Manifest, resource: Resource, loaded_at: datetime) -> int:
    parts = manifest.parts_of(resource.name, "quarantine")
    if not parts:
        return 0
    columns = typed(QUARANTINE_COLUMNS, engine.dialect)
    staged = engine.stage_files("stage_quarantine", columns, [part.url for part in parts])
    _guard_tenant(engine, manifest, resource, "quarantine")
    engine.execute(
        render(engine.dialect, "quarantine_insert"),
        {
            "tenant_id": manifest.tenant_id,
            "resource": resource.name,
            "run_id": manifest.run_id,
            "attempt": manifest.attempt,
            "quarantined_at": loaded_at,
            "extracted_at": naive(manifest.extracted_at),
        },
    )
    _set_aside(engine, manifest, resource, loaded_at)
    log.warning("%s: %d rows went to quarantine (ops.quarantine says why)", resource.name, staged)
    return staged


def _set_aside(engine: Engine, manifest: Manifest, resource: Resource, loaded_at: datetime) -> None:
    """Take rows out of RAW whose version there is the implausible one that this read has set aside."""
    if manifest.bounds is None:
        return
    decimals = [column for column in resource.columns if column.type is ColumnType.DECIMAL]
    shape = {
        "booked": [column.name for column in resource.columns if column.meaning is Meaning.BOOKED],
        "seconds": [column.name for column in resource.columns if column.meaning is Meaning.SECONDS],
        "units": [column.name for column in decimals if column.meaning is Meaning.UNITS],
        "amounts": [column.name for column in decimals if column.meaning is None],
    }
    if any(shape.values()):
        values = {**manifest.bounds.model_dump(), "tenant_id": manifest.tenant_id, "loaded_at": loaded_at}
        engine.execute(render(engine.dialect, "set_aside", table=resource.table, **shape), values)


def _note_clock(engine: Engine, manifest: Manifest, time_zone: str) -> None:
    """Note the source's clock of a run, the middle one of its reads: one response's wrong clock is no one's day."""
    run = {"tenant_id": manifest.tenant_id, "run_id": manifest.run_id}
    clocks = [
        row["source_now"] for row in engine.fetch_rows(render(engine.dialect, "run_source_clocks"), run)
    ]
    middle = clocks[(len(clocks) - 1) // 2]
    day = middle.replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone)).date()
    engine.execute(
        render(engine.dialect, "run_source_clock"), {**run, "source_now": middle, "as_of_date": day}
    )


def _advance(engine: Engine, manifest: Manifest, loaded_at: datetime) -> None:
    """Move the watermark, in the transaction of the rows it stands for."""
    if manifest.cursor_to is None:
        return
    engine.execute(
        render(engine.dialect, "watermark_advance"),
        {
            "tenant_id": manifest.tenant_id,
            "resource": manifest.resource,
            "cursor_value": naive(manifest.cursor_to),
            "run_id": manifest.run_id,
            "fence": manifest.fence,
            "updated_at": loaded_at,
        },
    )


def _note_rows(
    engine: Engine, manifest: Manifest, url: str, rows: Sequence[LedgerRow], loaded_at: datetime
) -> None:
    """Write the ledger, the approvals that are used up and the drift of a load."""
    for row in rows:
        engine.execute(
            render(engine.dialect, "ledger_insert"), _ledger_parameters(manifest, row, url, loaded_at)
        )
    use_up_approvals(engine, manifest, loaded_at)
    record_drift(engine, manifest, loaded_at)


def _ledger_parameters(manifest: Manifest, row: LedgerRow, url: str, loaded_at: datetime) -> dict[str, Any]:
    return {
        "tenant_id": manifest.tenant_id,
        "run_id": manifest.run_id,
        "resource": row.resource,
        "attempt": manifest.attempt,
        "mode": manifest.mode,
        "is_complete": manifest.complete,
        "extracted": row.extracted,
        "loaded": row.loaded,
        "quarantined": row.quarantined,
        "superseded": row.superseded,
        "deleted": row.deleted,
        "manifest_url": url,
        "cursor_from": naive(manifest.cursor_from) if manifest.cursor_from else None,
        "cursor_to": naive(manifest.cursor_to) if manifest.cursor_to else None,
        "loaded_at": loaded_at,
        "extracted_at": naive(manifest.extracted_at),
        "source_now": naive(manifest.source_now),
        "held_for_review": row.held_for_review,
        "is_stable": manifest.stable,
        "late": row.late,
    }
