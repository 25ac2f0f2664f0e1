"""The additive model separates level, trend, season and holidays, and stays calm where there is little to learn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from histories import history_of

from mercurios.forecasting.effects.calendar import build_frame, changepoints, holiday_columns, series_columns
from mercurios.forecasting.effects.profiles import fit_profile
from mercurios.forecasting.effects.regressors import no_effects
from mercurios.forecasting.effects.seasonal_factors import SeasonalFactors, seasonal_factors
from mercurios.forecasting.methods import additive
from mercurios.forecasting.methods.additive import Parts, fit_additive
from mercurios.forecasting.panel.cadence import DAILY
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.settings import ForecastSettings

SETTINGS = ForecastSettings()


def fit(panel: Panel, holidays: tuple[date, ...] = ()) -> Parts:
    frame = build_frame(panel, holidays, SETTINGS)
    factors = seasonal_factors(panel, frame, fit_profile(panel, frame, SETTINGS), no_effects())
    return fit_additive(panel, frame, factors, SETTINGS, {})[0]


def yearly(weeks: int) -> np.ndarray:
    return 1.0 + 0.6 * np.sin(2 * np.pi * np.arange(weeks) / 52.18)


@pytest.mark.parametrize("level", [0.8, 40.0])
def test_a_known_yearly_season_is_continued_on_both_scales(
    make_panel: Callable[..., Panel], level: float
) -> None:
    rng = np.random.default_rng(1)
    weeks = 156
    truth = level * yearly(weeks + 13)
    panel = make_panel(rng.poisson(truth[:weeks], (300, weeks)).astype(float))
    mean = fit(panel).total().mean(axis=0)
    assert np.abs(mean - truth[weeks:]).max() < 0.15 * level


def test_a_sparse_series_takes_the_season_of_its_group_not_of_others(
    make_panel: Callable[..., Panel],
) -> None:
    rng = np.random.default_rng(2)
    weeks = 143
    group = np.arange(200) % 2
    shape = np.stack([yearly(weeks + 13), 2.0 - yearly(weeks + 13)])
    panel = make_panel(rng.poisson(0.7 * shape[group, :weeks]).astype(float), group=group)
    season = fit(panel).season
    future = shape[:, weeks:] - 1.0
    for code in (0, 1):
        assert np.corrcoef(season[group == code].mean(axis=0), future[code])[0, 1] > 0.95


def test_a_rising_series_is_not_extrapolated_beyond_the_damped_slope(
    make_panel: Callable[..., Panel],
) -> None:
    rising = 10.0 + 0.5 * np.arange(120.0)
    parts = fit(make_panel(np.repeat(rising[None, :], 30, axis=0)))
    assert parts.trend[:, -1].max() <= 0.5 * SETTINGS.damping / (1 - SETTINGS.damping) * 1.5
    assert np.all(np.diff(parts.trend[0], n=2) <= 1e-9)


def test_under_a_year_of_history_there_is_neither_trend_nor_season(make_panel: Callable[..., Panel]) -> None:
    parts = fit(make_panel(np.repeat(np.arange(40.0)[None, :], 5, axis=0)))
    assert not parts.trend.any()
    assert not parts.season.any()
    assert not parts.holiday.any()
    assert parts.level.min() > 25.0


def test_a_young_series_follows_the_season_of_its_older_group(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(3)
    weeks = 130
    y = rng.poisson(4.0 * yearly(weeks), (80, weeks)).astype(float)
    mask = np.ones(y.shape, dtype=bool)
    mask[0, :-20] = False
    parts = fit(make_panel(y, mask))
    assert parts.season[0].std() > 0.5 * parts.season[1:].mean(axis=0).std()
    assert not parts.trend[0].any()


def test_holiday_weeks_get_their_own_part(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(4)
    weeks = 150
    starts = np.datetime64("2021-01-04") + 7 * np.arange(weeks + 13)
    at = np.append(np.sort(rng.choice(weeks, 18, replace=False)), weeks + 4).tolist()
    days = tuple((starts[week] + 2).item() for week in at)
    truth = np.full(weeks + 13, 20.0)
    truth[at] *= 1.8
    parts = fit(make_panel(rng.poisson(truth[:weeks], (100, weeks)).astype(float)), days)
    uplift = parts.holiday.mean(axis=0)
    assert uplift[4] > 8.0
    assert np.abs(np.delete(uplift, 4)).max() < 3.0


def test_stock_out_zeros_are_not_learned(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(5)
    y = rng.poisson(6.0, (40, 120)).astype(float)
    gaps = np.ones(y.shape, dtype=bool)
    gaps[:, 100:116] = False
    with_gaps, complete = fit(make_panel(y, gaps)).total(), fit(make_panel(y)).total()
    as_zeros = fit(make_panel(np.where(gaps, y, 0.0))).total()
    assert np.abs(with_gaps - complete).mean() < 0.8
    assert as_zeros.mean() < with_gaps.mean() - 0.8


def test_changepoints_keep_out_of_the_last_fifth() -> None:
    points = changepoints(156, SETTINGS)
    assert points.size == 15
    assert points.max() < 0.8
    assert changepoints(12, SETTINGS).size == 2


def test_the_design_of_a_young_series_has_no_yearly_terms() -> None:
    frame = build_frame(history_of(np.ones((1, 130))), (), SETTINGS)
    assert series_columns(frame, 130, SETTINGS).design.shape == (130, 16 + 12 + 3)
    assert series_columns(frame, 40, SETTINGS).design.shape == (40, 1 + 8)
    assert series_columns(frame, 5, SETTINGS).design.shape == (5, 0)


def test_a_holiday_counts_for_its_week_and_its_neighbours() -> None:
    weeks = np.datetime64("2024-12-16") + 7 * np.arange(3)
    columns = holiday_columns(weeks, [date(2024, 12, 25), date(2024, 12, 26), date(2024, 12, 26)])
    np.testing.assert_allclose(columns * 7, [[0, 2, 0], [2, 0, 0], [0, 0, 2]])


def test_a_dying_series_loses_its_season_with_its_level(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(6)
    shape = np.exp(0.8 * np.cos(2 * np.pi * np.arange(130) / 52.18))
    level = np.full((60, 130), 3.0)
    level[0, 60:], level[1, 100:] = 0.02, 15.0
    parts = fit(make_panel(rng.poisson(level * shape).astype(float)))
    typical = np.abs(parts.season[2:]).mean()
    assert np.abs(parts.season[0]).mean() < 0.5 * typical
    assert np.abs(parts.season[1]).mean() > typical


def test_a_daily_series_takes_the_factors_of_the_week_after_a_few_weeks(
    make_panel: Callable[..., Panel],
) -> None:
    rng = np.random.default_rng(7)
    shape = np.array([1.0, 1.0, 1.0, 1.0, 1.5, 2.0, 0.0])
    days = 7 * 15
    panel = make_panel(rng.poisson(6.0 * np.tile(shape, 15), (60, days)).astype(float), cadence=DAILY)
    mean = fit(panel).total().mean(axis=0)
    assert np.abs(mean - 6.0 * np.resize(np.roll(shape, -days % 7), 13)).max() < 1.0


def parts_of(*rows: tuple[float, float, float, float, float]) -> Parts:
    """Parts of one period a series: level, trend, season, holiday and regressor."""
    return Parts(*np.array(rows).T[:, :, None])


def test_what_a_bound_cuts_off_is_taken_from_all_parts_or_the_negative_ones() -> None:
    parts = parts_of(
        (8.0, 2.0, -1.0, 0.5, 0.5),
        (8.0, 2.0, -1.0, 0.5, 0.5),
        (2.0, -6.0, 1.0, -3.0, 0.0),
        (-1.0, -2.0, 0.0, 0.0, -1.0),
        (3.0, -3.0, 0.0, 0.0, 0.0),
        (0.5, 0.0, 0.0, 0.0, 0.0),
    )
    mean = np.array([[10.0], [4.0], [0.0], [0.0], [0.0], [0.25]])

    bounded = parts.bounded(mean)

    assert parts.total()[:, 0].tolist() == [10.0, 10.0, -6.0, -4.0, 0.0, 0.5]
    np.testing.assert_allclose(
        np.stack(bounded.each(), axis=-1)[:, 0],
        [
            # Within its bound.
            (8.0, 2.0, -1.0, 0.5, 0.5),
            # Cut to two fifths.
            (3.2, 0.8, -0.4, 0.2, 0.2),
            # Three up and nine down: a third of what goes down is left.
            (2.0, -2.0, 1.0, -1.0, 0.0),
            (0.0, 0.0, 0.0, 0.0, 0.0),
            (3.0, -3.0, 0.0, 0.0, 0.0),
            (0.25, 0.0, 0.0, 0.0, 0.0),
        ],
        atol=1e-12,
    )
    np.testing.assert_allclose(bounded.total(), mean, atol=1e-12)


def test_a_constant_series_is_continued_with_nothing_but_its_level(make_panel: Callable[..., Panel]) -> None:
    """On both scales, at every age; a sparse one sells every second week."""
    sparse = np.tile([0.0, 4.0], 60)
    panel = make_panel(np.stack([np.full(120, 50.0), sparse, np.full(120, 6.0)]))

    parts = fit(panel)

    np.testing.assert_allclose(parts.level[[0, 2]], [[50.0] * 13, [6.0] * 13], rtol=1e-4)
    np.testing.assert_allclose(parts.level[1], 2.0, rtol=0.15)
    for part in (parts.trend, parts.season, parts.holiday, parts.regressor):
        assert np.abs(part[[0, 2]]).max() < 1e-2


def test_a_slope_shrinks_by_the_damping_from_week_to_week(make_panel: Callable[..., Panel]) -> None:
    """Each further week adds four fifths of what the one before it added."""
    rising = np.where(np.arange(120) % 2 == 0, 0.0, 1.0) + 0.03 * np.arange(120)
    trend = fit(make_panel(np.repeat(rising[None, :], 3, axis=0))).trend[0]

    assert trend[0] > 0
    np.testing.assert_allclose(np.diff(trend) / np.append(trend[0], np.diff(trend)[:-1]), 0.8, rtol=1e-9)


def test_half_of_what_the_trend_has_not_followed_corrects_the_level(make_panel: Callable[..., Panel]) -> None:
    """Young series have neither trend nor season, so their level is the mean and half the last weeks' distance."""
    settings = SETTINGS
    young = np.append(np.full(4, 2.0), np.full(8, 5.0)) * np.tile([0.0, 2.0], 6)
    parts = fit(make_panel(young[None, :]))

    assert settings.correction_weeks * 2 > 12
    np.testing.assert_allclose(parts.level, young.mean() + 0.5 * (young[4:].mean() - young.mean()))


