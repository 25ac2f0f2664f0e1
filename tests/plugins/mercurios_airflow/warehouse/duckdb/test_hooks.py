"""Where a tenant's files are, and what is said when nothing says where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mercurios.tenants import Tenant, load_tenants
from mercurios.tenants.run import Run
from mercurios_airflow.warehouse.duckdb.hooks import DuckDBHook, duckdb_path
from mercurios_airflow.warehouse.hooks import warehouse_of


def test_without_a_connection_the_file_lies_in_the_home(mini: Path) -> None:
    hook = DuckDBHook("duckdb_mini", "mini")

    assert hook.path == mini / "warehouse" / "mini.duckdb"
    assert hook.published_path == mini / "published" / "mini.duckdb"
    assert duckdb_path("duckdb_mini", "mini") == str(hook.path)


def test_a_connection_without_a_host_leaves_the_default(mini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DUCKDB_MINI", json.dumps({"conn_type": "duckdb"}))

    assert DuckDBHook("duckdb_mini", "mini").path == mini / "warehouse" / "mini.duckdb"


def test_a_connections_host_is_the_file_with_variables_filled_in(
    mini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = "${MERCURIOS_HOME}/elsewhere/shop.duckdb"
    monkeypatch.setenv("AIRFLOW_CONN_DUCKDB_MINI", json.dumps({"conn_type": "duckdb", "host": host}))

    hook = DuckDBHook("duckdb_mini", "mini")

    assert hook.path == mini / "elsewhere" / "shop.duckdb"
    assert hook.published_path == mini / "published" / "mini.duckdb"


def test_without_home_and_connection_both_remedies_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MERCURIOS_HOME", raising=False)

    with pytest.raises(ValueError, match=r"'duckdb_mini' names no file and MERCURIOS_HOME is not set"):
        _ = DuckDBHook("duckdb_mini", "mini").path


def test_the_connection_test_opens_the_file(mini: Path) -> None:
    success, message = DuckDBHook("duckdb_mini", "mini").test_connection()

    assert success, message
    assert "mini.duckdb can be opened" in message


def test_the_connection_test_says_why_a_file_cannot_be_opened(mini: Path) -> None:
    (mini / "warehouse").mkdir()
    (mini / "warehouse" / "mini.duckdb").write_text("not a database")

    success, message = DuckDBHook("duckdb_mini", "mini").test_connection()

    assert not success
    assert "cannot be opened" in message


RUN = Run("mini", "pipeline__mini", "r1")


def on_snowflake() -> Tenant:
    tenant = load_tenants(only="mini").get("mini")
    connections = tenant.connections.model_copy(update={"warehouse": "snowflake_mini"})
    return tenant.model_copy(update={"connections": connections})


def test_a_connection_that_is_not_defined_is_named_with_tenant_and_variable(mini: Path) -> None:
    with pytest.raises(
        ValueError, match=r"tenant mini: connection 'snowflake_mini' is not defined.*SNOWFLAKE_MINI"
    ):
        warehouse_of(on_snowflake(), RUN)


def test_a_connection_of_another_type_than_its_id_says_is_refused(
    mini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_MINI", json.dumps({"conn_type": "duckdb"}))
    monkeypatch.setenv("AIRFLOW_CONN_DUCKDB_MINI", json.dumps({"conn_type": "snowflake"}))

    with pytest.raises(
        ValueError, match=r"'snowflake_mini' is of type 'duckdb'; its id asks for 'snowflake'"
    ):
        warehouse_of(on_snowflake(), RUN)
    with pytest.raises(ValueError, match=r"'duckdb_mini' is of type 'snowflake'; its id asks for 'duckdb'"):
        warehouse_of(load_tenants(only="mini").get("mini"), RUN)
