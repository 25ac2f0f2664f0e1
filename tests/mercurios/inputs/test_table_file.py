"""Tables as people save them: read whatever program wrote them, or refused with what to do."""

from __future__ import annotations

import random
import re
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from mercurios.inputs import table_file
from mercurios.inputs.table_file import TableError, read_table

ROWS = {"article": ["00123", "Ärmel"], "quantity": ["5", "7"]}


def read(path: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = read_table(
        path, texts=("article",), known=("article", "quantity")
    ).to_pydict()
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_read_in_any_usual_encoding_and_with_any_separator(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    text = "article,quantity\r\n00123,5\r\nÄrmel,7\r\n".replace(",", delimiter)
    (tmp_path / "p.csv").write_bytes(text.encode(encoding))

    found = read(tmp_path / "p.csv")

    assert found["article"] == ROWS["article"]
    assert [int(value) for value in found["quantity"]] == [5, 7]


def test_a_letter_of_windows_after_the_first_bytes_is_read(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(
        b"article,quantity\n" + b"00123,5\n" * 10_000 + "Ärmel,7\n".encode("cp1252")
    )

    assert read(tmp_path / "p.csv")["article"][-1] == "Ärmel"


def test_a_header_of_excel_and_names_in_capitals_with_blanks_are_read(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("sep=;\n Article ;QUANTITY;;X\n00123;5;;1\n")

    assert read(tmp_path / "p.csv") == {"article": ["00123"], "quantity": ["5"], "X": ["1"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "cp1252"])
def test_a_number_in_base_16_stays_the_text_that_was_written(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "p.csv").write_bytes("article,quantity\nÄrmel,0x10\n7,5\n".encode(encoding))

    assert read(tmp_path / "p.csv") == {"article": ["Ärmel", "7"], "quantity": ["0x10", "5"]}


def test_a_day_with_an_offset_keeps_the_text_that_says_it(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("date,quantity\n2026-01-31 00:00:00+01:00,5\n")

    assert read(tmp_path / "p.csv")["date"] == ["2026-01-31 00:00:00+01:00"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("quantity,a,quantity\n1,2,3\n", "column 'quantity': stands 2 times in the header; keep one"),
        ("a, a\n1,2\n", "column 'a': stands 2 times in the header"),
        ("a,,b\n1,2,3\n", "column 2 has values and no name: name it in the header"),
        (
            "a,b\n1,2\n3,5,5\n",
            "row 2 has 3 values and the header 2 names: put a value that holds ',' in quotes",
        ),
        ("a;b\n1;2\n3\n", "row 2 has 1 values and the header 2 names"),
        ("", "p.csv is no Parquet or CSV file: it is empty"),
        (b"\xd0\xcf\x11\xe0rest", "p.csv is a workbook of an old Excel; save it as .xlsx or CSV"),
        (b"\x1f\x8brest", "p.csv is compressed; unpack it"),
        (b"PK\x03\x04rest", "p.csv is no Excel workbook"),
        (b"PAR1rest", "p.csv is no Parquet or CSV file"),
        (b"ARROW1rest", "p.csv is no Parquet or CSV file"),
        (b"a,b\n\x81\x8d,1\n", "p.csv is no Parquet or CSV file"),
        (b"\0" * 100, "p.csv is no Parquet or CSV file"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(tmp_path: Path, text: str | bytes, said: str) -> None:
    (tmp_path / "p.csv").write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(TableError) as error:
        read_table(tmp_path / "p.csv")

    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("piece", "old", "new"),
    [
        ("sheet1.xml", b"</worksheet>", b""),
        ("sheet1.xml", b"<v>5</v>", b"<v>five</v>"),
        ("styles.xml", b"<", b"<<"),
        ("workbook.xml", b"sheetId", b"sheet"),
        ("[Content_Types].xml", b"xml", b"txt"),
    ],
)
def test_a_workbook_that_is_damaged_anywhere_is_refused(
    tmp_path: Path, piece: str, old: bytes, new: bytes
) -> None:
    book = openpyxl.Workbook()
    for row in (["article", "quantity"], ["A1", 5]):
        book.active.append(row)
    book.save(tmp_path / "whole.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "whole.xlsx") as whole,
        zipfile.ZipFile(tmp_path / "p.xlsx", "w") as damaged,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            damaged.writestr(name, content.replace(old, new) if name.endswith(piece) else content)

    with pytest.raises(TableError) as refused:
        read(tmp_path / "p.xlsx")

    assert str(refused.value).startswith("p.xlsx is no Excel workbook, or is damaged: ")
    assert "five" not in str(refused.value)


def test_of_a_workbook_the_first_sheet_that_people_see_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    seen = book.create_sheet("Data")
    for row in (["article", "quantity"], ["A1", 5]):
        seen.append(row)
    book.active = 1
    book.save(tmp_path / "p.xlsx")

    assert read(tmp_path / "p.xlsx") == {"article": ["A1"], "quantity": [5]}


@pytest.mark.parametrize("end", ["\n\n", ",\n,\n", '"",\n', " ,\n"])
def test_empty_rows_at_the_end_are_no_rows(tmp_path: Path, end: str) -> None:
    (tmp_path / "p.csv").write_text(f"article,quantity\nA1,5\n,\nA2,7\n{end}")

    assert len(read(tmp_path / "p.csv")["article"]) == 3


def test_a_table_of_empty_rows_has_none(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("article,quantity\n,\n,\n")

    assert read(tmp_path / "p.csv") == {"article": [], "quantity": []}


def test_a_stream_of_arrow_is_refused_as_one(tmp_path: Path) -> None:
    table = pa.table({"a": [1]})
    with pa.OSFile(str(tmp_path / "p.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)

    with pytest.raises(TableError, match=r"is a stream of Arrow; save it as a file"):
        read(tmp_path / "p.arrow")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="is no file"):
        read_table(tmp_path)


def test_what_is_no_regular_file_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"gone\.csv does not exist"):
        read_table(tmp_path / "gone.csv")


@pytest.mark.parametrize(
    ("values", "plain"),
    [
        (pa.array(["a"]).cast(pa.string_view()), ["a"]),
        (pa.array(["a"], pa.large_string()), ["a"]),
        (pa.array(["a", "a"]).dictionary_encode(), ["a", "a"]),
        (pa.array([b"a"], pa.large_binary()), ["a"]),
        (pa.array([Decimal("1.50")]), [Decimal("1.50")]),
        (pa.nulls(1), [None]),
    ],
)
def test_no_type_is_left_that_only_some_libraries_write(
    tmp_path: Path, values: pa.Array, plain: list[Any]
) -> None:
    table = pa.table({"a": values})
    pq.write_table(table, tmp_path / "p.parquet")
    feather.write_feather(table, tmp_path / "p.arrow", compression="uncompressed")

    for name in ("p.parquet", "p.arrow"):
        assert read_table(tmp_path / name).to_pydict() == {"a": plain}


def test_a_folder_s_name_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "branch=7"
    folder.mkdir()
    pq.write_table(pa.table({"a": [1]}), folder / "p.parquet")

    assert read_table(folder / "p.parquet").column_names == ["a"]


def test_a_workbook_is_read_from_its_first_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["article", "date", "quantity"],
        ["A1", datetime(2026, 1, 31), 5],
        [4711, datetime(2026, 2, 1), 7.5],
    ):
        book.active.append(row)
    book.save(tmp_path / "p.xlsx")

    found = read(tmp_path / "p.xlsx")

    assert found["article"] == ["A1", "4711"]
    assert found["quantity"] == [5, 7.5]
    assert found["date"] == [datetime(2026, 1, 31), datetime(2026, 2, 1)]


def test_a_table_has_at_most_a_thousand_columns(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(1_001)]
    for name, columns in (("narrow.csv", names[:1_000]), ("wide.csv", names)):
        (tmp_path / name).write_text("\n".join([",".join(columns), ",".join("1" for _ in columns)]))

    assert len(read_table(tmp_path / "narrow.csv").column_names) == 1_000
    with pytest.raises(TableError, match=r"1,001 columns, of at most 1,000"):
        read_table(tmp_path / "wide.csv")


def _rewritten(path: Path, pattern: bytes, text: bytes) -> None:
    """Change what the sheet of a workbook says."""
    with zipfile.ZipFile(path) as book:
        files = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    files[sheet], count = re.subn(pattern, text, files[sheet])
    assert count
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in files.items():
            book.writestr(name, content)


@pytest.mark.parametrize("size", ["A1", "A1:B2", "A1:A3", "A1:XFD1048576"])
def test_what_a_sheet_says_of_its_size_cuts_nothing_off(tmp_path: Path, size: str) -> None:
    """Programs that write a sheet as they go say `A1`, or what it was once; a reader that believes it loses rows."""
    book = openpyxl.Workbook()
    for row in (["article", "quantity"], ["a", 1], ["b", 2]):
        book.active.append(row)
    book.save(tmp_path / "p.xlsx")
    _rewritten(tmp_path / "p.xlsx", rb'<dimension ref="[^"]*"', f'<dimension ref="{size}"'.encode())

    assert read(tmp_path / "p.xlsx") == {"article": ["a", "b"], "quantity": [1, 2]}


def test_a_workbook_that_unpacks_to_more_than_any_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["article", "x" * 20_000])
    book.save(tmp_path / "p.xlsx")
    monkeypatch.setattr(table_file, "_MOST_UNPACKED", 15_000)

    with pytest.raises(TableError, match=r"p.xlsx is 0 MiB unpacked, of at most 0: save it as Parquet"):
        read(tmp_path / "p.xlsx")


def test_a_cell_far_from_all_others_is_refused_as_too_many_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["article", "quantity"])
    book.active["XFD9"] = 1
    book.save(tmp_path / "p.xlsx")

    with pytest.raises(TableError, match="16,384 columns, of at most 1,000"):
        read(tmp_path / "p.xlsx")


def test_a_damaged_file_of_arrow_is_refused_and_ends_no_process(tmp_path: Path) -> None:
    """What it says of its lengths is checked before anything follows it: of these, one in ten led out of memory."""
    path = tmp_path / "p.arrow"
    table = pa.table({"article": [f"a{number % 7}" for number in range(140)], "quantity": range(140)})
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)
    good, refused = path.read_bytes(), 0

    for seed in range(60):
        rng, damaged = random.Random(seed), bytearray(good)
        for _ in range(rng.choice([1, 3, 10])):
            damaged[rng.randrange(8, len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            read(path)
        except TableError:
            refused += 1

    assert refused > 20


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html><table><tr><td>article</td></tr></table></html>", "a page of HTML or XML; save it as .xlsx"),
        (b'<?xml version="1.0"?><Workbook/>', "a page of HTML or XML; save it as .xlsx"),
        (b"%PDF-1.7\n1 0 obj", "is a PDF"),
        (b"\xfd7zXZ\0\0\x04", "is compressed; unpack it"),
        (b"FEA1\0\0\0\0", "a file of an old Feather"),
    ],
)
def test_what_is_no_table_is_named_with_what_to_do(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "p.csv").write_bytes(content)

    with pytest.raises(TableError, match=said):
        read(tmp_path / "p.csv")


def test_an_archive_of_a_csv_is_named_as_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("p.csv", "article,quantity\n1,2\n")

    with pytest.raises(TableError, match="is an archive and no Excel workbook; unpack it"):
        read(tmp_path / "p.zip")


def test_a_column_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"article": [b"\xff\xfe"], "quantity": [1]}), tmp_path / "p.parquet")

    with pytest.raises(TableError, match="column 'article': binary cannot be read: save it as text"):
        read(tmp_path / "p.parquet")
