"""From the rows of one export file to rows of the contract, with the numbers and the key that are derived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import orjson

from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.files.codes import key_of, number_of, size_number
from mercurios.sources.files.resources import KEYS, POSITION_KEY, REQUIRED
from mercurios.sources.files.settings import Dataset
from mercurios.sources.files.values import is_shortened, reader_of
from mercurios.sources.rows.typed_page import Rejected
from mercurios.sources.source import TerminalSourceError

# Where an export knows no branches, all of it belongs to one.
ONLY_BRANCH = "1"
_CENT = Decimal("0.01")


class Export:
    """Turns the rows of one file into rows of a resource.

    Args:
        resource: the contract.
        dataset: how the tenant file describes the export.
        name: the file, for messages.
        header: its columns.

    Raises:
        TerminalSourceError: a mapped column is missing, or there are two of its name.
    """

    def __init__(self, resource: Resource, dataset: Dataset, name: str, header: Sequence[Any]) -> None:
        self._resource = resource
        self._header = [str(column).strip() if column is not None else "" for column in header]
        self._check(dataset, name)
        kinds = {column.field: column.type for column in resource.columns}
        self._readers = [
            (field, self._header.index(column), reader_of(kinds[field], dataset))
            for field, column in dataset.columns.items()
        ]
        self._codes = [field for field in dataset.columns if kinds[field] is ColumnType.CODE]
        mapped = set(dataset.columns.values()) | dataset.ignored | {""}
        self._unknown = [
            (self._free(column), place) for place, column in enumerate(self._header) if column not in mapped
        ]
        positions = {"receipt", "position"} <= set(dataset.columns)
        self._key = POSITION_KEY if resource.name == "sales" and positions else KEYS[resource.name]
        self._alike: Counter[str] = Counter()

    def _check(self, dataset: Dataset, name: str) -> None:
        missing = [(field, column) for field, column in dataset.columns.items() if column not in self._header]
        if missing:
            field, column = missing[0]
            raise TerminalSourceError(
                f"{name} has no column {column!r}, which source.datasets.{self._resource.name}.columns.{field} names; "
                f"{self._its_columns(dataset)}{self._other_delimiter(dataset)}"
            )
        twice = [column for column in dataset.columns.values() if self._header.count(column) > 1]
        if twice:
            raise TerminalSourceError(
                f"{name} has two columns {twice[0]!r}: rename one of them in the export"
            )

    def _its_columns(self, dataset: Dataset) -> str:
        """Return which columns the file has; of a first line that is no header, nothing: it may name people."""
        if not set(dataset.columns.values()) & set(self._header):
            return "its first line names no mapped column: does the file begin with a line of names?"
        return f"its columns: {', '.join(filter(None, self._header))}"

    def _other_delimiter(self, dataset: Dataset) -> str:
        """Return what to correct where a header looks as if another sign separated its columns."""
        signs = [sign for sign in ";\t,|" if sign != dataset.delimiter and sign in self._header[0]]
        if len(self._header) > 1 or not signs:
            return ""
        return f"; they seem to be separated by {signs[0]!r}: set the dataset's 'delimiter'"

    def _free(self, column: str) -> str:
        """Return a name for an unknown column that no field of the contract has."""
        return f"{column} (of the file)" if column in self._resource.fields else column

    def row(self, cells: Sequence[Any], number: int) -> dict[str, Any] | Rejected:
        """Return a row of the contract, or why none can be made of these cells.

        Args:
            cells: of the file, in the order of its header.
            number: of the row within the extraction.
        """
        if len(cells) != len(self._header):
            reason = f"expected {len(self._header)} columns, got {len(cells)}"
            return self._refused({"columns": len(cells)}, [str(cell) for cell in cells], number, reason)
        values = dict.fromkeys((column.field for column in self._resource.columns), None)
        for field, place, read in self._readers:
            values[field] = read(cells[place])
        for field in self._codes:
            if is_shortened(values[field]):
                given = {field: str(cells[place]) for field, place, _ in self._readers}
                reason = (
                    f"field {field!r}: expected a code, got a long number that a spreadsheet has shortened"
                )
                return self._refused(given, [*given.values()], number, reason)
        self._derive(values)
        for choice in REQUIRED[self._resource.name]:
            if all(values[field] is None for field in choice):
                names = " or ".join(map(repr, choice))
                given = {field: str(cells[place]) for field, place, _ in self._readers}
                return self._refused(given, [*given.values()], number, f"field {names}: expected a value")
        values["id"] = self._next_key([values[field] for field in self._key])
        return values | {name: _plain(cells[place]) for name, place in self._unknown}

    def _refused(self, kept: dict[str, Any], content: list[str], number: int, reason: str) -> Rejected:
        """Refuse a row; of what is not mapped nothing is kept, since exports name people."""
        return Rejected(number, self._next_key(content), reason, orjson.dumps(kept).decode())

    def _next_key(self, content: Sequence[Any]) -> str:
        key = key_of(content, 0)
        self._alike[key] += 1
        occurrence = self._alike[key] - 1
        return key_of(content, occurrence) if occurrence else key

    def _derive(self, values: dict[str, Any]) -> None:
        if "branch" in values and self._resource.name != "branches":
            values["branch"] = values["branch"] or ONLY_BRANCH
        for field in values:
            code = field.removesuffix("_number")
            if code != field and code in values:
                values[field] = number_of(values[code])
        if "article_size_number" in values:
            values["article_size_number"] = size_number(values["article"], values["size"])
        if "amount" in values and values["amount"] is None:
            values["amount"] = _amount(values["quantity"], values["unit_price"])
        if "open" in values and values["open"] is None:
            values["open"] = _still_open(values["ordered"], values["delivered"])


def _plain(cell: Any) -> Any:
    """Return a cell as JSON can hold it."""
    return cell if cell is None or isinstance(cell, str | int | float) else str(cell)


def _amount(quantity: Any, price: Any) -> Decimal | None:
    if not _are_numbers(quantity, price):
        return None
    return (_exact(quantity) * _exact(price)).quantize(_CENT, ROUND_HALF_UP)


def _still_open(ordered: Any, delivered: Any) -> Decimal | None:
    if not _are_numbers(ordered, delivered or 0):
        return None
    return max(_exact(ordered) - _exact(delivered or 0), Decimal(0))


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values)


def _exact(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))
