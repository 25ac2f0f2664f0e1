"""What is left of goods that end, and how each position stands, against a plain computation of receipts and stock."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from line_kinds import Row, cost_note, known_price
from played import Played
from source_rows import (
    WEEK,
    Size,
    began,
    by_number,
    day,
    free_of,
    goods_of,
    known_day,
    order_lines,
    reordered,
)

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

SELLING_WEEKS, NEW_WEEKS = 13, 6
# What an action is worth and what a year in stock costs, from the manual.
ACTION_VALUE, HOLDING_RATE = 25, 0.25
SHORT = ("stocked out", "potential stock-out")


@pytest.fixture(scope="module")
def candidates(played: Played) -> dict[int, Row]:
    rows = played.query("select * from analytics.markdown_candidate")
    return {row["article_number"]: row for row in rows}


@pytest.fixture(scope="module")
def statuses(played: Played) -> dict[Size, Row]:
    return {
        (row["article_number"], row["article_size_number"], row["branch_number"]): row
        for row in played.query("select * from analytics.inventory_status")
    }


def worth(units: float, price: Decimal | None) -> Any:
    """Return what units have to be worth: None where they have no price that is known."""
    if units and price is None:
        return None
    return pytest.approx(Decimal(str(units)) * (price or 0), abs=Decimal("0.02"))


def left_of(played: Played) -> dict[int, int]:
    """Return what may be sold of each article, positions below zero left out."""
    found: dict[int, int] = defaultdict(int)
    for (article, _, _), units in free_of(played).items():
        found[article] += max(units, 0)
    return found


def season_ends(played: Played) -> dict[int, date]:
    """Return the last day of each season that has one."""
    ends = {row["seasonNumber"]: known_day(row["validUntil"]) for row in played.rows["season"]}
    return {number: end for number, end in ends.items() if end}


def test_goods_that_end_are_listed_with_their_masters(played: Played, candidates: dict[int, Row]) -> None:
    articles, left = by_number(played.rows["article"]), left_of(played)
    names = {row["article_number"]: row["article_name"] for row in played.query("from analytics.dim_article")}

    ending = {number for number in articles.keys() - reordered(played) if left[number] > 0}
    played.shows(len(ending) > 5)
    assert candidates.keys() == ending
    for number, row in candidates.items():
        article = articles[number]
        assert row["tenant_id"] == "mini"
        assert row["category_number"] == article["categoryNumber"]
        assert row["season_number"] == (article["seasonNumber"] or None)
        assert row["article_name"] == names[number]


def test_what_goods_that_end_sold_and_hold_is_the_shops(played: Played, candidates: dict[int, Row]) -> None:
    left = left_of(played)
    sold: dict[int, int] = defaultdict(int)
    last: dict[int, date] = {}
    for line, _ in goods_of(played):
        article, units = int(line["articleNumber"]), int(line["quantity"])
        sold[article] += units
        if units > 0:
            last[article] = max(day(line["date"]), last.get(article, date.min))

    for number, row in candidates.items():
        assert row["free_stock"] == left[number], number
        assert row["units_sold_ever"] == max(sold[number], 0), number
        assert row["last_sold_on"] == last.get(number), number
        through = max(sold[number], 0) / (max(sold[number], 0) + left[number])
        assert row["sell_through_ever"] == pytest.approx(through, abs=1e-6), number


def test_goods_that_end_are_sold_until_their_season_is_over(
    played: Played, candidates: dict[int, Row]
) -> None:
    articles, ends = by_number(played.rows["article"]), season_ends(played)

    for number, row in candidates.items():
        until = ends.get(articles[number]["seasonNumber"], played.today + SELLING_WEEKS * WEEK)
        assert row["sell_until"] == until, number
        assert row["days_left"] == max((until - played.today).days + 1, 0), number


def test_what_is_left_over_is_stock_beyond_what_will_be_sold(
    played: Played, candidates: dict[int, Row]
) -> None:
    price = {
        number: known_price(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()
    }
    first = began(played)
    ordered = {line.size[0] for line in order_lines(played) if line.backlog}

    for number, row in candidates.items():
        leftover = max(row["free_stock"] - row["expected_units"], 0)
        assert row["leftover_units"] == pytest.approx(leftover, abs=1e-3), number
        assert row["leftover_value"] == worth(leftover, price[number]), number
        assert row["cost_note"] == cost_note(price[number]), number
        assert row["is_candidate"] == (leftover >= 1 and not row["is_new"]), number
        # What was neither sold nor delivered and is not on order only came back.
        begins = first.get(number, date.max if number in ordered else date.min)
        assert row["is_new"] == (begins > played.today - NEW_WEEKS * WEEK), number
    ranked = sorted(candidates.values(), key=lambda row: row["impact_rank"])
    assert [row["impact_rank"] for row in ranked] == list(range(1, len(ranked) + 1))
    values = [(not row["is_new"], row["leftover_value"] or 0) for row in ranked]
    assert values == sorted(values, reverse=True)
    unknown = [(not row["is_new"], row["leftover_units"]) for row in ranked if row["leftover_value"] is None]
    assert unknown == sorted(unknown, reverse=True)


def test_a_markdown_begins_while_what_is_left_can_still_be_sold(
    played: Played, candidates: dict[int, Row]
) -> None:
    """As long before its season's end as the rest takes at today's pace; else when holding it cost 25."""
    articles = by_number(played.rows["article"])
    price = {number: float(known_price(row["purchasePrice"]) or 0) for number, row in articles.items()}
    ends = season_ends(played)

    kinds = set()
    for number, row in candidates.items():
        end = ends.get(articles[number]["seasonNumber"], date.min)
        left = max(row["free_stock"] - row["expected_units"], 0)
        days = 365.0
        if end >= played.today:
            pace = row["expected_units"] / ((end - played.today).days + 1)
            days = (end - played.today).days - left / pace if pace else 0.0
        elif left * price[number] > 0:
            days = ACTION_VALUE / (left * price[number] * HOLDING_RATE / 365)
        kinds.add((end >= played.today, 0 < days < 365))
        expected = min(max(days, 0), 365)
        assert (row["mark_down_by_on"] - played.today).days == pytest.approx(expected, abs=1.01), number
    played.shows(len(kinds) > 1)


def test_a_positions_stock_and_orders_are_the_shops_in_its_status(
    played: Played, statuses: dict[Size, Row]
) -> None:
    again, free = reordered(played), free_of(played)
    on_order: dict[Size, int] = defaultdict(int)
    for line in order_lines(played):
        on_order[line.size] += line.backlog

    assert statuses.keys() == free.keys()
    for key, row in statuses.items():
        assert row["tenant_id"] == "mini"
        assert row["free_stock"] == free[key], key
        assert row["on_order"] == on_order[key], key
        assert row["is_reordered"] == (key[0] in again), key


def test_a_positions_status_is_the_first_that_holds(played: Played, statuses: dict[Size, Row]) -> None:
    """Dead stock is computed in test_key_figures.py, what runs short with the outlook."""
    free = free_of(played)

    played.shows(len({row["stock_status"] for row in statuses.values()}) > 4)
    for key, row in statuses.items():
        wanted = row["is_reordered"] and row["target_units"] > 0
        assert (row["stock_status"] == "stocked out") == (wanted and free[key] <= 0), key
        if row["stock_status"] == "potential stock-out":
            assert wanted, key
            assert row["stock_out_on"] >= played.today, key
        if row["stock_status"] in ("ok", "surplus on order"):
            assert free[key] <= max(row["target_units"], 0), key
        if row["stock_status"] == "excess":
            assert free[key] > row["target_units"], key


def test_what_is_too_much_is_at_stake_at_what_it_cost(played: Played, statuses: dict[Size, Row]) -> None:
    price = {
        number: known_price(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()
    }
    free = free_of(played)

    for key, row in statuses.items():
        if row["stock_status"] in SHORT or row["stock_status"] == "surplus on order":
            assert row["units_at_stake"] >= 0, key
            continue
        beyond = {"dead": free[key], "excess": free[key] - row["target_units"], "ok": 0}
        units = beyond[row["stock_status"]]
        assert row["units_at_stake"] == pytest.approx(units, abs=1e-3), key
        assert row["money_at_stake"] == worth(units, price[key[0]]), key
        note = cost_note(price[key[0]]) if units else None
        assert row["money_note"] == note, key
    ranked = sorted(statuses.values(), key=lambda row: row["impact_rank"])
    assert [row["impact_rank"] for row in ranked] == list(range(1, len(ranked) + 1))
    # What is not known ranks by its units, behind what is.
    at_stake = [(row["money_at_stake"] or 0, row["units_at_stake"]) for row in ranked]
    assert at_stake == sorted(at_stake, reverse=True)
    assert at_stake[0] > (0, 0)


def test_stock_runs_out_when_its_days_are_over(played: Played, statuses: dict[Size, Row]) -> None:
    """What is on order may put the day off, beyond what is known too."""
    for key, row in statuses.items():
        lasts = row["days_of_supply"]
        assert (row["stock_out_on"] is None) == (row["supply_note"] is not None), key
        assert (lasts is None) <= (row["stock_out_on"] is None), key
        if lasts is not None and not row["on_order"]:
            assert row["stock_out_on"] == played.today + timedelta(days=int(lasts)), key
