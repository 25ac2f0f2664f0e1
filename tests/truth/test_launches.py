"""Sell-through by week after the launch, against the source's orders and receipts."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from played import Played
from source_rows import WEEK, by_number, day, goods_of, order_lines

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

LAUNCH_WEEKS = 26


def received_by(played: Played) -> dict[int, Counter[date]]:
    """Return the units of each article that came, by day; none can have come later than today."""
    found: dict[int, Counter[date]] = defaultdict(Counter)
    for line in order_lines(played):
        if line.delivered > 0:
            found[line.size[0]][min(line.arrives, played.today)] += line.delivered
    return found


def sold_by(played: Played) -> dict[int, tuple[Counter[date], date]]:
    """Return the units of each article sold less returned, by day, and the day of its first sale."""
    found: dict[int, Counter[date]] = defaultdict(Counter)
    first: dict[int, date] = {}
    for line, _ in goods_of(played):
        article, at = int(line["articleNumber"]), day(line["date"])
        found[article][at] += int(line["quantity"])
        if line["quantity"] > 0:
            first[article] = min(first.get(article, at), at)
    # What only came back was never sold.
    return {article: (sold, first[article]) for article, sold in found.items() if article in first}


def test_a_launchs_weeks_add_up_what_came_and_was_sold_since_the_first_receipt(played: Played) -> None:
    received, sold = received_by(played), sold_by(played)
    services = {row["number"] for row in played.rows["category"] if row["isServiceCategory"]}
    expected = {}
    for article, master in by_number(played.rows["article"]).items():
        if master["categoryNumber"] in services or article not in received.keys() | sold.keys():
            continue
        came, (went, first_sold) = received.get(article, Counter()), sold.get(article, (Counter(), None))
        launch = min(came) if came else first_sold
        for week in range(1, LAUNCH_WEEKS + 1):
            end = launch + week * WEEK
            if end <= played.today:
                units = sum(count for at, count in came.items() if at < end)
                left = sum(count for at, count in went.items() if at < end)
                reasons = {
                    "no receipt is known": not came,
                    "sold before its first receipt": first_sold is not None and first_sold < launch,
                    "sold more than was received": left > units,
                    "more came back than was sold": left < 0,
                }
                note = next((reason for reason, is_so in reasons.items() if is_so), None)
                rate = None if note else pytest.approx(left / units, abs=1e-6)
                ends = end - timedelta(days=1)
                expected[article, week] = (master["seasonNumber"], launch, ends, units, left, rate, note)

    rows = played.query("select * from analytics.launch_sell_through")

    columns = ("season_number", "launched_on", "week_ends_on", "received_to_date", "sold_to_date")
    rates = ("sell_through_to_date", "sell_through_note")
    assert {row["tenant_id"] for row in rows} == {"mini"}
    assert {
        (row["article_number"], row["week_number"]): tuple(row[name] for name in (*columns, *rates))
        for row in rows
    } == expected
    measured = [row for row in rows if row["sell_through_note"] is None]
    assert len({row["article_number"] for row in measured}) > 10
