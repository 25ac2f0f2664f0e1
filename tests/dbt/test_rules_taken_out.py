"""Unit tests of models can fail: with one rule taken out of its model, the test that is named for it fails.

Every rule is taken out of a copy of the project, which is parsed and whose unit tests are run once for all of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

PROJECT = Path(__file__).parents[2] / "include" / "dbt"
ACTIONS, INVENTORY = "models/steps/actions", "models/marts/inventory"


@dataclass(frozen=True)
class Rule:
    """A rule of a model.

    Attributes:
        name: what it is.
        model: the file it is in.
        text: how it reads there.
        without: what stands there without it.
        test: the unit test that must fail then.
    """

    name: str
    model: str
    text: str
    without: str
    test: str


RULES = (
    Rule(
        "an order line that comes before its goods are gone is not asked for",
        f"{ACTIONS}/int_orders_late.sql",
        "(order_lines.supply = 'if expedited' and order_lines.arrives_on > missed.stock_out_on)",
        "order_lines.supply = 'if expedited'",
        "a_line_is_asked_for_when_stock_runs_out_for_what_is_missed_until_it_comes",
    ),
    Rule(
        "no action is about an article or a branch without master",
        f"{ACTIONS}/int_actions_named.sql",
        "where branches_without_master.tenant_id is null",
        "where true",
        "what_has_no_master_is_in_no_action",
    ),
    Rule(
        "what an order line costs is not known where no one says",
        "models/steps/inventory/int_supply_issues.sql",
        "sum(order_value) as order_value",
        "coalesce(sum(order_value), 0) as order_value",
        "supply_that_is_late_or_incomplete_and_closed_branches_are_named",
    ),
    Rule(
        "money of an issue that nothing prices is not zero",
        f"{INVENTORY}/inventory_issue.sql",
        "cast(amount as decimal(18, 2)) as amount",
        "cast(coalesce(amount, 0) as decimal(18, 2)) as amount",
        "bad_input_is_named_and_kept",
    ),
    Rule(
        "what a unit costs is not zero where no price is known",
        "models/steps/articles/int_articles_valued.sql",
        "cast(articles.purchase_price as double) as unit_cost",
        "cast(coalesce(articles.purchase_price, 0) as double) as unit_cost",
        "a_unit_earns_what_it_earned_in_the_last_year_or_else_by_the_price_list",
    ),
    Rule(
        "a budget says nothing of a line whose cost is not known",
        "models/steps/replenishment/int_orders_in_budget.sql",
        "    is_within_budget\nfrom bought_{{ looks }}",
        "    coalesce(is_within_budget, false) as is_within_budget\nfrom bought_{{ looks }}",
        "a_line_that_is_too_dear_takes_nothing_of_the_budget",
    ),
    Rule(
        "lines whose cost is not known may be what a supplier's minimum lacks",
        "macros/replenishment.sql",
        "when {{ orders }}.supplier_lines_without_cost = 0 then true",
        "else true",
        "a_proposal_is_trusted_as_far_as_its_inputs",
    ),
    Rule(
        "what is left over and not priced ranks behind what is",
        "models/marts/replenishment/markdown_candidate.sql",
        "coalesce(leftover_value, 0) desc, leftover_units desc",
        "leftover_value desc nulls first",
        "what_the_season_will_not_sell_is_left_over",
    ),
    Rule(
        "what is at stake and not priced ranks behind what is",
        f"{INVENTORY}/inventory_status.sql",
        "coalesce(round(units_at_stake * coalesce(money_per_unit, unit_cost), 2), 0) as money_ranked",
        "coalesce(round(units_at_stake * coalesce(money_per_unit, unit_cost), 2), 99) as money_ranked",
        "every_position_has_the_first_status_that_holds",
    ),
    Rule(
        "a limit is not free where nothing of it has a price",
        "models/marts/replenishment/open_to_buy.sql",
        "{{ worth_of_group(worth_of('(received_units + open_units)', 'unit_value')) }} as committed_value",
        "coalesce(sum((received_units + open_units) * unit_value), 0) as committed_value",
        "a_free_limit_is_what_neither_came_nor_is_on_order",
    ),
    Rule(
        "what a supplier left over is not zero where nothing of it has a price",
        "models/steps/orders/int_supplier_sales.sql",
        "when count(leftovers.article_number) = 0 or count(leftovers.leftover_value) > 0",
        "when true",
        "what_is_left_has_a_value_where_a_price_is_known",
    ),
    Rule(
        "a year of sales without a cost turns nothing over that is known",
        f"{INVENTORY}/inventory_measure.sql",
        "cast(case when coalesce(sold.line_count, 0) = 0 then 0 else sold.cost end as double) as cost",
        "cast(coalesce(sold.cost, 0) as double) as cost",
        "stock_that_lasts_too_long_is_slow_and_what_never_sells_is_dead",
    ),
    Rule(
        "stock that lasts beyond the calendar has no day on which it runs out",
        "models/steps/replenishment/int_stock_cover.sql",
        "when lasting_days <= {{ var('calendar_days_ahead') }} then greatest(lasting_days, 0)",
        "when true then greatest(coalesce(lasting_days, 3650), 0)",
        "stock_lasts_until_the_expected_demand_has_used_it_up",
    ),
    Rule(
        "stock that lasts for years is slow",
        f"{INVENTORY}/inventory_status.sql",
        "when days_of_supply is null and supply_note <> 'no demand expected' then true",
        "",
        "every_position_has_the_first_status_that_holds",
    ),
    Rule(
        "an error of a forecast that was published comes before that of a backtest",
        f"{ACTIONS}/int_forecast_errors.sql",
        "round(coalesce(errors.live_error, errors.backtest_error), 6)",
        "round(coalesce(errors.backtest_error, errors.live_error), 6)",
        "an_article_has_the_newest_error_of_its_class",
    ),
)


@pytest.fixture(scope="module")
def outcomes(first_build, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outcomes of the named unit tests with all rules taken out."""
    warehouse, _ = first_build
    home = tmp_path_factory.mktemp("rules")
    copy = warehouse.copy(home / "warehouse")
    project = home / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    for rule in RULES:
        path = project / rule.model
        text = path.read_text(encoding="utf-8")
        assert text.count(rule.text) == 1, f"{rule.model} no longer says: {rule.text}"
        path.write_text(text.replace(rule.text, rule.without), encoding="utf-8")
    command = [sys.executable, "-m", "dbt.cli.main", "test", "--select", *(rule.test for rule in RULES)]
    places = [
        "--project-dir",
        str(project),
        "--profiles-dir",
        str(project),
        "--target-path",
        str(home / "target"),
    ]
    variables = {"MERCURIOS_DUCKDB_PATH": str(copy.path), "MERCURIOS_TENANT_ID": "north"}
    done = subprocess.run(
        [*command, *places],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    report = home / "target" / "run_results.json"
    assert report.exists(), done.stdout[-4000:] + done.stderr[-4000:]
    results = json.loads(report.read_text(encoding="utf-8"))["results"]
    return {result["unique_id"].rpartition(".")[2]: result["status"] for result in results}


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.name)
def test_without_a_rule_the_unit_test_that_is_named_for_it_fails(
    outcomes: dict[str, str], rule: Rule
) -> None:
    assert outcomes[rule.test] == "fail"


def test_every_rule_is_held_by_a_unit_test_that_passes(first_build) -> None:
    _, statuses = first_build
    passed = {name.rpartition(".")[2] for name, status in statuses.items() if status == "pass"}

    assert {rule.test for rule in RULES} - passed == set()
