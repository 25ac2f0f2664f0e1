"""Every figure of what a buyer is asked to do, and the sentence that says them, in both languages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from statistics import NormalDist
from typing import Any

import pytest
from line_kinds import Row, cost_note, known_price
from plan import Plan, keyed
from played import Played
from source_rows import Size, by_number

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

# What is not to be sold: what it cost is at stake.
TOO_MUCH = ("cancel", "reduce", "mark down")
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@pytest.fixture(scope="module")
def actions(played: Played) -> list[Row]:
    return played.query("from analytics.replenishment_action")


def size_of(row: Row) -> Size | None:
    """Return the size that an action is about, none if it is about an article as a whole."""
    if row["article_size_number"] is None:
        return None
    return row["article_number"], row["article_size_number"], row["branch_number"]


def test_every_action_has_the_name_of_what_it_is_about(actions: list[Row]) -> None:
    assert len({row["action_id"] for row in actions}) == len(actions)
    for row in actions:
        last = row["order_line_id"] or row["from_branch_number"]
        parts = (row["action"], row["article_number"], row["article_size_number"], row["branch_number"], last)
        assert row["action_id"] == "/".join("" if part is None else str(part) for part in parts)


def test_an_action_says_when_the_next_goods_come_and_stock_runs_out(plan: Plan, actions: list[Row]) -> None:
    """When stock runs out is computed in test_levels.py."""
    due: dict[Any, list[date]] = defaultdict(list)
    for size, lines in plan.open_lines.items():
        for line in lines:
            if line.supply != "unconfirmed":
                due[size].append(line.due)
                due[size[0]].append(line.due)

    assert any(row["next_arrival_on"] for row in actions)
    for row in actions:
        size = size_of(row)
        coming = due[row["article_number"] if size is None else size]
        assert row["next_arrival_on"] == min(coming, default=None), row["action_id"]
        runs_out = None if size is None else plan.positions[size]["stock_out_on"]
        assert row["stock_out_on"] == runs_out, row["action_id"]
        why = "article as a whole" if size is None else plan.positions[size]["supply_note"]
        assert row["supply_note"] == why, row["action_id"]


def test_an_action_says_how_far_forecasts_of_its_class_are_off(
    played: Played, plan: Plan, actions: list[Row]
) -> None:
    """As measured last before the marts were built; classes are computed in test_policy.py."""
    stored = [row for row in played.rows["forecast_accuracy"] if row["wape"] is not None]
    newest = max((row["origin_week"] for row in played.rows["forecast_accuracy"]), default=None)
    errors = {
        (row["kind"], row["demand_class"]): (round(row["wape"], 6), round(row["bias"], 6))
        for row in stored
        if row["origin_week"] == newest
    }
    classes = {
        row["article_number"]: row["demand_class"] for row in played.query("from analytics.article_class")
    }
    forecast = {place for place, level in plan.levels.items() if level["demand_source"] == "forecast"}
    articles = {article for article, _ in forecast}

    played.shows(len({row["forecast_error_source"] for row in actions}) > 1)
    for row in actions:
        article, branch = row["article_number"], row["branch_number"]
        known = article in articles if branch is None else (article, branch) in forecast
        kinds = [kind for kind in ("live", "backtest") if (kind, classes.get(article)) in errors]
        source = "no forecast" if not known else next(iter(kinds), "not measured")
        error, bias = errors.get((source, classes.get(article)), (None, None))
        assert row["forecast_error_source"] == source, row["action_id"]
        assert row["forecast_error"] == (None if error is None else pytest.approx(error)), row["action_id"]
        assert row["forecast_bias"] == (None if bias is None else pytest.approx(bias)), row["action_id"]


def test_an_action_costs_what_is_bought_and_saves_margin_or_value(
    played: Played, plan: Plan, actions: list[Row]
) -> None:
    price = {
        number: known_price(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()
    }

    kinds = {row["action"] for row in actions}
    played.shows(kinds >= {"order", "expedite", "transfer", "decide", "mark down", "reduce"})
    for row in actions:
        article, margin = row["article_number"], plan.margins[row["article_number"]]
        is_bought = row["action"] in ("order", "decide")
        cost = price[article]
        paid = cost * int(row["units"]) if is_bought and cost is not None else None
        assert (row["cost"], row["cost_note"]) == (paid, cost_note(cost)), row["action_id"]
        stake = row["units_at_stake"]
        if row["action"] in TOO_MUCH:
            assert row["margin_at_risk"] is None, row["action_id"]
            value = None if row["value_at_stake"] is None else float(row["value_at_stake"])
            expected = None if cost is None else pytest.approx(stake * float(cost), abs=0.02)
            assert value == expected, row["action_id"]
        else:
            assert row["value_at_stake"] is None, row["action_id"]
            played.shows(margin is not None)
            # What a unit earns is rounded to a hundredth of a cent.
            risk = None if margin is None else pytest.approx(stake * margin, abs=0.02 + stake * 1e-4)
            found = row["margin_at_risk"]
            assert (None if found is None else float(found)) == risk, row["action_id"]


def test_what_is_decided_about_misses_what_no_order_brings(plan: Plan, actions: list[Row]) -> None:
    """As the outlook says or as it sold in a quarter, whichever is more."""
    decisions = [row for row in actions if row["action"] == "decide"]

    assert decisions
    for row in decisions:
        article, policy = row["article_number"], plan.policies[row["article_number"]]
        sizes = [
            (size, each)
            for size, each in plan.positions.items()
            if size[0] == article and each["size_share"] > 0 and plan.branches[size[2]]["is_active"]
        ]
        pace = float(row["sold_13_weeks"]) / 91
        period = policy["lead_time_days"] + policy["review_days"]
        demand = max(sum(each["protection_units"] for _, each in sizes), pace * period)
        missed = sum(plan.missed(size, max(each["free_stock"], 0)) for size, each in sizes)
        stock = sum(max(each["free_stock"], 0) for _, each in sizes)
        pack = policy["pack_size"]
        wanted = max(demand - stock, policy["minimum_order_units"], 1)
        assert row["demand_units"] == pytest.approx(demand, rel=1e-3), article
        stake = max(missed, pace * policy["review_days"])
        assert row["units_at_stake"] == pytest.approx(stake, rel=1e-3, abs=1e-3), article
        assert row["units"] % pack == 0, article
        assert wanted - 1e-3 <= row["units"] < wanted + pack + 1e-3, article
        assert (row["due_on"], row["arrives_on"]) == (plan.today, plan.arrives(article)), article
        assert row["demand_until"] == plan.protected_until(article), article


def test_what_an_order_is_needed_for_is_the_demand_of_its_period(plan: Plan, actions: list[Row]) -> None:
    proposed = keyed(plan.played.query("from analytics.replenishment_proposal"))

    for row in actions:
        if (size := size_of(row)) and row["action"] in ("order", "transfer"):
            position = plan.positions[size]
            assert row["demand_units"] == pytest.approx(position["protection_units"], abs=1e-3), size
            assert row["demand_until"] == plan.protected_until(size[0]), size
            level = position["reorder_point"] if position["is_reordered"] else None
            assert row["level_units"] == level, size
            forgone = proposed[size]["forgone_units"] if row["action"] == "order" else None
            assert row["forgone_units"] == forgone, size
            if row["action"] == "transfer":
                assert row["due_on"] == max(position["stock_out_on"] or plan.today, plan.today), size


def test_goods_that_end_leave_no_more_than_their_margin_is_worth(plan: Plan, actions: list[Row]) -> None:
    """What is missed costs its margin, what is left its price: the quantile is margin / (margin + price).

    The played shop cancels nothing that ends; the demo's retailers do.
    """
    lines = 0
    for row in actions:
        if row["action"] not in ("cancel", "reduce") or not (size := size_of(row)):
            continue
        position, lines = plan.positions[size], lines + 1
        if position["is_reordered"]:
            assert row["level_units"] == position["order_up_to"], row["action_id"]
            continue
        margin, cost = position["unit_margin"], position["unit_cost"]
        share = 0.0
        if margin is not None and cost is not None and margin > cost:
            ratio = min(margin / (margin + cost), 0.999)
            factor = NormalDist().inv_cdf(plan.policies[size[0]]["service_level"])
            share = min(NormalDist().inv_cdf(ratio) / factor, 1)
        spread = max(position["target_units"] - position["horizon_units"], 0)
        # The models' quantile of the normal distribution is right to 0.00045.
        assert row["level_units"] == pytest.approx(spread * share, abs=2e-3 + spread * 1e-3), row["action_id"]
    plan.played.shows(lines)


def levelled(row: Row, word: str, forgone: str) -> list[str]:
    """Return what a sentence says of the level, and of what is missed before goods can come."""
    words = [] if row["level_units"] is None else [f", {word} {row['level_units']:.0f}"]
    return [*words, forgone] if (row["forgone_units"] or 0) >= 0.05 else words


def english(row: Row) -> str:
    """Return the sentence of an action."""
    words = [
        f"Sold {row['sold_4_weeks']:.0f} in the last 4 weeks and {row['sold_13_weeks']:.0f} in 13;"
        f" {row['free_stock']:.0f} in stock, {row['on_order']:.0f} on order"
    ]
    if row["next_arrival_on"]:
        words.append(f" from {row['next_arrival_on']}")
    words.append(f"; demand {row['demand_units']:.1f} until {row['demand_until']}")
    forgone = f"; of that {row['forgone_units'] or 0:.1f} are missed before goods can come, and not ordered"
    words += [*levelled(row, "level", forgone), ". "]
    if row["action"] in ("expedite", "cancel", "reduce"):
        is_known = row["arrives_on"] is not None
        if is_known:
            words.append(f"It comes on {row['arrives_on']}. ")
        elif row["action"] == "expedite":
            words.append("Overdue, and the supplier names no day. ")
    words.append("Without this, ")
    if row["action"] in TOO_MUCH:
        value = row["value_at_stake"]
        worth = "" if value is None else f" worth {value:.2f} at purchase price"
        words.append(f"{row['units_at_stake']:.1f} units{worth} are left over.")
    else:
        if row["free_stock"] <= 0:
            words.append("the shelf stays empty and ")
        elif row["stock_out_on"]:
            words.append(f"it runs out on {row['stock_out_on']} and ")
        words.append(
            f"{row['units_at_stake']:.1f} units with {row['margin_at_risk']:.2f} of margin are missed."
        )
    if row["cost_note"] and row["action"] in ("order", "decide", *TOO_MUCH):
        more = ": neither the budget nor the minimum of the supplier counts them"
        words.append(f" What they cost is not known{more if row['action'] == 'order' else ''}.")
    return "".join(words) + (" That is less than is worth the work." if row["is_minor"] else "")


def german(row: Row) -> str:
    """Return the sentence of an action in German."""
    words = [
        f"Verkauft: {row['sold_4_weeks']:.0f} in den letzten 4 Wochen, {row['sold_13_weeks']:.0f} in 13;"
        f" {row['free_stock']:.0f} im Bestand, {row['on_order']:.0f} bestellt"
    ]
    if row["next_arrival_on"]:
        words.append(f" ab {row['next_arrival_on']:%d.%m.%Y}")
    words.append(f"; Bedarf {decimal(row['demand_units'], 1)} bis {row['demand_until']:%d.%m.%Y}")
    missed = decimal(row["forgone_units"] or 0, 1)
    forgone = f"; davon fehlen {missed} vor dem Wareneingang und werden nicht bestellt"
    words += [*levelled(row, "Sollbestand", forgone), ". "]
    if row["action"] in ("expedite", "cancel", "reduce"):
        if row["arrives_on"]:
            words.append(f"Lieferung am {row['arrives_on']:%d.%m.%Y}. ")
        elif row["action"] == "expedite":
            words.append("Überfällig, der Lieferant nennt keinen Tag. ")
    words.append("Sonst ")
    if row["action"] in TOO_MUCH:
        stake, value = decimal(row["units_at_stake"], 1), row["value_at_stake"]
        worth = "" if value is None else f" für {decimal(value, 2)} Einkaufswert"
        words.append(f"bleiben {stake} Stück{worth} übrig.")
    else:
        if row["free_stock"] <= 0:
            words.append("bleibt das Regal leer, und ")
        elif row["stock_out_on"]:
            words.append(f"ist es am {row['stock_out_on']:%d.%m.%Y} ausverkauft, und ")
        else:
            words.append("reicht es nicht, und ")
        stake, margin = decimal(row["units_at_stake"], 1), decimal(row["margin_at_risk"], 2)
        words.append(f"{stake} Stück mit {margin} Rohertrag fehlen.")
    if row["cost_note"] and row["action"] in ("order", "decide", *TOO_MUCH):
        more = ": Weder Budget noch Mindestbestellwert zählen sie"
        words.append(f" Ihr Einkaufspreis ist nicht bekannt{more if row['action'] == 'order' else ''}.")
    return "".join(words) + (" Das ist die Arbeit nicht wert." if row["is_minor"] else "")


def decimal(value: Any, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


def words_and_figures(text: str) -> tuple[str, list[float]]:
    """Return a sentence without its figures, and the figures."""
    figures = [float(figure.replace(",", ".")) for figure in NUMBER.findall(text)]
    return NUMBER.sub("#", text), figures


@pytest.mark.parametrize(("column", "sentence"), [("reason", english), ("reason_de", german)])
def test_the_sentence_of_an_action_says_its_figures(
    actions: list[Row], column: str, sentence: Callable[[Row], str]
) -> None:
    """Figures may differ in their last digit, by a half that is rounded up or down."""
    for row in actions:
        words, figures = words_and_figures(row[column])
        expected_words, expected = words_and_figures(sentence(row))
        assert words == expected_words, row["action_id"]
        assert figures == pytest.approx(expected, abs=0.101), row["action_id"]


def test_an_expedited_line_is_due_on_the_last_day_of_business_before_it_is_missed(
    plan: Plan, actions: list[Row]
) -> None:
    expedited = [row for row in actions if row["action"] == "expedite"]
    ordered = keyed(plan.played.query("from analytics.replenishment_proposal"))

    assert expedited
    for row in expedited:
        size = size_of(row)
        assert size is not None
        [line] = [each for each in plan.open_lines[size] if each.name == row["order_line_id"]]
        out = plan.positions[size]["stock_out_on"]
        assert row["due_on"] == max(plan.open_until(out), plan.today), size
        assert row["arrives_on"] == (None if line.supply == "unconfirmed" else line.arrives), size
        days = (row["demand_until"] - plan.today).days
        demand = plan.demand_of(size).within(days) * plan.share(size)
        assert row["demand_units"] == pytest.approx(demand, rel=1e-3, abs=1e-3), size
        coming = [each.arrives for each in plan.open_lines[size] if each.supply != "unconfirmed"]
        filled = [arrives for arrives in coming if arrives > out]
        if size in ordered and not ordered[size]["on_order_if_expedited"]:
            filled.append(ordered[size]["arrives_on"])
        assert row["demand_until"] == min(filled, default=plan.later(plan.demand_of(size).days)), size