def logs(*factors: float) -> np.ndarray:
    return np.log([factors])


def factors_of(season: np.ndarray, holiday: np.ndarray, regressor: np.ndarray) -> SeasonalFactors:
    none = np.zeros((1, 0))
    return SeasonalFactors(np.zeros((1, 3)), season, holiday, regressor, none, none, np.zeros(1))


@pytest.mark.parametrize(
    ("level", "scale", "base"),
    [(10.0, 100.0, (10.8, 11.44)), (10.0, 4.0, (8.0, 8.0)), (-3.0, 100.0, (0.8, 1.44))],
    ids=["level and trend", "at most twice the usual", "a level is not negative"],
)
def test_in_units_factors_act_on_level_and_trend_and_own_deviations_are_added(
    level: float, scale: float, base: tuple[float, float]
) -> None:
    raw = additive._Raw(
        np.array([level]), np.ones(1), np.array([[0.5, -0.5]]), np.array([[0.25, 0.75]]), np.ones(1)
    )
    factors = factors_of(logs(2.0, 0.5), logs(1.0, 3.0), logs(1.5, 1.0))

    found = additive._unit_parts(raw, np.array([0.8, 1.44]), factors, np.array([scale]))

    first, second = base
    expected = [
        (max(level, 0.0), max(level, 0.0)),
        (0.8, 1.44),
        (first + 0.5, -0.5 * second - 0.5),
        (0.25, 0.5 * second * 2.0 + 0.75),
        (first * 2.0 * 0.5, 0.0),
        (first * 2.0, second * 1.5),
    ]
    np.testing.assert_allclose([part[0] for part in found], expected, atol=1e-12)


