"""Numbers as columns: exact to the last that a double holds, and refused beyond it rather than rounded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from mercurios.sources.rows.arrow_numbers import decimals, integers

LARGEST = 2**53 - 1


@pytest.mark.parametrize(
    "values",
    [
        [],
        [0, -1, 1.0],
        [LARGEST, -LARGEST],
        [float(LARGEST)],
        [None],
        [None, 2.0],
        [2**53],
        [2**63 - 1, None],
    ],
)
def test_whole_numbers_are_kept_to_the_last_digit(values: list[Any]) -> None:
    [found, beside] = integers([values, values])

    assert found.type == pa.int64()
    assert found.to_pylist() == beside.to_pylist() == values
    found.validate(full=True)


@pytest.mark.parametrize(
    "values",
    [
        [0.5],
        [1, 1.5],
        [None, 0.5],
        [float(2**53)],
        [None, float(2**53)],
        [-float(2**53)],
        [2**63],
        ["1"],
        [None, "1"],
    ],
)
def test_what_is_no_whole_number_or_not_exact_is_refused(values: list[Any]) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError, pa.ArrowException)):
        integers([values])


@pytest.mark.parametrize(
    ("values", "amounts"),
    [
        ([], []),
        ([0, 1, -1], ["0.00", "1.00", "-1.00"]),
        ([12.5, -0.01, 19.990000000000002], ["12.50", "-0.01", "19.99"]),
        ([9e11, -9e11], ["900000000000.00", "-900000000000.00"]),
        # The spacing of doubles is there a tenth of a thousandth: more than a millionth of a cent is rounding.
        ([800000000000.01, -700000000000.07], ["800000000000.01", "-700000000000.07"]),
        ([None, 0.1], [None, "0.10"]),
        ([None], [None]),
    ],
)
def test_amounts_have_two_decimals_with_either_sign(values: list[Any], amounts: list[str | None]) -> None:
    for found in decimals([values, values]):
        assert found.type == pa.decimal128(18, 2)
        assert found.to_pylist() == [None if text is None else Decimal(text) for text in amounts]
        assert found.null_count == amounts.count(None)
        found.validate(full=True)


@pytest.mark.parametrize(
    "values", [[0.001], [None, 0.001], [1, 2.005], [9.1e11], [-9.1e11], [None, 9.1e11], ["1"], [float("nan")]]
)
def test_a_third_decimal_or_an_amount_without_exact_cents_is_refused(values: list[Any]) -> None:
    with pytest.raises((ValueError, TypeError, pa.ArrowException)):
        decimals([values])


@pytest.mark.parametrize(("distance", "taken"), [(0.5e-8, True), (2e-8, False)])
def test_a_millionth_of_a_cent_is_a_doubles_rounding(distance: float, taken: bool) -> None:
    if taken:
        assert decimals([[1.0 + distance, 1.0 - distance]])[0].to_pylist() == [Decimal("1.00")] * 2
    else:
        for value in (1.0 + distance, 1.0 - distance):
            with pytest.raises(ValueError, match="more than two decimals"):
                decimals([[value]])
