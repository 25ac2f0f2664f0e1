"""What only a real Snowflake account can show: run with `make live` after `warehouse apply`, skipped otherwise.

The emulator shows that statements run and what they do to rows (`tests/emulators`). It enforces no role, policy, grant
or integration, knows no COPY metadata, keeps DDL inside a transaction, and counts like DuckDB. Exactly that is here.

`MERCURIOS_LIVE_SNOWFLAKE` holds JSON: `connection` (arguments of `snowflake.connector.connect` for the loader's service
user, `private_key_file` among them), `landing` (the stage's address) and `tenant` (id of a tenant of the account that
holds nothing worth keeping). S3 is reached with the machine's own credentials.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import snowflake.connector
from retailer import Retailer, tenant_of
from snowflake.connector.errors import DatabaseError, ProgrammingError

from mercurios.landing.store import LandingStore
from mercurios.quality import sources
from mercurios.quality.gate import run_gate
from mercurios.tenants.run import Run
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.snowflake.engine import SnowflakeEngine, session_parameters
from prohandel_simulator.testing import running_simulator

SETTINGS = json.loads(os.environ.get("MERCURIOS_LIVE_SNOWFLAKE") or "null")

# What no emulator shows, and the test that asks a real account; None where only a person can look.
WAITS_FOR_AN_ACCOUNT = {
    "sign-in with a key pair, query tags": "test_the_key_pair_opens_a_session_whose_statements_carry_the_tag",
    "words of a refused role": "test_a_wrong_role_is_refused_in_the_words_that_are_translated",
    "storage integration, trust of the IAM role, the loader's grants, COPY's own reading of Parquet types": (
        "test_what_was_landed_is_loaded"
    ),
    "DDL that ends a transaction": "test_a_create_ends_a_transaction_which_is_why_the_engine_refuses_it",
    "COPY's memory of files and FORCE": "test_a_file_that_copy_has_seen_is_copied_again",
    "MERGE with a doubled key": "test_a_merge_with_two_rows_of_one_key_is_an_error",
    "scale of numbers, division by zero": (
        "test_amounts_keep_their_scale_and_a_division_by_nothing_is_an_error"
    ),
    "effect of row access and masking policies": (
        "test_a_reader_of_another_tenant_sees_no_row_and_no_reader_sees_a_person"
    ),
    "masks of what no contract declares and of quarantined rows": (
        "test_undeclared_fields_and_payloads_are_clear_to_the_loader_alone"
    ),
    "owners of schemas and of policies": "test_who_decides_about_reading_does_not_decide_what_is_shown",
    "a stage and an account that nothing is unloaded to": "test_the_loader_unloads_nowhere",
    "Great Expectations in the loader's session, not-a-number": (
        "test_rows_are_checked_in_the_session_with_the_outcomes_of_a_frame"
    ),
    "policies on every table": "test_every_table_has_the_row_access_policy",
    "one database's loader in another, off-boarding of a tenant and of its database": None,
    "locks of several loads at once, and what a lost session holds": None,
    "resource monitors, network policies, auto-suspend, cost, clustering": None,
}

pytestmark = [
    pytest.mark.live,
    pytest.mark.enable_socket,
    pytest.mark.skipif(SETTINGS is None, reason="MERCURIOS_LIVE_SNOWFLAKE names no account"),
]

Connect = Callable[..., snowflake.connector.SnowflakeConnection]


class LiveRetailer(Retailer):
    """The simulated retailer, landing in the account's own bucket and loading into its database."""

    def __init__(self, simulator: Any, home: Path, connect: Connect) -> None:
        super().__init__(simulator, home)
        landing = f"{SETTINGS['landing'].rstrip('/')}/live-{uuid4().hex[:8]}"
        self.tenant = tenant_of("mini", landing).model_copy(update={"id": SETTINGS["tenant"]})
        self.store = LandingStore(landing)
        self.connect = connect

    def engine(self, **_: Any) -> Any:
        return SnowflakeEngine(self.connect, landing=self.store)

    def client(self, **settings: Any) -> Any:
        tenant, self.tenant = self.tenant, self.tenant.model_copy(update={"id": "mini"})
        try:
            return super().client(**settings)
        finally:
            self.tenant = tenant


@pytest.fixture(scope="module")
def connect() -> Connect:
    def opened(**changes: Any) -> snowflake.connector.SnowflakeConnection:
        tags = session_parameters(Run(SETTINGS["tenant"], "live", "live"))
        fixed = {
            "schema": "OPS",
            "paramstyle": "qmark",
            "arrow_number_to_decimal": True,
            "session_parameters": tags,
        }
        return snowflake.connector.connect(**{**SETTINGS["connection"], **fixed, **changes})

    return opened


@pytest.fixture(scope="module")
def loaded(connect: Connect, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRetailer]:
    """A retailer whose orders were loaded through storage integration and stage, with the loader's grants alone."""
    with running_simulator(["mini"]) as source:
        retailer = LiveRetailer(source, tmp_path_factory.mktemp("live"), connect)
        with retailer.engine() as engine:
            set_up(engine)
        retailer.run(f"live-{uuid4().hex[:8]}", "order", "customer")
        yield retailer


def one(connection: snowflake.connector.SnowflakeConnection, sql: str) -> Any:
    [row] = connection.cursor().execute(sql).fetchall()
    return row[0]


def test_the_key_pair_opens_a_session_whose_statements_carry_the_tag(connect: Connect) -> None:
    with connect() as session:
        question = "select query_tag from table(information_schema.query_history_by_session()) limit 1"

        assert json.loads(one(session, question))["tenant"] == SETTINGS["tenant"]


