"""The emulator's work on a statement besides running it, once for each statement.

The emulator (fakesnow) parses a statement when it arrives and again when it runs it, copies it to write it down in
DuckDB's words, and runs a second statement to describe the columns of the first, although DuckDB says them with every
result. That was half of its time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fakesnow.cursor as cursor
import fakesnow.server as server
from sqlglot.dialects import DuckDB

Parse = Callable[[str], Any]

_MOST_WAITING = 64


def work_once() -> None:
    """Let the emulator run the statement it parsed when it arrived, written without a copy and described by DuckDB."""
    server.parse_one, cursor.parse_one = handing_over(server.parse_one, cursor.parse_one)
    session = cursor.FakeSnowflakeCursor
    session._execute, session._describe_last_sql = describing_results(
        session._execute, session._describe_last_sql
    )
    DuckDB.generate = written_without_a_copy


def handing_over(first: Parse, second: Parse) -> tuple[Parse, Parse]:
    """Return two parsers, of which the second takes over what the first made of a text, once."""
    parsed: dict[str, Any] = {}

    def arrive(sql: str) -> Any:
        if len(parsed) > _MOST_WAITING:
            # Statements that were never run, such as those that are only described.
            parsed.clear()
        parsed[sql] = first(sql)
        return parsed[sql]

    def run(sql: str) -> Any:
        # It is changed while it is translated, so nothing else may have it.
        taken = parsed.pop(sql, None)
        return second(sql) if taken is None else taken

    return arrive, run


def describing_results(
    execute: Callable[..., None], describe: Callable[[Any], list[Any]]
) -> tuple[Callable[..., None], Callable[[Any], list[Any]]]:
    """Return what runs a statement and keeps the columns of its result, and what says them in DESCRIBE's form."""

    def keep(self: Any, transformed: Any, params: Any = None) -> None:
        self._columns_of_result = None
        execute(self, transformed, params)
        restored = transformed.args.get("result_scan_sfqid")
        columns = None if restored else self._duck_conn.description
        if columns is not None:
            self._columns_of_result = (
                self._sfqid,
                [(name, str(kind), "YES", None, None, None) for name, kind, *_ in columns],
            )

    def say(self: Any) -> list[Any]:
        # An answer that was asked for by its id has another statement's columns.
        of, columns = getattr(self, "_columns_of_result", None) or (None, [])
        return columns if columns and of == self._sfqid else describe(self)

    return keep, say


def written_without_a_copy(self: Any, expression: Any, copy: bool = False, **options: Any) -> str:
    """Write a statement in DuckDB's words; what is left of it after that is thrown away."""
    return str(self.generator(**options).generate(expression, copy=False))
