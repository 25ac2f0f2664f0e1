"""What only a real Snowflake account can show: run with `make live` after `warehouse apply`, skipped otherwise.

The emulator shows that statements run and what they do to rows (`tests/emulators`). It enforces no role, policy, grant
or integration, knows no COPY metadata, keeps DDL inside a transaction, and counts like DuckDB. Exactly that is here.

`MERCURIOS_LIVE_SNOWFLAKE` holds JSON: `connection` (arguments of `snowflake.connector.connect` for the loader's
service user, `private_key_file` among them), `administrator` (the same of a user who may take on ACCOUNTADMIN, and so
every role of the plan), `tenant` (id of a tenant of the account that holds nothing worth keeping), `landing` (its
landing area) and `other_database` (a database of the account with a loader of its own, or null). S3 is reached with the
machine's own credentials; the account's file and the tenant files are those of `warehouse apply`.

Whoever tries something forbidden must be refused for want of a right: an error of any other kind fails the test.
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
from mercurios.tenants import load_tenants
from mercurios.tenants.run import Run
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.snowflake.account.difference import difference, read_existing
from mercurios.warehouse.snowflake.account.plan import account_plan, databases_of
from mercurios.warehouse.snowflake.account.settings import load_account_settings
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
    "effect of the row access policy": "test_an_analyst_sees_its_own_tenant_and_not_the_neighbour",
    "effect of masks, of undeclared fields and quarantined rows too": (
        "test_a_developer_sees_the_rows_and_no_person_in_them"
    ),
    "owners of schemas and of policies": "test_whoever_owns_schemas_opens_no_row_to_itself",
    "the reach of whoever owns policies": "test_whoever_owns_policies_reads_nothing",
    "who reads files past all policies": "test_no_role_but_the_loader_reads_landed_files",
    "one database's loader in another": "test_the_loader_is_refused_in_another_database",
    "what a role may not make or write": "test_no_role_makes_or_writes_what_is_not_its_own",
    "a stage and an account that nothing is unloaded to": "test_the_loader_unloads_nowhere",
    "grants beyond the plan, stages and policies elsewhere": "test_the_account_is_as_planned_and_no_more",
    "settings whose effect no list shows": "test_what_apply_repeats_blindly_is_set",
    "Great Expectations in the loader's session, not-a-number": (
        "test_rows_are_checked_in_the_session_with_the_outcomes_of_a_frame"
    ),
    "policies on every table": "test_every_table_is_the_loaders_and_has_the_row_access_policy",
    "off-boarding of a tenant and of its database": None,
    "locks of several loads at once, and what a lost session holds": None,
    "resource monitors, network policies, auto-suspend, cost, clustering": None,
}
# Snowflake's numbers for a missing right, and for what is hidden from a role.
REFUSED = {2003, 2043, 3001, 3003}

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
        landing = SETTINGS["landing"].rstrip("/")
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
        source.post("/_simulator/mini/dirty", {"resource": "customer", "unparsable": 2, "unknown_field": 2})
        retailer.run(f"live-{uuid4().hex[:8]}", "order", "customer")
        yield retailer


@pytest.fixture
def acting(connect: Connect) -> Connect:
    """Opens a session of the administrator under one role alone: no other role that the user has helps it."""

    def opened(role: str) -> snowflake.connector.SnowflakeConnection:
        keys = dict.fromkeys(("private_key_file", "private_key_file_pwd"))
        fixed = {
            "role": role,
            "database": SETTINGS["connection"]["database"],
            "warehouse": warehouse_of(role),
        }
        session = connect(**{**keys, **SETTINGS["administrator"], **fixed})
        session.cursor().execute("use secondary roles none")
        return session

    return opened


def warehouse_of(role: str) -> str:
    """Return a warehouse that a role may use."""
    if role == "MERCURIOS_DEVELOPER":
        return "MERCURIOS_DEV_WH"
    return "MERCURIOS_ANALYTICS_WH" if role.startswith("MERCURIOS_ANALYST") else "MERCURIOS_LOADING_WH"


def analyst() -> str:
    return f"MERCURIOS_ANALYST_{SETTINGS['tenant'].upper()}"


def refuse(session: snowflake.connector.SnowflakeConnection, sql: str) -> None:
    """See that a statement is refused for want of a right."""
    with pytest.raises(ProgrammingError) as refusal:
        session.cursor().execute(sql)
    assert refusal.value.errno in REFUSED, f"{sql}: {refusal.value.msg}"


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


def test_an_analyst_sees_its_own_tenant_and_not_the_neighbour(loaded: LiveRetailer, acting: Connect) -> None:
    neighbour = f"live_{uuid4().hex[:8]}"
    rows = ", ".join(
        f"('{tenant}', 'fresh', 'live', 'live', current_timestamp()::timestamp_ntz)"
        for tenant in (SETTINGS["tenant"], neighbour)
    )
    columns = "tenant_id, status, run_id, dag_id, published_at"
    with loaded.connect() as loader:
        try:
            loader.cursor().execute(f"insert into published.publication_status ({columns}) values {rows}")
            seen = {}
            for role in (analyst(), "MERCURIOS_ANALYST", "MERCURIOS_DEVELOPER"):
                with acting(role) as reader:
                    question = (
                        "select distinct tenant_id from published.publication_status where run_id = 'live'"
                    )
                    seen[role] = reader.cursor().execute(question).fetchall()
        finally:
            loader.cursor().execute("delete from published.publication_status where run_id = 'live'")

    its_rows = [(SETTINGS["tenant"],)]
    assert seen == {analyst(): its_rows, "MERCURIOS_ANALYST": [], "MERCURIOS_DEVELOPER": its_rows}


def test_a_developer_sees_the_rows_and_no_person_in_them(loaded: LiveRetailer, acting: Connect) -> None:
    questions = [
        "select count(*) from raw.customer",
        "select count(id) from raw.customer",
        "select count(_extra) from raw.customer",
        "select count(*) from ops.quarantine",
        "select count(payload) from ops.quarantine",
        "select count(source_id) from ops.quarantine",
    ]
    with loaded.connect() as loader, acting("MERCURIOS_DEVELOPER") as developer:
        clear = [one(loader, question) for question in questions]
        masked = [one(developer, question) for question in questions]

    assert all(clear)
    assert masked == [clear[0], 0, 0, clear[3], 0, 0]


def test_whoever_owns_schemas_opens_no_row_to_itself(loaded: LiveRetailer, acting: Connect) -> None:
    """It may grant itself what it likes in its schemas; policies are not its own, and show it nothing."""
    with acting("MERCURIOS_ADMIN") as owner:
        refuse(owner, "select count(*) from raw.customer")
        refuse(owner, "alter row access policy policies.tenant_rows set body -> true")
        refuse(owner, "insert into policies.tenant_access values ('MERCURIOS_ADMIN', 'anyone')")
        cursor = owner.cursor()
        try:
            cursor.execute("grant select, insert, update on table raw.customer to role mercurios_admin")
            assert one(owner, "select count(*) from raw.customer") == 0
            refuse(owner, "alter table raw.customer drop row access policy policies.tenant_rows")
            refuse(owner, "alter table raw.customer modify column id unset masking policy")
        finally:
            cursor.execute("revoke select, insert, update on table raw.customer from role mercurios_admin")


def test_whoever_owns_policies_reads_nothing(loaded: LiveRetailer, acting: Connect) -> None:
    with acting("MERCURIOS_POLICY_ADMIN") as owner:
        for table in ("raw.customer", "ops.quarantine", "published.publication_status"):
            refuse(owner, f"select count(*) from {table}")
            refuse(owner, f"grant select on table {table} to role mercurios_policy_admin")


@pytest.mark.parametrize(
    "role",
    [
        "MERCURIOS_ADMIN",
        "MERCURIOS_POLICY_ADMIN",
        "MERCURIOS_DEVELOPER",
        "MERCURIOS_FIVETRAN_SERVICE",
        analyst() if SETTINGS else "MERCURIOS_ANALYST",
    ],
)
def test_no_role_but_the_loader_reads_landed_files(loaded: LiveRetailer, acting: Connect, role: str) -> None:
    stage = f"landing.tenant_{SETTINGS['tenant']}"
    area = f"url = '{SETTINGS['landing']}' storage_integration = mercurios_landing"
    with loaded.connect() as loader:
        assert loader.cursor().execute(f"list @{stage}").fetchall() != []
    with acting(role) as session:
        refuse(session, f"list @{stage}")
        refuse(session, f"grant usage on stage {stage} to role {role}")
        refuse(session, f"create temporary stage ops.live_probe {area}")


@pytest.mark.skipif(not (SETTINGS or {}).get("other_database"), reason="no other database is named")
def test_the_loader_is_refused_in_another_database(loaded: LiveRetailer) -> None:
    other = SETTINGS["other_database"]
    with loaded.connect() as loader:
        refuse(loader, f"select count(*) from {other}.ops.run")
        refuse(loader, f"create table {other}.raw.live_probe (id number)")
        refuse(loader, f"show stages in schema {other}.landing")


@pytest.mark.parametrize(
    ("role", "sql"),
    [
        ("MERCURIOS_FIVETRAN_SERVICE", "create schema live_probe"),
        ("MERCURIOS_FIVETRAN_SERVICE", "create table raw.live_probe (id number)"),
        ("MERCURIOS_FIVETRAN_SERVICE", "create view fivetran_log.live_probe as select * from raw.customer"),
        ("MERCURIOS_DEVELOPER", "create table ops.live_probe (id number)"),
        ("MERCURIOS_DEVELOPER", "delete from raw.customer where false"),
        ("MERCURIOS_DEVELOPER", "select count(*) from policies.tenant_access"),
        ("MERCURIOS_ANALYST", "select count(*) from analytics.fct_sales"),
        ("MERCURIOS_ANALYST", "delete from published.publication_status where false"),
        ("MERCURIOS_LOADER", "create schema live_probe"),
        ("MERCURIOS_LOADER", "create stage ops.live_probe"),
        ("MERCURIOS_LOADER", "insert into policies.tenant_access values ('MERCURIOS_ANALYST', 'anyone')"),
        ("MERCURIOS_LOADER", "grant select on table raw.customer to role mercurios_analyst"),
    ],
)
def test_no_role_makes_or_writes_what_is_not_its_own(
    loaded: LiveRetailer, acting: Connect, role: str, sql: str
) -> None:
    with acting(role) as session:
        refuse(session, sql)


@pytest.mark.parametrize(
    "target",
    [f"@landing.tenant_{(SETTINGS or {}).get('tenant')}/unloaded", "'s3://another-ones-bucket/unloaded'"],
)
def test_the_loader_unloads_nowhere(loaded: LiveRetailer, target: str) -> None:
    """The bucket refuses the first and the account the second."""
    with (
        loaded.connect() as session,
        pytest.raises(ProgrammingError, match=r"(?i)access|denied|inline|not allowed"),
    ):
        session.cursor().execute(
            f"copy into {target} from (select 1 as probe) file_format = (type = parquet)"
        )


def test_the_account_is_as_planned_and_no_more(acting: Connect) -> None:
    wanted = account_plan(load_account_settings(), databases_of(load_tenants()))
    with acting("ACCOUNTADMIN") as session:
        found = difference(wanted, read_existing(session, wanted))

    assert (found.missing, found.misplaced, found.surplus) == ([], [], [])


def test_what_apply_repeats_blindly_is_set(acting: Connect) -> None:
    with acting("ACCOUNTADMIN") as session:
        cursor = session.cursor()
        for parameter in (
            "PREVENT_UNLOAD_TO_INLINE_URL",
            "REQUIRE_STORAGE_INTEGRATION_FOR_STAGE_CREATION",
            "REQUIRE_STORAGE_INTEGRATION_FOR_STAGE_OPERATION",
        ):
            [row] = cursor.execute(f"show parameters like '{parameter}' in account").fetchall()
            assert row[1] == "true", parameter
        user = SETTINGS["connection"]["user"]
        [row] = cursor.execute(f"show parameters like 'NETWORK_POLICY' in user {user}").fetchall()
        assert row[1].startswith("MERCURIOS_LOADER"), "the loader may sign in from anywhere"


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


def test_every_table_is_the_loaders_and_has_the_row_access_policy(loaded: LiveRetailer) -> None:
    """A table that another role made first would be filled without a policy."""
    with loaded.connect() as session:
        tables = session.cursor().execute(
            "select table_schema || '.' || table_name, table_schema, table_owner from information_schema.tables"
            " where table_schema in ('RAW', 'STANDARD', 'ANALYTICS', 'PUBLISHED', 'OPS') and table_type = 'BASE TABLE'"
        )
        found = tables.fetchall()
        bare = []
        for table, schema, _ in found:
            attached = session.cursor().execute(
                "select policy_kind from table(information_schema.policy_references("
                f"ref_entity_name => '{table}', ref_entity_domain => 'table'))"
            )
            if schema != "OPS" and ("ROW_ACCESS_POLICY",) not in attached.fetchall():
                bare.append(table)

    assert found
    assert [table for table, _, owner in found if owner != session.role] == []
    assert bare == []
