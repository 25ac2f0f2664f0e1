"""A small retailer for tests: a simulated source, a landing area and a warehouse file, driven like the DAGs do.

It holds its own, independent reading of the wire (`expected_row`), so that what arrives in RAW is compared with
the source and not with the code under test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.contract import Column, ColumnType, Resource
from mercurios.sources.prohandel.client import ProHandelClient
from mercurios.sources.prohandel.extract import extract
from mercurios.sources.prohandel.http.settings import ClientSettings, Credentials
from mercurios.sources.prohandel.request import ExtractRequest
from mercurios.sources.prohandel.resources import CONTRACT, RESOURCES
from mercurios.sources.prohandel.settings import ProHandelSettings
from mercurios.tenants import Tenant
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.load import LedgerRow, load_manifest
from mercurios.warehouse.run_plan import begin_run
from mercurios.warehouse.setup import set_up
from prohandel_simulator.testing import RunningSimulator

HASH_KEY = b"tests-hash-key-that-is-no-secret"
TOP_LEVEL = tuple(name for name, resource in RESOURCES.items() if resource.child_of is None)


def tenant_of(tenant_id: str, landing: str = "file:///landing", **extraction: Any) -> Tenant:
    """Return a tenant as its file would give it."""
    return Tenant.model_validate(
        {
            "id": tenant_id,
            "name": tenant_id.title(),
            "time_zone": "Europe/Berlin",
            "country": "DE",
            "region": "BY",
            "currency": "EUR",
            "owner": "tests",
            "landing": landing,
            "source": {
                "kind": "prohandel",
                "connection": f"prohandel_{tenant_id}",
                # Runs of tests follow one another within seconds.
                "interval_minutes": 0,
                **extraction,
            },
            "connections": {"warehouse": f"duckdb_{tenant_id}"},
            "prices": {"include_tax": True, "tax_rates": {1: [{"from": "2021-01-01", "rate": 19}]}},
        }
    )


class Retailer:
    """One tenant with everything its pipeline needs below one folder."""

    def __init__(
        self, simulator: RunningSimulator, home: Path, tenant_id: str = "mini", **extraction: Any
    ) -> None:
        self.simulator = simulator
        self.landing = home / "landing"
        self.warehouse = home / "warehouse" / f"{tenant_id}.duckdb"
        self.published = home / "published" / f"{tenant_id}.duckdb"
        self.tenant = tenant_of(tenant_id, f"file://{self.landing}", **extraction)
        self.store = LandingStore(self.tenant.landing_url())
        self.sleeps: list[float] = []

    def client(self, **settings: Any) -> ProHandelClient:
        """Return a client that waits for nothing."""
        key = self.simulator.credentials(self.tenant.id)
        chosen = replace(ClientSettings(attempts=3, connect_timeout=2, read_timeout=5), **settings)
        return ProHandelClient(
            self.simulator.auth_url,
            Credentials(key["apiKey"], key["secret"]),
            chosen,
            sleep=self.sleeps.append,
        )

    @contextmanager
    def engine(self, **options: Any) -> Iterator[DuckDBEngine]:
        """Open the warehouse, set up."""
        is_new = not self.warehouse.exists()
        with DuckDBEngine(self.warehouse, threads=1, **options) as engine:
            if is_new:
                set_up(engine)
            yield engine

    def begin(self, run_id: str) -> RunPlan:
        """Begin a run and return its plan."""
        with self.engine() as engine:
            url = begin_run(engine, self.store, self.tenant, Run(self.tenant.id, "pipeline__tests", run_id))
        return RunPlan.read(self.store, url)

    @property
    def prohandel(self) -> ProHandelSettings:
        """How the tenant's API is read."""
        assert isinstance(self.tenant.source, ProHandelSettings)
        return self.tenant.source

    def request(self, name: str, plan: RunPlan, hash_key: bytes = HASH_KEY) -> ExtractRequest:
        """Return what the extract operator would ask for."""
        return ExtractRequest(name, plan, self.prohandel, hash_key)

    def extract(self, plan: RunPlan, *names: str, **settings: Any) -> list[str]:
        """Land resources (all of them when none is named) and return their manifests."""
        with self.client(**settings) as client:
            return [extract(client, self.store, self.request(name, plan)) for name in names or TOP_LEVEL]

    def load(self, *urls: str) -> dict[str, LedgerRow]:
        """Load manifests."""
        with self.engine() as engine:
            loaded = [load_manifest(engine, self.store, url, time_zone=self.tenant.time_zone) for url in urls]
        return {row.resource: row for rows in loaded for row in rows}

    def run(self, run_id: str, *names: str) -> dict[str, LedgerRow]:
        """Begin, extract and load."""
        return self.load(*self.extract(self.begin(run_id), *names))

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query on the warehouse."""
        with self.engine() as engine:
            rows: list[dict[str, Any]] = engine.fetch_arrow(sql, parameters).to_pylist()
        return rows

    def raw(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the active RAW rows of a resource by id; a doubled key is an error."""
        resource = RESOURCES[name]
        columns = [column.name for column in resource.columns] + [
            key for key in (resource.parent_key,) if key
        ]
        rows = self.query(
            f"select {', '.join(columns)} from raw.{resource.table} where tenant_id = ? and _deleted_at is null",
            [self.tenant.id],
        )
        found = {row["id"]: row for row in rows}
        assert len(found) == len(rows), f"{name}: a key is doubled in RAW"
        return found

    def truth(self, name: str) -> dict[str, dict[str, Any]]:
        """Return what RAW should hold of a resource, by id."""
        resource = RESOURCES[name]
        zone_free = resource.child_of or name
        rows: Iterable[dict[str, Any]] = self.simulator.truth(self.tenant.id, zone_free)
        if resource.child_of:
            field, key = str(resource.child_field), str(resource.parent_key)
            rows = [{**child, key: row["id"]} for row in rows for child in row[field]]
        return {row["id"]: expected_row(resource, row) for row in rows}

    def truth_ids(self, name: str) -> set[str]:
        """Return the ids the source shows, readable rows or not."""
        return {row["id"] for row in self.simulator.truth(self.tenant.id, name)}

    def differences(self, *names: str) -> list[str]:
        """Return what distinguishes RAW from the source, for the named resources or all."""
        found = []
        for name in names or TOP_LEVEL:
            for each in (name, *(child.name for child in CONTRACT.children_of(name))):
                found += _differences(each, self.raw(each), self.truth(each))
        return found

    def watermark(self, name: str) -> datetime | None:
        """Return the watermark of a resource."""
        rows = self.query("select cursor_value from ops.watermark where resource = ?", [name])
        return rows[0]["cursor_value"] if rows else None


