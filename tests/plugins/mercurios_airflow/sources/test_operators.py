"""A task of resources whose last reads are still good ends before it loads or connects anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mercurios.landing.plan import RunPlan
from mercurios.tenants import load_tenants
from mercurios_airflow.landing import landing_of
from mercurios_airflow.sources import operators
from mercurios_airflow.sources.operators import ExtractOperator

ASK = """
import sys
import mercurios.sources.prohandel.source
print([name for name in ("numpy", "pyarrow") if name in sys.modules])
"""


@pytest.fixture
def task(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExtractOperator:
    """A task of the tenant `mini` with a plan that names no resource."""
    monkeypatch.setenv("MERCURIOS_HOME", str(tmp_path))
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
    plan = RunPlan(tenant_id="mini", run_id="r1", fence=1, resources={})
    url = plan.write(landing_of(load_tenants(only="mini").get("mini")))
    task = ExtractOperator(task_id="extract", tenant_id="mini", group="sales", plan_url=url)
    monkeypatch.setattr(operators, "connected_source", _refuse)
    return task


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("the task connects to the source")


def test_a_task_with_nothing_due_does_not_connect_to_the_source(task: ExtractOperator) -> None:
    context: Any = {"ti": SimpleNamespace(), "run_id": "r1"}

    found = task.execute(context)

    assert found == []


def test_a_source_that_is_asked_for_access_alone_loads_nothing_that_types_rows() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
