"""The DAGs in a real scheduler: what a run leaves behind, and what it does not do to other tenants."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest
from artefacts import artefacts, distinct_values
from canary_source import NOWHERE, PAYLOAD, ROW, TOKEN
from typer.testing import CliRunner

from mercurios.cli.main import app
from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.tenants import load_tenants
from mercurios.warehouse.duckdb.publish import read_status
from mercurios.warehouse.marts import GATES, gated_by
from mercurios_demo.processes import session_members

# The first test waits for the whole play, so the limit is the play's, not a test's.
pytestmark = [pytest.mark.scheduler, pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(5400)]
ON_SNOWFLAKE = "mini_models"
SECRETS = ("a-secret-that-is-not-the-right-one", "demo-secret-mini", "scheduler-tests-hash-key")


def test_airflow_imports_every_dag_file_without_errors(played: Any) -> None:
    tenants = [tenant.id for tenant in load_tenants(played.stack.tenants_dir)]

    assert played.api.import_errors() == []
    assert played.api.dag_ids() == {"warehouse_setup"} | {
        f"{kind}__{tenant}" for kind in ("pipeline", "forecast") for tenant in tenants
    }


def test_everything_that_was_started_listens_on_loopback_alone(played: Any) -> None:
    sessions = [service.process.pid for service in played.stack.services]
    members = [psutil.Process(pid) for session in sessions for pid in session_members(session)]

    listening = {
        connection.laddr.ip
        for member in members
        for connection in member.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }

    assert listening == {"127.0.0.1"}


def test_both_pipelines_of_a_day_succeed(played: Any) -> None:
    assert played.first["mini"].state == "success"
    assert played.second["mini"].state == "success"


def test_a_closed_week_starts_the_forecast_once_on_each_engine(played: Any) -> None:
    first, second = (played.tasks(run["mini"])["week_closed"] for run in (played.first, played.second))

    assert (first["state"], second["state"]) == ("success", "skipped")
    for tenant, run in played.forecast_runs.items():
        assert (run["run_type"], run["state"]) == ("asset_triggered", "success")
        assert len(played.api.runs(f"forecast__{tenant}")) == 1


@pytest.mark.parametrize("name", ["sale", "articlesize"])
def test_raw_equals_the_source_after_a_day_of_changes(played: Any, name: str) -> None:
    resource = RESOURCES[name]
    columns = [column for column in resource.columns if column.type != ColumnType.KEY_HASH]
    names = ", ".join(column.name for column in columns)

    with played.warehouse("mini") as warehouse:
        rows = warehouse.execute(
            f"select {names} from raw.{resource.table} where _deleted_at is null and not is_deleted"
        ).fetchall()

    expected = {
        row["id"]: _expected(resource, row) for row in played.truth(name) if not row["id"].startswith(ROW)
    }
    position = [column.name for column in columns].index("id")
    loaded = {row[position]: row for row in rows}
    assert len(rows) == len(loaded) == len(expected) > 0
    assert [(loaded[key], row) for key, row in expected.items() if loaded.get(key) != row] == []


def test_the_second_run_reads_changes_only(played: Any) -> None:
    with played.warehouse("mini") as warehouse:
        reads = warehouse.execute(
            "select mode, extracted from ops.load_ledger where resource = 'sale' order by loaded_at limit 2"
        ).fetchall()

    (_, first_rows), (second_mode, second_rows) = reads
    assert second_mode == "changed"
    assert 0 < second_rows < first_rows / 2


@pytest.mark.parametrize("tenant", ["mini", "mini_models"])
def test_every_ledger_row_accounts_for_every_extracted_row(played: Any, tenant: str) -> None:
    runs = ", ".join(f"'{run[tenant].run_id}'" for run in (played.first, played.second))

    [counted] = played.rows(
        tenant,
        "select count(*) as n, count(distinct resource) as resources,"
        " sum(case when extracted <> loaded + quarantined + superseded then 1 else 0 end) as broken"
        f" from ops.load_ledger where run_id in ({runs})",
    )

    assert counted["resources"] == len(RESOURCES)
    assert counted["n"] == 2 * len(RESOURCES)
    assert counted["broken"] == 0


def test_readers_see_every_mart_and_the_forecast(played: Any) -> None:
    with played.published("mini") as published:
        counts = {
            table: published.execute(f"select count(*) from analytics.{table}").fetchone()[0]
            for gate in GATES
            for table in gated_by(gate)
        }
        origin, first_week, unexplained = published.execute(
            "select max(origin_week), min(week_start), count(*) filter (where mean is null or mean < 0)"
            " from analytics.forecast_weekly"
        ).fetchone()

    # Every booking of the simulated shop is known, so nothing is wrong in its data.
    assert [table for table, count in counts.items() if not count] == ["inventory_issue"]
    assert first_week > origin
    assert unexplained == 0
    assert read_status(played.stack.published / "mini.duckdb")["status"] == "fresh"


def test_publications_tell_their_assets(played: Any) -> None:
    events = played.api._call("GET", "/assets/events", params={"limit": 100})["asset_events"]

    reported = sorted((event["name"], event["source_dag_id"]) for event in events)
    assert reported == [
        ("forecast_mini", "forecast__mini"),
        ("forecast_mini_models", "forecast__mini_models"),
        ("marts_mini", "pipeline__mini"),
        ("marts_mini", "pipeline__mini"),
        ("marts_mini_models", "pipeline__mini_models"),
        ("marts_mini_models", "pipeline__mini_models"),
        ("week_closed_mini", "pipeline__mini"),
        ("week_closed_mini_models", "pipeline__mini_models"),
    ]


def test_a_task_per_model_mirrors_one_build_at_the_first_try(played: Any) -> None:
    models = {name: task for name, task in played.by_model.items() if name.startswith("model.")}

    assert {"model.dbt_producer_watcher", "model.fct_sales_run", "model.tests"} <= set(models)
    assert {name: task["state"] for name, task in models.items() if task["state"] != "success"} == {}
    assert {name: task["try_number"] for name, task in models.items() if task["try_number"] != 1} == {}


def test_refused_credentials_fail_one_tenant_at_the_first_try_and_no_other(played: Any) -> None:
    tasks = played.tasks(played.first["mini_refused"])

    assert played.first["mini_refused"].state == "failed"
    assert (tasks["begin"]["state"], tasks["begin"]["try_number"]) == ("failed", 1)
    assert {task["state"] for name, task in tasks.items() if name != "begin"} == {"upstream_failed"}
    assert not (played.stack.published / "mini_refused.duckdb").exists()
    assert not (played.stack.home / "data" / "warehouse" / "mini_refused.duckdb").exists()
    assert {run["mini"].state for run in (played.first, played.second)} == {"success"}


def test_refused_credentials_alert_once(played: Any) -> None:
    """Without Slack the alert is a line of the log."""
    run = played.first["mini_refused"]
    log = played.api.task_log(run.dag_id, run.run_id, "begin", 1)

    assert "alert not sent through slack_mini_refused: the connection is not configured" in log
    assert "define AIRFLOW_CONN_SLACK_MINI_REFUSED" in log
    logs = [path.read_text(errors="replace") for path in played.stack.home.rglob("attempt=*.log")]
    assert sum(text.count("alert not sent through slack_mini_refused") for text in logs) == 1


def test_the_failure_names_tenant_run_and_remedy_and_no_secret(played: Any) -> None:
    run = played.first["mini_refused"]
    files = [path for path in played.stack.home.rglob("*.log") if path.is_file()]

    assert files
    said = (
        f"tenant mini_refused, run {run.run_id}, connection 'prohandel_mini_refused': "
        "the token service refuses the credentials"
    )
    saying = {path.parent.name for path in files if said in path.read_text(errors="replace")}
    assert "task_id=begin" in saying
    leaks = [path.name for path in files for secret in SECRETS if secret in path.read_text(errors="replace")]
    assert leaks == []


def test_no_person_and_no_secret_is_in_anything_that_the_runs_left(played: Any) -> None:
    """Task logs, metadata database, landing area, RAW, quarantine, results of gates, marts and published files."""
    told_apart = ("email", "telephone", "name1", "personalEmail", "companyEmail", "mobilePhone")
    rows = [row for name in ("customer", "staff") for row in played.truth(name)]
    people = random.Random(20260304).sample(sorted(distinct_values(rows, told_apart)), 60)
    tenants = {path.name for path in (played.stack.home / "data" / "landing").iterdir()}
    sought = (*people, *SECRETS, *NOWHERE, TOKEN)

    looked_at, found = 0, set()
    for path, content in artefacts(played.stack.home, leave_out=("worlds",)):
        looked_at += 1
        found |= {(path.name, value) for value in sought if value.encode() in content}

    assert "tenant=mini" in tenants
    assert looked_at > 300
    assert found == set()


def test_a_declared_value_that_did_not_fit_is_in_the_payload_alone(played: Any) -> None:
    aside = played.rows("mini", f"select payload from ops.quarantine where payload like '%{PAYLOAD}%'")

    shown = {
        path.name
        for path, content in artefacts(
            played.stack.home, leave_out=("worlds",), columns_left_out=("payload",)
        )
        if PAYLOAD.encode() in content
    }

    assert len(aside) > 10
    assert shown == set()


def test_what_the_source_writes_is_in_no_alert_and_in_the_output_of_no_command(
    played: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(played.stack.tenants_dir))
    monkeypatch.setenv("MERCURIOS_HOME", str(played.stack.home / "data"))
    warehouse = str(played.stack.home / "data" / "warehouse" / "mini.duckdb")
    said = {"slack": "".join(played.slack)}
    for command in ("ledger", "quarantine", "alerts"):
        line = [command, "--tenant", "mini", *([] if command == "alerts" else ["--warehouse", warehouse])]
        said[command] = CliRunner().invoke(app, line, env={"COLUMNS": "250"}).output

    assert "quarantine" in said["slack"]
    assert "expected" in said["quarantine"]
    sought = (*NOWHERE, PAYLOAD, TOKEN, *SECRETS)
    assert {
        name: found for name, text in said.items() if (found := [each for each in sought if each in text])
    } == {}


def test_no_person_and_no_secret_is_in_the_account_or_in_the_lake(played: Any, tmp_path: Path) -> None:
    columns: dict[str, list[str]] = defaultdict(list)
    for row in played.rows(
        ON_SNOWFLAKE,
        "select table_schema || '.' || table_name as name, column_name from information_schema.columns"
        " where data_type in ('TEXT', 'VARIANT') and table_schema not ilike 'information%'",
    ):
        columns[row["name"]].append(row["column_name"])

    found = set()
    for table, names in columns.items():
        holds = [
            f"cast({name} as varchar) like '%{value}%'"
            for name in names
            for value in (*NOWHERE, TOKEN, PAYLOAD)
            if not (value == PAYLOAD and name.lower() == "payload")
        ]
        [row] = played.rows(ON_SNOWFLAKE, f"select count(*) as n from {table} where {' or '.join(holds)}")
        found |= {table} if row["n"] else set()
    played.account.s3.file_system().get("mercurios-lake/landing", str(tmp_path), recursive=True)
    lake = list(artefacts(tmp_path, leave_out=()))
    found |= {path.name for path, content in lake for value in (*NOWHERE, TOKEN) if value.encode() in content}

    assert len(columns) > 20
    assert len(lake) > 20
    assert found == set()


def _expected(resource: Resource, row: dict[str, Any]) -> tuple[Any, ...]:
    """Convert a wire row without the product: the comparison must not rest on the code it checks."""
    return tuple(
        _value(column.type, row[column.field])
        for column in resource.columns
        if column.type != ColumnType.KEY_HASH
    )


def _value(kind: ColumnType, value: Any) -> Any:
    if value is None:
        return None
    match kind:
        case ColumnType.INTEGER:
            return int(value)
        case ColumnType.DECIMAL:
            return Decimal(str(value)).quantize(Decimal("0.01"))
        case ColumnType.DATE:
            return date.fromisoformat(value[:10])
        case ColumnType.TIMESTAMP:
            instant = datetime.fromisoformat(value)
            return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
        case ColumnType.CODE:
            return value if isinstance(value, str) else str(int(value))
        case _:
            return value
