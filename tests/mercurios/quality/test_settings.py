"""Settings of a tenant file that name nothing are warnings with their path, once there is data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mercurios.jobs.findings import gate_findings
from mercurios.quality.gate import run_gate
from mercurios.quality.settings import SUITE, near_to
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine

TENANT = "mini"
PIPELINE = Run(TENANT, "d", "scheduled__2024-03-04T05:00:00+00:00")


def policy(engine: DuckDBEngine, scope: str, key: str) -> None:
    engine.execute(
        "insert into raw.replenishment_policy values (?, ?, ?, 'pack_size', 6)", [TENANT, scope, key]
    )


def kind(engine: DuckDBEngine, scope: str, key: str) -> None:
    engine.execute(
        "insert into raw.tenant_setting values (?, ?, ?, 'article_kind', 'service')", [TENANT, scope, key]
    )


def warned(engine: DuckDBEngine, run: Run = PIPELINE) -> dict[str, str]:
    run_gate(engine, run, "marts")
    rows = engine.fetch_rows(
        "select column_name, observed from ops.dq_result"
        " where tenant_id = $tenant_id and run_id = $run_id and suite = $suite and severity = 'warning'",
        {**run.parameters(), "suite": SUITE},
    )
    return {row["column_name"]: row["observed"] for row in rows}


@pytest.mark.usefixtures("good_marts")
@pytest.mark.parametrize(
    ("add", "scope", "key", "path", "said"),
    [
        (policy, "article", "13", "replenishment.articles.13", "it may mean 1 or 3"),
        (policy, "article", "4711", "replenishment.articles.4711", "nothing is spelt like it"),
        (policy, "supplier", "2", "replenishment.suppliers.2", "it may mean 20"),
        (policy, "class", "CZ", "replenishment.classes.CZ", "nothing is spelt like it"),
        (kind, "article", "code 1", "classification.articles.code 1", "it may mean 1"),
        (kind, "supplier", "Nordlich", "classification.suppliers.Nordlich", "it may mean 20"),
        (kind, "category", "Coat", "classification.categories.Coat", "it may mean 10"),
    ],
)
def test_a_setting_that_names_nothing_is_a_warning_with_what_is_near(
    engine: DuckDBEngine, add: Any, scope: str, key: str, path: str, said: str
) -> None:
    add(engine, scope, key)

    assert warned(engine) == {path: said}


@pytest.mark.usefixtures("good_marts")
def test_settings_that_name_something_are_no_warning(engine: DuckDBEngine) -> None:
    for scope, key in (("article", "1"), ("supplier", "20"), ("class", "A"), ("class", "AX"), ("tenant", "")):
        policy(engine, scope, key)
    for scope, key in (
        ("article", "1"),
        ("article", "Code 2"),
        ("supplier", "Nordlicht"),
        ("supplier", "20"),
        ("category", "Coats"),
        ("category", "10"),
    ):
        kind(engine, scope, key)

    assert warned(engine) == {}


@pytest.mark.usefixtures("good_marts")
def test_before_there_is_data_no_setting_is_a_warning(engine: DuckDBEngine) -> None:
    for scope, key in (("article", "4711"), ("supplier", "2"), ("class", "CZ")):
        policy(engine, scope, key)
    for table in ("dim_article", "article_class", "fct_sales", "fct_demand_weekly", "inventory_position"):
        engine.execute(f"delete from analytics.{table}")
    for table in ("forecast_weekly", "forecast_protection"):
        engine.execute(f"delete from analytics.{table}")

    assert warned(engine) == {}


@pytest.mark.usefixtures("good_marts")
def test_a_setting_that_names_nothing_is_reported_once(engine: DuckDBEngine) -> None:
    policy(engine, "article", "13")
    later = replace(PIPELINE, run_id="later")

    warned(engine)
    first = gate_findings(engine, PIPELINE, "marts")
    warned(engine, later)

    assert [(found.table, found.seen) for found in first] == [
        (
            SUITE,
            "replenishment.articles.13 names nothing in the data: it may mean 1 or 3; never checked before",
        )
    ]
    assert gate_findings(engine, later, "marts") == []


@pytest.mark.usefixtures("good_marts")
def test_of_many_settings_that_name_nothing_fifty_are_named(engine: DuckDBEngine) -> None:
    for number in range(1_000, 1_060):
        policy(engine, "article", str(number))

    found = warned(engine)

    assert len(found) == 51
    assert found["(further settings)"] == "10 more name nothing either"


@pytest.mark.parametrize(
    ("asked", "near"),
    [("04711", ["4711"]), ("4171", ["4711"]), ("471", ["4711"]), ("47111", ["4711"]), ("815", [])],
)
def test_a_digit_that_is_wrong_missing_or_swapped_is_near(asked: str, near: list[str]) -> None:
    assert near_to(asked, {"4711": "4711", "9": "9"}) == near
