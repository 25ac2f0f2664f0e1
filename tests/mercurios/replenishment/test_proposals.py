"""The proposals as a file, from a warehouse that has some."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mercurios.cli import app
from mercurios.warehouse.duckdb import DuckDBEngine

TABLE = """
create table analytics.replenishment_proposal as
select
    tenant_id, supplier_number, 'Nordlicht' as supplier_name, '4711' as supplier_article_number,
    article_number, article_name, 'M' as size, '4000000000119' as ean, 1 as branch_number, 'Old Town' as branch_name,
    6.0 as order_units, 6.0 as pack_size, 5.00 as unit_cost, 30.00 as order_cost, date '2026-03-04' as order_by_on,
    true as is_late, date '2026-03-10' as stock_out_on, date '2026-03-20' as arrives_on, 12.50 as margin_saved,
    priority, true as is_within_budget, false as is_below_supplier_minimum, 'high' as confidence,
    'Runs out, soon.' as reason
from (values
    ('mini', null, 3, 'Scarf', 1),
    ('mini', 21, 2, '=HYPERLINK("x")', 3),
    ('mini', 20, 1, 'Mütze', 2),
    ('other', 20, 9, 'Hat', 1)
) as lines (tenant_id, supplier_number, article_number, article_name, priority)
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "mini.duckdb"
    with DuckDBEngine(path, threads=1) as engine:
        engine.execute("create schema analytics")
        engine.execute(TABLE)
    return path


def propose(warehouse: Path, out: Path):
    arguments = ["propose", "--tenant", "mini", "--warehouse", str(warehouse), "--out", str(out)]
    return CliRunner().invoke(app, arguments)


def test_lines_are_written_by_supplier_and_those_without_one_last(warehouse: Path, tmp_path: Path):
    done = propose(warehouse, tmp_path / "new" / "orders.csv")

    with (tmp_path / "new" / "orders.csv").open(encoding="utf-8-sig", newline="") as handle:
        lines = list(csv.DictReader(handle))
    assert done.exit_code == 0, done.output
    assert "3 lines to 3 suppliers for 90.00" in done.output
    assert [line["supplier_number"] for line in lines] == ["20", "21", ""]
    assert lines[0]["article_name"] == "Mütze"
    assert lines[0]["reason"] == "Runs out, soon."


def test_a_name_that_looks_like_a_formula_stays_text(warehouse: Path, tmp_path: Path):
    propose(warehouse, tmp_path / "orders.csv")

    text = (tmp_path / "orders.csv").read_text(encoding="utf-8-sig")
    assert "\"'=HYPERLINK" in text


def test_a_file_that_cannot_be_written_is_refused_before_it_is_begun(warehouse: Path, tmp_path: Path):
    done = propose(warehouse, tmp_path / "orders.pdf")

    assert done.exit_code == 1
    assert "ends in .csv" in done.output
    assert list(tmp_path.iterdir()) == [warehouse]


def test_a_warehouse_without_proposals_says_what_to_run(tmp_path: Path):
    path = tmp_path / "old.duckdb"
    with DuckDBEngine(path, threads=1):
        pass

    done = propose(path, tmp_path / "orders.csv")

    assert done.exit_code == 1
    assert "run the tenant's pipeline first" in done.output
