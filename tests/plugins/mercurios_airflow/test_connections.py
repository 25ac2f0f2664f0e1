"""What the command line gets of Airflow: sessions that sign in with the key of a connection."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import snowflake.connector
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mercurios.cli.connect import connections
from mercurios.warehouse.engine import WarehouseError
from mercurios_airflow.connections import PROCESS_VARIABLE, AirflowConnections

KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the connector was given."""
    given: dict[str, Any] = {}
    monkeypatch.setattr(snowflake.connector, "connect", lambda **options: given.update(options))
    return given


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


def test_the_entry_point_offers_airflows_connections() -> None:
    assert isinstance(connections(), AirflowConnections)


@pytest.mark.parametrize("form", [as_json, as_uri, as_uri_with_packed_extra])
@pytest.mark.parametrize("passphrase", [None, "synthetic pass/phrase"])
def test_an_administrator_signs_in_with_the_key_of_the_connection(
    form: Callable[[dict[str, Any], str | None], str],
    passphrase: str | None,
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    extra = {"account": "an-account", "private_key_content": base64.b64encode(pem(passphrase)).decode()}
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_ADMIN", form(extra, passphrase))

    AirflowConnections().account("snowflake_admin")

    key = serialization.load_der_private_key(options["private_key"], None)
    assert key.private_numbers() == KEY.private_numbers()
    assert (options["account"], options["user"]) == ("an-account", "ada")


def test_a_key_may_be_in_a_file(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.pem").write_bytes(pem())
    extra = {"account": "a", "private_key_file": str(tmp_path / "key.pem")}
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_ADMIN", as_json(extra, None))

    AirflowConnections().account("snowflake_admin")

    assert "private_key" in options


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("postgres://a:s3cret@b/c", "is of type 'postgres'; expected 'snowflake'"),
        ('{"conn_type": "snowflake", "extra": "{s3cret"}', "its extra or its private key cannot be read"),
        (as_json({"private_key_content": "s3cret"}, None), "its private key cannot be read"),
        (as_json({"private_key_file": "s3cret.pem"}, None), "its private key cannot be read"),
        (as_json({"private_key_content": pem("right").decode()}, "s3cret"), "its private key cannot be read"),
    ],
)
def test_a_connection_that_cannot_be_used_is_refused_without_being_repeated(
    text: str, reason: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_ADMIN", text)

    with pytest.raises(WarehouseError, match="connection 'snowflake_admin'") as error:
        AirflowConnections().account("snowflake_admin")

    assert reason in str(error.value)
    assert "s3cret" not in str(error.value)
    assert options == {}


@pytest.mark.parametrize("value", [None, "{not json"], ids=["missing", "unreadable"])
def test_a_connection_that_airflow_does_not_know_is_left_to_the_connectors_file(
    value: str | None, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is not None:
        monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_ADMIN", value)

    assert AirflowConnections().account("snowflake_admin") is None
    assert options == {}


def test_the_lookup_leaves_the_environment_as_it_was(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PROCESS_VARIABLE, raising=False)
    AirflowConnections().account("snowflake_admin")
    absent = os.environ.get(PROCESS_VARIABLE)
    monkeypatch.setenv(PROCESS_VARIABLE, "client")

    AirflowConnections().account("snowflake_admin")

    assert (absent, os.environ[PROCESS_VARIABLE]) == (None, "client")
