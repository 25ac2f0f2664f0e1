"""What a plan would change in an account, as the account shows itself."""

from __future__ import annotations

import pytest
from planned_account import plan, settings, tenant
from shown_account import ShownAccount

from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.snowflake.account.apply import apply
from mercurios.warehouse.snowflake.account.difference import Existing, difference, read_existing
from mercurios.warehouse.snowflake.account.plan import account_plan, databases_of


@pytest.fixture
def account() -> ShownAccount:
    """An account to which the plan was applied."""
    applied = ShownAccount()
    apply(applied, plan())
    return applied


def missing(account: ShownAccount) -> list[str]:
    return [str(each) for each in difference(plan(), read_existing(account, plan())).missing]


def test_an_account_without_anything_lacks_the_whole_plan_but_what_waits_for_tables() -> None:
    found = difference(plan(), read_existing(ShownAccount(), plan()))

    assert found.present == 0
    assert {each.kind for each in found.repeated} == {"table", "account"}
    assert all("alter table if exists" in each.text for each in found.repeated if each.kind == "table")
    assert [each for each in plan() if each not in found.repeated] == found.missing


def test_an_account_to_which_the_plan_was_applied_lacks_nothing(account: ShownAccount) -> None:
    found = difference(plan(), read_existing(account, plan()))

    assert found.missing == []
    uses = sum(each.action == "use" for each in plan())
    assert found.present + len(found.repeated) + uses == len(plan())
    # Creations and grants on named objects are always compared.
    assert {each.action for each in found.repeated} == {"alter", "merge", "grant"}
    assert all(" on all " in each.text for each in found.repeated if each.action == "grant")


def test_reading_an_account_sends_nothing_but_show(account: ShownAccount) -> None:
    before = len(account.asked)

    read_existing(account, plan())

    asked = account.asked[before:]
    assert asked[0] == "use role accountadmin"
    assert all(text.startswith("show ") for text in asked[1:])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("role", "mercurios_analyst_south"),
        ("warehouse", "mercurios_dev_wh"),
        ("resource monitor", "mercurios_dev_monitor"),
        ("storage integration", "mercurios_landing"),
        ("user", "mercurios_loader_service"),
        ("network policy", "mercurios_loader_network"),
        ("schema", "mercurios_data.published"),
        ("tag", "mercurios_data.policies.personal"),
        ("table", "mercurios_data.policies.tenant_access"),
        ("row access policy", "mercurios_data.policies.tenant_rows"),
        ("masking policy", "mercurios_data.policies.personal_text"),
        ("stage", "mercurios_data.landing.tenant_north"),
    ],
)
def test_an_object_that_is_gone_is_created_again(account: ShownAccount, kind: str, name: str) -> None:
    del account.objects[kind][name]

    assert f"create {kind} {name}" in missing(account)
    assert "create database solo_data" not in missing(account)


def test_policies_where_an_earlier_release_made_them_are_named(account: ShownAccount) -> None:
    for kind, name in (("row access policy", "tenant_rows"), ("table", "tenant_access"), ("tag", "personal")):
        earlier = {"name": name.upper(), "database_name": "MERCURIOS_DATA", "schema_name": "OPS"}
        account.objects[kind][f"mercurios_data.ops.{name}"] = earlier
    # Has the name of no policy.
    account.objects["table"]["mercurios_data.ops.run"] = {
        "name": "RUN",
        "database_name": "MERCURIOS_DATA",
        "schema_name": "OPS",
    }

    found = difference(plan(), read_existing(account, plan()))

    assert found.misplaced == [
        "row access policy mercurios_data.ops.tenant_rows",
        "table mercurios_data.ops.tenant_access",
        "tag mercurios_data.ops.personal",
    ]
    assert found.missing == []


def test_an_account_of_this_release_has_nothing_elsewhere_and_nothing_beyond(account: ShownAccount) -> None:
    found = difference(plan(), read_existing(account, plan()))

    assert (found.misplaced, found.surplus) == ([], [])


def test_a_stage_outside_of_its_schema_is_named(account: ShownAccount) -> None:
    """An earlier release made one of the whole landing area, whose owner reads every tenant's files."""
    account.execute("create stage if not exists mercurios_data.ops.landing\n    url = 's3://lake/'")

    found = difference(plan(), read_existing(account, plan()))

    assert found.misplaced == ["stage mercurios_data.ops.landing"]


