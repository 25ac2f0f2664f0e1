"""A run through the real operators and the providers' hooks, on Snowflake and S3, with one line of a file changed."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from airflow.sdk import DAG
from artefacts import distinct_values
from retailer import HASH_KEY
from running_emulators import EXHAUSTED_WAREHOUSE, S3, KeyPair, Snowflake, airflow_connections
from snowflake_retailer import SnowflakeRetailer, forget

from mercurios.landing.store import LandingError
from mercurios.sources.prohandel.resources import CONTRACT
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.snowflake.engine import SESSION_OPTIONS
from mercurios_airflow.sources.operators import ExtractOperator
from mercurios_airflow.warehouse.operators import BeginRunOperator, LoadOperator
from prohandel_simulator.testing import RunningSimulator

RUN = "manual__2026-03-04T05:00:00+00:00"


def connection(emulator: Snowflake, **changes: Any) -> str:
    """Return the Airflow connection of the loader's service user; arguments replace fields of its extra."""
    return airflow_connections(S3(0), emulator, **changes)["AIRFLOW_CONN_SNOWFLAKE_MINI"]


@pytest.fixture
def switched(
    own_source: RunningSimulator,
    s3: S3,
    snowflake_emulator: Snowflake,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> SnowflakeRetailer:
    """The test tenant, switched from DuckDB to Snowflake by its connection id and nothing else."""
    forget(snowflake_emulator, "MERCURIOS_DATA")
    retailer = SnowflakeRetailer(own_source, tmp_path, s3, snowflake_emulator, database="MERCURIOS_DATA")
    file = (root / "tests" / "tenants" / "mini.yaml").read_text(encoding="utf-8")
    switched = file.replace("warehouse: duckdb_mini", "warehouse: snowflake_mini")
    assert switched != file
    folder = tmp_path / "tenants"
    folder.mkdir()
    (folder / "mini.yaml").write_text(switched, encoding="utf-8")
    keys = own_source.credentials("mini")
    source = {"conn_type": "prohandel", "host": f"{own_source.base_url}/auth", "login": keys["apiKey"]}
    environment = {
        "MERCURIOS_HOME": str(tmp_path / "home"),
        "MERCURIOS_TENANTS_DIR": str(folder),
        "MERCURIOS_LANDING": retailer.root,
        **airflow_connections(s3, snowflake_emulator),
        "AIRFLOW_CONN_PROHANDEL_MINI": json.dumps(
            {
                **source,
                "password": keys["secret"],
                "extra": {"hash_key": HASH_KEY.decode()},
            }
        ),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return retailer


def execute(operator: type[Any], run_id: str = RUN, **arguments: Any) -> Any:
    with DAG(dag_id="pipeline__mini", schedule=None):
        task = operator(task_id="task", tenant_id="mini", **arguments)
    return task.execute({"run_id": run_id, "ti": SimpleNamespace(xcom_push=lambda key, value: None)})


def landed_text(retailer: SnowflakeRetailer) -> str:
    """Return all that lies in the bucket, of Parquet files the values."""
    files = retailer.store._fs
    texts = []
    for path in files.find(retailer.root.removeprefix("s3://")):
        content = files.cat_file(path)
        texts.append(
            str(pq.read_table(io.BytesIO(content)).to_pylist()) if path.endswith(".parquet") else str(content)
        )
    return "\n".join(texts)


def warehouse_text(retailer: SnowflakeRetailer) -> str:
    """Return every text of RAW and of the bookkeeping."""
    columns = retailer.query(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where lower(table_schema) in ('raw', 'ops') and lower(data_type) in ('text', 'varchar')"
    )
    questions = [
        f"select distinct {c['column_name']} from {c['table_schema']}.{c['table_name']}" for c in columns
    ]
    return "\n".join(str(retailer.query(question)) for question in questions)


def test_a_run_loads_what_the_source_shows_and_of_persons_nothing(switched: SnowflakeRetailer) -> None:
    plan_url = execute(BeginRunOperator)
    landed = [execute(ExtractOperator, group=group, plan_url=plan_url) for group in CONTRACT.groups()]
    loaded = execute(LoadOperator, manifest_urls=landed)

    assert plan_url.startswith(switched.root)
    assert loaded["sale"]["loaded"] > 1000
    assert switched.differences() == []
    assert len(switched.query("select * from raw.public_holiday where tenant_id = 'mini'")) > 100
    rows = [row for name in ("customer", "staff") for row in switched.simulator.truth("mini", name)]
    people = distinct_values(rows, ("email", "telephone", "name1", "personalEmail", "mobilePhone"))
    secrets = {switched.simulator.credentials("mini")["secret"], HASH_KEY.decode()}
    kept = landed_text(switched) + warehouse_text(switched)
    assert len(people) > 100
    assert "customer" in kept
    assert [value for value in people | secrets if value in kept] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"private_key_content": KeyPair().pem}, r"JWT token is invalid.*\n.*RSA_PUBLIC_KEY"),
        ({"role": "NOBODY"}, r"Role 'NOBODY' .* is not granted.*\n.*grant the role to the connection's user"),
        (
            {"role": "MERCURIOS_DEVELOPER"},
            r"user MERCURIOS_LOADER_SERVICE has role MERCURIOS_DEVELOPER, .* `grant role mercurios_loader to user",
        ),
        ({"role": None}, "has role PUBLIC, .* set the connection's role to MERCURIOS_LOADER"),
        ({"warehouse": "GONE_WH"}, r"No active warehouse selected.*\n.*grant USAGE and OPERATE"),
        ({"warehouse": EXHAUSTED_WAREHOUSE}, rf"'{EXHAUSTED_WAREHOUSE}' cannot be resumed.*\n.*higher quota"),
    ],
    ids=["wrong key", "missing role", "another role", "no role", "missing warehouse", "suspended warehouse"],
)
def test_a_session_that_cannot_work_fails_the_task_and_says_what_to_correct(
    switched: SnowflakeRetailer,
    snowflake_emulator: Snowflake,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str | None],
    said: str,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_MINI", connection(snowflake_emulator, **changes))

    with pytest.raises(WarehouseError, match=said) as refused:
        execute(BeginRunOperator)

    assert "PRIVATE KEY" not in str(refused.value)
    assert switched.query("select * from ops.run") == []


def test_a_host_that_does_not_answer_is_tried_a_bounded_number_of_times(
    switched: SnowflakeRetailer, snowflake_emulator: Snowflake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SESSION_OPTIONS, "login_timeout", 1)
    with free_port() as port:
        monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_MINI", connection(snowflake_emulator, port=port))

        with pytest.raises(WarehouseError, match="check the connection's account and host"):
            execute(BeginRunOperator)


@contextmanager
def free_port() -> Iterator[int]:
    """A port without a listener."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


def test_buckets_that_are_missing_are_named_and_not_created(
    switched: SnowflakeRetailer, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERCURIOS_LANDING", "s3://never-made-bucket/landing/")

    with pytest.raises(LandingError, match="s3://never-made-bucket/landing cannot be written"):
        execute(BeginRunOperator)

    assert "never-made-bucket" not in s3.file_system().ls("")
