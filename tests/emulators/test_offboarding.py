"""A tenant leaves a Snowflake account and a lake on S3: its rows and files go, and those of its neighbour stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from planned_account import document, tenant
from running_emulators import OWN_DATABASE, S3, Snowflake, administrator, airflow_connections
from snowflake_retailer import SnowflakeRetailer, forget
from typer.testing import CliRunner

from mercurios.cli.main import app
from mercurios.warehouse.snowflake.account import leaving
from mercurios.warehouse.snowflake.roles import loader_of
from prohandel_simulator.testing import RunningSimulator

# Its id begins with that of the tenant who leaves.
NEIGHBOUR = "mini_2"
SHARED_TABLES = (
    "raw.article",
    "raw.customer",
    "ops.run",
    "ops.load_ledger",
    "ops.quarantine",
    "ops.watermark",
)


def run(command: str, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(
        app, [*command.split(), "--tenant", "mini", *arguments], env={"COLUMNS": "250"}
    )
    return result.exit_code, result.output


class Shop(SnowflakeRetailer):
    """The tenant who leaves, in a database that the plan creates, beside a neighbour with as many rows and files."""

    def create_account_objects(self, landing: str | None = None) -> None:
        folder = self.landing.parent / "tenants"
        folder.mkdir(parents=True)
        owner = tenant("mini", database=self.database, landing=self.root.rstrip("/"))
        databases = [] if self.database == "MERCURIOS_DATA" else [self.database]
        written = {"mini.yaml": owner.model_dump(mode="json")}
        written["account.json"] = document(*databases, landing=self.root)
        for name, content in written.items():
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
        code, output = run("warehouse apply")
        assert code == 0, output
        # The emulator alters no stage, and keeps one of an earlier test.
        super().create_account_objects(landing)

    def fill(self) -> None:
        self.simulator.post("/_simulator/mini/dirty", {"resource": "customer", "unparsable": 2})
        super().run("r1", "article", "customer")

    def add_neighbour(self) -> None:
        """Give the neighbour a copy of every row, and a file."""
        with self.session() as session:
            cursor = session.cursor()
            for table in (*SHARED_TABLES, "policies.tenant_access"):
                cursor.execute(f"create table ops.copied as select * from {table} where tenant_id = 'mini'")
                cursor.execute(f"update ops.copied set tenant_id = '{NEIGHBOUR}'")
                cursor.execute(f"insert into {table} select * from ops.copied")
                cursor.execute("drop table ops.copied")
        with self.store.create(f"tenant={NEIGHBOUR}/alerts/1.json") as handle:
            handle.write(b"{}")

    def files(self) -> list[str]:
        found = self.s3.file_system().find(self.bucket)
        return sorted(str(name) for name in found)

    def rows(self, tenant_id: str) -> dict[str, list[str]]:
        with self.session() as session:
            return {
                table: sorted(
                    map(
                        repr,
                        session.cursor()
                        .execute(f"select * from {table} where tenant_id = '{tenant_id}'")
                        .fetchall(),
                    )
                )
                for table in (*SHARED_TABLES, "policies.tenant_access")
            }


@pytest.fixture
def opened(
    own_source: RunningSimulator,
    tmp_path: Path,
    s3: S3,
    snowflake_emulator: Snowflake,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(tmp_path / "tenants"))
    monkeypatch.setenv("MERCURIOS_SNOWFLAKE_CONFIG", str(tmp_path / "tenants" / "account.json"))
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_ADMIN", administrator(snowflake_emulator))

    def shop(database: str) -> Shop:
        connections = airflow_connections(s3, snowflake_emulator, role=loader_of(database))
        for name, value in connections.items():
            monkeypatch.setenv(name, value)
        forget(snowflake_emulator, database)
        made = Shop(own_source, tmp_path, s3, snowflake_emulator, database=database)
        made.fill()
        return made

    return shop


def databases(emulator: Snowflake) -> set[str]:
    with snowflake.connector.connect(**emulator.parameters("OTHER")) as session:
        return {str(row[1]).upper() for row in session.cursor().execute("show databases").fetchall()}


def test_in_a_shared_database_and_bucket_only_the_tenants_own_goes(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop: Shop = opened("MERCURIOS_DATA")
    shop.add_neighbour()
    rows, files = shop.rows(NEIGHBOUR), [name for name in shop.files() if NEIGHBOUR in name]
    kept = shop.rows("mini"), shop.files()

    counted = run("offboard", "--dry-run")
    asked = CliRunner().invoke(app, ["offboard", "--tenant", "mini"], input="y\n")

    assert counted[0] == 0, counted[1]
    assert "rows of raw.article in MERCURIOS_DATA" in counted[1]
    assert "2 rows of policies.tenant_access in MERCURIOS_DATA" in counted[1]
    assert "drop role mercurios_analyst_mini" in counted[1]
    assert "drop stage mercurios_data.landing.tenant_mini" in counted[1]
    assert "drop database" not in counted[1]
    assert (asked.exit_code, "Nothing was removed." in asked.output) == (1, True)
    assert (shop.rows("mini"), shop.files()) == kept

    with monkeypatch.context() as patch:
        patch.setattr(leaving, "apply", killed)
        stopped = CliRunner().invoke(app, ["offboard", "--tenant", "mini", "--yes"])
    half = shop.rows("mini")
    done = run("offboard", "--yes")

    assert stopped.exit_code != 0
    assert (half["raw.article"], len(half["policies.tenant_access"])) == ([], 2)
    assert done[0] == 0, done[1]
    assert "Nothing of mini is left." in done[1]
    assert shop.rows("mini") == {table: [] for table in rows}
    assert shop.rows(NEIGHBOUR) == rows
    assert all(rows.values())
    assert shop.files() == files
    assert "Nothing is kept of mini." in run("offboard", "--dry-run")[1]


def killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_database_that_a_tenant_had_alone_goes_whole(opened: Any, snowflake_emulator: Snowflake) -> None:
    shop: Shop = opened(OWN_DATABASE)

    counted = run("offboard", "--dry-run")
    done, again = run("offboard", "--yes"), run("offboard", "--yes")

    assert f"1 database {OWN_DATABASE}" in counted[1], counted[1]
    for dropped in (
        "database solo_data",
        "user mercurios_loader_solo_data_service",
        "role mercurios_loader_solo_data",
    ):
        assert f"drop {dropped}" in counted[1]
    assert done[0] == again[0] == 0, (done[1], again[1])
    assert OWN_DATABASE not in databases(snowflake_emulator)
    assert shop.files() == []


def test_a_database_with_rows_of_another_tenant_stays(opened: Any, snowflake_emulator: Snowflake) -> None:
    """No file names that tenant: its rows are enough."""
    shop: Shop = opened(OWN_DATABASE)
    shop.add_neighbour()
    rows = shop.rows(NEIGHBOUR)

    done = run("offboard", "--yes")

    assert done[0] == 0, done[1]
    assert shop.rows(NEIGHBOUR) == rows
    assert shop.rows("mini") == {table: [] for table in rows}
