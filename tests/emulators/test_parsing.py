"""The emulator parses, writes and describes a statement once, with the same answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import duckdb
from snowflake_parsing import describing_results, handing_over


def test_a_statement_is_run_as_it_was_parsed_when_it_arrived() -> None:
    arrive, run = handing_over(lambda sql: ["parsed", sql], lambda sql: ["again", sql])

    arrived = arrive("select 1")
    arrive("select 2")

    assert run("select 1") is arrived


def test_what_was_run_once_is_parsed_again_because_running_changes_it() -> None:
    arrive, run = handing_over(lambda sql: ["parsed", sql], lambda sql: ["again", sql])
    arrive("select 1")
    run("select 1")

    assert run("select 1") == ["again", "select 1"]


def test_the_columns_of_a_result_are_those_that_duckdb_describes() -> None:
    query = "select 1::decimal(18, 3) as a, now() as b, '{}'::json as c, [1] as d, null as e, 'x' as f"

    def execute(session: Any, transformed: Any, params: Any) -> None:
        session._duck_conn.execute(query)
        session._sfqid = "one"

    keep, say = describing_results(execute, lambda session: ["asked for"])
    session = SimpleNamespace(_duck_conn=duckdb.connect())
    keep(session, SimpleNamespace(args={}))

    said = [row[:2] for row in say(session)]

    assert said == [row[:2] for row in duckdb.sql(f"describe {query}").fetchall()]


def test_an_answer_asked_for_by_its_id_is_described_by_its_own_statement() -> None:
    def execute(session: Any, transformed: Any, params: Any) -> None:
        session._duck_conn.execute("select 1 as a")
        session._sfqid = "one"

    keep, say = describing_results(execute, lambda session: ["asked for"])
    session = SimpleNamespace(_duck_conn=duckdb.connect())
    keep(session, SimpleNamespace(args={}))
    session._sfqid = "another"

    assert say(session) == ["asked for"]
