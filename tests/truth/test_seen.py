"""Which published columns the played shop never shows a value of: of those a test only sees that they are null."""

from __future__ import annotations

import pytest
from played import Played

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

# Columns without a value in any row, with the reason.
PRICED = "every line of the shop has a margin; test_margins.py has one in which some have none"
VALUED = "every article of the shop has a purchase price; a dbt unit test has one without"
WITHOUT = {
    "branch_performance": {
        "growth": "the shop has 60 weeks of history, so no branch traded through two years",
        "margin_note": PRICED,
    },
    **{
        mart: {"cost_note": VALUED}
        for mart in (
            *("dim_article", "markdown_candidate", "replenishment_action", "replenishment_position"),
            *("replenishment_proposal", "replenishment_transfer"),
        )
    },
    "inventory_kpi": {"margin_note": PRICED, "value_note": VALUED},
    "inventory_status": {"money_note": VALUED},
    "launch_sell_through": {
        "sell_through_note": "what the shop sells it received before; test_files_pipeline.py knows no receipt"
    },
    "markdowns_monthly": {
        "write_off_note": "every write-off of the shop has a cost; a dbt unit test has one without"
    },
    "markup_by_level": {
        "entry_note": "every article of the shop has both prices; test_margins.py has some without",
        "margin_note": PRICED,
    },
    "open_to_buy": {"value_note": VALUED},
    "product_profitability": {
        "margin_note": PRICED,
        "rate_note": "no article of the shop's year brought back more than it sold; the model's unit test has one",
    },
    "stock_age_by_season": {"value_note": VALUED},
    "supplier_scorecard": {"margin_note": PRICED, "stock_value_note": VALUED, "value_note": VALUED},
    "warehouse_inventory_agg": {"value_note": VALUED},
    **{
        mart: {"margin_note": PRICED}
        for mart in (
            *("article_sales_agg", "daily_sales_agg", "fct_sales", "inventory_measure"),
            *("sales_by_season", "sales_weekly"),
        )
    },
}


def columns_of(played: Played) -> dict[str, list[str]]:
    """Return the columns of every mart."""
    found: dict[str, list[str]] = {}
    for row in played.query(
        "select table_name, column_name from information_schema.columns where table_schema = 'analytics'"
    ):
        found.setdefault(row["table_name"], []).append(row["column_name"])
    return found


def test_every_mart_of_the_played_shop_has_rows(played: Played) -> None:
    empty = {
        mart
        for mart in columns_of(played)
        if played.query(f"select count(*) as lines from analytics.{mart}") == [{"lines": 0}]
    }

    assert empty == set()


def test_every_column_of_the_played_shop_has_a_value_unless_a_reason_says_why_not(played: Played) -> None:
    found: dict[str, set[str]] = {}
    for mart, columns in columns_of(played).items():
        counts = ", ".join(f"count({column}) as {column}" for column in columns)
        [values] = played.query(f"select {counts} from analytics.{mart}")
        never = {column for column, count in values.items() if not count}
        if never:
            found[mart] = never

    assert found == {mart: set(columns) for mart, columns in WITHOUT.items()}
