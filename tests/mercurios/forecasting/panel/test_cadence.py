"""The two calendars in figures."""

from __future__ import annotations

import pytest

from mercurios.forecasting.panel.cadence import CADENCES, DAILY, WEEKLY


def test_a_year_is_whole_weeks_on_both_calendars() -> None:
    assert (WEEKLY.days, WEEKLY.week, WEEKLY.year, WEEKLY.naive) == (7, 1, 52, 52)
    assert (DAILY.days, DAILY.week, DAILY.year, DAILY.naive) == (1, 7, 52 * 7, 7)
    assert CADENCES == {WEEKLY.name: WEEKLY, DAILY.name: DAILY} == {"W": WEEKLY, "D": DAILY}


@pytest.mark.parametrize("constant", [0.05, 0.4])
def test_a_week_of_days_forgets_what_a_week_forgets(constant: float) -> None:
    assert WEEKLY.slowed((constant,)) == pytest.approx((constant,))
    [daily] = DAILY.slowed((constant,))
    assert (1.0 - daily) ** 7 == pytest.approx(1.0 - constant)
