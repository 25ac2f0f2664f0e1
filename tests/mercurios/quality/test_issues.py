"""What is wrong in the data behind stock and orders becomes a data-quality row and, when it is news, a finding."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from mercurios.jobs.findings import gate_findings
from mercurios.quality.gate import run_gate
from mercurios.quality.mart_suites import ISSUES
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine

TENANT = "mini"
RUN = Run(TENANT, "pipeline__mini", "scheduled__2024-03-04T05:00:00+00:00")
NEXT_RUN = Run(TENANT, "pipeline__mini", "scheduled__2024-03-04T06:00:00+00:00")

pytestmark = pytest.mark.usefixtures("good_marts")


def _name(engine: DuckDBEngine, issue: str, articles: int = 1) -> None:
    engine.execute(
        "insert into analytics.inventory_issue select ?, n, 0, 0, ?, -2 from range(1, ? + 1) t(n)",
        [TENANT, issue, articles],
    )


def _recorded(engine: DuckDBEngine, run_id: str = RUN.run_id) -> dict[str, tuple[bool, str]]:
    rows = engine.fetch_arrow(
        "select column_name, success, observed from ops.dq_result where run_id = $run_id and gate = 'marts' "
        "and suite = 'analytics.inventory_issue' and expectation = 'expect_column_values_to_not_be_in_set'",
        {"run_id": run_id},
    ).to_pylist()
    return {row["column_name"]: (row["success"], row["observed"]) for row in rows}


@pytest.mark.parametrize("issue", ISSUES)
def test_each_kind_of_bad_input_is_a_data_quality_row_that_stops_no_run(engine: DuckDBEngine, issue: str):
    _name(engine, issue, articles=2)

    result = run_gate(engine, RUN, "marts", ["inventory_issue"])

    assert result.success
    recorded = _recorded(engine)
    assert {name for name, (success, _) in recorded.items() if not success} == {issue}
    assert recorded[issue] == (False, "2 of 2 rows")
    assert recorded.keys() == set(ISSUES)


def test_the_articles_concerned_are_given_as_examples(engine: DuckDBEngine):
    _name(engine, "negative stock", articles=2)

    [warning] = run_gate(engine, RUN, "marts", ["inventory_issue"]).warnings

    assert [example["article_number"] for example in warning.examples] == [1, 2]


def test_an_issue_is_reported_once_and_again_after_it_was_gone(engine: DuckDBEngine):
    def reported(run_id: str, hour: int) -> list[str]:
        run_gate(engine, replace(RUN, run_id=run_id), "marts", ["inventory_issue"])
        engine.execute(
            "update ops.dq_result set checked_at = ? where run_id = ?",
            [datetime(2024, 3, 4, hour), run_id],
        )
        return [finding.seen for finding in gate_findings(engine, replace(RUN, run_id=run_id), "marts")]

    _name(engine, "no lead time")
    assert reported("run 1", 1) == [
        "no lead time in the data behind stock and orders: 1 of 1 rows; never checked before"
    ]
    _name(engine, "negative stock")
    assert [seen.split(" in the data")[0] for seen in reported("run 2", 2)] == ["negative stock"]
    assert reported("run 3", 3) == []
    engine.execute("delete from analytics.inventory_issue")
    assert reported("run 4", 4) == []
    _name(engine, "no lead time")
    assert [seen.split(": ")[0] for seen in reported("run 5", 5)] == [
        "no lead time in the data behind stock and orders"
    ]


def test_fewer_issues_than_in_the_run_before_are_no_failure(engine: DuckDBEngine):
    _name(engine, "no forecast", articles=500)
    run_gate(engine, RUN, "marts", ["inventory_issue"])
    engine.execute(
        "insert into ops.publication values (?, ?, 'd', now()::timestamp, null, false, null, null)",
        [TENANT, RUN.run_id],
    )
    engine.execute("delete from analytics.inventory_issue")

    assert run_gate(engine, NEXT_RUN, "marts", ["inventory_issue"]).success


def test_the_model_names_no_issue_that_the_gate_does_not_know(root: Path):
    models = (root / "include" / "dbt" / "models" / "steps" / "inventory").glob("int_*_issues.sql")
    text = "".join(model.read_text() for model in models)
    chosen = "".join(re.findall(r"case((?:(?!case).)*?)end as issue", text, re.DOTALL))
    # Lines that move stock without a sale are issues by the name of their kind.
    kinds = (root / "include" / "dbt" / "macros" / "kinds.sql").read_text().split("macro correction_kinds")[1]
    corrections = re.findall(r"'([a-z -]+)'", kinds.partition("endmacro")[0])

    # What a line or a price lacks for a margin is named where prices are computed.
    dbt = root / "include" / "dbt"
    lines = (
        (dbt / "macros" / "prices.sql").read_text().split("macro margin_issue")[1].partition("endmacro")[0]
    )
    costs = (dbt / "models" / "intermediate" / "prices" / "int_article_prices.sql").read_text()
    prices = re.findall(r"(?:then|else) '([a-z -]+)'", lines + costs)
    prices += re.findall(r"margin_note = '([a-z -]+)' then margin_note", lines)

    # Issues of one shape are written once, over a list of their names and conditions.
    named = re.findall(r"^ +\('([a-z -]+)', '", text, re.MULTILINE)
    named += [*re.findall(r"'([a-z -]+)' as issue", text), *re.findall(r"(?:then|else) '([a-z -]+)'", chosen)]
    assert tuple(sorted({*named, *corrections, *prices})) == ISSUES
