"""What a cell of a table means: days, numbers, yes and no, as people and their programs write them.

A value that may mean two things is refused with what to write instead, and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date

TRUE = frozenset({"1", "1.0", "true", "t", "yes", "y", "ja", "j", "x", "wahr"})
FALSE = frozenset({"0", "0.0", "false", "f", "no", "n", "nein", "falsch"})
UNKNOWN = frozenset({"", "na", "n/a", "#n/a", "#nv", "nan", "null", "none"})

_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_UTC = frozenset({"Z", "UTC", "+00", "+0000", "+00:00", "-00:00"})

_SPACE_IN_NUMBER = re.compile("(?<=[0-9])[ \u00a0\u2009\u202f'](?=[0-9]{3}(?![0-9]))")
_POINT = re.compile(
    r"[+-]?(?:\d+(?:\.\d*)?|[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII
)
_COMMA = re.compile(r"[+-]?(?:\d+(?:,\d*)?|[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?|,\d+)", re.ASCII)
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


class CellError(ValueError):
    """A value that cannot be read; the message follows the value in quotes."""

    def __init__(self, value: str, problem: str) -> None:
        super().__init__(problem)
        self.value = value
        self.problem = problem


class InstantError(CellError):
    """An instant where a day is expected, of which only the shop's time zone says which day it is."""


def flag_of(text: str) -> bool | None:
    """Return what a word for yes or no means; None for any other word."""
    word = text.strip().lower()
    return word in TRUE if word in TRUE | FALSE else None


def day_of(text: str) -> date:
    """Return the day that a text names: the local one, where it is an instant with an offset.

    Raises:
        InstantError: it names an instant of UTC, which lies in another day elsewhere.
        CellError: it names no day.
    """
    written = text.strip()
    if match := _ISO.fullmatch(written):
        year, month, day, *clock, zone = match.groups()
        if zone in _UTC and any(int(part or 0) for part in clock):
            raise InstantError(
                text, "is an instant in UTC, which is another day elsewhere: write the local day"
            )
    elif match := _GERMAN.fullmatch(written):
        day, month, year = match.groups()[:3]
    else:
        raise CellError(text, "is not a date such as 2026-01-31 or 31.01.2026")
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise CellError(
            text, "is not a date such as 2026-01-31 or 31.01.2026: there is no such day"
        ) from None


def numbers_of(texts: Collection[str], *, german: bool = False) -> list[float]:
    """Return the numbers that the texts of one column write, all of them with the same sign before the fraction.

    Args:
        texts: of the column; unknown values are NaN.
        german: whether the file separates columns as programs do in countries that write `5,5`.

    Raises:
        CellError: a text is no number, or may be one with a fraction or with thousands.
    """
    bare = [_SPACE_IN_NUMBER.sub("", text.strip()) for text in texts]
    known = [
        (text, number) for text, number in zip(texts, bare, strict=True) if number.lower() not in UNKNOWN
    ]
    comma = _has_comma(known, german=german)
    form = _COMMA if comma else _POINT
    for text, number in known:
        if not form.fullmatch(number):
            raise CellError(text, "is not a number" if not comma else "is not a number such as 1234,5")
    return [float("nan") if number.lower() in UNKNOWN else _number(number, comma=comma) for number in bare]


def _number(number: str, *, comma: bool) -> float:
    return float(number.replace(".", "").replace(",", ".") if comma else number.replace(",", ""))


def _has_comma(known: Iterable[tuple[str, str]], *, german: bool) -> bool:
    """Return whether a comma is what separates the fraction."""
    unclear: str | None = None
    for text, number in known:
        if _ONE_GROUP.fullmatch(number):
            unclear = unclear or (text if german or "," in number else None)
        elif "," in number and not _POINT.fullmatch(number):
            return True
        elif "." in number or "," in number:
            # More than one group, or a group and a fraction: only one sign can separate the fraction.
            return not _POINT.fullmatch(number)
    if unclear is not None:
        raise CellError(unclear, "may be a thousand times as much: write it without a sign between thousands")
    return False
