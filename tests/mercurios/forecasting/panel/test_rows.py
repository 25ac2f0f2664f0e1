"""Where the rows of a panel's file belong, and which calendar their dates have."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from mercurios.forecasting.panel.cadence import DAILY, WEEKLY, Cadence
from mercurios.forecasting.panel.panel import PanelError
from mercurios.forecasting.panel.rows import Rows, cadence_of, reject_future, time_column_of, until

MONDAY = np.datetime64("2025-01-06", "D")
NOTHING = pa.table({})


def calendar(offsets: list[int], column: str = "date", frequency: str | None = None) -> tuple[Cadence, int]:
    return cadence_of(NOTHING, column, MONDAY + np.array(offsets), frequency)


@pytest.mark.parametrize(
    ("offsets", "column", "frequency", "expected"),
    [
        ([0, 7, 21], "date", None, (WEEKLY, 0)),
        ([2, 9, 16], "date", None, (WEEKLY, 2)),
        ([6, 13], "week", None, (WEEKLY, 6)),
        ([3], "week", None, (WEEKLY, 3)),
        ([3], "date", None, (DAILY, 0)),
        ([3, 3], "date", None, (DAILY, 0)),
        ([0, 1, 7], "date", None, (DAILY, 0)),
        ([0, 7], "date", "D", (DAILY, 0)),
        ([0, 7, 14], "date", "W", (WEEKLY, 0)),
    ],
)
def test_dates_of_one_weekday_are_weeks_and_others_are_days(
    offsets: list[int], column: str, frequency: str | None, expected: tuple[Cadence, int]
) -> None:
    assert calendar(offsets, column, frequency) == expected


@pytest.mark.parametrize(
    ("offsets", "column", "frequency", "message"),
    [
        ([0, 7, 8, 14], "week", None, "column 'week', row 3: 2025-01-14 does not start a week"),
        ([1, 8, 14], "date", "W", "column 'date', row 3: 2025-01-20 does not start a week"),
        ([0, 7, 14], "date", "D", "row 1: all dates fall on one weekday: this is a weekly panel"),
        ([0, 7], "date", "Q", "column 'date': frequency must be W, D or M, got Q"),
    ],
)
def test_a_calendar_that_the_dates_do_not_have_is_refused(
    offsets: list[int], column: str, frequency: str | None, message: str
) -> None:
    with pytest.raises(PanelError, match=message):
        calendar(offsets, column, frequency)


def rows(offsets: list[int], cadence: Cadence = WEEKLY, articles: list[str] | None = None) -> Rows:
    names = articles or ["A"] * len(offsets)
    table = pa.table({"article": names, "branch": [1] * len(offsets)})
    return Rows.of(table, "week", MONDAY + cadence.days * np.array(offsets), cadence)


def test_rows_belong_to_series_and_to_periods_from_the_first_on() -> None:
    found = rows([2, 5, 3], articles=["B", "A", "B"])

    assert (found.series.tolist(), found.period.tolist()) == ([1, 0, 1], [0, 3, 1])
    assert found.starts.tolist() == (MONDAY + 7 * np.arange(2, 6)).tolist()
    assert found.articles.to_pylist() == ["A", "B"]


def test_a_second_row_of_a_period_is_refused_with_both_rows() -> None:
    with pytest.raises(
        PanelError,
        match=r"row 4: a second row for article B, branch 1, 2025-01-13 \(the first is row 2\); sum them up",
    ):
        rows([0, 1, 2, 1], articles=["A", "B", "B", "B"])
    assert rows([1, 1], articles=["A", "B"]).period.tolist() == [0, 0]


@pytest.mark.parametrize(("last", "refused"), [(7_999, False), (8_000, True)])
def test_a_history_of_more_than_8000_periods_is_a_typing_error(last: int, refused: bool) -> None:
    if refused:
        with pytest.raises(PanelError, match="row 2: 2025-01-06 makes the history 8,001 periods long"):
            rows([last, 0], DAILY)
    else:
        assert rows([last, 0], DAILY).starts.size == 8_000


def test_rows_after_the_origin_are_left_out_and_counted() -> None:
    table, days = pa.table({"n": [1, 2, 3]}), MONDAY + np.array([7, 0, 1])

    kept, found, late = until(table, days, date(2025, 1, 7))

    assert (kept["n"].to_pylist(), found.tolist(), late) == ([2, 3], days[1:].tolist(), 1)
    assert until(table, days, None) == (table, days, 0)
    with pytest.raises(PanelError, match="no row lies on or before 2025-01-05; the first is of 2025-01-06"):
        until(table, days, date(2025, 1, 5))


def test_a_row_of_tomorrow_is_refused_unless_the_history_ends_before() -> None:
    days = MONDAY + np.array([0, 1])

    reject_future(NOTHING, "week", days, None, date(2025, 1, 7))
    reject_future(NOTHING, "week", days, date(2025, 1, 7), date(2025, 1, 6))
    with pytest.raises(PanelError, match="column 'week', row 2: 2025-01-07 lies in the future"):
        reject_future(NOTHING, "week", days, None, date(2025, 1, 6))


@pytest.mark.parametrize(("names", "found"), [(["date", "week"], "week"), (["date"], "date")])
def test_weeks_are_preferred_to_dates(names: list[str], found: str) -> None:
    table = pa.table({name: [1] for name in [*names, "article", "branch", "quantity"]})

    assert time_column_of(table) == found
