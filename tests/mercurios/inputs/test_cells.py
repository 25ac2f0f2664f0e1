"""Cells as people and their programs write them: read, or refused with what to write instead."""

from __future__ import annotations

import math
from datetime import date

import pytest

from mercurios.inputs.cells import CellError, day_of, flag_of, numbers_of


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["5,5", "12,5", "4", "-5,5", "0,500"], [5.5, 12.5, 4, -5.5, 0.5]),
        (["1.234,5", "2"], [1234.5, 2]),
        (["1,234.5", "1,234"], [1234.5, 1234]),
        (["1,234", "5,5"], [1.234, 5.5]),
        (["1.234.567"], [1234567]),
        (["1,234,567"], [1234567]),
        (["1 234,5", "1\u00a0234", "1'234"], [1234.5, 1234, 1234]),
        (["1.5", "1.234", "1e3", ".5"], [1.5, 1.234, 1000, 0.5]),
        (["1.234"], [1.234]),
    ],
)
def test_the_numbers_of_a_column_share_a_sign_before_the_fraction(
    texts: list[str], numbers: list[float]
) -> None:
    assert numbers_of(texts) == numbers


@pytest.mark.parametrize("text", ["", " ", "NaN", "N/A", "#NV", "null"])
def test_words_for_an_unknown_number_are_unknown(text: str) -> None:
    assert [math.isnan(number) for number in numbers_of([text, "1"])] == [True, False]


@pytest.mark.parametrize(
    ("texts", "german", "value"),
    [
        (["1,234"], False, "1,234"),
        (["7", "1.234"], True, "1.234"),
        (["12.345", "1.234"], True, "12.345"),
    ],
)
def test_what_may_be_a_thousand_times_as_much_is_refused(texts: list[str], german: bool, value: str) -> None:
    with pytest.raises(CellError, match="may be a thousand times as much: write it without") as error:
        numbers_of(texts, german=german)

    assert error.value.value == value


@pytest.mark.parametrize(
    ("texts", "value"), [(["5.5", "5,5"], "5,5"), (["5,5", "5.5"], "5.5"), (["1", "x"], "x")]
)
def test_another_sign_in_the_same_column_is_refused(texts: list[str], value: str) -> None:
    with pytest.raises(CellError, match="is not a number") as error:
        numbers_of(texts)

    assert error.value.value == value


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        " 31.01.2026 ",
        "31.1.2026",
        "31.01.2026 00:00:00",
        "2026-01-31 00:00",
        "2026-01-31T00:00:00+01:00",
        "2026-01-31 00:00:00.000-0500",
        "2026-01-31T10:30:00+02",
        "2026-01-31 00:00:00 UTC",
    ],
)
def test_a_day_is_the_one_that_is_written(text: str) -> None:
    assert day_of(text) == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("31.01.26", "is not a date such as 2026-01-31 or 31.01.2026"),
        ("01/31/2026", "is not a date"),
        ("20260131", "is not a date"),
        ("2026-02-30", "there is no such day"),
        ("30.02.2026", "there is no such day"),
        ("2026-01-30T23:00:00Z", "is an instant in UTC, which is another day elsewhere: write the local day"),
        ("2026-01-30 22:00:00+00:00", "is an instant in UTC"),
    ],
)
def test_what_names_no_day_is_refused(text: str, problem: str) -> None:
    with pytest.raises(CellError, match=problem):
        day_of(text)


def test_yes_and_no_are_words_of_both_languages() -> None:
    assert [flag_of(text) for text in (" WAHR", "ja", "Yes", "1.0")] == [True] * 4
    assert [flag_of(text) for text in ("FALSCH ", "nein", "No", "0")] == [False] * 4
    assert flag_of("vielleicht") is None
