"""Facts that must hold in the fashion world: identities of stock and money, opening days, stock-outs."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

import holidays
import pytest

from prohandel_simulator.testing import DEFAULT_TODAY


@pytest.fixture(scope="module")
def rows(client):
    return {
        name: client.rows(name)
        for name in ("sale", "articlesize", "article", "branch", "order", "category", "staff")
    }


def stock_moves(rows):
    """Yield (article, branch, size), day, and units in (+) or out (-)."""
    size = {row["number"]: row["size"] for row in rows["articlesize"]}
    for order in rows["order"]:
        for one in order["positions"]:
            if one["deliveredAmount"]:
                key = (one["articleNumber"], one["branchNumber"], one["size"])
                yield key, one["expectedArrival"], one["deliveredAmount"]
    for row in rows["sale"]:
        key = (row["articleNumber"], row["branchNumber"], size[row["articleSizeNumber"]])
        yield key, row["date"], -row["quantity"]


def check_stock(rows):
    ledger, daily = defaultdict(float), defaultdict(lambda: defaultdict(float))
    for key, day, units in stock_moves(rows):
        ledger[key] += units
        daily[key][day] += units
    for row in rows["articlesize"]:
        key = (row["articleNumber"], row["branchNumber"], row["size"])
        assert row["stockQuantity"] == ledger[key], key
    for key, moves in daily.items():
        level = 0.0
        for day in sorted(moves):
            level += moves[day]
            assert level >= 0, (key, day)


def test_stock_is_goods_received_minus_net_sales_and_never_negative(rows):
    check_stock(rows)


def test_stock_stays_explained_when_the_clock_moves(own_client):
    own_client.simulator.post("/_simulator/mini/silent_deletes", {"on": True})
    own_client.simulator.advance(24 * 20)

    check_stock({name: own_client.rows(name) for name in ("sale", "articlesize", "order")})


def test_line_prices_add_up_except_where_the_label_price_is_zero(rows):
    unlabelled = [row for row in rows["sale"] if row["labelPrice"] == 0]

    for row in rows["sale"]:
        if row["labelPrice"]:
            left = row["labelPrice"] * row["quantity"] - row["deduction"] - row["discount"]
            assert left == pytest.approx(row["salePrice"], abs=0.01)
    assert 0.005 < len(unlabelled) / len(rows["sale"]) < 0.03
    assert all(row["discount"] == row["deduction"] == 0 and row["salePrice"] for row in unlabelled)


def test_receipt_keys_are_unique_and_a_receipt_is_one_sale(rows):
    receipts = defaultdict(list)
    for row in rows["sale"]:
        receipts[row["branchNumber"], row["date"], row["receiptNumber"]].append(row)

    for lines in receipts.values():
        assert len({line["receiptPosition"] for line in lines}) == len(lines)
        for name in ("time", "type", "customerNumber", "paymentOptionNumber", "cashRegisterNumber"):
            assert len({line[name] for line in lines}) == 1, name
    assert all(str(row["receiptNumber"]).startswith(str(row["cashRegisterNumber"])) for row in rows["sale"])


def test_reversals_mirror_their_lines_on_the_same_receipt(rows):
    lines = {(row["receiptNumber"], row["receiptPosition"]): row for row in rows["sale"]}
    reversals = [row for row in rows["sale"] if row["receiptPosition"] > 500_000]

    assert reversals
    for row in reversals:
        original = lines[row["receiptNumber"], row["receiptPosition"] - 500_000]
        assert row["type"] == original["type"]
        for name in ("quantity", "salePrice", "discount", "deduction", "purchasePrice"):
            assert row[name] == -original[name]


def test_kinds_of_lines_occur_as_recorded(rows):
    kinds = Counter(row["type"] for row in rows["sale"])
    staff = {row["number"] for row in rows["staff"]}

    assert kinds[0] > 0.8 * len(rows["sale"])
    assert min(kinds[kind] for kind in (1, 2, 3)) > 0
    assert all(
        row["quantity"] == -1 and row["paymentOptionNumber"] == 99
        for row in rows["sale"]
        if row["type"] in (1, 3)
    )
    assert all(row["customerNumber"] in staff for row in rows["sale"] if row["type"] in (2, 3))
    assert any(
        row["quantity"] < 0 and row["type"] == 0 and row["receiptPosition"] < 500_000 for row in rows["sale"]
    )
    anonymous = sum(row["customerNumber"] == 0 for row in rows["sale"]) / len(rows["sale"])
    assert 0.7 < anonymous < 0.9


def test_sale_lines_point_to_articlesizes_with_13_or_9_digit_numbers(rows):
    numbers = {row["number"] for row in rows["articlesize"]}
    internal = {row["number"] for row in rows["articlesize"] if row["ean"] == ""}

    assert all(row["articleSizeNumber"] in numbers for row in rows["sale"])
    assert all(len(str(int(number))) == (9 if number in internal else 13) for number in numbers)
    assert 0.01 < len(internal) / len(numbers) < 0.15


def test_there_is_one_stock_row_per_article_size_and_branch(rows):
    keys = Counter((row["articleNumber"], row["size"], row["branchNumber"]) for row in rows["articlesize"])
    branches = {row["number"] for row in rows["branch"]}

    assert set(keys.values()) == {1}
    per_size = Counter((article, size) for article, size, _ in keys)
    assert set(per_size.values()) == {len(branches)}


def test_shops_are_closed_on_sundays_and_holidays_and_the_webshop_is_not(rows):
    web = {row["number"] for row in rows["branch"] if row["isWebshop"]}
    closed = holidays.country_holidays("DE", subdiv="BY", years=range(2024, 2027))
    sold = defaultdict(set)
    for row in rows["sale"]:
        sold[row["branchNumber"] in web].add(date.fromisoformat(row["date"][:10]))

    assert not [day for day in sold[False] if day.weekday() == 6 or day in closed]
    assert [day for day in sold[True] if day.weekday() == 6]
    assert max(sold[False]) == DEFAULT_TODAY - timedelta(days=1)


def test_times_are_seconds_within_opening_hours(rows):
    web = {row["number"] for row in rows["branch"] if row["isWebshop"]}

    assert all(36_000 <= row["time"] < 68_400 for row in rows["sale"] if row["branchNumber"] not in web)
    assert all(0 <= row["time"] < 86_400 for row in rows["sale"])


def test_demand_is_lost_exactly_where_stock_ran_out(client, rows):
    daily = defaultdict(lambda: defaultdict(float))
    for key, day, units in stock_moves(rows):
        daily[key][day] += units
    ran_out = set()
    for key, moves in daily.items():
        levels = [sum(moves[day] for day in sorted(moves)[: place + 1]) for place in range(len(moves))]
        if 0 in levels:
            ran_out.add(key)
    lost = client.simulator.world("mini").state["row_lost"]
    keys = [(row["articleNumber"], row["branchNumber"], row["size"]) for row in rows["articlesize"]]

    assert 0.02 * len(rows["sale"]) < lost.sum() < 0.5 * len(rows["sale"])
    assert not [key for key, units in zip(keys, lost, strict=True) if units and key not in ran_out]
    assert [key for key in keys if key in daily and key not in ran_out], "some articles never run out"


def test_basics_stand_beside_collections_that_end(rows):
    basics = {row["number"] for row in rows["article"] if row["isNOS"]}
    last = {}
    for row in rows["sale"]:
        last[row["articleNumber"]] = max(row["date"], last.get(row["articleNumber"], ""))
    recent = (DEFAULT_TODAY - timedelta(days=42)).isoformat()

    assert 4 <= len(basics) < 40
    assert all(row["seasonNumber"] == 0 for row in rows["article"] if row["isNOS"])
    assert all(row["seasonNumber"] > 0 for row in rows["article"] if not row["isNOS"])
    assert all(day >= recent for number, day in last.items() if number in basics)
    assert any(day < recent for number, day in last.items() if number not in basics)


def test_markdowns_lower_the_price_and_show_as_discount(rows):
    reduced = [row for row in rows["article"] if row["price"] < row["calculatedPrice"]]

    assert reduced
    assert all(row["price"] == row["labelPrice"] for row in rows["article"])
    assert any(row["discount"] > 0 for row in rows["sale"])


def test_category_numbers_carry_their_hierarchy(rows):
    for row in rows["category"]:
        assert row["mainCategoryNumber"] == row["number"] // 100
        assert row["generalCategoryNumber"] == row["number"] // 10
