"""Returns by reason, supplier, category and size, against the source's receipts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from line_kinds import money
from played import Played
from source_rows import Size, by_number, day, goods_of, size_key, sold_key

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

GRAIN = ("month_start", "supplier_number", "category_number", "size", "return_reason_number")


@dataclass
class Back:
    """What came back in one row: units, money, and days since each unit's size was last sold."""

    units: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    days: list[int] = field(default_factory=list)


def sale_days(played: Played) -> dict[Size, list[date]]:
    """Return the days on which each size was sold in a branch."""
    found: dict[Size, list[date]] = defaultdict(list)
    for line, _ in goods_of(played):
        if line["quantity"] > 0:
            found[sold_key(line)].append(day(line["date"]))
    return found


def returns_of(played: Played) -> dict[tuple[Any, ...], Back]:
    """Return what came back by the grain of the mart."""
    articles, sold = by_number(played.rows["article"]), sale_days(played)
    names = {size_key(row)[:2]: row["size"] for row in played.rows["articlesize"]}
    found: dict[tuple[Any, ...], Back] = defaultdict(Back)
    for line, _ in goods_of(played):
        if line["quantity"] < 0:
            article, size, at = articles[int(line["articleNumber"])], sold_key(line), day(line["date"])
            levels = article["supplierNumber"], article["categoryNumber"], names[size[:2]]
            back = found[at.replace(day=1), *levels, line["returnReasonNumber"]]
            back.units -= money(line["quantity"])
            back.paid -= money(line["salePrice"])
            earlier = [each for each in sold[size] if each <= at]
            back.days += [(at - max(earlier)).days] * -int(line["quantity"]) if earlier else []
    return dict(found)


def test_returns_add_up_by_supplier_category_size_and_reason(played: Played) -> None:
    categories, suppliers = by_number(played.rows["category"]), by_number(played.rows["supplier"])
    expected = returns_of(played)

    rows = played.query("select * from analytics.returns_by_reason")

    found = {tuple(row[name] for name in GRAIN): row for row in rows}
    assert found.keys() == expected.keys()
    played.shows(len({key[-1] for key in expected}) > 2)
    for key, back in expected.items():
        assert found[key] == found[key] | {
            "tenant_id": "mini",
            "supplier_name": suppliers[key[1]]["name1"],
            "category_name": categories[key[2]]["name"],
            "returned_units": back.units,
            "returned_revenue": back.paid,
        }


def test_a_months_returns_are_shares_of_all_that_came_back(played: Played) -> None:
    expected = returns_of(played)
    units: dict[date, Decimal] = defaultdict(Decimal)
    paid: dict[date, Decimal] = defaultdict(Decimal)
    for key, back in expected.items():
        units[key[0]] += back.units
        paid[key[0]] += back.paid

    for row in played.query("select * from analytics.returns_by_reason"):
        back = expected[tuple(row[name] for name in GRAIN)]
        share = float(back.units / units[row["month_start"]])
        assert row["share_of_returned_units"] == pytest.approx(share, abs=1e-6)
        share = float(back.paid / paid[row["month_start"]])
        assert row["share_of_returned_revenue"] == pytest.approx(share, abs=1e-6)


def test_a_return_is_dated_by_the_last_sale_of_its_size_in_the_branch(played: Played) -> None:
    expected = returns_of(played)

    rows = played.query("select * from analytics.returns_by_reason")

    assert any(back.days for back in expected.values())
    for row in rows:
        days = expected[tuple(row[name] for name in GRAIN)].days
        mean = pytest.approx(sum(days) / len(days), abs=1e-6) if days else None
        assert row["days_since_sale"] == mean
