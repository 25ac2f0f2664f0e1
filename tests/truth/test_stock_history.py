"""The stock of every day is what was in the shop, whenever the pipeline ran."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from timeline import Timeline

from prohandel_simulator.testing import running_simulator

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

# The clocks are set forward in the night to Sunday, 2026-03-29.
START = date(2026, 3, 26)
SNAPSHOT = "+int_stock_snapshots"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """Run at night, at noon, over midnight, not at all for a day, in the hour that the clocks skip, and at noon."""
    with running_simulator(["mini"], today=START) as simulator:
        timeline = Timeline(simulator, tmp_path_factory.mktemp("truth"))
        timeline.run(models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 26, 12, 20))
        timeline.run(models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 27, 23, 58))
        timeline.run("articlesize", then=datetime(2026, 3, 28, 0, 4), models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 29, 3, 1))
        timeline.run(models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 30, 12, 40))
        timeline.run(models=["+inventory_daily", "+fct_demand_weekly"])
        yield timeline


def days(timeline: Timeline) -> list[dict[str, Any]]:
    return timeline.retailer.query("select * from analytics.inventory_daily")


def test_every_days_closing_stock_is_what_was_in_the_shop(played: Timeline) -> None:
    today = date(2026, 3, 30)
    truth = played.closing | {today: played.stock_now()}
    found = {
        (row["date_day"], row["article_number"], row["branch_number"]): row["closing_stock"]
        for row in days(played)
    }

    expected = {
        (day, article, branch): units
        for day, stock in truth.items()
        if day > today - timedelta(days=400)
        for (article, branch), units in stock.items()
    }
    assert len(expected) > 10_000
    wrong = {key: (found.get(key, 0), units) for key, units in expected.items() if found.get(key, 0) != units}
    assert wrong == {}
    assert [key for key in found if key not in expected] == []


def test_nothing_is_unexplained_and_nothing_negative_where_every_booking_is_known(played: Timeline) -> None:
    rows = days(played)

    assert [row for row in rows if row["units_counted"] != 0] == []
    assert [row for row in rows if row["closing_stock"] < 0] == []


def test_every_complete_weeks_closing_stock_is_what_was_in_the_shop_on_sunday(played: Timeline) -> None:
    rows = played.retailer.query("select * from analytics.fct_demand_weekly where closing_stock is not null")
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
