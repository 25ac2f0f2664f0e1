"""The embedded engine: one process at a time, bounded waits, and errors that name the file."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mercurios.warehouse.duckdb.engine import ROWS_FOR_SEVERAL_WRITERS, DuckDBEngine
from mercurios.warehouse.engine import WarehouseError, WarehouseLockedError

Hold = Callable[[float], int]
HOLD = (
    "import duckdb, sys, time\n"
    "c = duckdb.connect(sys.argv[1])\n"
    "print('held', flush=True)\n"
    "time.sleep(float(sys.argv[2]))\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / "mini.duckdb"


@pytest.fixture
def hold(path: Path) -> Iterator[Hold]:
    """Let another process hold the file for some seconds."""
    held: list[subprocess.Popen[str]] = []

    def start(seconds: float) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-c", HOLD, str(path), str(seconds)]
        held.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert held[-1].stdout is not None
        assert held[-1].stdout.readline() == "held\n"
        return held[-1].pid

    yield start
    for process in held:
        process.kill()
        process.wait()


def test_a_file_another_process_holds_for_too_long_is_named_with_its_holder(path: Path, hold: Hold) -> None:
    pid = hold(60)
    began = time.monotonic()

    with pytest.raises(WarehouseLockedError) as caught:
        DuckDBEngine(path, lock_wait=1)

    assert time.monotonic() - began < 15
    assert str(path) in str(caught.value)
    assert f"(PID {pid})" in str(caught.value)
    assert "end it, then clear this task" in str(caught.value)


def test_a_file_that_is_released_in_time_is_waited_for_and_the_wait_is_logged(
    path: Path, hold: Hold, caplog: pytest.LogCaptureFixture
) -> None:
    pid = hold(1.5)

    with caplog.at_level(logging.WARNING), DuckDBEngine(path, lock_wait=60) as engine:
        engine.execute("create table t (n int)")

    assert "mini.duckdb is locked (held by " in caplog.text
    assert f"(PID {pid})" in caplog.text


def test_a_file_that_is_no_warehouse_is_named(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database" * 1000)

    with pytest.raises(WarehouseError, match=r"warehouse .*mini.duckdb cannot be opened"):
        DuckDBEngine(path)


def test_a_readers_file_that_does_not_exist_says_what_to_do(path: Path) -> None:
    with pytest.raises(WarehouseError, match="does not exist: run the tenant's pipeline first"):
        DuckDBEngine(path, read_only=True)


def test_a_failed_statement_names_file_and_statement(path: Path) -> None:
    with (
        DuckDBEngine(path) as engine,
        pytest.raises(WarehouseError, match=r"mini.duckdb: (?s:.*)select nothing"),
    ):
        engine.execute("select nothing from nowhere")


def insert_in_one_transaction(engine: DuckDBEngine, *numbers: int) -> None:
    with engine.transaction():
        for number in numbers:
            engine.execute("insert into t values (?)", [number])


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("select cast(cast(? as varchar) as integer)", "Erika Muster"),
        ("insert into person values (?)", "Erika Muster"),
        ("select cast(cast(? as integer) as tinyint)", 815815),
        ("select cast(cast(? as varchar) as date)", "O'Brien, 'Erika' \"Muster\"\n\nLINE 1: Erika"),
        ("select strptime(cast(? as varchar), '%Y')", "Erika Muster"),
        ("select error(cast(? as varchar))", "Erika Muster"),
        ("select timezone(cast(? as varchar), current_timestamp)", "Erika Muster"),
        ("select error(cast(? as varchar))", "when casting from source column Erika"),
    ],
)
def test_a_value_that_does_not_fit_is_in_no_message(path: Path, sql: str, value: Any) -> None:
    with DuckDBEngine(path) as engine:
        engine.execute("create table person (name varchar primary key)")
        engine.execute("insert into person values ('Erika Muster')")

        with pytest.raises(WarehouseError, match="Error") as failed:
            engine.execute(sql, [value])

    shown = "".join(traceback.format_exception(failed.value))
    assert not any(part in shown for part in (str(value), "Erika", "O'Brien"))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Erika Muster", "Constraint Error: a key is there already"),
        (None, "Constraint Error: a value is missing"),
    ],
)
def test_a_message_says_which_kind_of_constraint_a_row_broke(
    path: Path, value: str | None, said: str
) -> None:
    with DuckDBEngine(path) as engine:
        engine.execute("create table person (name varchar primary key)")
        engine.execute("insert into person values ('Erika Muster')")

        with pytest.raises(WarehouseError, match=said):
            engine.execute("insert into person values (?)", [value])


def test_what_a_warehouse_writes_is_its_own_users(path: Path) -> None:
    with DuckDBEngine(path) as engine:
        engine.execute("create table person as select 1 as number")
    path.chmod(0o644)

    with DuckDBEngine(path):
        mode = path.stat().st_mode & 0o777

    assert (mode, path.parent.stat().st_mode & 0o077) == (0o600, 0)


def test_a_transaction_that_raises_leaves_nothing_and_the_next_one_works(path: Path) -> None:
    with DuckDBEngine(path) as engine:
        engine.execute("create table t (n int primary key)")
        with pytest.raises(WarehouseError, match="Constraint"):
            insert_in_one_transaction(engine, 1, 1)
        insert_in_one_transaction(engine, 2)

        assert engine.fetch_arrow("select n from t").to_pylist() == [{"n": 2}]


def test_copied_files_are_matched_by_name_and_a_file_without_a_column_is_refused(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    good, bad = path.parent.parent / "a b.parquet", path.parent.parent / "bad.parquet"
    pq.write_table(pa.table({"b": ["x"], "a": [1], "c": [2.0]}), good)
    pq.write_table(pa.table({"b": ["x"]}), bad)
    with DuckDBEngine(path) as engine:
        engine.execute("create table t (a bigint, b varchar)")

        assert engine.copy_files("t", ["a", "b"], []) == 0
        assert engine.copy_files("t", ["a", "b"], [f"file://{good}"]) == 1
        with pytest.raises(WarehouseError, match='"a"'):
            engine.copy_files("t", ["a", "b"], [f"file://{bad}"])

        assert engine.fetch_arrow("from t").to_pylist() == [{"a": 1, "b": "x"}]


def test_staged_files_are_a_relation_of_typed_rows_each_with_a_place_of_its_own(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = [path.parent.parent / name for name in ("it's one.parquet", "b.parquet")]
    pq.write_table(pa.table({"b": ["x", "y"], "a": [1, 1], "c": [2.0, 3.0]}), parts[0])
    pq.write_table(pa.table({"a": [1], "b": ["x"]}), parts[1])
    urls = [f"file://{part}" for part in parts]
    with DuckDBEngine(path) as engine, engine.transaction():
        assert engine.stage_files("stage_t", {"a": "bigint", "b": "varchar"}, urls) == 3
        rows = engine.fetch_arrow("from stage_t order by all").to_pylist()
        assert engine.stage_files("stage_t", {"a": "bigint", "d": "decimal(18, 2)"}, []) == 0
        empty = engine.fetch_arrow("from stage_t")

    assert [(row["a"], row["b"]) for row in rows] == [(1, "x"), (1, "x"), (1, "y")]
    assert len({(row["_staged_file"], row["_staged_row"]) for row in rows}) == 3
    assert (empty.num_rows, str(empty.schema.field("d").type)) == (0, "decimal128(18, 2)")


def test_a_staged_file_that_is_missing_is_named(path: Path) -> None:
    with DuckDBEngine(path) as engine, pytest.raises(WarehouseError, match=r"gone\.parquet"):
        engine.stage_files("stage_t", {"a": "bigint"}, ["file:///nowhere/gone.parquet"])


def test_few_rows_are_written_by_one_thread_and_many_by_all(path: Path) -> None:
    def threads(engine: DuckDBEngine) -> int:
        [found] = engine.fetch_rows("select current_setting('threads') as threads")
        return int(found["threads"])

    with DuckDBEngine(path) as engine, DuckDBEngine(path.with_name("b.duckdb"), threads=3) as three:
        usual = threads(engine)
        with engine.writing(10):
            few = threads(engine)
        with engine.writing(ROWS_FOR_SEVERAL_WRITERS):
            many = threads(engine)
        with three.writing(10):
            asked_for = threads(three)

        assert (few, many, threads(engine), asked_for) == (1, usual, usual, 3)
