"""The proposals as a file, from a warehouse that has some."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from typer.testing import CliRunner

from mercurios.cli.main import app
from mercurios.orders.proposals import most_urgent
from mercurios.warehouse.duckdb.engine import DuckDBEngine

TABLES = (
    "create schema analytics; create schema raw; create schema ops",
    "create table raw.tenant as from (values ('mini', 'Mini', 'EUR'), ('other', 'Other', 'GBP')) "
    "as tenants (tenant_id, name, currency)",
    "create table ops.run as from (values ('mini', timestamp '2026-03-04', date '2026-03-04'), "
    "('mini', timestamp '2026-03-05', null), ('mini', timestamp '2026-03-03', date '2026-03-03')) "
    "as runs (tenant_id, started_at, as_of_date)",
    """
    create table analytics.replenishment_proposal as
    select
        tenant_id, supplier_number, supplier_name, '0815' as supplier_article_number, article_number, article_name,
        article_number * 10 as article_size_number, 'M' as size, '0000000000119' as ean, 1 as branch_number,
        'Old Town' as branch_name, 6.0 as order_units, 6.0 as pack_size, 5.00 as unit_cost, 30.00 as order_cost,
        date '2026-03-04' as order_by_on, true as is_late, date '2026-03-10' as stock_out_on,
        date '2026-03-20' as arrives_on, margin_at_risk, priority, is_within_budget,
        false as is_below_supplier_minimum, 'high' as confidence, 'Runs out, soon.' as reason
    from (values
        ('mini', null, null, 3, 'Scarf', 1.00, 1, true),
        ('mini', 21, 'Tuch: S/M?', 2, '=HYPERLINK("x")', 2.00, 3, true),
        ('mini', 20, 'Nordlicht', 4, 'Mütze', 3.00, 2, true),
        ('mini', 20, 'Nordlicht', 1, 'Hat;=1+1', 4.00, 4, true),
        ('mini', 20, 'Nordlicht', 5, 'Glove' || chr(7), 9.00, 5, false),
        ('other', 20, 'Nordlicht', 9, 'Hat', 1.00, 1, true)
    ) as lines (
        tenant_id, supplier_number, supplier_name, article_number, article_name, margin_at_risk, priority,
        is_within_budget
    )
    """,
)


@pytest.fixture(autouse=True)
def tenants(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "published" / "mini.duckdb"
    path.parent.mkdir()
    with DuckDBEngine(path, threads=1) as engine:
        for statement in TABLES:
            engine.execute(statement)
    return path


def propose(out: Path, *more: str):
    return CliRunner().invoke(app, ["propose", "--tenant", "mini", "--out", str(out), *more])


@pytest.fixture
def book(warehouse: Path, tmp_path: Path) -> Workbook:
    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse))
    assert done.exit_code == 0, done.output
    return load_workbook(tmp_path / "orders.xlsx")


def cells(book: Workbook, name: str, *, first: int = 4) -> list[tuple[object, ...]]:
    return list(book[name].iter_rows(min_row=first, values_only=True))


def test_the_most_urgent_are_due_first_then_save_most_and_a_limit_keeps_them() -> None:
    lines = pa.table(
        {
            "article_number": [1, 2, 3, 4],
            "order_by_on": [date(2026, 3, 5), date(2026, 3, 4), date(2026, 3, 4), date(2026, 3, 4)],
            "margin_at_risk": [9.0, 2.0, 3.0, 2.0],
            "priority": [1, 4, 3, 2],
        }
    )

    assert most_urgent(lines)["article_number"].to_pylist() == [3, 4, 2, 1]
    assert most_urgent(lines, 2)["article_number"].to_pylist() == [3, 4]


def test_lines_are_written_by_supplier_and_those_without_one_last(warehouse: Path, tmp_path: Path):
    done = propose(tmp_path / "new" / "orders.csv", "--warehouse", str(warehouse))

    with (tmp_path / "new" / "orders.csv").open(encoding="utf-8-sig", newline="") as handle:
        lines = list(csv.DictReader(handle))
    assert done.exit_code == 0, done.output
    assert "5 lines to 3 suppliers for 150.00 EUR" in done.output
    assert "1 of the lines are beyond the budget" in done.output
    assert [line["supplier_number"] for line in lines] == ["20", "20", "20", "21", ""]
    assert [line["article_number"] for line in lines[:3]] == ["5", "1", "4"]
    assert {(line["retailer"], line["proposed_on"], line["currency"]) for line in lines} == {
        ("Mini", "2026-03-04", "EUR")
    }
    assert lines[2]["article_name"] == "Mütze"
    assert lines[0]["reason"] == "Runs out, soon."


@pytest.mark.airflow
@pytest.mark.usefixtures("airflow_database")
def test_without_a_warehouse_named_the_published_one_is_read(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MERCURIOS_HOME", str(tmp_path))

    assert "5 lines" in propose(tmp_path / "orders.csv").output

    monkeypatch.setenv("MERCURIOS_HOME", str(tmp_path / "nothing"))
    missing = propose(tmp_path / "orders.csv")
    assert missing.exit_code == 1
    assert "nothing/published/mini.duckdb does not exist: run the tenant's pipeline first" in missing.output


@pytest.mark.airflow
@pytest.mark.usefixtures("airflow_database")
def test_without_a_warehouse_named_the_tenants_connection_is_followed(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The readers' file lies where the DAGs put it: beside the folder of the warehouse file of the connection."""
    monkeypatch.setenv("MERCURIOS_HOME", str(tmp_path / "nothing"))
    host = str(tmp_path / "warehouse" / "mini.duckdb")
    monkeypatch.setenv("AIRFLOW_CONN_DUCKDB_MINI", json.dumps({"conn_type": "duckdb", "host": host}))

    done = propose(tmp_path / "orders.csv")

    assert done.exit_code == 0, done.output
    assert "5 lines" in done.output