def test_a_wrong_role_is_refused_in_the_words_that_are_translated(connect: Connect) -> None:
    with pytest.raises(DatabaseError, match=r"is not granted to this user|does not exist"):
        connect(role="MERCURIOS_NOBODY")


def test_what_was_landed_is_loaded(loaded: LiveRetailer) -> None:
    assert loaded.query("select count(*) as n from raw.purchase_order")[0]["n"] > 0


def test_a_create_ends_a_transaction_which_is_why_the_engine_refuses_it(loaded: LiveRetailer) -> None:
    with loaded.connect() as session:
        cursor = session.cursor()
        cursor.execute("begin transaction")
        cursor.execute("create or replace temporary table live_probe (id number)")

        assert one(session, "select current_transaction()") is None
    with loaded.engine() as engine, pytest.raises(WarehouseError), engine.transaction():
        engine.execute("create or replace temporary table live_probe (id number)")


def test_a_file_that_copy_has_seen_is_copied_again(loaded: LiveRetailer) -> None:
    [url] = loaded.extract(loaded.begin(f"live-{uuid4().hex[:8]}"), "category")
    [part] = loaded.store.read_manifest(url).parts_of("category", "rows")
    with loaded.engine() as engine:
        engine.prepare({"live_rows": {"id": "varchar"}})

        assert [engine.copy_files("live_rows", ["id"], [part.url]) for _ in range(2)] == [
            part.rows,
            part.rows,
        ]


def test_a_merge_with_two_rows_of_one_key_is_an_error(loaded: LiveRetailer) -> None:
    with loaded.connect() as session:
        cursor = session.cursor()
        cursor.execute("create or replace temporary table live_target (id number, n number)")
        cursor.execute("insert into live_target values (1, 0)")
        with pytest.raises(ProgrammingError, match="Duplicate row"):
            cursor.execute(
                "merge into live_target using (select 1 as id, 1 as n union all select 1, 2) as source"
                " on live_target.id = source.id when matched then update set n = source.n"
            )


def test_amounts_keep_their_scale_and_a_division_by_nothing_is_an_error(loaded: LiveRetailer) -> None:
    with loaded.connect() as session:
        assert str(one(session, "select cast(1.10 as number(18, 2)) + cast(2.20 as number(18, 2))")) == "3.30"
        with pytest.raises(ProgrammingError, match="Division by zero"):
            session.cursor().execute("select 1 / 0")


def test_a_reader_of_another_tenant_sees_no_row_and_no_reader_sees_a_person(loaded: LiveRetailer) -> None:
    with loaded.connect(role="MERCURIOS_DEVELOPER") as developer:
        assert one(developer, "select count(*) from raw.customer where id is not null") == 0
    with loaded.connect(role="MERCURIOS_ADMIN") as admin, pytest.raises(ProgrammingError):
        admin.cursor().execute("select count(*) from raw.customer")


def test_undeclared_fields_and_payloads_are_clear_to_the_loader_alone(loaded: LiveRetailer) -> None:
    questions = {
        "_extra": "select count(*) from raw.customer where _extra is not null",
        "payload": "select count(*) from ops.quarantine where payload is not null or source_id is not null",
    }
    with loaded.connect(role="MERCURIOS_DEVELOPER") as developer:
        assert {name: one(developer, question) for name, question in questions.items()} == dict.fromkeys(
            questions, 0
        )


def test_who_decides_about_reading_does_not_decide_what_is_shown(loaded: LiveRetailer) -> None:
    with loaded.connect(role="MERCURIOS_POLICY_ADMIN") as owner, pytest.raises(ProgrammingError):
        owner.cursor().execute("select count(*) from raw.customer")
    body = "alter row access policy policies.tenant_rows set body -> true"
    with loaded.connect(role="MERCURIOS_ADMIN") as owner, pytest.raises(ProgrammingError):
        owner.cursor().execute(body)


@pytest.mark.parametrize("target", ["@ops.landing/unloaded", "'s3://another-ones-bucket/unloaded'"])
def test_the_loader_unloads_nowhere(loaded: LiveRetailer, target: str) -> None:
    with loaded.connect() as session, pytest.raises(ProgrammingError):
        session.cursor().execute(
            f"copy into {target} from (select 1 as probe) file_format = (type = parquet)"
        )


def test_rows_are_checked_in_the_session_with_the_outcomes_of_a_frame(
    loaded: LiveRetailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    [run] = loaded.query(
        "select max_by(run_id, loaded_at) as id from ops.load_ledger where resource = 'order'"
    )
    reported = []
    for fewest in (10**9, 1):
        monkeypatch.setattr(sources, "IN_SESSION_FROM_ROWS", fewest)
        with loaded.engine() as engine:
            found = run_gate(engine, Run(SETTINGS["tenant"], "live", run["id"]), "raw", ["purchase_order"])
        reported.append([str(outcome) for outcome in found.outcomes])

    assert reported[0] == reported[1]
    with loaded.connect() as session:
        assert one(session, "select nullif(cast('NaN' as double), cast('NaN' as double))") is None


def test_every_table_has_the_row_access_policy(loaded: LiveRetailer) -> None:
    with loaded.connect() as session:
        tables = session.cursor().execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_schema in ('RAW', 'STANDARD', 'ANALYTICS', 'PUBLISHED') and table_type = 'BASE TABLE'"
        )
        bare = []
        for (table,) in tables.fetchall():
            attached = session.cursor().execute(
                "select policy_kind from table(information_schema.policy_references("
                f"ref_entity_name => '{table}', ref_entity_domain => 'table'))"
            )
            if ("ROW_ACCESS_POLICY",) not in attached.fetchall():
                bare.append(table)

    assert bare == []
