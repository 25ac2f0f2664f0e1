"""What to do as a file, from a warehouse that has some of everything."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from typer.testing import CliRunner

from mercurios.cli.main import app
from mercurios.warehouse.duckdb.engine import DuckDBEngine

FIGURES = """
    1.00 as units_at_stake, 3.00 as sold_4_weeks, 11.00 as sold_13_weeks, 2.00 as free_stock, 6.00 as on_order,
    date '2026-03-12' as next_arrival_on, date '2026-03-20' as arrives_on, date '2026-03-10' as stock_out_on,
    cast(null as varchar) as cost_note,
    7.5 as demand_units, date '2026-03-27' as demand_until, 9.0 as level_units, 1.5 as forgone_units,
    cast(null as varchar) as supply_note,
    0.42 as forecast_error, -0.05 as forecast_bias, 'live' as forecast_error_source,
    'Runs out, soon.' as reason, 'Bald ausverkauft.' as reason_de
"""
TABLES = (
    "create schema analytics; create schema raw; create schema ops",
    "create table raw.tenant as from (values ('mini', 'Mini', 'GB', 'EUR'), ('other', 'Other', 'DE', 'GBP')) "
    "as tenants (tenant_id, name, country, currency)",
    "create table ops.run as from (values ('mini', timestamp '2026-03-04', date '2026-03-04'), "
    "('mini', timestamp '2026-03-05', null), ('mini', timestamp '2026-03-03', date '2026-03-03')) "
    "as runs (tenant_id, started_at, as_of_date)",
    "create table ops.publication as from (values ('mini', timestamp '2026-03-04 05:12:00'), "
    "('mini', timestamp '2026-03-03 05:10:00'), ('other', timestamp '2026-03-05 05:10:00')) "
    "as publications (tenant_id, published_at)",
    f"""
    create table analytics.replenishment_action as
    select
        tenant_id, 'order' as action, article_number as urgency_rank, false as is_minor, due_on, supplier_number,
        supplier_name, article_number, article_name, article_number * 10 as article_size_number, 'M' as size,
        1 as branch_number,
        'Old Town' as branch_name, cast(null as bigint) as from_branch_number,
        cast(null as varchar) as from_branch_name, cast(null as varchar) as order_number,
        cast(null as varchar) as order_line_id, cast(6 as double) as units, cast(30 as decimal(18, 2)) as cost,
        cast(margin_at_risk as decimal(18, 2)) as margin_at_risk,
        cast(null as decimal(18, 2)) as value_at_stake, {FIGURES}
    from (values
        ('mini', date '2026-03-05', null, null, 3, 'Scarf', 1.00),
        ('mini', date '2026-03-04', 21, 'Tuch: S/M?', 2, '=HYPERLINK("x")', 2.00),
        ('mini', date '2026-03-06', 20, 'Nordlicht', 4, 'Mütze', 3.00),
        ('mini', date '2026-03-03', 20, 'Nordlicht', 1, 'Hat;=1+1', 4.00),
        ('mini', date '2026-03-07', 20, 'Nordlicht', 5, 'Glove' || chr(7), 9.00),
        ('other', date '2026-03-04', 20, 'Nordlicht', 9, 'Hat', 1.00)
    ) as lines (tenant_id, due_on, supplier_number, supplier_name, article_number, article_name, margin_at_risk)
    """,
    f"""
    insert into analytics.replenishment_action
    select
        'mini', action, 10 + article_number, coalesce(leftover < 25, action = 'order'), due_on, 20, 'Nordlicht',
        article_number, 'Coat', size_number, 'M', branch,
        'Old Town', sender, 'Web', line, line, units, cost, margin, leftover, {FIGURES}
    from (values
        ('expedite', date '2026-03-09', 1, 10, 1, null, 'l1', 6.0, null, 5.00, null),
        ('transfer', date '2026-03-20', 2, 20, 1, 2, null, 2.0, null, 6.00, null),
        ('mark down', date '2026-03-04', 3, null, null, null, null, 40.0, null, null, 200.00),
        ('decide', date '2026-03-04', 4, null, null, null, null, 12.0, 60.00, 7.00, null),
        ('reduce', date '2026-03-15', 5, 50, 1, null, 'l2', 4.0, null, null, 25.00),
        ('reduce', date '2026-03-15', 7, 70, 1, null, 'l4', 1.0, null, null, 24.99),
        ('cancel', date '2026-03-15', 6, 60, 1, null, 'l3', 8.0, null, null, 40.00),
        ('order', date '2026-03-20', 8, 80, 1, null, null, 1.0, 10.00, 0.50, null)
    ) as lines (
        action, due_on, article_number, size_number, branch, sender, line, units, cost, margin, leftover
    )
    """,
    """
    create table analytics.replenishment_proposal as
    select
        tenant_id, article_number, article_size_number, branch_number, '0000000000119' as ean, true as is_late,
        article_number as priority, article_number <> 5 as is_within_budget, false as is_below_supplier_minimum,
        'high' as confidence
    from analytics.replenishment_action
    where action = 'order'
    """,
    """
    create table analytics.replenishment_policy as
    select distinct
        tenant_id, article_number, 6.0 as pack_size, 'learned' as pack_source, 12.0 as minimum_order_units,
        'policy' as minimum_source, 140.0 as budget,
        cast(30 as double) as minimum_order_value
    from analytics.replenishment_action
    """,
    """
    create table analytics.dim_article as
    select distinct
        tenant_id, article_number, '0815' as supplier_article_number, '-blue' as supplier_colour,
        'Spring' as season_name, 'Hats' as category_name, 5.00 as purchase_price, 12.50 as label_price
    from analytics.replenishment_action
    """,
    """
    create table analytics.markup_by_level as
    select distinct tenant_id, 'article' as markup_level, article_number, 1.1 as entry_markup
    from analytics.replenishment_action
    union all
    select 'mini', 'season and category', 0, 9.0
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


