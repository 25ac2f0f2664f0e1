"""What the loader, the gates and publication need of a warehouse; DuckDB and Snowflake both give it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Parameters = Sequence[Any] | Mapping[str, Any]


class WarehouseError(Exception):
    """A statement or connection failed; the message names the object and the remedy."""


class MissingObjectError(WarehouseError):
    """A statement names a table or a column that is not there, or that the role may not see."""


class WarehouseLockedError(WarehouseError):
    """Another process holds the warehouse and did not let go in time."""


_HEADING = re.compile(r"[A-Z][a-z]+(?: [A-Za-z]+){0,4}(?=:)|\d{6}(?= \()")
_COLUMN = re.compile(r"when casting from source column (\w+)")
# What DuckDB begins its message with, and what is said instead.
_CONSTRAINTS = {"Duplicate key": "a key is there already", "NOT NULL constraint": "a value is missing"}


def without_values(message: str, statement: str = "") -> str:
    """Return what may be told of an engine's message about a row: its heading, and the column or constraint.

    Engines write values with quotes and without, with quotes inside, over lines: what remains is chosen, not what is
    left out. A column is one only where the statement names it.
    """
    heading = _HEADING.match(message)
    named = [name for name in _COLUMN.findall(message) if re.search(rf"\b{name}\b", statement)]
    said = "a value does not fit" + (f" in column {named[-1]}" if named else "")
    if not heading:
        return said
    body = message[heading.end() :].removeprefix(": ")
    for begin, instead in _CONSTRAINTS.items():
        if body.startswith(begin):
            said = instead
    return f"{heading[0]}: {said}"


class Engine(Protocol):
    """One open connection to one tenant's warehouse.

    Attributes:
        dialect: folder below `include/sql` that holds this engine's statements.
    """

    dialect: str

    def execute(self, sql: str, parameters: Parameters = ()) -> None:
        """Run one statement.

        Parameters are bound, never interpolated. Named ones that a statement does not name are left out, so that the
        statements of two engines can be given the same.
        """

    def fetch_arrow(self, sql: str, parameters: Parameters = ()) -> pa.Table:
        """Run one query and return its rows as an Arrow table."""

    def fetch_rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Run one query and return its few rows.

        On DuckDB it needs no Arrow, whose libraries would be a third of the memory of a process that only loads.
        """

    def transaction(self) -> AbstractContextManager[None]:
        """Commit what happens inside, or roll all of it back when it raises."""

    def claim(self, tenant_id: str) -> None:
        """Make sure that a warehouse which holds one tenant is this one's, in the caller's transaction.

        Raises:
            WarehouseError: it is another tenant's.
        """

    def writing(self, rows: int) -> AbstractContextManager[None]:
        """Make ready for a statement that writes about so many rows."""

    def prepare(self, relations: Mapping[str, Mapping[str, str]]) -> None:
        """Make room for transient relations (name, columns) that the next transaction fills, where that is needed."""

    def stage_files(self, table: str, columns: Mapping[str, str], urls: Sequence[str]) -> int:
        """Show exactly these Parquet files as a transient relation and return the number of its rows.

        Args:
            table: the relation's name; one of that name is replaced. It lives as long as the connection at most.
                In a transaction it must have been prepared.
            columns: names and types.
            urls: the files, possibly none.

        Raises:
            WarehouseError: a file is missing, lacks a column or has another type.
        """

    def copy_files(self, table: str, columns: Sequence[str], urls: Sequence[str]) -> int:
        """Append exactly these Parquet files to a table and return the number of rows copied."""
