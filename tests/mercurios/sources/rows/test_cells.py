"""Single values by the rules of their types: the last that is taken, the first that is refused, and what is said."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from mercurios.sources.contract import ColumnType
from mercurios.sources.rows.cells import LARGEST_CENTS, CellError, Zones, code, convert, key_hash, tolerance

KEY = b"tests"


def cell(kind: ColumnType, value: Any, zone: str = "UTC") -> Any:
    return convert(kind, value, Zones(zone), KEY)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (-7, -7),
        (7.0, 7),
        (Decimal("7.0"), 7),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (float(2**53 - 1), 2**53 - 1),
        (-float(2**53 - 1), 1 - 2**53),
        (Decimal(2**53), 2**53),
        (None, None),
    ],
)
def test_a_whole_number_of_at_most_63_bits_is_taken(value: Any, number: int | None) -> None:
    found = cell(ColumnType.INTEGER, value)

    assert (found, type(found)) == (number, type(number))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0.5, "expected a whole number of at most 63 bits, got number"),
        (2**63, "expected a whole number of at most 63 bits, got number"),
        (-(2**63) - 1, "expected a whole number of at most 63 bits, got number"),
        (float(2**53), "expected a whole number that a double holds exactly, got number"),
        (Decimal("NaN"), "expected a whole number that a double holds exactly, got number"),
        (float("inf"), "expected a whole number that a double holds exactly, got number"),
        (True, "expected a whole number, got boolean"),
        ("7", "expected a whole number, got text"),
    ],
)
def test_any_other_number_is_refused_with_what_was_expected(value: Any, reason: str) -> None:
    with pytest.raises(CellError) as refused:
        cell(ColumnType.INTEGER, value)

    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (0, "0.00"),
        (-1.1, "-1.10"),
        (19.990000000000002, "19.99"),
        # A millionth of a cent is the rounding of a double.
        (Decimal("5.00000001"), "5.00"),
        (Decimal("9999999999999999.99"), "9999999999999999.99"),
        (Decimal("-9999999999999999.99"), "-9999999999999999.99"),
    ],
)
def test_an_amount_has_two_decimals_but_for_a_doubles_rounding(value: Any, amount: str) -> None:
    assert str(cell(ColumnType.DECIMAL, value)) == amount


@pytest.mark.parametrize(
    "value",
    [Decimal("5.0000001"), 12.345, Decimal(10) ** 16, -(Decimal(10) ** 16), Decimal("900000000000.0100001")],
)
def test_an_amount_with_a_third_decimal_or_beyond_its_column_is_refused(value: Any) -> None:
    with pytest.raises(CellError, match=r"at most two decimals below 10\*\*16, got number"):
        cell(ColumnType.DECIMAL, value)


@pytest.mark.parametrize(
    ("cents", "expected"),
    [
        (0.0, 1e-6),
        (1e9, 2e-6),
        (-1e9, 2e-6),
        (LARGEST_CENTS, 0.090001),
        (-LARGEST_CENTS, 0.090001),
        (LARGEST_CENTS * 1.01, 0.0),
    ],
)
def test_the_rounding_grows_with_the_amount_until_a_double_has_no_cents(
    cents: float, expected: float
) -> None:
    assert tolerance(cents) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4012345678901.0, "4012345678901"),
        (7, "7"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.5"),
        ("007", "007"),
        (True, "true"),
        (False, "false"),
        ("", ""),
        (None, None),
    ],
)
def test_a_code_is_text_without_the_decimals_of_a_whole_number(value: Any, text: str | None) -> None:
    assert code(value) == text


def test_a_code_that_is_neither_text_nor_number_is_refused() -> None:
    with pytest.raises(CellError, match="expected a code, got list"):
        code([1])


@pytest.mark.parametrize("absent", [None, 0, 0.0, ""])
def test_no_person_has_no_key(absent: Any) -> None:
    assert key_hash(absent, KEY) is None


@pytest.mark.parametrize("number", [4711, 4711.0, Decimal("4711")])
def test_a_persons_key_is_eight_bytes_of_a_keyed_hash_of_the_number(number: Any) -> None:
    """A key longer than 64 bytes, which the hash does not take, is cut there."""
    for key, used in ((KEY, KEY), (b"k" * 64, b"k" * 64), (b"k" * 64 + b"more", b"k" * 64)):
        expected = hashlib.blake2b(b"4711", key=used, digest_size=8).hexdigest()
        assert key_hash(number, key) == expected
    assert len(expected) == 16


@pytest.mark.parametrize("one", [1, True])
def test_a_boolean_is_no_persons_number(one: Any) -> None:
    if one is True:
        with pytest.raises(CellError, match="expected a whole number, got boolean"):
            key_hash(one, KEY)
    else:
        assert key_hash(one, KEY) is not None


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (ColumnType.FLOAT, 1, 1.0),
        (ColumnType.FLOAT, Decimal("0.1"), 0.1),
        (ColumnType.TEXT, " a ", " a "),
        (ColumnType.BOOLEAN, False, False),
        (ColumnType.DATE, "2026-03-01T23:59:59", date(2026, 3, 1)),
        (ColumnType.DATE, "2026-03-01", date(2026, 3, 1)),
        (ColumnType.TIMESTAMP, "2026-03-01T10:00:00.1234567", datetime(2026, 3, 1, 10, 0, 0, 123456)),
    ],
)
def test_other_types_take_their_own_form(kind: ColumnType, value: Any, expected: Any) -> None:
    found = cell(kind, value)

    assert (found, type(found)) == (expected, type(expected))
    assert cell(kind, None) is None


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (ColumnType.FLOAT, True, "expected a number, got boolean"),
        (ColumnType.FLOAT, "1", "expected a number, got text"),
        (ColumnType.TEXT, 1, "expected text, got number"),
        (ColumnType.BOOLEAN, 1, "expected true or false, got number"),
        (ColumnType.DATE, 20260301, "expected a date such as 2025-03-01T00:00:00, got number"),
        (ColumnType.DATE, "2026-02-30", "expected a date such as 2025-03-01T00:00:00, got text"),
        (ColumnType.TIMESTAMP, 1, "expected an instant such as 2025-03-01T10:00:00.123, got number"),
        (ColumnType.TIMESTAMP, "now", "expected an instant such as 2025-03-01T10:00:00.123, got text"),
    ],
)
def test_a_value_of_another_form_is_refused(kind: ColumnType, value: Any, reason: str) -> None:
    with pytest.raises(CellError) as refused:
        cell(kind, value)

    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-01-15T12:00:00", datetime(2026, 1, 15, 11)),
        ("2026-07-15T12:00:00", datetime(2026, 7, 15, 10)),
        ("2026-07-15T12:00:00+05:00", datetime(2026, 7, 15, 7)),
        # They mean "never" and are kept as they are.
        ("0001-01-01T00:00:00", datetime(1, 1, 1)),
        ("9999-12-31T23:59:59-05:00", datetime(9999, 12, 31, 23, 59, 59)),
    ],
)
def test_an_instant_is_utc_without_a_zone(written: str, utc: datetime) -> None:
    assert cell(ColumnType.TIMESTAMP, written, "Europe/Berlin") == utc


def test_a_refusal_names_the_kind_of_a_value_and_never_the_value() -> None:
    values = ["Erika Muster", 815.5, Decimal("815"), 815, True, {"Erika": 1}, ["Erika"], None]

    shown = [str(CellError("expected a code", value)) for value in values]

    kinds = ["text", "number", "number", "number", "boolean", "object", "list", "null"]
    assert shown == [f"expected a code, got {kind}" for kind in kinds]
    assert str(CellError("expected text")) == "expected text"
    assert CellError("expected text", None, field="name").field == "name"
