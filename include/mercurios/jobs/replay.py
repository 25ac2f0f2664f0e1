"""Recovery on request: typing quarantined rows again.

A replay loads through the same loader as a run, from parts and a manifest of its own, so that ledger, guards and
exactly-once effect hold for it too. A replayed row keeps the time it was extracted: what RAW has learned since is
never overwritten by it.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
import pyarrow as pa

from mercurios.landing.manifest import Counts, Manifest, Part
from mercurios.landing.part_writer import PartWriter
from mercurios.landing.store import LandingStore
from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.registry import every_resource
from mercurios.sources.rows.decode import decode_exact
from mercurios.sources.rows.landed_table import Stamp, schema
from mercurios.sources.rows.typed_rows import type_rows
from mercurios.sources.settings import Bounds, Drift
from mercurios.tenants import Tenant
from mercurios.tenants.run import Run
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.hash_key import keyed_since
from mercurios.warehouse.life import beginnings
from mercurios.warehouse.load import LedgerRow, load_manifest
from mercurios.warehouse.requests import check_resources
from mercurios.warehouse.run_plan import adopt_run
from mercurios.warehouse.sql import render

log = logging.getLogger(__name__)

MODE = "replay"
_BATCH = 5_000
_REREAD = "read the resource again (resync)"

Row = dict[str, Any]


@dataclass
class Replay:
    """What a replay did.

    Attributes:
        run_id: the run that loaded the rows; None when no row fits.
        ledger: the counts of the rows that fit; None when no row fits.
        waiting: rows that still do not fit.
    """

    run_id: str | None = None
    ledger: LedgerRow | None = None
    waiting: int = 0


@dataclass
class _Sorted:
    """Quarantined rows after typing: the typed ones as tables, and both kinds by their place in quarantine."""

    tables: list[pa.Table] = field(default_factory=list)
    fitting: list[Row] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)


def replay(engine: Engine, store: LandingStore, tenant: Tenant, name: str) -> Replay:
    """Type the quarantined rows of one resource with today's contract and load those that fit.

    The rows that fit are marked as replayed once they are loaded; the others wait on, with today's reason. Dying
    in between is harmless: the rows load again and change nothing.

    Args:
        engine: the tenant's warehouse, set up.
        store: the landing area.
        tenant: whose settings hold.
        name: the resource, nested ones included.

    Raises:
        ValueError: there is no such resource.
        LandingError: the landing area cannot be written.
        WarehouseError: a statement failed; nothing was loaded.
    """
    check_resources([name], tenant.source.contract)
    key = {"tenant_id": tenant.id, "resource": name}
    rows = engine.fetch_arrow(render(engine.dialect, "replay_rows"), key).to_pylist()
    now = datetime.now(UTC)
    run = Run(tenant.id, MODE, f"{MODE}__{now.isoformat()}")
    since = keyed_since(engine, tenant.id)
    begins = beginnings(engine, tenant).get(name)
    bounds = tenant.source.plausible.bounds(now, begins.first_day if begins else None)
    found = _type_again(_contract(every_resource()[name]), tenant, rows, run, since, bounds)
    result = Replay(waiting=len(found.refused))
    if found.fitting:
        url = _land(engine, store, run, name, found, now)
        [result.ledger] = load_manifest(engine, store, url, time_zone=tenant.time_zone)
        result.run_id = run.run_id
    with engine.transaction():
        _mark(engine, "replay_mark", {**key, "replayed_at": now.replace(tzinfo=None)}, found.fitting)
        _mark(engine, "replay_reason", key, found.refused)
    return result


def _contract(resource: Resource) -> Resource:
    """Return the contract of payloads: where the wire has a person's number, a payload has its hash."""
    columns = tuple(
        replace(column, type=ColumnType.TEXT) if column.type is ColumnType.KEY_HASH else column
        for column in resource.columns
    )
    return replace(resource, columns=columns)


def _type_again(
    contract: Resource, tenant: Tenant, rows: list[Row], run: Run, since: datetime | None, bounds: Bounds
) -> _Sorted:
    drift = tenant.source.drift_of(contract.name)
    found = _Sorted()
    usable = []
    for row in rows:
        reason = _not_kept(contract, row, since)
        if reason:
            found.refused.append({**row, "reason": reason})
        else:
            usable.append(row)
    for extracted_at, same_read in groupby(usable, key=itemgetter("extracted_at")):
        stamp = Stamp(
            tenant_id=run.tenant_id,
            run_id=run.run_id,
            extracted_at=extracted_at,
            time_zone=tenant.source.time_zone,
            # The rows were hashed when they were extracted.
            hash_key=b"",
            parent_key=contract.parent_key,
            business_zone=tenant.time_zone,
            local_days=tenant.source.kind == "files",
            bounds=bounds,
        )
        members = list(same_read)
        for start in range(0, len(members), _BATCH):
            _type_batch(contract, members[start : start + _BATCH], stamp, drift, found)
    return found


