"""Which `hash_key` a tenant's warehouse was written with, and what becomes of its rows when that is new to it.

Rows of a person carry that person's number as a hash under one key. Under another key the same person would be someone
else, so a key that is not the noted one stops a run before it reads, until a complete read is asked for (`rekey`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from mercurios.landing.manifest import Manifest
from mercurios.landing.store import LandingStore, safe_key
from mercurios.sources.contract import ColumnType, Contract, Resource
from mercurios.sources.hash_keys import key_id, keyed_contents
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.requests import note_resync
from mercurios.warehouse.schema import typed
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa

    from mercurios.tenants.run import Run

log = logging.getLogger(__name__)

_STAGE = "stage_contents"
_COLUMNS = {"unkeyed": ColumnType.TEXT, "keyed": ColumnType.TEXT}
# Rows are keyed a sixteenth at a time, by the first digit of their hash, so that millions of them take little memory.
_DIGITS = "0123456789abcdef"


class HashKeyChangedError(WarehouseError):
    """Persons' numbers were hashed with another key than those in the warehouse."""


def adopt_key(
    engine: Engine, store: LandingStore, run: Run, contract: Contract, hash_key: bytes | None
) -> None:
    """Make sure that a run's key is the one of the tenant's warehouse, or note it where none is noted.

    Where none is noted, the hashes of contents that an older release left unkeyed are keyed, and values of undeclared
    fields that it kept are dropped. It goes on where it was stopped, and changes nothing when it runs again.

    Args:
        engine: the tenant's warehouse, set up; no transaction is open.
        store: the landing area, through which new hashes reach the warehouse.
        run: the run that begins.
        contract: of the tenant's source.
        hash_key: the source's key; None for a source that knows no persons.

    Raises:
        HashKeyChangedError: another key is noted.
        WarehouseError: the warehouse is another tenant's.
    """
    engine.claim(run.tenant_id)
    if hash_key is None:
        return
    mine, found = key_id(hash_key), engine.fetch_rows(_sql(engine, "known"), {"tenant_id": run.tenant_id})
    if found and found[0]["key_id"] == mine:
        return
    if found and found[0]["key_id"] is not None:
        raise HashKeyChangedError(
            f"tenant {run.tenant_id!r}: the hash_key of the source's connection is another one (key id {mine}) than "
            f"the warehouse was written with (key id {found[0]['key_id']}); nothing was read. Restore the earlier key, "
            "or have every row with a person read again under the new one with `python -m mercurios rekey`"
        )
    for resource in contract.resources.values():
        engine.execute(
            render(engine.dialect, "extra_forget", table=resource.table), {"tenant_id": run.tenant_id}
        )
        if resource.holds_persons:
            _key_contents(engine, store, run, resource, hash_key)
    with engine.transaction():
        since = found[0]["since"] if found else None
        _note(engine, run.tenant_id, mine, since)


def check_key(engine: Engine, manifest: Manifest, resources: Sequence[Resource]) -> None:
    """Make sure that what a manifest lists was hashed with the warehouse's key.

    Raises:
        HashKeyChangedError: it was not, or a change of the key was asked for since.
    """
    if not any(resource.holds_persons for resource in resources) or manifest.mode == "replay":
        return
    found = engine.fetch_rows(_sql(engine, "known"), {"tenant_id": manifest.tenant_id})
    if found and found[0]["key_id"] != manifest.key_id:
        raise HashKeyChangedError(
            f"manifest of {manifest.resource}: persons' numbers are hashed with key id {manifest.key_id or 'unknown'}, "
            f"those in the warehouse with {found[0]['key_id'] or 'one that is being replaced'}; nothing was loaded. "
            "Clear begin with its downstream tasks, so that the resource is read again"
        )


def request_rekey(
    engine: Engine, tenant_id: str, contract: Contract, requested_by: str, now: datetime
) -> list[str]:
    """Let the next run bring a new key, and have it read completely whatever holds persons.

    Rows in quarantine from before it are not replayed any more, since they hold hashes of the earlier key.

    Returns:
        The collections that are read.

    Raises:
        ValueError: the source knows no persons.
    """
    names = [
        name
        for name in contract.collections
        if any(resource.holds_persons for resource in contract.family_of(name))
    ]
    if not names:
        raise ValueError(f"tenant {tenant_id}: a source of kind {contract.source} has no hash_key")
    with engine.transaction():
        _note(engine, tenant_id, None, now.replace(tzinfo=None))
        note_resync(engine, tenant_id, names, requested_by, now)
    return names


def keyed_since(engine: Engine, tenant_id: str) -> datetime | None:
    """Return since when the warehouse's key is in use; None where it always was."""
    found = engine.fetch_rows(_sql(engine, "known"), {"tenant_id": tenant_id})
    return found[0]["since"] if found else None


def _note(engine: Engine, tenant_id: str, name: str | None, since: datetime | None) -> None:
    engine.execute(_sql(engine, "forget"), {"tenant_id": tenant_id})
    engine.execute(_sql(engine, "insert"), {"tenant_id": tenant_id, "key_id": name, "since": since})


def _key_contents(engine: Engine, store: LandingStore, run: Run, resource: Resource, hash_key: bytes) -> None:
    """Key the content hashes of one table; an unkeyed one is shorter, so that none is keyed twice."""
    for digit in _DIGITS:
        key = {"tenant_id": run.tenant_id, "digit": digit}
        unkeyed = engine.fetch_arrow(render(engine.dialect, "contents_unkeyed", table=resource.table), key)
        if not unkeyed.num_rows:
            continue
        url = _land(store, run, f"contents-{resource.table}-{digit}.parquet", unkeyed, hash_key)
        columns = typed(_COLUMNS, engine.dialect)
        engine.prepare({_STAGE: columns})
        with engine.transaction():
            engine.stage_files(_STAGE, columns, [url])
            engine.execute(render(engine.dialect, "contents_key", table=resource.table), key)
        store.remove(url)
        log.info("%s: %d hashes of contents keyed", resource.name, unkeyed.num_rows)


def _land(store: LandingStore, run: Run, name: str, unkeyed: pa.Table, hash_key: bytes) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    hashes = unkeyed["content_hash"].to_pylist()
    table = pa.table({"unkeyed": hashes, "keyed": keyed_contents(hashes, hash_key)})
    path = f"tenant={run.tenant_id}/plans/run={safe_key(run.run_id)}/{name}"
    with store.create(path) as handle:
        pq.write_table(table, handle, compression="zstd")
    return store.address(path)


def _sql(engine: Engine, what: str) -> str:
    return render(engine.dialect, f"hash_key_{what}")
