"""Pages straight into records: the short way for a page whose rows are what their contract says.

Decoding into dictionaries, comparing their names with the contract and picking the values that are kept costs as much
as typing them. A record has a slot for each field that the contract knows, so its decoder does all three at once. It
refuses a page with a field more or less, or with a value of another kind; such a page takes the longer way, which says
what is wrong with which row. The result is the same in both ways; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Annotated, Any, Protocol

import msgspec

from mercurios.sources.contract import ColumnType, Resource

_KEY = Annotated[str, msgspec.Meta(min_length=1)]
# The decoder takes no boolean for a number, as Arrow and struct would.
_NUMBER = int | float | None
_KINDS: dict[ColumnType, Any] = {
    ColumnType.INTEGER: _NUMBER,
    ColumnType.DECIMAL: _NUMBER,
    ColumnType.FLOAT: _NUMBER,
    ColumnType.KEY_HASH: _NUMBER,
    ColumnType.TEXT: str | None,
    ColumnType.CODE: str | int | float | None,
    ColumnType.BOOLEAN: bool | None,
    ColumnType.DATE: str | None,
    ColumnType.TIMESTAMP: str | None,
}


class Record(Protocol):
    """A row that has exactly the fields of its contract, the dropped ones last. Equal records are equal rows."""

    @property
    def id(self) -> str:
        """The row's key; never empty."""


class Records:
    """Decodes pages of one resource.

    Args:
        resource: the contract; its rows nest no others.
    """

    def __init__(self, resource: Resource) -> None:
        fields = [(c.field, _KEY if c.field == "id" else _KINDS[c.type]) for c in resource.columns]
        fields += [(name, Any) for name in sorted(resource.dropped)]
        # JSON has no cycles, so the garbage collector need not look at the records.
        record = msgspec.defstruct("Record", fields, forbid_unknown_fields=True, gc=False)
        self._decoder = msgspec.json.Decoder(list[record])  # type: ignore[valid-type]
        self._width = len(resource.columns)
        self._drops = bool(resource.dropped)

    def decode(self, body: bytes | memoryview) -> list[Record] | None:
        """Return the rows of a page; None where one of them is not what the contract says."""
        try:
            records: list[Record] = self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return records

    def kept(self, records: Sequence[Record]) -> list[tuple[Any, ...]]:
        """Return the kept values of each record in the contract's order."""
        rows: Iterator[tuple[Any, ...]] = map(msgspec.structs.astuple, records)  # type: ignore[arg-type]
        return [row[: self._width] for row in rows] if self._drops else list(rows)


@cache
def records_of(resource: Resource) -> Records:
    """Return what decodes the pages of a resource whose rows nest no others."""
    return Records(resource)
