"""The plan of a Snowflake account: order, roles, and what tenants share or have of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from planned_account import LANDING, plan, settings, tenant

from mercurios.tenants import Tenant
from mercurios.warehouse.snowflake.account.plan import (
    Database,
    Statement,
    account_plan,
    clustered_tables,
    databases_of,
    table_plan,
)
from mercurios.warehouse.sql import SQL_ROOT


def position(statements: list[Statement], part: str) -> int:
    return next(number for number, each in enumerate(statements) if part in each.text)


def test_every_file_of_the_folder_is_in_the_plan_in_the_order_of_their_names() -> None:
    files = sorted(path.stem for path in (SQL_ROOT / "snowflake" / "account").glob("*.sql"))

    used = list(dict.fromkeys(each.file for each in plan()))

    assert used == files


def test_every_statement_says_who_runs_it() -> None:
    assert {each.role for each in plan()} == {
        "accountadmin",
        "securityadmin",
        "sysadmin",
        "useradmin",
        "mercurios_admin",
        "mercurios_policy_admin",
        "mercurios_loader",
        "mercurios_loader_solo_data",
    }


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("create role if not exists mercurios_admin", "to role mercurios_admin"),
        ("create resource monitor if not exists mercurios_dev", "set resource_monitor = mercurios_dev"),
        ("create storage integration", "create stage"),
        ("create database if not exists mercurios_data", "create schema if not exists mercurios_data.raw"),
        ("create table if not exists mercurios_data.policies.tenant_access", "create row access policy"),
        ("create resource monitor if not exists mercurios_account", "alter account set resource_monitor"),
        (
            "usage, create schema on database mercurios_data to role mercurios_policy",
            "mercurios_data.policies with",
        ),
        ("create role if not exists mercurios_analyst_north", "merge into mercurios_data"),
        ("grant apply on masking policy", "set masking policy"),
        (
            "grant usage, operate, monitor on warehouse mercurios_loading_wh",
            "use warehouse mercurios_loading_wh",
        ),
    ],
)
def test_what_a_statement_needs_comes_before_it(earlier: str, later: str) -> None:
    statements = plan()

    assert position(statements, earlier) < position(statements, later)


def test_what_is_used_exists_by_then() -> None:
    made: set[str] = set()
    for each in plan():
        if each.action == "create":
            made.add(each.object)
        elif each.action == "alter" and each.kind not in ("table", "account"):
            assert each.object in made, each


def test_every_statement_can_run_again() -> None:
    for each in plan():
        if each.action == "create":
            assert " if not exists " in each.text, each
        if (each.action, each.kind) == ("alter", "table"):
            assert each.text.startswith("alter table if exists "), each


def test_tenants_share_a_database_or_have_their_own() -> None:
    found = databases_of(
        [tenant("south"), tenant("north", database="mercurios_data"), tenant("solo", database="SOLO")]
    )

    assert [(each.name, [one.id for one in each.tenants]) for each in found] == [
        ("MERCURIOS_DATA", ["south", "north"]),
        ("SOLO", ["solo"]),
    ]


def test_a_tenants_role_sees_its_tenant_in_its_database_alone() -> None:
    merges = {each.object: each.text for each in plan() if each.action == "merge" and "NORTH" in each.text}

    assert list(merges) == ["mercurios_data.policies.tenant_access"]
    pairs = re.findall(r"'(\w+)' as role_name,\s+'(\w+)' as tenant_id", *merges.values())
    assert pairs == [("MERCURIOS_ANALYST_NORTH", "north"), ("MERCURIOS_DEVELOPER", "north")]


def test_nothing_of_one_database_names_another() -> None:
    for each in plan():
        assert not ("mercurios_data" in each.text and "solo_data" in each.text), each


def test_a_tenant_on_duckdb_has_no_database_in_the_account() -> None:
    here = tenant("here", connections={"warehouse": "duckdb_here"})

    assert databases_of([here]) == []


def test_a_database_whose_loader_the_accounts_file_does_not_name_is_refused() -> None:
    alone = tenant("solo", database="OTHER_DATA")

    with pytest.raises(
        ValueError, match=r"database OTHER_DATA has no loader of its own .* 'loaders\.OTHER_DATA'"
    ):
        account_plan(settings(), databases_of([alone]))


def test_the_loader_of_a_database_that_is_not_planned_is_left_out() -> None:
    texts = [each.text for each in account_plan(settings(), databases_of([tenant("north")]))]

    assert [text for text in texts if "solo" in text] == []


def test_the_accounts_limit_can_be_named() -> None:
    texts = [each.text for each in account_plan(settings(monthly_credits=77), [])]

    assert "alter resource monitor mercurios_account_monitor set credit_quota = 77" in texts


@pytest.mark.parametrize("name", ["MERCURIOS-DATA", "data; drop database x", '"data"', "", "1data", "a.b"])
def test_a_database_name_that_would_need_quotes_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"tenant north: key 'database': .* is no plain name"):
        databases_of([tenant("north", database=name)])


def test_a_tenant_that_lands_elsewhere_is_refused_with_the_key_of_its_file() -> None:
    stray = tenant("north", landing="s3://another-bucket/north")

    with pytest.raises(
        ValueError, match="tenant north: lands at s3://another-bucket/north, not below s3://synthetic"
    ):
        account_plan(settings(), databases_of([stray]))


def test_a_tenant_may_land_at_the_root_of_the_stage() -> None:
    whole: Tenant = tenant("north", landing=LANDING)

    assert account_plan(settings(), databases_of([whole]))


def test_fivetran_has_a_user_only_with_a_key() -> None:
    without = account_plan(settings(fivetran=None), [Database.named("mercurios_data")])

    assert [each.object for each in without if (each.action, each.kind) == ("create", "user")] == [
        "mercurios_loader_service"
    ]


def test_a_second_key_is_set_while_keys_are_rotated() -> None:
    key = settings().loader.public_key
    service = {"public_key": key, "public_key_2": key, "network": ["203.0.113.0/28"]}

    texts = [each.text for each in account_plan(settings(loader=service), [])]

    assert f"alter user mercurios_loader_service set rsa_public_key_2 = '{key}'" in texts
    assert "alter user mercurios_loader_service unset rsa_public_key_2" not in texts


def test_tables_are_clustered_by_tenant_and_a_date_they_have(root: Path) -> None:
    models = {path.stem: path for path in (root / "include/dbt/models").rglob("*.sql")}
    raw = {name for name in clustered_tables() if name.startswith("raw.")}
    texts = [each.text for each in table_plan("MERCURIOS_DATA") if " cluster by " in each.text]

    assert {"raw.sale", "raw.invoice", "raw.payment"} <= raw
    assert "alter table if exists mercurios_data.raw.sale cluster by (tenant_id, date)" in texts
    assert len(texts) == len(clustered_tables())
    for name, column in clustered_tables().items():
        if (model := name.partition(".")[2]) in models:
            text = models[model].read_text(encoding="utf-8")
            assert "materialized='incremental'" in text, name
            assert column in text, name
