"""Quantiles come from errors made at the same horizon, and from a count distribution where those are too few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from histories import history_of
from scipy.stats import nbinom

from mercurios.forecasting import ForecastSettings, Panel, fit_shared
from mercurios.forecasting.panel.classes import CLASS_NAMES, NONE, SMOOTH
from mercurios.forecasting.selection import learn
from mercurios.forecasting.selection.backtest import run_windows
from mercurios.forecasting.uncertainty import quantiles
from mercurios.forecasting.uncertainty.common_error import CommonErrors, Total, fit_common_errors
from mercurios.forecasting.uncertainty.quantiles import ErrorPool, Errors, Spread

PROBABILITIES = (0.5, 0.8, 0.95)


def errors(count: int, rows: int, seed: int = 0, shared: float = 0.0) -> list[Errors]:
    """Demand around 20 with variance 20 and, shared by an origin, a factor."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        factor = np.exp(shared * rng.normal())
        weekly = 20.0 * factor + np.sqrt(20.0) * rng.normal(0, 1, (rows, 5))
        actual = np.concatenate([weekly, np.cumsum(weekly, axis=1)], axis=1)
        spread = Spread(np.full(rows, 20.0), np.zeros(rows))
        mean, scale = quantiles.targets(np.full((rows, 5), 20.0), spread)
        found.append(Errors(np.full(rows, SMOOTH), mean, actual, scale, np.ones((rows, 10), dtype=bool)))
    return found


def calm(count: int) -> CommonErrors:
    return CommonErrors([np.ones(1)] * count, 0.0, 0.0)


def test_pooled_offsets_are_the_quantiles_of_the_scaled_errors() -> None:
    pool = quantiles.fit_pool(errors(4, 2_000), PROBABILITIES, calm(4), 5)
    offset = pool.lookup(np.array([SMOOTH]), np.full((1, 5), 20.0))[0]
    np.testing.assert_allclose(offset, np.tile([0.0, 0.8416, 1.6449], (5, 1)), atol=0.08)


def test_weeks_that_are_wrong_together_make_a_sum_wider_than_the_root_of_its_weeks() -> None:
    rng = np.random.default_rng(5)
    # One error for each forecast, the same in each of its weeks.
    level = np.sqrt(20.0) * rng.normal(0, 1, (3_000, 1))
    [past] = errors(1, 3_000)
    error = past.actual[:, :5] - 20.0
    for share, widened in ((0.0, 1.0), (0.5, np.sqrt(0.5 + 0.5 * 4)), (1.0, 2.0)):
        weekly = 20.0 + np.sqrt(1 - share) * error + np.sqrt(share) * level
        actual = np.concatenate([weekly, np.cumsum(weekly, axis=1)], axis=1)
        alike = Errors(past.demand_class, past.mean, actual, past.scale, past.usable)
        pool = quantiles.fit_pool([alike], PROBABILITIES, calm(1), 5)
        found = quantiles.quantiles(past.mean[:1], past.scale[:1], past.demand_class[:1], pool, PROBABILITIES)
        distance = found[0, :, 2] - past.mean[0]
        assert distance[8] / (2.0 * distance[1]) == pytest.approx(widened, rel=0.05), "four weeks, of one"
        assert distance[5] == distance[0], "one week is that week"


def test_the_rank_is_the_conformal_one() -> None:
    assert quantiles._ranks(np.arange(199.0), (0.5, 0.95, 0.999)).tolist() == [99.0, 189.0, 198.0]


def test_a_sum_with_an_unobserved_week_is_no_error_of_a_sum(seasonal_panel: Panel) -> None:
    settings = ForecastSettings(horizon=4, windows=1)
    cut = seasonal_panel.n_weeks - 4
    mask = seasonal_panel.mask.copy()
    mask[3, cut + 1] = False
    panel = replace(seasonal_panel, y=np.where(mask, seasonal_panel.y, 0.0), mask=mask)
    context = fit_shared(panel, (), settings)
    window = run_windows(panel, context.shared, (), settings)[0]
    found = learn._errors(window, window.candidates.single(0), np.arange(5), 0.0)
    assert found.usable[2].all()
    assert found.usable[3].tolist() == [True, False, True, True, True, False, False, False]
    assert found.actual[2, 4:].tolist() == np.cumsum(panel.y[2, cut:]).tolist()


