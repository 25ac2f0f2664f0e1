"""What is proposed to order and to send, against the source's masters, stock and orders."""

from __future__ import annotations

from collections import defaultdict
from math import ceil

import pytest
from line_kinds import Row, cost_note, known_price
from played import Played
from source_rows import Size, by_number, free_of, order_lines, size_key

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]


# Settings of a tenant that decides nothing itself, from the manual.
REVIEW_DAYS, EXPEDITE_BY_DAYS = 7, 14


@pytest.fixture(scope="module")
def proposals(played: Played) -> dict[Size, Row]:
    return {key_of(row): row for row in played.query("select * from analytics.replenishment_proposal")}


@pytest.fixture(scope="module")
def transfers(played: Played) -> list[Row]:
    return played.query("select * from analytics.replenishment_transfer")


def key_of(row: Row) -> Size:
    return row["article_number"], row["article_size_number"], row["branch_number"]


def test_a_proposal_is_named_as_the_masters_say(played: Played, proposals: dict[Size, Row]) -> None:
    articles, suppliers = by_number(played.rows["article"]), by_number(played.rows["supplier"])
    branches = by_number(played.rows["branch"])
    sizes = {size_key(row): row for row in played.rows["articlesize"]}
    eans = {(article, size): row["ean"] for (article, size, _), row in sizes.items() if row["ean"]}
    names = {row["article_number"]: row["article_name"] for row in played.query("from analytics.dim_article")}

    assert len(proposals) > 5
    for key, row in proposals.items():
        article = articles[key[0]]
        assert row == row | {
            "tenant_id": "mini",
            "supplier_number": article["supplierNumber"],
            "supplier_name": suppliers[article["supplierNumber"]]["name1"],
            "article_name": names[key[0]],
            "supplier_article_number": article["supplierArticleNumber"].strip() or None,
            "size": sizes[key]["size"],
            "ean": eans.get(key[:2]),
            "branch_name": branches[key[2]]["name1"],
        }, key


def test_a_proposal_holds_the_stock_and_the_orders_of_its_size(
    played: Played, proposals: dict[Size, Row]
) -> None:
    free = free_of(played)
    on_order: dict[Size, int] = defaultdict(int)
    for line in order_lines(played):
        on_order[line.size] += line.backlog

    for key, row in proposals.items():
        assert (row["free_stock"], row["on_order"]) == (free[key], on_order[key]), key
        in_time = row["on_order_in_time"]
        assert 0 <= in_time <= on_order[key], key
        assert there_with(row) < row["reorder_point"], key


def there_with(row: Row) -> float:
    """Return what a size has or will have in time without its proposal, and what no order can serve."""
    coming = row["on_order_in_time"] + row["on_order_if_expedited"] + row["transferred_units"]
    return float(max(row["free_stock"], 0) + coming + row["forgone_units"])


