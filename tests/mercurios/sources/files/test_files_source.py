"""Exports of many forms become typed rows; what does not fit is quarantined, and what is missing is named."""

from __future__ import annotations

import os
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem
from shop import SALES, Shop

from mercurios.sources.files.codes import number_of
from mercurios.sources.files.source import FilesSource
from mercurios.sources.source import TerminalSourceError, TransientSourceError

HEADER = "day,sku,units,paid\n"
ROW = "select date, article, article_number, branch_number, quantity, amount from raw.files_sale order by date, id"


def shop(tmp_path: Path, datasets: dict[str, dict[str, Any]] | None = None, **source: Any) -> Shop:
    made = Shop(tmp_path, datasets, **source)
    made.write("articles.csv", "sku,title\n4711,Coat\nA-47,Hat\n")
    return made


def test_an_export_becomes_typed_rows_with_numbers_for_its_codes(tmp_path: Path) -> None:
    made = shop(tmp_path)
    made.write("sales.csv", HEADER + "2025-03-01,4711,2,39.90\n2025-03-02,A-47,-1,-5\n")

    ledger = made.run("r1")

    assert ledger["sales"].counts() | {"late": 0} == {
        "extracted": 2, "loaded": 2, "quarantined": 0, "superseded": 0, "deleted": 0, "held_for_review": 0, "late": 0,
    }  # fmt: skip
    hat = number_of("A-47")
    assert [tuple(row.values()) for row in made.query(ROW)] == [
        (date(2025, 3, 1), "4711", 4711, 1, Decimal("2.00"), Decimal("39.90")),
        (date(2025, 3, 2), "A-47", hat, 1, Decimal("-1.00"), Decimal("-5.00")),
    ]
    assert hat is not None
    assert 10**15 <= hat < 2**53
    assert made.query("select name from raw.files_article where article_number = " + str(hat)) == [
        {"name": "Hat"}
    ]


def test_german_exports_are_read_by_their_own_signs(tmp_path: Path) -> None:
    columns = {"date": "Datum", "article": "Größe/Artikel", "quantity": "Menge", "unit_price": "Preis"}
    german = {"delimiter": ";", "decimal": ",", "thousands": ".", "dates": "%d.%m.%Y", "encoding": "cp1252"}
    made = shop(tmp_path, {"sales": {"files": "sales.csv", "columns": columns, **german}})
    made.write("sales.csv", "Datum;Größe/Artikel;Menge;Preis\n31.12.2024;Mütze;3;1.234,505\n", "cp1252")

    made.run("r1")

    [row] = made.query(ROW)
    assert (row["date"], row["article"], row["amount"]) == (date(2024, 12, 31), "Mütze", Decimal("3703.52"))


def test_an_excel_export_is_read_from_the_sheet_that_is_named(tmp_path: Path) -> None:
    made = shop(tmp_path, {"sales": {"files": "sales.xlsx", "columns": SALES, "sheet": "Till"}})
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Till")
    sheet.append(["day", "sku", "units", "paid"])
    sheet.append([date(2025, 3, 1), 4711, 2, 39.9])
    book.save(made.folder / "sales.xlsx")

    made.run("r1")

    [row] = made.query(ROW)
    assert (row["date"], row["article"], row["amount"]) == (date(2025, 3, 1), "4711", Decimal("39.90"))


@pytest.mark.parametrize("damage", [b"PK\x03\x04", None])
def test_a_workbook_that_is_damaged_is_named_without_what_is_in_it(
    tmp_path: Path, damage: bytes | None
) -> None:
    made = shop(tmp_path, {"sales": {"files": "sales.xlsx", "columns": SALES}})
    book = openpyxl.Workbook()
    for row in (["day", "sku", "units", "paid"], [date(2025, 3, 1), 4711, 2, 39.9]):
        book.active.append(row)
    book.save(made.folder / "whole.zip")
    with (
        zipfile.ZipFile(made.folder / "whole.zip") as whole,
        zipfile.ZipFile(made.folder / "sales.xlsx", "w") as file,
    ):
        for name in whole.namelist():
            file.writestr(name, whole.read(name).replace(b"<v>39.9</v>", b"<v>Erika</v>"))
    if damage:
        (made.folder / "sales.xlsx").write_bytes(damage)

    with pytest.raises(
        TerminalSourceError, match=r"sales\.xlsx is no Excel workbook, or is damaged"
    ) as refused:
        made.run("r1")

    assert "Erika" not in str(refused.value)


