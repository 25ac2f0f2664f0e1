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
from typing import Any
from zoneinfo import ZoneInfo

from mercurios.landing.manifest import Manifest
from mercurios.landing.store import LandingStore
from mercurios.prohandel.resources import RESOURCES, Resource
from mercurios.warehouse.engine import Engine, Parameters, WarehouseError
from mercurios.warehouse.schema import landed_columns, raw_columns
from mercurios.warehouse.sql import render

log = logging.getLogger(__name__)

# A complete read that misses more than this share of the living rows is taken for a broken answer of the API.
DELETE_GUARD_SHARE = 0.5
DELETE_GUARD_ROWS = 20


class FencedError(WarehouseError):
    """The run was started again after this attempt began; what it landed may no longer be loaded."""


class TenantGuardError(WarehouseError):
    """A landed row belongs to another tenant than its manifest."""


@dataclass(frozen=True)
class LedgerRow:
    """What became of one resource's rows: extracted = loaded + quarantined + superseded.

    Attributes:
        deleted: rows of RAW that a complete read no longer showed, now marked as deleted.
        withheld: the same, but too many to be believed: they stay until somebody accepts them.
    """

    resource: str
    extracted: int
    loaded: int
    quarantined: int
    superseded: int
    deleted: int
    withheld: int = 0

    def counts(self) -> dict[str, int]:
        """Return the numbers without the resource's name."""
        return {name: value for name, value in asdict(self).items() if name != "resource"}


def load_manifest(engine: Engine, store: LandingStore, url: str, *, time_zone: str) -> list[LedgerRow]:
    """Load one manifest.

    Args:
        engine: the tenant's warehouse, set up.
        store: the landing area.
        url: the manifest.
        time_zone: the tenant's zone, for the business day of the source's clock.

    Returns:
        One ledger row per resource; those of the first load when this attempt was loaded before.

    Raises:
        FencedError: the run was started again since.
        TenantGuardError: a part holds rows of another tenant.
        LandingError: a part is missing or is not the file the manifest names.
        WarehouseError: a statement failed; nothing of the manifest is loaded.
    """
    manifest = store.read_manifest(url)
    for part in manifest.parts:
        store.verify(part)
    with engine.transaction():
        _check_fence(engine, manifest)
        done = _ledger_of(engine, manifest)
        if done:
            log.info("%s: attempt %d was loaded before", manifest.resource, manifest.attempt)
            return done
        loaded_at = datetime.now(UTC).replace(tzinfo=None)
        rows = [_load_resource(engine, manifest, RESOURCES[name], loaded_at) for name in manifest.counts]
        for row in rows:
            engine.execute(
                render(engine.dialect, "ledger_insert"), _ledger_parameters(manifest, row, url, loaded_at)
            )
        _use_up_approvals(engine, manifest, loaded_at)
        _record_drift(engine, manifest, loaded_at)
        _advance(engine, manifest, loaded_at, time_zone)
    for row in rows:
        log.info("%s", row)
    return rows


def _check_fence(engine: Engine, manifest: Manifest) -> None:
    found = engine.fetch_arrow(render(engine.dialect, "run_fence"), [manifest.tenant_id, manifest.run_id])
    current = found["fence"][0].as_py() if found.num_rows else None
    if current != manifest.fence:
        raise FencedError(
            f"manifest of {manifest.resource} belongs to start {manifest.fence} of run {manifest.run_id}, but the "
            f"run's newest start is {current}: clear the run's extract tasks, so that they land again"
        )


def _ledger_of(engine: Engine, manifest: Manifest) -> list[LedgerRow]:
    parameters = {
        "tenant_id": manifest.tenant_id,
        "run_id": manifest.run_id,
        "attempt": manifest.attempt,
        "resources": list(manifest.counts),
    }
    rows = engine.fetch_arrow(render(engine.dialect, "ledger_of_attempt"), parameters)
    return [LedgerRow(**row) for row in rows.to_pylist()]


def _load_resource(engine: Engine, manifest: Manifest, resource: Resource, loaded_at: datetime) -> LedgerRow:
    columns = landed_columns(resource, engine.dialect)
    counts = manifest.counts[resource.name]
    _stage(engine, manifest, resource, columns)
    _guard_tenant(engine, manifest, resource)
    loaded = _merge(engine, manifest, resource, columns, loaded_at)
    _check_arrived(engine, manifest, resource)
    deleted, withheld = (
        _delete_vanished(engine, manifest, resource, loaded_at) if manifest.complete else (0, 0)
    )
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
        withheld=withheld,
    )


