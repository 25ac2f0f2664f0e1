"""Receipt lines and what marts of sales add up from them, against a plain computation of the source's receipts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from line_kinds import GOODS, Row, classified, known_price, money
from played import Played
from source_rows import WEEK, by_number, day, goods_of, monday, shop_of, year_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

YEAR = 52 * WEEK
ZERO = Decimal(0)


@dataclass
class Total:
    """What lines add up to."""

    lines: int = 0
    sold: Decimal = ZERO
    returned: Decimal = ZERO
    amount: Decimal = ZERO
    discount: Decimal = ZERO
    cost: Decimal = ZERO
    costless: int = 0
    receipts: set[tuple[str, int, int]] = field(default_factory=set)
    receipts_sold: set[tuple[str, int, int]] = field(default_factory=set)
    days: set[date] = field(default_factory=set)

    @property
    def units(self) -> Decimal:
        """Units net of returns."""
        return self.sold - self.returned

    def add(self, line: Row) -> None:
        """Add a line."""
        units, receipt = money(line["quantity"]), (line["date"], line["receiptNumber"], line["branchNumber"])
        self.lines += 1
        self.sold += max(units, ZERO)
        self.returned += max(-units, ZERO)
        self.amount += money(line["salePrice"])
        self.discount += reduced(line)
        self.cost += money(line["purchasePrice"])
        self.costless += not line["purchasePrice"]
        self.receipts.add(receipt)
        if units > 0:
            self.receipts_sold.add(receipt)
        self.days.add(day(line["date"]))


def reduced(line: Row) -> Decimal:
    """Return by how much a line was marked down."""
    return money(line["discount"]) + money(line["deduction"])


def totals(lines: Iterable[tuple[Any, Row]]) -> dict[Any, Total]:
    """Return lines added up by their key."""
    found: dict[Any, Total] = defaultdict(Total)
    for key, line in lines:
        found[key].add(line)
    return dict(found)


def written(line: Row, kind: str) -> dict[str, Any]:
    """Return what the marts of lines say of every line."""
    at = day(line["date"])
    return {
        "tenant_id": "mini",
        "sale_id": line["id"],
        "branch_number": line["branchNumber"],
        "cash_register_number": line["cashRegisterNumber"],
        "receipt_number": line["receiptNumber"],
        "receipt_position": line["receiptPosition"],
        "article_number": int(line["articleNumber"]),
        "scanned_number": int(line["articleSizeNumber"]),
        "sold_on": at,
        "sold_at": datetime(at.year, at.month, at.day) + timedelta(seconds=line["time"]),
        "week_start": monday(at),
        "units": money(line["quantity"]),
        "line_kind": kind,
    }


def differing(rows: list[Row], expected: dict[str, Row]) -> dict[str, Any]:
    """Return the lines whose columns are not the source's."""
    found = {row["sale_id"]: row for row in rows}
    assert found.keys() == expected.keys()
    return {
        key: {name: (found[key][name], value) for name, value in line.items() if found[key][name] != value}
        for key, line in expected.items()
        if any(found[key][name] != value for name, value in line.items())
    }


def test_every_line_of_goods_is_as_the_till_wrote_it(played: Played) -> None:
    rows = played.query("select * from analytics.fct_sales")

    expected = {
        line["id"]: written(line, kind)
        | {
            "revenue": money(line["salePrice"]),
            "discount": reduced(line),
            "is_return": line["quantity"] < 0,
            "is_staff_purchase": line["type"] in (2, 3),
        }
        for line, kind in goods_of(played)
    }
    assert len(expected) > 5_000
    assert differing(rows, expected) == {}


def test_every_other_line_is_apart_as_the_till_wrote_it(played: Played) -> None:
    rows = played.query("select * from analytics.fct_lines_apart")

    expected = {
        line["id"]: written(line, kind)
        | {"amount": money(line["salePrice"]), "cost": known_price(line["purchasePrice"])}
        for line, kind in classified(played.rows["sale"], shop_of(played))
        if kind not in GOODS
    }
    assert len(expected) > 20
    assert differing(rows, expected) == {}


def test_a_line_was_loaded_when_its_row_of_raw_was(played: Played) -> None:
    """Of rows that were read more than once, when the newest version was; that every row is read is a promise."""
    loaded = {row["id"]: row["_loaded_at"] for row in played.query("select id, _loaded_at from raw.sale")}

    assert len(set(loaded.values())) > 1
    for mart in ("fct_sales", "fct_lines_apart"):
        for row in played.query(f"select sale_id, loaded_at from analytics.{mart}"):
            assert row["loaded_at"] == loaded[row["sale_id"]]


def test_a_days_lines_of_a_kind_add_up_by_branch(played: Played) -> None:
    rows = played.query("select * from analytics.sales_by_kind")
    names = ("tenant_id", "is_sale_of_goods", "line_count", "units", "amount", "cost", "lines_without_cost")
    found = {
        (row["sold_on"], row["branch_number"], row["line_kind"]): tuple(row[name] for name in names)
        for row in rows
    }

    sums = totals(
        ((day(line["date"]), line["branchNumber"], kind), line)
        for line, kind in classified(played.rows["sale"], shop_of(played))
    )
    assert found == {
        key: (
            *("mini", key[2] in GOODS, each.lines, each.units, each.amount),
            *(each.cost if each.lines > each.costless else None, each.costless),
        )
        for key, each in sums.items()
    }