def test_the_list_is_written_the_most_urgent_first_with_everything_beside_it(warehouse: Path, tmp_path: Path):
    done = propose(tmp_path / "new" / "orders.csv", "--warehouse", str(warehouse))

    with (tmp_path / "new" / "orders.csv").open(encoding="utf-8-sig", newline="") as handle:
        lines = list(csv.DictReader(handle))
    assert done.exit_code == 0, done.output
    assert "5 lines to 3 suppliers for 150.00 EUR" in done.output
    assert "6 lines of other actions" in done.output
    assert "2 lines more are not worth the work yet" in done.output
    assert "1 of the lines wait: the budget does not reach them" in done.output
    assert "supplier" not in done.output.partition("wait: ")[2]
    assert [line["article_number"] for line in lines] == ["1", "2", "3", "4", "5", *"12345678"]
    assert [line["action"] for line in lines[5:]] == [
        "expedite",
        "transfer",
        "mark down",
        "decide",
        "reduce",
        "cancel",
        "reduce",
        "order",
    ]
    heads = {
        (line["retailer"], line["proposed_on"], line["published_at"][:16], line["currency"]) for line in lines
    }
    assert heads == {("Mini", "2026-03-04", "2026-03-04 05:12", "EUR")}
    assert lines[3]["article_name"] == "Mütze"
    assert (lines[0]["entry_markup"], lines[0]["season_name"], lines[0]["pack_source"]) == (
        "1.1",
        "Spring",
        "learned",
    )
    assert (lines[0]["confidence"], lines[5]["confidence"]) == ("high", "")


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
    assert '"\'-blue"' in text


def test_a_workbook_holds_an_overview_the_kinds_of_actions_and_every_supplier(book: Workbook):
    assert book.sheetnames == [
        "Overview",
        "Orders",
        "Waiting orders",
        "Expedite",
        "Transfers",
        "Markdowns",
        "Decisions",
        "Cancel or reduce",
        "20 Nordlicht",
        "21 Tuch  S M",
        "No supplier",
    ]
    assert {sheet.freeze_panes for sheet in book} == {"A5"}
    assert {sheet["A2"].value for sheet in book} == {
        "Mini, 2026-03-04, published 2026-03-04 05:12 UTC, prices in EUR"
    }