def _merge(
    engine: Engine, manifest: Manifest, resource: Resource, columns: Sequence[str], loaded_at: datetime
) -> int:
    """Merge what is staged into RAW and return how many rows changed it."""
    tombstone = resource.tombstone and next(c.name for c in resource.columns if c.field == resource.tombstone)
    shape = {"table": resource.table, "cursor": resource.cursor_column, "tombstone": tombstone}
    key = {"tenant_id": manifest.tenant_id, "resource": resource.name}
    newest = engine.fetch_arrow(render(engine.dialect, "complete_read_newest"), key).to_pylist()
    missed_at, missed_source_now = newest[0].values() if newest else (None, None)
    missed = {"missed_at": missed_at}
    clock = {"missed_source_now": missed_source_now} if resource.cursor_column else {}
    engine.execute(render(engine.dialect, "candidates", **shape), {**missed, **clock})
    loaded = _count(engine, f"candidate_{resource.table}")
    merge = render(engine.dialect, "merge", table=resource.table, columns=columns, tombstone=tombstone)
    engine.execute(merge, {**missed, "loaded_at": loaded_at})
    return loaded


def _stage(engine: Engine, manifest: Manifest, resource: Resource, columns: Sequence[str]) -> None:
    typed = raw_columns(resource, engine.dialect)
    engine.execute(render(engine.dialect, "stage_create", table=resource.table, columns=typed))
    parts = manifest.parts_of(resource.name, "rows")
    copied = engine.copy_files(f"stage_{resource.table}", columns, [part.url for part in parts])
    expected = sum(part.rows for part in parts)
    if not copied == expected == manifest.counts[resource.name].landed:
        raise WarehouseError(
            f"{resource.name}: {copied} rows were copied, the parts list {expected} and the manifest counts "
            f"{manifest.counts[resource.name].landed}: clear the extract task, so that a new attempt lands it again"
        )


def _guard_tenant(engine: Engine, manifest: Manifest, resource: Resource) -> None:
    foreign = engine.fetch_arrow(
        render(engine.dialect, "tenant_guard", table=resource.table), [manifest.tenant_id]
    ).to_pylist()
    if foreign:
        found = ", ".join(f"{row['row_count']} of {row['tenant_id']!r}" for row in foreign)
        raise TenantGuardError(
            f"{resource.name}: rows of another tenant in a manifest of {manifest.tenant_id!r} ({found}); nothing "
            "was loaded. Check which ProHandel connection the tenant's file names"
        )


def _check_arrived(engine: Engine, manifest: Manifest, resource: Resource) -> None:
    """Make sure, before anything is committed, that RAW holds the key of every staged row."""
    landed = manifest.counts[resource.name].landed
    arrived = _scalar(engine, render(engine.dialect, "count_arrived", table=resource.table))
    if arrived != landed:
        raise WarehouseError(
            f"{resource.name}: {landed} rows were staged, but RAW holds the keys of only {arrived} after the merge; "
            "nothing was loaded. This is a fault of the loader or the engine: report it with the manifest"
        )


def _delete_vanished(
    engine: Engine, manifest: Manifest, resource: Resource, loaded_at: datetime
) -> tuple[int, int]:
    """Mark as deleted what a complete read no longer shows; return how many rows were, and how many were withheld."""
    engine.execute(render(engine.dialect, "stage_keys_create"))
    engine.copy_files("stage_keys", ["id"], [part.url for part in manifest.parts_of(resource.name, "keys")])
    read = {"tenant_id": manifest.tenant_id, "read_at": _naive(manifest.extracted_at)}
    clock = {"source_now": _naive(manifest.source_now)} if resource.cursor_column else {}
    engine.execute(
        render(engine.dialect, "vanished", table=resource.table, cursor=resource.cursor_column),
        {**read, **clock},
    )
    vanished = _count(engine, f"vanished_{resource.table}")
    if not vanished:
        return 0, 0
    living = _scalar(
        engine, render(engine.dialect, "count_living", table=resource.table), [manifest.tenant_id]
    )
    if too_many_to_delete(vanished, living) and not _deletes_accepted(engine, manifest):
        log.warning(
            "%s: the source no longer shows %d of %d rows; so many are taken for a broken answer, none is deleted "
            "until somebody accepts it (accept_deletes)",
            resource.name,
            vanished,
            living,
        )
        return 0, vanished
    engine.execute(
        render(engine.dialect, "delete_vanished", table=resource.table), {**read, "loaded_at": loaded_at}
    )
    return vanished, 0


