"""Models through their real task, signed in with the tenant's connection, which no scheduler test runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from snowflake_retailer import SnowflakeRetailer

from mercurios.tenants import load_tenants
from mercurios_airflow.modelling.tasks import model_tasks
from mercurios_airflow.tenancy import dag_settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]


def test_a_model_is_built_with_the_tenants_connection(retailer: SnowflakeRetailer) -> None:
    retailer.run("r1", "label")
    tenant = load_tenants(only="mini").get("mini")
    with DAG(schedule=None, **dag_settings(tenant, "pipeline", None)) as dag:
        model_tasks(tenant)
    task: Any = dag.get_task("model.build")
    task.select = ["stg_prohandel__labels"]
    instance = SimpleNamespace(
        task_id=task.task_id,
        dag_id=dag.dag_id,
        run_id="r1",
        try_number=1,
        map_index=-1,
        xcom_pull=lambda **_: None,
    )
    context = {"ti": instance, "task_instance": instance, "run_id": "r1", "dag": dag, "task": task}
    task.render_template_fields({**context, **(dag.user_defined_macros or {})})

    task.execute(context)

    assert (tenant.engine, tenant.dbt_tasks) == ("snowflake", "build")
    assert [each.task_id for each in dag.topological_sort()] == ["model.build"]
    [built] = retailer.query("select count(*) as n from standard.stg_prohandel__labels")
    [raw] = retailer.query("select count(*) as n from raw.label")
    assert built == raw != {"n": 0}
    recorded = retailer.query(
        "select name, kind, status from ops.model_result where run_id = 'r1' order by kind"
    )
    assert recorded[0] == {"name": "stg_prohandel__labels", "kind": "model", "status": "success"}
    assert {(row["kind"], row["status"]) for row in recorded[1:]} <= {("test", "pass")}
