"""What each size of each branch has and is ordered up to, against the source's masters, stock and orders."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from line_kinds import Row, cost_note, known_price
from played import Played
from source_rows import WEEK, Size, by_number, free_of, order_lines, reordered

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

NEW_WEEKS, DISPLAY_UNITS = 6, 1


@pytest.fixture(scope="module")
def needs(played: Played) -> dict[Size, Row]:
    return {
        (row["article_number"], row["article_size_number"], row["branch_number"]): row
        for row in played.query("select * from analytics.replenishment_position")
    }


def test_a_position_is_what_masters_and_stock_say(played: Played, needs: dict[Size, Row]) -> None:
    articles = by_number(played.rows["article"])
    # Which days those are is compared in test_stock_age.py.
    first = {
        row["article_number"]: row["first_sold_on"] or row["first_received_on"]
        for row in played.query("from analytics.dim_article")
    }
    again, free = reordered(played), free_of(played)
    on_order: dict[Size, int] = defaultdict(int)
    for line in order_lines(played):
        on_order[line.size] += line.backlog

    assert needs.keys() == free.keys()
    for key, row in needs.items():
        article = articles[key[0]]
        assert row["tenant_id"] == "mini"
        assert row["is_reordered"] == (key[0] in again), key
        assert (row["free_stock"], row["on_order"]) == (free[key], on_order[key]), key
        cost = known_price(article["purchasePrice"])
        assert row["unit_cost"] == (None if cost is None else float(cost)), key
        assert row["cost_note"] == cost_note(cost), key
        since = first[key[0]]
        # Stock of what was neither sold nor received was there before.
        is_new = free[key] <= 0 if since is None else since > played.today - NEW_WEEKS * WEEK
        assert row["is_new"] == is_new, key


def test_what_is_available_is_free_or_comes_in_time(played: Played, needs: dict[Size, Row]) -> None:
    """When an order comes in time is computed in test_supply.py."""
    in_time = {
        (row["article_number"], row["article_size_number"], row["branch_number"]): row
        for row in played.query("select * from analytics.inventory_position")
    }

    for key, row in needs.items():
        assert row["available"] == max(row["free_stock"], 0) + float(in_time[key]["on_order_in_time"]), key


def test_a_sizes_share_of_a_need_is_that_of_its_curve(played: Played, needs: dict[Size, Row]) -> None:
    """A forecast is of the sizes that have demand in the branch (test_article_life.py): they share all of it."""
    curve = {
        (row["article_number"], row["article_size_number"]): row["size_share"]
        for row in played.query("select * from analytics.size_curve")
    }
    over = {
        (row["article_number"], row["article_size_number"], row["branch_number"])
        for row in played.query("select * from analytics.article_life where not has_demand")
    }
    together: dict[tuple[int, int], float] = defaultdict(float)
    for key in needs.keys() - over:
        together[key[0], key[2]] += curve[key[:2]]

    divided = 0
    for key, row in needs.items():
        share = curve[key[:2]]
        if row["demand_source"] == "forecast" and key not in over:
            share /= together[key[0], key[2]] or 1
            divided += 1
        assert row["size_share"] == pytest.approx(share, abs=1e-9), key
    assert 0 < divided < len(needs)


def test_levels_are_whole_units_with_one_on_display(needs: dict[Size, Row]) -> None:
    """Articles that end have no levels; how many units they are is computed in test_levels.py."""
    assert any(row["reorder_point"] > DISPLAY_UNITS for row in needs.values())
    for key, row in needs.items():
        if not row["is_reordered"]:
            assert (row["reorder_point"], row["order_up_to"], row["safety_stock"]) == (0, 0, 0), key
            continue
        level = row["reorder_point"]
        assert level >= DISPLAY_UNITS, key
        assert level == int(level), key
        assert row["order_up_to"] >= level, key
        assert row["target_units"] >= level, key
        assert row["safety_stock"] == pytest.approx(max(level - row["protection_units"], 0), abs=1e-3), key


def test_no_stock_runs_out_before_its_days_of_supply(played: Played, needs: dict[Size, Row]) -> None:
    """What is on order may put the day off."""
    for key, row in needs.items():
        lasts, out = row["days_of_supply"], row["stock_out_on"]
        assert (lasts is None) <= (out is None), key
        if out is not None:
            assert out >= played.today + timedelta(days=int(lasts)), key
        if lasts is not None and not row["on_order"]:
            assert out == played.today + timedelta(days=int(lasts)), key
        assert (row["order_by_on"] is not None) <= row["is_reordered"], key
        if row["order_by_on"] is not None:
            assert played.today <= row["order_by_on"], key