def too_many_to_delete(vanished: int, living: int) -> bool:
    """Say whether so many rows are missing that the answer is doubted rather than the rows."""
    return vanished > DELETE_GUARD_ROWS and vanished > DELETE_GUARD_SHARE * living


def _deletes_accepted(engine: Engine, manifest: Manifest) -> bool:
    parameters = {
        "tenant_id": manifest.tenant_id,
        "resource": manifest.resource,
        "extracted_at": _naive(manifest.extracted_at),
    }
    return _scalar(engine, render(engine.dialect, "delete_approval_waiting"), parameters) > 0


def _use_up_approvals(engine: Engine, manifest: Manifest, loaded_at: datetime) -> None:
    if manifest.complete:
        parameters = {
            "tenant_id": manifest.tenant_id,
            "resource": manifest.resource,
            "extracted_at": _naive(manifest.extracted_at),
            "run_id": manifest.run_id,
            "loaded_at": loaded_at,
        }
        engine.execute(render(engine.dialect, "delete_approval_use"), parameters)


def _quarantine(engine: Engine, manifest: Manifest, resource: Resource, loaded_at: datetime) -> int:
    parts = manifest.parts_of(resource.name, "quarantine")
    if not parts:
        return 0
    engine.execute(render(engine.dialect, "stage_quarantine_create"))
    columns = ["row_number", "source_id", "reason", "payload"]
    count = engine.copy_files("stage_quarantine", columns, [part.url for part in parts])
    engine.execute(
        render(engine.dialect, "quarantine_insert"),
        {
            "tenant_id": manifest.tenant_id,
            "resource": resource.name,
            "run_id": manifest.run_id,
            "attempt": manifest.attempt,
            "quarantined_at": loaded_at,
            "extracted_at": _naive(manifest.extracted_at),
        },
    )
    log.warning("%s: %d rows went to quarantine (ops.quarantine says why)", resource.name, count)
    return count


def _record_drift(engine: Engine, manifest: Manifest, loaded_at: datetime) -> None:
    for note in manifest.drift:
        log.warning("%s: field %s %s in %d rows", note.resource, note.field, note.change, note.rows)
        engine.execute(
            render(engine.dialect, "drift_insert"),
            {
                "tenant_id": manifest.tenant_id,
                "resource": note.resource,
                "column_name": note.field,
                "change": note.change,
                "row_count": note.rows,
                "run_id": manifest.run_id,
                "detected_at": loaded_at,
            },
        )


def _advance(engine: Engine, manifest: Manifest, loaded_at: datetime, time_zone: str) -> None:
    """Move the watermark and the run's clock, in the transaction of the rows they stand for."""
    engine.execute(
        render(engine.dialect, "run_source_clock"),
        {
            "tenant_id": manifest.tenant_id,
            "run_id": manifest.run_id,
            "source_now": _naive(manifest.source_now),
            "as_of_date": manifest.source_now.astimezone(ZoneInfo(time_zone)).date(),
        },
    )
    if manifest.cursor_to is not None:
        engine.execute(
            render(engine.dialect, "watermark_advance"),
            {
                "tenant_id": manifest.tenant_id,
                "resource": manifest.resource,
                "cursor_value": _naive(manifest.cursor_to),
                "run_id": manifest.run_id,
                "fence": manifest.fence,
                "updated_at": loaded_at,
            },
        )


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
        "cursor_from": _naive(manifest.cursor_from) if manifest.cursor_from else None,
        "cursor_to": _naive(manifest.cursor_to) if manifest.cursor_to else None,
        "loaded_at": loaded_at,
        "extracted_at": _naive(manifest.extracted_at),
        "source_now": _naive(manifest.source_now),
        "withheld": row.withheld,
    }


def _naive(instant: datetime) -> datetime:
    """Return an instant as the warehouse keeps it: UTC without zone."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def _count(engine: Engine, relation: str) -> int:
    return _scalar(engine, render(engine.dialect, "count_rows", relation=relation))


def _scalar(engine: Engine, sql: str, parameters: Parameters = ()) -> int:
    return int(engine.fetch_arrow(sql, parameters)["row_count"][0].as_py())
