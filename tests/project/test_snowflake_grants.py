"""Who may do what on Snowflake, read off the statements that the set-up runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from planned_account import plan
from snowflake_grants import Grant, grants, inherited, offences, one_line
from snowflake_sql import rendered, templates

from mercurios.sources.contract import ColumnType
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.registry import every_resource
from mercurios.warehouse.personal import masks_of
from mercurios.warehouse.schema import raw_columns
from mercurios.warehouse.snowflake.account.plan import Statement
from mercurios.warehouse.sql import render, statements

PLAN = plan()
TEXTS = [statement.text for statement in PLAN]
UNMASKED = "mercurios_loader"
SCHEMAS = ("raw", "standard", "analytics", "published", "ops", "fivetran_log")
TENANTS = {"mercurios_data": ["north", "south"], "solo_data": ["solo"]}
LOADERS = {"mercurios_data": "mercurios_loader", "solo_data": "mercurios_loader_solo_data"}
# What a resource about persons keeps that says nothing about the person.
IMPERSONAL = {"branch_number", "last_change", "is_deleted"}


def statement(text: str, role: str = "securityadmin", kind: str = "privilege") -> Statement:
    return Statement("test", role, text.split()[0], kind, "", text)


def test_the_plan_breaks_no_rule() -> None:
    assert offences(PLAN) == []


@pytest.mark.parametrize(
    ("said", "text", "role"),
    [
        ("a system role", "grant role accountadmin to user mercurios_loader_service", "securityadmin"),
        ("a system role", 'grant role "SECURITYADMIN" to role mercurios_developer', "securityadmin"),
        (
            "a privilege that is too much",
            "grant ownership on schema mercurios_data.raw to role mercurios_loader",
            "securityadmin",
        ),
        (
            "a privilege that is too much",
            "grant all privileges on database a to role mercurios_admin",
            "sysadmin",
        ),
        (
            "a privilege that is too much",
            "grant usage, all on schema a.raw to role mercurios_analyst",
            "sysadmin",
        ),
        (
            "a privilege that is too much",
            "grant manage grants on account to role mercurios_admin",
            "securityadmin",
        ),
        (
            "a grant to everyone",
            "GRANT SELECT ON ALL TABLES IN SCHEMA a.raw\n  TO ROLE public",
            "securityadmin",
        ),
        ("a grant to everyone", "grant role mercurios_analyst to role public", "securityadmin"),
        (
            "a grant that may be handed on",
            "grant select on table a.raw.sale to role mercurios_analyst with grant option",
            "securityadmin",
        ),
        ("a grant that cannot be read", "grant select on table a.raw.sale", "securityadmin"),
        (
            "a schema without policies",
            "grant usage, create schema on database mercurios_data to role mercurios_fivetran_service",
            "securityadmin",
        ),
        (
            "a stage that can be written to",
            "grant write on stage a.ops.landing to role mercurios_loader",
            "securityadmin",
        ),
        (
            "a stage that can be written to",
            "grant create stage on schema mercurios_data.ops to role mercurios_loader",
            "securityadmin",
        ),
        ("a user that is no service", "create user if not exists someone", "useradmin"),
        ("a password", "alter user mercurios_loader_service set password = 'synthetic'", "useradmin"),
        ("an account administrator", "create role if not exists a", "accountadmin"),
        ("an account administrator", "alter warehouse a set warehouse_size = 'LARGE'", "accountadmin"),
        (
            "a statement that takes away",
            "create or replace table a.raw.sale (id varchar)",
            "mercurios_loader",
        ),
    ],
)
def test_a_statement_that_breaks_a_rule_is_found(said: str, text: str, role: str) -> None:
    found = offences([*PLAN, statement(text, role)])

    assert len(found) == 1
    assert found[0].startswith(said)


def granted(role: str, database: str = "mercurios_data") -> set[tuple[str, str]]:
    return {
        (privilege, grant.object.replace(f"{database}.", ""))
        for grant in grants(TEXTS)
        if grant.to == role and not any(other in grant.object for other in LOADERS if other != database)
        for privilege in grant.privileges
    }


def reads(*schemas: str) -> set[tuple[str, str]]:
    return {
        ("select", f"{which} {kind} in schema {schema}")
        for schema in schemas
        for which in ("all", "future")
        for kind in ("tables", "views")
    } | {("usage", f"schema {schema}") for schema in schemas}


def test_an_analyst_reads_published_marts_and_nothing_else() -> None:
    assert granted("mercurios_analyst") == reads("published") | {
        ("usage", "database mercurios_data"),
        ("usage", "warehouse mercurios_analytics_wh"),
    }


def test_a_developer_reads_everything_and_writes_nothing() -> None:
    assert granted("mercurios_developer") == reads(*SCHEMAS) | {
        ("usage", "database mercurios_data"),
        ("usage", "warehouse mercurios_dev_wh"),
    }


@pytest.mark.parametrize("database", list(LOADERS))
def test_the_loader_makes_tables_in_the_schemas_of_data_and_attaches_policies(database: str) -> None:
    kinds = ("text", "number", "amount", "flag", "date", "document")
    policies = {f"masking policy policies.personal_{kind}" for kind in kinds}

    assert granted(LOADERS[database], database) == {
        ("usage", f"database {database}"),
        ("usage", "schema policies"),
        ("usage", "warehouse mercurios_loading_wh"),
        ("usage", "schema landing"),
        *(("usage", f"stage landing.tenant_{tenant}") for tenant in TENANTS[database]),
        *((each, f"schema {name}") for name in SCHEMAS[:-1] for each in WRITES),
        *(("apply", each) for each in policies | {"row access policy policies.tenant_rows"}),
    }


WRITES = ("usage", "create table", "create view")


def test_each_database_has_a_loader_that_is_granted_nothing_in_another() -> None:
    for database, loader in LOADERS.items():
        for other in LOADERS.keys() - {database}:
            named = [text for text in TEXTS if re.search(rf"\b{other}\b", text)]
            assert [text for text in named if re.search(rf"\b{loader}\b", text, re.IGNORECASE)] == []


def test_a_loader_that_reads_another_database_is_found() -> None:
    more = "grant usage on database solo_data to role mercurios_loader"

    found = offences([*PLAN, statement(more)])

    assert found == [f"a loader in another database: {more}"]


# ---------------------------------------------------------------- who owns, and who decides


def owner(kind: str) -> dict[str, str]:
    """Return the roles that create the objects of a kind, and so own them."""
    return {each.object: each.role for each in PLAN if (each.action, each.kind) == ("create", kind)}


def test_no_role_owns_data_and_policies_both() -> None:
    policies = {
        role
        for kind in ("row access policy", "masking policy", "tag", "table")
        for role in owner(kind).values()
    }
    of_data = {role for name, role in owner("schema").items() if not name.endswith((".policies", ".landing"))}

    assert policies == {"mercurios_policy_admin"}
    assert of_data == {"mercurios_admin"}
    assert owner("schema")["mercurios_data.policies"] == "mercurios_policy_admin"
    assert {role: inherited(TEXTS, role) for role in (*policies, *of_data)} == {
        role: {role} for role in (*policies, *of_data)
    }


def test_who_owns_policies_reads_no_table_and_who_owns_schemas_attaches_no_policy() -> None:
    of_policies = granted("mercurios_policy_admin")
    of_schemas = granted("mercurios_admin")

    assert {privilege for privilege, _ in of_policies} == {"usage", "create schema", "apply tag"}
    assert {privilege for privilege, _ in of_schemas} == {"usage", "operate", "monitor", "create schema"}
    assert ("apply tag", "account") in of_policies


def test_policies_know_no_role_but_the_loader_of_their_database() -> None:
    for each in PLAN:
        if each.kind in ("row access policy", "masking policy"):
            said = set(re.findall(r"current_role\(\) = '(\w+)'", each.text))
            database = each.object.partition(".")[0]
            assert said == {LOADERS[database].upper()}, each


# ---------------------------------------------------------------- the external stage is read


def test_no_role_but_the_loader_of_its_database_reads_a_tenants_files() -> None:
    """Files are behind no policy: whoever uses or owns a stage, or grants on its schema, reads them all."""
    on_stages = {
        (grant.to, privilege, grant.object)
        for grant in grants(TEXTS)
        if "stage" in grant.object or "integration" in grant.object
        for privilege in grant.privileges
    }

    assert on_stages == {
        ("sysadmin", "usage", "integration mercurios_landing"),
        *(
            (LOADERS[database], "usage", f"stage {database}.landing.tenant_{tenant}")
            for database, tenants in TENANTS.items()
            for tenant in tenants
        ),
    }
    assert set(owner("stage").values()) == {"sysadmin"}
    assert {role for name, role in owner("schema").items() if name.endswith(".landing")} == {"sysadmin"}


def test_a_stage_shows_the_folder_of_its_tenant_alone() -> None:
    shown = {
        each.object: set(re.findall(r"url = '([^']+)'", each.text))
        for each in PLAN
        if each.kind == "stage" and each.action in ("create", "alter")
    }

    assert shown == {
        f"{database}.landing.tenant_{tenant}": {f"s3://synthetic-landing/mercurios/{tenant}/tenant={tenant}/"}
        for database, tenants in TENANTS.items()
        for tenant in tenants
    }


def test_no_role_makes_a_stage() -> None:
    makes_stages = [
        text for text in TEXTS if re.search(r"create (external )?(stage|integration),? ?.* on ", text)
    ]
    assert [text for text in makes_stages if text.startswith("grant")] == []


def test_no_session_unloads_to_an_address_of_its_own() -> None:
    for parameter in (
        "prevent_unload_to_inline_url",
        "require_storage_integration_for_stage_creation",
        "require_storage_integration_for_stage_operation",
    ):
        assert f"alter account set {parameter} = true" in TEXTS


def documented_iam_policy(root: Path) -> dict[str, Any]:
    text = (root / "docs" / "snowflake.md").read_text(encoding="utf-8")
    policy: dict[str, Any] = json.loads(text.partition("```json\n")[2].partition("```")[0])
    return policy


def test_the_documented_iam_role_reads_below_the_landing_area_and_writes_nothing(root: Path) -> None:
    """Snowflake has one privilege to read a stage and to unload to it, so that the bucket has to refuse the latter."""
    statements = documented_iam_policy(root)["Statement"]

    assert {each["Effect"] for each in statements} == {"Allow"}
    assert {action for each in statements for action in each["Action"]} == {
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "s3:GetBucketLocation",
    }
    assert [each["Resource"] for each in statements if "s3:GetObject" in each["Action"]] == [
        "arn:aws:s3:::<bucket>/landing/*"
    ]
    [listing] = [each for each in statements if "s3:ListBucket" in each["Action"]]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["landing/*"]}}


# ---------------------------------------------------------------- what the account may cost


def test_the_account_has_a_monitor_that_allows_what_its_warehouses_do_together() -> None:
    monitors = {
        each.object: int(re.search(r"credit_quota = (\d+)", each.text)[1])
        for each in PLAN
        if (each.action, each.kind) == ("create", "resource monitor")
    }

    assert "alter account set resource_monitor = mercurios_account_monitor" in TEXTS
    assert monitors.pop("mercurios_account_monitor") == sum(monitors.values())


def test_fivetran_writes_its_log_and_makes_no_schema() -> None:
    log = {(each, "schema fivetran_log") for each in WRITES}

    assert granted("mercurios_fivetran_service") == log | {
        ("usage", "database mercurios_data"),
        ("usage", "warehouse mercurios_loading_wh"),
    }
    assert granted("mercurios_fivetran_service", "solo_data") == log | {
        ("usage", "database solo_data"),
        ("usage", "warehouse mercurios_loading_wh"),
    }


def test_no_role_but_that_of_an_analyst_of_a_tenant_acts_as_another() -> None:
    roles = {each.object for each in PLAN if (each.action, each.kind) == ("create", "role")}

    others = {role: inherited(TEXTS, role) - {role} for role in roles}

    assert {role: held for role, held in others.items() if held} == {
        f"mercurios_analyst_{tenant}": {"mercurios_analyst"} for tenant in ("north", "south", "solo")
    }


def test_inheritance_over_two_steps_is_seen() -> None:
    chain = ["grant role a to role b", "grant role b to role mercurios_developer"]

    assert inherited([*TEXTS, *chain], "mercurios_developer") == {"mercurios_developer", "a", "b"}


def test_each_service_has_one_role_and_a_key_after_its_network_policy() -> None:
    for user, role in {
        "mercurios_loader_service": "mercurios_loader",
        "mercurios_loader_solo_data_service": "mercurios_loader_solo_data",
        "mercurios_fivetran_service_user": "mercurios_fivetran_service",
    }.items():
        about = [one_line(text) for text in TEXTS if re.search(rf"\buser {user}\b", text)]

        assert [text for text in about if text.startswith("grant")] == [f"grant role {role} to user {user}"]
        assert f"alter user {user} set default_secondary_roles = ()" in about
        assert index(about, "set network_policy") < index(about, "set rsa_public_key =")


def index(texts: list[str], part: str) -> int:
    return next(number for number, text in enumerate(texts) if part in text)


# ---------------------------------------------------------------- personal data


def personal_by_contract() -> set[tuple[str, str]]:
    """Every column that holds a person's number or is about a person, said without the product's own list."""
    return {
        (f"raw.{resource.table}", column.name)
        for resource in RESOURCES.values()
        for column in resource.columns
        if column.type is ColumnType.KEY_HASH or (resource.personal and column.name not in IMPERSONAL)
    } | {
        ("ops.quarantine", "source_id"),
        ("ops.quarantine", "payload"),
        *((f"raw.{resource.table}", "_extra") for resource in every_resource().values()),
    }


def masked(texts: Iterable[str], database: str = "mercurios_data") -> dict[tuple[str, str], str]:
    """Return the columns with a masking policy, and which."""
    attached = re.compile(
        rf"alter table if exists {database}\.([\w.]+) modify column (\w+) "
        rf"set masking policy {database}\.policies\.(\w+) force"
    )
    found = (attached.fullmatch(one_line(text)) for text in texts)
    return {(match[1], match[2]): match[3] for match in found if match}


@pytest.mark.parametrize("database", ["mercurios_data", "solo_data"])
def test_every_personal_column_is_masked(database: str) -> None:
    assert masked(TEXTS, database).keys() == personal_by_contract()


def test_a_personal_column_without_a_mask_is_found() -> None:
    without = [text for text in TEXTS if "modify column cashier_key" not in text]

    assert personal_by_contract() - masked(without).keys() == {("raw.sale", "cashier_key")}


def test_a_resource_that_becomes_personal_is_masked_without_further_ado(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(RESOURCES, "season", replace(RESOURCES["season"], personal=True))

    found = masked(each.text for each in plan())

    assert found[("raw.season", "name")] == "personal_text"
    assert found.keys() == personal_by_contract()


def test_a_mask_has_the_type_of_its_column() -> None:
    types = dict(
        re.findall(
            r"create masking policy if not exists mercurios_data\.policies\.(\w+)\s+as \(personal ([^)]*\)?)\)",
            "\n".join(TEXTS),
        )
    )
    wanted = {
        ColumnType.INTEGER: "number(38, 0)",
        ColumnType.DECIMAL: "number(18, 2)",
        ColumnType.BOOLEAN: "boolean",
        ColumnType.DATE: "date",
    }

    by_table = {f"raw.{resource.table}": resource for resource in RESOURCES.values()}
    for (table, column), policy in masked(TEXTS).items():
        if column == "_extra":
            assert types[policy] == "variant", table
            continue
        kind = by_table[table].column(column).type if table in by_table else ColumnType.TEXT
        assert types[policy] == wanted.get(kind, "varchar"), (table, column)


def masked_when_created(texts: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the columns that are masked from the moment their table exists, and by which policy."""
    found = {}
    for text in texts:
        if table := re.match(r"create table if not exists ([\w.]+) \(", text):
            column = r"(\w+) [a-z]+(?:\([\d, ]+\))?(?: not null)? with masking policy policies\.(\w+)"
            found |= {(table[1], match[1]): match[2] for match in re.finditer(column, text)}
    return found


