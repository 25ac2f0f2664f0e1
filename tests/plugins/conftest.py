"""The simulated world `mini` and an Airflow-like surrounding for hooks and operators that run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from prohandel_simulator.testing import RunningSimulator, running_simulator

HASH_KEY = "plugin-tests-hash-key-that-is-no-secret"
Execute = Callable[..., Any]


@pytest.fixture(scope="session")
def simulator() -> Iterator[RunningSimulator]:
    """The world `mini`; no test moves its clock."""
    with running_simulator(["mini"]) as running:
        yield running


@pytest.fixture(scope="session")
def prohandel_connection(simulator: RunningSimulator) -> Callable[..., str]:
    """Return an Airflow connection to the simulated API as JSON; arguments replace its fields."""

    def connection(**changes: Any) -> str:
        keys = simulator.credentials("mini")
        fields = {
            "conn_type": "prohandel",
            "host": f"{simulator.base_url}/auth",
            "login": keys["apiKey"],
            "password": keys["secret"],
            "extra": {"hash_key": HASH_KEY},
        }
        return json.dumps({**fields, **changes})

    return connection


@pytest.fixture(scope="session")
def execute() -> Execute:
    """Execute an operator as a task of a DAG does, with the part of the context our operators read.

    What it pushes besides its result goes to `pushed`.
    """

    def run(
        operator: type[Any],
        run_id: str,
        *,
        dag_id: str = "pipeline__mini",
        pushed: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        with DAG(dag_id=dag_id, schedule=None):
            task = operator(task_id="task", **arguments)
        kept = {} if pushed is None else pushed
        ti = SimpleNamespace(xcom_push=lambda key, value: kept.update({key: value}))
        return task.execute({"run_id": run_id, "ti": ti, "params": params or {}})

    return run


@pytest.fixture
def mini(
    monkeypatch: pytest.MonkeyPatch, root: Path, tmp_path: Path, prohandel_connection: Callable[..., str]
) -> Path:
    """Make the test tenants known, with an empty home of their own; return that home."""
    monkeypatch.setenv("MERCURIOS_HOME", str(tmp_path))
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
    monkeypatch.setenv("AIRFLOW_CONN_PROHANDEL_MINI", prohandel_connection())
    return tmp_path
