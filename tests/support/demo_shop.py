"""A warehouse that was not played, such as the demo's, as the tests of the truth read a played one.

The source's rows are those of RAW under their names at the source: what the pipeline read, without any of the product's
SQL. What only a simulator knows, such as the stock of every past day, is not there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from played import Played
from played_forecast import COLUMNS as FORECASTS

from mercurios.sources.contract import Resource
from mercurios.sources.registry import every_resource

RESOURCES = ("sale", "order", "article", "articlesize", "branch", "category", "season", "supplier")
LINES = "order.positions"
# The environment names the warehouse that tests of the truth read instead of playing a shop.
WAREHOUSE = "MERCURIOS_TRUTH_WAREHOUSE"
# The tests know the one retailer that they play by this name.
PLAYED = "mini"
LIVE = "not coalesce(is_deleted, false) and _deleted_at is null"


@dataclass(frozen=True)
class DemoShop(Played):
    """A retailer of a warehouse; its id is that of the played one in what it answers."""

    tenant: str = ""

    def query(self, statement: str) -> list[dict[str, Any]]:
        """Return rows of the warehouse."""
        rows = super().query(statement)
        for row in rows:
            if row.get("tenant_id") == self.tenant:
                row["tenant_id"] = PLAYED
        return rows


def demo_shop(warehouse: Path) -> DemoShop:
    """Return what a warehouse of one retailer has read."""
    resources = every_resource()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = {name: _rows(connection, resources[name]) for name in RESOURCES}
        lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in _rows(connection, resources[LINES]):
            lines[line["_parent"]].append(line)
        for order in rows["order"]:
            order["positions"] = lines[order["id"]]
        for table, columns in FORECASTS.items():
            rows[table] = [
                {name: _day(value) for name, value in zip(columns, row, strict=True)}
                for row in connection.execute(
                    f"select {', '.join(columns)} from analytics.{table}"
                ).fetchall()
            ]
        today = connection.execute("select max(as_of_date) from ops.run").fetchone()
        tenant = connection.execute("select tenant_id from raw.tenant").fetchall()
        named = connection.execute(
            "select scope_key from raw.tenant_setting where scope = 'article' and value = 'voucher'"
        ).fetchall()
    vouchers = {key for (key,) in named}
    return DemoShop(
        warehouse=warehouse,
        today=today[0] if today else date.min,
        closing={},
        stock={},
        rows=rows,
        vouchers=frozenset(
            int(row["number"])
            for row in rows["article"]
            if vouchers & {str(int(row["number"])), str(row["supplierArticleNumber"])}
        ),
        tenant=tenant[0][0],
    )


def _rows(connection: duckdb.DuckDBPyConnection, resource: Resource) -> list[dict[str, Any]]:
    """Return the rows of a resource that are not deleted, by the names that the source has for them."""
    known = {
        name
        for (name,) in connection.execute(
            "select column_name from information_schema.columns where table_schema = 'raw' and table_name = ?",
            [resource.table],
        ).fetchall()
    }
    columns = {column.field: column.name for column in resource.columns if column.name in known}
    if resource.parent_key:
        columns["_parent"] = resource.parent_key
    listed = ", ".join(f'"{name}"' for name in columns.values())
    live = LIVE if "is_deleted" in known else "_deleted_at is null"
    found = connection.execute(f"select {listed} from raw.{resource.table} where {live}")
    rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    other = [name for name in columns if any(isinstance(row[name], date | Decimal) for row in rows)]
    for row in rows:
        for name in other:
            row[name] = _wire(row[name])
    return rows


def _day(value: Any) -> Any:
    """Return a value as the played shop stores it: days are texts."""
    return value.isoformat() if isinstance(value, date) else value


def _wire(value: Any) -> Any:
    """Return a value as the source writes it: days and instants are texts, amounts are JSON's numbers."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value}T00:00:00" if isinstance(value, date) else value
