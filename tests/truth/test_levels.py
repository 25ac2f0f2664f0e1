"""How much of each size is needed, against a plain computation of outlook, size curves, lead times and stock."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from math import isinf, sqrt
from statistics import fmean

import pytest
from line_kinds import Row
from plan import AT_95, SUPPLY_WEEKS, Demand, Place, Plan, keyed, placed, rounds_to
from played import Played
from source_rows import Size

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]


@pytest.fixture(scope="module")
def positions(played: Played) -> dict[Size, Row]:
    return keyed(played.query("from analytics.replenishment_position"))


@pytest.fixture(scope="module")
def levels(played: Played) -> dict[Place, Row]:
    return placed(played.query("from analytics.replenishment_level"))


def close(value: float) -> object:
    """Return what a figure must be within the rounding of what it is made of."""
    return pytest.approx(value, rel=1e-4, abs=1e-4)


def test_a_level_is_as_safe_as_the_weeks_of_its_outlook_vary(
    played: Played, plan: Plan, levels: dict[Place, Row]
) -> None:
    """Around an average: of weeks that vary on their own, and a mean that is wrong in all of them alike."""
    deviations: dict[Place, list[float]] = defaultdict(list)
    for row in played.query("from analytics.demand_outlook"):
        place = row["article_number"], row["branch_number"]
        deviations[place].append(max(row["quantile_95"] - row["mean"], 0) / AT_95)

    rows = [row for row in levels.values() if row["demand_source"] == "average"]

    played.shows(len(rows) > 20)
    played.shows(any(row["protection_spread"] > 1 for row in rows))
    for row in rows:
        article, branch = row["article_number"], row["branch_number"]
        policy, weekly = plan.policies[article], fmean(deviations[article, branch])

        def around(days: float, weekly: float = weekly) -> float:
            return weekly * sqrt(days / 7 + (days / 7) ** 2 / SUPPLY_WEEKS)

        period = policy["lead_time_days"] + policy["review_days"]
        daily = plan.demands[article, branch].within(period) / period
        lead, factor = policy["lead_time_deviation_days"] * daily, row["service_factor"]
        deviation = sqrt(around(period) ** 2 + lead**2)
        assert row["protection_deviation"] == close(deviation), (article, branch)
        assert row["protection_spread"] == close(factor * deviation), (article, branch)
        assert row["horizon_spread"] == close(factor * around(row["horizon_days"])), (article, branch)


def test_a_sizes_demand_is_its_share_of_its_articles(
    plan: Plan, positions: dict[Size, Row], levels: dict[Place, Row]
) -> None:
    """Nothing is expected of a size whose life is over, which test_article_life.py computes."""
    assert any(row["daily_units"] > 0.1 for row in positions.values())
    for size, row in positions.items():
        policy, share = plan.policies[size[0]], plan.share(size)
        demand = plan.demand_of(size) if share or plan.lives.get(size, {}).get("has_demand") else Demand()
        lead, period = policy["lead_time_days"], policy["lead_time_days"] + policy["review_days"]
        level = levels.get((size[0], size[2]), {})
        lives = plan.lives.get(size, {}).get("has_demand", True)
        assert row["demand_source"] == (level.get("demand_source", "none") if lives else "none"), size
        assert row["lead_units"] == close(demand.within(lead) * share), size
        assert row["protection_units"] == close(demand.within(period) * share), size
        assert row["daily_units"] == close(demand.within(period) * share / period), size
        assert row["horizon_units"] == close(demand.units * share), size


def drawn(share: float, article: float, units: float) -> float:
    """Return the deviation of a size that is drawn from its article: that of its share and that of the draw."""
    return sqrt((share * article) ** 2 + share * (1 - share) * units)


def level_of(plan: Plan, size: Size) -> Row:
    """Return the level of a size's article, nothing where the size's life is over."""
    found = plan.levels.get((size[0], size[2])) if plan.share(size) > 0 else None
    nothing = dict.fromkeys(
        (
            "protection_units",
            "protection_spread",
            "protection_deviation",
            "horizon_units",
            "horizon_spread",
            "service_factor",
        ),
        0.0,
    )
    return found or nothing


def test_a_sizes_deviation_is_that_of_its_share_and_of_the_draw(
    plan: Plan, positions: dict[Size, Row]
) -> None:
    for size, row in positions.items():
        level, share = level_of(plan, size), plan.share(size)
        expected = drawn(share, level["protection_deviation"], level["protection_units"])
        assert row["protection_deviation"] == close(expected), size


def test_a_size_is_ordered_below_what_makes_its_period_safe(
    plan: Plan, positions: dict[Size, Row], levels: dict[Place, Row]
) -> None:
    """And up to that of an order cycle more, with what must be on display where the branch carries the article."""
    in_branch: dict[Place, float] = defaultdict(float)
    for size, row in positions.items():
        in_branch[size[0], size[2]] += row["available"]

    on_display = 0
    for size, row in positions.items():
        if not row["is_reordered"]:
            continue
        level, policy = level_of(plan, size), plan.policies[size[0]]
        share = plan.share(size)
        safe = row["protection_units"] + drawn(
            share, level["protection_spread"], level["service_factor"] ** 2 * level["protection_units"]
        )
        article = levels.get((size[0], size[2]), {}).get("protection_units", 0)
        carried = row["size_share"] > 0 and (article > 0 or in_branch[size[0], size[2]] > 0)
        least = policy["display_units"] if carried else 0
        cycle = row["daily_units"] * policy["order_cycle_days"]
        for name, units in (("reorder_point", safe), ("order_up_to", safe + cycle)):
            is_least = row[name] == least and units < least + 0.5 + 1e-4
            on_display += is_least and carried
            assert is_least or (row[name] >= least and rounds_to(row[name], units)), (size, name, units)
        assert row["safety_stock"] == close(max(row["reorder_point"] - row["protection_units"], 0)), size
        assert row["target_units"] == row["order_up_to"], size
    assert on_display


def test_what_is_not_ordered_again_has_enough_for_its_outlook(plan: Plan, positions: dict[Size, Row]) -> None:
    """What is new has at least what it was bought with."""
    kinds = set()
    for size, row in positions.items():
        if row["is_reordered"]:
            continue
        level, share = level_of(plan, size), plan.share(size)
        safe = row["horizon_units"] + drawn(
            share, level["horizon_spread"], level["service_factor"] ** 2 * level["horizon_units"]
        )
        coming = sum(line.units for line in plan.open_lines.get(size, []) if line.supply != "unconfirmed")
        least = max(row["free_stock"], 0) + coming if row["is_new"] else 0
        is_least = row["target_units"] == least and safe < least + 0.5 + 1e-4
        assert is_least or (row["target_units"] >= least and rounds_to(row["target_units"], safe)), size
        kinds.add((row["is_new"], is_least))
    assert (False, False) in kinds


def test_a_unit_earns_what_those_of_the_year_did(plan: Plan, positions: dict[Size, Row]) -> None:
    """Or what the price list says; the margin of a line is computed in test_margins.py."""
    assert {row["unit_margin"] is None for row in positions.values()} >= {False}
    for size, row in positions.items():
        margin = plan.margins[size[0]]
        assert row["unit_margin"] == (None if margin is None else close(margin)), size


def test_stock_lasts_until_its_expected_demand_has_used_it_up(plan: Plan, positions: dict[Size, Row]) -> None:
    for_years = 0
    assert any(0 < (row["days_of_supply"] or 0) < 90 for row in positions.values())
    for size, row in positions.items():
        stock = max(float(row["free_stock"]), 0)
        if row["horizon_units"] <= 0:
            assert row["days_of_supply"] is None, size
            continue
        lasts = 0.0 if stock <= 0 else plan.demand_of(size).lasting(stock / plan.share(size))
        if isinf(lasts):
            for_years += 1
            assert row["days_of_supply"] is None, size
        else:
            assert row["days_of_supply"] == pytest.approx(lasts, rel=1e-3, abs=1e-3), size
    plan.played.shows(for_years)


def test_an_order_is_due_a_lead_time_before_stock_runs_out(plan: Plan, positions: dict[Size, Row]) -> None:
    """It runs out when what is there at each arrival does not last until the next."""
    put_off = late = for_years = 0
    for size, row in positions.items():
        if row["horizon_units"] <= 0:
            assert (row["stock_out_on"], row["order_by_on"], row["is_late"]) == (None, None, False), size
            assert row["supply_note"] == "no demand expected", size
            continue
        runs_out, lead = plan.runs_out_in(size), plan.policies[size[0]]["lead_time_days"]
        if isinf(runs_out):
            for_years += 1
            assert (row["stock_out_on"], row["order_by_on"], row["is_late"]) == (None, None, False), size
            assert row["supply_note"] == "lasts for years", size
            continue
        assert row["supply_note"] is None, size
        # Of a far year no one needs to know the day.
        about = 0.501 + runs_out / 10_000
        assert abs((row["stock_out_on"] - plan.today).days + 0.5 - runs_out) <= about, size
        put_off += (row["stock_out_on"] - plan.today).days > row["days_of_supply"] + 1
        if not row["is_reordered"]:
            assert (row["order_by_on"], row["is_late"]) == (None, False), size
            continue
        if abs(runs_out - lead) > about - 0.5:
            assert row["is_late"] == (runs_out < lead), size
        due = max(runs_out - lead, 0)
        assert abs((row["order_by_on"] - plan.today).days + 0.5 - due) <= about, size
        late += row["is_late"]
    assert put_off
    assert late
    plan.played.shows(for_years)


def test_what_customers_miss_before_goods_come_is_what_stock_and_arrivals_lack(
    plan: Plan, positions: dict[Size, Row]
) -> None:
    """Where they do not wait; what open orders bring after it is needed is taken off."""
    waited = after_arrivals = 0
    for size, row in positions.items():
        missed = plan.forgone(size)
        assert row["forgone_units"] == pytest.approx(missed, rel=1e-3, abs=2e-3), size
        lacked = max(row["lead_units"] - row["available"], 0)
        waited += lacked > 0 and plan.policies[size[0]]["customers_wait"]
        after_arrivals += missed > lacked + 0.01
    assert any(row["forgone_units"] > 1 for row in positions.values())
    plan.played.shows(waited, after_arrivals)


def test_a_status_and_a_measure_say_what_their_position_does(
    played: Played, plan: Plan, positions: dict[Size, Row]
) -> None:
    statuses = keyed(played.query("from analytics.inventory_status"))
    measures = keyed(played.query("from analytics.inventory_measure"))

    assert statuses.keys() == measures.keys() == positions.keys()
    assert {row["is_slow"] for row in statuses.values()} == {True, False, None}
    for size, row in positions.items():
        for name in ("target_units", "days_of_supply", "stock_out_on", "supply_note"):
            assert statuses[size][name] == row[name], (size, name)
        assert measures[size]["daily_units"] == row["daily_units"], size
        lasts = row["days_of_supply"]
        slow: bool | None = lasts is None or lasts > 180
        if lasts is None and row["supply_note"] == "no demand expected":
            slow = None
        is_new = row["is_new"] and not row["is_reordered"]
        assert statuses[size]["is_slow"] == (False if is_new else slow), size


def test_what_runs_short_lacks_what_sells_until_an_order_comes(
    played: Played, plan: Plan, positions: dict[Size, Row]
) -> None:
    short = 0
    for size, row in keyed(played.query("from analytics.inventory_status")).items():
        position, policy = positions[size], plan.policies[size[0]]
        runs_out = position["stock_out_on"]
        ends = plan.today + timedelta(days=int(policy["lead_time_days"]))
        wanted = position["is_reordered"] and position["target_units"] > 0
        is_short = wanted and (position["free_stock"] <= 0 or (runs_out is not None and runs_out < ends))
        assert (row["stock_status"] in ("stocked out", "potential stock-out")) == is_short, size
        if is_short:
            short += 1
            units = plan.short_in_lead_time(size)
            assert row["units_at_stake"] == pytest.approx(units, rel=1e-3, abs=1e-3), size
            margin = plan.margins[size[0]]
            assert row["money_note"] == ("no margin" if margin is None and units else None), size
            money = None if row["money_at_stake"] is None else float(row["money_at_stake"])
            expected = None if row["money_note"] else units * (margin or 0)
            assert money == pytest.approx(expected, rel=1e-3, abs=0.02), size
    assert short


def test_goods_that_end_sell_as_expected_until_their_end(played: Played, plan: Plan) -> None:
    """Where a season ends after the outlook of a branch, the branch goes on at its average pace."""
    rows = played.query("from analytics.markdown_candidate")
    by_article: dict[int, list[Demand]] = defaultdict(list)
    for (article, _), demand in plan.demands.items():
        by_article[article].append(demand)

    assert any(row["expected_units"] > 1 for row in rows)
    for row in rows:
        days = (row["sell_until"] - plan.today).days + 1
        expected = 0.0
        for demand in by_article[row["article_number"]]:
            pace = fmean(mean for _, _, mean in demand.weeks) / 7
            expected += demand.within(min(days, demand.days)) + max(days - demand.days, 0) * pace
        assert row["expected_units"] == close(expected), row["article_number"]
