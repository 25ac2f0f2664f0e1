"""Real sales become ProHandel rows without losing, repairing or inventing any."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from prohandel_simulator.world import World, _in_memory
from prohandel_simulator.worlds import calendar, giftware, giftware_source

TODAY = date(2026, 3, 4)
CODES = [
    "85123A",
    "85123a",
    "23166",
    "22423",
    "20713",
    "21080",
    "22998",
    "POST",
    "M",
    "B",
    "BANK CHARGES",
    "84077",
]


@pytest.fixture(scope="module")
def source() -> pa.Table:
    table = pq.read_table(giftware_source.PARQUET)
    return table.filter(pc.is_in(table["stock_code"], pa.array(CODES)))


@pytest.fixture(scope="module")
def rows(source, tmp_path_factory):
    path = tmp_path_factory.mktemp("giftware") / "slice.parquet"
    pq.write_table(source, path)
    data = giftware.generate("giftware", 7, calendar.day_number(TODAY), path=path)
    world = World("giftware", 7, data.zone, data.starts_on, _in_memory(data, 7, "UTC"), data.state)
    return {name: json.loads(found.page(found.visible)) for name, found in world.collections.items()}


def test_every_source_line_is_one_sale_line_with_its_quantity_and_amount(source, rows):
    lines = source.to_pylist()
    expected = Counter(
        (
            int(line["invoice_no"][-6:]) + 1_000_000,
            line["quantity"],
            round(line["unit_price_gbp"] * 100) * line["quantity"],
        )
        for line in lines
    )

    found = Counter(
        (row["receiptNumber"], int(row["quantity"]), round(row["salePrice"] * 100)) for row in rows["sale"]
    )

    assert found == expected


def test_cancellations_are_returns_and_all_other_lines_are_sales(source, rows):
    cancelled = sum(line.startswith("C") for line in source["invoice_no"].to_pylist())

    returns = [row for row in rows["sale"] if row["type"] == 1]

    assert len(returns) == cancelled > 0
    assert all(row["paymentOptionNumber"] == 99 and row["quantity"] < 0 for row in returns)
    assert {row["type"] for row in rows["sale"]} == {0, 1}
    assert any(row["quantity"] < 0 and row["salePrice"] == 0 for row in rows["sale"] if row["type"] == 0)


def test_weeks_are_shifted_whole_so_that_the_last_one_was_last_week(source, rows):
    first, last = (min(row["date"] for row in rows["sale"]), max(row["date"] for row in rows["sale"]))
    stamps = source["invoice_ts"].to_pylist()

    assert date.fromisoformat(last[:10]) == date(2026, 2, 27)
    assert date.fromisoformat(first[:10]).weekday() == min(stamps).weekday()
    assert (date.fromisoformat(first[:10]) - min(stamps).date()).days % 7 == 0


def test_letters_of_a_code_do_not_make_a_second_article(rows):
    codes = [row["supplierArticleNumber"] for row in rows["article"]]

    assert sorted(codes) == sorted({code.upper() for code in CODES})


def test_codes_that_are_no_articles_are_services_without_stock(rows):
    service = {row["number"] for row in rows["category"] if row["isServiceCategory"]}
    found = {row["supplierArticleNumber"]: row for row in rows["article"] if row["categoryNumber"] in service}

    assert set(found) == {"POST", "M", "B", "BANK CHARGES"}
    numbers = {row["number"] for row in found.values()}
    assert all(row["stockQuantity"] == 0 for row in rows["articlesize"] if row["articleNumber"] in numbers)


def test_receipt_keys_are_unique_although_duplicates_stay(source, rows):
    keys = [(row["receiptNumber"], row["receiptPosition"]) for row in rows["sale"]]
    receipts = defaultdict(set)
    for row in rows["sale"]:
        receipts[row["receiptNumber"]].add((row["date"], row["time"], row["customerNumber"]))

    assert len(set(keys)) == len(keys) == len(source)
    assert all(len(facts) == 1 for facts in receipts.values())


def test_line_prices_add_up(rows):
    for row in rows["sale"]:
        if row["labelPrice"]:
            left = row["labelPrice"] * row["quantity"] - row["deduction"] - row["discount"]
            assert left == pytest.approx(row["salePrice"], abs=0.01)


def test_customers_are_numbers_of_seven_or_eight_digits_or_unknown(source, rows):
    known = {row["number"] for row in rows["customer"]}
    anonymous = sum(customer is None for customer in source["customer_id"].to_pylist())

    assert sum(row["customerNumber"] == 0 for row in rows["sale"]) == anonymous
    assert all(row["customerNumber"] in known | {0} for row in rows["sale"])
    assert all(len(str(number)) in (7, 8) for number in known)


def test_stock_is_goods_received_minus_net_sales_and_never_negative_at_night(rows):
    service = {row["number"] for row in rows["article"] if row["categoryNumber"] == 9910}
    daily = defaultdict(lambda: defaultdict(float))
    for order in rows["order"]:
        for one in order["positions"]:
            daily[one["articleNumber"]][one["expectedArrival"]] += one["deliveredAmount"]
    for row in rows["sale"]:
        daily[row["articleNumber"]][row["date"]] -= row["quantity"]

    for row in rows["articlesize"]:
        if row["articleNumber"] in service:
            continue
        moves = daily[row["articleNumber"]]
        levels = [sum(moves[day] for day in sorted(moves)[: place + 1]) for place in range(len(moves))]
        assert min(levels) >= 0
        assert levels[-1] == row["stockQuantity"]
