"""The vocabulary of checks: what a check reads, what a message calls it, and which columns a suite's rows need."""

from __future__ import annotations

import pytest

from mercurios.quality.checks import Check, History, Reference, Severity, Suite, Usual
from mercurios.quality.expectations import fact_at_most, not_null, ordered

UNIQUE = Check("ExpectCompoundColumnsToBeUnique", {"column_list": ["tenant_id", "id"]})


@pytest.mark.parametrize(
    ("check", "columns", "called"),
    [
        (not_null("id"), ("id",), "id"),
        (ordered("quantile_50", "quantile_80"), ("quantile_80", "quantile_50"), "quantile_80, quantile_50"),
        (UNIQUE, ("tenant_id", "id"), "tenant_id, id"),
        (fact_at_most("duplicates", 0, label="tenant_id, id"), ("duplicates",), "tenant_id, id"),
        (Check("ExpectTableColumnsToMatchSet", {"column_set": ["id"]}), (), None),
    ],
)
def test_a_check_names_the_columns_it_reads_unless_a_label_is_clearer(
    check: Check, columns: tuple[str, ...], called: str | None
) -> None:
    assert (check.columns, check.column) == (columns, called)


def test_a_check_is_called_as_the_library_spells_it_and_fails_the_gate_by_default() -> None:
    assert UNIQUE.name == "expect_compound_columns_to_be_unique"
    assert (UNIQUE.severity, UNIQUE.source) == (Severity.CRITICAL, "rows")


def test_a_suites_rows_have_the_key_first_and_every_column_once() -> None:
    checks = (not_null("units"), UNIQUE, not_null("price"), fact_at_most("rows", 1))

    suite = Suite("raw", "sale", ("tenant_id", "id"), checks)

    assert suite.row_columns == ("tenant_id", "id", "units", "price")
    assert suite.name == "raw.sale"


def test_a_suite_reads_the_whole_table_and_shows_rows_unless_it_says_otherwise() -> None:
    suite = Suite("raw", "sale", ("id",), ())

    assert (suite.run_rows_only, suite.personal, suite.resource, suite.cursor) == (False, False, None, None)


def test_a_reference_names_the_fact_that_counts_its_orphans() -> None:
    assert Reference("article_number", "dim_article", "id").fact == "article_number_without_dim_article"


def test_a_history_knows_a_metric_of_a_table_or_nothing() -> None:
    usual = Usual(runs=3, lowest=1, highest=9, latest=5)
    history = History({("raw.sale", "rows"): usual})

    assert history.get("raw.sale", "rows") is usual
    assert history.get("raw.order", "rows") is None
    assert usual.hours == 0
