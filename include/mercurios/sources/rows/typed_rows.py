"""From a page of rows to typed Arrow columns.

A page is typed column by column, which is what makes it fast, and only when a column refuses is the page read
again row by row with exact decimals (see `exact_rows`), so that the one bad row is quarantined with its reason and its
neighbours load. Both ways follow the same rules; a test compares them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from mercurios.sources.contract import Resource
from mercurios.sources.rows.arrow_columns import NUMBERS, convert
from mercurios.sources.rows.exact_rows import exact_page
from mercurios.sources.rows.field_drift import compare_fields
from mercurios.sources.rows.kept_values import kept_values, parent_keys
from mercurios.sources.rows.landed_table import Stamp, assemble
from mercurios.sources.rows.plausible import check_columns
from mercurios.sources.rows.records import Record, records_of
from mercurios.sources.rows.typed_page import TypedPage
from mercurios.sources.settings import Drift

_REFUSALS = (pa.ArrowException, TypeError, ValueError, OverflowError)


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

    What drift does to a row: under `evolve` name and type of an unknown field go to `_extra` and a missing one is
    null; under `freeze` an unknown field is left out; under `quarantine` a row with an unknown field is refused. A row
    that lacks a declared field is refused under both of these, so that what RAW holds is not overwritten with nulls.

    Args:
        resource: the contract.
        rows: decoded JSON objects, numbers as int or float.
        stamp: tenant, run and zone of the extraction; `parent_key` names the extra key of nested rows, whose
            value each row carries under that name.
        first_row: number of the page's first row within the extraction.
        reread: decodes the page again with exact decimals; called only when the fast way refuses.
        drift: the policy.

    Returns:
        The typed page.
    """
    fields = compare_fields(resource, rows, stamp.parent_key, drift)
    if not fields.is_refused_by(drift):
        try:
            parents = parent_keys(resource, rows)
            table = _fast_table(resource, kept_values(resource, rows), parents, fields.extras, stamp)
        except _REFUSALS:
            pass
        else:
            return TypedPage(table, [], fields.unknown, fields.missing)
    page = exact_page(resource, reread() if reread else rows, stamp, first_row, drift)
    page.unknown_fields, page.missing_fields = fields.unknown, fields.missing
    return page


def type_records(resource: Resource, records: Sequence[Record], stamp: Stamp) -> TypedPage | None:
    """Type one page of records (see `records`), whose fields are exactly those of the contract.

    Returns:
        The typed page, as `type_rows` would return it; None where a value must be looked at row by row.
    """
    try:
        with _no_collection():
            return TypedPage(_table_of(resource, records, stamp))
    except _REFUSALS:
        return None


def _table_of(resource: Resource, records: Sequence[Record], stamp: Stamp) -> pa.Table:
    # In a function of its own: its thousands of tuples must have gone when the garbage collector may look again.
    kept = records_of(resource).kept(records)
    return _fast_table(resource, kept, None, None, stamp, checked=True)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from looking at thousands of new tuples, which hold no cycle and are short-lived."""
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
    """Type rows a column at a time; `checked` means that no boolean is in the place of a number."""
    columns = list(zip(*kept, strict=True)) if kept else [()] * len(resource.columns)
    if not checked:
        _refuse_booleans(resource, columns)
    arrays = convert(resource.columns, columns, stamp.zones, stamp.hash_key)
    _require_keys(resource, columns)
    check_columns(resource.columns, arrays, stamp.bounds)
    return assemble(resource, arrays, parents, kept, extras, stamp)


def _refuse_booleans(resource: Resource, columns: Sequence[Sequence[Any]]) -> None:
    for column, values in zip(resource.columns, columns, strict=True):
        if column.type in NUMBERS and bool in set(map(type, values)):
            raise ValueError("a boolean where a number is expected")


def _require_keys(resource: Resource, columns: Sequence[Sequence[Any]]) -> None:
    ids = columns[next(i for i, column in enumerate(resource.columns) if column.name == "id")]
    if None in ids or "" in ids or tuple(map(str.strip, ids)) != tuple(ids):
        raise ValueError("an id is missing, empty or padded")
