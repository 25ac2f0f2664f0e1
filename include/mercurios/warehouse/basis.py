"""The basis of a publication: everything that decides what a build makes, read before the build begins.

An hour in which nothing of it has changed needs no build. Each member is read where a build reads it, so that whatever
changed a table counts, whoever changed it. It is kept with the publication, in one statement; a run that fails before
that leaves the older basis behind, and the next one builds.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mercurios.sources.contract import Meaning, Resource
from mercurios.sources.registry import every_resource
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.schema import raw_tables
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from mercurios.tenants import Tenant

_ROOT = Path(__file__).resolve().parents[3]
# What a release brings: models, checks, statements and the code around them.
PRODUCT = (
    _ROOT / "include" / "dbt",
    _ROOT / "include" / "mercurios",
    _ROOT / "include" / "sql",
    _ROOT / "include" / "dbt_mercurios.py",
    _ROOT / "plugins" / "mercurios_airflow",
)
_SUFFIXES = frozenset({".py", ".sql", ".yml", ".yaml", ".md", ".csv", ".jinja", ".json"})
# What dbt writes itself.
_WRITTEN = frozenset({"target", "logs", "dbt_packages", "__pycache__"})
_LIBRARIES = ("dbt-core", "great-expectations", "holidays")

Basis = dict[str, str]


def basis_of(engine: Engine, tenant: Tenant) -> Basis:
    """Return what a build would be made from now.

    Args:
        engine: the tenant's warehouse, set up, with what the tenant's file says written to it.
        tenant: the tenant.

    Returns:
        The members by name:

        - `product`: the release, with the libraries that build and check.
        - `tenant_file`: the tenant's settings, as the model of the file has them.
        - `reference`: what dbt reads of them, and the public holidays.
        - `raw`: the rows of RAW: loads, deletes, rows set aside, replays.
        - `forecast`: the forecasts that the marts read.
        - `clock`: which rows are later than the reads of the source, which pass them without a load.
        - `business_day`, `source`, `hash_key`: what their names say.
        - `resyncs`, `approvals`, `releases`: what people asked for.
    """
    return {
        **{row["name"]: row["fact"] for row in _rows(engine, tenant, "basis_state")},
        "product": product(engine.dialect),
        "tenant_file": _digest(tenant.model_dump_json()),
        "reference": _digest(_rows(engine, tenant, "basis_reference")),
        "raw": _digest(_rows(engine, tenant, "basis_raw", tables=raw_tables())),
        "forecast": _digest(_rows(engine, tenant, "basis_forecast")),
        "clock": _digest(_passed(engine, tenant)),
    }


def changed_members(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the members in which two bases differ; one that only one of them has differs."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


@cache
def product(dialect: str) -> str:
    """Return a fingerprint of the release: its files, and the versions of the libraries that build and check.

    Args:
        dialect: the engine's name, which its libraries have as well.
    """
    found = hashlib.sha256()
    for path in _files():
        found.update(f"{path.removeprefix(str(_ROOT))}\0".encode())
        found.update(hashlib.sha256(Path(path).read_bytes()).digest())
    found.update(
        json.dumps({name: _version(name) for name in (*_LIBRARIES, dialect, f"dbt-{dialect}")}).encode()
    )
    return found.hexdigest()


def _files() -> Iterator[str]:
    for place in PRODUCT:
        if place.is_file():
            yield str(place)
        # Hundreds of files, each hour: to walk a folder costs a third of what it costs to look for a pattern in it.
        for folder, folders, names in os.walk(place):
            folders[:] = sorted(set(folders) - _WRITTEN)
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.splitext(name)[1] in _SUFFIXES and os.path.isfile(path):
                    yield path


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _passed(engine: Engine, tenant: Tenant) -> list[dict[str, Any]]:
    """Return, for the read of each resource, how many rows are later than it."""
    reads = _rows(engine, tenant, "basis_reads")
    if not reads:
        return []
    zone = ZoneInfo(tenant.time_zone)
    clocks = [{**read, "local_at": _local(read["read_at"], zone)} for read in reads]
    oldest = min(read["read_at"] for read in reads)
    resources = every_resource().values()
    sql = render(
        engine.dialect,
        "basis_clock",
        cursors=[(each.table, each.cursor_column) for each in resources if each.cursor_column],
        clocked=[found for each in resources if (found := _booked(each))],
    )
    return engine.fetch_rows(
        sql,
        {
            "tenant_id": tenant.id,
            "clocks": clocks,
            "oldest": oldest,
            "oldest_day": _local(oldest, zone).date(),
        },
    )


def _booked(resource: Resource) -> tuple[str, str, str] | None:
    """Return table, day and seconds of a resource whose rows are booked at a moment."""
    names = {column.meaning: column.name for column in resource.columns}
    if Meaning.BOOKED not in names or Meaning.SECONDS not in names:
        return None
    return resource.table, names[Meaning.BOOKED], names[Meaning.SECONDS]


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def _rows(engine: Engine, tenant: Tenant, name: str, **shape: Any) -> list[dict[str, Any]]:
    return engine.fetch_rows(render(engine.dialect, name, **shape), {"tenant_id": tenant.id})


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()