def test_a_suppliers_sheet_is_its_order_with_totals_and_nothing_internal(book: Workbook):
    """Nothing on it is what a buyer keeps to himself."""
    headings, *lines, totals = cells(book, "20 Nordlicht")

    assert headings == (
        "Your article",
        "Our article",
        "Name",
        "Colour",
        "Size",
        "EAN",
        "Deliver to",
        "Units",
        "Pack",
        "Unit price",
        "Cost",
    )
    assert lines == [
        ("0815", 1, "Hat;=1+1", "-blue", "M", "0000000000119", "Old Town", 6, 6, 5, 30),
        ("0815", 4, "Mütze", "-blue", "M", "0000000000119", "Old Town", 6, 6, 5, 30),
    ]
    assert totals == ("Total", *[None] * 6, 12, None, None, 60)


def test_the_overview_counts_every_kind_of_action_and_its_money(book: Workbook):
    headings, *kinds, totals = cells(book, "Overview")[:9]

    assert headings[:3] == ("Action", "Lines", "Due within a week")
    assert headings[7:9] == ("Left out as minor", "Their value")
    assert [line[:9] for line in kinds] == [
        ("Orders", 4, 4, 24, 120, 10, None, 1, 10),
        ("Waiting orders", 1, 1, 6, 30, 9, None, 0, None),
        ("Expedite", 1, 1, 6, None, 5, None, 0, None),
        ("Transfers", 1, 0, 2, None, 6, None, 0, None),
        ("Markdowns", 1, 1, 40, None, None, 200, 0, None),
        ("Decisions", 1, 1, 12, 60, 7, None, 0, None),
        ("Cancel or reduce", 2, 0, 12, None, None, 65, 1, 24.99),
    ]
    assert totals[:9] == ("Total", 11, 8, None, 210, 37, 265, 2, 34.99)
    assert book["Overview"]["A7"].hyperlink.location == "'Expedite'!A1"


def test_the_overview_adds_up_what_the_suppliers_sheets_hold(book: Workbook):
    title, headings, nordlicht, tuch, without_supplier, totals = cells(book, "Overview", first=14)

    assert (title[0], headings[0]) == ("Proposed orders by supplier", "Supplier")
    assert nordlicht == ("20 Nordlicht", 20, 2, 12, 60, 7, datetime(2026, 3, 3), 2, 0, 1)
    assert tuch[:5] == ("21 Tuch  S M", 21, 1, 6, 30)
    assert without_supplier[:5] == ("No supplier", None, 1, 6, 30)
    assert totals == ("Total", None, 4, 24, 120, 10, None, 4, 0, 1)
    assert book["Overview"]["A16"].hyperlink.location == "'20 Nordlicht'!A1"


def test_every_order_stands_with_its_figures_in_columns_of_their_own(book: Workbook):
    headings, *lines, totals = cells(book, "Orders")

    first = dict(zip(headings, lines[0], strict=True))
    assert len(lines) == 4
    assert dict(zip(headings, totals, strict=True))["Margin at risk"] == 10
    assert {name: first[name] for name in ("Free stock", "On order", "Demand", "Level")} == {
        "Free stock": 2,
        "On order": 6,
        "Demand": 7.5,
        "Level": 9,
    }
    assert (first["Sold, 4 weeks"], first["Sold, 13 weeks"]) == (3, 11)
    assert (first["Next arrival"], first["Arrives"]) == (datetime(2026, 3, 12), datetime(2026, 3, 20))
    assert (first["Colour"], first["Season"], first["Category"]) == ("-blue", "Spring", "Hats")
    assert (first["Purchase price"], first["Label price"]) == (5, 12.5)
    assert (first["Entry mark-up"], first["Pack from"]) == (1.1, "learned")
    assert (first["Minimum of a line"], first["Minimum from"]) == (12, "policy")
    assert first["Missed before goods come"] == 1.5
    assert (first["Why"], first["Your decision"]) == ("Runs out, soon.", None)


