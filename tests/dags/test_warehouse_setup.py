"""The set-up DAG: on Snowflake the account comes before the tables and their protection after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from planned_account import tenant


@pytest.fixture
def dag(parse: Any, tmp_path: Path) -> Any:
    here = tenant("here", connections={"warehouse": "duckdb_here"})
    for each in (tenant("north"), here):
        (tmp_path / f"{each.id}.yaml").write_text(yaml.safe_dump(each.model_dump(mode="json")))
    bag = parse(tmp_path, "warehouse_setup.py")
    assert bag.import_errors == {}
    return bag.dags["warehouse_setup"]


def test_a_tenant_on_snowflake_gets_account_then_tables_then_protection(dag: Any) -> None:
    chains = {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}

    assert chains == {
        "account__north": ["set_up__north"],
        "set_up__north": ["protect_tables__north"],
        "protect_tables__north": [],
        "set_up__here": [],
    }


def test_an_account_that_a_person_sets_up_does_not_hold_up_the_tables(dag: Any) -> None:
    assert dag.get_task("set_up__north").trigger_rule == "none_failed"