def test_a_personal_column_is_masked_from_the_moment_its_table_exists() -> None:
    assert masked_when_created(creations()) == masked(TEXTS)


def test_a_column_that_is_created_bare_is_found() -> None:
    text = next(text for text in creations() if text.startswith("create table if not exists raw.staff "))

    bare = text.replace("staff_key varchar with masking policy policies.personal_text", "staff_key varchar")

    assert masked_when_created([text]).keys() - masked_when_created([bare]).keys() == {
        ("raw.staff", "staff_key")
    }


def bodies(kind: str, texts: Iterable[str] = TEXTS) -> dict[str, set[str]]:
    """Return what the policies of a kind say: as created, and as set again."""
    found: dict[str, set[str]] = {}
    for text in texts:
        match = re.match(
            rf"(?:create|alter) {kind} (?:if not exists )?mercurios_data\.policies\.(\w+)\b.*?->(.*)",
            text,
            re.S,
        )
        if match:
            found.setdefault(match[1], set()).add(match[2].strip())
    return found


def test_clear_text_is_for_the_loader_alone() -> None:
    policies = bodies("masking policy")

    assert len(policies) == 6
    for said in policies.values():
        assert said == {"case when current_role() = 'MERCURIOS_LOADER' then personal end"}
    for role in ("mercurios_developer", "mercurios_analyst", "mercurios_admin", "mercurios_policy_admin"):
        assert UNMASKED not in inherited(TEXTS, role)


