"""How dbt signs in to Snowflake: with what the tenant's connection holds, looked up when a task runs."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mercurios.tenants import Tenant, load_tenants
from mercurios_airflow.modelling.tasks import DBT_PROJECT, model_tasks
from mercurios_airflow.tenancy import dag_settings
from mercurios_airflow.warehouse.snowflake.profile import SnowflakeProfile

PROFILES = DBT_PROJECT / "profiles.yml"
KEY = rsa.generate_private_key(65537, 2048)
DER = KEY.private_bytes(
    serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
SECRET = "DBT_ENV_SECRET_SNOWFLAKE_PRIVATE_KEY"


def pem(passphrase: str | None = None) -> bytes:
    coat = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    return KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, coat)


@pytest.fixture
def tenant(mini: Path) -> Tenant:
    """The test tenant, switched to Snowflake."""
    known = load_tenants(only="mini").get("mini").model_dump()
    return Tenant.model_validate(
        {**known, "connections": {**known["connections"], "warehouse": "snowflake_mini"}}
    )


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Define the tenant's connection: its password and its extra."""

    def define(password: str = "", **extra: Any) -> None:
        base = {"account": "acme-main", "warehouse": "MERCURIOS_LOADING_WH", "role": "MERCURIOS_LOADER"}
        connection = {
            "conn_type": "snowflake",
            "login": "LOADER",
            "password": password,
            "extra": base | extra,
        }
        monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_MINI", json.dumps(connection))

    return define


def variables(tenant: Tenant) -> dict[str, str]:
    return SnowflakeProfile(tenant, PROFILES, "mercurios").env_vars


def test_dbt_signs_in_as_the_connection_says(tenant: Tenant, connect: Any) -> None:
    connect(private_key_content=base64.b64encode(pem()).decode())

    assert variables(tenant) == {
        "SNOWFLAKE_ACCOUNT": "acme-main",
        "SNOWFLAKE_DATABASE": "MERCURIOS_DATA",
        "SNOWFLAKE_ROLE": "MERCURIOS_LOADER",
        "SNOWFLAKE_USER": "LOADER",
        "SNOWFLAKE_WAREHOUSE": "MERCURIOS_LOADING_WH",
        SECRET: base64.b64encode(DER).decode(),
    }


def test_a_key_in_a_file_with_a_passphrase_is_taken_too(tenant: Tenant, connect: Any, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(pem("synthetic"))
    connect(password="synthetic", private_key_file=str(file), host="127.0.0.1", port=8443)

    found = variables(tenant)

    assert found[SECRET] == base64.b64encode(DER).decode()
    assert (found["SNOWFLAKE_HOST"], found["SNOWFLAKE_PORT"]) == ("127.0.0.1", "8443")


def test_a_connection_without_a_key_is_named_with_the_remedy(tenant: Tenant, connect: Any) -> None:
    connect(password="synthetic")

    with pytest.raises(
        ValueError, match=r"'snowflake_mini' holds no private key.*private_key_content"
    ) as refused:
        variables(tenant)

    assert "synthetic" not in str(refused.value)


@pytest.mark.parametrize("grain", ["build", "models"])
def test_every_task_signs_in_with_it_and_parsing_asks_for_no_connection(tenant: Tenant, grain: str) -> None:
    chosen = tenant.model_copy(update={"dbt_tasks": grain})
    with DAG(schedule=None, **dag_settings(chosen, "pipeline", None)) as dag:
        model_tasks(chosen)

    tasks = [task for task in dag.tasks if task.task_type != "EmptyOperator"]
    assert tasks
    assert {type(task.profile_config.profile_mapping) for task in tasks} == {SnowflakeProfile}
    assert {task.profile_config.target_name for task in tasks} == {"snowflake"}
    tags = [json.loads(task.env["MERCURIOS_QUERY_TAG"]) for task in tasks]
    assert tags == [{"dag": "{{ dag.dag_id }}", "run": "{{ run_id }}", "tenant": "mini"}] * len(tasks)


def test_no_secret_is_in_what_is_written_to_disk(tenant: Tenant, connect: Any) -> None:
    connect(private_key_content=base64.b64encode(pem()).decode())
    profile = SnowflakeProfile(tenant, PROFILES, "mercurios")

    written = profile.get_profile_file_contents("mercurios", "snowflake")

    assert SECRET in written
    assert base64.b64encode(DER).decode()[50:90] not in written
