"""Common errors of the origins, worked out by their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from mercurios.forecasting.uncertainty.common_error import Total, fit_common_errors

# Thirty-one parts of equal probability.
MIDDLES = (np.arange(31) + 0.5) / 31


@pytest.mark.parametrize(
    ("actual", "forecast", "ratio"),
    [
        (120.0, 100.0, np.log(1.2)),
        (100.0, 120.0, -np.log(1.2)),
        (1e6, 1.0, 0.7),
        (1.0, 1e6, -0.7),
        (0.0, 5.0, 0.0),
        (5.0, 0.0, 0.0),
        (-1.0, 5.0, 0.0),
        (0.5, 0.25, np.log(2.0)),
    ],
)
def test_an_origins_error_is_the_logarithm_of_demand_over_forecasts_within_limits(
    actual: float, forecast: float, ratio: float
) -> None:
    assert Total(actual, forecast, 0.0).log_ratio == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("noise", "relative"), [(0.0, 0.0), (4.0, 0.04), (99.0, 0.99), (100.0, 1.0), (1e9, 1.0)]
)
def test_noise_is_relative_to_the_forecasts_and_one_where_nothing_is_known(
    noise: float, relative: float
) -> None:
    assert Total(3.0, 10.0, noise).relative_noise == pytest.approx(relative)


@pytest.mark.parametrize(
    ("years", "prior", "lasting"),
    [(0.0, 0.25, 0.1), (1.0, 0.25, 0.1), (1.5, 0.175, 0.065), (2.0, 0.1, 0.03), (5.0, 0.1, 0.03)],
)
def test_one_origin_without_an_error_leaves_the_prior_of_the_known_seasons(
    years: float, prior: float, lasting: float
) -> None:
    """Its own uncertainty is added: with v the prior's variance, v + v * trust, and trust = b / (b + v).

    The variance b is that of a bias that lasts.
    """
    found = fit_common_errors([Total(50.0, 50.0, 0.0)], 1.0, years)

    v, b = prior**2, lasting**2
    assert found.deviation == pytest.approx(np.sqrt(v + v * b / (b + v)))
    assert found.bias == 0.0
    points = t.ppf(MIDDLES, 3.0) * found.deviation
    np.testing.assert_allclose(found.factors, [np.exp(np.clip(points, -0.7, 0.7))])


def test_two_origins_share_the_prior_of_three_with_what_they_show() -> None:
    """Errors of 0.3 and 0.1: mean 0.2, variance 0.01; noise explains 0.004 of it, and four degrees are left."""
    totals = [Total(10.0 * np.exp(error), 10.0, 0.4) for error in (0.3, 0.1)]

    found = fit_common_errors(totals, 2.0, 2.0)

    variance = (3.0 * 0.01 + 1.0 * 0.006) / 4.0
    unsure = (variance + 0.004) / 2.0
    trust = 0.0009 / (0.0009 + unsure)
    assert found.bias == pytest.approx(trust * 0.2)
    assert found.deviation == pytest.approx(np.sqrt(variance + trust * unsure))
    points = t.ppf(MIDDLES, 4.0) * found.deviation
    for factor, error in zip(found.factors, (0.3, 0.1), strict=True):
        np.testing.assert_allclose(factor, np.exp(points + found.bias - error))


def test_origins_that_overlap_count_for_less() -> None:
    totals = [Total(10.0 * np.exp(error), 10.0, 0.0) for error in (0.3, 0.1, 0.2)]

    overlapping, apart = (fit_common_errors(totals, count, 2.0) for count in (0.5, 3.0))

    # Half an origin is one: nothing is known of how they differ.
    unsure = 0.01
    assert overlapping.bias == pytest.approx(0.2 * 0.0009 / (0.0009 + unsure))
    assert apart.bias > overlapping.bias


def test_no_origin_leaves_the_prior_and_corrects_nothing() -> None:
    """Noise is one where nothing is known, so that hardly any trust is left."""
    found = fit_common_errors([], 0.0, 2.0)

    assert (found.factors, found.bias) == ([], 0.0)
    assert found.deviation == pytest.approx(np.sqrt(0.01 + 0.0009 / (0.0009 + 1.01) * 1.01))


def test_a_factor_is_at_most_twice_or_half_of_the_demand() -> None:
    [factor] = fit_common_errors([Total(1e9, 1.0, 0.0)], 1.0, 0.0).factors

    assert factor.min() == pytest.approx(np.exp(-0.7))
    assert factor.max() < np.exp(0.7)


def test_what_origins_were_off_by_lasts_where_the_season_is_unknown() -> None:
    """They were off by its rise, which goes on; where it is known, by an error of it at another time of the year."""
    totals = [Total(10.0 * np.exp(error), 10.0, 0.0) for error in (0.12, 0.1, 0.11)]

    unknown, known = (fit_common_errors(totals, 2.0, years).bias for years in (1.0, 2.0))

    assert unknown > 0.02
    assert known < 0.025
    assert known > 0.0