def test_a_developer_with_the_loaders_role_is_found() -> None:
    more = [*TEXTS, "grant role mercurios_loader to role mercurios_developer"]

    assert UNMASKED in inherited(more, "mercurios_developer")


# ---------------------------------------------------------------- rows of tenants


def rows_seen(role: str, body: str) -> list[str]:
    """Evaluate the row access policy for a role on an engine that is here; the expression is plain SQL."""
    with duckdb.connect() as connection:
        connection.execute("create table tenant_access (role_name varchar, tenant_id varchar)")
        for text in TEXTS:
            if text.startswith("merge into mercurios_data."):
                connection.execute(text.replace("mercurios_data.policies.", ""))
        rule = body.replace("mercurios_data.policies.", "").replace("current_role()", "getvariable('role')")
        connection.execute(f"set variable role = '{role}'")
        connection.execute(f"create macro tenant_rows(row_tenant_id) as ({rule})")
        rows = "(values ('north'), ('south'), ('foreign')) as sale (whose)"
        seen = connection.execute(
            f"select whose from {rows} where tenant_rows(whose) order by all"
        ).fetchall()
    return [row[0] for row in seen]


@pytest.mark.parametrize(
    ("role", "tenants"),
    [
        ("MERCURIOS_ANALYST_NORTH", ["north"]),
        ("MERCURIOS_ANALYST_SOUTH", ["south"]),
        ("MERCURIOS_DEVELOPER", ["north", "south"]),
        ("MERCURIOS_LOADER", ["foreign", "north", "south"]),
        ("MERCURIOS_ANALYST", []),
        ("MERCURIOS_ADMIN", []),
        ("MERCURIOS_POLICY_ADMIN", []),
        ("MERCURIOS_LOADER_SOLO_DATA", []),
        ("ACCOUNTADMIN", []),
        ("PUBLIC", []),
    ],
)
def test_a_role_sees_the_rows_of_its_tenants(role: str, tenants: list[str]) -> None:
    (body,) = bodies("row access policy")["tenant_rows"]

    assert rows_seen(role, body) == tenants


