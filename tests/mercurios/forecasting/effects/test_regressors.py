"""Promotions and prices are factors on demand, learned by group, adjusted by series, and part of the explanation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from histories import history_of

from mercurios.forecasting import ForecastSettings, forecast
from mercurios.forecasting.effects import regressors
from mercurios.forecasting.panel.panel import Panel, PanelError

SETTINGS = ForecastSettings(horizon=6)


def promoted(
    n: int, periods: int, uplift: np.ndarray, level: float = 8.0, seed: int = 4
) -> tuple[np.ndarray, np.ndarray]:
    """Poisson demand times `uplift` in promoted weeks; returns demand and the promotion flag."""
    rng = np.random.default_rng(seed)
    flag = (rng.random((n, periods)) < 0.25).astype(float)
    return rng.poisson(level * np.exp(np.log(uplift)[:, None] * flag)).astype(float), flag[:, :, None]


def learned(
    y: np.ndarray, x: np.ndarray, group: np.ndarray | None = None
) -> tuple[regressors.Effects, np.ndarray]:
    history = history_of(y, x=x, group=group)
    effects = regressors.fit_effects(history)
    return effects, regressors.series_effects(effects, history)


def test_the_score_is_zero_where_statsmodels_finds_its_maximum() -> None:
    y, flag = promoted(1, 52, np.array([2.5]))
    x = np.concatenate([flag, np.random.default_rng(1).normal(0, 1, flag.shape)], axis=2)
    quarters = np.repeat(np.eye(4), 13, axis=0)
    model = sm.GLM(y[0], np.column_stack([quarters, x[0]]), family=sm.families.Poisson())
    reference = model.fit(tol=1e-14, maxiter=200)
    sample = regressors._Sample(y, np.ones(y.shape, dtype=bool), x, 1)
    gradient, information = regressors._score(sample, reference.params[None, 4:])
    np.testing.assert_allclose(gradient, 0.0, atol=1e-8)
    covariance = np.linalg.inv(information[0])
    np.testing.assert_allclose(covariance, reference.cov_params()[4:, 4:], rtol=1e-8)


def test_the_group_effect_is_found_beside_a_trend_and_a_season() -> None:
    rng = np.random.default_rng(8)
    flag = (rng.random((80, 104)) < 0.2).astype(float)
    level = 6.0 * np.exp(0.01 * np.arange(104) + 0.4 * np.sin(np.arange(104) / 8.3))
    y = rng.poisson(level * 2.0**flag).astype(float)
    effects, _ = learned(y, flag[:, :, None])
    assert effects.of_unit(effects.beta)[0, 0] == pytest.approx(np.log(2.0), abs=0.05)


def test_a_series_that_says_little_keeps_the_effect_of_its_group() -> None:
    uplift = np.r_[np.full(60, 2.0), 2.0]
    y, x = promoted(61, 104, uplift)
    y[60] = np.random.default_rng(3).poisson(0.05, 104)
    effects, beta = learned(y, x)
    assert beta[60, 0] == pytest.approx(effects.beta[1, 0], abs=0.15)


def test_a_series_that_says_much_keeps_its_own_effect() -> None:
    rng = np.random.default_rng(6)
    uplift = np.exp(rng.normal(np.log(2.0), 0.5, 80))
    y, x = promoted(80, 156, uplift, level=40.0)
    effects, beta = learned(y, x)
    found = np.exp(effects.of_unit(beta)[:, 0])
    assert np.corrcoef(np.log(found), np.log(uplift))[0, 1] > 0.97
    assert effects.spread[0, 0] > 0


def test_groups_differ_where_their_demand_does() -> None:
    group = np.repeat([0, 1], 40)
    y, x = promoted(80, 104, np.where(group == 0, 1.3, 3.0))
    effects, _ = learned(y, x, group)
    factors = np.exp(effects.of_unit(effects.beta)[1:, 0])
    assert factors[0] == pytest.approx(1.3, rel=0.2)
    assert factors[1] == pytest.approx(3.0, rel=0.2)


def test_a_price_is_measured_from_its_usual_level_and_bounded_by_what_was_seen() -> None:
    rng = np.random.default_rng(2)
    price = rng.choice([8.0, 10.0], (50, 104), p=[0.3, 0.7])
    y = rng.poisson(20.0 * (price / 10.0) ** -2).astype(float)
    x = price[:, :, None]
    effects, beta = learned(y, x)
    history = history_of(y, x=x)
    usual = regressors.usual_values(history)
    typical = regressors.typical_effect(effects, beta, history, usual)
    plan = np.repeat(np.array([[[8.0], [10.0], [1.0]]]), 50, axis=0)
    effect = regressors.log_effect(effects, beta, plan, usual, typical)
    assert np.median(effect[:, 0] - effect[:, 1]) == pytest.approx(np.log(1.5625), abs=0.05)
    assert np.array_equal(effect[:, 2], effect[:, 0])


def test_a_promotion_planned_ahead_raises_its_weeks_and_is_shown_as_a_part(
    make_panel: Callable[..., Panel],
) -> None:
    y, x = promoted(60, 130, np.full(60, 2.5))
    plan = np.zeros((60, 6, 1))
    plan[:, 2] = 1.0
    panel = make_panel(y, x=np.concatenate([x, plan], axis=1))
    table = forecast(panel, (), SETTINGS).forecast
    mean, part = (table[name].to_numpy().reshape(60, 6).mean(axis=0) for name in ("mean", "part_regressor"))
    assert mean[2] / mean[[0, 1, 3, 4, 5]].mean() == pytest.approx(2.5, rel=0.15)
    assert part[2] == pytest.approx(mean[2] - mean[[1, 3]].mean(), rel=0.15)
    assert np.abs(np.delete(part, 2)).max() < 1e-9


def test_without_a_plan_the_regressors_are_left_out(make_panel: Callable[..., Panel]) -> None:
    y, x = promoted(20, 110, np.full(20, 2.5))
    with_history_only = forecast(make_panel(y, x=x), (), SETTINGS).forecast
    assert with_history_only.equals(forecast(make_panel(y), (), SETTINGS).forecast)


def test_sharding_changes_no_bit_of_a_forecast_with_regressors(make_panel: Callable[..., Panel]) -> None:
    from mercurios.forecasting import fit_shared, shards

    y, x = promoted(50, 116, np.full(50, 2.0))
    panel = make_panel(y[:, :110], x=x)
    context = fit_shared(panel, (), SETTINGS)
    whole = forecast(panel, (), SETTINGS, context).forecast
    import pyarrow as pa

    parts = [forecast(part, (), SETTINGS, context).forecast for part in shards(panel, 7)]
    assert pa.concat_tables(parts).equals(whole)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_regressor_that_is_no_number_is_refused(make_panel: Callable[..., Panel], value: float) -> None:
    with pytest.raises(PanelError, match="column 'x'"):
        make_panel(np.ones((2, 20)), x=np.full((2, 20, 1), value))


@pytest.mark.parametrize("constant", [0.0, 1.0, -3.0])
def test_a_regressor_that_never_changes_has_no_effect(
    make_panel: Callable[..., Panel], constant: float
) -> None:
    y, _ = promoted(20, 110, np.full(20, 2.0))
    panel = make_panel(y, x=np.full((20, 116, 1), constant))
    mean = forecast(panel, (), SETTINGS).forecast["mean"].to_numpy()
    plain = forecast(replace(panel, x=None, x_names=()), (), SETTINGS).forecast["mean"].to_numpy()
    np.testing.assert_allclose(mean, plain, rtol=0.02)


def effects_of(
    beta: list[float], scale: list[float], low: list[float], high: list[float], is_price: bool = False
) -> regressors.Effects:
    """Effects of regressors that are uncorrelated, whose directions are themselves over their scale."""
    return regressors.Effects(
        np.array([5]),
        np.array([beta, beta]),
        np.zeros((len(beta), len(beta))),
        np.diag(1.0 / np.array(scale)),
        np.array(low),
        np.array(high),
        np.full(len(beta), is_price),
    )


def test_a_factor_is_the_product_of_all_effects_within_limits() -> None:
    """Differences beyond the history's are taken for its ends; the factor lies between e ** -2 and e ** 2.5."""
    effects = effects_of([0.5, -1.0], [2.0, 1.0], [-2.0, -2.0], [2.0, 2.0])
    x = np.array([[[4.0, 0.0], [99.0, 0.0], [0.0, 3.0], [-5.0, -9.0], [2.0, 1.0]]])
    usual, typical = np.array([[2.0, 1.0]]), np.array([0.0])

    found = regressors.log_effect(effects, np.array([[0.5, -1.0]]), x, usual, typical)
    far = regressors.log_effect(effects, np.array([[9.0, 0.0]]), x, usual, typical)

    np.testing.assert_allclose(found, [[0.5 + 1.0, 0.5 + 1.0, -2.0, -0.5 + 2.0, 0.0]])
    assert far[0].tolist() == [2.5, 2.5, -2.0, -2.0, 0.0]
    assert effects.count == 2


