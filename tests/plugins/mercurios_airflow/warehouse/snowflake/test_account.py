"""The tasks that apply the account's SQL: what they run, and what they do without a connection that may."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from planned_account import document, settings, tenant
from snowflake.connector.errors import ProgrammingError

from mercurios.warehouse.snowflake.account.apply import AccountError
from mercurios.warehouse.snowflake.account.plan import account_plan, databases_of, table_plan
from mercurios_airflow.warehouse.snowflake.account import ApplyAccountOperator, ProtectTablesOperator

ADMIN = '{"conn_type": "snowflake", "login": "ada", "extra": {"account": "an-account"}}'


class Session:
    """Notes what it is given, and refuses what a test names."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.refused = ""
        self.closed = False

    def cursor(self) -> Session:
        return self

    def execute(self, text: str) -> None:
        if self.refused and self.refused in text:
            raise ProgrammingError(msg="Insufficient privileges", errno=3001)
        self.ran.append(text)

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def _account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "north.yaml"
    path.write_text(json.dumps(tenant("north").model_dump(mode="json")), encoding="utf-8")
    (tmp_path / "account.json").write_text(json.dumps(document()), encoding="utf-8")
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(tmp_path))
    monkeypatch.setenv("MERCURIOS_SNOWFLAKE_CONFIG", str(tmp_path / "account.json"))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    opened = Session()
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_ADMIN", ADMIN)
    monkeypatch.setattr(SnowflakeHook, "get_conn", lambda _: opened)
    return opened


def test_the_account_task_applies_the_plan_of_its_tenant(
    session: Session, execute: Callable[..., Any]
) -> None:
    plan = account_plan(settings(), databases_of([tenant("north")]))

    count = execute(ApplyAccountOperator, "r1", tenant_id="north")

    assert count == len(plan)
    assert [text for text in session.ran if not text.startswith("use role")] == [each.text for each in plan]
    assert session.closed


def test_the_table_task_applies_masks_and_clustering_alone(
    session: Session, execute: Callable[..., Any]
) -> None:
    execute(ProtectTablesOperator, "r1", tenant_id="north")

    statements = [text for text in session.ran if not text.startswith("use role")]
    assert statements == [each.text for each in table_plan("MERCURIOS_DATA")]


@pytest.mark.parametrize("operator", [ApplyAccountOperator, ProtectTablesOperator])
def test_without_the_connection_a_task_is_skipped_and_names_the_command(
    operator: type[Any], execute: Callable[..., Any]
) -> None:
    with pytest.raises(AirflowSkipException, match="python -m mercurios warehouse apply --tenant north"):
        execute(operator, "r1", tenant_id="north")


def test_a_missing_grant_fails_the_task_with_the_object_and_the_grant(
    session: Session, execute: Callable[..., Any]
) -> None:
    session.refused = "create database"

    with pytest.raises(
        AccountError, match="create database mercurios_data: role sysadmin may not do this; it needs"
    ):
        execute(ApplyAccountOperator, "r1", tenant_id="north")
    assert session.closed


def test_a_wrong_configuration_fails_for_good_before_anything_runs(
    session: Session, execute: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MERCURIOS_SNOWFLAKE_CONFIG")

    with pytest.raises(AirflowFailException, match="tenant north: MERCURIOS_SNOWFLAKE_CONFIG is not set"):
        execute(ApplyAccountOperator, "r1", tenant_id="north")
    assert session.ran == []