def test_a_parquet_export_keeps_the_types_it_has(tmp_path: Path) -> None:
    made = shop(tmp_path, {"sales": {"files": "sales.parquet", "columns": SALES}})
    rows = {"day": [date(2025, 3, 1)], "sku": ["4711"], "units": [2], "paid": [Decimal("39.90")]}
    pq.write_table(pa.table(rows), made.folder / "sales.parquet")

    made.run("r1")

    assert [row["amount"] for row in made.query(ROW)] == [Decimal("39.90")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2025-03-01,4711,two,39.90", "field 'quantity': expected a number with two decimals, got text"),
        ("01.03.2025,4711,2,39.90", "field 'date': expected a date such as"),
        ("2025-03-01,4711,2,39.901", "field 'amount': expected a number with at most two decimals"),
        ("2025-03-01,,2,39.90", "field 'article': expected a value"),
        ("2025-03-01,4711,2", "expected 4 columns, got 3"),
    ],
)
def test_a_row_that_does_not_fit_is_quarantined_and_its_neighbours_load(
    tmp_path: Path, line: str, reason: str
) -> None:
    made = shop(tmp_path)
    made.write("sales.csv", HEADER + f"2025-03-01,4711,2,39.90\n{line}\n2025-03-02,4711,1,19.95\n")

    ledger = made.run("r1")["sales"]

    assert (ledger.extracted, ledger.loaded, ledger.quarantined, ledger.superseded) == (3, 2, 1, 0)
    [row] = made.query("select reason, row_number from ops.quarantine")
    assert reason in row["reason"]
    assert row["row_number"] == 1


def test_alike_lines_are_lines_of_their_own_and_stay_the_same_ones(tmp_path: Path) -> None:
    made = shop(tmp_path)
    made.write("sales.csv", HEADER + "2025-03-01,4711,1,19.95\n" * 3)

    first, second = made.run("r1")["sales"], made.run("r2")["sales"]

    assert (first.extracted, first.loaded) == (3, 3)
    assert (second.extracted, second.loaded, second.superseded, second.deleted) == (3, 0, 3, 0)
    assert len(made.query(ROW)) == 3


def test_a_line_that_is_gone_from_a_complete_export_is_deleted(tmp_path: Path) -> None:
    made = shop(tmp_path)
    made.write("sales.csv", HEADER + "2025-03-01,1,1,1\n2025-03-01,2,1,1\n2025-03-01,3,1,1\n")
    made.run("r1")
    made.write("sales.csv", HEADER + "2025-03-01,1,1,1\n2025-03-01,3,1,1\n")

    assert made.run("r2")["sales"].deleted == 1


def test_a_file_that_is_gone_from_append_only_sales_deletes_nothing(tmp_path: Path) -> None:
    made = shop(tmp_path, {"sales": {"files": "sales-*.csv", "columns": SALES, "append_only": True}})
    made.write("sales-1.csv", HEADER + "2025-03-01,1,1,1\n")
    made.write("sales-2.csv", HEADER + "2025-03-02,1,1,1\n2025-03-01,1,1,1\n")
    loaded = made.run("r1")["sales"]
    (made.folder / "sales-1.csv").unlink()

    assert (loaded.extracted, loaded.loaded, loaded.superseded) == (3, 2, 1)
    assert made.run("r2")["sales"].deleted == 0


def test_of_two_files_the_newest_counts_for_a_row(tmp_path: Path) -> None:
    columns = {"article": "sku", "quantity": "units"}
    made = shop(tmp_path, {"stock": {"files": "stock-*.csv", "columns": columns}})
    made.write("sales.csv", HEADER + "2025-03-01,1,1,1\n")
    for name, units, written in (("stock-a.csv", 5, 1_700_000_000), ("stock-b.csv", 7, 1_600_000_000)):
        os.utime(made.write(name, f"sku,units\n4711,{units}\n"), (written, written))
    for name in ("sales.csv", "articles.csv"):
        os.utime(made.folder / name, (1_500_000_000, 1_500_000_000))

    made.run("r1")

    assert made.query("select quantity from raw.files_stock") == [{"quantity": Decimal("5.00")}]
    [url] = made.extract("r2", "stock")
    assert made.manifest(url).source_now.timestamp() == 1_700_000_000