def test_the_usual_value_is_the_median_of_the_last_year_and_has_no_effect() -> None:
    x = np.append(np.full(30, 50.0), np.repeat([1.0, 3.0], 26))[None, :, None]
    effects = effects_of([1.0], [2.0], [-100.0], [100.0])
    history, empty = history_of(np.ones((1, 82)), x=x), history_of(np.ones((1, 0)), x=x[:, :0])

    usual = regressors.usual_values(history)

    assert usual.tolist() == [[2.0]]
    assert regressors.typical_effect(effects, np.ones((1, 1)), history, usual).tolist() == [0.0]
    assert regressors.typical_effect(effects, np.ones((1, 1)), history, usual - 4.0).tolist() == [2.0]
    assert regressors.usual_values(empty).tolist() == [[0.0]]
    assert regressors.typical_effect(effects, np.ones((1, 1)), empty, usual).tolist() == [0.0]


def test_a_price_counts_by_its_ratio_and_one_below_zero_as_usual() -> None:
    effects = effects_of([1.0], [1.0], [-9.0], [9.0], is_price=True)
    x = np.array([[[2.0], [4.0], [8.0], [0.0], [-1.0]]])

    found = effects.standardised(x, np.array([[4.0]]))

    np.testing.assert_allclose(found[0, :, 0], [-np.log(2.0), 0.0, np.log(2.0), 0.0, 0.0])
    assert effects.standardised(x, np.array([[0.0]])).tolist() == [[[0.0]] * 5]


