"""From a page of JSON rows to typed Arrow columns.

A page is typed column by column, which is what makes it fast, and only when a column refuses is the page read
again row by row with exact decimals, so that the one bad row is quarantined with its reason and its neighbours
load. Both paths follow the same rules; a test holds them against each other.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeGuard

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mercurios.prohandel import cells
from mercurios.prohandel.resources import Column, ColumnType, Resource
from mercurios.tenants import Drift

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DECIMAL: pa.decimal128(18, 2),
    ColumnType.FLOAT: pa.float64(),
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
    ColumnType.KEY_HASH: pa.string(),
}
_EXACT_FLOAT = float(2**53)
_FIRST_INSTANT, _LAST_INSTANT = datetime(2, 1, 1), datetime(9998, 12, 31)


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
        kept = _kept(resource, rows)
        try:
            columns = zip(*kept, strict=True) if kept else ([] for _ in resource.columns)
            arrays = [
                _fast(column, values, stamp) for column, values in zip(resource.columns, columns, strict=True)
            ]
            _require_keys(resource, arrays, kept)
            parents = _parents(resource, rows)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            pass
        else:
            table = _assemble(resource, arrays, parents, kept, extras, stamp)
            return TypedPage(table, [], unknown, missing)
    page = _exact_page(resource, reread() if reread else rows, stamp, first_row, drift)
    page.unknown_fields, page.missing_fields = unknown, missing
    return page


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


def _require_keys(resource: Resource, arrays: Sequence[pa.Array], kept: Sequence[tuple[Any, ...]]) -> None:
    index = next(i for i, column in enumerate(resource.columns) if column.name == "id")
    if arrays[index].null_count:
        raise ValueError("a row has no id")
    ids = [row[index] for row in kept]
    if "" in ids or list(map(str.strip, ids)) != ids:
        raise ValueError("an id is empty or padded")


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
    count = len(kept)
    columns: list[pa.Array] = [pa.repeat(stamp.tenant_id, count)]
    if parents is not None:
        columns.append(pa.array(parents, pa.string()))
    columns += arrays
    columns += [
        pa.array(extras, pa.string()) if extras else pa.nulls(count, pa.string()),
        pa.array(_content_hashes(kept, parents, extras), pa.string()),
        pa.repeat(pa.scalar(stamp.extracted_at, pa.timestamp("us")), count),
        pa.repeat(stamp.run_id, count),
    ]
    return pa.Table.from_arrays(columns, schema=schema(resource))


def _content_hashes(
    kept: Sequence[tuple[Any, ...]], parents: Sequence[Any] | None, extras: Sequence[str | None] | None
) -> list[str]:
    """Hash what is kept of each row, so that a change in a dropped field is no change.

    Exact decimals hash as the doubles of the fast path: which rows share a page must not change a hash.
    """
    blake, dumps = hashlib.blake2b, orjson.dumps
    contents: Iterable[Any] = kept
    if parents is not None or extras is not None:
        nothing = [None] * len(kept)
        contents = zip(kept, parents or nothing, extras or nothing, strict=True)
    return [blake(dumps(content, default=float), digest_size=16).hexdigest() for content in contents]


# The fast path: one Arrow conversion a column. Every converter raises rather than guess.


def _fast(column: Column, values: Sequence[Any], stamp: Stamp) -> pa.Array:
    match column.type:
        case ColumnType.INTEGER:
            return _integers(values)
        case ColumnType.DECIMAL:
            return _decimals(values)
        case ColumnType.DATE:
            return _dates(values)
        case ColumnType.TIMESTAMP:
            return _instants(values, stamp.time_zone)
        case ColumnType.CODE:
            return pa.array([cells.code(value) for value in values], pa.string())
        case ColumnType.KEY_HASH:
            return _key_hashes(values, stamp.hash_key)
        case _:
            return _plain(values, ARROW_TYPES[column.type])


def _key_hashes(values: Sequence[Any], hash_key: bytes) -> pa.Array:
    # A page names few persons, so each is hashed once. True would be taken for the 1 that it equals.
    if bool in set(map(type, values)):
        raise ValueError("a boolean stands where a person's number is expected")
    hashes = {value: cells.key_hash(value, hash_key) for value in set(values)}
    return pa.array([hashes[value] for value in values], pa.string())


def _plain(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind == pa.float64() and bool in set(map(type, values)):  # Arrow takes true for 1.0
        raise ValueError("a boolean stands where a number is expected")
    return pa.array(values, kind)


def _integers(values: Sequence[Any]) -> pa.Array:
    array = pa.array(values)
    if pa.types.is_int64(array.type):
        return array
    if pa.types.is_null(array.type):
        return array.cast(pa.int64())
    if not pa.types.is_float64(array.type):
        raise ValueError("not a number")
    largest = pc.max(pc.abs(array)).as_py()
    if largest is not None and not largest < _EXACT_FLOAT:
        raise ValueError("a number beyond 2**53 in floating form")
    return array.cast(pa.int64(), safe=True)


def _decimals(values: Sequence[Any]) -> pa.Array:
    array = _plain(values, pa.float64())
    numbers = array.fill_null(0.0).to_numpy(zero_copy_only=False)
    scaled = numbers * 100.0
    cents = np.rint(scaled)
    largest = np.abs(scaled).max(initial=0.0)
    if largest > cells.LARGEST_CENTS:
        raise ValueError("too large for exact cents in floating form")
    if not (np.abs(scaled - cents) <= 1e-6 + 1e-15 * np.abs(scaled)).all():
        raise ValueError("more than two decimals")
    words = np.empty((len(cents), 2), dtype="<i8")
    words[:, 0] = cents.astype(np.int64)
    words[:, 1] = words[:, 0] >> 63
    mask = (
        None if not array.null_count else pc.is_valid(array).cast(pa.uint8()).to_numpy(zero_copy_only=False)
    )
    validity = None if mask is None else pa.py_buffer(np.packbits(mask, bitorder="little").tobytes())
    buffers = [validity, pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), buffers, null_count=array.null_count)


def _dates(values: Sequence[Any]) -> pa.Array:
    texts = pa.array(values, pa.string())
    return pc.utf8_slice_codeunits(texts, 0, 10).cast(pa.date32())


def _instants(values: Sequence[Any], time_zone: str) -> pa.Array:
    texts = pa.array(values, pa.string())
    # Digits beyond the microsecond are cut, never rounded up: a cursor may not pass a real value.
    naive = pc.utf8_slice_codeunits(texts, 0, 26).cast(pa.timestamp("us"))
    longest = pc.max(pc.utf8_length(texts)).as_py()
    if longest is not None and longest > 29:
        raise ValueError("an instant longer than nanoseconds")
    if pc.any(pc.match_substring_regex(texts, "[^0-9T:.-]|T.*-")).as_py():
        raise ValueError("an instant with a zone")
    if time_zone == "UTC":
        return naive
    span = pc.min_max(naive).as_py()
    if span["min"] is not None and not _FIRST_INSTANT <= span["min"] <= span["max"] <= _LAST_INSTANT:
        raise ValueError("an instant that stands for never")
    zoned = pc.assume_timezone(naive, time_zone, ambiguous="earliest", nonexistent="raise")
    return zoned.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))


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
