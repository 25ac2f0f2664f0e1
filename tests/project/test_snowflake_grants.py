"""Who may do what on Snowflake, read off the statements that the set-up runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from planned_account import plan
from snowflake_grants import Grant, grants, inherited, offences, one_line

from mercurios.warehouse.snowflake.account.plan import Statement

PLAN = plan()
TEXTS = [statement.text for statement in PLAN]
UNMASKED = "mercurios_loader"
SCHEMAS = ("raw", "standard", "analytics", "published", "ops", "fivetran_log")
TENANTS = {"mercurios_data": ["north", "south"], "solo_data": ["solo"]}
LOADERS = {"mercurios_data": "mercurios_loader", "solo_data": "mercurios_loader_solo_data"}


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


def test_grants_are_read_as_they_stand() -> None:
    assert grants(["grant usage, monitor on database a to role b", "grant role a to role b"]) == [
        Grant(frozenset({"usage", "monitor"}), "database a", "b")
    ]