def test_quarters_end_with_the_history() -> None:
    found = regressors._quarters(np.arange(1.0, 16.0)[None, :], 1)

    assert found.tolist() == [[[0.0] * 11 + [1.0, 2.0], list(range(3, 16))]]
    assert regressors._quarters(np.ones((1, 91)), 7).shape == (1, 1, 91)
    assert regressors._quarters(np.ones((1, 92)), 7).shape == (1, 2, 91)


def test_each_quarter_has_the_level_that_its_demand_shows() -> None:
    """Thirteen weeks of which three are promoted threefold: 38 units over 19 expected ones."""
    flag = np.array([[1.0] * 3 + [0.0] * 10])[:, :, None]
    y = np.array([[10.0, 4.0, 4.0] + [2.0] * 10])
    mask = np.ones((1, 13), dtype=bool)
    sample = regressors._Sample(y, mask, flag, 1)

    demand, weight, expected = regressors._means(sample, np.array([[np.log(3.0)]]))

    np.testing.assert_allclose(demand[0, 0], y[0])
    np.testing.assert_allclose(weight[0, 0], [3.0] * 3 + [1.0] * 10)
    np.testing.assert_allclose(expected[0, 0], [6.0] * 3 + [2.0] * 10)


def test_dispersion_is_the_squared_error_over_the_mean_and_not_below_a_counts() -> None:
    mask = np.ones((3, 13), dtype=bool)
    mask[2, 6:] = False
    y = np.stack([[0.0, 8.0] * 6 + [4.0], [4.0] * 13, [0.0, 8.0] * 3 + [99.0] * 7])
    sample = regressors._Sample(y, mask, np.zeros((3, 13, 0)), 1)

    found = regressors._dispersion(sample, np.zeros((3, 0)))

    # Twelve weeks four units off, over a mean of four and twelve degrees; six weeks and five degrees.
    assert found.tolist() == pytest.approx([12 * 16 / 4 / 12, 1.0, 6 * 16 / 4 / 5])


