"""The stock of every day is what was in the shop, whenever the pipeline ran."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from played import Played

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
