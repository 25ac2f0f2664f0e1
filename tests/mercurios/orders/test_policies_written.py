"""The policies of a tenant file in the warehouse."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from retailer import tenant_of

from mercurios.orders.settings import Replenishment
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.setup import set_up, write_reference

WRITTEN = "select * exclude (tenant_id) from raw.replenishment_policy where tenant_id = 'mini' order by all"


def test_policies_in_the_warehouse_are_those_of_the_file_and_no_others(tmp_path: Path):
    section = Replenishment.model_validate(
        {"default": {"service_level": 0.9}, "suppliers": {20: {"review_days": 14}}}
    )
    tenant = tenant_of("mini").model_copy(update={"replenishment": section})

    with DuckDBEngine(tmp_path / "mini.duckdb", threads=1) as engine:
        set_up(engine)
        write_reference(engine, tenant, date(2026, 3, 4))
        write_reference(engine, tenant, date(2026, 3, 5))
        written = [tuple(row.values()) for row in engine.fetch_arrow(WRITTEN).to_pylist()]
        write_reference(engine, tenant_of("mini"), date(2026, 3, 6))
        emptied = engine.fetch_arrow(WRITTEN).num_rows

    assert written == [("supplier", "20", "review_days", 14.0), ("tenant", "", "service_level", 0.9)]
    assert emptied == 0
