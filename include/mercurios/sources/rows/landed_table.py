"""The table of rows that is landed: the contract's columns, and what every row carries besides them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from mercurios.sources.contract import Resource
from mercurios.sources.hash_keys import DIGEST_BYTES, keyed_digests
from mercurios.sources.rows.arrow_buffers import hexadecimals, texts
from mercurios.sources.rows.arrow_columns import ARROW_TYPES
from mercurios.sources.rows.cells import Zones
from mercurios.sources.settings import Bounds


@dataclass(frozen=True)
class Stamp:
    """What every row of one extraction carries besides the contract's columns, and how its values are read.

    Attributes:
        tenant_id: the tenant.
        run_id: the run.
        extracted_at: when the extraction began, UTC without zone.
        time_zone: zone of instants that come without one.
        hash_key: key of the hash that replaces persons' numbers, from which the key of contents is derived.
        parent_key: column that holds the key of the row around a nested one.
        business_zone: zone of the shops, whose midnights begin the days.
        local_days: days that are written with a time are days of the shops, not instants of the source.
        bounds: what the retailer can mean.
    """

    tenant_id: str
    run_id: str
    extracted_at: datetime
    time_zone: str
    hash_key: bytes
    parent_key: str | None = None
    business_zone: str = "UTC"
    local_days: bool = False
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def zones(self) -> Zones:
        """How instants are read."""
        return Zones(self.time_zone, self.business_zone, self.local_days)


@cache
def schema(resource: Resource) -> pa.Schema:
    """Return the Arrow schema of a resource's landed rows."""
    fields = [pa.field("tenant_id", pa.string())]
    if resource.parent_key:
        fields.append(pa.field(resource.parent_key, pa.string()))
    fields += [pa.field(column.name, ARROW_TYPES[column.type]) for column in resource.columns]
    fields += [
        pa.field("_extra", pa.string()),
        pa.field("_content_hash", pa.string()),
        pa.field("_extracted_at", pa.timestamp("us")),
        pa.field("_run_id", pa.string()),
    ]
    return pa.schema(fields)


def assemble(
    resource: Resource,
    arrays: Sequence[pa.Array],
    parents: Sequence[str] | None,
    kept: Sequence[tuple[Any, ...]],
    extras: list[str | None] | None,
    stamp: Stamp,
) -> pa.Table:
    """Put typed columns together with what every row carries.

    Args:
        resource: the contract.
        arrays: the contract's columns.
        parents: the key of the row around each nested row; None for a resource that is not nested.
        kept: the values of each row in the contract's order, for the hash of its content.
        extras: names and types of each row's undeclared fields as JSON; None where no row has one.
        stamp: tenant, run and moment.
    """
    tenant_id, no_extra, extracted_at, run_id = _stamped(stamp, len(kept))
    contents, mark = _content_digests(kept, parents, extras), ""
    if resource.holds_persons:
        contents, mark = keyed_digests(contents, stamp.hash_key)
    columns = [
        tenant_id,
        *([] if parents is None else [texts(parents)]),
        *arrays,
        texts(extras) if extras else no_extra,
        hexadecimals(contents, DIGEST_BYTES, mark),
        extracted_at,
        run_id,
    ]
    return pa.Table.from_arrays(columns, schema=schema(resource))


@lru_cache(maxsize=8)
def _stamped(stamp: Stamp, count: int) -> tuple[pa.Array, ...]:
    """Return what every row of a page carries: tenant, no extras, moment and run. Full pages share it."""
    moment = np.full(count, np.datetime64(stamp.extracted_at, "us"))
    return (
        texts([stamp.tenant_id] * count),
        pa.nulls(count, pa.string()),
        pa.Array.from_buffers(pa.timestamp("us"), count, [None, pa.py_buffer(moment.view(np.int64))]),
        texts([stamp.run_id] * count),
    )


def _content_digests(
    kept: Sequence[tuple[Any, ...]], parents: Sequence[Any] | None, extras: Sequence[str | None] | None
) -> bytes:
    """Return hashes, one behind the other, of what is kept of each row: a change in a dropped field is no change.

    Exact decimals hash as the doubles of the fast path, and a row without extras as if the page had none: which rows
    share a page must not change a hash.
    """
    contents: Iterable[Any] = kept
    if parents is not None:
        contents = zip(kept, parents, extras or [None] * len(kept), strict=True)
    elif extras is not None:
        contents = [
            row if extra is None else (row, None, extra) for row, extra in zip(kept, extras, strict=True)
        ]
    # To copy a state costs less than to ask for a new one.
    begun, dumps = hashlib.blake2b(digest_size=DIGEST_BYTES).copy, orjson.dumps
    digests = []
    for content in contents:
        state = begun()
        state.update(dumps(content, default=float))
        digests.append(state.digest())
    return b"".join(digests)
