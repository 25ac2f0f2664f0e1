"""Which columns hold personal data, and the masking policy that each has on Snowflake.

Read off the contract, so that a column that becomes personal there is masked without an entry here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.registry import every_resource

# A policy's type must be that of the column; a tenth of a percent is not to be lost to a number without digits.
MASKING_POLICIES = {
    "personal_text": "varchar",
    "personal_number": "number(38, 0)",
    "personal_amount": "number(18, 2)",
    "personal_flag": "boolean",
    "personal_date": "date",
    "personal_document": "variant",
}
_POLICY_OF = {
    ColumnType.INTEGER: "personal_number",
    ColumnType.DECIMAL: "personal_amount",
    ColumnType.TEXT: "personal_text",
    ColumnType.CODE: "personal_text",
    ColumnType.KEY_HASH: "personal_text",
    ColumnType.BOOLEAN: "personal_flag",
    ColumnType.DATE: "personal_date",
}
# Columns of a resource about persons that say nothing about the person: where it belongs, and the row's own history.
_IMPERSONAL = frozenset({"branch_number", "last_change", "is_deleted"})
# Names and types of fields that no contract declares, and values where an older release kept them.
_EXTRA = "_extra"
# What of a person did not get past typing may be in quarantine.
_QUARANTINE = {"source_id": "identity", "payload": "attribute"}


@dataclass(frozen=True)
class PersonalColumn:
    """A column that says who a person is (`identity`) or something about one (`attribute`)."""

    table: str
    name: str
    policy: str
    tag: str


def personal_columns() -> list[PersonalColumn]:
    """Return the columns of RAW and OPS that hold personal data.

    Everywhere the hashed numbers of persons and what no contract declares; of resources about persons also their key
    and what is kept about them.
    """
    found = [column for resource in every_resource().values() for column in _personal_of(resource)]
    return found + [
        PersonalColumn("ops.quarantine", name, "personal_text", tag) for name, tag in _QUARANTINE.items()
    ]


def masks_of(resource: Resource) -> dict[str, str]:
    """Return the personal columns of a RAW table with the names of their masking policies."""
    return {column.name: column.policy for column in _personal_of(resource)}


def _personal_of(resource: Resource) -> Iterator[PersonalColumn]:
    for column in resource.columns:
        is_identity = column.type is ColumnType.KEY_HASH or (resource.personal and column.name == "id")
        is_attribute = resource.personal and column.name not in _IMPERSONAL
        if is_identity or is_attribute:
            yield PersonalColumn(
                f"raw.{resource.table}",
                column.name,
                _POLICY_OF[column.type],
                "identity" if is_identity else "attribute",
            )
    yield PersonalColumn(f"raw.{resource.table}", _EXTRA, "personal_document", "attribute")
