"""The file of a Snowflake account: what it may say, and how a wrong one is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from planned_account import NETWORK, PUBLIC_KEY, document

from mercurios.warehouse.snowflake.account.settings import AccountSettingsError, load_account_settings

PEM = serialization.Encoding.PEM


def load(folder: Path, written: Any, **environ: str) -> Any:
    path = folder / "account.yaml"
    path.write_text(written if isinstance(written, str) else json.dumps(written), encoding="utf-8")
    return load_account_settings({"MERCURIOS_SNOWFLAKE_CONFIG": str(path), **environ})


def refused(folder: Path, written: Any, **environ: str) -> str:
    with pytest.raises(AccountSettingsError) as error:
        load(folder, written, **environ)
    return str(error.value)


def service(**more: Any) -> dict[str, Any]:
    return {"public_key": PUBLIC_KEY, "network": NETWORK} | more


def public_pem(key: Any) -> str:
    return key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def test_what_a_file_leaves_out_has_a_small_default(tmp_path: Path) -> None:
    minimal = {key: value for key, value in document().items() if key != "fivetran"}

    settings = load(tmp_path, minimal)

    assert settings.fivetran is None
    assert settings.warehouses.loading.size == "XSMALL"
    assert settings.warehouses.dev.auto_suspend_seconds == 60


def test_the_file_shown_in_the_documentation_is_accepted(tmp_path: Path, root: Path) -> None:
    shown = (
        (root / "docs" / "snowflake.md")
        .read_text(encoding="utf-8")
        .partition("```yaml\n")[2]
        .partition("```")[0]
    )
    written = (
        shown.replace("<bucket>", "synthetic")
        .replace("<account>", "123456789012")
        .replace("<role>", "reader")
    )

    keys = dict.fromkeys(("LOADER_PUBLIC_KEY", "SOLO_PUBLIC_KEY", "FIVETRAN_PUBLIC_KEY"), PUBLIC_KEY)

    settings = load(tmp_path, written, **keys)

    assert settings.warehouses.loading == settings.warehouses.dev


def test_a_key_is_taken_as_openssl_prints_it(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)

    settings = load(tmp_path, document(loader=service(public_key=public_pem(key))))

    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert serialization.load_der_public_key(der) == key.public_key()
    assert "-" not in settings.loader.public_key
    assert "\n" not in settings.loader.public_key


def test_a_value_may_come_from_an_environment_variable(tmp_path: Path) -> None:
    written = document(loader=service(public_key="${LOADER_KEY}"))

    assert load(tmp_path, written, LOADER_KEY=PUBLIC_KEY).loader.public_key == PUBLIC_KEY
    assert refused(tmp_path, written) == (
        "account.yaml: names environment variable LOADER_KEY, which is not set"
    )


def test_a_private_key_is_refused_and_not_repeated(tmp_path: Path) -> None:
    private = rsa.generate_private_key(65537, 2048).private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    said = refused(tmp_path, document(loader=service(public_key=private.decode())))

    assert said.startswith(
        "account.yaml: line 1, key 'loader.public_key': Value error, this is a private key"
    )
    assert private.decode().splitlines()[1] not in said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (document(landing="s3://synthetic-landing/mercurios"), "key 'landing'"),
        (document(landing="https://synthetic-landing/"), "key 'landing'"),
        (document(landing="s3://synthetic-landing/a'); drop database b;--/"), "key 'landing'"),
        (document(storage_role_arn="synthetic-landing-reader"), "key 'storage_role_arn'"),
        (
            document(loader=service(public_key="bm9uZQ==")),
            "key 'loader.public_key': Value error, not a public key",
        ),
        (document(loader=service(network=[])), "key 'loader.network'"),
        (document(loader=service(network=["0.0.0.0/0"])), "allows every address"),
        (document(loader=service(network=["203.0.113.7/28"])), "key 'loader.network.0'"),
        (document(loader=service(network=["::/0"])), "IPv4"),
        (document(loader=service(network=["::/1", "8000::/1"])), "IPv4"),
        (document(loaders={"SOLO-DATA": service()}), "key 'loaders.SOLO-DATA"),
        (document(monthly_credits=0), "key 'monthly_credits'"),
        (document(loader=service(network=["2001:db8::/32"])), "IPv4"),
        (document(loader={"network": NETWORK}), "key 'loader.public_key': missing"),
        (document(loader=service(password="synthetic")), "key 'loader.password': unknown"),
        (document(warehouses={"loading": {"size": "HUGE"}}), "key 'warehouses.loading.size'"),
        (
            document(warehouses={"loading": {"monthly_credits": 0}}),
            "key 'warehouses.loading.monthly_credits'",
        ),
        (document(retention_days=91), "key 'retention_days'"),
        ("[]", "expected a mapping"),
        ("landing: [s3://a", "not readable as YAML: line 2: "),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_key(tmp_path: Path, written: Any, said: str) -> None:
    answer = refused(tmp_path, written)

    assert answer.startswith("account.yaml")
    assert said in answer


@pytest.mark.parametrize(
    "pieces",
    [
        ["0.0.0.0/1", "128.0.0.0/1"],
        [f"{first}.0.0.0/8" for first in range(1, 255)],
        ["8.0.0.0/15"],
        ["8.8.0.0/16", "9.9.9.9/32"],
        ["8.8.0.0/17", "8.8.128.0/17", "9.9.9.9/32"],
    ],
)
@pytest.mark.parametrize("who", ["loader", "fivetran", "loaders"])
def test_the_internet_in_pieces_is_refused(tmp_path: Path, pieces: list[str], who: str) -> None:
    listed: dict[str, Any] = service(network=pieces)

    said = refused(tmp_path, document(**{who: {"SOLO_DATA": listed} if who == "loaders" else listed}))

    assert "public addresses together, and at most 65,536 are taken" in said


def test_a_network_that_is_listed_twice_counts_once_and_private_ones_do_not(tmp_path: Path) -> None:
    networks = ["8.8.0.0/16", "8.8.0.0/17", "10.0.0.0/8", "192.168.0.0/16"]

    assert load(tmp_path, document(loader=service(network=networks))).loader.network == tuple(networks)


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048 // 2), ec.generate_private_key(ec.SECP256R1())]
)
def test_a_key_that_snowflake_would_refuse_is_refused_here(tmp_path: Path, key: Any) -> None:
    assert "RSA keys of at least 2048 bits" in refused(
        tmp_path, document(loader=service(public_key=public_pem(key)))
    )


def test_without_a_file_the_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccountSettingsError, match="MERCURIOS_SNOWFLAKE_CONFIG is not set"):
        load_account_settings({})
    with pytest.raises(AccountSettingsError, match=r"none\.yaml: cannot be read: No such file"):
        load_account_settings({"MERCURIOS_SNOWFLAKE_CONFIG": str(tmp_path / "none.yaml")})
