"""Dates that retail sells by lie where the calendar has them, and each window is spread over the right periods."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from mercurios.forecasting.effects.events import WINDOWS, event_columns, event_dates
from mercurios.forecasting.panel.cadence import DAILY

NAMES = [(name, *window) for name, windows in WINDOWS.items() for window in windows]


# Dates looked up in printed calendars.
@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("christmas", ["2024-12-25", "2026-12-25"]),
        ("black_friday", ["2019-11-29", "2024-11-29", "2026-11-27"]),
        ("easter", ["2019-04-21", "2024-03-31", "2026-04-05", "2027-03-28"]),
        ("mothers_day", ["2023-05-14", "2026-05-10"]),
        ("mothering_sunday", ["2024-03-10", "2026-03-15"]),
        ("valentines_day", ["2026-02-14"]),
        ("winter_sale", ["2022-01-31", "2026-01-26"]),
        ("summer_sale", ["2023-07-31", "2026-07-27"]),
    ],
)
def test_every_event_lies_where_the_calendar_has_it(name: str, days: list[str]) -> None:
    assert [event_dates(int(day[:4]))[name] for day in days] == [date.fromisoformat(day) for day in days]


def test_a_window_is_shared_by_the_weeks_its_days_lie_in() -> None:
    """Christmas 2026 is a Friday: its week has four days before it and three from it on."""
    weeks = np.datetime64("2026-12-14") + 7 * np.arange(4)
    found = event_columns(weeks)
    before, after = NAMES.index(("christmas", -7, -1)), NAMES.index(("christmas", 0, 6))
    assert found[:, before] == pytest.approx([3 / 7, 4 / 7, 0, 0])
    assert found[:, after] == pytest.approx([0, 3 / 7, 4 / 7, 0])


def test_every_window_is_whole_once_a_year() -> None:
    weeks = np.datetime64("2023-03-06") + 7 * np.arange(157)
    assert event_columns(weeks).sum(axis=0) == pytest.approx(np.full(len(NAMES), 3.0))


def test_a_day_lies_in_a_window_or_not() -> None:
    days = np.datetime64("2026-05-01") + np.arange(31)
    found = event_columns(days, DAILY)[:, NAMES.index(("mothers_day", -6, 0))]
    assert np.flatnonzero(found).tolist() == list(range(3, 10))
    assert found.max() == 1.0


def test_no_periods_have_no_events() -> None:
    assert event_columns(np.zeros(0, dtype="datetime64[D]")).shape == (0, len(NAMES))