def test_a_policy_with_an_argument_hidden_by_a_mapping_column_leaks() -> None:
    (body,) = bodies("row access policy")["tenant_rows"]

    leaking = body.replace("= row_tenant_id", "= tenant_id")

    assert rows_seen("MERCURIOS_ANALYST_NORTH", leaking) != ["north"]


def creations() -> list[str]:
    """Return the statements by which the loader creates tables; dbt's are in test_snowflake_dbt.py."""
    scripts = [rendered(path) for path in templates() if path.stem != "create_raw_table"]
    for resource in every_resource().values():
        columns = {column.name: column.type for column in raw_columns(resource, "snowflake")}
        shape = {"columns": columns, "missing": [], "masks": masks_of(resource)}
        scripts.append(render("snowflake", "create_raw_table", table=resource.table, **shape))
    return [one_line(text) for script in scripts for text in statements(script)]


def created(texts: Iterable[str], *, with_policy: bool) -> set[str]:
    """Return the tables with rows of tenants that statements create, all or those with the policy.

    A clone has the policies of what it is cloned from, and a view shows no more than its tables.
    """
    schema = r"(?:raw|standard|analytics|published)"
    table = rf"create (?:or replace )?(?:transient )?table (?:if not exists )?({schema}\.\w+) "
    policy = rf"(?:clone {schema}\.\w+|.*with row access policy policies\.tenant_rows on \(tenant_id\))"
    found = (re.match(table + (policy if with_policy else ""), text) for text in texts)
    return {match[1] for match in found if match}


def test_every_table_is_created_with_the_row_access_policy() -> None:
    tables = created(creations(), with_policy=False)

    assert {f"raw.{resource.table}" for resource in RESOURCES.values()} < tables
    forecasts = {"analytics.forecast_weekly", "analytics.forecast_protection"}
    assert {"raw.tenant", "raw.public_holiday", *forecasts} < tables
    assert created(creations(), with_policy=True) == tables


def test_a_table_created_without_the_policy_is_found() -> None:
    bare = "create table if not exists raw.extra (tenant_id varchar not null)"
    other = f"{bare.replace('extra', 'more')} with row access policy policies.every_row on (tenant_id)"
    selected = "create or replace table published.stray as select * from analytics.fct_sales"
    clone = "create or replace table published.stock clone analytics.inventory_position"

    texts = [*creations(), bare, other, selected, clone]

    bare_ones = created(texts, with_policy=False) - created(texts, with_policy=True)
    assert bare_ones == {"raw.extra", "raw.more", "published.stray"}


def test_grants_are_read_as_they_stand() -> None:
    assert grants(["grant usage, monitor on database a to role b", "grant role a to role b"]) == [
        Grant(frozenset({"usage", "monitor"}), "database a", "b")
    ]
