"""Fields of a resource that appeared, vanished or changed their type in one read, and how many rows showed it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mercurios.landing.manifest import DriftNote
from mercurios.sources.rows.typed_page import TypedPage

# So many undeclared fields are noted by name: a source may write a name for each row.
_MOST_NAMES = 100
_FURTHER = "further_fields"
# Up to so many refused rows are bad rows, whatever their share.
_A_HANDFUL = 5
_SHARE_OF_A_CHANGED_TYPE = 0.5


class DriftCounts:
    """Counts rows by the fields in which they differ from the contract."""

    def __init__(self) -> None:
        self._unknown: Counter[str] = Counter()
        self._missing: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._rows = 0

    def add(self, page: TypedPage, rows: int) -> None:
        """Count the rows of a page."""
        self._rows += rows
        for name, count in page.unknown_fields.items():
            noted = name in self._unknown or len(self._unknown) < _MOST_NAMES
            self._unknown[name if noted else _FURTHER] += count
        self._missing.update(page.missing_fields)
        self._refused.update(row.field for row in page.rejected if row.field)

    def add_missing(self, field: str, rows: int) -> None:
        """Count rows that lack a field."""
        if rows:
            self._missing[field] += rows

    def notes(self, resource: str) -> list[DriftNote]:
        """Return a note for each field that drifted."""
        changes: dict[str, Mapping[str, int]] = {
            "appeared": self._unknown,
            "vanished": self._missing,
            "retyped": retyped(self._refused, self._rows),
        }
        return [
            DriftNote.model_validate({"resource": resource, "field": name, "change": change, "rows": rows})
            for change, fields in changes.items()
            for name, rows in sorted(fields.items())
        ]


def retyped(refused: Mapping[str, int], rows: int) -> dict[str, int]:
    """Return the fields whose type changed at the source: most rows of a read are refused for their value.

    Args:
        refused: by field, how many rows were refused for its value.
        rows: how many rows the read had.
    """
    return {
        name: count
        for name, count in refused.items()
        if count > _A_HANDFUL and count >= _SHARE_OF_A_CHANGED_TYPE * rows
    }
