"""The pool of methods: one alone is what a mixture of nothing else would be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mercurios.forecasting.engine import fit_shared
from mercurios.forecasting.methods.additive import Parts
from mercurios.forecasting.methods.pool import (
    ADDITIVE,
    MEAN_13W,
    METHODS,
    OWN_SEASON,
    POOLED_SES,
    POOLED_TSB,
    SBA,
    SEASONAL_NAIVE,
    SES,
    TSB,
    Candidates,
    candidates,
)
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.settings import ForecastSettings
from mercurios.forecasting.uncertainty.quantiles import Spread

SETTINGS = ForecastSettings()


def test_a_method_alone_is_the_mixture_of_nothing_else_for_new_series_too(
    make_panel: Callable[..., Panel],
) -> None:
    """New series lean on their group's level in both; the flat methods have a shorter way to their forecast."""
    rng = np.random.default_rng(5)
    units = rng.poisson(4.0, (12, 60)).astype(float)
    mask = np.ones(units.shape, dtype=bool)
    mask[:6, :55] = False
    panel = make_panel(units, mask=mask)
    pool = candidates(panel, fit_shared(panel, (), SETTINGS).shared[panel.n_weeks], (), SETTINGS)

    for method in range(len(METHODS)):
        weight = np.zeros((panel.n_series, len(METHODS)))
        weight[:, method] = 1.0
        np.testing.assert_allclose(pool.single(method), pool.bounded(pool.mixed(weight)), rtol=1e-9)

    assert (pool.own_share[:6] < 1.0).all()
    assert (pool.usual[:6] > 0.0).all()
    assert pool.single(SEASONAL_NAIVE).shape == (panel.n_series, SETTINGS.horizon)


def row(*values: float) -> np.ndarray:
    return np.array([values])


@pytest.fixture
def pool() -> Candidates:
    """One series, two periods, round numbers; three quarters of its forecast are its own."""
    return Candidates(
        additive=Parts(row(10, 10), row(1, 2), row(3, -3), row(0, 4), row(5, 0)),
        regressor_base=row(20, 30),
        level=row(2, 3, 5, 7, 11, 13),
        season=row(1.5, 0.5),
        holiday=row(1, 2),
        regressor=row(3, 1),
        naive=row(4, 8),
        own_level=np.array([6.0]),
        own_season=row(2.0, 0.5),
        available=(True,) * len(METHODS),
        demand_class=np.zeros(1, dtype=np.int64),
        spread=Spread(np.ones(1), np.zeros(1)),
        ceiling=np.array([100.0]),
        own_share=np.array([0.75]),
        usual=np.array([40.0]),
        beta=np.zeros((1, 0)),
        usual_x=np.zeros((1, 0)),
        typical=np.zeros(1),
        closed=np.zeros((1, 2), dtype=bool),
        left=np.ones((1, 2)),
    )


# Half of the additive model, a tenth of both pooled methods and of the naive one, a twentieth of the four flat ones.
MIXTURE = row(0.5, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.0)
HALF_OWN = row(0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5)


def test_a_mixture_adds_up_part_by_part_and_leans_on_its_groups_usual_level(pool: Candidates) -> None:
    """Pooled level 0.5, flat level 1.8; the naive forecast is 6 on average and its season goes around that."""
    mixed = pool.mixed(MIXTURE)

    level = 0.75 * (5.0 + 0.5 + 1.8 + 0.6) + 0.25 * 40.0
    np.testing.assert_allclose(mixed.level, row(level, level))
    np.testing.assert_allclose(mixed.trend, 0.75 * row(0.5, 1.0))
    np.testing.assert_allclose(mixed.season, 0.75 * row(1.5 + 0.25 - 0.2, -1.5 - 0.25 + 0.2))
    np.testing.assert_allclose(mixed.holiday, 0.75 * row(0.0, 2.0 + 0.5 * (1.0 - 0.5)))
    np.testing.assert_allclose(mixed.regressor, 0.75 * row(2.5 + 0.5 * 1.5 * 2.0, 0.0))


def test_a_regressor_acts_on_what_season_and_holiday_make_of_the_level(pool: Candidates) -> None:
    np.testing.assert_allclose(
        pool.mixed_regressor_base(MIXTURE), 0.75 * row(10.0 + 0.5 * 1.5, 15.0 + 0.5 * 1.0)
    )


def test_an_own_season_is_part_of_the_season_that_regressors_act_on(
    pool: Candidates,
) -> None:
    """Half of a level of 6 that doubles in the first period and halves in the second."""
    mixed = pool.mixed(HALF_OWN)

    np.testing.assert_allclose(mixed.level, row(*2 * [0.75 * (5.0 + 3.0) + 10.0]))
    np.testing.assert_allclose(mixed.season, 0.75 * row(1.5 + 3.0, -1.5 - 1.5))
    np.testing.assert_allclose(mixed.holiday, 0.75 * row(0.0, 2.0 + 1.5))
    np.testing.assert_allclose(mixed.regressor, 0.75 * row(2.5 + 6.0 * 2.0, 0.0))
    np.testing.assert_allclose(pool.mixed_regressor_base(HALF_OWN), 0.75 * row(10.0 + 6.0, 15.0 + 3.0))


@pytest.mark.parametrize(
    ("method", "own"),
    [
        (ADDITIVE, (19, 13)),
        (POOLED_SES, (9, 2)),
        (POOLED_TSB, (13.5, 3)),
        (SBA, (5, 5)),
        (TSB, (7, 7)),
        (SES, (11, 11)),
        (MEAN_13W, (13, 13)),
        (SEASONAL_NAIVE, (4, 8)),
        (OWN_SEASON, (36, 6)),
    ],
)
def test_a_method_alone_forecasts_its_level_times_the_factors_it_knows(
    pool: Candidates, method: int, own: tuple[float, float]
) -> None:
    np.testing.assert_allclose(pool.single(method), 0.75 * row(*own) + 10.0)


def test_no_forecast_is_negative_or_above_the_ceiling(pool: Candidates) -> None:
    low = Parts(row(-100, 10), row(0, 0), row(0, 0), row(0, 0), row(0, 0))
    bounded = replace(pool, ceiling=np.array([12.0]), own_share=np.ones(1), additive=low)

    assert bounded.single(MEAN_13W).tolist() == [[12.0, 12.0]]
    assert bounded.single(ADDITIVE).tolist() == [[0.0, 10.0]]


@pytest.mark.parametrize(
    ("weeks", "seasonal", "own"),
    [(51, False, False), (52, True, False), (103, True, False), (104, True, True)],
    ids=["less than a year", "a year", "less than two years", "two years"],
)
def test_what_a_panel_is_too_young_for_is_not_available(
    make_panel: Callable[..., Panel], weeks: int, seasonal: bool, own: bool
) -> None:
    panel = make_panel(np.random.default_rng(1).poisson(4.0, (4, weeks)).astype(float))

    found = candidates(panel, fit_shared(panel, (), SETTINGS).shared[panel.n_weeks], (), SETTINGS)

    available = {METHODS[at] for at, is_here in enumerate(found.available) if is_here}
    young = {"additive", "sba", "tsb", "ses", "mean_13w"}
    young |= {"pooled_ses", "pooled_tsb", "seasonal_naive"} if seasonal else set()
    assert available == (young | {"own_season"} if own else young)
    assert found.ceiling.tolist() == (3.0 * panel.y.max(axis=1)).tolist()
    if not seasonal:
        np.testing.assert_array_equal(found.level[:, 0], found.level[:, 4])
        np.testing.assert_array_equal(found.level[:, 1], found.level[:, 3])
