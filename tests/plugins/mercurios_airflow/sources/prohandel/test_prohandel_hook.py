"""The ProHandel hook: a connection becomes a client, and a wrong connection a message that says what to correct."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException

from mercurios.sources.prohandel.settings import ProHandelSettings
from mercurios_airflow.sources.prohandel.hooks import ProHandelHook

CONNECTION = "AIRFLOW_CONN_PROHANDEL_SHOP"
SECRET = "synthetic-secret-of-the-hook-tests"


@pytest.mark.simulator
def test_a_complete_connection_opens_a_client(
    monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str]
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection())

    success, message = ProHandelHook("prohandel_shop").test_connection()

    assert success, message
    assert message.startswith("token granted; the API is at http://127.0.0.1")


@pytest.mark.simulator
def test_a_wrong_secret_fails_the_connection_test_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str]
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection(password=SECRET))

    success, message = ProHandelHook("prohandel_shop").test_connection()

    assert not success
    assert "401" in message
    assert SECRET not in message


@pytest.mark.parametrize("missing", ["login", "password"])
def test_a_missing_field_is_named_with_its_connection(
    monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str], missing: str
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection(**{missing: ""}))

    with pytest.raises(ValueError, match=f"connection 'prohandel_shop' has no {missing}") as raised:
        ProHandelHook("prohandel_shop").get_conn()

    assert "demo-secret" not in str(raised.value)


def test_a_missing_connection_is_named() -> None:
    with pytest.raises(AirflowNotFoundException, match="prohandel_nowhere"):
        ProHandelHook("prohandel_nowhere").get_conn()


@pytest.mark.simulator
def test_the_secret_shows_neither_in_a_text_of_the_client_nor_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
    prohandel_connection: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection(password=SECRET))
    caplog.set_level(logging.DEBUG)
    hook = ProHandelHook("prohandel_shop")

    with hook.client(None, share=1) as client:
        hook.test_connection()
        shown = [repr(hook), repr(client), str(vars(hook)), *map(repr, vars(client).values())]

    assert [text for text in shown if SECRET in text] == []
    assert SECRET not in caplog.text + "".join(capfd.readouterr())


def test_the_request_budget_is_shared_between_the_tasks(
    monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str]
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection())
    settings = ProHandelSettings(
        kind="prohandel", connection="any", requests_per_minute=600, page_size=50, pages_in_flight=2
    )

    with ProHandelHook("prohandel_shop").client(settings, share=5) as client:
        used = client._settings

    assert (used.requests_per_minute, used.page_size, used.pages_in_flight) == (120, 50, 2)


def test_the_hash_key_is_the_connections(
    monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str]
) -> None:
    key = "pepper of the tests, which is no secret"
    monkeypatch.setenv(CONNECTION, prohandel_connection(extra={"hash_key": key}))

    assert ProHandelHook("prohandel_shop").hash_key() == key.encode()


@pytest.mark.parametrize(
    ("key", "reason"), [("pepper", "has 6 characters of at least 32"), ("ab" * 30, "repeats fewer than 8")]
)
def test_a_hash_key_that_can_be_guessed_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str], key: str, reason: str
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection(extra={"hash_key": key}))

    with pytest.raises(ValueError, match=rf"weak hash_key, which {reason}.*openssl rand.*rekey") as refused:
        ProHandelHook("prohandel_shop").hash_key()

    assert key not in str(refused.value)


def test_a_missing_hash_key_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str]
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection(extra={}))

    with pytest.raises(ValueError, match=r"connection 'prohandel_shop' has no hash_key; set the extra field"):
        ProHandelHook("prohandel_shop").hash_key()


def test_a_host_without_scheme_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str]
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection(host="auth.example"))

    with pytest.raises(ValueError, match=r"connection 'prohandel_shop' has a host without scheme"):
        ProHandelHook("prohandel_shop").get_conn()


@pytest.mark.parametrize(
    ("written", "hosts"),
    [
        (None, (".prohandel.cloud", ".prohandel.de")),
        ("", (".prohandel.cloud", ".prohandel.de")),
        ("ERP.example.com, .example.org", ("erp.example.com", ".example.org")),
        (["erp.example.com"], ("erp.example.com",)),
    ],
)
def test_the_hosts_of_the_api_are_the_connections(
    monkeypatch: pytest.MonkeyPatch,
    prohandel_connection: Callable[..., str],
    written: object,
    hosts: tuple[str, ...],
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection(extra={"api_hosts": written}))

    with ProHandelHook("prohandel_shop").get_conn() as client:
        assert client._settings.api_hosts == hosts


@pytest.mark.parametrize(
    "written", ["https://erp.example.com", ".com", ".", "*", "erp.example.com/api", {"a": 1}, 7]
)
def test_hosts_that_are_none_are_refused(
    monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str], written: object
) -> None:
    monkeypatch.setenv(CONNECTION, prohandel_connection(extra={"api_hosts": written}))

    with pytest.raises(ValueError, match="has an extra field api_hosts that is no list of hosts"):
        ProHandelHook("prohandel_shop").get_conn()
