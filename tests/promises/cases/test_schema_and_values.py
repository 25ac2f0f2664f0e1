"""Fields that appear, vanish or change name or type, and unusual values: by policy, on record, nothing guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from decimal import Decimal
from typing import Any

import pytest
from edits import Edits, wire_rows
from quick_retailer import QuickRetailer

from prohandel_simulator.testing import RunningSimulator


def _without(fields: Collection[str], row: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in row.items() if field not in fields}


def changelog(retailer: QuickRetailer) -> list[tuple[Any, ...]]:
    rows = retailer.query(
        "select resource, column_name, change, row_count, run_id from ops.schema_drift order by column_name"
    )
    return [tuple(row.values()) for row in rows]


def test_a_renamed_field_is_two_lines_in_the_changelog_and_comes_back_once_declared(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    before = retailer.run("r1", "sale")["sale"]

    def renamed(row: dict[str, Any]) -> dict[str, Any]:
        return {("rebate" if name == "discount" else name): value for name, value in row.items()}

    for run_id in ("r2", "r3"):
        plan = retailer.begin(run_id)
        with wire_rows(source, "sale", renamed):
            rows = retailer.load(*retailer.extract(plan, "sale"))["sale"]

    assert (rows.extracted, rows.quarantined) == (before.extracted, 0)
    assert changelog(retailer) == [
        ("sale", "discount", "vanished", before.extracted, "r2"),
        ("sale", "rebate", "appeared", before.extracted, "r2"),
    ]
    truth = retailer.truth("sale")
    kept = {row["id"]: row["_extra"] for row in retailer.query("select id, _extra from raw.sale")}
    assert {key: json.loads(kept[key]) for key in truth} == {key: {"rebate": "number"} for key in truth}
    retailer.run("r4", "sale")
    assert retailer.differences("sale") == []


def test_a_field_that_returned_and_vanishes_again_is_reported_again(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    for run_id, fields in (("r1", {}), ("r2", {"discount"}), ("r3", {}), ("r4", {}), ("r5", {"discount"})):
        plan = retailer.begin(run_id)
        with wire_rows(source, "sale", lambda row, fields=fields: _without(fields, row)):
            retailer.load(*retailer.extract(plan, "sale"))

    news = {run_id: (column, change) for _, column, change, _, run_id in changelog(retailer)}
    assert news == {
        "r2": ("discount", "vanished"),
        "r3": ("discount", "returned"),
        "r5": ("discount", "vanished"),
    }


def test_a_field_that_appears_is_kept_by_name_and_type(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    sales.add("new", wire=lambda text: text[:-1] + ',"tier":{"name":"gold","since":[2024,1]}}')

    retailer.run("r1", "sale")

    [row] = retailer.query("select _extra from raw.sale where id = 'new'")
    assert json.loads(row["_extra"]) == {"tier": "object"}
    assert changelog(retailer) == [("sale", "tier", "appeared", 1, "r1")]
    assert retailer.differences("sale") == []


def test_a_field_that_changes_its_type_quarantines_its_rows_and_raw_keeps_the_old(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    retailer.run("r1", "sale")
    known = retailer.raw("sale")
    plan = retailer.begin("r2")

    with wire_rows(source, "sale", lambda row: {**row, "salePrice": f"{row['salePrice']} EUR"}):
        rows = retailer.load(*retailer.extract(plan, "sale"))["sale"]

    assert rows.quarantined == rows.extracted == len(known)
    assert rows.deleted == 0
    assert retailer.raw("sale") == known
    assert changelog(retailer) == [("sale", "salePrice", "retyped", len(known), "r2")]
    reasons = retailer.query("select distinct regexp_extract(reason, '^[^,]*') as reason from ops.quarantine")
    assert reasons == [{"reason": "field 'salePrice': expected a number with two decimals"}]
    retailer.run("r3", "sale")
    assert retailer.differences("sale") == []


def test_a_code_that_was_never_seen_before_is_loaded_as_it_is(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    Edits(source, "sale").add("new", type=99)

    rows = retailer.run("r1", "sale")

    assert rows["sale"].quarantined == 0
    assert retailer.raw("sale")["new"]["type"] == 99


BAD = {
    "date without sense": '"date":"2026-02-31T00:00:00"',
    "another way to write a date": '"date":"31.12.2025"',
    "decimal comma": '"salePrice":"12,50"',
    "thousands": '"salePrice":"1.250.00"',
    "text in a number": '"quantity":"two"',
    "a third decimal": '"salePrice":12.345',
    "too long for its type": '"salePrice":99999999999999999999.00',
    "a number for a flag": '"isDeleted":1',
    "a list for a number": '"quantity":[1]',
    "instant in words": '"lastChange":"yesterday"',
}


def with_value(text: str) -> Any:
    """Return a rewriting of a row's text that gives one field another value."""
    name = text.partition(":")[0]
    return lambda row: re.sub(rf"{name}:[^,}}]*", lambda _: text, row, count=1)


