"""Backtests see only the past, and decide how much of the model is published."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mercurios.forecasting.additive import Parts
from mercurios.forecasting.backtest import Candidates, Window, origins, run_windows
from mercurios.forecasting.classes import SMOOTH
from mercurios.forecasting.combine import fit_blend, guard
from mercurios.forecasting.engine import fit_shared
from mercurios.forecasting.panel import Panel
from mercurios.forecasting.settings import ForecastSettings

SETTINGS = ForecastSettings()


def window(actual: np.ndarray, additive: np.ndarray, recent: np.ndarray) -> Window:
    n, horizon = actual.shape
    zero = np.zeros((n, horizon))
    level = np.repeat(additive[:, None], horizon, axis=1)
    candidates = Candidates(
        parts=Parts(level, zero, zero, zero, zero),
        mean_13w=recent,
        seasonal_naive=zero,
        demand_class=np.full(n, SMOOTH),
        scale=np.ones(n),
        ceiling=np.full(n, 1e9),
    )
    return Window(52, candidates, actual, np.ones((n, horizon), dtype=bool))


def test_what_came_after_an_origin_changes_nothing_it_had_forecast(seasonal_panel: Panel) -> None:
    cuts = origins(seasonal_panel.n_weeks, SETTINGS)
    changed = seasonal_panel.y.copy()
    changed[:, cuts[-1] :] = np.where(seasonal_panel.mask[:, cuts[-1] :], 777.0, 0.0)
    other = Panel(
        changed,
        seasonal_panel.mask,
        seasonal_panel.article_number,
        seasonal_panel.branch_number,
        seasonal_panel.week_starts,
        seasonal_panel.group,
    )
    first, second = (
        run_windows(panel, fit_shared(panel, (), SETTINGS).shared, (), SETTINGS)[-1].candidates
        for panel in (seasonal_panel, other)
    )
    assert np.array_equal(first.parts.total(), second.parts.total())
    assert np.array_equal(first.mean_13w, second.mean_13w)
    assert np.array_equal(first.scale, second.scale)


def test_origins_leave_a_full_horizon_and_enough_history() -> None:
    assert origins(60, SETTINGS) == [47, 43, 39, 35]
    assert origins(45, SETTINGS) == [32, 28]
    assert origins(30, SETTINGS) == []


@pytest.mark.parametrize(
    ("additive", "recent", "weight"), [(10.0, 14.0, 1.0), (14.0, 10.0, 0.0), (8.0, 12.0, 0.5)]
)
def test_the_weight_is_the_one_with_the_least_error(additive: float, recent: float, weight: float) -> None:
    n = 40
    tested = window(np.full((n, 4), 10.0), np.full(n, additive), np.full(n, recent))
    blend = fit_blend([tested], np.zeros(n, dtype=np.int64))
    assert blend.weights(np.array([SMOOTH]), np.array([0])).tolist() == [weight]


def test_a_group_of_few_series_keeps_its_class_weight() -> None:
    actual = np.full((502, 4), 10.0)
    additive = np.where(np.arange(502) < 500, 10.0, 14.0)
    recent = np.where(np.arange(502) < 500, 14.0, 10.0)
    blend = fit_blend([window(actual, additive, recent)], (np.arange(502) >= 500).astype(np.int64))
    assert blend.weights(np.full(2, SMOOTH), np.array([0, 1])).tolist() == [1.0, 1.0]


def test_a_series_leaves_its_group_only_when_it_did_clearly_worse() -> None:
    actual = np.full((3, 4), 10.0)
    tested = window(actual, np.array([10.5, 11.2, 15.0]), np.full(3, 11.0))
    assert guard([tested], np.ones(3), np.full(3, 0.9)).tolist() == [False, False, True]


def test_a_dying_series_loses_its_season_with_its_level(make_panel: Callable[..., Panel]) -> None:
    from mercurios.forecasting.additive import fit_additive
    from mercurios.forecasting.design import build_frame
    from mercurios.forecasting.profiles import fit_profile

    rng = np.random.default_rng(6)
    shape = np.exp(0.8 * np.cos(2 * np.pi * np.arange(130) / 52.18))
    level = np.full((60, 130), 3.0)
    level[0, 60:], level[1, 100:] = 0.02, 15.0
    panel = make_panel(rng.poisson(level * shape).astype(float))
    frame = build_frame(panel.week_starts, 13, (), 6)
    profile = fit_profile(panel.y, panel.mask, panel.group, frame, SETTINGS)
    parts = fit_additive(panel.y, panel.mask, panel.group, frame, profile, SETTINGS)
    typical = np.abs(parts.season[2:]).mean()
    assert np.abs(parts.season[0]).mean() < 0.5 * typical
    assert np.abs(parts.season[1]).mean() > typical