def test_a_tenant_that_does_not_exist_is_refused(tmp_path: Path):
    done = CliRunner().invoke(app, ["propose", "--tenant", "nobody", "--out", str(tmp_path / "orders.csv")])

    assert done.exit_code == 1
    assert "nobody" in done.output


def test_a_name_that_looks_like_a_formula_stays_text(warehouse: Path, tmp_path: Path):
    """Also where a semicolon separates."""
    propose(tmp_path / "orders.csv", "--warehouse", str(warehouse))

    text = (tmp_path / "orders.csv").read_text(encoding="utf-8-sig")
    assert "\"'=HYPERLINK" in text
    assert "Hat;'=1+1" in text


def test_a_workbook_holds_an_overview_every_line_and_a_sheet_for_each_supplier(book: Workbook):
    assert book.sheetnames == ["Overview", "All lines", "20 Nordlicht", "21 Tuch  S M", "No supplier"]
    assert {sheet.freeze_panes for sheet in book} == {"A5"}
    assert book["Overview"]["A2"].value == "Mini, 2026-03-04, prices in EUR"


def test_a_suppliers_sheet_is_its_order_with_totals_and_nothing_internal(book: Workbook):
    """Nothing on it is what a buyer keeps to himself."""
    headings, *lines, totals = cells(book, "20 Nordlicht")

    assert headings == (
        "Your article",
        "Our article",
        "Name",
        "Size",
        "EAN",
        "Deliver to",
        "Units",
        "Pack",
        "Unit price",
        "Cost",
    )
    assert lines == [
        ("0815", 1, "Hat;=1+1", "M", "0000000000119", "Old Town", 6, 6, 5, 30),
        ("0815", 4, "Mütze", "M", "0000000000119", "Old Town", 6, 6, 5, 30),
    ]
    assert totals == ("Total", None, None, None, None, None, 12, None, None, 60)


def test_the_overview_adds_up_what_the_suppliers_sheets_hold(book: Workbook):
    _, nordlicht, tuch, without_supplier, totals = cells(book, "Overview")

    assert nordlicht == ("20 Nordlicht", 20, 2, 12, 60, 7, datetime(2026, 3, 4), 2, False, 1)
    assert tuch[:5] == ("21 Tuch  S M", 21, 1, 6, 30)
    assert without_supplier[:5] == ("No supplier", None, 1, 6, 30)
    assert totals == ("Total", None, 4, 24, 120, 10, None, 4, None, 1)
    assert book["Overview"]["A5"].hyperlink.location == "'20 Nordlicht'!A1"


def test_every_line_stands_with_its_reason_the_most_urgent_first(book: Workbook):
    headings, *lines, totals = cells(book, "All lines")

    name, saved, affordable, why = (
        headings.index(each) for each in ("Name", "Margin at risk", "In budget", "Why")
    )
    assert [line[saved] for line in lines] == [9, 4, 3, 2, 1]
    assert totals[saved] == 19
    assert lines[0][name] == "Glove"
    assert [line[affordable] for line in lines] == [False, True, True, True, True]
    assert {line[why] for line in lines} == {"Runs out, soon."}


def test_cells_have_types_and_no_text_is_a_formula(book: Workbook):
    name = book["21 Tuch  S M"]["C5"]
    day, late, cost = (book["All lines"][place] for place in ("A5", "B5", "K5"))

    assert (name.value, name.data_type, name.quotePrefix) == ('=HYPERLINK("x")', "s", True)
    assert (day.is_date, day.number_format) == (True, "yyyy-mm-dd")
    assert (late.value, late.data_type) == (True, "b")
    assert (cost.data_type, cost.number_format) == ("n", "#,##0.00")
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]


def test_columns_are_as_wide_as_what_they_show(book: Workbook):
    widths = {key: found.width for key, found in book["All lines"].column_dimensions.items()}

    assert widths["A"] >= len("2026-03-04")
    assert all(4 < width <= 62 for width in widths.values())


def test_a_retailer_that_needs_nothing_gets_a_workbook_that_says_so(warehouse: Path, tmp_path: Path):
    with DuckDBEngine(warehouse, threads=1) as engine:
        engine.execute("delete from analytics.replenishment_proposal")

    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse))

    assert "0 lines to 0 suppliers" in done.output
    book = load_workbook(tmp_path / "orders.xlsx")
    assert book.sheetnames == ["Overview", "All lines"]
    assert book["Overview"]["A2"].value == "Nothing has to be ordered."


def test_a_file_that_cannot_be_written_is_refused_before_it_is_begun(warehouse: Path, tmp_path: Path):
    done = propose(tmp_path / "orders.pdf", "--warehouse", str(warehouse))

    assert done.exit_code == 1
    assert "ends in .csv or .xlsx" in done.output
    assert list(tmp_path.iterdir()) == [warehouse.parent]


def test_a_write_that_fails_leaves_the_file_of_before(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "orders.xlsx").write_text("before")
    monkeypatch.setattr(Workbook, "save", lambda *_: (_ for _ in ()).throw(OSError("disk full")))

    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse))

    assert (done.exit_code, "disk full" in done.output) == (1, True)
    assert (tmp_path / "orders.xlsx").read_text() == "before"
    assert not (tmp_path / "orders.xlsx.partial").exists()


def test_a_warehouse_without_proposals_says_what_to_run(tmp_path: Path):
    path = tmp_path / "old.duckdb"
    with DuckDBEngine(path, threads=1):
        pass

    done = propose(tmp_path / "orders.csv", "--warehouse", str(path))

    assert done.exit_code == 1
    assert "run the pipeline of tenant mini first" in done.output
