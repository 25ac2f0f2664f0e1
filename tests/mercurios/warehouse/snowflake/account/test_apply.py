"""Running the plan: roles, progress, and the message when the account refuses."""

from __future__ import annotations

from typing import Any

import pytest
from planned_account import plan
from snowflake.connector.errors import ProgrammingError

from mercurios.warehouse.snowflake.account.apply import AccountError, apply


class Account:
    """Notes what it is asked, and refuses what a test names, with Snowflake's numbers and words."""

    def __init__(self, refused: str = "", errno: int = 0, said: str = "") -> None:
        self.ran: list[str] = []
        self.refusal = (refused, errno, said)

    def cursor(self) -> Account:
        return self

    def execute(self, text: str) -> None:
        refused, errno, said = self.refusal
        if refused and refused in text:
            raise ProgrammingError(msg=said, errno=errno, sqlstate="42501")
        self.ran.append(text)


def test_the_plan_runs_in_order_and_each_role_is_taken_on_before_its_statements() -> None:
    account, reported = Account(), []

    count = apply(account, plan(), reported.append)

    role, expected = "", []
    for each in plan():
        if each.role != role:
            role = each.role
            expected.append(f"use role {role}")
        expected.append(each.text)
    assert account.ran == expected
    assert reported == plan()
    assert count == len(plan())


def failure(**refusal: Any) -> str:
    with pytest.raises(AccountError) as error:
        apply(Account(**refusal), plan())
    return str(error.value)


def test_a_missing_privilege_is_named_with_object_and_role() -> None:
    said = failure(
        refused="create storage integration", errno=3001, said="Insufficient privileges to operate on account"
    )

    assert "create storage integration mercurios_landing" in said
    assert "role accountadmin may not do this; it needs create integration on account" in said
    assert "run the same command again" in said


def test_a_role_that_cannot_be_taken_on_is_named() -> None:
    said = failure(
        refused="use role securityadmin", errno=390189, said="Requested role 'SECURITYADMIN' is not assigned"
    )

    assert "role securityadmin cannot be taken on: grant it to the user that signs in" in said


def test_an_object_that_is_not_there_is_named_in_snowflakes_words() -> None:
    said = failure(
        refused="grant usage on stage",
        errno=2003,
        said="Stage 'LANDING.TENANT_NORTH' does not exist or not authorized.",
    )

    assert (
        "grant privilege usage on stage mercurios_data.landing.tenant_north to role mercurios_loader" in said
    )
    assert "Stage 'LANDING.TENANT_NORTH' does not exist or not authorized." in said


def test_another_refusal_is_reported_in_its_own_words() -> None:
    said = failure(refused="create warehouse", errno=1420, said="invalid property\n 'SIZE'")

    assert "refused for role sysadmin: " in said
    assert "invalid property 'SIZE'" in said


def test_what_ran_before_a_failure_stays_and_the_plan_goes_through_when_run_again() -> None:
    account = Account("create stage", 3001, "Insufficient privileges")
    with pytest.raises(AccountError):
        apply(account, plan())
    before = len(account.ran)

    account.refusal = ("", 0, "")
    apply(account, plan())

    assert before > 0
    assert any(text.startswith("create stage") for text in account.ran[before:])


def test_a_failure_that_is_not_snowflakes_is_not_dressed_up() -> None:
    class Broken(Account):
        def execute(self, text: str) -> None:
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        apply(Broken(), plan())
