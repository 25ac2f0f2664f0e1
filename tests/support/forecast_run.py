"""A small published demand, and a forecast run over one folder that reads it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from retailer import tenant_of

from mercurios.jobs.forecast import fit_shard, load_forecast, prepare, read_plan
from mercurios.landing.store import LandingStore
from mercurios.tenants import Forecast, Tenant
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.setup import set_up

SERIES, WEEKS, HORIZON = 130, 60, 4
LAST_WEEK = date(2026, 2, 23)
EVERYTHING = (
    "select * exclude (run_id, created_at) from analytics.forecast_weekly"
    " order by article_number, branch_number, week_start"
)
SUMS = "select * exclude (run_id, created_at) from analytics.forecast_protection order by all"


def demand(seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    level = rng.lognormal(1.0, 0.8, SERIES)
    season = 1 + 0.4 * np.cos(2 * np.pi * np.arange(WEEKS) / 52)
    units = rng.poisson(level[:, None] * season[None, :])
    first = LAST_WEEK - timedelta(weeks=WEEKS - 1)
    return pa.table(
        {
            "tenant_id": ["mini"] * SERIES * WEEKS,
            "article_number": np.repeat(np.arange(SERIES) // 2 + 1000, WEEKS),
            "branch_number": np.repeat(np.arange(SERIES) % 2 + 1, WEEKS),
            "week_start": [first + timedelta(weeks=w) for _ in range(SERIES) for w in range(WEEKS)],
            "units": units.ravel().astype(float),
            "is_stock_out": rng.random(SERIES * WEEKS) < 0.02,
            "category_number": np.repeat(np.arange(SERIES) % 5, WEEKS),
            "season_number": np.zeros(SERIES * WEEKS, dtype=np.int64),
            "is_over": np.tile(np.arange(WEEKS) >= WEEKS - 8, SERIES)
            & (np.repeat(np.arange(SERIES), WEEKS) == 4),
        }
    )


class ForecastRun:
    """A forecast run over one folder."""

    def __init__(self, published: Path, home: Path) -> None:
        self.published = published
        self.store = LandingStore(f"file://{home}/landing")
        self.engine = DuckDBEngine(home / "mini.duckdb", threads=1)
        set_up(self.engine)

    def tenant(self, shard_size: int) -> Tenant:
        settings = Forecast(horizon_weeks=HORIZON, shard_size=shard_size)
        return tenant_of("mini").model_copy(update={"forecast": settings})

    def fit(self, run_id: str, shard_size: int = 100) -> tuple[str, list[str]]:
        with DuckDBEngine(self.published, read_only=True) as engine:
            plan_url = prepare(
                engine, self.store, self.tenant(shard_size), Run("mini", "forecast__mini", run_id)
            )
        shards = range(read_plan(self.store, plan_url).shards)
        return plan_url, [fit_shard(self.store, plan_url, shard) for shard in shards]

    def load(self, plan_url: str, urls: list[str]) -> Any:
        landing = LandingStore(plan_url.partition("/tenant=")[0])
        return load_forecast(self.engine, landing, plan_url, urls)

    def rows(self, sql: str = EVERYTHING) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.engine.fetch_arrow(sql).to_pylist()
        return rows
