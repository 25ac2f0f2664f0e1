"""What dbt records of a run's models and tests in ops.model_result."""

from __future__ import annotations

import json

import pytest

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.setup import set_up

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

CHOSEN = ("--select", "dim_branch", "--exclude-resource-type", "unit_test")
RUN = {"MERCURIOS_RUN_ID": "scheduled__it's"}


@pytest.fixture
def warehouse(built, tmp_path):
    copy = built.copy(tmp_path / "copy")
    with DuckDBEngine(copy.path) as engine:
        set_up(engine)
    return copy


def recorded(warehouse):
    return warehouse.rows(
        "select name, kind, status, seconds, row_count, run_id from ops.model_result order by name"
    )


def test_a_runs_models_and_tests_are_recorded_with_what_they_took(warehouse):
    done = warehouse.dbt("north", "build", *CHOSEN, **RUN)

    assert done.returncode == 0, done.stdout
    expected = {
        result["unique_id"].split(".")[2]: result["status"]
        for result in json.loads((warehouse.target / "run_results.json").read_text())["results"]
        if not result["unique_id"].startswith("operation.")
    }
    found = recorded(warehouse)
    assert {name: status for name, _, status, *_ in found} == expected
    assert {kind for _, kind, *_ in found} == {"model", "test"}
    assert {run for *_, run in found} == {"scheduled__it's"}
    assert [name for name, _, _, seconds, *_ in found if not 0 < seconds < 600] == []
    assert {rows for _, kind, _, _, rows, _ in found if kind == "test"} == {0}


def test_a_model_that_fails_and_what_it_holds_up_are_recorded(warehouse):
    warehouse.execute("alter table raw.branch rename to lost")

    done = warehouse.dbt(
        "north", "build", "--select", "+dim_branch", "--exclude-resource-type", "unit_test", **RUN
    )

    statuses = {name: status for name, _, status, *_ in recorded(warehouse)}
    assert done.returncode == 1
    assert statuses["dim_branch"] == "skipped"
    assert "error" in statuses.values()


def test_results_of_ninety_days_are_kept_and_other_tenants_are_untouched(warehouse):
    row = "values ('{0}', 'r', 'm', 'model', 'success', 1, 1, now()::timestamp - interval {1} day)"
    given = [("north", 89), ("north", 92), ("south", 92)]
    warehouse.execute(*(f"insert into ops.model_result {row.format(*each)}" for each in given))

    warehouse.dbt("north", "build", *CHOSEN, **RUN)

    found = warehouse.rows(
        "select tenant_id, recorded_at < now()::timestamp - interval 90 day from ops.model_result where name = 'm'"
    )
    assert sorted(found) == [("north", False), ("south", True)]


def test_what_is_neither_built_nor_tested_is_left_out(warehouse):
    warehouse.dbt("north", "build", "--select", "exposure:order_workbook", **RUN)

    assert recorded(warehouse) == []


def test_a_build_that_is_no_run_records_nothing(warehouse):
    warehouse.dbt("north", "build", *CHOSEN)

    assert recorded(warehouse) == []
