"""Texts of a source stay texts in whatever opens the files."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from mercurios.orders.export import _write_csv
from mercurios.orders.texts import clean, is_formula, quoted
from mercurios.orders.workbook import _put

DANGEROUS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\x00=1+1",
    "\x7f=1+1",
    "\u202e=1+1",
    "  =1+1",
    "\uff1d1+1",
    "a;=1+1",
)


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_would_run_is_found_and_quoted(text: str) -> None:
    cleaned = clean(text)

    assert is_formula(cleaned)
    assert not is_formula(quoted(cleaned))


@pytest.mark.parametrize("text", ["Coat", "2-in-1", "a=b", "", "Größe 38/40", "C&A", "1 + 1"])
def test_an_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text
    assert quoted(text) == text


def test_control_characters_become_one_space() -> None:
    assert clean("a\r\n\tb\x00") == "a b"
    assert not is_formula(clean("a\n=1+1"))


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_csv_that_is_read_back_holds_no_formula(text: str, tmp_path: Path) -> None:
    _write_csv(pa.table({"name": [text], "day": [date(2026, 3, 4)]}), tmp_path / "lines.csv")

    with (tmp_path / "lines.csv").open(encoding="utf-8-sig", newline="") as handle:
        [line] = csv.DictReader(handle)
    assert not is_formula(line["name"])
    assert line["name"] == clean(line["name"])


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_workbook_that_is_read_back_holds_the_text_as_text(text: str, tmp_path: Path) -> None:
    book = Workbook()
    _put(book.active.cell(1, 1), text, "@")
    book.save(tmp_path / "lines.xlsx")

    cell = load_workbook(tmp_path / "lines.xlsx").active.cell(1, 1)
    assert (cell.value, cell.data_type, cell.number_format) == (clean(text), "s", "@")
    assert cell.quotePrefix == is_formula(clean(text))
