"""Quantiles come from errors made at the same horizon, and from a count distribution where those are too few."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom

from mercurios.forecasting import quantiles
from mercurios.forecasting.classes import CLASS_NAMES, SMOOTH

PROBABILITIES = (0.5, 0.8, 0.95)


def windows(count: int, rows: int, seed: int = 0) -> list[tuple]:
    rng = np.random.default_rng(seed)
    code = np.full(rows, SMOOTH)
    return [
        (code, np.full((rows, 4), 20.0), rng.normal(0, 1, (rows, 4)), np.ones((rows, 4), dtype=bool))
        for _ in range(count)
    ]


def test_pooled_offsets_are_the_quantiles_of_the_scaled_errors() -> None:
    pool = quantiles.fit_pool(windows(4, 2_000), 4, PROBABILITIES)
    offset = pool.lookup(np.array([SMOOTH]), np.full((1, 4), 20.0))[0]
    np.testing.assert_allclose(offset, np.tile([0.0, 0.8416, 1.6449], (4, 1)), atol=0.08)


def test_the_rank_is_the_conformal_one() -> None:
    assert quantiles._ranks(np.arange(199.0), (0.5, 0.95)).tolist() == [99.0, 189.0]


def test_two_origins_are_too_few_to_pool() -> None:
    assert np.isnan(quantiles.fit_pool(windows(2, 2_000), 4, PROBABILITIES).offsets).all()


def test_a_thin_level_borrows_from_its_class() -> None:
    pool = quantiles.fit_pool(windows(3, 500), 4, PROBABILITIES)
    elsewhere = pool.lookup(np.array([SMOOTH]), np.full((1, 4), 0.2))
    assert np.array_equal(elsewhere[0], pool.offsets[SMOOTH, -1])


def test_without_a_pool_the_quantiles_are_negative_binomial() -> None:
    empty = quantiles.ErrorPool(np.full((len(CLASS_NAMES), 8, 1, 3), np.nan))
    found = quantiles.quantiles(np.array([[2.0]]), np.array([2.0]), np.array([SMOOTH]), empty, PROBABILITIES)
    assert found[0, 0].tolist() == nbinom.ppf(PROBABILITIES, 2.0, 0.5).tolist()


@pytest.mark.parametrize("mean", [1e-12, 1e-3, 0.2, 5.0, 1e6])
@pytest.mark.parametrize("ratio", [0.0, 1.0, 3.0, 1e6])
def test_negative_binomial_quantiles_are_finite_and_ordered_everywhere(mean: float, ratio: float) -> None:
    found = quantiles.negative_binomial(np.array([mean]), np.array([mean * ratio]), PROBABILITIES)[0]
    assert np.isfinite(found).all()
    assert found[0] >= 0.0
    assert np.all(np.diff(found) >= 0)


def test_the_scale_is_at_least_that_of_a_count_of_the_same_mean() -> None:
    y = np.full((1, 60), 9.0)
    assert quantiles.error_scale(y, np.ones(y.shape, dtype=bool)).tolist() == [3.0]
