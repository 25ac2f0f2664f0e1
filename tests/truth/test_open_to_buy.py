"""Limits and what is left of them, against a plain computation of the source's orders and the tenant file's plan."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from line_kinds import Row, money
from played import LIMITS, Played
from source_rows import by_number, order_lines

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

Cell = tuple[int, int, date]
"""Season, category and first day of a month."""


def supply_of(played: Played) -> dict[Cell, list[Decimal]]:
    """Return units that came and that are to come, and what both cost."""
    masters = by_number(played.rows["article"])
    found: dict[Cell, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for line in order_lines(played):
        article = masters[line.size[0]]
        came, comes = min(line.arrives, played.today), max(line.arrives, played.today)
        for place, (units, at) in enumerate(((line.delivered, came), (line.backlog, comes))):
            if units > 0:
                key = article["seasonNumber"], article["categoryNumber"], at.replace(day=1)
                sums = list(found[key])
                sums[place] += units
                sums[place + 2] += units * money(article["purchasePrice"])
                found[key] = sums
    return found


def limits() -> dict[Cell, Decimal]:
    """Return the plan of the tenant file."""
    return {
        (each["season"], each["category"], date.fromisoformat(f"{each['month']}-01")): money(each["amount"])
        for each in LIMITS["budgets"]
    }


def cell(row: Row) -> Cell:
    return row["season_number"], row["category_number"], row["month_start"]


def test_a_limit_is_used_by_what_came_and_what_is_to_come(played: Played) -> None:
    supply, plan = supply_of(played), limits()

    rows = {cell(row): row for row in played.query("select * from analytics.open_to_buy")}

    assert set(rows) == set(supply) | set(plan)
    played.shows({row["free_limit"] > 0 for row in rows.values() if row["limit_value"]} == {True, False})
    played.shows(any(open_units for _, open_units, *_ in supply.values()))
    for key, row in rows.items():
        came, comes, received, to_come = supply.get(key, [Decimal(0)] * 4)
        limit = plan.get(key)
        free = None if limit is None else limit - received - to_come
        assert (row["tenant_id"], row["limit_basis"], row["value_note"]) == ("mini", "cost", None)
        assert (row["units_received"], row["on_order"]) == (came, comes), key
        assert (row["received_value"], row["open_value"]) == (received, to_come)
        assert (row["committed_value"], row["limit_value"]) == (received + to_come, limit)
        assert (row["free_limit"], row["limit_note"]) == (
            free,
            "not in the limits" if limit is None else None,
        )
