"""A real warehouse file with a few good rows in every table the gates read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.setup import set_up

TENANT = "mini"
RUN = "scheduled__2024-03-04T05:00:00+00:00"
NOW = datetime(2024, 3, 4, 5, 0)

VALUES: dict[ColumnType, Any] = {
    ColumnType.INTEGER: 1,
    ColumnType.DECIMAL: 1,
    ColumnType.FLOAT: 1.0,
    ColumnType.TEXT: "text",
    ColumnType.CODE: "code",
    ColumnType.BOOLEAN: False,
    ColumnType.DATE: date(2024, 3, 1),
    ColumnType.TIMESTAMP: datetime(2024, 3, 4, 4, 0),
    ColumnType.KEY_HASH: "hash",
}

MARTS = """
create table analytics.dim_article as
select 'mini' as tenant_id, n::bigint as article_number, 'Article ' || n as article_name,
    'Code ' || n as supplier_article_number, 20::bigint as supplier_number, 'Nordlicht' as supplier_name,
    10::bigint as category_number, 'Coats' as category_name
from range(1, 4) t(n);
create table analytics.article_class as
select 'mini' as tenant_id, n::bigint as article_number, 'A' as value_class, 'X' as variability_class
from range(1, 4) t(n);
create table analytics.dim_branch as
select 'mini' as tenant_id, n::bigint as branch_number, 'Branch ' || n as branch_name from range(1, 3) t(n);
create table analytics.dim_date as
select 'mini' as tenant_id, d::date as date_day, date_trunc('week', d)::date as week_start,
    extract(week from d)::integer as iso_week
from range(date '2024-01-01', date '2024-02-01', interval 1 day) t(d);
create table analytics.fct_sales as
select 'mini' as tenant_id, 'sale-' || n as sale_id, (1 + n % 3)::bigint as article_number,
    (1 + n % 2)::bigint as branch_number, date '2024-01-03' as sold_on, 1::decimal(18, 2) as units,
    10::decimal(18, 2) as revenue
from range(30) t(n);
create table analytics.fct_demand_weekly as
select 'mini' as tenant_id, a.article_number, b.branch_number, date '2024-01-01' as week_start, 1::double as units,
    2::double as gross_units, 1::double as returned_units, 10::decimal(18, 2) as revenue, false as is_stock_out
from analytics.dim_article a, analytics.dim_branch b;
create table analytics.inventory_position as
select 'mini' as tenant_id, a.article_number, 1::bigint as article_size_number, b.branch_number,
    5::decimal(18, 2) as on_hand, 0::decimal(18, 2) as on_order, 1::double as average_weekly_units,
    35::double as days_of_supply_at_past_sales
from analytics.dim_article a, analytics.dim_branch b;
create table analytics.inventory_issue (
    tenant_id varchar, article_number bigint, article_size_number bigint, branch_number bigint, issue varchar,
    units double
);
insert into analytics.forecast_weekly
select 'mini', a.article_number, b.branch_number, date '2024-01-29', date '2024-02-05', 1, 'prophet_style',
    2, 2, 3, 4, 2, 0, 0, 0, 0, 'run', timestamp '2024-03-04 05:00:00'
from analytics.dim_article a, analytics.dim_branch b;
insert into analytics.forecast_protection
select 'mini', a.article_number, b.branch_number, date '2024-01-29', 1,
    2, 2, 3, 4, 'run', timestamp '2024-03-04 05:00:00'
from analytics.dim_article a, analytics.dim_branch b;
"""

Insert = Callable[..., None]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(tmp_path / "mini.duckdb", threads=1) as engine:
        set_up(engine)
        engine.execute(
            "insert into ops.run (tenant_id, run_id, dag_id, fence, started_at, source_now)"
            " values (?, ?, 'd', 1, ?, ?)",
            [TENANT, RUN, NOW, NOW],
        )
        yield engine


@pytest.fixture
def insert(engine: DuckDBEngine) -> Insert:
    """Add a row to the RAW table of a resource; keywords change single columns."""

    def add(resource: Resource | str, **changes: Any) -> None:
        declared = RESOURCES[resource] if isinstance(resource, str) else resource
        row = {column.name: VALUES[column.type] for column in declared.columns}
        if declared.parent_key:
            row[declared.parent_key] = "parent"
        system = {
            "tenant_id": TENANT,
            "_content_hash": "h",
            "_extracted_at": NOW,
            "_run_id": RUN,
            "_loaded_at": NOW,
        }
        row = {**row, **system, **changes}
        places = ", ".join("?" for _ in row)
        engine.execute(
            f"insert into raw.{declared.table} ({', '.join(row)}) values ({places})", list(row.values())
        )

    return add


@pytest.fixture
def good_raw(insert: Insert) -> None:
    for resource in RESOURCES.values():
        for number in range(3):
            insert(resource, id=f"{resource.name}-{number}")


@pytest.fixture
def good_marts(engine: DuckDBEngine) -> None:
    for statement in MARTS.strip().split(";\n"):
        if statement.strip(" ;\n"):
            engine.execute(statement)
