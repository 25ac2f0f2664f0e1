"""From the bytes of a page to rows.

One value that no warehouse can hold (half of a surrogate pair, a number beyond a double, a byte that is not UTF-8)
must not make its whole page unreadable for ever. Such a value is replaced by an object that shows it and that no
column takes, so typing quarantines its row alone, and a replay refuses it too. Strict decoders know only whole
bodies, so the forgiving one reads where the strict one refuses.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

import orjson

from mercurios.sources.rows.nesting import UNREADABLE, shallow_text

# More than a double has, and few enough to cost no time.
_MOST_DIGITS = 400
# Longer than any number below 2**53 that a double tells apart from its neighbours.
_MOST_FRACTION = 17
_EXACT_DOUBLE = 2**53
# Letters of what cannot be read, by which a person may recognise it.
_MOST_SHOWN = 1_000
# A body with so many values takes as much memory as any page may; counted only where there is room for them.
_MOST_VALUES = 4_000_000
_LARGE_BODY = 8 * 1024 * 1024
# Texts and brackets of a body of which what is too deep is cut off, which looks at each: a quarter of a second.
_MOST_TOKENS = 1_000_000
# Bytes that are not UTF-8, and escaped surrogates.
_SUSPECT = re.compile(r"[\udc80-\udcff]|\\u[dD][89a-fA-F]")


class NestedTooDeepError(ValueError):
    """Something is nested deeper than decoders read, in a body too large to cut that off."""


def holds_too_many_values(body: bytes) -> bool:
    """Return whether a body would take many times its size in memory: empty lists take two bytes of it each."""
    return len(body) > _LARGE_BODY and sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES


def decode(body: bytes) -> Any:
    """Decode JSON, fast where it can be; floating numbers come as float, as Decimal where the strict decoder refused.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return decode_exact(body)


def as_doubles(value: Any) -> Any:
    """Return a decoded value as the strict decoder has it, whichever one read it: floating numbers as float."""
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {name: as_doubles(each) for name, each in value.items()}
        case list():
            return [as_doubles(each) for each in value]
        case _:
            return value


def is_strict(body: bytes) -> bool:
    """Return whether the strict decoder reads a body."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def decode_exact(body: bytes | str) -> Any:
    """Decode JSON with exact numbers: int up to 64 bits, Decimal for all others.

    Control characters in a text without escape are taken as they are, and what is nested too deeply is cut off.

    Raises:
        NestedTooDeepError: something is nested too deeply, in a body too large to cut it off.
        ValueError: it is not JSON.
    """
    text = body if isinstance(body, str) else body.decode("utf-8-sig", "surrogateescape")
    try:
        return _exact(text)
    except RecursionError:
        # A text has two quotes.
        if sum(map(text.count, '[]{}"')) > 2 * _MOST_TOKENS:
            raise NestedTooDeepError("nested too deeply for a body of its size") from None
        return _exact(shallow_text(text))


def _exact(text: str) -> Any:
    value = json.loads(
        text, strict=False, parse_float=_fraction, parse_int=_whole, parse_constant=_unreadable
    )
    return _mended(value) if _SUSPECT.search(text) else value


def _whole(digits: str) -> int | Decimal | dict[str, str]:
    if len(digits) > _MOST_DIGITS:
        return _unreadable(digits)
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else Decimal(number)


def _fraction(digits: str) -> Decimal | dict[str, str]:
    double = float(digits)
    if not math.isfinite(double):
        return _unreadable(digits)
    # What a double does not tell apart is the double, as the strict decoder reads it.
    if (len(digits) > _MOST_FRACTION or "e" in digits.lower()) and abs(double) < _EXACT_DOUBLE:
        return Decimal(repr(double))
    return Decimal(digits) if len(digits) <= _MOST_DIGITS else _unreadable(digits)


def _mended(value: Any) -> Any:
    match value:
        case str():
            return value if _is_unicode(value) else _unreadable(value)
        case list():
            return [_mended(each) for each in value]
        case dict():
            return {_shown(name): _mended(each) for name, each in value.items()}
        case _:
            return value


def _unreadable(text: str) -> dict[str, str]:
    return {UNREADABLE: _shown(text[:_MOST_SHOWN])}


def _shown(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
