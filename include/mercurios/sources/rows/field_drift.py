"""Fields that a row has beyond its contract, or lacks, and what the drift policy makes of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from mercurios.sources.contract import Resource
from mercurios.sources.rows.cells import CellError, type_name
from mercurios.sources.rows.nesting import TOO_DEEP, is_cut, shallow
from mercurios.sources.settings import Drift

UNNAMED = "not_an_identifier"
"""What takes the place of the name of an undeclared field that may be a value: anything but a short identifier."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# As many undeclared fields of one row as a message lists and `_extra` keeps.
_LISTED, _KEPT = 5, 50


@dataclass
class FieldDrift:
    """How the rows of a page differ from their contract.

    Attributes:
        unknown: undeclared fields, and how many rows have each.
        missing: declared fields, and how many rows lack each.
        extras: for each row names and types of its undeclared fields as JSON; None where no row has one that is kept.
        is_too_deep: an undeclared field is nested beyond what is read.
    """

    unknown: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    extras: list[str | None] | None = None
    is_too_deep: bool = False

    def is_refused_by(self, drift: Drift) -> bool:
        """Return whether the policy refuses any of the rows, so that each must be looked at."""
        if self.is_too_deep or (drift is Drift.QUARANTINE and self.unknown):
            return True
        return drift is not Drift.EVOLVE and bool(self.missing)

    def keep(self, index: int, fields: dict[str, Any]) -> None:
        """Keep names and types of the undeclared fields of a row as JSON."""
        nested = [value for value in fields.values() if isinstance(value, dict | list)]
        if any(is_cut(shallow(value)) for value in nested):
            self.is_too_deep = True
            return
        if self.extras is not None:
            types = {shown_name(name): type_name(value) for name, value in list(fields.items())[:_KEPT]}
            self.extras[index] = orjson.dumps(types).decode()


def compare_fields(
    resource: Resource, rows: Sequence[dict[str, Any]], parent_key: str | None, drift: Drift
) -> FieldDrift:
    """Compare the names of a page's fields with the contract.

    Args:
        resource: the contract.
        rows: decoded JSON objects.
        parent_key: name under which nested rows carry the key of the row around them.
        drift: the policy; under `freeze` undeclared fields are counted, but not kept.
    """
    expected = resource.fields | resource.dropped
    declared = expected | {parent_key} if parent_key else expected
    found = FieldDrift()
    # Names in the order they came in the last row without new or missing ones.
    usual: tuple[str, ...] | None = None
    for index, row in enumerate(rows):
        if tuple(row) == usual:
            continue
        names = row.keys()
        if names == declared:
            usual = tuple(row)
            continue
        new = sorted(names - declared)
        found.missing.update(resource.fields - names)
        if new:
            found.unknown.update({shown_name(name) for name in new})
            if drift is not Drift.FREEZE and not resource.personal:
                found.extras = found.extras or [None] * len(rows)
                found.keep(index, {name: row[name] for name in new})
    return found


def shown_name(field: str) -> str:
    """Return the name of an undeclared field as it may be shown; a source may use what names a person for a name."""
    return field if _IDENTIFIER.fullmatch(field) else UNNAMED


def require_fields(resource: Resource, row: dict[str, Any], parent_key: str | None, drift: Drift) -> None:
    """Do nothing for a row whose fields the drift policy allows.

    Raises:
        CellError: it does not allow them.
    """
    new = sorted(row.keys() - resource.fields - resource.dropped - {parent_key})
    if new and drift is Drift.QUARANTINE:
        names = sorted({shown_name(name) for name in new})
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        raise CellError(f"unknown field {', '.join(names[:_LISTED])}{more} under drift policy {drift}")
    if drift is not Drift.FREEZE and not resource.personal and any(is_cut(row[name]) for name in new):
        raise CellError(f"an undeclared field is {TOO_DEEP}")
    missing = sorted(resource.fields - row.keys())
    if missing and drift is not Drift.EVOLVE:
        raise CellError(f"missing field {', '.join(missing)} under drift policy {drift}")
