"""From a cell of an export to the value that typing expects, by the dataset's signs and forms.

What cannot be read is passed on as it is: typing refuses it and says why, so that one row is quarantined and no value
is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from mercurios.inputs.cells import flag_of
from mercurios.sources.contract import ColumnType
from mercurios.sources.files.settings import Dataset

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_SHORTENED = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+")
_NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.FLOAT})

Reader = Callable[[Any], Any]


def reader_of(kind: ColumnType, dataset: Dataset) -> Reader:
    """Return what reads the cells of a column; an empty cell is None."""
    if kind in _NUMBERS:
        return lambda cell: _number(cell, dataset)
    if kind is ColumnType.DATE:
        return lambda cell: _date(cell, dataset.dates)
    return _boolean if kind is ColumnType.BOOLEAN else _text


def _is_empty(cell: Any) -> bool:
    return (
        cell is None
        or (isinstance(cell, float) and cell != cell)
        or (isinstance(cell, str) and not cell.strip())
    )


def _number(cell: Any, dataset: Dataset) -> Any:
    if _is_empty(cell):
        return None
    if not isinstance(cell, str):
        return cell
    text = cell.strip().replace("\xa0", " ")
    if dataset.thousands:
        # Anywhere but between thousands the sign is that of another form, and 1.5 is no 15.
        if not _grouped(dataset.thousands, dataset.decimal).fullmatch(text):
            return cell
        text = text.replace(dataset.thousands, "")
    if dataset.decimal == ",":
        # A point is then no fraction, and a number that has one is another form than the one that is declared.
        text = text.replace(".", "?").replace(",", ".")
    # Python takes 1_000 and digits of all scripts, which no till writes.
    return Decimal(text) if _NUMBER.fullmatch(text) else cell


@cache
def _grouped(thousands: str, decimal: str) -> re.Pattern[str]:
    sign, point = re.escape(thousands), re.escape(decimal)
    return re.compile(rf"[+-]?([0-9]{{1,3}}({sign}[0-9]{{3}})+|[0-9]*)({point}[0-9]*)?")


def _date(cell: Any, form: str | None) -> Any:
    if _is_empty(cell):
        return None
    if isinstance(cell, datetime) and cell.tzinfo:
        # An instant: typing knows in which zone its day is meant.
        return cell.isoformat()
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    if not isinstance(cell, str):
        return cell
    if form is None:
        return cell.strip()
    try:
        return datetime.strptime(cell.strip(), form).date().isoformat()
    except ValueError:
        # Not in the form that is declared, so no ISO date is read into it either.
        return {"date": cell}


def _boolean(cell: Any) -> Any:
    if _is_empty(cell):
        return None
    if isinstance(cell, bool):
        return cell
    flag = flag_of(str(cell))
    return cell if flag is None else flag


def is_shortened(value: Any) -> bool:
    """Return whether a text is a long number that a spreadsheet has cut to its first digits, as many others."""
    return isinstance(value, str) and _SHORTENED.fullmatch(value) is not None


def _text(cell: Any) -> str | None:
    if _is_empty(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
