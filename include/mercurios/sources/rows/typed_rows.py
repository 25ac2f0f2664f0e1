"""From a page of JSON rows to typed Arrow columns.

A page is typed column by column, which is what makes it fast, and only when a column refuses is the page read
again row by row with exact decimals, so that the one bad row is quarantined with its reason and its neighbours
load. Both paths follow the same rules; a test holds them against each other.
"""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, TypeGuard

import numpy as np
import orjson
import pyarrow as pa

from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.rows import cells
from mercurios.sources.rows.arrow_columns import ARROW_TYPES, NUMBERS, convert, texts
from mercurios.sources.rows.records import Record, records_of
from mercurios.sources.settings import Drift

_REFUSALS = (pa.ArrowException, TypeError, ValueError, OverflowError)


@dataclass(frozen=True)
class Rejected:
    """A row that could not be typed or keyed.

    Attributes:
        row_number: position in the extraction, from 0.
        source_id: the row's `id` where it has one.
        reason: field, expectation and the value's shape.
        payload: the row as JSON with persons' numbers hashed; of a resource with personal data only the fields
            the contract keeps.
        field: the one field whose value does not fit; None where that is not the reason.
    """

    row_number: int
    source_id: str | None
    reason: str
    payload: str
    field: str | None = None


@dataclass
class TypedPage:
    """One page after typing: the rows that fit, those that do not, and the fields nobody declared."""

    table: pa.Table
    rejected: list[Rejected] = field(default_factory=list)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    missing_fields: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Stamp:
    """What every row of one extraction carries besides the contract's columns."""

    tenant_id: str
    run_id: str
    extracted_at: datetime
    time_zone: str
    hash_key: bytes
    parent_key: str | None = None


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


def type_rows(
    resource: Resource,
    rows: Sequence[dict[str, Any]],
    stamp: Stamp,
    *,
    first_row: int = 0,
    reread: Callable[[], Sequence[dict[str, Any]]] | None = None,
    drift: Drift = Drift.EVOLVE,
) -> TypedPage:
    """Type one page.

    What drift does to a row: under `evolve` an unknown field goes to `_extra` and a missing one is null; under
    `freeze` an unknown field is left out; under `quarantine` a row with an unknown field is refused. A row that
    lacks a declared field is refused under both of these, so that what RAW holds is not overwritten with nulls.

    Args:
        resource: the contract.
        rows: decoded JSON objects, numbers as int or float.
        stamp: tenant, run and zone of the extraction; `parent_key` names the extra key of nested rows, whose
            value each row carries under that name.
        first_row: number of the page's first row within the extraction.
        reread: decodes the page again with exact decimals; asked for only when the fast path refuses.
        drift: the policy.

    Returns:
        The typed page; `table` has the columns of `schema(resource)`.
    """
    unknown, missing, extras = _drift(resource, rows, stamp, drift)
    if not (drift is Drift.QUARANTINE and unknown) and not (drift is not Drift.EVOLVE and missing):
        try:
            parents = _parents(resource, rows)
            table = _fast_table(resource, _kept(resource, rows), parents, extras, stamp)
        except _REFUSALS:
            pass
        else:
            return TypedPage(table, [], unknown, missing)
    page = _exact_page(resource, reread() if reread else rows, stamp, first_row, drift)
    page.unknown_fields, page.missing_fields = unknown, missing
    return page


def type_records(resource: Resource, records: Sequence[Record], stamp: Stamp) -> TypedPage | None:
    """Type one page of records (see `records`), whose fields are exactly those of the contract.

    Returns:
        The typed page, as `type_rows` would return it; None where a value must be looked at row by row.
    """
    try:
        with _no_collection():
            kept = records_of(resource).kept(records)
            return TypedPage(_fast_table(resource, kept, None, None, stamp, checked=True))
    except _REFUSALS:
        return None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from looking at thousands of new tuples, which hold no cycle and live for a moment."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _fast_table(
    resource: Resource,
    kept: Sequence[tuple[Any, ...]],
    parents: Sequence[str] | None,
    extras: list[str | None] | None,
    stamp: Stamp,
    *,
    checked: bool = False,
) -> pa.Table:
    """Type rows a column at a time; `checked` says that no boolean stands for a number."""
    columns = list(zip(*kept, strict=True)) if kept else [()] * len(resource.columns)
    if not checked:
        _refuse_booleans(resource, columns)
    arrays = convert(resource.columns, columns, stamp.time_zone, stamp.hash_key)
    _require_keys(resource, columns)
    return _assemble(resource, arrays, parents, kept, extras, stamp)


