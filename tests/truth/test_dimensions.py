"""Articles, branches and the calendar, against the source's masters and the days of the almanac."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from line_kinds import Row, known_price, money
from played import Played
from source_rows import WEEK, by_number, day, goods_of, monday, shop_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

# Bavaria: Easter is on 20 April 2025 and 5 April 2026. Assumption Day is one only in communities that are mostly
# Catholic, which no region of a tenant file says.
HOLIDAYS = {
    date(2025, 4, 18): "Karfreitag",
    date(2025, 4, 21): "Ostermontag",
    date(2025, 5, 1): "Erster Mai",
    date(2025, 5, 29): "Christi Himmelfahrt",
    date(2025, 6, 9): "Pfingstmontag",
    date(2025, 6, 19): "Fronleichnam",
    date(2025, 10, 3): "Tag der Deutschen Einheit",
    date(2025, 11, 1): "Allerheiligen",
    date(2025, 12, 25): "Erster Weihnachtstag",
    date(2025, 12, 26): "Zweiter Weihnachtstag",
    date(2026, 1, 1): "Neujahr",
    date(2026, 1, 6): "Heilige Drei Könige",
    date(2026, 4, 3): "Karfreitag",
    date(2026, 4, 6): "Ostermontag",
    date(2026, 5, 1): "Erster Mai",
    date(2026, 5, 14): "Christi Himmelfahrt",
    date(2026, 5, 25): "Pfingstmontag",
    date(2026, 6, 4): "Fronleichnam",
    date(2026, 10, 3): "Tag der Deutschen Einheit",
    date(2026, 11, 1): "Allerheiligen",
    date(2026, 12, 25): "Erster Weihnachtstag",
    date(2026, 12, 26): "Zweiter Weihnachtstag",
}
AHEAD, OPEN_WEEKS = timedelta(days=730), 26
YEARS = {when.year for when in HOLIDAYS}


def known(number: int) -> int | None:
    """Return a number of the source, which writes 0 where it knows none."""
    return number or None


def masters_of(played: Played) -> dict[int, Row]:
    """Return every article with what its category, supplier and season are called."""
    categories = by_number(played.rows["category"])
    suppliers = by_number(played.rows["supplier"])
    seasons = by_number(played.rows["season"], "seasonNumber")
    found = {}
    for number, row in by_number(played.rows["article"]).items():
        category = categories.get(row["categoryNumber"], {})
        supplier = suppliers.get(row["supplierNumber"], {})
        parts = [row["text1"].strip() or category.get("name"), supplier.get("name1")]
        parts += [row["supplierArticleNumber"].strip(), row["supplierColor"].strip()]
        found[number] = {
            "article_name": " ".join(part for part in parts if part) or f"Article {number}",
            "category_number": known(row["categoryNumber"]),
            "category_name": category.get("name"),
            "department_number": category.get("departmentNumber"),
            "main_category_number": category.get("mainCategoryNumber"),
            "general_category_number": category.get("generalCategoryNumber"),
            "supplier_number": known(row["supplierNumber"]),
            "supplier_name": supplier.get("name1"),
            "supplier_article_number": row["supplierArticleNumber"].strip() or None,
            "supplier_colour": row["supplierColor"].strip() or None,
            "season_number": known(row["seasonNumber"]),
            "season_name": seasons.get(row["seasonNumber"], {}).get("name"),
            "is_supplier_active": supplier.get("isActive", True),
        }
    return found


def test_an_articles_names_are_those_of_its_masters(played: Played) -> None:
    rows = played.query("select * from analytics.dim_article")
    expected = masters_of(played)

    assert {row["article_number"] for row in rows} == set(expected)
    for row in rows:
        master = expected[row["article_number"]]
        assert {name: row[name] for name in master} == master


def test_an_articles_prices_and_flags_are_those_of_its_master(played: Played) -> None:
    rows = played.query("select * from analytics.dim_article")
    articles, shop = by_number(played.rows["article"]), shop_of(played)

    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        article = articles[row["article_number"]]
        kind = shop.article_kind(row["article_number"])
        prices = {name: row[name] for name in ("purchase_price", "sale_price", "label_price")}
        assert prices == {
            "purchase_price": known_price(article["purchasePrice"]),
            "sale_price": money(article["price"]),
            "label_price": money(article["labelPrice"]),
        }
        flags = {
            name: row[name] for name in ("is_active", "is_nos", "article_kind", "is_service", "is_inferred")
        }
        assert flags == {
            "is_active": article["isActive"],
            "is_nos": article["isNOS"],
            "article_kind": kind,
            "is_service": kind in ("service", "voucher"),
            "is_inferred": False,
        }


def test_a_branch_is_what_its_master_says(played: Played) -> None:
    rows = played.query("select * from analytics.dim_branch order by branch_number")

    assert rows == [
        {
            "tenant_id": "mini",
            "branch_number": row["number"],
            "branch_name": row["name1"],
            "city": row["city"],
            "zip_code": row["zipCode"],
            "country_number": row["countryNumber"],
            "is_active": row["isActive"],
            "is_webshop": row["isWebshop"],
            "is_inferred": False,
        }
        for row in sorted(played.rows["branch"], key=lambda row: row["number"])
    ]


def open_weekdays(played: Played) -> set[int]:
    """Return the weekdays on which a shop sold in at least half of the last 26 weeks."""
    shops = {row["number"] for row in played.rows["branch"] if not row["isWebshop"]}
    sold: dict[int, set[date]] = defaultdict(set)
    for line, _ in goods_of(played):
        at = day(line["date"])
        if line["branchNumber"] in shops and played.today - OPEN_WEEKS * WEEK <= at < played.today:
            sold[at.isoweekday()].add(at)
    return {weekday for weekday, days in sold.items() if 2 * len(days) >= OPEN_WEEKS}


def test_the_calendar_has_every_day_from_the_first_receipt_to_two_years_ahead(played: Played) -> None:
    rows = played.query("select * from analytics.dim_date order by date_day")
    first = monday(min(day(line["date"]) for line, _ in goods_of(played)))

    expected: list[Row] = []
    for count in range((played.today + AHEAD - first).days + 1):
        at = first + timedelta(days=count)
        year, week, weekday = at.isocalendar()
        expected.append(
            {
                "tenant_id": "mini",
                "date_day": at,
                "week_start": monday(at),
                "iso_week": week,
                "iso_year": year,
                "iso_weekday": weekday,
                "month_start": at.replace(day=1),
                "quarter_number": (at.month + 2) // 3,
                "year_number": at.year,
                "is_weekend": weekday in (6, 7),
            }
        )
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected


def test_holidays_are_bavarias_and_shops_are_closed_on_them(played: Played) -> None:
    rows = [row for row in played.query("select * from analytics.dim_date") if row["year_number"] in YEARS]
    weekdays = open_weekdays(played)

    assert weekdays == {1, 2, 3, 4, 5, 6}
    wrong: dict[date, Any] = {}
    for row in rows:
        at, found = row["date_day"], (row["is_public_holiday"], row["holiday_name"], row["is_open_day"])
        is_open = at not in HOLIDAYS and at.isoweekday() in weekdays
        if found != (at in HOLIDAYS, HOLIDAYS.get(at), is_open):
            wrong[at] = found
    assert wrong == {}
