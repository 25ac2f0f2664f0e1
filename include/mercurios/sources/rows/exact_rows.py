"""The exact way of a page: a cell at a time, so that a bad row is quarantined with its reason and the others load.

It is taken only by pages that hold a bad row. It follows the same rules as the fast way; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa

from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.rows import cells
from mercurios.sources.rows.arrow_columns import ARROW_TYPES
from mercurios.sources.rows.field_drift import compare_fields, require_fields
from mercurios.sources.rows.kept_values import is_key, kept_values, parent_keys
from mercurios.sources.rows.landed_table import Stamp, assemble
from mercurios.sources.rows.nesting import shallow
from mercurios.sources.rows.plausible import MOST_TEXT, check_value
from mercurios.sources.rows.typed_page import Rejected, TypedPage
from mercurios.sources.settings import Drift


def exact_page(
    resource: Resource, rows: Sequence[dict[str, Any]], stamp: Stamp, first_row: int, drift: Drift
) -> TypedPage:
    """Type a page row by row.

    Args:
        resource: the contract.
        rows: decoded JSON objects, floating numbers as Decimal.
        stamp: tenant, run and zone of the extraction.
        first_row: number of the page's first row within the extraction.
        drift: the policy.
    """
    good: list[dict[str, Any]] = []
    values: list[list[Any]] = []
    rejected: list[Rejected] = []
    for number, row in enumerate(map(_without_depth, rows), start=first_row):
        try:
            require_fields(resource, row, stamp.parent_key, drift)
            values.append(_exact_row(resource, row, stamp))
            good.append(row)
        except cells.CellError as error:
            rejected.append(_rejected(resource, row, number, error, stamp, drift))
    arrays = [
        pa.array([row[i] for row in values], ARROW_TYPES[column.type])
        for i, column in enumerate(resource.columns)
    ]
    extras = compare_fields(resource, good, stamp.parent_key, drift).extras
    parents, kept = parent_keys(resource, good), kept_values(resource, good)
    return TypedPage(assemble(resource, arrays, parents, kept, extras, stamp), rejected)


def _without_depth(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose values can be walked, each of them shallow."""
    return {name: shallow(value) if isinstance(value, dict | list) else value for name, value in row.items()}


def _exact_row(resource: Resource, row: dict[str, Any], stamp: Stamp) -> list[Any]:
    if not is_key(row.get("id")):
        raise cells.CellError(f"field 'id': expected {_wanted_of(row.get('id'))}", field="id")
    parent_keys(resource, [row])
    result = []
    for column in resource.columns:
        try:
            value = cells.convert(column.type, row.get(column.field), stamp.zones, stamp.hash_key)
            check_value(column, value, stamp.bounds)
            result.append(value)
        except cells.CellError as error:
            raise cells.CellError(f"field {column.field!r}: {error}", field=column.field) from error
    return result


def _wanted_of(key: Any) -> str:
    """Return what a key lacks."""
    if not isinstance(key, str) or not key.strip():
        return "a non-empty key"
    return (
        "a key without spaces around it" if key != key.strip() else f"a key of at most {MOST_TEXT:,} letters"
    )


def _rejected(
    resource: Resource,
    row: dict[str, Any],
    number: int,
    error: cells.CellError,
    stamp: Stamp,
    drift: Drift,
) -> Rejected:
    kept = _payload(resource, row, stamp, drift)
    for column in resource.columns:
        if column.type is ColumnType.KEY_HASH and column.field in kept:
            kept[column.field] = _hash_or_refusal(kept[column.field], stamp.hash_key)
    # The row exists at the source with or without spaces around its key, so the key without them counts as seen.
    key = row.get("id")
    source_id = key.strip() if isinstance(key, str) else None
    # Numbers stay in the payload as they came, so that the row can be replayed.
    payload = orjson.dumps(kept, default=lambda number: orjson.Fragment(str(number))).decode()
    return Rejected(number, source_id or None, str(error), payload, error.field)


def _payload(resource: Resource, row: dict[str, Any], stamp: Stamp, drift: Drift) -> dict[str, Any]:
    """Return what a row in quarantine keeps: declared fields, and others where the policy holds rows until declared."""
    if drift is Drift.QUARANTINE and not resource.personal:
        return {name: value for name, value in row.items() if name not in resource.dropped}
    declared = resource.fields | {stamp.parent_key}
    return {name: value for name, value in row.items() if name in declared}


def _hash_or_refusal(value: Any, hash_key: bytes) -> str | bool | None:
    """Return what the payload keeps of a person's number; False for any other value, which a replay refuses too."""
    try:
        return cells.key_hash(value, hash_key)
    except cells.CellError:
        return False
