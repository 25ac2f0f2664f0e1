"""The simple rules, on numbers that can be checked."""

from __future__ import annotations

import numpy as np
import pytest

from mercurios.forecasting.panel.panel import NO_GROUP, Panel
from mercurios.policy_backtest.levels import Settings, Variant, simple_levels
from mercurios.policy_backtest.rules import MEAN_13W, SEASONAL_NAIVE, Expectation, expectation


def panel_of(y: np.ndarray, mask: np.ndarray | None = None) -> Panel:
    n, weeks = y.shape
    days = np.datetime64("2020-01-06", "D") + 7 * np.arange(weeks)
    keys = np.arange(n, dtype=np.int64)
    mask = np.ones(y.shape, dtype=bool) if mask is None else mask
    return Panel(
        np.where(mask, y, 0.0),
        mask,
        days,
        np.full(n, NO_GROUP),
        article_number=keys,
        branch_number=np.zeros_like(keys),
    )


def test_the_13_week_rule_takes_mean_and_deviation_of_the_weeks_with_stock() -> None:
    y = np.tile([2.0, 4.0], (1, 20))
    mask = np.ones(y.shape, dtype=bool)
    mask[0, -2] = False

    found = expectation(MEAN_13W, panel_of(y, mask), np.array([4]))

    recent = y[0, -13:][mask[0, -13:]]
    assert found.mean[0] == pytest.approx(4 * recent.mean())
    # Of the 13 latest weeks with stock, around the mean of those within 13 weeks.
    errors = y[0, -14:][mask[0, -14:]] - recent.mean()
    assert found.deviation[0] == pytest.approx(2 * np.sqrt((errors**2).sum() / 12))


def test_the_seasonal_naive_expects_the_weeks_and_errors_of_last_year() -> None:
    year = np.arange(52, dtype=float)
    y = np.concatenate([year, year + 3.0, year[:10] + 3.0])[None]

    found = expectation(SEASONAL_NAIVE, panel_of(y), np.array([3]))

    assert found.mean[0] == pytest.approx((10 + 11 + 12) + 9)
    # Of the last 13 weeks, ten are as a year before and three are three more.
    assert found.deviation[0] == pytest.approx(np.sqrt(3 * 9 / 13) * np.sqrt(3))


def test_levels_are_bounded_and_rounded_as_the_models_do() -> None:
    settings = Settings(
        is_reordered=np.array([True, True, True, False]),
        service_level=np.array([0.5, 0.5, 0.5, 0.5]),
        lead_weeks=np.full(4, 2),
        review_weeks=np.full(4, 1),
        cycle_days=np.full(4, 7.0),
        display_units=np.full(4, 2.0),
        customers_wait=np.zeros(4, dtype=bool),
    )
    expected = {MEAN_13W: Expectation(np.array([10.5, 0.3, 0.0, 30.0]), np.array([4.0, 0.0, 0.0, 1.0]))}
    variants = (Variant(MEAN_13W), Variant(MEAN_13W, 0.8413447460685429))

    found = simple_levels(variants, expected, settings, np.array([[0.0, 0, 0, 5], [0, 0, 0, 5]]))

    assert found.reorder_point.tolist() == [[11, 2, 0, 0], [15, 2, 0, 0]]
    assert found.order_up_to.tolist() == [[14, 2, 0, 0], [18, 2, 0, 0]]
