"""Articles, branches and the calendar, against the source's masters and the days of the almanac."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from almanac import holidays_of
from line_kinds import Row, cost_note, known_price, money
from played import Played
from source_rows import WEEK, by_number, day, goods_of, monday, shop_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

AHEAD, OPEN_WEEKS = timedelta(days=730), 26


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
        prices = {name: row[name] for name in ("purchase_price", "cost_note", "sale_price", "label_price")}
        assert prices == {
            "purchase_price": known_price(article["purchasePrice"]),
            "cost_note": cost_note(known_price(article["purchasePrice"])),
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


def has_shops(played: Played) -> bool:
    """Return whether a retailer has any branch but web shops."""
    return not all(row["isWebshop"] for row in played.rows["branch"])


def open_weekdays(played: Played) -> set[int]:
    """Return the weekdays on which a shop, or a web shop if there is no other, sold in at least half of 26 weeks."""
    any_shop = has_shops(played)
    shops = {row["number"] for row in played.rows["branch"] if not (any_shop and row["isWebshop"])}
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


def test_holidays_are_those_of_the_region_and_shops_are_closed_on_them(played: Played) -> None:
    """A web shop is open on them, too, on the weekdays on which it sells."""
    rows = played.query("select * from analytics.dim_date")
    weekdays, any_shop = open_weekdays(played), has_shops(played)
    where = played.decided["country"], played.decided["region"]
    known: dict[date, str] = {}
    for year in {row["year_number"] for row in rows}:
        known |= holidays_of(*where, year)

    played.shows(weekdays == {1, 2, 3, 4, 5, 6})
    wrong: dict[date, Any] = {}
    for row in rows:
        at, found = row["date_day"], (row["is_public_holiday"], row["holiday_name"], row["is_open_day"])
        is_open = not (any_shop and at in known) and at.isoweekday() in weekdays
        if found != (at in known, known.get(at), is_open):
            wrong[at] = found
    assert wrong == {}
