"""A warehouse file with the RAW tables of the contract, and dbt run on it as a task runs it: one process per build.

Builds cost seconds, so the tests share two warehouses: one after its first build, one after the source changed
behind it. What they read from a warehouse never changes it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_runs import run_dbt
from session_cache import SessionCache

from mercurios.sources.contract import ColumnType
from mercurios.sources.registry import every_resource

Insert = Callable[..., None]

RESOURCES = every_resource()
MARTS = (
    "dim_article",
    "dim_branch",
    "dim_date",
    "fct_sales",
    "fct_lines_apart",
    "fct_demand_weekly",
    "inventory_position",
    "inventory_issue",
)
SQL_TYPES = {
    ColumnType.INTEGER: "bigint",
    ColumnType.DECIMAL: "decimal(18, 2)",
    ColumnType.FLOAT: "double",
    ColumnType.TEXT: "varchar",
    ColumnType.CODE: "varchar",
    ColumnType.KEY_HASH: "varchar",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
    ColumnType.TIMESTAMP: "timestamp",
}
# How ProHandel writes a missing value.
MISSING = {"bigint": 0, "decimal(18, 2)": 0, "double": 0, "varchar": "", "boolean": False}
BOOKKEEPING = {
    "_extra": "varchar",
    "_content_hash": "varchar",
    "_extracted_at": "timestamp",
    "_run_id": "varchar",
    "_loaded_at": "timestamp",
    "_deleted_at": "timestamp",
}
OTHER_TABLES = {
    "raw.tenant": "tenant_id varchar, name varchar, time_zone varchar, country varchar, region varchar, "
    "currency varchar, source varchar",
    "raw.public_holiday": "tenant_id varchar, date date, name varchar",
    "raw.replenishment_policy": "tenant_id varchar, scope varchar, scope_key varchar, setting varchar, "
    "value double",
    "raw.tenant_setting": "tenant_id varchar, scope varchar, scope_key varchar, setting varchar, value varchar",
    "analytics.forecast_weekly": "tenant_id varchar, article_number bigint, branch_number bigint, "
    "origin_week date, week_start date, horizon integer, method varchar, mean double, quantile_50 double, "
    "quantile_80 double, quantile_95 double, run_id varchar, created_at timestamp",
    "analytics.forecast_protection": "tenant_id varchar, article_number bigint, branch_number bigint, "
    "origin_week date, periods integer, mean double, quantile_50 double, quantile_80 double, "
    "quantile_95 double, run_id varchar, created_at timestamp",
    "analytics.forecast_accuracy": "tenant_id varchar, origin_week date, kind varchar, demand_class varchar, "
    "wape double, bias double",
    "ops.run": "tenant_id varchar, run_id varchar, dag_id varchar, fence bigint, started_at timestamp, "
    "source_now timestamp, as_of_date date",
    "ops.load_ledger": "tenant_id varchar, run_id varchar, resource varchar, is_complete boolean, "
    "extracted_at timestamp, source_now timestamp",
}


def raw_columns(resource: str) -> dict[str, str]:
    """Return the contract's columns of a RAW table with their types."""
    columns = {column.name: SQL_TYPES[column.type] for column in RESOURCES[resource].columns}
    return columns | ({"order_id": "varchar"} if resource == "order.positions" else {})


