"""The stock of every day is what was in the shop, whenever the pipeline ran."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from line_kinds import money
from played import Played
from source_rows import Moved, by_number, closings, moves
from timeline import ZONE

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]


def days(played: Played) -> list[dict[str, Any]]:
    return played.query("select * from analytics.inventory_daily")


def test_the_shop_was_read_daily_and_at_every_odd_time(played: Played) -> None:
    """Without this the other tests could pass on a shop that is read when nothing is difficult."""
    read: dict[str, list[datetime]] = defaultdict(list)
    for row in played.query("select resource, source_now from ops.load_ledger order by source_now"):
        read[row["resource"]].append(row["source_now"].replace(tzinfo=UTC).astimezone(ZONE))
    stock, sales = read["articlesize"], read["sale"]

    daily = [at for at in stock if (at.hour, at.minute) == (5, 0)]
    assert [at.date() for at in daily] == [date(2026, 3, 26), date(2026, 3, 27), date(2026, 3, 28)]
    assert sum(at.hour == 12 for at in stock) == 2, "at noon"
    assert [
        (at.day, then.day) for at, then in zip(stock, sales, strict=True) if at.date() != then.date()
    ] == [(27, 28)], "over midnight"
    assert date(2026, 3, 29) in {at.date() for at in stock if at.hour == 3}, "after the hour that is skipped"
    gaps = [later - earlier for earlier, later in pairwise(at.astimezone(UTC) for at in stock)]
    assert max(gaps) > timedelta(days=1), "missed hours"


def test_every_days_closing_stock_is_what_was_in_the_shop(played: Played) -> None:
    truth = {**played.closing, played.today: played.stock}
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


def test_every_days_stock_follows_from_what_the_source_says_of_today(played: Played) -> None:
    """By undoing what tills and suppliers wrote since, size by size; so of shops too whose past no one else knows."""
    price = {number: money(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()}
    stock: dict[tuple[int, int], list[int]] = {}
    for (article, _, branch), history in closings(played, 401).items():
        other = stock.get((article, branch))
        stock[article, branch] = [a + b for a, b in zip(history, other, strict=True)] if other else history
    moved: dict[tuple[int, int, date], Moved] = defaultdict(Moved)
    for (article, _, branch), found in moves(played).items():
        if (article, branch) in stock:
            for at, each in found.items():
                moved[article, branch, at] = moved[article, branch, at].plus(each)

    names = (
        *("tenant_id", "article_number", "branch_number", "date_day", "opening_stock", "units_received"),
        *("gross_units", "returned_units", "units_corrected", "units_counted", "closing_stock"),
        "closing_stock_value",
    )
    still, days_seen = Moved(), set()
    count, total = 0, 0.0
    for row in played.stream(f"select {', '.join(names)} from analytics.inventory_daily"):
        article, branch, at = row["article_number"], row["branch_number"], row["date_day"]
        back, each = (played.today - at).days, moved.get((article, branch, at), still)
        days_seen.add(back)
        closed, opened = stock[article, branch][back : back + 2]
        assert (
            *(row["opening_stock"], row["closing_stock"], row["units_received"], row["gross_units"]),
            *(row["returned_units"], row["units_corrected"], row["units_counted"], row["tenant_id"]),
        ) == (opened, closed, each.received, each.sold, each.returned, -each.written_off, 0, "mini"), row
        # A price of nothing is not known.
        assert row["closing_stock_value"] == (closed * price[article] if price[article] else None), row
        count, total = count + 1, total + row["closing_stock"]
    assert days_seen == set(range(len(days_seen)))
    played.shows(len(days_seen) == 400)
    # What is not there has neither stock nor movements.
    assert count > 10_000
    played.shows(total == sum(sum(history[:400]) for history in stock.values()))


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
    truth = {**played.closing, played.today: played.stock}

    rows = [row for row in days(played) if row["date_day"] in truth]
    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        units = truth[row["date_day"]].get((row["article_number"], row["branch_number"]), 0)
        assert row["closing_stock_value"] == units * price[row["article_number"]], row
