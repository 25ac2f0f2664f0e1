"""One page after typing: the rows that fit, those that do not and why, and the fields that differ from the contract."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True)
class Rejected:
    """A row that could not be typed or keyed.

    Attributes:
        row_number: position in the extraction, from 0.
        source_id: the row's `id` where it has one.
        reason: field, expectation and the value's type, never the value.
        payload: the fields that the contract keeps as JSON, persons' numbers hashed; under the drift policy
            `quarantine` also undeclared fields of a resource that is not about persons.
        field: the one field whose value does not fit; None where that is not the reason.
    """

    row_number: int
    source_id: str | None
    reason: str
    payload: str
    field: str | None = None


@dataclass
class TypedPage:
    """One page after typing.

    Attributes:
        table: the rows that fit, with the columns of `landed_table.schema`.
        rejected: the rows that do not.
        unknown_fields: undeclared fields, and how many rows have each.
        missing_fields: declared fields, and how many rows lack each.
    """

    table: pa.Table
    rejected: list[Rejected] = field(default_factory=list)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    missing_fields: Counter[str] = field(default_factory=Counter)
