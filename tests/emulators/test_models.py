"""One dbt project, two engines: every table that it builds is the same row for row, at first and after days passed."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from retailer import Retailer
from snowflake_models import build
from snowflake_retailer import SnowflakeRetailer, Twin

from mercurios.marts import PIPELINE_MARTS
from mercurios.quality.gate import run_gate
from mercurios.warehouse.setup import write_reference
from prohandel_simulator.testing import RunningSimulator

pytestmark = [pytest.mark.dbt, pytest.mark.slow, pytest.mark.timeout(900)]

Row = tuple[tuple[str, Any], ...]
# When a row was loaded is not the same on two engines.
MOMENTS = {"loaded_at"}
SCHEMAS = "('standard', 'analytics')"


def tables(retailer: Retailer) -> list[str]:
    """Return the tables that dbt has built, without those that others fill."""
    found = retailer.query(
        "select lower(table_schema) as s, lower(table_name) as t from information_schema.tables"
        f" where lower(table_schema) in {SCHEMAS} and table_type = 'BASE TABLE'"
    )
    return sorted({f"{row['s']}.{row['t']}" for row in found} - {"analytics.forecast_weekly"})


def content(retailer: Retailer, table: str) -> list[Row]:
    """Return a table's rows in an order of their own, numbers and columns in one form."""
    rows = retailer.query(f"select * from {table} where tenant_id = 'mini'")
    kept = [{name: plain(value) for name, value in row.items() if name not in MOMENTS} for row in rows]
    return sorted((tuple(sorted(row.items())) for row in kept), key=repr)


def differences(snowflake: list[Row], duckdb: list[Row]) -> list[str]:
    """Return the first rows that only one engine has, and the columns in which rows of one place differ."""
    if len(snowflake) != len(duckdb):
        return [f"{len(snowflake)} rows on Snowflake, {len(duckdb)} on DuckDB"]
    different = [pair for pair in zip(snowflake, duckdb, strict=True) if pair[0] != pair[1]]
    return [str([pair for pair in zip(*rows, strict=True) if pair[0] != pair[1]]) for rows in different[:3]]


def plain(value: Any) -> Any:
    if isinstance(value, Decimal | float) and not math.isnan(value):
        return float(f"{value:.9g}")
    return value


def test_every_table_is_the_same_on_both_engines_after_a_full_and_an_incremental_run(
    on_snowflake: SnowflakeRetailer, on_duckdb: Twin, own_source: RunningSimulator, tmp_path: Path
) -> None:
    both: tuple[SnowflakeRetailer, Twin] = (on_snowflake, on_duckdb)
    for run_id in ("r1", "r2"):
        urls = on_snowflake.extract(on_snowflake.begin(run_id))
        on_snowflake.load(*urls)
        on_duckdb.load_copies(on_snowflake, urls)
        gated = []
        for retailer in both:
            with retailer.engine() as engine:
                write_reference(engine, retailer.tenant, date(2026, 3, 4))
            build(retailer, tmp_path)
            with retailer.engine() as engine:
                result = run_gate(engine, "mini", run_id, "marts")
                gated.append(sorted(map(str, result.outcomes)))
                assert result.success, result.failures

        # A view of one engine may be a table of the other.
        built = sorted({*tables(on_snowflake), *tables(on_duckdb)})
        assert {f"analytics.{mart}" for mart in PIPELINE_MARTS} <= set(built)
        for table in built:
            snowflake, duckdb = content(on_snowflake, table), content(on_duckdb, table)
            assert len(duckdb) > 0, table
            assert differences(snowflake, duckdb) == [], table
        assert gated[0] == gated[1]
        own_source.advance(24 * 9)
