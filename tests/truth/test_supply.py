"""What is on order, when it comes and how long suppliers take, against a plain computation of the source's orders."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from math import ceil, sqrt
from statistics import fmean, variance
from typing import Any

import pytest
from line_kinds import known_price, money
from played import Played
from source_rows import WEEK, by_number, day, free_of, goods_of, monday, order_lines, size_key

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

# Settings of a tenant that decides nothing itself, from the manual.
PRIOR_DELIVERIES, REVIEW_DAYS = 5, 7


def never_out(played: Played) -> set[int]:
    """Return articles that are meant never to run out."""
    return {int(row["number"]) for row in played.rows["article"] if row["isNOS"]}


def observed_days(played: Played) -> dict[int, list[int]]:
    """Return days from order to delivery by supplier: one for each day on which an order's goods came."""
    nos = never_out(played)
    deliveries = {
        (line.supplier, line.order, min(line.arrives, played.today), line.ordered)
        for line in order_lines(played)
        if line.delivered > 0 and line.size[0] in nos
    }
    found = defaultdict(list)
    for supplier, _, came, ordered in deliveries:
        if 0 <= (came - ordered).days <= 730:
            found[supplier].append((came - ordered).days)
    return dict(found)


def lead_times(played: Played) -> dict[int, tuple[float, float]]:
    """Return mean and deviation by supplier, drawn to those of all suppliers by five deliveries."""
    found = observed_days(played)
    count = sum(map(len, found.values()))
    mean = sum(map(sum, found.values())) / count
    within = {key: variance(values) if len(values) > 1 else 0 for key, values in found.items()}
    spread = sum((len(values) - 1) * within[key] for key, values in found.items()) / (count - len(found))
    times = {}
    for supplier in {line.supplier for line in order_lines(played)}:
        values = found.get(supplier, [])
        degrees = max(len(values) - 1, 0)
        times[supplier] = (
            (sum(values) + PRIOR_DELIVERIES * mean) / (len(values) + PRIOR_DELIVERIES),
            sqrt(
                (degrees * within.get(supplier, 0) + PRIOR_DELIVERIES * spread) / (degrees + PRIOR_DELIVERIES)
            ),
        )
    return times


def test_a_suppliers_lead_time_is_that_of_its_deliveries_and_of_all(played: Played) -> None:
    rows = played.query("select * from analytics.supplier_lead_time")

    found = {row["supplier_number"]: (row["lead_time_days"], row["lead_time_deviation_days"]) for row in rows}
    expected = lead_times(played)
    assert found.keys() == expected.keys()
    for supplier, times in expected.items():
        assert found[supplier] == pytest.approx(times, abs=1e-3)


def test_a_suppliers_deliveries_took_what_their_days_say(played: Played) -> None:
    rows = played.query("select * from analytics.supplier_lead_time")
    observed = observed_days(played)

    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        values = observed.get(row["supplier_number"], [])
        assert row["deliveries"] == len(values)
        mean = pytest.approx(fmean(values), abs=1e-3) if values else None
        deviation = pytest.approx(sqrt(variance(values)), abs=1e-3) if len(values) > 1 else None
        assert row["observed_days"] == mean
        assert row["observed_deviation_days"] == deviation


def test_a_suppliers_deliveries_and_backlog_are_the_orders(played: Played) -> None:
    rows = played.query("select * from analytics.supplier_lead_time")

    delivered: dict[int, float] = defaultdict(float)
    overdue: dict[int, float] = defaultdict(float)
    filled: dict[int, float] = defaultdict(float)
    finished: dict[int, float] = defaultdict(float)
    for line in order_lines(played):
        delivered[line.supplier] += line.delivered
        if line.backlog == 0:
            finished[line.supplier] += line.amount
            filled[line.supplier] += min(line.delivered, line.amount)
        elif line.arrives < played.today:
            overdue[line.supplier] += line.backlog
    for row in rows:
        supplier = row["supplier_number"]
        assert row["units_received"] == delivered[supplier]
        assert row["overdue_units"] == overdue[supplier]
        rate = filled[supplier] / finished[supplier] if finished[supplier] else None
        assert row["delivered_share"] == (None if rate is None else pytest.approx(rate))


