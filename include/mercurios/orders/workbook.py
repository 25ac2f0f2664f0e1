"""What to do as a workbook: an overview, a sheet for each kind of action, and a sheet to send to each supplier.

What is minor, worth less than the policy's `action_value` or `order_line_value`, is only counted in the overview.

It is a working document: every figure has a column of its own, and each line a cell for the buyer's decision. Figures
are written, not formulas: a mail program's preview and a supplier's reader show the same as a spreadsheet. A supplier's
sheet holds what a supplier needs and nothing of what the buyer earns. What the budget does not reach, or what does not
come to the supplier's minimum, waits on a sheet of its own. What is not known leaves its cell empty, and a sum without
it says that it is at least so much.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink

from mercurios.orders.sheets import (
    ACTION_SHEETS,
    DAY,
    DAY_FORMS,
    ORDERS,
    OVERVIEW_COLUMNS,
    SUMMARY_COLUMNS,
    SUPPLIER_COLUMNS,
    TEXT,
    WAITING,
    Column,
    Sheet,
    word,
)
from mercurios.orders.texts import clean, is_formula

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

Line = dict[str, Any]
AddUp = Callable[[Sequence[Line], str], Any]


class AtLeast(NamedTuple):
    """The sum of what is known, where something is not; None where nothing is."""

    value: Any


_HEADING_ROW = 4
_BOLD = Font(bold=True)
_TITLE = Font(bold=True, size=14)
_LINK = Font(color="0563C1", underline="single")
_SHADE = PatternFill("solid", fgColor="E7E6E6")
_WIDEST = 60
_SUMMED = ("units", "cost", "margin_at_risk", "value_at_stake")
_TRANSLATED = (
    "action",
    "confidence",
    "pack_source",
    "minimum_source",
    "waits_for",
    "supply_note",
    "cost_note",
    "forecast_error_source",
)


def write_workbook(actions: pa.Table, path: Path, language: str) -> None:
    """Write actions as a workbook in a language."""
    book = Workbook()
    book.properties.creator = "Mercurios"
    lines = [_worded(line, language) for line in actions.to_pylist()]
    writer = _Writer(book, lines, language)
    overview = book.active
    overview.title = word("Overview", language)
    summaries = [writer.action_sheet(sheet) for sheet in ACTION_SHEETS]
    orders = [line for line in lines if line["kind"] in (*ORDERS.actions, WAITING) and not line["is_minor"]]
    suppliers = writer.supplier_sheets(orders)
    writer.overview(overview, summaries, suppliers)
    with path.open("wb") as handle:
        book.save(handle)


class _Writer:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Workbook, lines: Sequence[Line], language: str) -> None:
        self._book, self._lines, self._language = book, lines, language
        self._about = _about(lines, language)

    def action_sheet(self, sheet: Sheet) -> Line:
        """Write the sheet of a kind of action, and return its line of the overview."""
        listed = [line for line in self._lines if line["kind"] in sheet.actions]
        lines = [line for line in listed if not line["is_minor"]]
        minor = [line for line in listed if line["is_minor"]]
        name, names = sheet.name(self._language), {column.name for column in sheet.columns}
        worksheet = self._book.create_sheet(name)
        self._fill(worksheet, name, sheet.columns, lines)
        return {
            "sheet": name,
            "lines": len(lines),
            "urgent": sum(line["due_on"] <= line["proposed_on"] + timedelta(days=7) for line in lines),
            **{key: _total(lines, key) if key in names else None for key in _SUMMED},
            "minor": len(minor),
            "minor_value": _total(minor, "cost" if sheet is ORDERS else "value_at_stake"),
        }

    def supplier_sheets(self, orders: Sequence[Line]) -> list[Line]:
        """Write a sheet for each supplier that is ordered from, and return their lines of the overview."""
        summaries = []
        for _, group in groupby(sorted(orders, key=_by_supplier), key=_by_supplier):
            lines = list(group)
            placed = [line for line in lines if line["kind"] != WAITING]
            summary = _summary(lines, placed)
            title = self._supplier(lines[0])
            summary["sheet"] = _sheet_name(title, self._book.sheetnames)
            if placed:
                placed.sort(key=_place_in_order)
                sheet = self._book.create_sheet(summary["sheet"])
                heading = f"{word('Order to', self._language)} {title}"
                self._fill(sheet, heading, SUPPLIER_COLUMNS, placed)
            summaries.append(summary)
        return summaries

    def overview(self, sheet: Worksheet, actions: Sequence[Line], suppliers: Sequence[Line]) -> None:
        """Write how much there is to do of each kind, and below it the orders by supplier."""
        self._fill(sheet, word("What to do", self._language), SUMMARY_COLUMNS, actions, _grand_total)
        sheet.auto_filter.ref = None
        below = _HEADING_ROW + len(actions) + 3
        title = word("Proposed orders by supplier", self._language)
        _put(sheet.cell(below, 1), title, TEXT).font = _TITLE
        self._table(sheet, below + 1, OVERVIEW_COLUMNS, suppliers, _grand_total)
        _link(sheet, self._book.sheetnames)

    def _fill(
        self,
        sheet: Worksheet,
        title: str,
        columns: Sequence[Column],
        lines: Sequence[Line],
        add_up: AddUp | None = None,
    ) -> None:
        """Write a sheet: title, whose, of which day and publication, headings, lines and totals."""
        _put(sheet.cell(1, 1), title, TEXT).font = _TITLE
        _put(sheet.cell(2, 1), self._about, TEXT)
        self._table(sheet, _HEADING_ROW, columns, lines, add_up or _total)
        if lines:
            last = f"{get_column_letter(len(columns))}{_HEADING_ROW + len(lines)}"
            sheet.auto_filter.ref = f"A{_HEADING_ROW}:{last}"
        sheet.freeze_panes = f"A{_HEADING_ROW + 1}"
        _set_up_page(sheet)

    def _table(
        self, sheet: Worksheet, top: int, columns: Sequence[Column], lines: Sequence[Line], add_up: AddUp
    ) -> None:
        for place, column in enumerate(columns, start=1):
            name = column.heading(self._language)
            form = DAY_FORMS[self._language] if column.form == DAY else column.form
            heading = _put(sheet.cell(top, place), name, TEXT)
            heading.font, heading.fill = _BOLD, _SHADE
            heading.alignment = Alignment(horizontal="left" if column.form == TEXT else "right")
            for row, line in enumerate(lines, start=top + 1):
                self._figure(sheet.cell(row, place), line[column.name], form)
            if lines and column.total:
                total = add_up(lines, column.name)
                self._figure(sheet.cell(top + 1 + len(lines), place), total, form).font = _BOLD
            dimension = sheet.column_dimensions[get_column_letter(place)]
            # An overview has two tables in the same columns.
            dimension.width = max(_width(name, column, lines), dimension.width if top > _HEADING_ROW else 0)
        if lines:
            total = word("Total", self._language)
            _put(sheet.cell(top + 1 + len(lines), 1), total, TEXT).font = _BOLD

    def _figure(self, cell: Cell, value: Any, form: str) -> Cell:
        """Write a figure, or of a sum without what is not known that it is at least so much."""
        if isinstance(value, AtLeast):
            value, form = value.value, f'"{word("at least", self._language)} "{form}'
        return _put(cell, value, form)

    def _supplier(self, line: Line) -> str:
        if line["supplier_number"] is None:
            return word("No supplier", self._language)
        return f"{line['supplier_number']} {line['supplier_name'] or ''}".strip()


def _worded(line: Line, language: str) -> Line:
    """Return a line with the reason and the words of a language; `kind` keeps the action, or that the line waits."""
    for_budget, waits = line["waits_for"] == "budget", line["waits_for"] is not None
    limit = line["budget"] if for_budget else line["minimum_order_value"]
    words = {name: word(line[name], language) for name in _TRANSLATED if line[name] is not None}
    why = line["reason_de"] if language == "de" else line["reason"]
    kind = {"kind": WAITING, "waits_until": limit} if waits else {"kind": line["action"]}
    return {**line, **words, **kind, "for_budget": for_budget, "why": why, "note": None}


def _about(lines: Sequence[Line], language: str) -> str:
    """Return whose figures these are, of which day, and of which publication."""
    if not lines:
        return word("Nothing has to be done.", language)
    line, published = lines[0], word("not published", language)
    form = "%d.%m.%Y" if language == "de" else "%Y-%m-%d"
    if line["published_at"] is not None:
        published = f"{word('published', language)} {line['published_at'].strftime(form + ' %H:%M')} UTC"
    day = line["proposed_on"].strftime(form)
    return f"{line['retailer']}, {day}, {published}, {word('prices in', language)} {line['currency']}"


def _summary(lines: Sequence[Line], placed: Sequence[Line]) -> Line:
    beyond_budget = sum(line["for_budget"] for line in lines)
    return {
        "supplier_number": lines[0]["supplier_number"],
        "lines": len(placed),
        **{key: _total(placed, key) for key in ("units", "cost", "margin_at_risk")},
        "due_on": min(line["due_on"] for line in lines),
        "late": sum(line["is_late"] for line in placed),
        "below_minimum": len(lines) - len(placed) - beyond_budget,
        "beyond_budget": beyond_budget,
    }


def _total(lines: Sequence[Line], name: str) -> Any:
    """Return the sum of a figure of lines: at least what is known, where some is not; None of no lines."""
    known = [line[name] for line in lines if line[name] is not None]
    if len(known) < len(lines):
        return AtLeast(sum(known) if known else None)
    return sum(known) if known else None


def _grand_total(sums: Sequence[Line], name: str) -> Any:
    """Return the sum of such sums; what has no such figure adds nothing."""
    found = [line[name] for line in sums]
    values = [each.value if isinstance(each, AtLeast) else each for each in found]
    known = [value for value in values if value is not None]
    total = sum(known) if known else None
    return AtLeast(total) if any(isinstance(each, AtLeast) for each in found) else total


def _by_supplier(line: Line) -> tuple[bool, int]:
    """Sort by number; what has no supplier comes last."""
    return line["supplier_number"] is None, line["supplier_number"] or 0


def _place_in_order(line: Line) -> tuple[int, int, int]:
    """Keep the sizes of an article together."""
    return line["article_number"], line["article_size_number"], line["branch_number"]


def _sheet_name(supplier: str, taken: Sequence[str]) -> str:
    """Return a name that spreadsheets allow; the supplier's number in front keeps it unique."""
    name = re.sub(r"[\[\]:*?/\\']", " ", clean(supplier))[:31].strip()
    return name if name.lower() not in {each.lower() for each in taken} else f"{name[:27]} (2)"


def _put(cell: Cell, value: Any, form: str) -> Cell:
    """Write a typed cell; a text stays a text whatever it begins with, also when it is edited."""
    if isinstance(value, str):
        cell.value = clean(value)
        cell.data_type = "s"
        cell.number_format = TEXT
        cell.quotePrefix = is_formula(cell.value)
    else:
        cell.value = int(value) if isinstance(value, float) and value.is_integer() else value
        cell.number_format = form
    return cell


def _width(heading: str, column: Column, lines: Iterable[Line]) -> float:
    longest = max((len(_shown(line[column.name])) for line in lines), default=0)
    return min(max(longest, len(heading) + 2), _WIDEST) + 2


def _shown(value: Any) -> str:
    if isinstance(value, AtLeast):
        return _shown(value.value) + " " * 12
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
