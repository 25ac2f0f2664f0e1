"""What a test of the truth compares: the warehouse after several simulated days, and what really happened in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from timeline import Position

# What the played retailer plans to buy: less than is on order, more than came, and of what no one ordered.
LIMITS: dict[str, Any] = {
    "budgets": [
        {"season": 0, "category": 1230, "month": "2026-04", "amount": 500},
        {"season": 0, "category": 1420, "month": "2026-03", "amount": 90_000.5},
        {"season": 999, "category": 1240, "month": "2026-12", "amount": 250},
    ]
}

# How it orders: most of it is left open, and each kind of what may be decided is decided once.
REPLENISHMENT: dict[str, Any] = {
    "budget": 900,
    "classes": {"A": {"service_level": 0.9, "display_units": 2}, "AY": {"service_level": 0.8}},
    "suppliers": {
        70001: {"minimum_order_value": 5000, "order_cycle_days": 10, "service_level": 0.97},
        70002: {"minimum_order_value": 100, "customers_wait": True},
    },
    "articles": {100020019: {"service_level": 0.6, "display_units": 3}, 100020004: {"order_cycle_days": 0}},
}


@dataclass(frozen=True)
class Played:
    """What the marts say, and what is true.

    Attributes:
        warehouse: DuckDB file after the last run.
        today: business day of the last run.
        closing: true stock at the end of each day before it, by article and branch.
        stock: true stock of the last run.
        rows: the source's undeleted rows after the last run, as it sends them, by resource, and the forecasts that
            were stored before it.
        vouchers: numbers of articles that are vouchers.
        known: what has been worked out of the rows, once for all tests.
        tenant: id of the retailer.
    """

    warehouse: Path
    today: date
    closing: Mapping[date, dict[Position, int]]
    stock: dict[Position, int]
    rows: dict[str, list[dict[str, Any]]]
    vouchers: frozenset[int] = frozenset()
    known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    tenant: str = "mini"

    @property
    def decided(self) -> Mapping[str, Any]:
        """What the tenant's file decides."""
        place = {"country": "DE", "region": "BY", "currency": "EUR"}
        return {**place, "limits": LIMITS, "replenishment": REPLENISHMENT}

    def query(self, statement: str) -> list[dict[str, Any]]:
        """Return rows of the warehouse."""
        return list(self.stream(statement))

    def stream(self, statement: str) -> Iterator[dict[str, Any]]:
        """Yield rows of the warehouse, never all of them at once."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            found = connection.execute(statement)
            names = [column[0] for column in found.description or ()]
            while rows := found.fetchmany(10_000):
                yield from (dict(zip(names, row, strict=True)) for row in rows)

    def shows(self, *kinds: object) -> None:
        """Make sure that the shop shows what a test is about: without it the test could pass on a shop of nothing."""
        assert all(kinds)

    def save(self, path: Path) -> None:
        """Write everything but the warehouse as JSON, with the warehouse's place."""
        content = {
            "warehouse": str(self.warehouse),
            "today": self.today.isoformat(),
            "closing": {day.isoformat(): _listed(stock) for day, stock in self.closing.items()},
            "stock": _listed(self.stock),
            "rows": self.rows,
        }
        path.write_text(json.dumps(content))

    @classmethod
    def load(cls, path: Path) -> Played:
        """Read what `save` wrote."""
        content = json.loads(path.read_text())
        return cls(
            warehouse=Path(content["warehouse"]),
            today=date.fromisoformat(content["today"]),
            closing={date.fromisoformat(day): _keyed(stock) for day, stock in content["closing"].items()},
            stock=_keyed(content["stock"]),
            rows=content["rows"],
        )


def _listed(stock: dict[Position, int]) -> list[tuple[int, int, int]]:
    return [(article, branch, units) for (article, branch), units in stock.items()]


def _keyed(rows: list[list[int]]) -> dict[Position, int]:
    return {(article, branch): units for article, branch, units in rows}
