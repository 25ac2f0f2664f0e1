"""The demand that forecast runs read, published once for each file."""

from __future__ import annotations

from pathlib import Path

import pytest
from forecast_run import LAST_WEEK, demand
from retailer import tenant_of

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.setup import set_up, write_reference


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, seed: int) -> Path:
    path = tmp_path_factory.mktemp("published") / "mini.duckdb"
    with DuckDBEngine(path, threads=1) as engine:
        set_up(engine)
        write_reference(engine, tenant_of("mini"), LAST_WEEK)
        table = demand(seed)
        engine._connection.register("demand", table)
        engine.execute("create table analytics.fct_demand_weekly as select * from demand")
        engine.execute(
            "create table analytics.dim_article as select distinct tenant_id, article_number,"
            " article_number = 1064 as is_service, 7 as supplier_number, 9.9 as sale_price"
            " from analytics.fct_demand_weekly"
        )
        engine.execute(
            "create table analytics.article_life as select distinct tenant_id, article_number, branch_number,"
            " 1 as article_size_number, true as has_demand, null::date as season_ends_on,"
            " date '2020-01-01' as first_seen_on, date '2020-01-01' as life_since from analytics.fct_demand_weekly"
        )
        engine.execute(
            "create table analytics.size_curve as select distinct tenant_id, article_number,"
            " 1 as article_size_number, 1.0 as size_share from analytics.fct_demand_weekly"
        )
        engine.execute(
            "create table analytics.stock_out_spells (tenant_id varchar, article_number bigint,"
            " article_size_number bigint, branch_number bigint, started_on date, ended_on date)"
        )
    return path