def _refuse_booleans(resource: Resource, columns: Sequence[Sequence[Any]]) -> None:
    for column, values in zip(resource.columns, columns, strict=True):
        if column.type in NUMBERS and bool in set(map(type, values)):
            raise ValueError("a boolean stands where a number is expected")


def _drift(
    resource: Resource, rows: Sequence[dict[str, Any]], stamp: Stamp, drift: Drift
) -> tuple[Counter[str], Counter[str], list[str | None] | None]:
    expected = resource.fields | resource.dropped
    own = {name for name in (stamp.parent_key,) if name}
    unknown: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    extras: list[str | None] | None = None
    whole = expected | own
    usual: tuple[str, ...] | None = None  # names in the order they came last time nothing was new or missing
    for index, row in enumerate(rows):
        if tuple(row) == usual:
            continue
        names = row.keys()
        if names == whole:
            usual = tuple(row)
            continue
        new = sorted(names - whole)
        missing.update(resource.fields - names)
        if new:
            unknown.update(new)
            if drift is not Drift.FREEZE and not resource.personal:
                extras = extras or [None] * len(rows)
                extras[index] = orjson.dumps({name: row[name] for name in new}, default=float).decode()
    return unknown, missing, extras


def _kept(resource: Resource, rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the kept fields of each row in contract order; a field a row lacks is None."""
    fields = [column.field for column in resource.columns]
    try:
        return list(map(itemgetter(*fields), rows))
    except KeyError:
        return [tuple(row.get(name) for name in fields) for row in rows]


def _require_keys(resource: Resource, columns: Sequence[Sequence[Any]]) -> None:
    ids = columns[next(i for i, column in enumerate(resource.columns) if column.name == "id")]
    if None in ids or "" in ids or tuple(map(str.strip, ids)) != tuple(ids):
        raise ValueError("an id is missing, empty or padded")


def _is_key(value: Any) -> TypeGuard[str]:
    """Return whether a value identifies a row. A padded key would make a second row of the one without padding."""
    return isinstance(value, str) and value != "" and value == value.strip()


def _parents(resource: Resource, rows: Sequence[dict[str, Any]]) -> list[str] | None:
    """Return the key of the row around each nested row; None for a resource that is not nested."""
    if resource.parent_key is None:
        return None
    parents = [key for key in (row.get(resource.parent_key) for row in rows) if _is_key(key)]
    if len(parents) < len(rows):
        raise cells.CellError(f"the {resource.child_of} around the row has no usable id")
    return parents


def _assemble(
    resource: Resource,
    arrays: Sequence[pa.Array],
    parents: Sequence[str] | None,
    kept: Sequence[tuple[Any, ...]],
    extras: list[str | None] | None,
    stamp: Stamp,
) -> pa.Table:
    tenant_id, no_extra, extracted_at, run_id = _stamped(stamp, len(kept))
    columns = [
        tenant_id,
        *([] if parents is None else [texts(parents)]),
        *arrays,
        texts(extras) if extras else no_extra,
        texts(_content_hashes(kept, parents, extras)),
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


def _content_hashes(
    kept: Sequence[tuple[Any, ...]], parents: Sequence[Any] | None, extras: Sequence[str | None] | None
) -> list[str]:
    """Hash what is kept of each row, so that a change in a dropped field is no change.

    Exact decimals hash as the doubles of the fast path, and a row without extras as if the page had none: which rows
    share a page must not change a hash.
    """
    blake, dumps = hashlib.blake2b, orjson.dumps
    contents: Iterable[Any] = kept
    if parents is not None:
        contents = zip(kept, parents, extras or [None] * len(kept), strict=True)
    elif extras is not None:
        contents = [
            row if extra is None else (row, None, extra) for row, extra in zip(kept, extras, strict=True)
        ]
    return [blake(dumps(content, default=float), digest_size=16).hexdigest() for content in contents]


# The exact path: a cell at a time, only for pages that hold a bad row.


def _exact_page(
    resource: Resource, rows: Sequence[dict[str, Any]], stamp: Stamp, first_row: int, drift: Drift
) -> TypedPage:
    good: list[dict[str, Any]] = []
    values: list[list[Any]] = []
    rejected: list[Rejected] = []
    for number, row in enumerate(rows, start=first_row):
        try:
            _require_fields(resource, row, stamp, drift)
            values.append(_exact_row(resource, row, stamp))
            good.append(row)
        except cells.CellError as error:
            rejected.append(_rejected(resource, row, number, error, stamp))
    arrays = [
        pa.array([row[i] for row in values], ARROW_TYPES[column.type])
        for i, column in enumerate(resource.columns)
    ]
    _, _, extras = _drift(resource, good, stamp, drift)
    table = _assemble(resource, arrays, _parents(resource, good), _kept(resource, good), extras, stamp)
    return TypedPage(table, rejected)


def _require_fields(resource: Resource, row: dict[str, Any], stamp: Stamp, drift: Drift) -> None:
    """Refuse a row whose fields the drift policy does not allow."""
    new = sorted(row.keys() - resource.fields - resource.dropped - {stamp.parent_key})
    if new and drift is Drift.QUARANTINE:
        raise cells.CellError(f"unknown field {', '.join(new)} under drift policy {drift}")
    gone = sorted(resource.fields - row.keys())
    if gone and drift is not Drift.EVOLVE:
        raise cells.CellError(f"missing field {', '.join(gone)} under drift policy {drift}")


def _exact_row(resource: Resource, row: dict[str, Any], stamp: Stamp) -> list[Any]:
    if not _is_key(row.get("id")):
        padded = isinstance(row.get("id"), str) and row["id"].strip()
        expectation = "a key without spaces around it" if padded else "a non-empty key"
        raise cells.CellError(f"field 'id': expected {expectation}", field="id")
    _parents(resource, [row])
    result = []
    for column in resource.columns:
        try:
            result.append(cells.convert(column.type, row.get(column.field), stamp.time_zone, stamp.hash_key))
        except cells.CellError as error:
            hidden = resource.personal or column.type is ColumnType.KEY_HASH
            reason = error.discreet if hidden else str(error)
            raise cells.CellError(f"field {column.field!r}: {reason}", field=column.field) from error
    return result


def _rejected(
    resource: Resource, row: dict[str, Any], number: int, error: cells.CellError, stamp: Stamp
) -> Rejected:
    kept = {k: v for k, v in row.items() if not resource.personal or k in resource.fields}
    kept = {k: v for k, v in kept.items() if k not in resource.dropped}
    for column in resource.columns:
        if column.type is ColumnType.KEY_HASH and column.field in kept:
            kept[column.field] = _hash_or_refusal(kept[column.field], stamp.hash_key)
    # The row lives at the source whatever stands around its key, so the key counts as seen without it.
    key = row.get("id")
    source_id = key.strip() if isinstance(key, str) else None
    # Numbers stand in the payload as they came, so that the row can be replayed.
    payload = orjson.dumps(kept, default=lambda number: orjson.Fragment(str(number))).decode()
    return Rejected(number, source_id or None, str(error), payload, error.field)


def _hash_or_refusal(value: Any, hash_key: bytes) -> str | bool | None:
    """Return what the payload keeps of a person's number; False where it is none, which a replay must refuse too."""
    try:
        return cells.key_hash(value, hash_key)
    except cells.CellError:
        return False