def test_a_line_says_how_far_forecasts_of_its_class_are_off(book: Workbook):
    for name in ("Orders", "Expedite", "Transfers", "Markdowns", "Decisions", "Cancel or reduce"):
        headings, line = cells(book, name)[:2]
        row = dict(zip(headings, line, strict=True))
        assert (row["Forecast error"], row["Forecast bias"]) == (0.42, -0.05), name
        assert row["Error measured on"] == "live", name
    place = list(cells(book, "Orders")[0]).index("Forecast error")
    assert book["Orders"].cell(5, place + 1).number_format == "0%"


def test_what_is_not_known_of_a_line_says_why_in_the_buyers_language(warehouse: Path, tmp_path: Path):
    with DuckDBEngine(warehouse, threads=1) as engine:
        engine.execute(
            "update analytics.replenishment_action set stock_out_on = null, supply_note = 'lasts for years', "
            "forecast_error = null, forecast_bias = null, forecast_error_source = 'not measured'"
        )
        engine.execute("update raw.tenant set country = 'DE'")

    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse))

    assert done.exit_code == 0, done.output
    headings, line = cells(load_workbook(tmp_path / "orders.xlsx"), "Bestellungen")[:2]
    row = dict(zip(headings, line, strict=True))
    assert (row["Ausverkauft am"], row["Kein Tag, denn"]) == (None, "reicht jahrelang")
    assert (row["Prognosefehler"], row["Prognoseverzerrung"]) == (None, None)
    assert row["Fehler gemessen an"] == "nicht gemessen"


UNPRICED = (
    "update analytics.replenishment_action set cost = null, cost_note = 'no purchase price' "
    "where article_number in (4, 5) and action = 'order'",
    "update analytics.replenishment_action set value_at_stake = null, cost_note = 'no purchase price' "
    "where action = 'cancel'",
    "update analytics.replenishment_proposal set is_within_budget = null, is_below_supplier_minimum = null "
    "where article_number in (4, 5)",
)
"""Of two of the supplier's three lines no cost is known, nor what one is worth that is to be cancelled."""


@pytest.fixture
def unpriced(warehouse: Path) -> Path:
    with DuckDBEngine(warehouse, threads=1) as engine:
        for statement in UNPRICED:
            engine.execute(statement)
    return warehouse


def test_what_a_line_costs_that_is_not_known_is_empty_with_its_reason(unpriced: Path, tmp_path: Path):
    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(unpriced), "--language", "de")

    book = load_workbook(tmp_path / "orders.xlsx")
    assert "5 lines to 3 suppliers for at least 90.00 EUR (2 without a purchase price)" in done.output
    headings, *lines, totals = cells(book, "Bestellungen")
    found = [dict(zip(headings, line, strict=True)) for line in lines]
    assert [(line["Artikel"], line["Einkaufswert"], line["Kein Einkaufswert, denn"]) for line in found] == [
        (1, 30, None),
        (2, 30, None),
        (3, 30, None),
        (4, None, "kein Einkaufspreis"),
        (5, None, "kein Einkaufspreis"),
    ]
    assert dict(zip(headings, totals, strict=True))["Einkaufswert"] == 90


def test_a_sum_without_what_is_not_known_says_it_is_at_least_so_much(unpriced: Path, tmp_path: Path):
    """Of an order, of all orders and of all actions."""
    propose(tmp_path / "orders.xlsx", "--warehouse", str(unpriced))

    book = load_workbook(tmp_path / "orders.xlsx")
    part, whole = '"at least "#,##0.00', "#,##0.00"
    sheet, overview = book["20 Nordlicht"], book["Overview"]
    assert [(sheet[place].value, sheet[place].number_format) for place in ("K6", "K8")] == [
        (None, whole),
        (30, part),
    ]
    shown = [(overview[place].value, overview[place].number_format) for place in ("E5", "E10", "E12")]
    assert shown == [(90, part), (60, whole), (150, part)]
    assert [(overview[place].value, overview[place].number_format) for place in ("G9", "G11", "G12")] == [
        (200, whole),
        (25, part),
        (225, part),
    ]
    suppliers = [(overview[f"E{row}"].value, overview[f"E{row}"].number_format) for row in (16, 17, 19)]
    assert suppliers == [(30, part), (30, whole), (90, part)]


