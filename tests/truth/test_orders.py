"""What an order saves and which is bought first, against a plain computation of demand, stock, money and settings."""

from __future__ import annotations

from collections import defaultdict
from math import ceil, inf

import pytest
from line_kinds import Row, money
from plan import Plan, keyed
from played import Played
from source_rows import Size

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]


@pytest.fixture(scope="module")
def proposals(played: Played) -> dict[Size, Row]:
    return keyed(played.query("from analytics.replenishment_proposal"))


def test_the_played_shop_shows_every_kind_of_order(plan: Plan, proposals: dict[Size, Row]) -> None:
    """Without them the tests below would compare less than they say."""
    assert any(row["units_at_risk"] > 1 for row in proposals.values())
    assert any("more come in time" in row["reason"] for row in proposals.values())
    assert any("come too late" in row["reason"] for row in proposals.values())
    assert any(0 < plan.share(size) < 1 for size in plan.positions)
    assert {row["demand_source"] for row in plan.positions.values()} == {"average", "forecast", "none"}
    assert len(transfers(plan)) > 5


def covered(row: Row) -> float:
    """Return what a size has or will have in time without its proposal, and what no order can serve."""
    coming = row["on_order_in_time"] + row["on_order_if_expedited"] + row["transferred_units"]
    return float(max(row["free_stock"], 0) + coming + row["forgone_units"])


def saved(plan: Plan, size: Size, row: Row) -> float:
    """Return the units that are short without an order and not with it, once its goods can be there."""
    stock = covered(row)
    return max(plan.missed(size, stock) - plan.missed(size, stock + row["order_units"]), 0)


def test_an_order_saves_what_would_be_short_once_its_goods_are_there(
    plan: Plan, proposals: dict[Size, Row]
) -> None:
    for size, row in proposals.items():
        units, margin = saved(plan, size, row), plan.margins[size[0]]
        assert row["units_at_risk"] == pytest.approx(units, rel=1e-3, abs=1e-3), size
        if margin is None:
            assert (row["margin_at_risk"], row["margin_at_risk_per_cost"]) == (None, None), size
            continue
        assert float(row["margin_at_risk"]) == pytest.approx(units * margin, rel=1e-3, abs=0.01), size
        cost = row["order_cost"]
        ratio = None if cost is None else pytest.approx(units * margin / float(cost), rel=1e-3, abs=1e-5)
        assert row["margin_at_risk_per_cost"] == ratio, size


def test_an_order_is_due_and_arrives_when_its_lead_time_says(plan: Plan, proposals: dict[Size, Row]) -> None:
    """When stock runs out is computed in test_levels.py."""
    assert {row["is_late"] for row in proposals.values()} == {True, False}
    for size, row in proposals.items():
        position = plan.positions[size]
        assert row["arrives_on"] == plan.arrives(size[0]), size
        due = position["order_by_on"] or plan.today
        if position["supply_note"] == "lasts for years" and position["protection_units"] > 0:
            due = plan.later(ceil(plan.policies[size[0]]["review_days"]) + 1)
        assert row["order_by_on"] == due, size
        for name in ("is_late", "stock_out_on"):
            assert row[name] == position[name], (size, name)


def test_an_order_is_bought_while_the_budget_lasts(plan: Plan, proposals: dict[Size, Row]) -> None:
    """By priority; what is dearer than what is left is passed over, and what comes after it may still be bought.

    Of a line whose cost is not known no budget says anything.
    """
    ranked = sorted(proposals.values(), key=lambda row: row["priority"])
    (budget,) = {plan.policies[row["article_number"]]["budget"] for row in ranked}
    left = None if budget is None else money(budget)

    bought = passed_over = 0
    for row in ranked:
        if left is not None and row["order_cost"] is None:
            assert row["is_within_budget"] is None, row
            continue
        within = left is None or row["order_cost"] <= left
        assert row["is_within_budget"] == within, row
        if within and left is not None:
            left -= row["order_cost"]
        passed_over += not within
        bought += within and passed_over > 0
    plan.played.shows(passed_over, bought)


def test_a_supplier_whose_orders_are_too_small_is_named(plan: Plan, proposals: dict[Size, Row]) -> None:
    """Not where the cost of some is not known and the others alone are worth too little."""
    total: dict[int, float] = defaultdict(float)
    for row in proposals.values():
        total[row["supplier_number"]] += float(row["order_cost"] or 0)
    unknown = {row["supplier_number"] for row in proposals.values() if row["order_cost"] is None}

    plan.played.shows({row["is_below_supplier_minimum"] for row in proposals.values()} >= {True, False})
    for size, row in proposals.items():
        least = plan.policies[size[0]]["minimum_order_value"]
        is_below = total[row["supplier_number"]] < least
        expected = None if is_below and row["supplier_number"] in unknown else is_below
        assert row["is_below_supplier_minimum"] == expected, size


