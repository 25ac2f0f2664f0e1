"""`python -m mercurios warehouse plan|apply`, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import snowflake.connector
from planned_account import document, tenant
from shown_account import ShownAccount
from snowflake.connector.errors import DatabaseError
from snowflake_sql import problems
from typer.testing import CliRunner

from mercurios.cli.main import app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tenant("here", connections={"warehouse": "duckdb_here"})
    for each in (tenant("north"), tenant("south"), tenant("solo", database="SOLO_DATA"), here):
        text = json.dumps(each.model_dump(mode="json"))
        (tmp_path / f"{each.id}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "account.json").write_text(json.dumps(document("SOLO_DATA", "NEXT_DATA")), encoding="utf-8")
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(tmp_path))
    monkeypatch.setenv("MERCURIOS_SNOWFLAKE_CONFIG", str(tmp_path / "account.json"))
    return tmp_path


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the connector was given to run."""
    texts: list[str] = []

    class Session:
        def cursor(self) -> Session:
            return self

        def execute(self, text: str) -> None:
            texts.append(text)

        def close(self) -> None:
            texts.append("(closed)")

    monkeypatch.setattr(snowflake.connector, "connect", lambda **_: Session())
    return texts


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["warehouse", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_plan_prints_sql_that_runs_as_it_stands_and_what_duckdb_does(folder: Path) -> None:
    code, output = run("plan", "--all")

    assert code == 0
    assert output.index("use role useradmin;") < output.index("create role if not exists mercurios_admin")
    assert output.index("mercurios_data.raw") < output.index("solo_data.raw")
    assert "-- here is on DuckDB (duckdb_here): nothing to apply." in output
    assert problems(output) == []


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> ShownAccount:
    """An account that the connector leads to."""
    shown = ShownAccount()
    monkeypatch.setattr(snowflake.connector, "connect", lambda **_: shown)
    return shown


def test_plan_prints_only_what_the_account_lacks(folder: Path, account: ShownAccount) -> None:
    run("apply")
    account.objects["warehouse"]["mercurios_dev_wh"]["size"] = "Small"

    code, output = run("plan")

    assert code == 0
    assert "1 statements would create or change something." in output
    assert "-- Compared through connection snowflake_admin: " in output
    assert "alter masking policy (" in output
    assert output.count("use role") == 1
    assert "alter warehouse mercurios_dev_wh set" in output
    assert "create " not in output.replace("would create", "")
    assert account.asked[-1] == "(closed)"
    assert problems(output) == []


def test_plan_of_an_account_that_has_everything_prints_no_statement(
    folder: Path, account: ShownAccount
) -> None:
    run("apply")

    _, output = run("plan")

    assert "-- No statements would create or change something." in output
    assert [line for line in output.splitlines() if line and not line.startswith("--")] == []


def test_plan_without_a_connection_says_so_and_prints_everything(folder: Path) -> None:
    code, output = run("plan", "--tenant", "north", "--connection", "nowhere")
    _, everything = run("plan", "--all", "--tenant", "north")

    first, _, rest = output.partition("\n\n")
    assert code == 0
    assert first.startswith(
        "-- Not compared with the account, so every statement is printed: connection 'nowhere'"
    )
    assert "\n" not in first
    assert rest == everything


def test_plan_with_too_few_rights_says_what_was_refused_and_prints_everything(
    folder: Path, account: ShownAccount
) -> None:
    account.refused = "show resource monitors"

    code, output = run("plan", "--tenant", "north")

    assert code == 0
    assert "what exists cannot be read (show resource monitors): " in output
    assert "create database if not exists mercurios_data" in output


def test_plan_of_one_tenant_leaves_the_other_tenants_and_databases_out(folder: Path) -> None:
    _, output = run("plan", "--tenant", "south")

    assert "mercurios_analyst_south" in output
    for other in ("north", "solo", "here is on DuckDB"):
        assert other not in output


def test_plan_of_one_database_leaves_the_others_out(folder: Path) -> None:
    _, output = run("plan", "--database", "solo_data")

    assert "solo_data.raw" in output
    assert "mercurios_data" not in output


def test_a_database_may_be_planned_before_it_has_a_tenant(folder: Path) -> None:
    code, output = run("plan", "--database", "NEXT_DATA")

    assert code == 0
    assert "create database if not exists next_data" in output
    assert "merge into" not in output


def test_a_tenant_on_duckdb_needs_no_account(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MERCURIOS_SNOWFLAKE_CONFIG")

    for command in ("plan", "apply"):
        code, output = run(command, "--tenant", "here")
        assert code == 0
        assert output.startswith("-- here is on DuckDB")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tenant", "nobody"), "tenant 'nobody' has no usable file"),
        (
            ("--tenant", "solo", "--database", "MERCURIOS_DATA"),
            "tenant solo is not in database MERCURIOS_DATA",
        ),
        (("--database", "a-b"), "database 'a-b' is no plain name"),
    ],
)
def test_a_wrong_choice_is_reported_in_a_sentence(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, output = run("plan", *arguments)

    assert code == 1
    assert said in output
    assert "Traceback" not in output


def test_a_missing_configuration_is_reported_in_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MERCURIOS_SNOWFLAKE_CONFIG")

    code, output = run("plan")

    assert code == 1
    assert output.startswith("MERCURIOS_SNOWFLAKE_CONFIG is not set")


def test_a_broken_tenant_file_is_named_and_the_others_are_planned(folder: Path) -> None:
    (folder / "broken.yaml").write_text("id: broken\n", encoding="utf-8")

    code, output = run("plan")

    assert code == 0
    assert "left out: broken.yaml: key 'name': missing" in output
    assert "mercurios_analyst_north" in output


def test_apply_runs_what_plan_prints_and_tells_each_object(folder: Path, ran: list[str]) -> None:
    _, planned = run("plan", "--all", "--tenant", "north")

    code, output = run("apply", "--tenant", "north")

    assert code == 0
    printed = [part for part in planned.split(";\n") if part.strip()]
    assert len(ran) == len(printed) + 1
    assert ran[-1] == "(closed)"
    assert "as accountadmin\n  create resource monitor mercurios_loading_monitor" in output
    assert "statements ran. Running them again changes nothing." in output
    assert "MII" not in output


def test_apply_that_cannot_sign_in_says_where_a_connection_is_looked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(**options: object) -> None:
        raise DatabaseError(msg=f"no account for {options}", errno=250001)

    monkeypatch.setattr(snowflake.connector, "connect", connect)

    code, output = run("apply", "--connection", "ada")

    assert code == 1
    assert "connection 'ada': " in output
    assert "{'connection_name': 'ada'}" in output
    assert "Define it in Airflow (AIRFLOW_CONN_ADA, secrets backend, or " in output
    assert "or name an entry of Snowflake's connections.toml with --connection" in output
