"""Sales at the levels of a fashion buyer, against the source's receipts and masters."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from levels import levels_of
from line_kinds import Row, money
from played import Played
from source_rows import by_number, day, goods_of, tills_name_staff

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

ZERO = Decimal(0)
GRAIN = (
    *("month_start", "season_number", "category_number", "is_nos", "supplier_number", "colour"),
    "price_tier",
)


@dataclass
class Cell:
    """What the lines of one row add up to."""

    articles: set[int] = field(default_factory=set)
    sold: Decimal = ZERO
    returned: Decimal = ZERO
    amount: Decimal = ZERO
    discount: Decimal = ZERO
    cost: Decimal = ZERO
    staff: Decimal = ZERO

    def add(self, line: Row) -> None:
        """Add a line."""
        units = money(line["quantity"])
        self.articles.add(int(line["articleNumber"]))
        self.sold += max(units, ZERO)
        self.returned += max(-units, ZERO)
        self.amount += money(line["salePrice"])
        self.discount += money(line["discount"]) + money(line["deduction"])
        self.cost += money(line["purchasePrice"])
        self.staff += money(line["salePrice"]) if line["type"] in (2, 3) else ZERO


def share(part: Decimal, whole: Decimal) -> Any:
    """Return a share from 0 to 1, None where it would be none."""
    return pytest.approx(float(part / whole), abs=1e-6) if whole > 0 and 0 <= part <= whole else None


def test_sales_add_up_by_season_category_supplier_colour_and_price_tier(played: Played) -> None:
    articles, names_staff = by_number(played.rows["article"]), tills_name_staff(played)
    cells: dict[tuple[Any, ...], Cell] = defaultdict(Cell)
    for line, _ in goods_of(played):
        cells[levels_of(articles.get(int(line["articleNumber"])), day(line["date"]))].add(line)

    rows = played.query("select * from analytics.sales_by_season")

    found = {tuple(row[name] for name in GRAIN): row for row in rows}
    assert found.keys() == cells.keys()
    played.shows(len({key[-1] for key in cells}) > 2)
    for key, cell in cells.items():
        row, over = found[key], (key[0] + timedelta(days=31)).replace(day=1) <= played.today
        assert row == row | {
            "tenant_id": "mini",
            "is_month_over": over,
            "articles_sold": len(cell.articles),
            "units": cell.sold - cell.returned,
            "gross_units": cell.sold,
            "returned_units": cell.returned,
            "revenue": cell.amount,
            "discount": cell.discount,
            "discount_rate": share(cell.discount, cell.amount + cell.discount),
            "staff_revenue": cell.staff if names_staff else None,
            "staff_share": share(cell.staff, cell.amount) if names_staff else None,
        }
        reasons = {
            "more came back than was sold": cell.amount < 0,
            "more discounts came back than were given": cell.discount < 0,
            "the source names no staff purchases": not names_staff,
            "more staff purchases came back than were made, or goods than others bought": not (
                0 <= cell.staff <= cell.amount
            ),
            "nothing was paid": cell.amount == 0,
            "more cost came back than was sold": row["margin_note"] is None and row["margin_rate"] is None,
        }
        assert row["rate_note"] == next((why for why, holds in reasons.items() if holds), None), key


def test_seasons_categories_and_suppliers_are_named_as_their_masters_say(played: Played) -> None:
    categories, suppliers = by_number(played.rows["category"]), by_number(played.rows["supplier"])
    seasons = by_number(played.rows["season"], "seasonNumber")

    rows = played.query("select * from analytics.sales_by_season")

    for row in rows:
        category, season = categories[row["category_number"]], seasons.get(row["season_number"])
        assert row == row | {
            "season_name": season and season["name"],
            "category_name": category["name"],
            "general_category_number": category["generalCategoryNumber"],
            "main_category_number": category["mainCategoryNumber"],
            "department_number": category["departmentNumber"] or None,
            "supplier_name": suppliers[row["supplier_number"]]["name1"],
        }