def test_the_common_error_of_an_origin_is_replaced_by_what_the_next_one_may_have() -> None:
    shared = [np.log(1.3), np.log(0.8), 0.0, np.log(1.1)]
    common = fit_common_errors([Total(100.0 * np.exp(s), 100.0, 0.0) for s in shared], 4.0, 3.0)
    assert 0.1 < common.deviation < 0.2
    for factor, error in zip(common.factors, shared, strict=True):
        assert np.median(factor) == pytest.approx(np.exp(common.bias - error))
    assert 0.0 < common.bias < np.mean(shared)


def test_quantiles_cover_the_next_origin_though_origins_are_few() -> None:
    covered = []
    for seed in range(40):
        past = errors(5, 300, seed, shared=0.15)
        following = past.pop()
        totals = [
            Total(
                float(o.actual[:, :5].sum()), float(o.mean[:, :5].sum()), float((o.scale[:, :5] ** 2).sum())
            )
            for o in past
        ]
        common = fit_common_errors(totals, 4.0, 3.0)
        pool = quantiles.fit_pool(past, PROBABILITIES, common, 5)
        found = quantiles.quantiles(
            following.mean * np.exp(common.bias), following.scale, following.demand_class, pool, PROBABILITIES
        )
        covered.append((following.actual[:, :, None] <= found).mean(axis=(0, 1)))
    np.testing.assert_allclose(np.mean(covered, axis=0), PROBABILITIES, atol=0.05)


def test_a_market_whose_year_was_never_seen_may_be_further_off() -> None:
    totals = [Total(100.0, 100.0, 0.0)] * 3
    young, old = (fit_common_errors(totals, 2.0, years).deviation for years in (0.7, 2.0))
    assert young > 1.5 * old


def test_what_the_noise_of_few_series_explains_is_no_common_error() -> None:
    ratios = (1.4, 0.7, 1.0, 1.2)
    noisy, sure = (
        fit_common_errors([Total(100.0 * r, 100.0, noise) for r in ratios], 4.0, 3.0) for noise in (1e4, 0.0)
    )
    assert noisy.deviation < sure.deviation
    assert abs(noisy.bias) < 0.2 * abs(sure.bias)


def test_a_thin_level_borrows_from_its_class() -> None:
    pool = quantiles.fit_pool(errors(3, 500), PROBABILITIES, calm(3), 5)
    elsewhere = pool.lookup(np.array([SMOOTH]), np.full((1, 5), 0.2))
    assert np.array_equal(elsewhere[0], pool.offsets[SMOOTH, -1, :5])


def test_a_thin_class_borrows_from_the_others_at_its_level() -> None:
    pool = quantiles.fit_pool(errors(3, 500), PROBABILITIES, calm(3), 5)
    other = pool.lookup(np.array([SMOOTH + 1]), np.full((1, 5), 20.0))
    assert np.array_equal(other, pool.lookup(np.array([SMOOTH]), np.full((1, 5), 20.0)))


def test_without_a_pool_the_quantiles_are_negative_binomial() -> None:
    empty = ErrorPool(np.full((len(CLASS_NAMES) + 1, 8, 1, 3), np.nan), 0.0)
    found = quantiles.quantiles(
        np.array([[2.0]]), np.array([[2.0]]), np.array([SMOOTH]), empty, PROBABILITIES
    )
    assert found[0, 0].tolist() == nbinom.ppf(PROBABILITIES, 2.0, 0.5).tolist()


@pytest.mark.parametrize("mean", [1e-12, 1e-3, 0.2, 5.0, 1e6])
@pytest.mark.parametrize("ratio", [0.0, 1.0, 3.0, 1e6])
def test_negative_binomial_quantiles_are_finite_and_ordered_everywhere(mean: float, ratio: float) -> None:
    found = quantiles.negative_binomial(np.array([mean]), np.array([mean * ratio]), PROBABILITIES)[0]
    assert np.isfinite(found).all()
    assert found[0] >= 0.0
    assert np.all(np.diff(found) >= 0)