def _differences(name: str, raw: dict[str, Any], truth: dict[str, Any]) -> list[str]:
    found = [f"{name} {key}: lost" for key in truth.keys() - raw.keys()]
    found += [f"{name} {key}: not at the source" for key in raw.keys() - truth.keys()]
    for key in truth.keys() & raw.keys():
        if raw[key] != truth[key]:
            changed = {c: (raw[key].get(c), v) for c, v in truth[key].items() if raw[key].get(c) != v}
            found.append(f"{name} {key}: (RAW, source) {changed}")
    return sorted(found)[:20]


def expected_row(resource: Resource, row: dict[str, Any]) -> dict[str, Any]:
    """Read one wire row as RAW should show it."""
    result = {column.name: expected_value(column, row.get(column.field)) for column in resource.columns}
    if resource.parent_key:
        result[resource.parent_key] = row[resource.parent_key]
    return result


def expected_value(column: Column, value: Any, hash_key: bytes = HASH_KEY) -> Any:
    """Read one wire value as RAW should show it; instants are taken for UTC."""
    if value is None:
        return None
    match column.type:
        case ColumnType.INTEGER:
            return int(value)
        case ColumnType.DECIMAL:
            return Decimal(str(value)).quantize(Decimal("0.01"))
        case ColumnType.FLOAT:
            return float(value)
        case ColumnType.CODE:
            return value if isinstance(value, str) else str(int(value))
        case ColumnType.DATE:
            return date.fromisoformat(value[:10])
        case ColumnType.TIMESTAMP:
            return datetime.fromisoformat(value).replace(tzinfo=None)
        case ColumnType.KEY_HASH:
            return hash_of(int(value), hash_key) if value else None
        case _:
            return value


def hash_of(number: int, hash_key: bytes = HASH_KEY) -> str:
    """Return the documented hash of a person's number: keyed BLAKE2b of its digits, 64 bits."""
    return hashlib.blake2b(str(number).encode(), key=hash_key, digest_size=8).hexdigest()


def utc_now() -> datetime:
    """Return our clock, UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)