def test_a_line_whose_cost_is_not_known_waits_for_neither_budget_nor_minimum(unpriced: Path, tmp_path: Path):
    """Nor does the rest of its supplier's order: with it, it may be enough."""
    with DuckDBEngine(unpriced, threads=1) as engine:
        engine.execute("update analytics.replenishment_policy set minimum_order_value = 61")

    propose(tmp_path / "orders.xlsx", "--warehouse", str(unpriced))

    book = load_workbook(tmp_path / "orders.xlsx")
    assert [line[0] for line in waiting(book)] == [2, 3]
    assert [line[1] for line in cells(book, "20 Nordlicht")[1:-1]] == [1, 4, 5]


def test_an_unknown_cost_is_an_empty_field_of_the_list(unpriced: Path, tmp_path: Path):
    propose(tmp_path / "orders.csv", "--warehouse", str(unpriced))

    with (tmp_path / "orders.csv").open(encoding="utf-8-sig", newline="") as handle:
        lines = [line for line in csv.DictReader(handle) if line["action"] == "order"]
    assert [(line["cost"], line["cost_note"]) for line in lines[2:5]] == [
        ("30.00", ""),
        ("", "no purchase price"),
        ("", "no purchase price"),
    ]


def waiting(book: Workbook) -> list[tuple[object, ...]]:
    headings, *lines, _ = cells(book, "Waiting orders")
    found = [dict(zip(headings, line, strict=True)) for line in lines]
    return [(line["Article"], line["Waits for"], line["Limit"], line["Cost"]) for line in found]


def test_a_line_beyond_the_budget_waits_and_says_for_what(book: Workbook):
    assert waiting(book) == [(5, "budget", 140, 30)]
    assert 5 not in [line[1] for line in cells(book, "20 Nordlicht")]


def test_lines_below_their_suppliers_minimum_wait_together(warehouse: Path, tmp_path: Path):
    """Compared with the minimum is what is placed: neither what the budget leaves out nor what is minor."""
    with DuckDBEngine(warehouse, threads=1) as engine:
        engine.execute("update analytics.replenishment_policy set minimum_order_value = 61")

    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse))

    book = load_workbook(tmp_path / "orders.xlsx")
    assert waiting(book) == [
        (1, "supplier minimum", 61, 30),
        (2, "supplier minimum", 61, 30),
        (3, "supplier minimum", 61, 30),
        (4, "supplier minimum", 61, 30),
        (5, "budget", 140, 30),
    ]
    assert not {"20 Nordlicht", "21 Tuch  S M"} & set(book.sheetnames)
    assert cells(book, "Overview", first=16)[0] == (
        *("20 Nordlicht", 20, 0, None, None, None, datetime(2026, 3, 3), 0, 2, 1),
    )
    assert "4 of the lines wait: what is ordered of their supplier is worth less" in done.output


@pytest.mark.parametrize(
    "older",
    [
        "drop table analytics.markup_by_level",
        "alter table analytics.replenishment_policy drop column budget",
    ],
)
def test_a_publication_of_an_earlier_version_says_what_to_do(
    warehouse: Path, tmp_path: Path, older: str
) -> None:
    with DuckDBEngine(warehouse, threads=1) as engine:
        engine.execute(older)

    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse))

    assert done.exit_code == 1
    assert "built by an earlier version" in done.output
    assert "DAG pipeline__mini" in done.output
    assert not (tmp_path / "orders.xlsx").exists()


def test_a_sheet_of_what_is_asked_of_suppliers_names_order_and_units(book: Workbook):
    headings, reduce, cancel, totals = cells(book, "Cancel or reduce")

    found = [dict(zip(headings, line, strict=True)) for line in (reduce, cancel)]
    assert [(line["Action"], line["Order"], line["Units less"]) for line in found] == [
        ("reduce", "l2", 4),
        ("cancel", "l3", 8),
    ]
    assert dict(zip(headings, totals, strict=True))["Left over, at cost"] == 65


