"""A warehouse that fails when a schedule says so: a statement, the connection, or only the answer to a commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import Parameters, WarehouseError


class WarehouseFault(StrEnum):
    """One kind of fault."""

    STATEMENT = "statement fails"
    CONNECTION = "connection is lost"
    # Everything is committed, the client hears an error.
    ANSWER = "answer to commit is lost"


class FragileEngine(DuckDBEngine):
    """DuckDB, and one fault at a statement chosen beforehand."""

    _fault: WarehouseFault | None = None
    _left = 0

    def break_at(self, fault: WarehouseFault, statement: int) -> None:
        """Let a fault strike after so many more statements; the answer of the next commit is lost at once."""
        self._fault, self._left = fault, statement

    def mend(self) -> None:
        """Let nothing strike any more."""
        self._fault = None

    def fetch_arrow(self, sql: str, parameters: Parameters = ()) -> Any:
        self._meet_fault()
        return super().fetch_arrow(sql, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with super().transaction():
            yield
        if self._fault is WarehouseFault.ANSWER:
            self._fault = None
            raise WarehouseError("the connection was lost before the answer to the commit came")

    def stage_files(self, table: str, columns: Mapping[str, str], urls: Sequence[str]) -> int:
        return super().stage_files(table, columns, [url.removeprefix("shaky://") for url in urls])

    def _run(self, sql: str, parameters: Parameters) -> Any:
        self._meet_fault()
        return super()._run(sql, parameters)

    def _meet_fault(self) -> None:
        if self._fault in (None, WarehouseFault.ANSWER):
            return
        self._left -= 1
        if self._left >= 0:
            return
        fault, self._fault = self._fault, None
        if fault is WarehouseFault.CONNECTION:
            self._connection.close()
            raise WarehouseError("the connection was lost")
        super()._run("select error('the schedule lets this statement fail')", ())
