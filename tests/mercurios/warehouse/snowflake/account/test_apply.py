"""Running the plan: roles, progress, and what a person is told when the account refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from planned_account import plan
from snowflake.connector.errors import ProgrammingError

from mercurios.warehouse.connections import ConnectionFormError, snowflake_options
from mercurios.warehouse.snowflake.account.apply import AccountError, apply

KEY = rsa.generate_private_key(65537, 2048)


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
    account, told = Account(), []

    count = apply(account, plan(), told.append)

    role, expected = "", []
    for each in plan():
        if each.role != role:
            role = each.role
            expected.append(f"use role {role}")
        expected.append(each.text)
    assert account.ran == expected
    assert told == plan()
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
        said="Stage 'OPS.LANDING' does not exist or not authorized.",
    )

    assert "grant privilege usage on stage mercurios_data.ops.landing to role mercurios_loader" in said
    assert "Stage 'OPS.LANDING' does not exist or not authorized." in said


def test_another_refusal_is_told_in_its_own_words() -> None:
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


# ---------------------------------------------------------------- connections


def pem(passphrase: str | None = None) -> bytes:
    return KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption(),
    )


def as_json(extra: dict[str, Any], password: str | None) -> str:
    return json.dumps({"conn_type": "snowflake", "login": "ada", "password": password, "extra": extra})


def as_uri(extra: dict[str, Any], password: str | None) -> str:
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in extra.items())
    return f"snowflake://ada:{quote(password or '', safe='')}@/?{query}"


def as_uri_with_packed_extra(extra: dict[str, Any], password: str | None) -> str:
    return f"snowflake://ada:{quote(password or '', safe='')}@/?__extra__={quote(json.dumps(extra), safe='')}"


@pytest.mark.parametrize("form", [as_json, as_uri, as_uri_with_packed_extra])
@pytest.mark.parametrize("passphrase", [None, "synthetic pass/phrase"])
def test_a_connection_in_airflows_form_signs_in_with_its_key(
    form: Callable[[dict[str, Any], str | None], str], passphrase: str | None
) -> None:
    extra = {"account": "an-account", "private_key_content": base64.b64encode(pem(passphrase)).decode()}

    options = snowflake_options("snowflake_admin", form(extra, passphrase))

    key = serialization.load_der_private_key(options.pop("private_key"), None)
    assert key.private_numbers() == KEY.private_numbers()
    assert options == {"account": "an-account", "user": "ada"}


def test_a_key_may_stand_in_a_file_or_as_text(tmp_path: Any) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(pem())

    for extra in ({"private_key_file": str(path)}, {"private_key_content": pem().decode()}):
        assert "private_key" in snowflake_options("a", as_json(extra, None))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{not json and a s3cret", "neither JSON nor a URI"),
        ('{"conn_type": "snowflake", "extra": "{s3cret"}', "neither JSON nor a URI"),
        ("postgres://a:s3cret@b/c", "has type 'postgres'; expected 'snowflake'"),
        (as_json({"private_key_content": "s3cret"}, None), "its private key cannot be read"),
        (as_json({"private_key_file": "s3cret.pem"}, None), "its private key cannot be read"),
        (as_json({"private_key_content": pem("right").decode()}, "s3cret"), "its private key cannot be read"),
    ],
)
def test_a_connection_that_cannot_be_used_is_refused_without_being_repeated(text: str, said: str) -> None:
    with pytest.raises(ConnectionFormError, match="connection 'snowflake_admin'") as error:
        snowflake_options("snowflake_admin", text)

    assert said in str(error.value)
    assert "s3cret" not in str(error.value)