def supply_by_its_day(played: Played) -> dict[Size, tuple[int, int]]:
    """Return what comes before goods of the next order could, and what does if it comes two weeks earlier."""
    leads = {
        row["article_number"]: row["lead_time_days"]
        for row in played.query("from analytics.replenishment_policy")
    }
    found: dict[Size, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for line in order_lines(played):
        lead = leads[line.size[0]]
        days = (line.arrives - played.today).days
        in_time, expedited = found[line.size]
        if line.backlog == 0 or days < -ceil(lead):
            continue
        if days <= ceil(lead + REVIEW_DAYS):
            in_time += line.backlog
        elif days <= ceil(lead + REVIEW_DAYS) + EXPEDITE_BY_DAYS:
            expedited += line.backlog
        found[line.size] = in_time, expedited
    return found


def test_nothing_is_ordered_beside_an_order_that_may_come_in_time(
    played: Played, proposals: dict[Size, Row], transfers: list[Row]
) -> None:
    """A size is ordered where stock and all that may come in time stay below its level, and nowhere else."""
    supply, sent = supply_by_its_day(played), defaultdict(float)
    for row in transfers:
        sent[row["article_number"], row["article_size_number"], row["to_branch_number"]] += row["units"]

    spared = 0
    for need in played.query("from analytics.replenishment_position"):
        key = key_of(need)
        in_time, expedited = supply[key]
        # What is missed before goods come is computed in test_levels.py; what a branch sends serves it first.
        there = max(need["free_stock"], 0) + in_time + max(sent[key], need["forgone_units"])
        is_short = need["is_reordered"] and there + expedited < need["reorder_point"]
        assert (key in proposals) == is_short, key
        if is_short:
            row = proposals[key]
            assert (row["on_order_in_time"], row["on_order_if_expedited"]) == (in_time, expedited), key
            assert row["forgone_units"] == pytest.approx(
                max(need["forgone_units"] - sent[key], 0), abs=1e-3
            ), key
        spared += need["is_reordered"] and not is_short and there < need["reorder_point"]
    played.shows(spared)


def test_a_proposal_is_whole_packs_that_fill_up_and_cost_what_units_do(
    played: Played, proposals: dict[Size, Row]
) -> None:
    """What the budget and a supplier's minimum hold back is computed in test_orders.py."""
    price = {
        number: known_price(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()
    }
    least = {
        row["article_number"]: row["minimum_order_units"]
        for row in played.query("from analytics.replenishment_policy")
    }

    for key, row in proposals.items():
        units, pack = row["order_units"], row["pack_size"]
        there = there_with(row)
        assert units > 0, key
        assert units % pack == 0, key
        assert there + units >= row["order_up_to"], key
        assert units < max(row["order_up_to"] - there, least[key[0]]) + pack, key
        cost = price[key[0]]
        assert (row["unit_cost"], row["cost_note"]) == (cost, cost_note(cost)), key
        assert row["order_cost"] == (None if cost is None else cost * int(units)), key


def test_proposals_come_by_what_they_save_per_money_spent(proposals: dict[Size, Row]) -> None:
    ranked = sorted(proposals.values(), key=lambda row: row["priority"])

    assert [row["priority"] for row in ranked] == list(range(1, len(ranked) + 1))
    ratios = [row["margin_at_risk_per_cost"] or 0 for row in ranked]
    assert ratios == sorted(ratios, reverse=True)
    for row in ranked:
        if row["order_cost"] is None:
            assert row["margin_at_risk_per_cost"] is None
            continue
        # The margin itself is rounded to hundredths.
        saved = row["margin_at_risk_per_cost"] * float(row["order_cost"])
        assert saved == pytest.approx(float(row["margin_at_risk"]), abs=0.006)


def test_a_proposal_is_of_its_policy_and_level(played: Played, proposals: dict[Size, Row]) -> None:
    """Policies are compared in test_policy.py, levels in test_needs.py."""
    policies = {row["article_number"]: row for row in played.query("from analytics.replenishment_policy")}
    needs = {key_of(row): row for row in played.query("from analytics.replenishment_position")}

    for key, row in proposals.items():
        for name in ("pack_size", "value_class", "variability_class"):
            assert row[name] == policies[key[0]][name], (key, name)
        for name in ("reorder_point", "order_up_to"):
            assert row[name] == needs[key][name], (key, name)


def test_only_stock_that_is_free_is_sent_and_no_single_piece(played: Played, transfers: list[Row]) -> None:
    price = {
        number: known_price(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()
    }
    free = free_of(played)
    sent: dict[Size, float] = defaultdict(float)
    together: dict[tuple[int, int, int], float] = defaultdict(float)

    played.shows(transfers)
    for row in transfers:
        article, size, units = row["article_number"], row["article_size_number"], row["units"]
        giver, taker = row["from_branch_number"], row["to_branch_number"]
        assert row["tenant_id"] == "mini"
        assert units > 0, row
        assert units == int(units), row
        assert giver != taker, row
        assert (article, size, taker) in free, row
        cost = price[article]
        assert row["cost_saved"] == (None if cost is None else cost * int(units)), row
        assert row["cost_note"] == cost_note(cost), row
        sent[article, size, giver] += units
        together[article, giver, taker] += units
    assert all(units <= free[key] for key, units in sent.items())
    assert all(units >= 2 for units in together.values())


def test_what_a_size_is_sent_counts_against_its_order(
    proposals: dict[Size, Row], transfers: list[Row]
) -> None:
    arriving: dict[Size, float] = defaultdict(float)
    for row in transfers:
        arriving[row["article_number"], row["article_size_number"], row["to_branch_number"]] += row["units"]

    for key, row in proposals.items():
        assert row["transferred_units"] == arriving[key], key


def test_an_action_is_named_as_the_masters_say(played: Played) -> None:
    articles, branches = by_number(played.rows["article"]), by_number(played.rows["branch"])
    suppliers = by_number(played.rows["supplier"])
    sizes = {
        (int(row["articleNumber"]), int(row["number"])): row["size"] for row in played.rows["articlesize"]
    }
    names = {row["article_number"]: row["article_name"] for row in played.query("from analytics.dim_article")}

    rows = played.query("select * from analytics.replenishment_action")
    assert {row["tenant_id"] for row in rows} == {"mini"}
    assert len({row["action_id"] for row in rows}) == len(rows)
    for row in rows:
        article = row["article_number"]
        assert row["article_name"] == names[article]
        if row["article_size_number"] is not None:
            assert (row["size"] or "") == sizes[article, row["article_size_number"]]
        for number, name in (("branch_number", "branch_name"), ("from_branch_number", "from_branch_name")):
            called = None if row[number] is None else branches[row[number]]["name1"]
            assert row[name] == called
        supplier = row["supplier_number"]
        if supplier is not None:
            assert supplier == articles[article]["supplierNumber"]
            assert row["supplier_name"] == suppliers[supplier]["name1"]