def test_the_spread_is_at_least_that_of_a_count_and_grows_with_the_forecast() -> None:
    y = np.full((1, 60), 9.0)
    even = quantiles.error_spread(history_of(y))
    assert even.at(np.array([[9.0, 36.0]])).tolist() == [[3.0, 6.0]]
    lumpy = Spread(np.array([10.0]), np.array([1.0]))
    assert lumpy.at(np.array([[10.0]]))[0, 0] == pytest.approx(np.sqrt(110.0))


def test_the_variance_of_a_few_weeks_is_shrunk_to_that_of_an_ordinary_series() -> None:
    rng = np.random.default_rng(3)
    # Mean 10, excess 0.5.
    y = rng.negative_binomial(2.0, 2.0 / 12.0, (4_000, 60)).astype(float)
    whole = np.ones(y.shape, dtype=bool)
    usual = quantiles.usual_excess(history_of(y))
    assert usual == pytest.approx(0.5, rel=0.1)
    for weeks, better in ((2, 3.0), (5, 1.5), (52, 1.0)):
        young = whole & (np.arange(60) >= 60 - weeks)
        history = history_of(y, young)
        alone, shrunk = (quantiles.error_spread(history, known).excess for known in (None, usual))
        error, less = (float(np.sqrt(((found - 0.5) ** 2).mean())) for found in (alone, shrunk))
        assert error / less > better, f"{weeks} weeks"
    assert quantiles.error_spread(history_of(y, ~whole), usual).excess == pytest.approx(usual)


def test_no_informative_series_means_no_excess() -> None:
    y = np.zeros((3, 60))
    assert quantiles.usual_excess(history_of(y)) == 0.0


def test_the_spread_of_a_sum_is_that_of_independent_periods() -> None:
    spread = Spread(np.array([10.0]), np.array([0.5]))
    _, scale = quantiles.targets(np.full((1, 3), 10.0), spread)
    np.testing.assert_allclose(scale[0, 3:], np.sqrt([1.0, 2.0, 3.0]) * scale[0, 0])


@pytest.mark.parametrize(
    ("target", "expected"),
    [(0, (0, 2)), (1, (0, 3)), (2, (1, 4)), (3, (2, 4)), (4, (0, 2)), (5, (5, 6)), (7, (7, 8))],
)
def test_a_week_shares_the_errors_of_its_neighbours_and_a_sum_has_its_own(
    target: int, expected: tuple[int, int]
) -> None:
    """Four weeks, then the sums of one to four; the sum of one week is that week."""
    assert quantiles._near(target, 4) == slice(*expected)


@pytest.mark.parametrize("count", [149, 150])
def test_a_pool_needs_150_errors(count: int) -> None:
    found = quantiles._ranks(np.arange(float(count)), (0.5,))

    assert np.isnan(found).all() if count == 149 else found.tolist() == [75.0]


def test_a_rank_counts_an_error_once_however_many_common_errors_it_is_repeated_for() -> None:
    """Of 199 errors the 0.95 quantile is the 190th; repeated three times the 570th of 597."""
    values = np.repeat(np.arange(199.0)[:, None], 3, axis=1)

    assert quantiles._ranks(values, (0.5, 0.95, 0.999)).tolist() == [99.0, 189.0, 198.0]


@pytest.mark.parametrize(("weeks", "selling", "informative"), [(13, 5, True), (12, 5, False), (13, 4, False)])
def test_a_series_of_a_quarter_with_five_sales_says_what_spread_is_ordinary(
    weeks: int, selling: int, informative: bool
) -> None:
    y = np.zeros((1, 20))
    y[0, 20 - selling :] = 100.0
    mask = np.arange(20)[None, :] >= 20 - weeks

    found = quantiles.usual_excess(history_of(y, mask))

    assert (found > 0.0) is informative


def test_excess_is_what_the_variance_has_beyond_that_of_a_count() -> None:
    """Mean 4 and variance 16 * 8 / 7; a constant series and one that never sold have none. Last year's weeks count."""
    y = np.zeros((3, 60))
    y[0, 52:] = np.tile([0.0, 8.0], 4)
    y[0, :52] = 1000.0
    y[1] = 4.0
    mask = np.ones((3, 60), dtype=bool)
    mask[0, 8:52] = False

    found = quantiles.error_spread(history_of(np.where(mask, y, 0.0)[:, 8:], mask[:, 8:]))

    variance = 8 * 16.0 / 7.0
    assert found.mean.tolist() == [4.0, 4.0, 0.0]
    assert found.excess.tolist() == pytest.approx([(variance - 4.0) / 16.0, 0.0, 0.0])
    shrunk = quantiles.error_spread(history_of(np.where(mask, y, 0.0)[:, 8:], mask[:, 8:]), 0.5).excess
    assert shrunk[0] == pytest.approx((7 * (variance - 4.0) / 16.0 + 4 * 0.5) / 11.0)