def test_an_unknown_column_is_drift_and_its_values_are_not_kept(tmp_path: Path) -> None:
    made = shop(tmp_path, {"sales": {"files": "sales.csv", "columns": SALES, "ignored": ["till"]}})
    made.write("sales.csv", "day,sku,units,paid,till,customer\n2025-03-01,1,1,1,7,A. Person\n")

    made.run("r1")

    assert made.query("select resource, column_name, change from ops.schema_drift") == [
        {"resource": "sales", "column_name": "customer", "change": "appeared"}
    ]
    assert made.query("select _extra from raw.files_sale") == [{"_extra": None}]


def test_a_missing_column_names_file_key_and_the_columns_there_are(tmp_path: Path) -> None:
    made = shop(tmp_path)
    made.write("sales.csv", "day,sku,units,total\n2025-03-01,1,1,1\n")

    with pytest.raises(TerminalSourceError) as raised:
        made.extract("r1", "sales")

    assert str(raised.value) == (
        "sales.csv has no column 'paid', which source.datasets.sales.columns.amount names; "
        "its columns: day, sku, units, total"
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("sales.csv", "day,sku,units,paid\n2025-03-01,M\xfctze,1,1\n", "is not written in utf-8-sig"),
        ("sales.csv", "day;sku;units;paid\n", "seem to be separated by ';': set the dataset's 'delimiter'"),
        (
            "sales.csv",
            "day,sku,units,paid,paid\n",
            "has two columns 'paid': rename one of them in the export",
        ),
        ("sales.csv", "", "sales.csv is empty: expected a line with the names of its columns"),
        ("sales.parquet", "no parquet", "sales.parquet cannot be read as parquet"),
        ("sales.xlsx", "no workbook", "sales.xlsx is no Excel workbook, or is damaged"),
        ("sales.pdf", "", "format '.pdf' is unknown; expected .csv"),
    ],
)
def test_a_file_of_another_form_is_named_with_the_remedy(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    made = shop(tmp_path, {"sales": {"files": name.replace(".pdf", ".p*"), "columns": SALES}})
    made.write(name, content, "cp1252")

    with pytest.raises(TerminalSourceError, match=said):
        made.extract("r1", "sales")


def test_a_dataset_without_a_file_fails_before_anything_is_taken_for_deleted(tmp_path: Path) -> None:
    made = shop(tmp_path)

    with pytest.raises(TerminalSourceError, match=r"has no file 'sales\*.csv', which source.datasets.sales"):
        made.extract("r1")


def test_datasets_that_no_tenant_file_names_are_not_read(tmp_path: Path) -> None:
    made = shop(tmp_path)
    made.write("sales.csv", HEADER + "2025-03-01,1,1,1\n")

    assert made.extract("r1", "stock", "open_orders", "branches") == []


def test_open_units_are_what_was_ordered_and_has_not_come(tmp_path: Path) -> None:
    columns = {"order": "po", "article": "sku", "ordered": "ordered", "delivered": "came"}
    stock = {"files": "stock.csv", "columns": {"article": "sku", "quantity": "units"}}
    made = shop(tmp_path, {"open_orders": {"files": "orders.csv", "columns": columns}, "stock": stock})
    made.write("stock.csv", "sku,units\n1,1\n")
    made.write("sales.csv", HEADER + "2025-03-01,1,1,1\n")
    made.write("orders.csv", "po,sku,ordered,came\nP1,1,10,4\nP1,2,3,5\nP2,1,6,\n")

    made.run("r1")

    rows = made.query("select open_quantity from raw.files_open_order order by order_code, article")
    assert [row["open_quantity"] for row in rows] == [6, 0, 6]


@pytest.mark.parametrize(
    ("datasets", "said"),
    [
        ({"sales": {"files": "s.csv", "columns": {**SALES, "colour": "c"}}}, "'sales' has no field 'colour'"),
        (
            {"sales": {"files": "s.csv", "columns": {**SALES, "article_number": "n"}}},
            "no field 'article_number'",
        ),
        ({"sales": {"files": "s.csv", "columns": {"date": "d"}}}, "maps no column to 'article'"),
        ({"sale": {"files": "s.csv", "columns": SALES}}, "dataset 'sale' is unknown; known datasets: sales"),
        ({"sales": {"files": "s.csv", "columns": SALES, "decimal": ",", "thousands": ","}}, "are both ','"),
        (
            {"open_orders": {"files": "o.csv", "columns": {"article": "a", "open": "o"}}},
            "only beside 'stock'",
        ),
        ({"sales": {"files": "s.csv", "columns": SALES, "encoding": "ansi"}}, "'ansi' is not an encoding"),
    ],
)
def test_a_wrong_description_of_a_dataset_is_refused(
    tmp_path: Path, datasets: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match="validation error") as raised:
        Shop(tmp_path, datasets)

    assert said in str(raised.value)


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    """S3 refuses a key with 403, which its file system raises as PermissionError."""

    class Refusing(LocalFileSystem):
        def glob(self, *_: Any, **__: Any) -> list[str]:
            raise PermissionError("Access Denied")

    made = shop(tmp_path)

    with pytest.raises(TerminalSourceError, match="exports may not be read: Access Denied") as raised:
        FilesSource(made.settings, file_system=Refusing()).check()

    assert raised.value.is_about_access


def test_a_folder_that_does_not_answer_may_be_tried_again(tmp_path: Path) -> None:
    class Silent(LocalFileSystem):
        def glob(self, *_: Any, **__: Any) -> list[str]:
            raise TimeoutError("timed out")

    made = shop(tmp_path)

    with pytest.raises(TransientSourceError, match="exports cannot be listed now: timed out"):
        FilesSource(made.settings, file_system=Silent()).check()


@pytest.mark.parametrize(
    "units", ["1.5", "12.34", "1.2345", ".500", "1_000", "\N{FULLWIDTH DIGIT TWO}", "1.000.00"]
)
def test_a_number_of_another_form_is_set_aside_and_not_ten_times_as_much(tmp_path: Path, units: str) -> None:
    """A sign between thousands stands before three digits; anywhere else the number is of another form."""
    german = {"delimiter": ";", "decimal": ",", "thousands": "."}
    made = shop(tmp_path, {"sales": {"files": "sales.csv", "columns": SALES, **german}})
    made.write("sales.csv", f"day;sku;units;paid\n2025-03-01;4711;{units};1\n2025-03-01;4711;1.234,5;1\n")

    made.run("r1")

    assert [row["quantity"] for row in made.query(ROW)] == [Decimal("1234.50")]
    [aside] = made.query("select reason from ops.quarantine")
    assert "field 'quantity'" in aside["reason"]


@pytest.mark.parametrize("sku", ["4.00638E+12", "4,00638E+12", "4E+12"])
def test_a_code_that_a_spreadsheet_has_shortened_is_set_aside(tmp_path: Path, sku: str) -> None:
    """Many articles have one such code."""
    made = shop(tmp_path)
    made.write("sales.csv", f'day,sku,units,paid\n2025-03-01,"{sku}",2,9\n2025-03-01,4711,1,5\n')

    made.run("r1")

    assert [row["article"] for row in made.query(ROW)] == ["4711"]
    [aside] = made.query("select reason from ops.quarantine")
    assert aside["reason"].startswith(
        "field 'article': expected a code, got a long number that a spreadsheet"
    )


def test_a_first_line_that_is_no_header_shows_in_no_message(tmp_path: Path) -> None:
    made = shop(tmp_path)
    made.write("sales.csv", "2025-03-01,Canary Anna,2,9\n")

    with pytest.raises(TerminalSourceError) as caught:
        made.run("r1")

    assert "its first line names no mapped column" in str(caught.value)
    assert "Canary" not in str(caught.value)


def test_a_file_written_in_the_future_makes_no_future_day_the_business_day(tmp_path: Path) -> None:
    made = shop(tmp_path)
    path = made.write("sales.csv", HEADER + "2025-03-01,4711,2,39.90\n")
    os.utime(path, (4_070_908_800, 4_070_908_800))

    made.run("r1")

    assert {row["as_of_date"] for row in made.query("select as_of_date from ops.run")} == {
        datetime.now(ZoneInfo("Europe/London")).date()
    }


def test_a_workbook_whose_sheet_is_said_to_be_smaller_is_read_whole(tmp_path: Path) -> None:
    made = shop(tmp_path, {"sales": {"files": "sales.xlsx", "columns": SALES}})
    book = openpyxl.Workbook()
    for row in (["day", "sku", "units", "paid"], ["2025-03-01", 4711, 1, 2], ["2025-03-02", 4711, 1, 2]):
        book.active.append(row)
    book.save(tmp_path / "whole.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "whole.xlsx") as whole,
        zipfile.ZipFile(made.folder / "sales.xlsx", "w") as cut,
    ):
        for name in whole.namelist():
            cut.writestr(name, whole.read(name).replace(b'ref="A1:D3"', b'ref="A1:D2"'))

    assert made.run("r1")["sales"].loaded == 2
