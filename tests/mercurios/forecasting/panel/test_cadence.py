"""The two calendars in figures."""

from __future__ import annotations

import numpy as np
import pytest

from mercurios.forecasting.panel.cadence import CADENCES, DAILY, MONTHLY, WEEKLY


def test_a_year_is_whole_weeks_or_months() -> None:
    assert (WEEKLY.days, WEEKLY.week, WEEKLY.year, WEEKLY.naive) == (7, 1, 52, 52)
    assert (DAILY.days, DAILY.week, DAILY.year, DAILY.naive) == (1, 7, 52 * 7, 7)
    assert CADENCES == {"W": WEEKLY, "D": DAILY, "M": MONTHLY}
    assert [cadence.name for cadence in CADENCES.values()] == list(CADENCES)


def test_lengths_in_weeks_are_whole_periods_and_at_least_one() -> None:
    assert [MONTHLY.periods(weeks) for weeks in (1, 4, 13, 26, 52)] == [1, 1, 3, 6, 12]
    assert [DAILY.periods(weeks) for weeks in (1, 13)] == [7, 91]
    assert WEEKLY.periods(13) == 13


def test_months_begin_on_their_first_day_and_hold_all_of_their_days() -> None:
    starts = MONTHLY.starts(np.datetime64("2024-01-31"), 3)
    days = np.array(["2024-01-31", "2024-02-01", "2024-02-29", "2025-01-01"], dtype="M8[D]")

    assert [str(day) for day in starts] == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert MONTHLY.steps(starts[0], days).tolist() == [0, 1, 1, 12]
    assert WEEKLY.steps(np.datetime64("2024-01-01"), days[:2]).tolist() == [4, 4]


@pytest.mark.parametrize("constant", [0.05, 0.4])
def test_a_week_of_days_forgets_what_a_week_forgets(constant: float) -> None:
    assert WEEKLY.slowed((constant,)) == pytest.approx((constant,))
    [daily] = DAILY.slowed((constant,))
    assert (1.0 - daily) ** 7 == pytest.approx(1.0 - constant)
