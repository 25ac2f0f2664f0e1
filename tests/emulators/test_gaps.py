"""The gaps of the Snowflake emulator: each shim fills one, and each is still there without it.

A failure of the second kind says that the emulator has closed a gap: delete the shim and its probe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import snowflake.connector
from running_emulators import S3, Snowflake, running_snowflake
from snowflake.connector.errors import Error
from snowflake_shims import SHIMS

COPY_OPTIONS = "file_format = (type = parquet) match_by_column_name = case_insensitive force = true"
Probe = Callable[[Any], None]
PROBES: dict[str, Probe] = {}


def probe(function: Probe) -> Probe:
    PROBES[function.__name__] = function
    return function


@probe
def account_statements(cursor: Any) -> None:
    cursor.execute("create role if not exists other_role")
    cursor.execute("grant usage on schema ops to role other_role")
    cursor.execute("create row access policy if not exists ops.p as (t varchar) returns boolean -> true")


@probe
def managed_access_of_a_schema(cursor: Any) -> None:
    cursor.execute("create schema if not exists managed with managed access comment = 'By the account alone'")


@probe
def drop_of_a_database(cursor: Any) -> None:
    cursor.execute("create database if not exists passing_data")
    cursor.execute("drop database if exists passing_data")


@probe
def drop_of_a_stage(cursor: Any) -> None:
    cursor.execute("create stage if not exists ops.passing url = 's3://lake/landing/'")
    cursor.execute("drop stage if exists gaps.ops.passing")
    assert "PASSING" not in {row[1] for row in cursor.execute("show stages in schema ops").fetchall()}


@probe
def masking_policy_of_a_new_column(cursor: Any) -> None:
    cursor.execute(
        "create or replace table persons (id varchar not null with masking policy ops.p, name varchar)"
    )
    cursor.execute("alter table persons add column if not exists number varchar with masking policy ops.p")


@probe
def query_tag_of_a_session(cursor: Any) -> None:
    assert len(cursor.execute("show parameters like 'query_tag' in session").fetchall()) == 1


@probe
def columns_of_a_merge(cursor: Any) -> None:
    cursor.execute("create or replace table known (id number, name varchar)")
    cursor.execute("create or replace table fresh (id number, name varchar)")
    cursor.execute(
        "merge into known using fresh on known.id = fresh.id"
        " when not matched then insert (id, name) values (id, name)"
    )


@probe
def temporary_objects_of_a_schema(cursor: Any) -> None:
    cursor.execute("create or replace temporary table ops.passing (id number)")


@probe
def copy_into_a_temporary_table(cursor: Any) -> None:
    cursor.execute("create or replace temporary table passing_rows (id number)")
    cursor.execute(f"copy into passing_rows from @ops.local/ files = ('rows.parquet') {COPY_OPTIONS}")


@probe
def merge_in_a_transaction(cursor: Any) -> None:
    cursor.execute("create or replace table held (id number)")
    cursor.execute("begin transaction")
    cursor.execute(
        "merge into held using (select 1 as id) as source on held.id = source.id"
        " when not matched then insert (id) values (source.id)"
    )
    cursor.execute("commit")


@probe
def sums_of_exact_numbers(cursor: Any) -> None:
    cursor.execute("create or replace table prices (amount number(18, 2), pieces number)")
    cursor.execute("insert into prices values (0.1, 1), (0.2, 2), (null, null)")
    assert cursor.execute("select sum(amount) as total, sum(pieces) as pieces from prices").fetchone() == (
        Decimal("0.30"),
        3,
    )


@probe
def missing_timestamps(cursor: Any) -> None:
    cursor.execute("create or replace table moments (seen timestamp_ntz)")
    cursor.execute("insert into moments select null")
    assert cursor.execute("select seen from moments").fetchone() == (None,)


@probe
def errors_of_the_engine(cursor: Any) -> None:
    cursor.execute("create or replace table strict (id number not null)")
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="NOT NULL"):
        cursor.execute("insert into strict select null")


@probe
def files_in_s3(cursor: Any) -> None:
    cursor.execute("create or replace table landed (id number)")
    cursor.execute(f"copy into landed from @ops.remote/ files = ('rows.parquet') {COPY_OPTIONS}")
    missing = f"copy into landed from @ops.remote/ files = ('gone.parquet') {COPY_OPTIONS}"
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="Remote file was not found"):
        cursor.execute(missing)


@probe
def comments_of_columns(cursor: Any) -> None:
    cursor.execute("create or replace table described (id number, name varchar)")
    cursor.execute(
        "alter table described alter column id comment 'Key.', column name comment 'The owner''s.'"
    )
    cursor.execute("select comment from information_schema.columns where table_name = 'DESCRIBED'")
    assert sorted(cursor.fetchall()) == [("Key.",), ("The owner's.",)]


@probe
def quotes_in_comments(cursor: Any) -> None:
    cursor.execute("create or replace table described (id number)")
    cursor.execute("comment on table described is 'The owner''s.'")
    cursor.execute("select comment from information_schema.tables where table_name = 'DESCRIBED'")
    assert cursor.fetchall() == [("The owner's.",)]


@pytest.fixture(scope="module")
def bare(s3: S3) -> Iterator[Snowflake]:
    """The emulator as it comes."""
    with running_snowflake(s3, without=["all"]) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def stages(s3: S3, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two stages with the same file: one in a folder, one in S3."""
    folder = tmp_path_factory.mktemp("stage")
    bucket = f"gaps-{uuid4().hex[:12]}"
    s3.create_bucket(bucket)
    rows = pa.table({"id": [1, 2]})
    pq.write_table(rows, folder / "rows.parquet")
    files = s3.file_system()
    with files.open(f"{bucket}/rows.parquet", "wb") as handle:
        pq.write_table(rows, handle)
    return [
        f"create or replace stage ops.local url = 'file://{folder}/'",
        f"create or replace stage ops.remote url = 's3://{bucket}/'",
    ]


def run(name: str, emulator: Snowflake, stages: list[str], trust: pytest.MonkeyPatch) -> None:
    trust.setenv("REQUESTS_CA_BUNDLE", str(emulator.certificate))
    with snowflake.connector.connect(**emulator.parameters("GAPS", network_timeout=3)) as session:
        cursor = session.cursor()
        for statement in stages:
            cursor.execute(statement)
        PROBES[name](cursor)


def test_every_shim_has_a_probe() -> None:
    assert PROBES.keys() == SHIMS.keys()
    assert all(shim.__doc__ for shim in SHIMS.values())


@pytest.mark.parametrize("name", PROBES)
def test_the_shim_fills_the_gap(
    name: str, running_emulator: Snowflake, stages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(name, running_emulator, stages, monkeypatch)


@pytest.mark.parametrize("name", PROBES)
def test_the_gap_is_there_without_the_shim(
    name: str, bare: Snowflake, stages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises((Error, AssertionError)):
        run(name, bare, stages, monkeypatch)