def test_on_the_log_scale_each_factor_multiplies_what_those_before_it_made() -> None:
    """The level is ten, less the one that the logarithm of one more than the units has added."""
    raw = additive._Raw(np.log([10.0]), np.log([2.0]), logs(2.0, 2.0), logs(1.5, 1.5), np.array([1.1]))
    factors = factors_of(logs(0.25, 0.25), logs(2.0, 2.0), logs(2.0, 3.0))

    found = additive._log_parts(raw, np.array([1.0, 2.0]), factors)

    # 10; 20 and 40; half of it; three times that; twice and three times that; all a tenth greater.
    expected = [(10.0, 10.0), (11.0, 33.0), (-11.0, -22.0), (22.0, 44.0), (33.0, 132.0), (33.0, 66.0)]
    np.testing.assert_allclose([part[0] for part in found], expected, atol=1e-9)


def test_a_log_forecast_is_raised_to_the_mean_of_its_units_within_limits() -> None:
    units = np.array([[3.0, 5.0, 99.0], [3.0, 5.0, 99.0], [3.0, 5.0, 99.0], [3.0, 5.0, 99.0]])
    fitted = np.array([[4.0, 4.0], [1.0, 1.0], [20.0, 20.0], [4.0, 4.0]])
    mask = np.array([[True, True, False]] * 3 + [[False] * 3])

    found = additive._retransform(units, np.log(np.append(fitted, np.ones((4, 1)), axis=1)), mask)

    assert found.tolist() == pytest.approx([10.0 / 8.0, 1.5, 0.8, 1.0])


def test_the_usual_demand_is_that_of_the_last_two_years() -> None:
    """Older weeks without a sale do not lower the bound of twice the usual that factors act on."""
    units = np.concatenate([np.zeros(56), np.tile([0.0, 2.0], 42), np.tile([0.0, 60.0], 10)])[None, :]
    history = history_of(units)
    frame = build_frame(history, (), SETTINGS)
    none = np.zeros((1, 0))
    flat = np.zeros((1, SETTINGS.horizon))
    factors = SeasonalFactors(np.zeros(units.shape), flat, flat, flat, none, none, np.zeros(1))

    _, regressor_base = fit_additive(history, frame, factors, SETTINGS, {})

    np.testing.assert_allclose(regressor_base, 2.0 * (42 * 2.0 + 10 * 60.0) / 104.0)


def test_a_level_is_known_from_a_single_week_however_small_its_factor() -> None:
    units = np.array([[4.0, 9.0], [4.0, 9.0]])
    mask = np.array([[True, False], [False, False]])

    found = additive._pooled_level(units, np.array([[0.5, 2.0]] * 2), mask)

    assert found.tolist() == [8.0, 0.0]
