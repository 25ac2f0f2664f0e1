"""The start of a run: what the DAG's param `resync` asks for is planned, and a wrong name is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException

from mercurios.warehouse.duckdb import DuckDBEngine
from warehouse.operators import BeginRunOperator


def begin(resync: list[str]) -> Any:
    with DAG(dag_id="pipeline__mini", schedule=None):
        task = BeginRunOperator(task_id="begin", tenant_id="mini")
    return task.execute({"run_id": "manual__1", "params": {"resync": resync}})


def test_resync_is_recorded_for_the_resources_it_names(mini: Path) -> None:
    begin(["sale"])

    with DuckDBEngine(mini / "warehouse" / "mini.duckdb") as engine:
        found = engine.fetch_arrow("select resource, requested_by from ops.resync_request").to_pylist()
    assert found == [{"resource": "sale", "requested_by": "pipeline__mini, run manual__1"}]


def test_an_unknown_resource_fails_for_good_before_the_warehouse_is_touched(mini: Path) -> None:
    said = (
        r"tenant mini, run manual__1, param resync: unknown resource sales; known resources: article, .*sale"
    )

    with pytest.raises(AirflowFailException, match=said):
        begin(["article", "sales"])

    assert not (mini / "warehouse").exists()