def test_only_series_that_sold_and_saw_a_change_tell_groups_apart() -> None:
    mask = np.ones((4, 3), dtype=bool)
    mask[3, 2] = False
    z = np.array([[0.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])[:, :, None]
    y = np.array([[0.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 5.0]])

    assert regressors._has_contrast(regressors._Sample(y, mask, z, 1)).tolist() == [1.0, 0.0, 0.0, 0.0]


def test_series_differ_by_what_their_noise_does_not_explain() -> None:
    """DerSimonian and Laird on paper: excess of the weighted squares over their degrees of freedom."""
    rng = np.random.default_rng(9)
    y, x = promoted(12, 104, np.exp(rng.normal(np.log(2.0), 0.6, 12)), level=20.0)
    y[11] = 0.0
    sample = regressors._Sample(y, np.ones(y.shape, dtype=bool), x, 1)
    prior, dispersion = np.full((12, 1), np.log(2.0)), np.linspace(1.0, 3.0, 12)

    [[found]] = regressors._heterogeneity(sample, prior, dispersion)

    gradient, information = regressors._score(sample, prior)
    weights, squares = [], 0.0
    for row in range(11):
        weight = information[row, 0, 0] / dispersion[row]
        assert weight > 1.0
        weights.append(weight)
        squares += weight * (gradient[row, 0] / information[row, 0, 0]) ** 2
    total = sum(weights)
    expected = (squares - 10) / (total - sum(weight**2 for weight in weights) / total)
    assert found == pytest.approx(expected)
    assert 0.05 < found < 1.0


def test_a_panel_without_periods_has_flat_effects_without_regressors_none() -> None:
    y, x = np.ones((2, 20)), np.ones((2, 20, 1))

    flat = regressors.fit_effects(history_of(y, np.zeros((2, 20), dtype=bool), x=x, group=np.array([3, 9])))
    none = regressors.fit_effects(history_of(y))

    assert (flat.codes.tolist(), flat.beta.tolist(), flat.count) == ([3, 9], [[]] * 3, 0)
    assert (none.count, none.beta.shape) == (0, (2, 0))


def test_several_effects_differ_between_series_together() -> None:
    """What differs is found in every coordinate: here a covariance of two regressors, from many clear series."""
    rng = np.random.default_rng(3)
    truth = np.array([[0.04, 0.02], [0.02, 0.03]])
    slopes = rng.multivariate_normal([0.5, -0.3], truth, 300)
    x = rng.normal(0, 1, (300, 104, 2))
    y = rng.poisson(30.0 * np.exp((x * slopes[:, None]).sum(axis=2))).astype(float)
    sample = regressors._Sample(y, np.ones(y.shape, dtype=bool), x, 1)
    prior = np.repeat([[0.5, -0.3]], 300, axis=0)

    found = regressors._heterogeneity(sample, prior, regressors._dispersion(sample, slopes))

    np.testing.assert_allclose(found, truth, atol=0.012)


SHOPS, WEEKS, AHEAD = 40, 80, 6
KIND = np.random.default_rng(11).choice(3, (SHOPS, WEEKS + AHEAD), p=[0.7, 0.2, 0.1])
PRICE = np.exp(np.random.default_rng(12).normal(1.5, 1.0, SHOPS))[:, None] * np.where(
    np.random.default_rng(13).random((SHOPS, WEEKS + AHEAD)) < 0.3, 0.8, 1.0
)
FLYER, STAND = (KIND == 1).astype(float), (KIND == 2).astype(float)
LEVEL = np.exp(np.random.default_rng(14).normal(2.0, 1.0, SHOPS))[:, None]
EXPECTED = (
    LEVEL * np.exp(0.6 * FLYER + 1.0 * STAND) * np.where(PRICE.max(axis=1, keepdims=True) > PRICE, 1.4, 1)
)
SOLD = np.random.default_rng(15).poisson(EXPECTED)[:, :WEEKS].astype(float)


@pytest.fixture(scope="module")
def forecast_with(make_panel: Callable[..., Panel]) -> Callable[..., np.ndarray]:
    """Mean forecasts of one world with its regressors written down as given."""

    def means(*columns: np.ndarray, names: tuple[str, ...] | None = None) -> np.ndarray:
        panel = make_panel(SOLD, x=np.stack(columns, axis=2), group=np.arange(SHOPS) % 2)
        panel = panel if names is None else replace(panel, x_names=names)
        return forecast(panel, (), replace(SETTINGS, windows=1)).prediction.mean

    return means


@pytest.mark.parametrize(
    "spelling",
    [
        (FLYER + 1000.0, STAND),
        (100.0 * FLYER, 3.0 - 0.01 * STAND),
        (1.0 - FLYER, 1.0 - STAND),
        (FLYER, STAND, 1.0 - FLYER - STAND),
        (1.0 - FLYER - STAND, STAND),
        (FLYER + STAND, STAND),
    ],
    ids=["moved", "stretched", "turned round", "all kinds", "another kind left out", "any and one"],
)
def test_a_plan_says_the_same_in_every_spelling(
    forecast_with: Callable[..., np.ndarray], spelling: tuple[np.ndarray, ...]
) -> None:
    plain = forecast_with(FLYER, STAND)

    np.testing.assert_allclose(forecast_with(*spelling), plain, rtol=1e-9)
    assert np.abs(plain - EXPECTED[:, WEEKS:]).sum() < 0.2 * EXPECTED[:, WEEKS:].sum()


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (PRICE, ("x_0", "x_sales_price")),
        (100.0 * PRICE, ("x_0", "x_verkaufspreis")),
        (np.log(PRICE), ("x_0", "x_log_price")),
        (np.log(PRICE) + 100.0, None),
    ],
    ids=["named", "in cents", "logarithm", "logarithm far from zero"],
)
def test_a_price_is_a_ratio_to_the_usual_one(
    forecast_with: Callable[..., np.ndarray], column: np.ndarray, names: tuple[str, ...] | None
) -> None:
    """Articles of one and of thirty euros react to the same cut alike; values alone tell that a column is a price."""
    plain = forecast_with(FLYER, PRICE)

    np.testing.assert_allclose(forecast_with(FLYER, column, names=names), plain, rtol=1e-9)


def test_a_promotion_that_never_happened_changes_nothing(make_panel: Callable[..., Panel]) -> None:
    never = np.zeros((SHOPS, WEEKS + AHEAD, 1))
    planned = never.copy()
    planned[:, WEEKS:] = 1.0

    quiet, asked = (forecast(make_panel(SOLD, x=x), (), SETTINGS).prediction for x in (never, planned))

    np.testing.assert_array_equal(asked.mean, quiet.mean)
    np.testing.assert_array_equal(asked.quantiles, quiet.quantiles)


def test_a_regressor_given_twice_counts_once(forecast_with: Callable[..., np.ndarray]) -> None:
    np.testing.assert_allclose(forecast_with(FLYER, FLYER, STAND), forecast_with(FLYER, STAND), rtol=1e-9)