def test_a_position_counts_what_is_on_order_by_when_it_comes(played: Played) -> None:
    times, suppliers = lead_times(played), {}
    for row in played.rows["article"]:
        suppliers[row["number"]] = row["supplierNumber"]
    expected: dict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    arrivals: dict[tuple[Any, ...], list[date]] = defaultdict(list)
    for line in order_lines(played):
        if line.backlog == 0:
            continue
        lead = times[suppliers[line.size[0]]][0]
        late, left = (played.today - line.arrives).days, (line.arrives - played.today).days
        expected[line.size][0] += line.backlog
        if late > ceil(lead):
            expected[line.size][3] += line.backlog
            continue
        arrivals[line.size].append(line.arrives)
        expected[line.size][1] += line.backlog if left <= lead else 0
        expected[line.size][2] += line.backlog if left <= ceil(lead + REVIEW_DAYS) else 0

    rows = played.query("select * from analytics.inventory_position")
    columns = ("on_order", "on_order_in_lead_time", "on_order_in_time", "on_order_unconfirmed")
    found = {
        (row["article_number"], row["article_size_number"], row["branch_number"]): [
            row[name] for name in columns
        ]
        for row in rows
        if row["on_order"]
    }
    assert len(expected) > 20
    assert found == dict(expected)
    due = {(row["article_number"], row["article_size_number"], row["branch_number"]): row for row in rows}
    for key, days in arrivals.items():
        assert due[key]["next_arrival_on"] == min(days)
        assert float(due[key]["available"]) == float(due[key]["free_stock"]) + expected[key][2]


def test_a_positions_stock_and_sales_are_the_shops(played: Played) -> None:
    rows = played.query("select * from analytics.inventory_position")
    stock = {
        (row["articleNumber"], row["number"], row["branchNumber"]): (
            row["stockQuantity"],
            row["selectionQuantity"],
        )
        for row in played.rows["articlesize"]
    }
    this_week = monday(played.today)
    sold: dict[tuple[Any, ...], float] = defaultdict(float)
    for row, _ in goods_of(played):
        if this_week - 13 * WEEK <= day(row["date"]) < this_week:
            sold[row["articleNumber"], row["articleSizeNumber"], row["branchNumber"]] += row["quantity"]

    assert len(rows) > 500
    for row in rows:
        key = (row["article_number"], row["article_size_number"], row["branch_number"])
        on_hand, on_approval = stock.get(key, (0, 0))
        weekly = max(sold[key], 0) / 13
        assert (row["on_hand"], row["on_approval"]) == (on_hand, on_approval), key
        assert row["free_stock"] == max(on_hand - on_approval, 0)
        assert row["average_weekly_units"] == pytest.approx(weekly), key
        days = max(on_hand - on_approval, 0) * 7 / weekly if weekly else None
        assert row["days_of_supply_at_past_sales"] == (None if days is None else pytest.approx(days)), key
        assert row["is_negative_stock"] == (on_hand < 0)


def test_customers_of_the_played_shop_try_goods_at_home(played: Played) -> None:
    assert sum(row["selectionQuantity"] for row in played.rows["articlesize"]) > 10


def test_a_position_is_named_and_valued_as_its_masters_say(played: Played) -> None:
    rows = played.query("select * from analytics.inventory_position")
    sizes = {size_key(row): row for row in played.rows["articlesize"]}
    price = {
        number: known_price(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()
    }

    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        size = sizes[row["article_number"], row["article_size_number"], row["branch_number"]]
        free = max(money(size["stockQuantity"]) - money(size["selectionQuantity"]), 0)
        assert row["size"] == (size["size"] or None)
        cost = price[row["article_number"]]
        assert row["stock_value"] == (None if cost is None else free * cost)


def test_a_position_is_stocked_out_where_nothing_is_free_of_what_is_wanted(played: Played) -> None:
    """Whether a size is wanted is computed in test_article_life.py, its pace above."""
    nos = never_out(played)
    wanted = {
        (row["article_number"], row["article_size_number"], row["branch_number"]): row["is_wanted"]
        for row in played.query("select * from analytics.article_life")
    }
    free = free_of(played)
    rows = played.query("select * from analytics.inventory_position")

    assert {row["is_stocked_out"] for row in rows} == {True, False}
    for row in rows:
        key = (row["article_number"], row["article_size_number"], row["branch_number"])
        sells = row["average_weekly_units"] > 0 or key[0] in nos
        assert row["is_stocked_out"] == (wanted.get(key, True) and free[key] <= 0 and sells), key
