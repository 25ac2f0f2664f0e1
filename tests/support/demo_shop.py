"""A warehouse that was not played, such as the demo's, as the tests of the truth read a played one.

The source's rows are those of RAW under their names at the source: what the pipeline read, without any of the product's
SQL. What only a simulator knows, such as the stock of every past day, is not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml
from played import Played
from played_forecast import COLUMNS as FORECASTS
from price_truth import PriceList
from priced_shop import Figures
from source_rows import closings, goods_of, year_of
from timeline import Position

from mercurios.sources.contract import Resource
from mercurios.sources.registry import every_resource

RESOURCES = (
    *("sale", "order", "article", "articlesize", "branch", "category", "season", "supplier"),
    *("currency", "country"),
)
TENANTS = Path(__file__).parents[2] / "include" / "tenants"
LINES = "order.positions"
# The environment names the warehouse that tests of the truth read instead of playing a shop.
WAREHOUSE = "MERCURIOS_TRUTH_WAREHOUSE"
# The tests know the one retailer that they play by this name.
PLAYED = "mini"
LIVE = "not coalesce(is_deleted, false) and _deleted_at is null"


@dataclass(frozen=True)
class DemoShop(Played):
    """A retailer of a warehouse; its id is that of the played one in what it answers."""

    @property
    def decided(self) -> Mapping[str, Any]:
        """What the tenant's file decides."""
        return dict(yaml.safe_load((TENANTS / f"{self.tenant}.yaml").read_text(encoding="utf-8")))

    def shows(self, *kinds: object) -> None:
        """Ask nothing: a warehouse shows what its retailer has."""

    def stream(self, statement: str) -> Iterator[dict[str, Any]]:
        """Yield rows of the warehouse, never all of them at once."""
        for row in super().stream(statement):
            if row.get("tenant_id") == self.tenant:
                row["tenant_id"] = PLAYED
            yield row


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
    past = Closings()
    shop = DemoShop(
        warehouse=warehouse,
        today=today[0] if today else date.min,
        closing=past,
        stock={},
        rows=rows,
        vouchers=frozenset(
            int(row["number"])
            for row in rows["article"]
            if vouchers & {str(int(row["number"])), str(row["supplierArticleNumber"])}
        ),
        tenant=tenant[0][0],
    )
    past.shop = shop
    return shop


class Closings(Mapping[date, dict[Position, int]]):
    """The stock at the end of past days by article and branch, each computed when it is asked for, from RAW."""

    # More than the days that the marts show.
    DAYS = 420

    def __init__(self) -> None:
        self.shop: DemoShop | None = None
        self._known: dict[date, dict[Position, int]] = {}

    def __contains__(self, at: object) -> bool:
        assert self.shop is not None
        return isinstance(at, date) and 0 < (self.shop.today - at).days < self.DAYS

    def __getitem__(self, at: date) -> dict[Position, int]:
        assert self.shop is not None
        if at not in self:
            raise KeyError(at)
        if at not in self._known:
            back, found = (self.shop.today - at).days, defaultdict[Position, int](int)
            for (article, _, branch), history in closings(self.shop, self.DAYS).items():
                found[article, branch] += history[back]
            self._known[at] = dict(found)
        return self._known[at]

    def __iter__(self) -> Iterator[date]:
        assert self.shop is not None
        return (self.shop.today - timedelta(days=back) for back in range(1, self.DAYS))

    def __len__(self) -> int:
        return self.DAYS - 1


class Marts(Mapping[str, list[dict[str, Any]]]):
    """The marts of a warehouse, each read once; of one with a row for each line, what lines hold."""

    LINES = (
        "select sale_id, revenue, tax_rate, revenue_net, cost, margin, margin_note from analytics.fct_sales"
    )

    def __init__(self, shop: DemoShop) -> None:
        self._shop, self._known = shop, dict[str, list[dict[str, Any]]]()

    def __getitem__(self, mart: str) -> list[dict[str, Any]]:
        if mart not in self._known:
            statement = self.LINES if mart == "fct_sales" else f"from analytics.{mart}"
            self._known[mart] = self._shop.query(statement)
        return self._known[mart]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def demo_figures(shop: DemoShop) -> Figures:
    """Return what lines of a warehouse hold by its tenant's file, and what its marts say."""
    decided = shop.decided
    prices = decided["prices"]
    for rates in prices.get("tax_rates", {}).values():
        for rate in rates:
            rate["from"] = str(rate["from"])
    past = (shop.today - year_of(shop.today)[1]).days + 1
    held: dict[int, float] = defaultdict(float)
    for (article, _, _), history in closings(shop, past + 364).items():
        held[article] += sum(max(units, 0) for units in history[past:]) / 364
    listed = PriceList(prices, shop.rows, decided["currency"])
    lines = [line for line, _ in goods_of(shop)]
    return Figures(listed, lines, {True: Marts(shop)}, held, shop.today)


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
