"""The batched smoothers give, for one series, what the textbook and statsmodels give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from histories import history_of
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from mercurios.forecasting.methods import smoothing
from mercurios.forecasting.panel.cadence import DAILY, WEEKLY
from mercurios.forecasting.panel.outliers import flag_outliers, without_one_offs

GRID = (0.05, 0.1, 0.2, 0.4)


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    rng = np.random.default_rng(31)
    return rng.poisson(rng.gamma(2.0, 1.5, (40, 1)), (40, 90)).astype(float)


@pytest.mark.parametrize("row", [0, 7, 23])
def test_ses_of_one_series_is_that_of_statsmodels(counts: np.ndarray, row: int) -> None:
    found = smoothing.ses(history_of(counts), GRID)
    start = smoothing.starting_level(history_of(counts))[row]
    for at, alpha in enumerate(GRID):
        model = SimpleExpSmoothing(counts[row], initialization_method="known", initial_level=start)
        reference = model.fit(smoothing_level=alpha, optimized=False)
        np.testing.assert_allclose(found.level[row, at], reference.forecast(1)[0], rtol=0, atol=1e-8)
        np.testing.assert_allclose(found.squared_error[row, at], reference.sse, rtol=1e-10)


def test_the_level_is_demand_over_what_the_seasonal_factor_expects() -> None:
    factor = np.exp(np.sin(np.arange(80) / 6.0))[None, :]
    y = 5.0 * factor
    assert smoothing.ses(history_of(y), GRID, factor).level == pytest.approx(np.full((1, 4), 5.0))
    assert smoothing.tsb(history_of(y), GRID, factor).level == pytest.approx(np.full((1, 4), 5.0))


def test_tsb_is_the_recursion_of_the_paper(counts: np.ndarray) -> None:
    alpha = 0.1
    found = smoothing.tsb(history_of(counts), (alpha,)).level[:, 0]
    for row in (1, 12, 30):
        y = counts[row]
        size, chance = y[y > 0][:8].mean(), (y > 0).mean()
        for demand in y:
            if demand > 0:
                size += alpha * (demand - size)
            chance += alpha * ((demand > 0) - chance)
        np.testing.assert_allclose(found[row], size * chance, rtol=0, atol=1e-8)


def test_sba_is_the_recursion_of_the_paper(counts: np.ndarray) -> None:
    found = smoothing.sba(history_of(counts), 0.1)
    for row in (1, 12, 30):
        sold = counts[row][counts[row] > 0]
        size, interval, gap = sold.mean(), counts.shape[1] / sold.size, None
        for demand in counts[row]:
            if demand > 0:
                size += 0.1 * (demand - size)
                interval += 0.1 * (gap - interval) if gap is not None else 0.0
                gap = 1
            elif gap is not None:
                gap += 1
        np.testing.assert_allclose(found[row], 0.95 * size / interval, rtol=0, atol=1e-8)


def test_sba_of_a_series_that_sells_rarely_is_what_it_sells() -> None:
    """Begun with an interval of one it forecast three times as much."""
    rng = np.random.default_rng(4)
    y = (rng.random((200, 104)) < 0.05) * rng.integers(1, 9, (200, 104)).astype(float)

    assert smoothing.sba(history_of(y)).mean() == pytest.approx(y.mean(), rel=0.1)


def test_an_article_that_stops_selling_fades_in_tsb_and_not_in_sba() -> None:
    y = np.concatenate([np.full(40, 6.0), np.zeros(40)])[None, :]
    assert smoothing.tsb(history_of(y)).averaged()[0] < 0.3
    assert smoothing.sba(history_of(y))[0] > 5.0


@pytest.mark.parametrize("method", [smoothing.ses, smoothing.tsb])
def test_masked_periods_change_nothing(counts: np.ndarray, method: object) -> None:
    gaps = np.insert(counts, 50, 99.0, axis=1)
    mask = np.ones(gaps.shape, dtype=bool)
    mask[:, 50] = False
    assert np.array_equal(method(history_of(gaps, mask), GRID).level, method(history_of(counts), GRID).level)


def test_the_constant_that_predicts_better_gets_the_weight() -> None:
    rng = np.random.default_rng(5)
    walk = 50.0 + np.cumsum(rng.normal(0, 3.0, (1, 200)), axis=1)
    noise = rng.normal(50.0, 3.0, (1, 200))
    for y, constant in ((walk, 3), (noise, 0)):
        found = smoothing.ses(history_of(y), GRID)
        distance = np.abs(found.level[0] - found.averaged()[0])
        assert int(np.argmin(distance)) == constant


def test_a_series_level_does_not_depend_on_its_neighbours(counts: np.ndarray) -> None:
    for method in (smoothing.ses, smoothing.tsb):
        together = method(history_of(counts)).averaged()
        for rows in (slice(0, 1), slice(5, 22)):
            assert np.array_equal(method(history_of(counts[rows])).averaged(), together[rows])


def test_a_day_forgets_a_seventh_of_a_week() -> None:
    assert WEEKLY.slowed((0.2,)) == pytest.approx((0.2,))
    assert (1.0 - DAILY.slowed((0.2,))[0]) ** 7 == pytest.approx(0.8)


def test_a_keyed_in_outlier_is_flagged_and_a_promotion_is_not() -> None:
    y = np.full((4, 30), 12.0)
    y[0, 10], y[1, 10], y[3, 4:] = 74_215.0, 100.0, 0.0
    y[2] = 0.0
    y[2, 3] = 500.0
    flagged = flag_outliers(history_of(y))
    assert np.argwhere(flagged).tolist() == [[0, 10]]


@pytest.mark.parametrize(
    ("units", "damped"),
    [
        # Ten times the third best around is 50: 51 with low neighbours is one order, 50 is not.
        ([4.0, 5.0, 1.0, 51.0, 2.0, 9.0, 3.0, 4.0, 1.0], 15.0),
        ([4.0, 5.0, 1.0, 50.0, 2.0, 9.0, 3.0, 4.0, 1.0], None),
        # A second good week beside it is a peak, not an order.
        ([4.0, 5.0, 1.0, 51.0, 9.0, 5.0, 3.0, 4.0, 1.0], None),
        # Few units are few, and a series that hardly sells has no usual week.
        ([1.0, 1.0, 0.0, 19.0, 0.0, 1.0, 0.0, 0.0, 0.0], None),
        ([0.0, 1.0, 0.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.0], None),
    ],
)
def test_a_one_off_order_counts_as_a_very_good_week(units: list[float], damped: float | None) -> None:
    expected = [damped if damped and at == 3 else value for at, value in enumerate(units)]
    assert without_one_offs(history_of(np.array([units]))).tolist() == [expected]


def test_a_peak_of_another_quarter_hides_no_one_off_order() -> None:
    """Goods of Christmas that sell little in summer: the order there is not one of their peaks."""
    units = np.full(60, 16.0)
    units[5:9], units[40] = 150.0, 1000.0

    damped = without_one_offs(history_of(units[None, :]))

    assert damped[0, 40] == 3 * 16.0
    assert damped[0, 5:9].tolist() == [150.0] * 4


def test_one_off_orders_stay_where_promotions_are_known() -> None:
    units = np.array([[4.0, 5.0, 1.0, 51.0, 2.0, 9.0, 3.0, 4.0, 1.0]])
    history = replace(history_of(units), x=np.zeros((1, 9, 1)))
    assert without_one_offs(history) is history.y
