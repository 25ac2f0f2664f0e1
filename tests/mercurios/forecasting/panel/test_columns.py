"""Columns of a file as arrays of one type: what is taken for the same, and where exactly a wrong value is."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercurios.forecasting.panel.columns import (
    as_days,
    as_flags,
    as_keys,
    as_numbers,
    column_of,
    first_bad,
    read_table,
)
from mercurios.forecasting.panel.panel import NO_GROUP, PanelError
from mercurios.inputs.table_file import _plain


def table(values: Any, name: str = "c") -> pa.Table:
    """Return a table as it is read from a file: without types that only some libraries write."""
    return _plain(pa.table({name: values}))


@pytest.mark.parametrize(
    ("values", "codes", "distinct"),
    [
        (["b", "a", "b"], [1, 0, 1], ["a", "b"]),
        ([30, 4, 30], [1, 0, 1], [4, 30]),
        (["30", "4"], [1, 0], [4, 30]),
        (["030", "4"], [0, 1], ["030", "4"]),
        ([3.0, 1.0], [1, 0], [1, 3]),
        ([3.5, 1.0], [1, 0], ["1", "3.5"]),
        (pa.array(["b", "a"]).dictionary_encode(), [1, 0], ["a", "b"]),
        (pa.array(["2", "1"], pa.large_string()), [1, 0], [1, 2]),
        ([" 2", "1.0"], [1, 0], [1, 2]),
        (["a ", "a"], [0, 0], ["a"]),
        (pa.array([Decimal("30.00"), Decimal("4.00")]), [1, 0], [4, 30]),
        (pa.array(["b", "a"]).cast(pa.string_view()), [1, 0], ["a", "b"]),
        ([float("nan"), 7.0], [-1, 0], [7]),
    ],
)
def test_keys_are_positions_among_the_values_in_order(
    values: Any, codes: list[int], distinct: list[Any]
) -> None:
    found, names = as_keys(table(values), "c", nulls=True)

    assert (found.tolist(), names.to_pylist()) == (codes, distinct)
    assert found.dtype == np.int64


def test_a_missing_key_is_refused_by_row_or_belongs_to_no_group() -> None:
    values = ["a", "b", None, None]

    with pytest.raises(PanelError, match=r"column 'c', row 3: empty; every row needs a value"):
        as_keys(table(values), "c")
    assert as_keys(table(values), "c", nulls=True)[0].tolist() == [0, 1, NO_GROUP, NO_GROUP]


@pytest.mark.parametrize("values", [[1, 2], ["1", "2.0"], [1.0, 2.0], pa.array([1, 2], pa.decimal128(5, 2))])
def test_numbers_are_doubles_whatever_their_type(values: Any) -> None:
    found = as_numbers(table(values), "c", 2.0)

    assert (found.tolist(), found.dtype) == ([1.0, 2.0], np.float64)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1", "x", "y"], "column 'c', row 2: 'x' is not a number"),
        ([1.0, 1.0, None], "column 'c', row 3: empty or NaN; every row needs a number"),
        ([1.0, float("nan")], "column 'c', row 2: empty or NaN"),
        ([1.0, 2.5, 9.0], r"column 'c', row 2: 2.5 is not a number within \+-2"),
        ([1.0, -2.5], r"column 'c', row 2: -2.5 is not a number within \+-2"),
        ([1.0, float("inf")], "column 'c', row 2: inf is not a number within"),
        ([date(2026, 1, 1)], "column 'c': expected numbers, got date32"),
    ],
)
def test_a_value_that_is_no_number_within_its_limit_is_named(values: Any, message: str) -> None:
    with pytest.raises(PanelError, match=message):
        as_numbers(table(values), "c", 2.0)


def test_an_unknown_number_is_nan_where_that_is_allowed() -> None:
    found = as_numbers(table(pa.array([1.0, None, float("nan")])), "c", 2.0, nulls=True)

    np.testing.assert_array_equal(found, [1.0, np.nan, np.nan])


@pytest.mark.parametrize(
    "values",
    [
        [True, False],
        [1, 0],
        ["1.0", "0.0"],
        ["true", "FALSE"],
        [" T ", "f"],
        ["yes", "no"],
        ["Y", "N"],
        ["WAHR", "FALSCH"],
        ["ja", "nein"],
    ],
)
def test_true_and_false_are_taken_in_any_usual_spelling(values: Any) -> None:
    assert as_flags(table(values), "c").tolist() == [True, False]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["yes", "maybe", "x"], "row 2: 'maybe' is neither true nor false"),
        ([True, None], "row 2: empty; expected true or false"),
        ([1, 2], "row 2: '2' is neither true nor false"),
    ],
)
def test_anything_else_is_neither(values: Any, message: str) -> None:
    with pytest.raises(PanelError, match=f"column 'c', {message}"):
        as_flags(table(values), "c")


@pytest.mark.parametrize(
    "values",
    [
        [date(2026, 1, 31)],
        ["2026-01-31"],
        [datetime(2026, 1, 31, 23, 59)],
        pa.array(["2026-01-31"], pa.large_string()),
        ["31.01.2026"],
        ["2026-01-31T00:00:00+01:00"],
        ["2026-01-31 00:00:00Z"],
        pa.array([datetime(2026, 1, 30, 23)], pa.timestamp("us", "Europe/Berlin")),
        pa.array([datetime(2026, 1, 31)], pa.timestamp("us", "UTC")),
    ],
)
def test_days_lose_their_time(values: Any) -> None:
    assert as_days(table(values), "c").tolist() == [date(2026, 1, 31)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["2026-01-31", "31.01.26"], "row 2: '31.01.26' is not a date such as 2026-01-31 or 31.01.2026"),
        (
            ["2026-01-30T23:00:00Z"],
            "row 1: '2026-01-30T23:00:00Z' is an instant in UTC, which is another day",
        ),
        (
            pa.array([datetime(2026, 1, 31), datetime(2026, 1, 31, 23)], pa.timestamp("us", "UTC")),
            "row 2: .* is an instant in UTC, which is another day elsewhere: write the local day",
        ),
        (["2026-1-31"], "row 1: '2026-1-31' is not a date"),
        (["2026-02-30"], "row 1: '2026-02-30' is not a date"),
        ([date(2026, 1, 31), None], "row 2: empty; every row needs a date"),
        ([20260131], r"row 1: expected dates such as 2026-01-31, got int64 \(20260131\)"),
    ],
)
def test_what_is_no_day_is_named(values: Any, message: str) -> None:
    with pytest.raises(PanelError, match=f"column 'c', {message}"):
        as_days(table(values), "c")


def test_a_column_that_is_missing_is_named_beside_those_there_are() -> None:
    with pytest.raises(PanelError, match=r"column 'x': missing; the file has c$"):
        column_of(table([1]), "x")
    with pytest.raises(PanelError, match=r"column 'x': missing; the file has no columns"):
        column_of(pa.table({}), "x")


def test_the_first_of_several_bad_rows_is_reported() -> None:
    assert first_bad(np.array([False, False, True, True])) == 2


@pytest.mark.parametrize("name", ["p.parquet", "p.PQ"])
def test_a_parquet_file_is_known_by_its_ending(tmp_path: Path, name: str) -> None:
    pq.write_table(table([1]), tmp_path / name)

    assert read_table(tmp_path / name).to_pydict() == {"c": [1]}


def test_the_keys_of_a_csv_keep_their_zeros_and_numbers_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("article,branch,quantity\n007,01,2\n")

    assert read_table(path).to_pydict() == {"article": ["007"], "branch": ["01"], "quantity": [2]}


@pytest.mark.parametrize(
    ("name", "content"), [("p.parquet", b"PAR1 no"), ("p.csv", b""), ("p.csv", b"\xef\xbb\xbf\n")]
)
def test_a_file_that_is_neither_is_named_with_the_readers_reason(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(PanelError, match=rf"^{name} is no Parquet or CSV file: .+") as refused:
        read_table(tmp_path / name)

    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match=r"gone.csv does not exist"):
        read_table(tmp_path / "gone.csv")
