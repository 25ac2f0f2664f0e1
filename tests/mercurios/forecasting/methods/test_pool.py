"""The pool of methods: one alone is what a mixture of nothing else would be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mercurios.forecasting.engine import fit_shared
from mercurios.forecasting.methods.pool import METHODS, SEASONAL_NAIVE, candidates
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.settings import ForecastSettings

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