def _not_kept(contract: Resource, row: Row, since: datetime | None) -> str | None:
    """Return why a payload says too little to be loaded; a guess would differ from the source unseen."""
    declared = every_resource()[contract.name]
    if since and declared.holds_persons and (row["extracted_at"] is None or row["extracted_at"] < since):
        return f"persons' numbers are hashed with an earlier hash_key; {_REREAD}"
    payload = orjson.loads(row["payload"])
    missing = sorted(contract.fields - payload.keys())
    if missing:
        return f"field {missing[0]!r}: not in the payload; {_REREAD}"
    for column in declared.columns:
        if column.type is ColumnType.KEY_HASH and payload[column.field] is False:
            return f"field {column.field!r}: expected a whole number, what came was not kept; {_REREAD}"
    if contract.personal and row["reason"].startswith("unknown field"):
        return str(row["reason"])
    return None


def _type_batch(contract: Resource, rows: list[Row], stamp: Stamp, drift: Drift, found: _Sorted) -> None:
    page = type_rows(
        contract,
        [orjson.loads(row["payload"]) for row in rows],
        stamp,
        reread=lambda: [decode_exact(row["payload"]) for row in rows],
        drift=drift,
    )
    reasons = {rejected.row_number: rejected.reason for rejected in page.rejected}
    found.refused += [{**rows[number], "reason": reason} for number, reason in reasons.items()]
    found.fitting += [row for number, row in enumerate(rows) if number not in reasons]
    found.tables.append(_with_contents_unknown(contract, page.table, found.fitting[-page.table.num_rows :]))


def _with_contents_unknown(contract: Resource, table: pa.Table, rows: list[Row]) -> pa.Table:
    """Give rows with persons a hash that says only which row in quarantine each is.

    The key of contents is the source's and not at hand, and an unkeyed hash would show a person to whoever tries all.
    The next complete read takes such a row for changed, and loads it again.
    """
    if not every_resource()[contract.name].holds_persons or not table.num_rows:
        return table
    places = (f"{row['run_id']}|{row['attempt']}|{row['row_number']}" for row in rows)
    hashes = [f"{hashlib.blake2b(place.encode(), digest_size=16).hexdigest()}.{MODE}" for place in places]
    return table.set_column(table.schema.get_field_index("_content_hash"), "_content_hash", [hashes])


def _land(engine: Engine, store: LandingStore, run: Run, name: str, found: _Sorted, now: datetime) -> str:
    prefix = store.prefix(run.tenant_id, name, run.run_id, attempt=1)
    manifest = Manifest(
        tenant_id=run.tenant_id,
        resource=name,
        run_id=run.run_id,
        attempt=1,
        fence=1,
        mode=MODE,
        complete=False,
        extracted_at=now,
        # A replay asks the source nothing, so it must not move the business day.
        source_now=_source_clock(engine, run.tenant_id) or now,
        cursor_from=None,
        cursor_to=None,
        counts={name: Counts(extracted=len(found.fitting), unchanged=0, quarantined=0)},
        drift=[],
        parts=_write(store, prefix, every_resource()[name], found.tables),
    )
    url = store.write_manifest(prefix, manifest)
    adopt_run(engine, manifest, run.dag_id)
    return url


def _write(store: LandingStore, prefix: str, resource: Resource, tables: list[pa.Table]) -> list[Part]:
    path = f"{prefix}/{resource.table}-rows.parquet"
    writer = PartWriter(store, path, "rows", resource.name, schema(resource))
    try:
        for table in tables:
            writer.write(table)
        return writer.close()
    except BaseException:
        writer.abandon()
        raise


def _source_clock(engine: Engine, tenant_id: str) -> datetime | None:
    rows = engine.fetch_rows(render(engine.dialect, "source_clock_newest"), {"tenant_id": tenant_id})
    return rows[0]["source_now"].replace(tzinfo=UTC) if rows else None


def _mark(engine: Engine, statement: str, parameters: Row, rows: list[Row]) -> None:
    columns = ("run_id", "attempt", "row_number", "reason")
    for start in range(0, len(rows), _BATCH):
        records = [{name: row[name] for name in columns} for row in rows[start : start + _BATCH]]
        engine.execute(render(engine.dialect, statement), {**parameters, "rows": records})