def test_a_weeks_sales_by_branch_and_category_add_up(played: Played) -> None:
    rows = played.query("select * from analytics.sales_weekly")
    names = ("is_complete", "receipts", "units", "returned_units", "revenue", "discount", "cost")
    found = {
        (row["week_start"], row["branch_number"], row["category_number"]): tuple(row[name] for name in names)
        for row in rows
    }
    category = {number: row["categoryNumber"] for number, row in by_number(played.rows["article"]).items()}

    sums = totals(
        ((monday(day(line["date"])), line["branchNumber"], category[int(line["articleNumber"])]), line)
        for line, _ in goods_of(played)
    )
    assert {row["tenant_id"] for row in rows} == {"mini"}
    assert found == {
        key: (
            key[0] < monday(played.today),
            len(each.receipts_sold),
            each.units,
            each.returned,
            each.amount,
            each.discount,
            each.cost,
        )
        for key, each in sums.items()
    }


def test_an_articles_sales_of_all_time_add_up(played: Played) -> None:
    names = ("line_count", "units", "revenue", "first_sale_date", "last_sale_date")
    rows = played.query("select * from analytics.article_sales_agg")
    sums = totals((int(line["articleNumber"]), line) for line, _ in goods_of(played))

    assert {row["tenant_id"] for row in rows} == {"mini"}
    assert {row["article_number"]: tuple(row[name] for name in names) for row in rows} == {
        article: (each.lines, each.units, each.amount, min(each.days), max(each.days))
        for article, each in sums.items()
    }


def test_an_articles_names_in_its_sales_are_those_of_its_masters(played: Played) -> None:
    articles = by_number(played.rows["article"])
    categories, suppliers = by_number(played.rows["category"]), by_number(played.rows["supplier"])
    sold = played.query("select * from analytics.article_sales_agg")
    earned = played.query("select * from analytics.product_profitability")

    for row in sold:
        article = articles[row["article_number"]]
        category = categories[article["categoryNumber"]]["name"]
        supplier = suppliers[article["supplierNumber"]]["name1"]
        assert (row["category_name"], row["supplier_name"]) == (category, supplier)
        assert row["article_name"].startswith(f"{article['text1'].strip() or category} {supplier}")
    names = {row["article_number"]: row["article_name"] for row in sold}
    for row in earned:
        article = articles[row["article_number"]]
        assert row["category_number"] == article["categoryNumber"]
        assert row["supplier_number"] == article["supplierNumber"]
        assert row["article_name"] == names[row["article_number"]]


def test_a_days_sales_add_up(played: Played) -> None:
    names = ("tenant_id", "line_count", "units", "revenue")
    rows = played.query("select * from analytics.daily_sales_agg")
    sums = totals((day(line["date"]), line) for line, _ in goods_of(played))

    assert {row["sold_on"]: tuple(row[name] for name in names) for row in rows} == {
        at: ("mini", each.lines, each.units, each.amount) for at, each in sums.items()
    }


def test_an_articles_year_adds_up(played: Played) -> None:
    first, after = year_of(played.today)
    sums = totals(
        (int(line["articleNumber"]), line)
        for line, _ in goods_of(played)
        if first <= day(line["date"]) < after
    )
    rows = played.query("select * from analytics.product_profitability")

    assert {row["tenant_id"] for row in rows} == {"mini"}
    assert {row["article_number"] for row in rows} == set(sums)
    for row in rows:
        each = sums[row["article_number"]]
        assert (row["units"], row["revenue"], row["discount"]) == (each.units, each.amount, each.discount)
        assert row["cost"] == (each.cost if each.lines > each.costless else None)
        full = each.amount + each.discount
        # Sold above the price of the label, or more brought back than sold: no share of anything.
        rated = full > 0 and each.discount >= 0 and each.amount >= 0
        expected = pytest.approx(float(each.discount / full), abs=1e-6) if rated else None
        assert row["discount_rate"] == expected
        reasons = {
            "more came back than was sold": each.amount < 0,
            "more discounts came back than were given": each.discount < 0,
            "nothing was paid": each.amount == 0,
            "more cost came back than was sold": row["margin_note"] is None and row["margin_rate"] is None,
        }
        assert row["rate_note"] == next((why for why, holds in reasons.items() if holds), None)


def test_a_branchs_two_years_add_up(played: Played) -> None:
    """The 52 weeks end on a Sunday; the played shop has 60 weeks, so none of its branches traded through both years."""
    lines = [(day(line["date"]), line["branchNumber"], line) for line, _ in goods_of(played)]
    first, after = year_of(played.today)
    year = totals((branch, line) for at, branch, line in lines if first <= at < after)
    before = totals((branch, line) for at, branch, line in lines if first - YEAR <= at < first)
    first_sale = {
        branch: min(at for at, sold_in, _ in lines if sold_in == branch)
        for branch in year.keys() | before.keys()
    }
    names = {row["number"]: row["name1"] for row in played.rows["branch"]}

    rows = played.query("select * from analytics.branch_performance")
    assert {row["branch_number"] for row in rows} == set(first_sale)
    for row in rows:
        branch = row["branch_number"]
        each, cent = year[branch], Decimal("0.01")
        whole = first_sale[branch] < first - YEAR + timedelta(weeks=1)
        grown = float(each.amount / before[branch].amount) - 1 if whole else None
        assert row == row | {
            "tenant_id": "mini",
            "branch_name": names[branch],
            "revenue": each.amount,
            "revenue_before": before[branch].amount,
            "growth": grown if grown is None else pytest.approx(grown, abs=1e-6),
            "growth_note": None if whole else f"first sale on {first_sale[branch]}",
            "units": each.units,
            "return_rate": pytest.approx(float(each.returned / each.sold), abs=1e-6),
            "receipts": len(each.receipts_sold),
            "revenue_per_receipt": (each.amount / len(each.receipts_sold)).quantize(cent, ROUND_HALF_UP),
        }
