"""What is wrong in the data, against a plain computation of masters, receipts, stock and orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from line_kinds import GOODS, known_price, money
from plan import Plan
from played import Played
from source_rows import (
    CORRECTIONS,
    Size,
    by_number,
    day,
    kinds_of,
    reordered,
    shop_of,
    size_key,
    stock_of,
)

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

ISSUE_DAYS = 365
Issue = tuple[str, Size]
Found = tuple[Issue, float, float | None]
"""What is wrong and where, units and money."""


def issues_of_lines(played: Played) -> Iterator[Found]:
    """Yield what tills wrote in the last 365 days that is no sale, or is one without its cost, article or branch."""
    first = played.today - timedelta(days=ISSUE_DAYS - 1)
    for line, kind in kinds_of(played):
        if day(line["date"]) < first:
            continue
        article, branch = int(line["articleNumber"]), line["branchNumber"]
        units, paid, cost = float(line["quantity"]), line["salePrice"], known_price(line["purchasePrice"])
        names = {kind} & CORRECTIONS
        if kind in GOODS:
            names = {
                name
                for name, known in (
                    ("sale without cost", cost),
                    ("sale without article", article),
                    ("sale without branch", branch),
                    ("sale after today", day(line["date"]) <= played.today + timedelta(days=1)),
                )
                if not known
            }
        for name in names:
            amount = cost if name == "write-off" else paid
            yield (name, (article, 0, branch)), units, None if amount is None else float(amount)


def issues_of_stock(played: Played) -> Iterator[tuple[Issue, float]]:
    """Yield stock below nothing, and that of goods whose cost is not known."""
    again, articles = reordered(played), by_number(played.rows["article"])
    for row in stock_of(played):
        size, stock = size_key(row), float(row["stockQuantity"])
        free = stock - float(row["selectionQuantity"])
        if stock < 0:
            yield ("negative stock", size), stock
        if not known_price(articles[size[0]]["purchasePrice"]) and (free > 0 or size[0] in again):
            yield ("no purchase price", size), free


def issues_of_plan(played: Played, plan: Plan) -> Iterator[tuple[Issue, float]]:
    """Yield orders that are late, and what is ordered again without a margin or a forecast."""
    for size, lines in plan.open_lines.items():
        for line in lines:
            if line.due < plan.today:
                name = "unconfirmed order" if line.supply == "unconfirmed" else "overdue order"
                yield (name, size), line.units
    for row in stock_of(played):
        size = size_key(row)
        position = plan.positions[size]
        free = float(row["stockQuantity"]) - float(row["selectionQuantity"])
        if not position["is_reordered"]:
            continue
        if plan.margins[size[0]] == 0:
            yield ("no margin", size), free
        source = position["demand_source"]
        if source == "average" or (source == "none" and position["reorder_point"] > 0):
            yield ("no forecast", size), free


def issues_of_suppliers(played: Played, plan: Plan) -> Iterator[tuple[Issue, float]]:
    """Yield what never runs out and is not ordered any more since its supplier is inactive, with what would sell."""
    expected: dict[int, float] = defaultdict(float)
    for (article, _), demand in plan.demands.items():
        expected[article] += sum(mean for _, _, mean in demand.weeks)
    suppliers, shop = by_number(played.rows["supplier"]), shop_of(played)
    for number, master in shop.articles.items():
        supplier = suppliers.get(master["supplierNumber"], {"isActive": True})
        if master["isNOS"] and master["isActive"] and not supplier["isActive"]:
            yield ("inactive supplier", (number, 0, 0)), expected[number]


def paid_on_orders(played: Played) -> dict[int, float]:
    """Return what orders paid for a unit of an article on average, where any says."""
    units: dict[int, float] = defaultdict(float)
    paid: dict[int, float] = defaultdict(float)
    for order in played.rows["order"]:
        for line in order["positions"]:
            if line["orderAmount"] > 0 and line["purchasePrice"]:
                units[int(line["articleNumber"])] += line["orderAmount"]
                paid[int(line["articleNumber"])] += line["orderAmount"] * line["purchasePrice"]
    return {article: paid[article] / each for article, each in units.items()}


def test_every_issue_is_what_the_source_shows_with_units_and_money(played: Played, plan: Plan) -> None:
    """Stock and orders are worth their cost, else the sale price, else what orders paid; a price of 0 is not known."""
    articles, ordered = by_number(played.rows["article"]), paid_on_orders(played)
    units: dict[Issue, float] = defaultdict(float)
    amounts: dict[Issue, float | None] = {}
    for issue, count, amount in issues_of_lines(played):
        units[issue] += count
        before = amounts.get(issue)
        amounts[issue] = before if amount is None else amount + (before or 0)
    of_goods = [
        *issues_of_stock(played),
        *issues_of_plan(played, plan),
        *issues_of_suppliers(played, plan),
    ]
    for issue, count in of_goods:
        units[issue] += count
    for issue, _ in of_goods:
        article = articles[issue[1][0]]
        cost: Decimal | float | None = known_price(article["purchasePrice"]) or money(article["price"])
        cost = cost or ordered.get(issue[1][0])
        amounts[issue] = 0 if not units[issue] else None if cost is None else units[issue] * float(cost)

    rows = played.query("select * from analytics.inventory_issue")

    grain = ("article_number", "article_size_number", "branch_number")
    found = {
        (row["issue"], tuple(row[name] for name in grain)): (row["units"], row["amount"]) for row in rows
    }
    played.shows({issue for issue, _ in found} >= {"unconfirmed order", "no forecast"})
    assert {row["tenant_id"] for row in rows} <= {"mini"}
    assert found.keys() == units.keys()
    for issue, (count, amount) in found.items():
        assert count == pytest.approx(units[issue], rel=1e-4, abs=1e-4), issue
        assert (amount is None) == (amounts[issue] is None), issue
        assert float(amount or 0) == pytest.approx(amounts[issue] or 0, rel=1e-4, abs=0.02), issue
