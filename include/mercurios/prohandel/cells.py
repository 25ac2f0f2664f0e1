"""Exact conversion of single values, and the reason when one does not fit.

These are the rules of the contract's types in their plainest form: slow, exact, and with a message a data
engineer can act on.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from mercurios.prohandel.resources import ColumnType


class CellError(ValueError):
    """A value that does not fit its column; the message says what was expected, never a whole row."""


def convert(kind: ColumnType, value: Any, time_zone: str, hash_key: bytes) -> Any:
    """Convert one wire value.

    Args:
        kind: type the contract declares.
        value: decoded JSON value; floating numbers as Decimal where exactness matters.
        time_zone: zone of instants written without one.
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
            return _instant(value, time_zone)
        case _:
            return None if value is None else _CONVERTERS[kind](value)


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {str(value)[:40]!r}"


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise CellError(f"expected a whole number, got {_shown(value)}")
    exact = Decimal(value)
    if not exact.is_finite() or exact != exact.to_integral_value() or abs(exact) >= 2**63:
        raise CellError(f"expected a whole number of at most 63 bits, got {_shown(value)}")
    return int(exact)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise CellError(f"expected a number with two decimals, got {_shown(value)}")
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if not exact.is_finite() or exact != exact.quantize(Decimal("0.01")) or abs(exact) >= Decimal(10) ** 16:
        raise CellError(f"expected a number with at most two decimals below 10**16, got {_shown(value)}")
    return exact.quantize(Decimal("0.01"))


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise CellError(f"expected a number, got {_shown(value)}")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise CellError(f"expected text, got {_shown(value)}")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CellError(f"expected true or false, got {_shown(value)}")
    return value


def _date(value: Any) -> date:
    if not isinstance(value, str):
        raise CellError(f"expected a date such as 2025-03-01T00:00:00, got {_shown(value)}")
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise CellError(f"expected a date such as 2025-03-01T00:00:00, got {_shown(value)}") from None


def _instant(value: Any, time_zone: str) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise CellError(f"expected an instant such as 2025-03-01T10:00:00.123, got {_shown(value)}")
    try:
        parsed = datetime.fromisoformat(value)  # cuts digits beyond the microsecond
    except ValueError:
        raise CellError(f"expected an instant such as 2025-03-01T10:00:00.123, got {_shown(value)}") from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=ZoneInfo(time_zone))
    return parsed.astimezone(UTC).replace(tzinfo=None)


def code(value: Any) -> str | None:
    """Return a code such as an EAN as text; `4012345678901.0` loses its `.0`, leading zeros of a text stay."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        number = Decimal(value)
        if number.is_finite() and number == number.to_integral_value():
            return str(int(number))
        return str(value)
    raise CellError(f"expected a code, got {_shown(value)}")


def key_hash(value: Any, hash_key: bytes) -> str | None:
    """Return a keyed hash of a person's number, None for 0 and for a missing number.

    The same person has the same hash in every resource of a tenant, so rows still join; the number itself
    never reaches landing. 64 bits keep collisions out of reach for millions of customers.
    """
    if value is None or value == 0 or value == "":
        return None
    return _hashed(value if type(value) is int else _integer(value), hash_key)


@lru_cache(maxsize=200_000)
def _hashed(number: int, hash_key: bytes) -> str:
    return hashlib.blake2b(str(number).encode(), key=hash_key[:64], digest_size=8).hexdigest()


_CONVERTERS = {
    ColumnType.INTEGER: _integer,
    ColumnType.DECIMAL: _decimal,
    ColumnType.FLOAT: _float,
    ColumnType.TEXT: _text,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.DATE: _date,
}