def test_only_the_last_years_weeks_show_a_spread() -> None:
    y = np.append(np.full(10, 500.0), np.full(52, 4.0))[None, :]

    assert quantiles.error_spread(history_of(y)).mean.tolist() == [4.0]


def test_the_spread_of_a_forecast_of_nothing_is_not_zero() -> None:
    spread = Spread(np.zeros(1), np.zeros(1))

    np.testing.assert_allclose(spread.at(np.zeros((1, 2)), np.array([1.0, 4.0])), [[0.05**0.5, 0.2**0.5]])


def test_a_quantile_is_the_mean_and_its_scaled_offset_and_never_descends() -> None:
    offsets = np.full((len(CLASS_NAMES) + 1, 8, 2, 3), np.nan)
    offsets[SMOOTH, 4] = [[-9.0, 0.5, 2.0], [1.0, 0.5, 2.0]]
    pool = ErrorPool(offsets, 0.0)

    found = quantiles.quantiles(
        np.array([[4.0, 4.0]]), np.array([[2.0, 1.0]]), np.array([SMOOTH]), pool, PROBABILITIES
    )

    assert found.tolist() == [[[0.0, 5.0, 8.0], [5.0, 5.0, 6.0]]]


@pytest.mark.parametrize(
    ("level", "at"), [(0.05, 0), (0.1, 1), (0.3, 2), (1.0, 3), (3.0, 4), (10.0, 5), (50.0, 6), (1e6, 6)]
)
def test_errors_are_pooled_by_level_of_the_forecast(level: float, at: int) -> None:
    offsets = np.arange((len(CLASS_NAMES) + 1) * 8.0).reshape(-1, 8, 1, 1)

    assert ErrorPool(offsets, 0.0).lookup(np.array([1]), np.array([[level]])).tolist() == [[[8.0 + at]]]


def test_a_series_that_never_sold_has_no_quantiles_but_zero() -> None:
    empty = ErrorPool(np.full((len(CLASS_NAMES) + 1, 8, 2, 1), np.nan), 0.0)
    mean, scale = np.array([[0.0, 0.0], [0.0, 3.0]]), np.full((2, 2), 9.0)

    found = quantiles.quantiles(mean, scale, np.array([NONE, NONE]), empty, (0.99,))

    assert found[0].tolist() == [[0.0], [0.0]]
    assert found[1, 1, 0] > 3.0


def test_a_common_error_widens_quantiles_that_no_pool_knows() -> None:
    mean, scale = np.array([[50.0]]), np.array([[10.0]])
    empty = np.full((len(CLASS_NAMES) + 1, 8, 1, 1), np.nan)

    found = quantiles.quantiles(mean, scale, np.array([SMOOTH]), ErrorPool(empty, 0.2), (0.95,))

    # Variance 100 and a fifth of fifty squared: r = m^2 / (v - m), p = m / v.
    assert found.item() == nbinom.ppf(0.95, 2500.0 / 150.0, 0.25)


@pytest.mark.parametrize(
    ("mean", "variance"), [(0.3, 0.5), (2.0, 9.0), (5.0, 5.0), (40.0, 100.0), (7.0, 1e9)]
)
def test_negative_binomial_quantiles_are_those_of_scipy(mean: float, variance: float) -> None:
    found = quantiles.negative_binomial(np.array([mean]), np.array([variance]), PROBABILITIES)[0]

    used = min(max(variance, 1.05 * mean), 1e4 * mean)
    expected = nbinom.ppf(PROBABILITIES, mean * mean / (used - mean), mean / used)
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(("mean", "is_zero"), [(0.19, True), (0.6, False)])
def test_a_mean_that_leaves_less_than_the_rest_above_zero_has_a_quantile_of_zero(
    mean: float, is_zero: bool
) -> None:
    found = quantiles.negative_binomial(np.array([mean]), np.array([mean]), (0.8,)).item()

    assert (found == 0.0) is is_zero
