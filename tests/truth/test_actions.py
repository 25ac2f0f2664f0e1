"""What a buyer is asked to do, against a plain computation of what the source sold, ordered and received."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from math import ceil
from typing import Any

import pytest
from line_kinds import Row
from played import Played
from source_rows import free_of, goods_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

Key = tuple[int, int, int]
SHORT_DELIVERY, PACK_LINES, LINES_PER_ODD = 2, 6, 8
# From the manual.
ACTION_VALUE, ACTION_UNITS, ORDER_LINE_VALUE, REVIEW_DAYS = 25, 1, 25, 7


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def actions(played: Played, *kinds: str) -> list[dict[str, Any]]:
    rows = played.query("select * from analytics.replenishment_action")
    return [row for row in rows if row["action"] in kinds or not kinds]


def key_of(row: dict[str, Any]) -> Key:
    return row["article_number"], row["article_size_number"], row["branch_number"]


def sold(played: Played, weeks: int) -> dict[Key, float]:
    """Return units sold less returned in complete weeks."""
    monday = played.today - timedelta(days=played.today.weekday())
    found: dict[Key, float] = defaultdict(float)
    for row, _ in goods_of(played):
        if monday - timedelta(weeks=weeks) <= day(row["date"]) < monday:
            found[row["articleNumber"], row["articleSizeNumber"], row["branchNumber"]] += row["quantity"]
    return found


def open_lines(played: Played) -> dict[str, dict[str, Any]]:
    """Return what is still to come, by the line's id."""
    by_ean = {(row["articleNumber"], row["ean"]): row["number"] for row in played.rows["articlesize"]}
    by_name = {
        (row["articleNumber"], row["size"]): row["number"]
        for row in sorted(played.rows["articlesize"], key=lambda row: -row["number"])
    }
    return {
        line["id"]: {
            "key": (
                line["articleNumber"],
                by_ean[line["articleNumber"], line["ean"]]
                if line["ean"]
                else by_name[line["articleNumber"], line["size"]],
                line["branchNumber"],
            ),
            "units": line["backlogAmount"],
            "due": day(line["expectedArrival"]),
            "order": str(order["number"]),
        }
        for order in played.rows["order"]
        for line in order["positions"]
        if line["backlogAmount"] > 0 and line["status"] != SHORT_DELIVERY
    }


def packs_and_minimums(played: Played) -> dict[int, tuple[int, int]]:
    """Return what past lines of an article show: 1 and 0 where they show nothing.

    A pack is the largest number that all lines but one in eight are whole multiples of; a minimum is the least of them
    where a quarter of the lines are exactly that and another quarter at least twice as much.
    """
    lines: dict[int, list[int]] = defaultdict(list)
    for order in played.rows["order"]:
        for line in order["positions"]:
            if line["orderAmount"] >= 1:
                lines[line["articleNumber"]].append(int(line["orderAmount"]))
    found = {}
    for article, ordered in lines.items():
        if len(ordered) < PACK_LINES:
            continue
        pack = max(
            size
            for size in range(1, 145)
            if sum(units % size > 0 for units in ordered) <= len(ordered) // LINES_PER_ODD
        )
        least = min(units for units in ordered if units % pack == 0)
        quarter = len(ordered) / 4
        often = ordered.count(least) >= quarter and sum(units >= 2 * least for units in ordered) >= quarter
        found[article] = (pack, least if least > 1 and often else 0)
    return found


def closed_days(played: Played) -> set[int]:
    """Return the weekdays on which the shops sold nothing in a year."""
    web_shops = {row["number"] for row in played.rows["branch"] if row["isWebshop"]}
    open_ones = {
        day(row["date"]).isoweekday()
        for row in played.rows["sale"]
        if row["branchNumber"] not in web_shops and day(row["date"]) > played.today - timedelta(days=182)
    }
    return set(range(1, 8)) - open_ones


def test_every_figure_of_an_action_is_what_the_source_says(played: Played) -> None:
    four, thirteen, there = sold(played, 4), sold(played, 13), free_of(played)
    on_order: dict[Key, float] = defaultdict(float)
    for line in open_lines(played).values():
        on_order[line["key"]] += line["units"]

    rows = [row for row in actions(played) if row["article_size_number"] is not None]

    assert len(rows) > 40
    for row in rows:
        key = key_of(row)
        assert (row["sold_4_weeks"], row["sold_13_weeks"]) == (four[key], thirteen[key]), key
        assert (row["free_stock"], row["on_order"]) == (there.get(key, 0), on_order[key]), key
        words = f"Sold {four[key]:.0f} in the last 4 weeks and {thirteen[key]:.0f} in 13; {there[key]:.0f} in stock"
        assert row["reason"].startswith(words), row["reason"]


