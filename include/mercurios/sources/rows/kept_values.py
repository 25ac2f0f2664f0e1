"""What is taken of a row as it came: the values that the contract keeps, its key, and the key of the row around it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, TypeGuard

from mercurios.sources.contract import Resource
from mercurios.sources.rows.cells import CellError
from mercurios.sources.rows.plausible import MOST_TEXT


def kept_values(resource: Resource, rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the kept fields of each row in contract order; a field a row lacks is None."""
    fields = [column.field for column in resource.columns]
    try:
        return list(map(itemgetter(*fields), rows))
    except KeyError:
        return [tuple(row.get(name) for name in fields) for row in rows]


def is_key(value: Any) -> TypeGuard[str]:
    """Return whether a value identifies a row. A padded key would make a second row of the one without padding."""
    return isinstance(value, str) and 0 < len(value) <= MOST_TEXT and value == value.strip()


def parent_keys(resource: Resource, rows: Sequence[dict[str, Any]]) -> list[str] | None:
    """Return the key of the row around each nested row; None for a resource that is not nested.

    Raises:
        CellError: a row around has no usable id.
    """
    if resource.parent_key is None:
        return None
    parents = [key for key in (row.get(resource.parent_key) for row in rows) if is_key(key)]
    if len(parents) < len(rows):
        raise CellError(f"the {resource.child_of} around the row has no usable id")
    return parents