def test_an_order_is_trusted_as_far_as_its_demand_and_lead_time_are_known(
    played: Played, plan: Plan, proposals: dict[Size, Row]
) -> None:
    classes = {row["article_number"]: row for row in played.query("from analytics.article_class")}

    for size, row in proposals.items():
        position, policy = plan.positions[size], plan.policies[size[0]]
        known = classes[size[0]]
        sure = (
            known["demand_class"] in ("smooth", "erratic")
            and known["weeks_measured"] >= 13
            and policy["lead_time_source"] in ("supplier", "policy")
            and position["protection_deviation"] <= position["protection_units"]
        )
        if position["demand_source"] != "forecast" or policy["lead_time_source"] == "default":
            expected = "low"
        else:
            expected = "high" if sure else "medium"
        assert row["confidence"] == expected, size
    plan.played.shows({row["confidence"] for row in proposals.values()} == {"low", "medium", "high"})


def test_an_orders_reason_says_its_figures(plan: Plan, proposals: dict[Size, Row]) -> None:
    for size, row in proposals.items():
        position, policy = plan.positions[size], plan.policies[size[0]]
        expected = position["protection_units"]
        if row["free_stock"] <= 0 and expected > 0:
            begins = "Out of stock"
        elif row["stock_out_on"] is not None:
            begins = f"Runs out on {row['stock_out_on']}"
        elif expected > 0:
            begins = "Below its level"
        else:
            begins = "Below what must be on display"
        period = ceil(policy["lead_time_days"] + policy["review_days"])
        rest = row["reason"].removeprefix(
            f"{begins}; until the order after this one can arrive in {period} days, "
        )
        assert rest != row["reason"], row["reason"]
        sold, _, rest = rest.partition(" are expected to sell and ")
        assert float(sold) == pytest.approx(expected, abs=0.0501), row["reason"]
        words = (
            f"{row['reorder_point']:.0f} make that safe, against {row['free_stock']:.0f} in stock, "
            f"{row['on_order_in_time']:.0f} on order and {row['transferred_units']:.0f} from other branches."
        )
        late = row["on_order"] - row["on_order_in_time"] - row["on_order_if_expedited"]
        if row["on_order_if_expedited"]:
            words += (
                f" {row['on_order_if_expedited']:.0f} more come in time if the supplier is asked for them."
            )
        if late:
            words += f" {late:.0f} more on order come too late for it, or are overdue and not confirmed."
        if row["forgone_units"] >= 0.05:
            words += f" {row['forgone_units']:.1f} will be missed before goods can come, and are not ordered."
        if row["unit_cost"] is None:
            words += (
                " What it costs is not known: neither the budget nor the minimum of its supplier counts it."
            )
        assert rest == words, row["reason"]


def test_goods_are_sent_from_what_has_most_too_much_to_what_runs_out_first(
    played: Played, plan: Plan
) -> None:
    """A branch keeps what it is to hold, and gets up to what it orders up to; an article sends two or nothing."""
    found = {
        (
            row["article_number"],
            row["article_size_number"],
            row["from_branch_number"],
            row["to_branch_number"],
        ): row
        for row in played.query("from analytics.replenishment_transfer")
    }
    expected = transfers(plan)

    assert {key: row["units"] for key, row in found.items()} == expected
    for key, row in found.items():
        margin = plan.margins[key[0]]
        assert margin is not None
        assert float(row["expected_margin"]) == pytest.approx(row["units"] * margin, abs=0.011), key


def transfers(plan: Plan) -> dict[tuple[int, int, int, int], float]:
    """Return the units that each branch sends to each."""
    needs: dict[tuple[int, int], list[tuple[float, int, int]]] = defaultdict(list)
    surplus: dict[tuple[int, int], list[tuple[float, int, int]]] = defaultdict(list)
    services = {
        row["article_number"] for row in plan.played.query("from analytics.dim_article where is_service")
    }
    for (article, size, branch), row in plan.positions.items():
        if article in services or row["size_share"] <= 0:
            continue
        sold_on = round(row["protection_units"] + 1e-9)
        least, most = (
            (row["reorder_point"], row["order_up_to"]) if row["is_reordered"] else (sold_on, sold_on)
        )
        if row["available"] < least and (article, branch) in plan.places_sold:
            lasts = inf if row["days_of_supply"] is None else row["days_of_supply"]
            needs[article, size].append((lasts, branch, ceil(most - row["available"])))
        if (over := row["free_stock"] - row["target_units"]) >= 1:
            surplus[article, size].append((-over, branch, int(over)))
    sent: dict[tuple[int, int, int, int], float] = {}
    for key, wanted in needs.items():
        sent |= {
            (*key, *places): units for places, units in matched(sorted(wanted), sorted(surplus[key])).items()
        }
    together: dict[tuple[int, int, int], float] = defaultdict(float)
    for (article, _, giver, taker), units in sent.items():
        together[article, giver, taker] += units
    least_sent = {article: policy["transfer_minimum"] for article, policy in plan.policies.items()}
    return {
        key: units for key, units in sent.items() if together[key[0], key[2], key[3]] >= least_sent[key[0]]
    }


def matched(
    needs: list[tuple[float, int, int]], surplus: list[tuple[float, int, int]]
) -> dict[tuple[int, int], float]:
    """Return what the first gives to the first, and so on, unit by unit, by giver and taker."""
    givers = [branch for _, branch, units in surplus for _ in range(units)]
    takers = [branch for _, branch, units in needs for _ in range(units)]
    found: dict[tuple[int, int], float] = defaultdict(float)
    for giver, taker in zip(givers, takers, strict=False):
        if giver != taker:
            found[giver, taker] += 1
    return found