def test_a_german_buyer_reads_german(warehouse: Path, tmp_path: Path):
    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse), "--language", "de")

    book = load_workbook(tmp_path / "orders.xlsx")
    assert done.exit_code == 0, done.output
    assert book.sheetnames[:3] == ["Übersicht", "Bestellungen", "Wartende Bestellungen"]
    assert book["Übersicht"]["A2"].value == (
        "Mini, 04.03.2026, veröffentlicht 04.03.2026 05:12 UTC, Preise in EUR"
    )
    headings, first, *_ = cells(book, "Bestellungen")
    line = dict(zip(headings, first, strict=True))
    assert (line["Begründung"], line["Sicherheit"]) == ("Bald ausverkauft.", "hoch")
    assert book["Bestellungen"]["A5"].number_format == "dd.mm.yyyy"
    actions = [line[1] for line in cells(book, "Stornieren oder kürzen")[1:3]]
    assert actions == ["kürzen", "stornieren"]


def test_without_a_language_the_tenants_country_decides(warehouse: Path, tmp_path: Path):
    with DuckDBEngine(warehouse, threads=1) as engine:
        engine.execute("update raw.tenant set country = 'AT'")

    propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse))

    assert load_workbook(tmp_path / "orders.xlsx").sheetnames[0] == "Übersicht"


def test_cells_have_types_and_no_text_is_a_formula(book: Workbook):
    name = book["21 Tuch  S M"]["C5"]
    day, late = (book["Orders"][place] for place in ("A5", "B5"))
    cost = book["Orders"].cell(5, cells(book, "Orders")[0].index("Cost") + 1)

    assert (name.value, name.data_type, name.quotePrefix) == ('=HYPERLINK("x")', "s", True)
    assert (day.is_date, day.number_format) == (True, "yyyy-mm-dd")
    assert (late.value, late.data_type) == (True, "b")
    assert (cost.data_type, cost.number_format) == ("n", "#,##0.00")
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]


def test_columns_are_as_wide_as_what_they_show_and_can_be_filtered(book: Workbook):
    widths = {key: found.width for key, found in book["Orders"].column_dimensions.items()}

    assert widths["A"] >= len("2026-03-04")
    assert all(4 < width <= 62 for width in widths.values())
    assert book["Orders"].auto_filter.ref == "A4:AO8"


def test_a_retailer_that_needs_nothing_gets_a_workbook_that_says_so(warehouse: Path, tmp_path: Path):
    with DuckDBEngine(warehouse, threads=1) as engine:
        engine.execute("delete from analytics.replenishment_action")

    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse))

    assert "0 lines to 0 suppliers" in done.output
    book = load_workbook(tmp_path / "orders.xlsx")
    assert book.sheetnames[:2] == ["Overview", "Orders"]
    assert book["Overview"]["A2"].value == "Nothing has to be done."


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


def test_a_misspelt_tenant_is_an_error_that_lists_those_in_the_file(warehouse: Path, tmp_path: Path) -> None:
    with DuckDBEngine(warehouse, threads=1) as engine:
        engine.execute("create schema if not exists ops")
        engine.execute(
            "create or replace table ops.run as select 'mini' as tenant_id union all select 'other'"
        )
    command = [
        "propose",
        "--tenant",
        "MINI",
        "--out",
        str(tmp_path / "orders.csv"),
        "--warehouse",
        str(warehouse),
    ]

    done = CliRunner().invoke(app, command)

    assert done.exit_code == 1
    assert "no run of tenant 'MINI' (it knows: mini, other)" in done.output
    assert not (tmp_path / "orders.csv").exists()


def test_a_margin_that_is_not_known_is_an_empty_cell_and_no_zero(warehouse: Path, tmp_path: Path) -> None:
    with DuckDBEngine(warehouse, threads=1) as engine:
        engine.execute("update analytics.replenishment_action set margin_at_risk = null")

    done = propose(tmp_path / "orders.xlsx", "--warehouse", str(warehouse))

    assert done.exit_code == 0, done.output
    headings, *kinds, totals = cells(load_workbook(tmp_path / "orders.xlsx"), "Overview")[:8]
    at = headings.index("Margin at risk")
    assert {row[at] for row in (*kinds, totals)} == {None}
