"""The operators of the forecast: what a run that is repeated leaves, and one that comes too early says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mercurios_airflow.forecast.operators import DemandOperator, FitOperator, LoadForecastOperator

pytestmark = [pytest.mark.simulator, pytest.mark.dbt, pytest.mark.slow]
NEXT_RUN = "manual__2026-03-04T06:00:00+00:00"


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_forecast_fitted_again_is_the_same_forecast(
    chain: Any, after_the_chain: Path, execute: Callable[..., Any]
) -> None:
    warehouse = after_the_chain / "warehouse" / "mini.duckdb"
    query = "select * exclude (run_id, created_at) from analytics.forecast_weekly order by all"
    before = _rows(warehouse, query)
    place = {"dag_id": "forecast__mini", "tenant_id": "mini"}

    shards = execute(DemandOperator, NEXT_RUN, **place)
    fits = [execute(FitOperator, NEXT_RUN, **place, **shard) for shard in shards]
    pushed: dict[str, Any] = {}
    loaded = execute(LoadForecastOperator, NEXT_RUN, **place, fits=fits, pushed=pushed)

    assert pushed == {"findings": []}
    assert loaded == chain.returned["load_forecast"]
    assert loaded["rows"] == loaded["series"] * 13
    assert _rows(warehouse, query) == before


def test_a_forecast_before_any_publication_says_to_run_the_pipeline(
    mini: Path, execute: Callable[..., Any]
) -> None:
    with pytest.raises(Exception, match="does not exist: run the tenant's pipeline first"):
        execute(DemandOperator, NEXT_RUN, dag_id="forecast__mini", tenant_id="mini")
