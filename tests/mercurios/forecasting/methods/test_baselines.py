"""The references: the mean of the last 13 weeks and the same period one season earlier, on small histories."""

from __future__ import annotations

import numpy as np
import pytest
from histories import history_of

from mercurios.forecasting.methods.baselines import mean_13w, seasonal_naive
from mercurios.forecasting.panel.cadence import DAILY


def test_the_13_week_mean_is_that_of_the_last_thirteen_weeks() -> None:
    assert mean_13w(history_of(np.arange(1.0, 21.0)[None, :])).tolist() == [14.0]


def test_on_days_the_13_week_mean_is_that_of_the_last_91() -> None:
    units = np.append(np.full(9, 1000.0), np.arange(91.0))

    assert mean_13w(history_of(units[None, :], cadence=DAILY)).tolist() == [45.0]


def test_masked_weeks_are_left_out_and_a_masked_quarter_is_replaced() -> None:
    units = np.tile(np.arange(1.0, 31.0), (4, 1))
    mask = np.ones(units.shape, dtype=bool)
    mask[1, 25:] = False
    mask[2, 17:] = False
    mask[3, :] = False

    found = mean_13w(history_of(units, mask))

    # Weeks 18 to 30; of these the first eight; weeks 5 to 17; none.
    assert found.tolist() == [24.0, 21.5, 11.0, 0.0]


def test_the_seasonal_naive_repeats_the_week_of_last_year_for_every_year_ahead() -> None:
    found = seasonal_naive(history_of(np.arange(60.0)[None, :]), 105)[0]

    assert found[:52].tolist() == list(range(8, 60))
    assert found[52:104].tolist() == list(range(8, 60))
    assert found[104] == 8.0


def test_on_days_the_seasonal_naive_repeats_the_last_week() -> None:
    found = seasonal_naive(history_of(np.arange(20.0)[None, :], cadence=DAILY), 9)[0]

    assert found.tolist() == [13, 14, 15, 16, 17, 18, 19, 13, 14]


@pytest.mark.parametrize(("weeks", "known_from"), [(50, 2), (51, 1), (52, 0)])
def test_a_week_before_the_history_or_masked_takes_the_last_observed_one(weeks: int, known_from: int) -> None:
    units = np.arange(100.0, 100.0 + weeks)[None, :]
    mask = np.ones(units.shape, dtype=bool)
    mask[0, [3, weeks - 1]] = False

    found = seasonal_naive(history_of(units, mask), 13)[0]

    last = units[0, weeks - 2]
    expected = [last] * known_from + units[0, : 13 - known_from].tolist()
    expected[3 + known_from] = last
    assert found.tolist() == expected
