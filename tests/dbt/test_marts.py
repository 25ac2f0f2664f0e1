"""What the marts say about a small retailer whose numbers fit on a page."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.dbt

PROJECT = Path(__file__).parents[2] / "include" / "dbt"
JOIN = re.compile(
    r"^ *(?:inner|left|full outer|cross) join (\w+)(.*?)"
    r"(?=^ *(?:inner|left|full outer|cross) join|^ *(?:where|group by|qualify|having|union)|^\)|\Z)",
    re.MULTILINE | re.DOTALL,
)
SPINES = ("weeks_on", "days_on", "days_back", "pack_numbers")


def test_a_build_runs_every_unit_test_and_every_data_test(first_build):
    _, statuses = first_build
    kinds = [node.split(".")[0] for node in statuses]

    # The retailer's books are wrong in a place, which is what this one warns of.
    assert {node.split(".")[2] for node, status in statuses.items() if status == "warn"} == {
        "no_history_of_stock_is_negative"
    }
    made = {name: status for name, status in statuses.items() if not name.startswith("exposure.")}
    assert set(made.values()) == {"success", "pass", "warn"}
    assert kinds.count("unit_test") >= 43
    assert kinds.count("test") >= 97


@pytest.mark.parametrize("area", ["inventory", "replenishment", "sales"])
def test_every_formula_has_a_unit_test(area: str) -> None:
    folder = PROJECT / "models" / "marts" / area
    models = {path.stem for path in folder.glob("*.sql")}
    tested = {
        unit_test["model"]
        for path in folder.glob("*.yml")
        for unit_test in yaml.safe_load(path.read_text()).get("unit_tests", [])
    }

    assert models
    assert models - tested == set()


def loose_joins(text: str) -> list[str]:
    """Return what a model joins without the tenant; a spine of numbers has none."""
    return [
        joined
        for joined, condition in JOIN.findall(text)
        if "tenant_id" not in condition and joined not in SPINES
    ]


def test_every_join_carries_the_tenant() -> None:
    models = list((PROJECT / "models").rglob("*.sql"))

    assert sum(len(JOIN.findall(path.read_text())) for path in models) > 100
    assert {
        path.stem: loose_joins(path.read_text()) for path in models if loose_joins(path.read_text())
    } == {}


def test_a_join_that_forgets_the_tenant_is_found() -> None:
    model = (PROJECT / "models" / "marts" / "inventory" / "stock_age.sql").read_text()

    assert loose_joins(model.replace("aged.tenant_id = articles.tenant_id\n        and ", "", 1)) == [
        "articles"
    ]


def test_reversed_lines_are_no_sales_and_returns_are_negative_ones(built):
    lines = built.rows(
        "select sale_id, units, revenue, margin, is_return, is_staff_purchase from analytics.fct_sales "
        "where tenant_id = 'north' order by sale_id"
    )

    assert lines == [
        ("1.1", 2, 20, 12, False, False),
        ("2.1", 3, 30, 18, False, False),
        ("3.1", 1, 10, 6, False, True),
        ("3.2", 5, 51, 31, False, False),
        ("3.3", -5, -50, -30, True, False),
        ("4.1", 4, 40, 24, False, False),
        ("5.1", -1, -10, -6, True, False),
        ("6.1", 1, 10, 6, False, False),
    ]


def test_demand_fills_silent_weeks_and_marks_those_in_which_stock_ran_out(built):
    weeks = built.rows(
        "select week_start, units, closing_stock, is_stock_out from analytics.fct_demand_weekly "
        "where tenant_id = 'north' and article_number = 100 order by week_start"
    )

    assert weeks == [
        (date(2024, 1, 1), 2.0, 3.0, False),
        (date(2024, 1, 8), 3.0, 0.0, True),
        (date(2024, 1, 15), 0.0, 0.0, True),
        (date(2024, 1, 22), 0.0, 0.0, True),
    ]


def test_demand_ends_with_the_last_complete_week(built):
    weeks = built.rows(
        "select week_start, units, gross_units, returned_units from analytics.fct_demand_weekly "
        "where tenant_id = 'north' and article_number = 200"
    )

    assert weeks == [(date(2024, 1, 22), 3.0, 4.0, 1.0)]


def test_every_article_has_a_name_even_one_without_a_master(built):
    names = built.rows(
        "select article_number, article_name, is_inferred from analytics.dim_article "
        "where tenant_id = 'north' order by article_number"
    )

    assert names == [
        (100, "Coats Nordlicht 4711", False),
        (200, "Article 200", False),
        (300, "Article 300", True),
    ]


def test_positions_show_what_is_there_what_is_coming_and_what_is_wrong(built):
    positions = built.rows(
        "select article_number, branch_number, size, on_hand, on_order, average_weekly_units, "
        "is_stocked_out, is_negative_stock from analytics.inventory_position "
        "where tenant_id = 'north' order by all"
    )

    assert positions == [
        (100, 1, "S", Decimal(0), Decimal(6), pytest.approx(5 / 13), True, False),
        (100, 2, "S", Decimal(5), Decimal(0), 0.0, False, False),
        # Sold out for good: it is no article that is bought again, and nothing comes.
        (200, 1, None, Decimal(-1), Decimal(0), pytest.approx(3 / 13), False, True),
    ]


def test_the_calendar_knows_weeks_and_public_holidays(built):
    days = built.rows(
        "select date_day, week_start, iso_week, iso_year, is_public_holiday, holiday_name "
        "from analytics.dim_date where tenant_id = 'north' "
        "and date_day in ('2024-01-01', '2024-01-06', '2024-12-30') order by date_day"
    )

    assert days == [
        (date(2024, 1, 1), date(2024, 1, 1), 1, 2024, False, None),
        (date(2024, 1, 6), date(2024, 1, 1), 1, 2024, True, "Epiphany"),
        (date(2024, 12, 30), date(2024, 12, 30), 1, 2025, False, None),
    ]


def test_branches_without_a_name_go_by_their_search_term(built):
    branches = built.rows(
        "select branch_number, branch_name, is_webshop from analytics.dim_branch "
        "where tenant_id = 'north' order by branch_number"
    )

    assert branches == [(1, "Old Town", False), (2, "WEB", True)]
