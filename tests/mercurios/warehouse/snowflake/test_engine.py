"""The Snowflake engine without a session: binding, listing of files, reading of answers, explained refusals."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest
from snowflake.connector.errors import DatabaseError, OperationalError, ProgrammingError
from snowflake_sql import templates

from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows.landed_table import schema as arrow_schema
from mercurios.tenants.run import Run
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.schema import landed_columns
from mercurios.warehouse.snowflake import engine as module
from mercurios.warehouse.snowflake.engine import LOADER, SnowflakeEngine, bound, session_parameters
from mercurios.warehouse.snowflake.errors import explained
from mercurios.warehouse.snowflake.types import plain, wrong_columns
from mercurios.warehouse.sql import literal

# What only one engine needs, and why the other does not.
DUCKDB_ALONE = {
    "connection_settings": "how much memory a write takes",
    "owner_claim": "on Snowflake row access policies keep tenants apart",
    "owner_known": "on Snowflake row access policies keep tenants apart",
    "published_attach": "readers' files",
    "published_copy": "readers' files",
    "published_detach": "readers' files",
    "published_owners": "readers' files",
    "published_setup": "readers' files",
    "published_tables": "readers' files",
    "recovery_tenants": "finding out whose a file is",
    "backtest_build": "a replay builds its marts in memory",
    "backtest_clear": "a replay builds its marts in memory",
    "backtest_create": "a replay builds its marts in memory",
    "backtest_forget": "a replay builds its marts in memory",
    "backtest_read": "a replay builds its marts in memory",
    "stage_files": "Snowflake copies what DuckDB reads in place",
    "stage_mismatches": "files are compared in Python for Snowflake",
    "writers": "how many threads write a file",
}
SNOWFLAKE_ALONE = {
    "publication_known": "a document beside the file on DuckDB",
    "publication_stale": "a document beside the file on DuckDB",
    "publication_status": "a document beside the file on DuckDB",
    "publication_verified": "a document beside the file on DuckDB",
    "published_columns": "readers' tables live on",
    "published_replace": "readers' tables live on",
    "published_table": "readers' tables live on",
    "quality_all_rows": "rows are checked in a frame on DuckDB",
    "quality_gate_frame": "rows are checked in a frame on DuckDB",
    "quality_gate_nulls": "rows are checked in a frame on DuckDB",
    "quality_gate_rows": "rows are checked in a frame on DuckDB",
    "stages": "DuckDB has no stages",
    "transient_empty": "a view is replaced on DuckDB",
    "transient_table": "DuckDB creates them in the transaction",
}


def test_the_engines_have_the_same_statements_but_for_those_that_one_has_no_use_for() -> None:
    duckdb, snowflake = ({path.stem for path in templates(dialect)} for dialect in ("duckdb", "snowflake"))

    assert duckdb - snowflake == DUCKDB_ALONE.keys()
    assert snowflake - duckdb == SNOWFLAKE_ALONE.keys()


def test_named_parameters_are_bound_by_place_and_lists_as_json() -> None:
    sql = "-- of $tenant_id\nselect '$none', $1:a, $run_id where tenant_id = $tenant_id and x in ($names, $tenant_id)"
    parameters = {"tenant_id": "mini", "run_id": "r1", "names": [date(2026, 3, 4), "ä"], "unused": 1}

    text, values = bound(sql, parameters)

    assert text == "-- of $tenant_id\nselect '$none', $1:a, ? where tenant_id = ? and x in (?, ?)"
    assert values == ["r1", "mini", json.dumps(["2026-03-04", "ä"]), "mini"]


def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(WarehouseError, match=r"needs a value for \$run_id"):
        bound("select $run_id", {"tenant_id": "mini"})


def test_every_statement_is_tagged_with_tenant_dag_and_run() -> None:
    parameters = session_parameters(Run("mini", "pipeline__mini", "r1"))

    assert json.loads(parameters["QUERY_TAG"]) == {"dag": "pipeline__mini", "run": "r1", "tenant": "mini"}
    assert parameters["TIMEZONE"] == "UTC"


class Answering(SnowflakeEngine):
    """An engine whose session is a list of the statements sent; COPY takes every file but those it is set to refuse."""

    def __init__(self, refused: str | None = None) -> None:
        self.sent: list[str] = []
        self.refused = refused
        super().__init__(lambda: SimpleNamespace(role=LOADER, user="A_SERVICE"))

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        self.sent.append(sql)
        if "show stages in schema landing" in sql:
            return [
                {"name": f"TENANT_{name.upper()}", "url": f"s3://lake/landing/tenant={name}/"}
                for name in ("min", "mini", "mini_2")
            ]
        files = [line.strip().strip(",'") for line in sql.splitlines() if line.strip().startswith("'")]
        return [
            {"file": name, "status": "LOADED", "rows_loaded": 2}
            if name != self.refused
            else {
                "file": name,
                "status": "LOAD_FAILED",
                "rows_loaded": 0,
                "first_error": "not a Parquet file",
            }
            for name in files
        ]


def test_a_copy_names_at_most_a_thousand_files_below_the_stage() -> None:
    engine = Answering()
    urls = [f"s3://lake/landing/tenant=mini/part-{number}.parquet" for number in range(2001)]

    assert engine.copy_files("stage_sale", ["id"], urls) == 4002

    copies = [sql for sql in engine.sent if "copy into" in sql]
    assert [sql.count(".parquet'") for sql in copies] == [1000, 1000, 1]
    assert "'part-2000.parquet'" in copies[-1]
    assert all("from @landing.tenant_mini/" in sql for sql in copies)


def test_files_of_another_tenant_come_with_no_stage() -> None:
    """Neither those of a tenant whose stage is not shown to the session nor those of two tenants together."""
    engine = Answering()
    for names in (["north"], ["mini", "mini_2"]):
        with pytest.raises(
            WarehouseError, match=r"no stage of schema landing .* shows s3://lake/landing/tenant="
        ):
            engine.copy_files(
                "stage_sale", ["id"], [f"s3://lake/landing/tenant={name}/a.parquet" for name in names]
            )

    assert [sql for sql in engine.sent if "copy into" in sql] == []


def test_a_copy_that_leaves_a_file_out_fails_with_its_name_and_reason() -> None:
    engine = Answering(refused="b.parquet")

    with pytest.raises(WarehouseError, match=r"1 of 2 files .*b\.parquet: not a Parquet file"):
        engine.copy_files(
            "stage_sale", ["id"], [f"s3://lake/landing/tenant=mini/{name}.parquet" for name in "ab"]
        )


@pytest.mark.parametrize("error", [OperationalError("no answer", errno=250001), None])
def test_only_a_session_that_cannot_be_reached_is_opened_again(
    error: OperationalError | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "wait_random_exponential", lambda **_: lambda _: 0)
    tried: list[int] = []

    def connect() -> Any:
        tried.append(1)
        raise error or DatabaseError("JWT token is invalid", errno=390144)

    with pytest.raises(WarehouseError):
        SnowflakeEngine(connect)

    assert len(tried) == (module.CONNECTION_ATTEMPTS if error else 1)


class Crowded:
    """A session whose first update finds the queue for its table full a number of times."""

    role, user = LOADER, "A_SERVICE"

    def __init__(self, refusals: int, errno: int = 625) -> None:
        self.refusals = refusals
        self.errno = errno
        self.sent: list[str] = []

    def cursor(self) -> Crowded:
        return self

    def execute(self, sql: str, _: object) -> Crowded:
        self.sent.append(sql)
        if sql.startswith("update") and self.refusals:
            self.refusals -= 1
            raise ProgrammingError("number of waiters exceeds the 20 statements limit", errno=self.errno)
        return self


def test_a_statement_refused_by_a_full_queue_waits_with_its_transaction_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "wait_random_exponential", lambda **_: lambda _: 0)
    session = Crowded(refusals=3)
    engine = SnowflakeEngine(lambda: cast("Any", session))

    with engine.transaction():
        engine.execute("insert into ops.run")
        engine.execute("update ops.run")

    assert session.sent == ["begin transaction", "insert into ops.run", *["update ops.run"] * 4, "commit"]


def test_a_queue_that_stays_full_ends_the_transaction_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "wait_random_exponential", lambda **_: lambda _: 0)
    monkeypatch.setattr(module, "LOCK_WAIT_SECONDS", 0.05)
    session = Crowded(refusals=10**9)
    engine = SnowflakeEngine(lambda: cast("Any", session))

    with pytest.raises(WarehouseError, match="let the tenants of this database begin"), engine.transaction():
        engine.execute("update ops.run")

    assert session.sent[-1] == "rollback"


def test_another_refusal_is_not_sent_again() -> None:
    session = Crowded(refusals=1, errno=3001)
    engine = SnowflakeEngine(lambda: cast("Any", session))

    with pytest.raises(WarehouseError, match="grant the privilege"):
        engine.execute("update ops.run")

    assert session.sent == ["update ops.run"]


@pytest.mark.parametrize("role", ["ACCOUNTADMIN", "MERCURIOS_DEVELOPER", None])
def test_a_session_of_another_role_is_ended_with_the_grant_that_is_missing(role: str | None) -> None:
    closed: list[bool] = []
    session = SimpleNamespace(role=role, user="ADA", close=lambda: closed.append(True))

    with pytest.raises(
        WarehouseError, match=rf"user ADA has role {role}.*grant role mercurios_loader to user ADA"
    ):
        SnowflakeEngine(lambda: session)

    assert closed == [True]
    assert SnowflakeEngine(lambda: session, role=None).session is session


@pytest.mark.parametrize(
    ("errno", "remedy"),
    [
        (390144, "RSA_PUBLIC_KEY"),
        (390189, "grant the role"),
        (606, "grant USAGE and OPERATE"),
        (2003, "the role has no grant on it"),
        (3001, "grant the privilege"),
        (91016, "a landed file is gone"),
        (100038, "does not fit its column"),
        (390114, "session was lost"),
        (290503, "session was lost"),
        (625, "begin at different minutes"),
    ],
)
def test_a_refusal_names_remedy_statement_and_query(errno: int, remedy: str) -> None:
    error = ProgrammingError("it says\n  so", errno=errno, sqlstate="42000", sfqid="01b2-c3")

    reported = explained(
        error, "-- why\nselect   1\nfrom raw.sale", " in an open transaction, which is undone"
    )

    # What is said of data may hold a row.
    assert ("it says so" in reported) == (errno != 100038)
    assert remedy in reported
    assert reported.endswith("statement: select 1 from raw.sale\nquery id: 01b2-c3")


@pytest.mark.parametrize(
    ("errno", "said", "statement", "grant"),
    [
        (3001, "Insufficient privileges to operate on schema 'RAW'", "create table if not exists raw.sale (id varchar)",
         "(create table on schema RAW)"),
        (3001, "Insufficient privileges to operate on table 'SALE'", "-- why\ndelete from raw.sale where true",
         "(select, delete on table SALE)"),
        (2003, "Object 'MERCURIOS_DATA.RAW.SALE' does not exist or not authorized.", "select * from raw.sale",
         "(select on object MERCURIOS_DATA.RAW.SALE)"),
        (2003, "Stage 'LANDING.TENANT_MINI' does not exist or not authorized.",
         "copy into stage_sale from @landing.tenant_mini",
         "(insert on the table and usage on stage LANDING.TENANT_MINI)"),
    ],
)  # fmt: skip
def test_a_missing_grant_is_named_with_its_object(errno: int, said: str, statement: str, grant: str) -> None:
    error = ProgrammingError(f"SQL access control error: {said}", errno=errno, sqlstate="42501")

    assert grant in explained(error, statement)


def test_a_refusal_whose_object_is_not_told_promises_no_grant() -> None:
    reported = explained(
        ProgrammingError("Insufficient privileges", errno=3001, sqlstate="42501"), "call a()"
    )

    assert "grant the privilege to the connection's role: `python -m mercurios warehouse apply`" in reported


def test_an_unforeseen_refusal_is_reported_in_snowflakes_words() -> None:
    reported = explained(ProgrammingError("something else", errno=1, sqlstate="42000"))

    assert reported.startswith("Snowflake: ")
    assert "something else" in reported
    assert "remedy" not in reported


@pytest.mark.parametrize("name", RESOURCES)
def test_what_the_extraction_lands_is_what_the_engine_expects(name: str) -> None:
    resource = RESOURCES[name]

    assert wrong_columns(arrow_schema(resource), landed_columns(resource, "snowflake")) == []


def test_answers_have_one_type_per_kind_of_column_and_lower_case_names() -> None:
    described = [
        SimpleNamespace(name=name, precision=18, scale=scale)
        for name, scale in (("N", 0), ("BIG", 0), ("AMOUNT", 2), ("SEEN", 9), ("DAY", None), ("RATE", None))
    ]
    table = pa.table(
        {
            "N": pa.array([1], pa.int8()),
            "BIG": pa.array([Decimal(2**62)], pa.decimal128(38, 0)),
            "AMOUNT": pa.array([Decimal("1.50")], pa.decimal128(10, 2)),
            "SEEN": pa.array([datetime(2026, 3, 4, 5, 6, 7, 8)], pa.timestamp("ns")),
            "DAY": pa.array([date(2026, 3, 4)], pa.date64()),
            "RATE": pa.array([0.5]),
        }
    )

    found = plain(table, described)

    assert [str(field.type) for field in found.schema] == [
        "int64", "int64", "decimal128(18, 2)", "timestamp[us]", "date32[day]", "double",
    ]  # fmt: skip
    assert found.column_names == ["n", "big", "amount", "seen", "day", "rate"]
    assert found["big"][0].as_py() == 2**62


def test_a_text_in_a_statement_cannot_end_it() -> None:
    assert literal("it's") == "'it''s'"
    with pytest.raises(ValueError, match="backslash"):
        literal("a\\")
