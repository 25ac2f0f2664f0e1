"""The set-up of the account, applied twice to the emulator by the command line: a run loads into what it creates.

Roles, grants and policies do nothing here, and a few more statements only pass (`snowflake_shims.py`); that all of them
are Snowflake's SQL is for tests/project/test_snowflake_sql.py to say.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from planned_account import document, tenant
from running_emulators import S3, Snowflake, administrator
from snowflake_retailer import SnowflakeRetailer
from typer.testing import CliRunner

from mercurios.cli.main import app
from prohandel_simulator.testing import RunningSimulator


def apply() -> str:
    result = CliRunner().invoke(app, ["warehouse", "apply", "--tenant", "mini"])
    assert result.exit_code == 0, result.output
    return result.output


class PlannedRetailer(SnowflakeRetailer):
    """A retailer whose database, schemas and stage the plan creates."""

    def create_account_objects(self, landing: str | None = None) -> None:
        folder = Path(os.environ["MERCURIOS_TENANTS_DIR"])
        owner = tenant("mini", database=self.database, landing=self.root.rstrip("/"))
        files = {
            "mini.yaml": owner.model_dump(mode="json"),
            "account.json": document(self.database, landing=self.root),
        }
        for name, written in files.items():
            (folder / name).write_text(json.dumps(written), encoding="utf-8")
        apply()


@pytest.fixture
def on_plan(
    own_source: RunningSimulator,
    tmp_path: Path,
    s3: S3,
    snowflake_emulator: Snowflake,
    monkeypatch: pytest.MonkeyPatch,
) -> PlannedRetailer:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(tmp_path))
    monkeypatch.setenv("MERCURIOS_SNOWFLAKE_CONFIG", str(tmp_path / "account.json"))
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_ADMIN", administrator(snowflake_emulator))
    return PlannedRetailer(own_source, tmp_path, s3, snowflake_emulator)


def test_a_run_loads_into_what_apply_creates_and_applying_again_changes_nothing(
    on_plan: PlannedRetailer,
) -> None:
    loaded = on_plan.run("r1", "label", "customer")
    output = apply()

    assert loaded["label"].loaded > 0
    assert on_plan.differences("label", "customer") == []
    assert f"create database {on_plan.database.lower()}" in output
    assert "Running them again changes nothing." in output
    with on_plan.session() as session:
        access = "select role_name, tenant_id from policies.tenant_access order by 1"
        assert session.cursor().execute(access).fetchall() == [
            ("MERCURIOS_ANALYST_MINI", "mini"),
            ("MERCURIOS_DEVELOPER", "mini"),
        ]


def test_an_object_that_is_missing_is_named(on_plan: PlannedRetailer) -> None:
    with on_plan.session() as session:
        session.cursor().execute("drop table policies.tenant_access")
        session.cursor().execute(
            "create view policies.tenant_access as select 'a' as role_name, 'b' as tenant_id"
        )

    result = CliRunner().invoke(app, ["warehouse", "apply", "--tenant", "mini"])

    assert result.exit_code == 1
    assert f"merge table {on_plan.database.lower()}.policies.tenant_access" in result.output
    assert "run the same command again" in result.output


def test_plan_asks_the_account_through_the_airflow_connection_or_says_it_cannot(
    on_plan: PlannedRetailer,
) -> None:
    """The emulator has no resource monitors, like an account whose administrator may not see them."""
    on_plan.create_account_objects()

    result = CliRunner().invoke(app, ["warehouse", "plan", "--tenant", "mini"])

    assert result.exit_code == 0, result.output
    assert (
        "Not compared with the account, so every statement is printed: what exists cannot be read"
        in result.output
    )
    assert f"create database if not exists {on_plan.database.lower()}" in result.output
