"""The order proposals as a workbook: an overview, every line with its reason, and a sheet to send to each supplier.

Figures are written, not formulas: a mail program's preview and a supplier's reader show the same as a spreadsheet.
A supplier's sheet holds what a supplier needs and nothing of what the buyer earns, and only what the budget reaches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink

from mercurios.orders.proposals import most_urgent

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

Line = dict[str, Any]

_OVERVIEW, _LINES = "Overview", "All lines"
_NO_SUPPLIER = "No supplier"
_HEADING_ROW = 4
_MONEY, _UNITS, _DAY, _TEXT = "#,##0.00", "#,##0.##", "yyyy-mm-dd", "@"
_BOLD = Font(bold=True)
_TITLE = Font(bold=True, size=14)
_LINK = Font(color="0563C1", underline="single")
_SHADE = PatternFill("solid", fgColor="E7E6E6")
_WIDEST = 60


class Column(NamedTuple):
    """A column of a sheet; `total` is whether its sum is worth something."""

    heading: str
    name: str
    form: str = _TEXT
    total: bool = False


_SUPPLIER_COLUMNS = (
    Column("Your article", "supplier_article_number"),
    Column("Our article", "article_number", "0"),
    Column("Name", "article_name"),
    Column("Size", "size"),
    Column("EAN", "ean"),
    Column("Deliver to", "branch_name"),
    Column("Units", "order_units", _UNITS, total=True),
    Column("Pack", "pack_size", _UNITS),
    Column("Unit price", "unit_cost", _MONEY),
    Column("Cost", "order_cost", _MONEY, total=True),
)
_LINE_COLUMNS = (
    Column("Order by", "order_by_on", _DAY),
    Column("Late", "is_late", "General"),
    Column("Runs out", "stock_out_on", _DAY),
    Column("Arrives", "arrives_on", _DAY),
    Column("Supplier", "supplier_name"),
    Column("Article", "article_number", "0"),
    Column("Name", "article_name"),
    Column("Size", "size"),
    Column("Branch", "branch_name"),
    Column("Units", "order_units", _UNITS, total=True),
    Column("Cost", "order_cost", _MONEY, total=True),
    Column("Margin at risk", "margin_at_risk", _MONEY, total=True),
    Column("Priority", "priority", "0"),
    Column("In budget", "is_within_budget", "General"),
    Column("Confidence", "confidence"),
    Column("Why", "reason"),
)
_OVERVIEW_COLUMNS = (
    Column("Supplier", "sheet"),
    Column("Number", "supplier_number", "0"),
    Column("Lines", "lines", _UNITS, total=True),
    Column("Units", "order_units", _UNITS, total=True),
    Column("Cost", "order_cost", _MONEY, total=True),
    Column("Margin at risk", "margin_at_risk", _MONEY, total=True),
    Column("Order by", "order_by_on", _DAY),
    Column("Late lines", "late", _UNITS, total=True),
    Column("Below minimum", "is_below_supplier_minimum", "General"),
    Column("Lines beyond budget", "beyond_budget", _UNITS, total=True),
)


def write_workbook(proposals: pa.Table, path: Path) -> None:
    """Write proposals, ordered by supplier, as a workbook."""
    book = Workbook()
    book.properties.creator = "Mercurios"
    lines: list[Line] = proposals.to_pylist()
    overview = book.active
    overview.title = _OVERVIEW
    every = book.create_sheet(_LINES)
    about = _about(lines)
    summaries = []
    for _, group in groupby(lines, key=lambda line: line["supplier_number"]):
        of_supplier = list(group)
        affordable = [line for line in of_supplier if line["is_within_budget"]]
        summary = _summary(of_supplier, affordable)
        summary["sheet"] = _sheet_name(of_supplier[0], book.sheetnames)
        if affordable:
            sheet = book.create_sheet(summary["sheet"])
            affordable.sort(key=_place_in_order)
            _fill(sheet, f"Order to {_supplier(of_supplier[0])}", about, _SUPPLIER_COLUMNS, affordable)
        summaries.append(summary)
    _fill(overview, "Proposed orders", about, _OVERVIEW_COLUMNS, summaries)
    _link(overview, book.sheetnames)
    _fill(every, "Every proposed line, the most urgent first", about, _LINE_COLUMNS, _urgent(proposals))
    with path.open("wb") as handle:
        book.save(handle)


def _urgent(proposals: pa.Table) -> list[Line]:
    lines: list[Line] = most_urgent(proposals).to_pylist()
    return lines


def _about(lines: Sequence[Line]) -> str:
    if not lines:
        return "Nothing has to be ordered."
    return f"{lines[0]['retailer']}, {lines[0]['proposed_on']}, prices in {lines[0]['currency']}"


def _summary(lines: Sequence[Line], affordable: Sequence[Line]) -> Line:
    return {
        "supplier_number": lines[0]["supplier_number"],
        "lines": len(affordable),
        "order_units": sum(line["order_units"] for line in affordable),
        "order_cost": sum(line["order_cost"] for line in affordable),
        "margin_at_risk": sum(line["margin_at_risk"] for line in affordable),
        "order_by_on": min(line["order_by_on"] for line in lines),
        "late": sum(line["is_late"] for line in affordable),
        "is_below_supplier_minimum": lines[0]["is_below_supplier_minimum"],
        "beyond_budget": len(lines) - len(affordable),
    }


def _supplier(line: Line) -> str:
    if line["supplier_number"] is None:
        return _NO_SUPPLIER
    return f"{line['supplier_number']} {line['supplier_name'] or ''}".strip()


def _place_in_order(line: Line) -> tuple[int, int, int]:
    """Keep the sizes of an article together."""
    return line["article_number"], line["article_size_number"], line["branch_number"]


def _sheet_name(line: Line, taken: Sequence[str]) -> str:
    """Return a name that spreadsheets allow; the supplier's number in front keeps it unique."""
    name = re.sub(r"[\[\]:*?/\\'\x00-\x1f]", " ", _supplier(line))[:31].strip()
    return name if name.lower() not in {each.lower() for each in taken} else f"{name[:27]} (2)"


