"""From a forecast and a policy to an order, on numbers that can be checked on paper."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

# Data tests run once, on what every test here starts from.
MODELS = ("--exclude-resource-type", "unit_test", "test")
PROPOSED = (
    "select branch_number, order_units, order_cost, order_by_on, is_late, transferred_units, confidence "
    "from analytics.replenishment_proposal where tenant_id = 'north' order by all"
)
NEVER_RUNS_OUT = (
    "update raw.article set is_nos = true, is_active = true, purchase_price = 4, price = 10"
    " where tenant_id = 'north' and number = 100"
)


def forecasts(branch: int, units: float) -> list[str]:
    """Return statements that forecast so many units of article 100 in each of eight weeks, for certain."""
    first = date(2024, 1, 29)
    series = (
        f"select 'north' as tenant_id, 100 as article_number, {branch} as branch_number, "
        "date '2024-01-22' as origin_week, {units} as mean, {units} as quantile_50, {units} as quantile_80, "
        "{units} as quantile_95"
    )
    return [
        statement
        for week in range(1, 9)
        for statement in (
            f"insert into analytics.forecast_weekly by name {series.format(units=units)}, {week} as horizon, "
            f"date '{first + timedelta(weeks=week - 1)}' as week_start, 'test' as method",
            f"insert into analytics.forecast_protection by name {series.format(units=week * units)}, "
            f"{week} as periods",
        )
    ]


def unsure(units: float) -> str:
    """Return a statement that adds so many units to the greatest quantile of each sum of weeks."""
    return f"update analytics.forecast_protection set quantile_95 = quantile_95 + {units}"


def decide(setting: str, value: float) -> str:
    """Return a statement that decides a setting for the whole tenant."""
    return f"insert into raw.replenishment_policy values ('north', 'tenant', '', '{setting}', {value})"


@pytest.fixture(scope="module")
def proposing(built, tmp_path_factory):
    """Article 100 never runs out: branch 1 has none, 6 on order for 14 February and sells 7 a week, branch 2 has 5."""
    warehouse = built.copy(tmp_path_factory.mktemp("proposing") / "copy")
    warehouse.execute(
        NEVER_RUNS_OUT,
        *forecasts(1, 7.0),
        *forecasts(2, 1.75),
        decide("lead_time_days", 7),
        decide("pack_size", 4),
        decide("transfer_minimum", 1),
    )
    warehouse.build("north", "--exclude-resource-type", "unit_test")
    return warehouse


def test_an_order_is_whole_packs_for_the_days_until_the_next_one_can_arrive(proposing):
    # 14 days at 1 a day are 14, 6 are on order and 1 more comes from the other branch: 7 are two packs of 4.
    # The other branch has 5 and needs 3.5, rounded 4.
    assert proposing.rows(PROPOSED) == [(1, 8.0, 32, date(2024, 1, 31), True, 1.0, "medium")]


def test_the_reason_says_what_is_expected_and_what_is_there(proposing):
    [(reason,)] = proposing.rows(
        "select reason from analytics.replenishment_proposal where tenant_id = 'north'"
    )

    assert reason == (
        "Out of stock; until the order after this one can arrive in 14 days, 14.0 are expected to sell and 14 "
        "make that safe, against 0 in stock, 6 on order and 1 from other branches."
    )


def test_a_policy_reaches_the_orders_of_the_next_run(proposing, tmp_path):
    warehouse = proposing.copy(tmp_path / "copy")
    warehouse.execute(decide("display_units", 30), decide("budget", 10))

    warehouse.build("north", "--select", "replenishment_policy+", *MODELS)

    proposed = warehouse.rows(
        "select branch_number, order_units, is_within_budget from analytics.replenishment_proposal "
        "where tenant_id = 'north' order by all"
    )
    assert proposed == [(1, 24.0, False), (2, 28.0, False)]


def test_what_an_order_costs_is_not_known_without_a_purchase_price(proposing, tmp_path):
    """It is ordered all the same, and the budget says neither yes nor no; nor does the minimum of its supplier."""
    warehouse = proposing.copy(tmp_path / "copy")
    warehouse.execute(
        "update raw.article set purchase_price = 0 where (tenant_id, number) = ('north', 100)",
        decide("budget", 10),
        decide("minimum_order_value", 50),
    )

    warehouse.build("north", *MODELS)

    proposed = warehouse.rows(
        "select order_units, unit_cost, order_cost, cost_note, is_within_budget, is_below_supplier_minimum "
        "from analytics.replenishment_proposal where tenant_id = 'north'"
    )
    assert proposed == [(8.0, None, None, "no purchase price", None, None)]
    [(cost, note, is_minor, reason)] = warehouse.rows(
        "select cost, cost_note, is_minor, reason from analytics.replenishment_action "
        "where (tenant_id, action, article_number) = ('north', 'order', 100)"
    )
    assert (cost, note, is_minor) == (None, "no purchase price", False)
    assert reason.endswith(
        "What they cost is not known: neither the budget nor the minimum of the supplier counts them."
    )
    saved = warehouse.rows(
        "select units, cost_saved, cost_note from analytics.replenishment_transfer where tenant_id = 'north'"
    )
    assert saved == [(1.0, None, "no purchase price")]


def test_an_order_secures_what_the_sum_of_its_weeks_may_be_more(proposing, tmp_path):
    warehouse = proposing.copy(tmp_path / "copy")
    warehouse.execute(unsure(9.0))

    warehouse.build("north", "--select", "replenishment_level+", *MODELS)

    # Two weeks may sell 9 units more than 14; 6 are on order and the other branch needs its own. 7 are missed before
    # goods come, but the 6 come when all has been asked for, so that 1 is not ordered: four packs for 16.
    levels = warehouse.rows(
        "select branch_number, round(protection_units + protection_spread, 2) from analytics.replenishment_level "
        "where (tenant_id, article_number) = ('north', 100) order by all"
    )
    assert levels == [(1, 23.0), (2, 12.5)]
    [(_, units, *_), *_] = warehouse.rows(PROPOSED)
    assert units == 16


def test_a_single_piece_is_not_sent_unless_the_tenant_file_says_so(proposing, tmp_path):
    warehouse = proposing.copy(tmp_path / "copy")
    warehouse.execute("delete from raw.replenishment_policy where setting = 'transfer_minimum'")

    warehouse.build("north", "--select", "replenishment_policy+", *MODELS)

    moved = warehouse.rows("select units from analytics.replenishment_transfer where tenant_id = 'north'")
    # 14 less 6 on order are two packs of 4 with the piece or without it.
    assert moved == []
    assert [(line[1], line[5]) for line in warehouse.rows(PROPOSED)] == [(8.0, 0.0)]


def test_where_customers_wait_what_they_miss_is_ordered_too(proposing, tmp_path):
    warehouse = proposing.copy(tmp_path / "copy")
    warehouse.execute("delete from raw.purchase_order_position", decide("customers_wait", 1))
    leaving = warehouse.copy(tmp_path / "other")
    leaving.execute("delete from raw.replenishment_policy where setting = 'customers_wait'")

    for each in (warehouse, leaving):
        each.build("north", *MODELS)

    # 14 in two weeks less 1 of the other branch: four packs. 6 of them are missed in the first.
    assert [line[:2] for line in warehouse.rows(PROPOSED)] == [(1, 16.0)]
    assert [line[:2] for line in leaving.rows(PROPOSED)] == [(1, 8.0)]


def test_a_retailer_without_a_forecast_is_computed_from_what_it_sold(built):
    sources = built.rows(
        "select distinct demand_source from analytics.demand_outlook where tenant_id = 'north'"
    )

    assert sources == [("average",)]


def test_what_is_on_order_too_late_or_long_overdue_is_no_reason_to_wait(proposing, tmp_path):
    warehouse = proposing.copy(tmp_path / "copy")
    line = "select * replace ('{}' as id, 100 as backlog_amount, date '{}' as expected_arrival) from"
    only = "raw.purchase_order_position where (tenant_id, id) = ('north', 'p2')"
    warehouse.execute(
        f"insert into raw.purchase_order_position {line.format('in 200 days', '2024-08-18')} {only}",
        f"insert into raw.purchase_order_position {line.format('since 2021', '2021-05-01')} {only}",
        f"delete from {only}",
        "update raw.replenishment_policy set value = 1 where setting = 'pack_size'",
        "delete from raw.replenishment_policy where setting = 'transfer_minimum'",
    )

    warehouse.build("north", *MODELS)

    # 7 a week, lead time and review period a week each, and no stock: what is missed in the first is not ordered.
    assert [line[:2] for line in warehouse.rows(PROPOSED)] == [(1, 7.0)]
    positions = warehouse.rows(
        "select on_order, on_order_in_time, on_order_unconfirmed, available, next_arrival_on "
        "from analytics.inventory_position where (tenant_id, article_number, branch_number) = ('north', 100, 1)"
    )
    assert positions == [(200, 0, 100, 0, date(2024, 8, 18))]
    issues = "select issue, units from analytics.inventory_issue where tenant_id = 'north' and issue like '% order'"
    assert warehouse.rows(f"{issues} order by all") == [("cancelled order", 9), ("unconfirmed order", 100)]


def test_a_closed_branch_is_neither_ordered_for_nor_sent_to(proposing, tmp_path):
    warehouse = proposing.copy(tmp_path / "copy")
    warehouse.execute("update raw.branch set is_active = false where (tenant_id, number) = ('north', 1)")

    warehouse.build("north", *MODELS)

    assert [line for line in warehouse.rows(PROPOSED) if line[0] == 1] == []
    moved = (
        "select * from analytics.replenishment_transfer where (tenant_id, to_branch_number) = ('north', 1)"
    )
    assert warehouse.rows(moved) == []
    closed = (
        "select units from analytics.inventory_issue where (tenant_id, issue) = ('north', 'closed branch')"
    )
    # Six on order for it, and a pair of another article that is one short.
    assert warehouse.rows(f"{closed} order by all") == [(-1,), (6,)]
