"""Measures, classes and reference methods agree with worked examples."""

from __future__ import annotations

import numpy as np
import pytest
from histories import history_of

from mercurios.forecasting.methods import baselines
from mercurios.forecasting.panel import classes
from mercurios.forecasting.selection import metrics


def test_wape_and_bias_match_a_worked_example() -> None:
    actual, forecast = np.array([10.0, 0.0, 30.0]), np.array([12.0, 4.0, 26.0])
    assert metrics.wape(actual, forecast) == pytest.approx(10.0 / 40.0)
    assert metrics.bias(actual, forecast) == pytest.approx(2.0 / 40.0)


def test_wape_of_nothing_sold_is_unknown_not_zero() -> None:
    assert np.isnan(metrics.wape(np.zeros(3), np.ones(3)))


def test_pinball_weighs_under_and_over_forecasts_by_the_probability() -> None:
    assert metrics.pinball(np.array([10.0]), np.array([4.0]), 0.8) == pytest.approx(4.8)
    assert metrics.pinball(np.array([4.0]), np.array([10.0]), 0.8) == pytest.approx(1.2)


def test_weighted_quantile_loss_averages_twice_the_loss_over_demand() -> None:
    actual = np.array([10.0, 10.0])
    quantiles = np.array([[10.0, 4.0], [10.0, 10.0]])
    assert metrics.weighted_quantile_loss(actual, quantiles, (0.5, 0.8)) == pytest.approx(
        (0.0 + 2 * 4.8 / 20) / 2
    )


def test_coverage_counts_weeks_at_or_below_the_quantile() -> None:
    assert metrics.coverage(np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, 3.0)) == 0.75


def test_classes_follow_the_syntetos_boylan_cuts() -> None:
    week = np.arange(60)
    y = np.stack(
        [
            np.full(60, 5.0),
            np.where(week % 10 == 0, 60.0, 2.0),
            np.where(week % 4 == 0, 3.0, 0.0),
            np.where(week % 12 == 0, 90.0, np.where(week % 4 == 0, 1.0, 0.0)),
            np.zeros(60),
        ]
    )
    names = [classes.CLASS_NAMES[code] for code in classes.classify(history_of(y))]
    assert names == ["smooth", "erratic", "intermittent", "lumpy", "none"]


def test_masked_weeks_do_not_make_a_series_intermittent() -> None:
    y = np.where(np.arange(40) % 2 == 0, 6.0, 0.0)[None, :]
    assert classes.classify(history_of(y, y > 0)).tolist() == [classes.SMOOTH]
    assert classes.classify(history_of(y)).tolist() == [classes.INTERMITTENT]


def test_the_13_week_mean_skips_masked_weeks_and_looks_back_when_all_are_masked() -> None:
    y = np.concatenate([np.full((2, 13), 8.0), np.full((2, 13), 2.0)], axis=1)
    mask = np.ones(y.shape, dtype=bool)
    mask[1, 13:] = False
    assert baselines.mean_13w(history_of(y, mask)).tolist() == [2.0, 8.0]


def test_seasonal_naive_repeats_last_year_and_the_last_week_where_that_is_unknown() -> None:
    y = np.arange(60.0)[None, :]
    mask = np.ones(y.shape, dtype=bool)
    mask[0, 9] = False
    assert baselines.seasonal_naive(history_of(y, mask), 3).tolist() == [[8.0, 59.0, 10.0]]
    assert baselines.seasonal_naive(history_of(y[:, :20], mask[:, :20]), 2).tolist() == [[19.0, 19.0]]


def test_sba_of_regular_demand_is_size_over_interval_less_the_bias() -> None:
    y = np.where(np.arange(80) % 4 == 3, 8.0, 0.0)[None, :]
    assert baselines.sba(history_of(y))[0] == pytest.approx(0.95 * 8.0 / 4.0)
