"""The stock of every day is what was in the shop, whenever the pipeline ran."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from line_kinds import money
from played import Played
from source_rows import Moved, by_number, moves

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]


def days(played: Played) -> list[dict[str, Any]]:
    return played.query("select * from analytics.inventory_daily")


def test_every_days_closing_stock_is_what_was_in_the_shop(played: Played) -> None:
    truth = played.closing | {played.today: played.stock}
    found = {
        (row["date_day"], row["article_number"], row["branch_number"]): row["closing_stock"]
        for row in days(played)
    }

    expected = {
        (day, article, branch): units
        for day, stock in truth.items()
        if day > played.today - timedelta(days=400)
        for (article, branch), units in stock.items()
    }
    assert len(expected) > 10_000
    wrong = {key: (found.get(key, 0), units) for key, units in expected.items() if found.get(key, 0) != units}
    assert wrong == {}
    assert [key for key in found if key not in expected] == []


def test_nothing_is_unexplained_and_nothing_negative_where_every_booking_is_known(played: Played) -> None:
    rows = days(played)

    assert [row for row in rows if row["units_counted"] != 0] == []
    assert [row for row in rows if row["closing_stock"] < 0] == []


def test_every_complete_weeks_closing_stock_is_what_was_in_the_shop_on_sunday(played: Played) -> None:
    rows = played.query("select * from analytics.fct_demand_weekly where closing_stock is not null")
    sundays = {row["week_start"] + timedelta(days=6) for row in rows}

    found = {
        (row["week_start"] + timedelta(days=6), row["article_number"], row["branch_number"]): row[
            "closing_stock"
        ]
        for row in rows
    }
    expected = {
        (day, article, branch): units
        for day, stock in played.closing.items()
        if day in sundays
        for (article, branch), units in stock.items()
    }
    within = [key for key in found if key[0] in played.closing]
    assert len(within) > 1_000
    assert {key: (found[key], expected.get(key)) for key in within if found[key] != expected.get(key)} == {}


def test_every_days_movements_are_what_tills_and_suppliers_wrote(played: Played) -> None:
    kept = {(row["articleNumber"], row["branchNumber"]) for row in played.rows["articlesize"]}
    moved: dict[tuple[date, int, int], Moved] = defaultdict(Moved)
    for (article, _, branch), found in moves(played).items():
        for at, each in found.items():
            if (article, branch) in kept:
                total = moved[at, article, branch]
                total.received += each.received
                total.sold += each.sold
                total.returned += each.returned

    compared = 0
    for row in days(played):
        each = moved[row["date_day"], row["article_number"], row["branch_number"]]
        found_units = (row["units_received"], row["gross_units"], row["returned_units"])
        assert found_units == (each.received, each.sold, each.returned), row
        assert row["units_corrected"] == 0, row
        compared += each != Moved()
    assert compared > 1_000


def test_every_day_opens_with_what_the_day_before_left(played: Played) -> None:
    compared = 0
    for row in days(played):
        before = played.closing.get(row["date_day"] - timedelta(days=1))
        if before is not None:
            compared += 1
            opened = before.get((row["article_number"], row["branch_number"]), 0)
            assert row["opening_stock"] == opened, row
    assert compared > 10_000


def test_every_days_stock_is_worth_what_it_would_cost_today(played: Played) -> None:
    price = {number: money(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()}
    truth = played.closing | {played.today: played.stock}

    rows = [row for row in days(played) if row["date_day"] in truth]
    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        units = truth[row["date_day"]].get((row["article_number"], row["branch_number"]), 0)
        assert row["closing_stock_value"] == units * price[row["article_number"]], row