@dataclass(frozen=True)
class Warehouse:
    """A DuckDB file in a folder of its own, and the dbt runs on it."""

    folder: Path
    target: Path

    @property
    def path(self) -> Path:
        return self.folder / "mini.duckdb"

    def copy(self, folder: Path) -> Warehouse:
        """Return an independent copy in another folder."""
        folder.mkdir()
        shutil.copy(self.path, folder)
        return Warehouse(folder, self.target)

    def execute(self, *statements: str) -> None:
        """Run statements that change the warehouse."""
        with duckdb.connect(str(self.path)) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def marts(self, tenant: str) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows of all marts of a tenant, in an order of their own."""
        return {
            mart: self.rows(f"select * from analytics.{mart} where tenant_id = '{tenant}' order by all")
            for mart in MARTS
        }

    def insert(self, resource: str, tenant: str, loaded_at: str, *rows: Mapping[str, Any]) -> None:
        """Add RAW rows; columns a row does not name hold what ProHandel sends for a missing value."""
        columns = raw_columns(resource)
        names = ["tenant_id", *columns, "_loaded_at", "_deleted_at"]
        marks = ", ".join("?" for _ in names)
        with duckdb.connect(str(self.path)) as connection:
            for row in rows:
                unknown = row.keys() - columns.keys() - {"_deleted_at"}
                assert not unknown, f"{resource} has no {unknown}"
                values = [row.get(name, MISSING.get(kind)) for name, kind in columns.items()]
                connection.execute(
                    f"insert into raw.{RESOURCES[resource].table} ({', '.join(names)}) values ({marks})",
                    [tenant, *values, loaded_at, row.get("_deleted_at")],
                )

    def dbt(self, tenant: str | None, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run dbt for a tenant in a process of its own, with further variables, and return what it said."""
        environment = {
            "HOME": str(self.folder),
            "MERCURIOS_DUCKDB_PATH": self.path.name,
            "DBT_TARGET_PATH": str(self.target),
            **({"MERCURIOS_TENANT_ID": tenant} if tenant else {}),
            **variables,
        }
        return run_dbt(arguments, self.folder, environment)

    def build(self, tenant: str, *arguments: str) -> dict[str, str]:
        """Build without failures and return the status of every node that ran."""
        done = self.dbt(tenant, "build", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        results = json.loads((self.target / "run_results.json").read_text())["results"]
        return {result["unique_id"]: result["status"] for result in results}


def create_warehouse(folder: Path, target: Path) -> Warehouse:
    """Return a warehouse with empty RAW and OPS tables."""
    warehouse = Warehouse(folder, target)
    tables = dict(OTHER_TABLES)
    for name, resource in RESOURCES.items():
        columns = {"tenant_id": "varchar"} | raw_columns(name) | BOOKKEEPING
        tables[f"raw.{resource.table}"] = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    warehouse.execute(
        *(f"create schema {schema}" for schema in ("raw", "ops", "standard", "analytics")),
        *(f"create table {table} ({columns})" for table, columns in tables.items()),
    )
    return warehouse


def sale(line: str, day: str, article: int, branch: int, quantity: int, **more: Any) -> dict[str, Any]:
    """Return a receipt line at 10 a unit that costs 4; its receipt is the part of its name before the dot."""
    receipt, _, position = line.partition(".")
    return {
        "id": line,
        "date": day,
        "time": 36000,
        "article_number": article,
        "branch_number": branch,
        "article_size_number": article * 10 + 1,
        "receipt_number": int(receipt),
        "receipt_position": int(position),
        "quantity": quantity,
        "sale_price": 10 * quantity,
        "purchase_price": 4 * quantity,
        "label_price": 10,
    } | more


def fill(warehouse: Warehouse, tenant: str) -> None:
    """Add a small retailer: its business day is Wednesday 2024-01-31, its last complete week began on 01-22."""

    def insert(resource: str, *rows: Mapping[str, Any]) -> None:
        warehouse.insert(resource, tenant, "2024-01-31 08:00:00", *rows)

    warehouse.execute(
        "insert into ops.run values "
        f"('{tenant}', 'r1', 'pipeline', 1, '2024-01-31 07:00', '2024-01-31 07:00', '2024-01-31')",
        f"insert into raw.tenant values ('{tenant}', 'Shop', 'Europe/Berlin', 'DE', 'BY', 'EUR', 'prohandel')",
        f"insert into raw.tenant_setting values ('{tenant}', 'prices', '', 'include_tax', 'false')",
        f"insert into raw.public_holiday values ('{tenant}', '2024-01-06', 'Epiphany')",
    )
    _fill_masters(insert)
    _fill_orders(insert)
    _fill_sales(insert)


def _fill_masters(insert: Insert) -> None:
    insert(
        "branch",
        {"id": "b1", "number": 1, "name1": "Old Town ", "is_active": True},
        {"id": "b2", "number": 2, "search_term": "WEB", "is_active": True, "is_webshop": True},
    )
    insert("category", {"id": "c1", "number": 10, "name": "Coats"})
    insert("supplier", {"id": "s1", "number": 20, "name1": "Nordlicht", "is_active": True})
    insert(
        "article",
        {
            "id": "a1",
            "number": 100,
            "category_number": 10,
            "supplier_number": 20,
            "supplier_article_number": "4711 ",
            "first_sale_date": "1990-01-01",
            "is_active": True,
        },
        {"id": "a2", "number": 200, "is_active": True},
    )
    insert(
        "articlesize",
        {"id": "z1", "article_number": 100, "number": 1001, "size": "S", "branch_number": 1},
        {
            "id": "z2",
            "article_number": 100,
            "number": 1001,
            "size": "S",
            "branch_number": 2,
            "stock_quantity": 5,
        },
        {"id": "z3", "article_number": 200, "number": 2001, "branch_number": 1, "stock_quantity": -1},
    )


def _fill_orders(insert: Insert) -> None:
    insert("order", {"id": "o1", "number": 1}, {"id": "o2", "number": 2, "_deleted_at": "2024-01-30"})
    position = {"order_id": "o1", "article_number": 100, "branch_number": 1, "size": "S"}
    insert(
        "order.positions",
        position | {"id": "p1", "order_amount": 5, "delivered_amount": 5, "expected_arrival": "2023-12-27"},
        position | {"id": "p2", "order_amount": 6, "backlog_amount": 6, "expected_arrival": "2024-02-14"},
        position | {"id": "p3", "order_id": "o2", "order_amount": 9, "backlog_amount": 9},
    )


def _fill_sales(insert: Insert) -> None:
    insert(
        "sale",
        sale("1.1", "2024-01-02", 100, 1, 2),
        sale("2.1", "2024-01-09", 100, 1, 3),
        sale("2.2", "2024-01-09", 200, 1, 1),
        sale("2.500001", "2024-01-09", 200, 1, -1),
        sale("3.1", "2024-01-16", 300, 2, 1, type=2),
        sale("3.2", "2024-01-16", 300, 2, 5, sale_price=51),
        sale("3.3", "2024-01-16", 300, 2, -5, type=1),
        sale("4.1", "2024-01-23", 200, 1, 4),
        sale("5.1", "2024-01-25", 200, 1, -1, type=1),
        sale("6.1", "2024-01-30", 200, 1, 1),
        sale("7.1", "2024-01-24", 200, 1, 8, is_deleted=True),
    )


@pytest.fixture(scope="module")
def unbuilt(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A warehouse of one retailer before its first build."""
    folder = tmp_path_factory.mktemp("unbuilt")
    warehouse = create_warehouse(folder, folder / "target")
    fill(warehouse, "north")
    return warehouse


@pytest.fixture(scope="session")
def first_build(
    session_cache: SessionCache, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Warehouse, dict[str, str]]:
    """A warehouse of two retailers after the first build of each, and the status of each node of the first."""

    def build(folder: Path) -> None:
        (folder / "warehouse").mkdir()
        warehouse = create_warehouse(folder / "warehouse", folder / "target")
        fill(warehouse, "north")
        fill(warehouse, "south")
        (folder / "statuses.json").write_text(json.dumps(warehouse.build("north")))
        # The same rows as north's, which has passed every test.
        warehouse.build("south", "--exclude-resource-type", "unit_test", "test")

    home = session_cache.copy("dbt-first-build", build, tmp_path_factory.mktemp("built"))
    return Warehouse(home / "warehouse", home / "target"), json.loads((home / "statuses.json").read_text())


@pytest.fixture(scope="session")
def built(first_build: tuple[Warehouse, dict[str, str]]) -> Warehouse:
    """The warehouse after the first build; tests only read it."""
    return first_build[0]


def change_the_past(warehouse: Warehouse) -> None:
    """Change what north and south sold long ago, in every way a source can."""
    late = "2024-02-01 08:00:00"
    warehouse.execute(
        # A line is corrected.
        f"update raw.sale set quantity = 1, sale_price = 10, purchase_price = 4, _loaded_at = '{late}'"
        " where tenant_id = 'north' and id = '1.1'",
        # Moved to another day and week.
        f"update raw.sale set date = '2024-01-17', _loaded_at = '{late}'"
        " where tenant_id = 'north' and id = '2.1'",
        # Deleted, the only line of its day.
        f"update raw.sale set is_deleted = true, _loaded_at = '{late}'"
        " where tenant_id = 'north' and id = '5.1'",
        # Found missing; the load left the row as it was.
        "update raw.sale set _deleted_at = '2024-02-01 09:00:00' where tenant_id = 'north' and id = '6.1'",
        # Found missing, but the day's units stay what they were.
        "update raw.sale set _deleted_at = '2024-02-01 09:00:00'"
        " where tenant_id = 'north' and id in ('3.2', '3.3')",
        f"update raw.category set name = 'Jackets', _loaded_at = '{late}' where tenant_id = 'north'",
        "delete from raw.articlesize where tenant_id = 'north' and id = 'z2'",
        "update raw.sale set quantity = 99 where tenant_id = 'south'",
        # This breaks south's own tests.
        "insert into raw.sale select * from raw.sale where tenant_id = 'south'",
    )
    warehouse.insert(
        "sale",
        "north",
        late,
        # A line that is reversed later, and one that came late.
        sale("4.500001", "2024-01-23", 200, 1, -4),
        sale("8.1", "2023-12-28", 100, 1, 1),
    )


@pytest.fixture(scope="session")
def changed(
    built: Warehouse, session_cache: SessionCache, tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """A copy in which the past changed and north was built again; tests only read it."""

    def build(folder: Path) -> None:
        warehouse = built.copy(folder / "copy")
        change_the_past(warehouse)
        warehouse.build("north", "--exclude-resource-type", "unit_test")

    home = session_cache.copy("dbt-changed-build", build, tmp_path_factory.mktemp("changed"))
    return Warehouse(home / "copy", built.target)