def test_rows_with_unusable_values_are_quarantined_with_reason_and_the_others_load(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    good = set(sales.ids)
    for name, text in BAD.items():
        sales.add(name, wire=with_value(text))

    rows = retailer.run("r1", "sale")["sale"]

    assert retailer.raw("sale").keys() == good
    assert (rows.extracted, rows.loaded, rows.quarantined) == (len(good) + len(BAD), len(good), len(BAD))
    found = retailer.query("select source_id, reason, payload from ops.quarantine")
    assert {row["source_id"] for row in found} == BAD.keys()
    for row in found:
        field, value = BAD[row["source_id"]].split(":", 1)
        assert row["reason"].startswith(f"field '{field[1:-1]}': expected")
        assert f"{field}:{value}" in row["payload"], "the row is not kept whole"


UNUSUAL = [
    "line\nbreak\r\n and tab\t",
    "quotes \" ' ` and a \\ backslash",
    "emoji \U0001f455\U0001f1e9\U0001f1ea e\u0301 \u202eright to left",
    "'); drop table raw.article; --",
    "comma, semicolon; pipe | and {{ braces }} ${HOME} %s",
    "long " + "x" * 65_000,
    "   padded   ",
    "",
]


def test_odd_texts_arrive_as_they_were_written(retailer: QuickRetailer, source: RunningSimulator) -> None:
    articles = Edits(source, "article")
    for number, text in enumerate(UNUSUAL):
        articles.add(f"unusual-{number}", text1=text, number=9_000_000 + number)

    retailer.run("r1", "article")

    raw = retailer.raw("article")
    assert [raw[f"unusual-{number}"]["text1"] for number in range(len(UNUSUAL))] == UNUSUAL
    assert retailer.differences("article") == []
    assert retailer.query("select count(*) as n from ops.quarantine") == [{"n": 0}]


BROKEN = {
    "half a surrogate pair": b'"currencyNumber":"\\ud800"',
    "not UTF-8": b'"currencyNumber":"M\xfcnchen"',
    "beyond a double": b'"salePrice":1e999',
    "control character": b'"currencyNumber":"a\x01b"',
}


def test_values_that_no_decoder_likes_are_quarantined_and_their_page_is_read(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    good = {*sales.ids, sales.add("line without escape")}
    for name in BROKEN:
        sales.add(name)
    texts = {"line without escape": b'"currencyNumber":"a\nb"', **BROKEN}
    for name, text in texts.items():
        field = text.partition(b":")[0]
        sales.rewrite(
            name, lambda row, field=field, text=text: re.sub(field + b":[^,}]*", lambda _: text, row)
        )

    rows = retailer.run("r1", "sale")["sale"]

    assert retailer.raw("sale").keys() == good
    assert rows.quarantined == len(BROKEN)
    assert {
        row["source_id"] for row in retailer.query("select source_id from ops.quarantine")
    } == BROKEN.keys()


def test_long_numbers_and_codes_with_leading_zeros_keep_every_digit(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sizes = Edits(source, "articlesize")
    codes = ["0012345678905", "00000000", "4006381333931", "0"]
    for number, ean in enumerate(codes):
        sizes.add(f"size-{number}", ean=ean)
    sizes.add("written as a number", wire=with_value('"ean":4006381333931.0'))
    sales = Edits(source, "sale")
    sales.add("large", wire=with_value('"articleNumber":9007199254740993.0'))
    prices = {"cent": "0.01", "large price": "9999999.99", "negative": "-9999999.93"}
    for key, price in prices.items():
        sales.add(key, wire=with_value(f'"salePrice":{price}'))

    retailer.run("r1", "articlesize", "sale")

    raw, sold = retailer.raw("articlesize"), retailer.raw("sale")
    assert [raw[f"size-{number}"]["ean"] for number in range(len(codes))] == codes
    assert raw["written as a number"]["ean"] == "4006381333931"
    assert sold["large"]["article_number"] == 9007199254740993
    assert {key: sold[key]["sale_price"] for key in prices} == {k: Decimal(p) for k, p in prices.items()}


@pytest.mark.parametrize(
    ("key", "expectation"),
    [
        ("null", "a non-empty key"),
        ('""', "a non-empty key"),
        ("17", "a non-empty key"),
        ('" padded "', "a key without spaces around it"),
    ],
)
def test_a_row_without_a_usable_key_is_quarantined_and_the_others_load(
    retailer: QuickRetailer, source: RunningSimulator, key: str, expectation: str
) -> None:
    sales = Edits(source, "sale")
    good = set(sales.ids)
    sales.add("no key", wire=with_value(f'"id":{key}'))

    rows = retailer.run("r1", "sale")["sale"]

    assert retailer.raw("sale").keys() == good
    assert rows.quarantined == 1
    assert retailer.query("select reason from ops.quarantine") == [
        {"reason": f"field 'id': expected {expectation}"}
    ]


def test_keys_are_what_the_source_writes_and_never_folded(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    keys = [sales.add(key, salePrice=n) for n, key in enumerate(["key", "KEY", "k\u00e9y"], start=1)]
    retailer.run("r1", "sale")

    sales.change("KEY", salePrice=50.00)
    rows = retailer.run("r2", "sale")["sale"]

    raw = retailer.raw("sale")
    assert [raw[key]["sale_price"] for key in keys] == [1, 50, 3]
    assert (rows.loaded, rows.deleted) == (1, 0)
    assert retailer.differences("sale") == []


def test_positions_that_become_empty_or_null_are_deleted_and_come_back(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    """Their order stays."""
    orders = Edits(source, "order")
    emptied, nulled, shortened = [
        row["id"] for row in map(orders.row, orders.ids) if len(row["positions"]) > 1
    ][:3]
    originals = {key: orders.row(key)["positions"] for key in (emptied, nulled, shortened)}
    retailer.run("r1", "order")
    orders.change(emptied, positions=[])
    orders.change(shortened, positions=originals[shortened][1:])
    plan = retailer.begin("r2")

    def null(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "positions": None} if row["id"] == nulled else row

    with wire_rows(source, "order", null):
        rows = retailer.load(*retailer.extract(plan, "order"))

    deleted = len(originals[emptied]) + len(originals[nulled]) + 1
    assert rows["order.positions"].deleted == deleted
    assert {emptied, nulled, shortened} <= retailer.raw("order").keys()
    parents = {row["order_id"] for row in retailer.raw("order.positions").values()}
    assert not {emptied, nulled} & parents
    for key, positions in originals.items():
        orders.change(key, positions=positions)
    retailer.run("r3", "order")
    assert retailer.differences("order") == []