@pytest.mark.parametrize(
    "granted",
    [
        "usage on integration mercurios_landing to role mercurios_admin",
        "create schema on database mercurios_data to role mercurios_fivetran_service",
        "insert on table mercurios_data.raw.sale to role mercurios_developer",
        "usage on stage mercurios_data.landing.tenant_north to role mercurios_developer",
        "apply masking policy on account to role mercurios_admin",
        "ownership on schema mercurios_data.raw to role mercurios_loader",
    ],
)
def test_what_a_role_may_do_beyond_the_plan_is_named(account: ShownAccount, granted: str) -> None:
    account.execute(f"grant {granted}")
    # Comes with the tables that the loader makes, and is of a database that is not planned here.
    account.execute("grant ownership on table mercurios_data.raw.sale to role mercurios_loader")
    account.execute("grant select on view mercurios_data.raw.sale to role mercurios_developer")
    account.execute("grant usage on database other_data to role mercurios_developer")

    assert difference(plan(), read_existing(account, plan())).surplus == [granted]


def test_a_role_that_acts_as_another_beyond_the_plan_is_named(account: ShownAccount) -> None:
    account.execute("grant role mercurios_loader to role mercurios_analyst_north")

    assert difference(plan(), read_existing(account, plan())).surplus == [
        "usage on role mercurios_loader to role mercurios_analyst_north"
    ]


@pytest.mark.parametrize(
    ("kind", "name", "column", "value"),
    [
        ("warehouse", "mercurios_loading_wh", "size", "Large"),
        ("warehouse", "mercurios_loading_wh", "auto_suspend", "600"),
        ("warehouse", "mercurios_loading_wh", "statement_timeout_in_seconds", "172800"),
        ("warehouse", "mercurios_loading_wh", "resource_monitor", "null"),
        ("resource monitor", "mercurios_loading_monitor", "credit_quota", "5000.00"),
        ("stage", "mercurios_data.landing.tenant_north", "url", "s3://synthetic-landing/Mercurios/"),
    ],
)
def test_a_setting_that_was_changed_is_set_again(
    account: ShownAccount, kind: str, name: str, column: str, value: str
) -> None:
    account.objects[kind][name][column] = value

    assert missing(account) == [f"alter {kind} {name}"]


def test_a_new_size_is_the_only_change_of_an_account_that_has_the_rest(account: ShownAccount) -> None:
    sized = settings(warehouses={"loading": {"size": "XXLARGE"}})
    wanted = account_plan(sized, databases_of([tenant("north"), tenant("south")]))

    found = difference(wanted, read_existing(account, wanted)).missing
    apply(account, wanted)

    assert [str(each) for each in found] == ["alter warehouse mercurios_loading_wh"]
    assert difference(wanted, read_existing(account, wanted)).missing == []


@pytest.mark.parametrize(
    ("grantee", "future", "statement"),
    [
        (
            "role mercurios_loader",
            False,
            "grant privilege usage on stage mercurios_data.landing.tenant_north to role mercurios_loader",
        ),
        (
            "role mercurios_analyst",
            True,
            "grant privilege select on future tables in schema mercurios_data.published to role mercurios_analyst",
        ),
        ("role sysadmin", False, "grant role mercurios_analyst_north to role sysadmin"),
        (
            "user mercurios_loader_service",
            False,
            "grant role mercurios_loader to user mercurios_loader_service",
        ),
        (
            "role mercurios_policy_admin",
            False,
            "grant privilege apply tag on account to role mercurios_policy_admin",
        ),
    ],
)
def test_a_grant_that_was_revoked_is_granted_again(
    account: ShownAccount, grantee: str, future: bool, statement: str
) -> None:
    (account.future if future else account.grants)[grantee].clear()

    assert statement in missing(account)


def test_a_new_tenant_of_a_shared_database_lacks_its_own_part_alone(account: ShownAccount) -> None:
    wanted = account_plan(settings(), databases_of([tenant(name) for name in ("north", "south", "west")]))

    found = difference(wanted, read_existing(account, wanted)).missing

    assert [str(each) for each in found] == [
        "create stage mercurios_data.landing.tenant_west",
        "alter stage mercurios_data.landing.tenant_west",
        "grant privilege usage on stage mercurios_data.landing.tenant_west to role mercurios_loader",
        "create role mercurios_analyst_west",
        "grant role mercurios_analyst to role mercurios_analyst_west",
        "grant role mercurios_analyst_west to role sysadmin",
    ]


def test_what_chooses_a_warehouse_comes_with_the_statement_that_needs_it() -> None:
    found = difference(plan(), Existing()).missing

    merges = [index for index, each in enumerate(found) if each.action == "merge"]
    assert merges
    assert all(found[index - 1].action == "use" for index in merges)


def test_a_question_that_is_refused_is_named() -> None:
    with pytest.raises(
        WarehouseError,
        match=r"what exists cannot be read \(show resource monitors\): .*Insufficient privileges",
    ):
        read_existing(ShownAccount(refused="show resource monitors"), plan())


def test_a_role_that_cannot_be_taken_on_is_named() -> None:
    with pytest.raises(WarehouseError, match=r"cannot be read \(use role accountadmin\)"):
        read_existing(ShownAccount(refused="use role"), plan())
