"""Limits and what is left of them, against a plain computation of the source's orders and the tenant file's plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from line_kinds import Row, money
from played import Played
from price_truth import line_costs
from source_rows import by_number, order_lines

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

Cell = tuple[int, int, date]
"""Season, category and first day of a month."""


@dataclass
class Supply:
    """Order lines of a cell.

    Attributes:
        received: units that came.
        on_order: units that are to come.
        received_value: what the former cost, of the lines whose cost is known.
        open_value: what the latter cost.
        lines: lines of either; one of both is in both.
        unvalued: those of them whose cost is not known.
    """

    received: int = 0
    on_order: int = 0
    received_value: Decimal = Decimal(0)
    open_value: Decimal = Decimal(0)
    lines: int = 0
    unvalued: int = 0

    @property
    def committed(self) -> Decimal | None:
        """What both cost."""
        return self.known(self.received + self.on_order, self.received_value + self.open_value)

    @staticmethod
    def known(units: int, value: Decimal) -> Decimal | None:
        """Return a value; None of units of which no cost is known."""
        return None if units and not value else value

    @property
    def note(self) -> str | None:
        """How many lines have no value."""
        return f"{self.unvalued} of {self.lines} lines: no price" if self.unvalued else None


def supply_of(played: Played) -> dict[Cell, Supply]:
    """Return what came and what is to come by the month of it; what is late comes in this month."""
    masters, costs = by_number(played.rows["article"]), line_costs(played)
    found: dict[Cell, Supply] = defaultdict(Supply)
    for line in order_lines(played):
        article, cost = masters[line.size[0]], costs[line.name]

        def at(day: date, article: Row = article) -> Supply:
            return found[article["seasonNumber"], article["categoryNumber"], day.replace(day=1)]

        if line.delivered > 0:
            cell = at(min(line.arrives, played.today))
            cell.received += line.delivered
            cell.received_value += line.delivered * (cost or 0)
            cell.lines, cell.unvalued = cell.lines + 1, cell.unvalued + (cost is None)
        if line.backlog > 0:
            cell = at(max(line.arrives, played.today))
            cell.on_order += line.backlog
            cell.open_value += line.backlog * (cost or 0)
            cell.lines, cell.unvalued = cell.lines + 1, cell.unvalued + (cost is None)
    return dict(found)


def limits(played: Played) -> dict[Cell, Decimal]:
    """Return the plan of the tenant file."""
    return {
        (each["season"], each["category"], date.fromisoformat(f"{each['month']}-01")): money(each["amount"])
        for each in played.decided["limits"]["budgets"]
    }


def cell(row: Row) -> Cell:
    return row["season_number"], row["category_number"], row["month_start"]


def test_a_limit_is_used_by_what_came_and_what_is_to_come(played: Played) -> None:
    supply, plan = supply_of(played), limits(played)

    rows = {cell(row): row for row in played.query("select * from analytics.open_to_buy")}

    assert plan
    assert set(rows) == set(supply) | set(plan)
    played.shows({row["free_limit"] > 0 for row in rows.values() if row["limit_value"]} == {True, False})
    played.shows(any(each.on_order for each in supply.values()))
    for key, row in rows.items():
        each, limit = supply.get(key, Supply()), plan.get(key)
        committed = each.committed
        assert row == {
            **dict(zip(("season_number", "category_number", "month_start"), key, strict=True)),
            "tenant_id": "mini",
            "limit_basis": "cost",
            "limit_value": limit,
            "units_received": each.received,
            "on_order": each.on_order,
            "received_value": each.known(each.received, each.received_value),
            "open_value": each.known(each.on_order, each.open_value),
            "committed_value": committed,
            "free_limit": None if limit is None or committed is None else limit - committed,
            "limit_note": "not in the limits" if limit is None else None,
            "value_note": each.note,
        }, key
