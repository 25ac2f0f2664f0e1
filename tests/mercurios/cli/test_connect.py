"""Which warehouse and landing area a command opens when nobody names one."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from retailer import Retailer
from typer.testing import CliRunner

from mercurios.cli.connect import file_of, open_landing
from mercurios.cli.main import app
from mercurios.tenants import Tenant, load_tenants
from mercurios.warehouse.connections import ConnectionFormError, s3_options
from mercurios.warehouse.engine import WarehouseError

COMMANDS = ("ledger", "quarantine", "replay", "resync", "reconcile", "accept-deletes", "accept-source")
FOR_A_RESOURCE = ("replay", "resync", "accept-deletes")


@pytest.fixture
def on_snowflake(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """The test tenant, switched to Snowflake by its connection id."""
    text = (root / "tests" / "tenants" / "mini.yaml").read_text(encoding="utf-8")
    (tmp_path / "mini.yaml").write_text(text.replace("duckdb_mini", "snowflake_mini"), encoding="utf-8")
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(tmp_path))
    monkeypatch.setenv("MERCURIOS_LANDING", "s3://lake/landing/")
    monkeypatch.delenv("AIRFLOW_CONN_SNOWFLAKE_MINI", raising=False)
    return load_tenants(only="mini").get("mini")


@pytest.fixture
def on_duckdb(root: Path, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
    return load_tenants(only="mini").get("mini")


def run(*line: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(line), env={"COLUMNS": "250"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.usefixtures("on_snowflake")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_connection_that_is_not_there_is_named_with_its_variable(command: str) -> None:
    line = [command, "--tenant", "mini", *(("--resource", "sale") if command in FOR_A_RESOURCE else ())]

    code, output = run(*line)

    assert code == 1
    assert "connection 'snowflake_mini' is not in the environment: set AIRFLOW_CONN_SNOWFLAKE_MINI" in output


@pytest.mark.usefixtures("on_snowflake")
def test_a_connection_of_another_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_MINI", "postgres://ada:s3cret@somewhere/here")

    code, output = run("ledger", "--tenant", "mini")

    assert (code, "s3cret" in output) == (1, False)
    assert "connection 'snowflake_mini': has type 'postgres'; expected 'snowflake'" in output


def test_a_tenant_on_duckdb_has_the_file_that_its_dags_write(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(Path(__file__).parents[2] / "tenants"))
    retailer.run("r1", "article")
    monkeypatch.setenv(
        "AIRFLOW_CONN_DUCKDB_MINI", json.dumps({"conn_type": "duckdb", "host": str(retailer.warehouse)})
    )

    code, output = run("ledger", "--tenant", "mini")

    assert (code, "r1" in output) == (0, True)


@pytest.mark.parametrize(
    ("environ", "file"),
    [
        ({"MERCURIOS_HOME": "/srv/here"}, "/srv/here/warehouse/mini.duckdb"),
        ({"AIRFLOW_CONN_DUCKDB_MINI": f"duckdb://{quote('/data/a.duckdb', safe='')}"}, "/data/a.duckdb"),
        (
            {"AIRFLOW_CONN_DUCKDB_MINI": '{"conn_type": "duckdb"}', "MERCURIOS_HOME": "/srv/here"},
            "/srv/here/warehouse/mini.duckdb",
        ),
    ],
    ids=["home", "connection", "connection without a file"],
)
def test_the_file_is_found_as_the_dags_find_it(on_duckdb: Tenant, environ: dict[str, str], file: str) -> None:
    assert file_of(on_duckdb, environ) == Path(file)


def test_a_file_that_nothing_names_is_asked_for(on_duckdb: Tenant) -> None:
    with pytest.raises(
        WarehouseError, match="name it with --warehouse, or set MERCURIOS_HOME, or AIRFLOW_CONN_DUCKDB"
    ):
        file_of(on_duckdb, {})


def test_s3_is_opened_with_the_connection_or_with_what_aws_finds(on_snowflake: Tenant) -> None:
    extra = {"endpoint_url": "http://127.0.0.1:9", "region_name": "eu-central-1"}
    connection = json.dumps({"conn_type": "aws", "login": "id", "password": "hidden", "extra": extra})

    store = open_landing(on_snowflake, environ={"AIRFLOW_CONN_AWS_DEFAULT": connection})

    assert store.url == "s3://lake/landing"
    assert s3_options("aws_default", connection) == {
        "key": "id",
        "secret": "hidden",
        "endpoint_url": "http://127.0.0.1:9",
        "client_kwargs": {"region_name": "eu-central-1"},
    }
    assert open_landing(on_snowflake, environ={}).url == "s3://lake/landing"


def test_a_connection_that_takes_on_a_role_is_left_to_aws() -> None:
    connection = json.dumps({"conn_type": "aws", "extra": {"role_arn": "arn:aws:iam::123456789012:role/a"}})

    with pytest.raises(ConnectionFormError, match="unset AIRFLOW_CONN_AWS_DEFAULT and set AWS_PROFILE"):
        s3_options("aws_default", connection)