def test_the_figures_of_an_article_as_a_whole_are_those_of_its_sizes(played: Played) -> None:
    thirteen, there = (of_articles(units) for units in (sold(played, 13), free_of(played)))

    rows = actions(played, "mark down", "decide")

    assert rows
    for row in rows:
        assert row["sold_13_weeks"] == thirteen[row["article_number"]]
        assert row["free_stock"] == there[row["article_number"]]


def of_articles(sizes: Mapping[Key, float]) -> dict[int, float]:
    """Return units by article."""
    found: dict[int, float] = defaultdict(float)
    for key, units in sizes.items():
        found[int(key[0])] += units
    return found


def waits(row: Row, value: float, today: date) -> bool:
    """Return whether an order is small and can be placed at the next review as well."""
    next_review = today + timedelta(days=REVIEW_DAYS)
    is_needed = row["units_at_stake"] >= ACTION_UNITS or row["due_on"] <= next_review
    return row["action"] == "order" and value < ORDER_LINE_VALUE and not is_needed


def test_what_saves_less_than_an_action_is_worth_comes_last(played: Played) -> None:
    """So does an order of less than an order line is worth, while stock lasts until goods of the next review come."""
    price = {row["number"]: float(row["purchasePrice"]) for row in played.rows["article"]}
    rows = sorted(actions(played), key=lambda row: row["urgency_rank"])

    assert [row["urgency_rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["is_minor"] for row in rows} == {True, False}
    assert [row["is_minor"] for row in rows] == sorted(row["is_minor"] for row in rows)
    for row in rows:
        too_much = row["action"] in ("cancel", "reduce", "mark down")
        value = row["units_at_stake" if too_much else "units"] * price[row["article_number"]]
        if not price[row["article_number"]]:
            assert not row["is_minor"], row["action_id"]
            continue
        if abs(value - ACTION_VALUE) > 0.01:
            is_small = too_much and value < ACTION_VALUE
            assert row["is_minor"] == (is_small or waits(row, value, played.today)), row["action_id"]
    assert {row["is_minor"] for row in rows if row["action"] == "order"} == {True, False}
    for important in (True, False):
        days = [row["due_on"] for row in rows if row["is_minor"] != important]
        assert days == sorted(days)


def test_packs_and_minimums_are_those_that_past_orders_show(played: Played) -> None:
    rows = {
        row["article_number"]: row for row in played.query("select * from analytics.replenishment_policy")
    }
    learned = packs_and_minimums(played)

    assert len(learned) > 10
    assert any(minimum for _, minimum in learned.values())
    for article, row in rows.items():
        pack, minimum = learned.get(article, (1, 0))
        assert (row["pack_size"], row["minimum_order_units"]) == (pack, minimum), article
        assert row["pack_source"] == ("learned" if pack > 1 else "none")
        assert row["minimum_source"] == ("learned" if minimum else "none")
    for row in actions(played, "order"):
        pack, minimum = learned.get(row["article_number"], (1, 0))
        assert row["units"] % pack == 0
        assert row["units"] >= minimum


def test_no_goods_arrive_on_a_day_without_business(played: Played) -> None:
    closed = closed_days(played)
    # Good Friday, Easter Monday, Labour Day, Ascension Day, Whit Monday and Corpus Christi in Bavaria.
    holidays = {
        date(2026, month, number) for month, number in ((4, 3), (4, 6), (5, 1), (5, 14), (5, 25), (6, 4))
    }

    days = {row["arrives_on"] for row in actions(played) if row["arrives_on"]}

    assert 7 in closed
    assert len(days) > 3
    assert not [each for each in days if each in holidays or each.isoweekday() in closed]


def confirmed_from(played: Played) -> dict[int, date]:
    """Return by article the day from which on what is overdue still comes: a lead time ago."""
    return {
        row["article_number"]: played.today - timedelta(days=ceil(row["lead_time_days"]))
        for row in played.query("from analytics.replenishment_policy")
    }


def test_an_order_that_is_late_saves_what_sells_until_it_comes(played: Played) -> None:
    """What is missed is the demand until the arrival less what was there before, and no more than the line.

    What lines that were due before save is not saved again.
    """
    lines, there, since = open_lines(played), free_of(played), confirmed_from(played)
    lines_of, asked_of = defaultdict(list), defaultdict(list)
    for each in lines.values():
        lines_of[each["key"]].append(each)

    rows, transfers = actions(played, "expedite"), actions(played, "transfer")
    for row in rows:
        asked_of[key_of(row)].append(row)

    played.shows(rows)
    for row in rows:
        line = lines[row["order_line_id"]]
        confirmed = since[line["key"][0]]
        earlier = sum(
            each["units"] for each in lines_of[line["key"]] if confirmed <= each["due"] <= row["stock_out_on"]
        )
        sent = sum(other["units"] for other in transfers if key_of(other) == line["key"])
        ahead = sum(
            other["units"]
            for other in asked_of[line["key"]]
            if (lines[other["order_line_id"]]["due"], other["order_line_id"])
            < (line["due"], row["order_line_id"])
        )
        missed = row["demand_units"] - max(there[line["key"]], 0) - earlier - sent - ahead
        assert row["units"] == line["units"]
        assert row["units_at_stake"] == pytest.approx(min(missed, line["units"]), abs=1e-3)
        assert row["order_number"] == line["order"]
        assert played.today <= row["due_on"] <= max(row["stock_out_on"], played.today)
        assert row["stock_out_on"] + timedelta(days=3) <= row["demand_until"]
        is_confirmed = line["due"] >= confirmed
        assert (row["arrives_on"] is not None) == is_confirmed
        assert not is_confirmed or row["stock_out_on"] < row["arrives_on"]
        assert not is_confirmed or row["demand_until"] <= row["arrives_on"]


def test_a_line_that_comes_long_after_its_goods_are_gone_is_asked_for(played: Played) -> None:
    """At the pace of 13 weeks at least two units are missed for at least a week, and no order comes before."""
    thirteen, there = sold(played, 13), free_of(played)
    listed = {row["order_line_id"] for row in actions(played, "expedite")}
    helped = {key_of(row) for row in actions(played, "order", "transfer")}
    first: dict[Key, tuple[date, str]] = {}
    for name, line in open_lines(played).items():
        first[line["key"]] = min(first.get(line["key"], (date.max, "")), (line["due"], name))
    expected = set()
    for key, (due, name) in first.items():
        pace = max(thirteen[key], 0) / 91
        days = (due - played.today).days
        lasting = max(there.get(key, 0), 0) / pace if pace else days
        if key not in helped and days - lasting >= 7 and (days - lasting) * pace >= 2:
            expected.add(name)

    assert expected <= listed


def test_what_sells_is_out_and_is_not_reordered_is_decided_about(played: Played) -> None:
    thirteen, there = sold(played, 13), free_of(played)
    awaited = {line["key"][0] for line in open_lines(played).values()}
    ends = {row["seasonNumber"]: day(row["validUntil"]) for row in played.rows["season"] if row["validUntil"]}
    rows = {row["article_number"]: row for row in actions(played, "decide")}
    for article in played.rows["article"]:
        number = article["number"]
        units = sum(count for key, count in thirteen.items() if key[0] == number)
        left = sum(max(count, 0) for key, count in there.items() if key[0] == number)
        is_over = ends.get(article["seasonNumber"], date.max) < played.today + timedelta(days=60)
        if units >= 4 and left == 0 and not article["isNOS"] and number not in awaited and not is_over:
            assert number in rows
    for number, row in rows.items():
        assert row["sold_13_weeks"] >= 4
        assert number not in awaited


def test_a_line_is_less_only_by_what_neither_sells_nor_is_to_be_left(played: Played) -> None:
    lines, there = open_lines(played), free_of(played)

    rows = actions(played, "cancel", "reduce")

    assert rows
    for row in rows:
        line = lines[row["order_line_id"]]
        coming = sum(each["units"] for each in lines.values() if each["key"] == line["key"])
        most = max(there[line["key"]], 0) + coming - row["demand_units"] - (row["level_units"] or 0)
        assert row["units"] <= most + 1e-3, row["action_id"]
        assert (row["action"] == "cancel") == (row["units"] == line["units"])
        assert row["arrives_on"] >= line["due"]
