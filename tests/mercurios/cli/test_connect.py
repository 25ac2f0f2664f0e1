"""Which warehouse and landing area a command opens when `--warehouse` does not name one.

Connections are looked up by Airflow itself, so these tests define them where a deployment does.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from retailer import Retailer
from typer.testing import CliRunner

from mercurios.cli.connect import connections, open_landing, open_tenant
from mercurios.cli.main import app
from mercurios.tenants import Tenant, load_tenants
from mercurios.warehouse.engine import WarehouseError

COMMANDS = ("ledger", "quarantine", "replay", "resync", "reconcile", "accept-deletes", "accept-source")
FOR_A_RESOURCE = ("replay", "resync", "accept-deletes")
AWS = json.dumps(
    {
        "conn_type": "aws",
        "login": "id",
        "password": "hidden",
        "extra": {"endpoint_url": "http://127.0.0.1:9", "region_name": "eu-central-1"},
    }
)

# Airflow keeps a connection to the database that it finds, also to an empty one: it is made before the first look-up.
pytestmark = [pytest.mark.airflow, pytest.mark.usefixtures("airflow_database")]


@pytest.fixture
def on_snowflake(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """The test tenant, switched to Snowflake by its connection id."""
    text = (root / "tests" / "tenants" / "mini.yaml").read_text(encoding="utf-8")
    (tmp_path / "mini.yaml").write_text(text.replace("duckdb_mini", "snowflake_mini"), encoding="utf-8")
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(tmp_path))
    monkeypatch.setenv("MERCURIOS_LANDING", "s3://lake/landing/")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", AWS)
    return load_tenants(only="mini").get("mini")


@pytest.fixture
def on_duckdb(root: Path, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
    monkeypatch.delenv("MERCURIOS_HOME", raising=False)
    return load_tenants(only="mini").get("mini")


@pytest.fixture
def entered_in_the_ui(airflow_database: Path, retailer: Retailer) -> Iterator[dict[str, str]]:
    """The connection to the warehouse file as Airflow's UI stores it: a row of the metadata database."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        session.add(Connection(conn_id="duckdb_mini", conn_type="duckdb", host=str(retailer.warehouse)))
    yield {}
    with create_session() as session:
        session.query(Connection).filter_by(conn_id="duckdb_mini").delete()


@pytest.fixture
def in_a_secrets_backend(retailer: Retailer, tmp_path: Path) -> dict[str, str]:
    """The connection to the warehouse file in a secrets backend, here Airflow's own for a local file."""
    file = tmp_path / "connections.json"
    file.write_text(
        json.dumps({"duckdb_mini": {"conn_type": "duckdb", "host": str(retailer.warehouse)}}),
        encoding="utf-8",
    )
    return {
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(file)}),
    }


@pytest.fixture
def in_the_environment(retailer: Retailer) -> dict[str, str]:
    """The connection to the warehouse file in an environment variable."""
    return {
        "AIRFLOW_CONN_DUCKDB_MINI": json.dumps({"conn_type": "duckdb", "host": str(retailer.warehouse)}),
    }


