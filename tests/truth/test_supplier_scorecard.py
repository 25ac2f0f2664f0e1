"""What each supplier brought, sold and left in a year, against a plain computation of the source's rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from line_kinds import Row, money
from played import Played
from price_truth import line_costs
from source_rows import OrderLine, by_number, day, goods_of, order_lines, year_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]


@pytest.fixture(scope="module")
def scorecard(played: Played) -> dict[int, Row]:
    return {row["supplier_number"]: row for row in played.query("select * from analytics.supplier_scorecard")}


@pytest.fixture(scope="module")
def supplier_of(played: Played) -> dict[int, int]:
    """The supplier of each article."""
    return {number: row["supplierNumber"] for number, row in by_number(played.rows["article"]).items()}


def summed(lines: Iterable[OrderLine], value: Callable[[OrderLine], float]) -> dict[int, float]:
    """Add up a value of order lines by supplier."""
    found: dict[int, float] = defaultdict(float)
    for line in lines:
        found[line.supplier] += value(line)
    return found


def shares(parts: dict[int, float], wholes: dict[int, float]) -> dict[int, Any]:
    """Return parts of wholes by supplier; nothing has no shares."""
    return {key: pytest.approx(parts[key] / whole, abs=1e-5) for key, whole in wholes.items() if whole}


def test_a_suppliers_orders_of_the_year_are_those_of_the_source(
    played: Played, scorecard: dict[int, Row]
) -> None:
    first, after = year_of(played.today)
    cost, lines = line_costs(played), list(order_lines(played))
    ordered = [line for line in lines if first <= line.ordered < after]
    finished = [line for line in ordered if line.backlog == 0]
    orders = {(line.supplier, line.order) for line in ordered}
    units = summed(ordered, lambda line: line.amount)
    value = summed(
        (line for line in ordered if cost[line.name] is not None),
        lambda line: float(line.amount * (cost[line.name] or 0)),
    )
    unpriced = Counter(line.supplier for line in ordered if cost[line.name] is None)
    placed = Counter(line.supplier for line in ordered)
    received = summed(
        (line for line in lines if first <= min(line.arrives, played.today) < after),
        lambda line: line.delivered,
    )
    short = summed(finished, lambda line: max(line.amount - line.delivered, 0))
    short_share = shares(short, summed(finished, lambda line: line.amount))

    assert {row["tenant_id"] for row in scorecard.values()} == {"mini"}
    played.shows(any(short.values()))
    assert set(scorecard) >= {line.supplier for line in lines}
    for supplier, row in scorecard.items():
        assert row["orders_placed"] == sum(each == supplier for each, _ in orders), supplier
        assert row["ordered_units"] == units.get(supplier, 0)
        note = f"{unpriced[supplier]} of {placed[supplier]} lines: no purchase price"
        assert row["value_note"] == (note if unpriced[supplier] else None)
        worth = row["ordered_value"]
        assert (worth is None) == (supplier not in value), supplier
        assert float(worth or 0) == pytest.approx(value.get(supplier, 0), abs=0.01)
        assert row["units_received"] == received.get(supplier, 0)
        assert row["short_units"] == short.get(supplier, 0)
        assert row["short_share"] == short_share.get(supplier)


def test_what_was_due_from_a_supplier_has_come_or_is_late(played: Played, scorecard: dict[int, Row]) -> None:
    first, after = year_of(played.today)
    due = [line for line in order_lines(played) if first <= line.arrives < after]
    arrived = summed(due, lambda line: min(line.delivered, line.amount))
    overdue = summed((line for line in due if line.backlog), lambda line: line.backlog)
    learned = {
        row["supplier_number"]: (row["deliveries"], row["observed_days"], row["lead_time_days"])
        for row in played.query("select * from analytics.supplier_lead_time")
    }

    expected = shares(arrived, summed(due, lambda line: line.amount))
    for supplier, row in scorecard.items():
        assert row["arrived_share"] == expected.get(supplier), supplier
        assert row["overdue_units"] >= overdue.get(supplier, 0)
        times = (row["deliveries"], row["observed_days"], row["lead_time_days"])
        assert times == learned.get(supplier, (0, None, None))


def test_a_suppliers_goods_sold_came_back_and_are_left_as_the_shop_says(
    played: Played, scorecard: dict[int, Row], supplier_of: dict[int, int]
) -> None:
    first, after = year_of(played.today)
    price = {number: money(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()}
    gross: dict[int, float] = defaultdict(float)
    back: dict[int, float] = defaultdict(float)
    for line, _ in goods_of(played):
        if first <= day(line["date"]) < after:
            units = int(line["quantity"])
            (gross if units > 0 else back)[supplier_of[int(line["articleNumber"])]] += abs(units)
    free: dict[int, float] = defaultdict(float)
    worth: dict[int, float] = defaultdict(float)
    for row in played.rows["articlesize"]:
        article, left = int(row["articleNumber"]), int(row["stockQuantity"]) - int(row["selectionQuantity"])
        free[supplier_of[article]] += max(left, 0)
        worth[supplier_of[article]] += left * float(price[article])

    rates = shares(back, gross)
    for supplier, row in scorecard.items():
        sold, left = gross[supplier] - back[supplier], free[supplier]
        assert (row["units_sold"], row["free_stock"]) == (sold, left), supplier
        assert row["return_rate"] == rates.get(supplier)
        assert float(row["stock_value"] or 0) == pytest.approx(worth[supplier], abs=0.01)
        through = max(sold, 0) / (max(sold, 0) + left) if sold > 0 or left else None
        assert row["sell_through"] == (None if through is None else pytest.approx(through, abs=1e-5))


def test_a_supplier_is_named_and_left_with_what_its_articles_are(
    played: Played, scorecard: dict[int, Row], supplier_of: dict[int, int]
) -> None:
    masters = {row["number"]: row for row in played.rows["supplier"]}
    left: dict[int, float] = defaultdict(float)
    unpriced: set[int] = set()
    for row in played.query("select * from analytics.markdown_candidate where is_candidate"):
        supplier = supplier_of[row["article_number"]]
        left[supplier] += float(row["leftover_value"] or 0)
        unpriced |= {supplier} if row["leftover_value"] is None else set()
    dead = {
        int(row["kpi_key"]): (row["dead_value"], row["value_note"])
        for row in played.query("select * from analytics.inventory_kpi where kpi_level = 'supplier'")
    }

    played.shows(any(left.values()))
    for supplier, row in scorecard.items():
        assert (row["supplier_name"], row["is_supplier_active"]) == (
            masters[supplier]["name1"],
            masters[supplier]["isActive"],
        )
        if supplier in unpriced and not left[supplier]:
            assert row["leftover_value"] is None
        else:
            assert float(row["leftover_value"]) == pytest.approx(left.get(supplier, 0), abs=0.01)
        assert (row["dead_value"], row["stock_value_note"]) == dead.get(supplier, (None, None))