def _fill(sheet: Worksheet, title: str, about: str, columns: Sequence[Column], lines: Sequence[Line]) -> None:
    """Write a sheet: title, whose and of which day, headings, lines and totals."""
    _put(sheet.cell(1, 1), title, _TEXT).font = _TITLE
    _put(sheet.cell(2, 1), about, _TEXT)
    for place, column in enumerate(columns, start=1):
        heading = _put(sheet.cell(_HEADING_ROW, place), column.heading, _TEXT)
        heading.font, heading.fill = _BOLD, _SHADE
        heading.alignment = Alignment(horizontal="left" if column.form == _TEXT else "right")
        for row, line in enumerate(lines, start=_HEADING_ROW + 1):
            _put(sheet.cell(row, place), line[column.name], column.form)
        if lines and column.total:
            total = sum(line[column.name] or 0 for line in lines)
            _put(sheet.cell(_HEADING_ROW + 1 + len(lines), place), total, column.form).font = _BOLD
        sheet.column_dimensions[get_column_letter(place)].width = _width(column, lines)
    if lines:
        _put(sheet.cell(_HEADING_ROW + 1 + len(lines), 1), "Total", _TEXT).font = _BOLD
        last = f"{get_column_letter(len(columns))}{_HEADING_ROW + len(lines)}"
        sheet.auto_filter.ref = f"A{_HEADING_ROW}:{last}"
    sheet.freeze_panes = f"A{_HEADING_ROW + 1}"
    _set_up_page(sheet)


def _put(cell: Cell, value: Any, form: str) -> Cell:
    """Write a typed cell; a text stays a text whatever it begins with, also when it is edited."""
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
        cell.number_format = _TEXT
        cell.quotePrefix = cell.value.startswith(("=", "+", "-", "@"))
    else:
        cell.value = int(value) if isinstance(value, float) and value.is_integer() else value
        cell.number_format = form
    return cell


def _width(column: Column, lines: Iterable[Line]) -> float:
    longest = max((len(_shown(line[column.name])) for line in lines), default=0)
    return min(max(longest, len(column.heading) + 2), _WIDEST) + 2


def _shown(value: Any) -> str:
    if isinstance(value, Decimal | float):
        return f"{value:,.2f}"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _link(overview: Worksheet, sheets: Sequence[str]) -> None:
    for (cell,) in overview.iter_rows(min_row=_HEADING_ROW + 1, max_col=1):
        if cell.value in sheets:
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{cell.value}'!A1")
            cell.font = _LINK


def _set_up_page(sheet: Worksheet) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{_HEADING_ROW}:{_HEADING_ROW}"