def run(*line: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(line), env={"COLUMNS": "250"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize("place", ["in_the_environment", "in_a_secrets_backend", "entered_in_the_ui"])
@pytest.mark.usefixtures("on_duckdb")
def test_a_command_finds_a_connection_where_the_dags_do(
    retailer: Retailer, place: str, request: pytest.FixtureRequest
) -> None:
    """Nothing but the command's own output is printed, although Airflow is loaded on the way."""
    retailer.run("r1", "article")
    environment = request.getfixturevalue(place)

    done = subprocess.run(
        [sys.executable, "-m", "mercurios", "ledger", "--tenant", "mini"],
        env={**os.environ, "COLUMNS": "250", **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.lstrip().startswith("Ledger of mini")
    assert "r1" in done.stdout


@pytest.mark.usefixtures("on_snowflake")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_connection_that_is_not_there_is_named_with_every_place(command: str) -> None:
    line = [command, "--tenant", "mini", *(("--resource", "sale") if command in FOR_A_RESOURCE else ())]

    code, output = run(*line)

    assert code == 1
    assert "connection 'snowflake_mini' is not defined, or cannot be read, in any of " in output
    assert "AIRFLOW_CONN_SNOWFLAKE_MINI, secrets backend (none is configured), metadata database (" in output
    assert "Admin, Connections" in output


@pytest.mark.usefixtures("on_snowflake")
def test_a_metadata_database_that_cannot_be_read_is_not_taken_for_an_empty_one(
    airflow_database: Path,
) -> None:
    readable = run("ledger", "--tenant", "mini")[1]
    with sqlite3.connect(airflow_database) as database:
        database.execute("alter table connection rename to moved_away")
    try:
        unreadable = run("ledger", "--tenant", "mini")[1]
    finally:
        with sqlite3.connect(airflow_database) as database:
            database.execute("alter table moved_away rename to connection")

    assert "metadata database (it has " in readable
    assert "metadata database (cannot be read: OperationalError; AIRFLOW_HOME and AIRFLOW__" in unreadable


@pytest.mark.usefixtures("on_snowflake")
def test_a_connection_of_another_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_MINI", "postgres://ada:s3cret@somewhere/here")

    code, output = run("ledger", "--tenant", "mini")

    assert (code, "s3cret" in output) == (1, False)
    assert "connection 'snowflake_mini' is of type 'postgres'; expected 'snowflake'" in output


@pytest.mark.parametrize(
    "value", ["{not json and a s3cret", '{"conn_type": "snowflake", "extra": "{s3cret"}']
)
@pytest.mark.usefixtures("on_snowflake")
def test_a_connection_that_cannot_be_read_is_never_repeated(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_MINI", value)

    code, output = run("ledger", "--tenant", "mini")

    assert code == 1
    assert "connection 'snowflake_mini'" in output
    assert "cannot be" in output
    assert "s3cret" not in output


@pytest.mark.parametrize(
    ("environ", "file"),
    [
        ({"MERCURIOS_HOME": "/srv/here"}, "/srv/here/warehouse/mini.duckdb"),
        (
            {"AIRFLOW_CONN_DUCKDB_MINI": '{"conn_type": "duckdb", "host": "/data/a.duckdb"}'},
            "/data/a.duckdb",
        ),
        (
            {"AIRFLOW_CONN_DUCKDB_MINI": '{"conn_type": "duckdb"}', "MERCURIOS_HOME": "/srv/here"},
            "/srv/here/warehouse/mini.duckdb",
        ),
    ],
    ids=["home", "connection", "connection without a file"],
)
def test_the_file_is_found_as_the_dags_find_it(
    on_duckdb: Tenant, environ: dict[str, str], file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    with connections().warehouse(on_duckdb, "ledger") as found:
        assert found.path == Path(file)


def test_a_file_that_nothing_names_is_asked_for_with_every_remedy(on_duckdb: Tenant) -> None:
    expected = "name it with --warehouse, or set MERCURIOS_HOME, or the host of connection 'duckdb_mini'"
    with pytest.raises(WarehouseError, match=expected), open_tenant("mini", None, 0):
        pytest.fail("opened")


def test_s3_is_opened_with_the_airflow_connection(on_snowflake: Tenant) -> None:
    store = open_landing(on_snowflake)
    elsewhere = open_landing(on_snowflake, "s3://lake/elsewhere")

    assert (store.url, elsewhere.url) == ("s3://lake/landing", "s3://lake/elsewhere")
    with pytest.raises(EndpointConnectionError, match=r"127\.0\.0\.1:9"):
        store.read_manifest("s3://lake/landing/manifest.json")


def test_without_plugins_on_the_path_the_remedy_is_named(
    on_duckdb: Tenant, root: Path, tmp_path: Path
) -> None:
    """A file that is named works without them, and a command that needs no connection starts without them."""
    line = [sys.executable, "-m", "mercurios", "ledger", "--tenant", "mini"]
    environment = {**os.environ, "PYTHONPATH": str(root / "include"), "COLUMNS": "250"}

    without = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120)
    named = subprocess.run(
        [*line, "--warehouse", str(tmp_path / "none.duckdb")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert without.returncode == 1
    assert "add the folder plugins/ of the repository to PYTHONPATH" in without.stderr
    assert "none.duckdb does not exist: check --warehouse" in named.stderr
