"""One run of `mini` through the operators up to its forecast, made once; tests read it or damage a copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mercurios.sources.prohandel.resources import CONTRACT
from mercurios_airflow.forecast.operators import DemandOperator, FitOperator, LoadForecastOperator
from mercurios_airflow.sources.operators import ExtractOperator
from mercurios_airflow.warehouse.duckdb.hooks import duckdb_path
from mercurios_airflow.warehouse.operators import (
    BeginRunOperator,
    ChangesOperator,
    GateOperator,
    LoadOperator,
    PublishOperator,
)

RUN = "manual__2026-03-04T05:00:00+00:00"
FORECAST_RUN = "asset_triggered__2026-03-04T06:00:00+00:00"


@dataclass
class Chain:
    """What each step of the run returned."""

    home: Path
    run_id: str = RUN
    forecast_run_id: str = FORECAST_RUN
    returned: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="session")
def chain(
    tmp_path_factory: pytest.TempPathFactory,
    root: Path,
    execute: Callable[..., Any],
    prohandel_connection: Callable[..., str],
) -> Chain:
    """Begin, extract, load, gate, model, gate, publish; then demand, fit, load, gate, publish."""
    chain = Chain(tmp_path_factory.mktemp("chain"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MERCURIOS_HOME", str(chain.home))
        patch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
        patch.setenv("AIRFLOW_CONN_PROHANDEL_MINI", prohandel_connection())
        _pipeline(chain.returned, execute, root)
        _forecast(chain.returned, execute)
    return chain


def _pipeline(returned: dict[str, Any], execute: Callable[..., Any], root: Path) -> None:
    returned["begin"] = execute(BeginRunOperator, RUN, tenant_id="mini")
    returned["extract"] = [
        execute(ExtractOperator, RUN, tenant_id="mini", group=group, plan_url=returned["begin"])
        for group in CONTRACT.groups()
    ]
    returned["load"] = execute(LoadOperator, RUN, tenant_id="mini", manifest_urls=returned["extract"])
    returned["changes"] = execute(ChangesOperator, RUN, tenant_id="mini")
    returned["check_raw"] = execute(GateOperator, RUN, tenant_id="mini", gate="raw")
    _model(root)
    returned["check_marts"] = execute(GateOperator, RUN, tenant_id="mini", gate="marts")
    returned["publish"] = execute(
        PublishOperator, RUN, tenant_id="mini", publication="pipeline", basis=returned["changes"]
    )


def _forecast(returned: dict[str, Any], execute: Callable[..., Any]) -> None:
    place = {"dag_id": "forecast__mini", "tenant_id": "mini"}
    returned["demand"] = execute(DemandOperator, FORECAST_RUN, **place)
    returned["fit"] = [execute(FitOperator, FORECAST_RUN, **place, **shard) for shard in returned["demand"]]
    returned["load_forecast"] = execute(LoadForecastOperator, FORECAST_RUN, **place, fits=returned["fit"])
    returned["check_forecast"] = execute(GateOperator, FORECAST_RUN, **place, gate="forecast")
    returned["publish_forecast"] = execute(PublishOperator, FORECAST_RUN, **place, publication="forecast")


def _model(root: Path) -> None:
    """Build the models as the tasks do, in a process of its own."""
    target = os.environ["MERCURIOS_HOME"] + "/dbt-target"
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--profiles-dir", "."]
    command += ["--target", "duckdb", "--exclude-resource-type", "unit_test", "--target-path", target]
    done = subprocess.run(
        [*command, "--log-path", target],
        cwd=root / "include" / "dbt",
        env={
            **os.environ,
            "MERCURIOS_TENANT_ID": "mini",
            "MERCURIOS_DUCKDB_PATH": duckdb_path("duckdb_mini", "mini"),
        },
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture
def after_the_chain(chain: Chain, mini: Path) -> Path:
    """A home of this test alone in which the run has just ended; return it."""
    shutil.copytree(chain.home, mini, dirs_exist_ok=True)
    return mini
