"""A run after the source changed gives what a build from nothing gives, and keeps to its own tenant and days."""

from __future__ import annotations

from datetime import date

import pytest

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

PRODUCTION = ("--exclude-resource-type", "unit_test")


def test_late_corrections_and_deletions_reach_the_marts(changed):
    lines = changed.rows(
        "select sale_id, sold_on, units from analytics.fct_sales where tenant_id = 'north' order by sale_id"
    )

    assert lines == [
        ("1.1", date(2024, 1, 2), 1),
        ("2.1", date(2024, 1, 17), 3),
        ("3.1", date(2024, 1, 16), 1),
        ("8.1", date(2023, 12, 28), 1),
    ]


def test_a_build_in_three_layers_from_nothing_gives_the_same_marts_as_a_second_run(changed, tmp_path):
    rebuilt = changed.copy(tmp_path / "rebuilt")
    rebuilt.execute(
        # No model makes this table.
        "create table ops.forecast as from analytics.forecast_weekly",
        "create table ops.sums as from analytics.forecast_protection",
        "create table ops.accuracy as from analytics.forecast_accuracy",
        "drop schema analytics cascade",
        "drop schema standard cascade",
        "create schema standard",
        "create schema analytics",
        "create table analytics.forecast_weekly as from ops.forecast",
        "create table analytics.forecast_protection as from ops.sums",
        "create table analytics.forecast_accuracy as from ops.accuracy",
    )

    for layer in ("staging tag:conformed", "intermediate", "marts"):
        rebuilt.build("north", "--select", f"tag:{layer}", *PRODUCTION)

    assert rebuilt.marts("north") == changed.marts("north")


def test_a_run_leaves_the_rows_of_other_tenants_alone(built, changed):
    assert changed.marts("south") == built.marts("south")
    assert changed.marts("north") != built.marts("north")


def test_only_changed_days_are_rebuilt_until_a_full_refresh(changed, tmp_path):
    """A full refresh is asked for by tenant."""
    marked = changed.copy(tmp_path / "marked")
    marks = "select tenant_id, sale_id from analytics.fct_sales where cash_register_number = 77 order by all"
    marked.execute(
        "update analytics.fct_sales set cash_register_number = 77 where sale_id in ('1.1', '3.1')",
        "update raw.sale set sale_price = 11, _loaded_at = '2024-02-02' where tenant_id = 'north' and id = '1.1'",
    )

    sales = ("--select", "int_sales_netted", "fct_sales", "--exclude-resource-type", "test", "unit_test")

    marked.build("north", *sales)
    after_a_run = marked.rows(marks)
    marked.build("north", "--full-refresh", *sales)
    after_a_refresh = marked.rows(marks)

    assert after_a_run == [("north", "3.1"), ("south", "1.1"), ("south", "3.1")]
    assert after_a_refresh == [("south", "1.1"), ("south", "3.1")]


@pytest.mark.parametrize(
    "table", ["standard.int_sales_netted", "analytics.fct_sales", "analytics.fct_lines_apart"]
)
def test_a_table_of_an_older_release_is_built_as_a_whole_and_once(changed, tmp_path, table):
    """Where tenants share it, the other's rows, in which a new column is empty, are filled by the other's own run."""
    older = changed.copy(tmp_path / "older")
    before = older.rows(f"select * from {table} where tenant_id = 'north' order by sale_id")
    souths = f"select count(*), count(scanned_number) from {table} where tenant_id = 'south'"
    counted = older.rows(souths)
    models = (
        "--select",
        "int_sales_netted",
        "fct_sales",
        "fct_lines_apart",
        "--exclude-resource-type",
        "test",
        "unit_test",
    )
    older.execute(f"alter table {table} drop column scanned_number")

    older.build("north", *models)

    rows = older.rows(
        f"select {_columns(changed, table)} from {table} where tenant_id = 'north' order by sale_id"
    )
    assert rows == before
    assert older.rows(souths) == [(counted[0][0], 0)]
    older.build("south", *models)
    assert older.rows(souths)[0][1] > 0


def test_a_renamed_column_is_dropped_once_no_tenants_rows_have_it(changed, tmp_path):
    """And nothing else of what the model does not make: what others have added stays."""
    older = changed.copy(tmp_path / "older")
    older.execute(
        "alter table analytics.article_sales_agg add column total_amount decimal(18, 2)",
        "alter table analytics.article_sales_agg add column remark varchar",
        "update analytics.article_sales_agg set total_amount = revenue",
    )
    build = ("--select", "article_sales_agg", "--exclude-resource-type", "test", "unit_test")
    filled = "select tenant_id from analytics.article_sales_agg where total_amount is not null group by all"

    older.build("north", *build)
    left_by_north = older.rows(filled)
    older.execute("update analytics.article_sales_agg set total_amount = null")
    older.build("north", *build)

    assert left_by_north == [("south",)]
    extra = set(_columns(older, "analytics.article_sales_agg").split(", ")) - set(
        _columns(changed, "analytics.article_sales_agg").split(", ")
    )
    assert extra == {"remark"}


def test_a_table_that_is_there_is_filled_by_its_contract_or_not_at_all(changed, tmp_path):
    """No other build compares the types of a model's query with its YAML: the table itself would cast them."""
    other = changed.copy(tmp_path / "other")
    before = other.rows("select * from analytics.dim_article order by all")
    other.execute("alter table standard.int_articles_named alter season_number type varchar")

    failed = other.dbt("north", "build", "--select", "dim_article", "--exclude-resource-type", "unit_test")

    assert failed.returncode == 1
    assert "contract" in failed.stdout
    assert "season_number" in failed.stdout
    assert other.rows("select * from analytics.dim_article order by all") == before


def _columns(warehouse, table: str) -> str:
    """Return the columns of a table in order."""
    return ", ".join(row[0] for row in warehouse.rows(f"select column_name from (describe {table})"))


def test_a_retailer_that_loses_everything_keeps_nothing_in_the_marts(changed, tmp_path):
    emptied = changed.copy(tmp_path / "emptied")
    tables = ("sale", "articlesize", "purchase_order_position", "article", "branch")
    emptied.execute(*(f"delete from raw.{table} where tenant_id = 'north'" for table in tables))

    emptied.build("north", *PRODUCTION)

    marts = emptied.marts("north")
    calendar = marts.pop("dim_date")
    assert {mart: len(rows) for mart, rows in marts.items()} == dict.fromkeys(marts, 0)
    assert calendar
