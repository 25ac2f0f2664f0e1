"""Exact conversion of single values, and the reason when one does not fit.

These are the rules of the contract's types in their plainest form: slow, exact, and with a message a data
engineer can act on.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mercurios.sources.contract import ColumnType

_NOTHING = object()
_EXACT_FLOAT = 2**53
# Beyond it a double no longer holds two decimals exactly.
LARGEST_CENTS = 9e13
# Longer codes than any that people print on goods.
_LARGEST_CODE = Decimal(10) ** 40
_MIDNIGHT = re.compile(r"|.00:00(:00([.,]0*)?)?", re.DOTALL)
# Some write the end of a day instead of the day.
_END_OF_A_DAY = time(23, 59, 59)


class CellError(ValueError):
    """A value that does not fit its column; the message says what was expected and what kind came, never the value.

    Attributes:
        field: the field, where the error is that of one field.
    """

    def __init__(self, expectation: str, value: Any = _NOTHING, *, field: str | None = None) -> None:
        super().__init__(expectation if value is _NOTHING else f"{expectation}, got {type_name(value)}")
        self.field = field


@dataclass(frozen=True)
class Zones:
    """How instants are read.

    Attributes:
        source: zone of instants that come without one.
        business: zone of the shops, whose midnights begin the days.
        local_days: days that are written with a time are days of the shops, not instants of the source.
    """

    source: str = "UTC"
    business: str = "UTC"
    local_days: bool = False


def type_name(value: Any) -> str:
    """Return the kind of a JSON value: what messages and `_extra` say of it."""
    return _TYPE_NAMES.get(type(value), "number")


def convert(kind: ColumnType, value: Any, zones: Zones, hash_key: bytes) -> Any:
    """Convert one wire value.

    Args:
        kind: type the contract declares.
        value: decoded JSON value; floating numbers as Decimal where exactness matters.
        zones: how instants are read.
        hash_key: key of the hash that replaces a person's number.

    Raises:
        CellError: the value does not fit.
    """
    match kind:
        case ColumnType.KEY_HASH:
            return key_hash(value, hash_key)
        case ColumnType.CODE:
            return code(value)
        case ColumnType.TIMESTAMP:
            return _instant(value, zones.source)
        case ColumnType.DATE:
            return day(value, zones)
        case _:
            return None if value is None else _CONVERTERS[kind](value)


def tolerance(cents: float) -> float:
    """Return how far from whole cents a number may lie: what the rounding of a double makes of two decimals."""
    return 1e-6 + 1e-15 * abs(cents) if abs(cents) <= LARGEST_CENTS else 0.0


def _number(value: Any, expectation: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise CellError(expectation, value)
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if not exact.is_finite() or (isinstance(value, float) and abs(value) >= _EXACT_FLOAT):
        raise CellError(f"{expectation} that a double holds exactly", value)
    return exact


def _integer(value: Any) -> int:
    exact = _number(value, "expected a whole number")
    if exact != exact.to_integral_value() or not -(2**63) <= exact < 2**63:
        raise CellError("expected a whole number of at most 63 bits", value)
    return int(exact)


def _decimal(value: Any) -> Decimal:
    exact = _number(value, "expected a number with two decimals")
    if abs(exact) < Decimal(10) ** 16:
        cents = exact * 100
        whole = cents.to_integral_value()
        if abs(cents - whole) <= tolerance(float(cents)):
            return (whole / 100).quantize(Decimal("0.01"))
    raise CellError("expected a number with at most two decimals below 10**16", value)


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise CellError("expected a number", value)
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise CellError("expected text", value)
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CellError("expected true or false", value)
    return value


def day(value: Any, zones: Zones) -> date | None:
    """Return a business day.

    A day may be written as an instant: then it is the day that begins with it, where it is a midnight, as written or in
    the zone of the shops. Any other instant says nothing of the day that was meant, except in exports, where people
    write their own time.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise CellError("expected a date such as 2025-03-01T00:00:00", value)
    try:
        written = date.fromisoformat(value[:10])
        if _MIDNIGHT.fullmatch(value, 10):
            return written
        instant = datetime.fromisoformat(value)
        local = _local(instant, zones)
    except (ValueError, OverflowError):
        raise CellError("expected a date such as 2025-03-01T00:00:00", value) from None
    if _is_whole_day(instant) and (instant.tzinfo or not _is_whole_day(local)):
        return written
    if _is_whole_day(local) or zones.local_days:
        return local.date()
    raise CellError("expected a day, or an instant that is a midnight of the shops", value)


def _local(instant: datetime, zones: Zones) -> datetime:
    if instant.tzinfo is None and zones.local_days:
        return instant
    zoned = instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zones.source))
    return zoned.astimezone(ZoneInfo(zones.business))


def _is_whole_day(moment: datetime) -> bool:
    return moment.time() == time() or moment.time() >= _END_OF_A_DAY


def _instant(value: Any, time_zone: str) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise CellError("expected an instant such as 2025-03-01T10:00:00.123", value)
    try:
        # Cuts digits beyond the microsecond.
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise CellError("expected an instant such as 2025-03-01T10:00:00.123", value) from None
    zoned = parsed if parsed.tzinfo else parsed.replace(tzinfo=ZoneInfo(time_zone))
    try:
        return zoned.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        # 0001-01-01 and 9999-12-31 mean "never"; they are not instants.
        return parsed.replace(tzinfo=None)


def code(value: Any) -> str | None:
    """Return a code such as an EAN as text; `4012345678901.0` loses its `.0`, leading zeros of a text stay."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    number = _number(value, "expected a code")
    if abs(number) >= _LARGEST_CODE:
        raise CellError("expected a code of at most 40 digits")
    return str(int(number)) if number == number.to_integral_value() else str(float(number))


def key_hash(value: Any, hash_key: bytes) -> str | None:
    """Return a keyed hash of a person's number, None for 0 and for a missing number.

    The same person has the same hash in every resource of a tenant, so rows still join; the number itself
    never reaches landing. 64 bits keep collisions out of reach for millions of customers.
    """
    if value is None or value == 0 or value == "":
        return None
    number = value if type(value) is int else _integer(value)
    return hashlib.blake2b(b"%d" % number, key=hash_key[:64], digest_size=8).hexdigest()


_TYPE_NAMES = {
    str: "text",
    bool: "boolean",
    dict: "object",
    list: "list",
    type(None): "null",
}
_CONVERTERS = {
    ColumnType.INTEGER: _integer,
    ColumnType.DECIMAL: _decimal,
    ColumnType.FLOAT: _float,
    ColumnType.TEXT: _text,
    ColumnType.BOOLEAN: _boolean,
}
