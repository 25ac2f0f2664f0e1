"""Profiles of groups: what an index is, how much of a season one year shows, and how groups are shrunk to the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from histories import history_of

from mercurios.forecasting.effects import profiles
from mercurios.forecasting.effects.calendar import build_frame
from mercurios.forecasting.effects.profiles import Profile, fit_profile
from mercurios.forecasting.panel.cadence import DAILY
from mercurios.forecasting.panel.history import History
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.settings import ForecastSettings

SETTINGS = ForecastSettings(horizon=4)


def profile(history: History, holidays: tuple[date, ...] = ()) -> Profile:
    return fit_profile(history, build_frame(history, holidays, SETTINGS), SETTINGS)


def test_an_index_is_what_all_series_sell_over_what_they_usually_sell() -> None:
    """Small series count for more than by their units; what never sold, or was not observed, does not count."""
    season = np.array([0.5, 1.0, 1.5, 1.0])
    other = np.array([1.0, 1.0, 1.0, 1.0])
    y = np.stack([4.0 * season, 9.0 * other, 0.0 * other, 16.0 * season])
    history = history_of(y, group=np.array([3, 3, 3, 8]))

    index, present, members = profiles._index_series(history, history.group, np.array([3, 8]), None)

    np.testing.assert_allclose(index[1], (2.0 * season + 3.0 * other) / 5.0)
    np.testing.assert_allclose(index[2], season)
    np.testing.assert_allclose(index[0], (6.0 * season + 3.0 * other) / 9.0)
    assert present.all()
    assert members.tolist() == [2.0, 1.0]


def test_a_masked_week_and_an_explained_factor_are_taken_out_of_an_index() -> None:
    explained = np.log([[1.0, 2.0, 1.0, 4.0]])
    y = 5.0 * np.exp(explained)
    mask = np.array([[True, True, False, True]])

    history = history_of(np.where(mask, y, 0.0), mask)
    index, present, _ = profiles._index_series(history, history.group, np.array([0]), explained)

    np.testing.assert_allclose(index[:, mask[0]], 1.0)
    assert present.tolist() == [mask[0].tolist()] * 2


@pytest.mark.parametrize(
    ("years", "members", "trust"),
    [
        (1.0, 11, 0.5),
        (1.0, 91, 0.9),
        (2.0, 2, 0.5),
        (2.0, 10, 0.9),
        (2.5, 2, 0.75),
        (1.5, 6.5, 0.5),
        # A series that stands alone shows nothing with two years.
        (2.0, 1, 0.0),
        (3.0, 1, 1.0),
        (9.0, 0, 1.0),
        (0.5, 0, 0.0),
    ],
)
def test_two_years_are_trusted_as_many_series_show_them_and_three_wholly(
    years: float, members: float, trust: float
) -> None:
    assert profiles._trust(years, members) == pytest.approx(trust)


def weekday_history(n: int, weeks: int, group: np.ndarray | None = None) -> History:
    shape = np.array([1.0, 1.0, 1.0, 1.0, 1.5, 2.0, 0.5])
    return history_of(np.repeat(np.tile(8.0 * shape, weeks)[None, :], n, axis=0), cadence=DAILY, group=group)


def test_weekdays_are_learned_without_a_year_and_holidays_are_not() -> None:
    found = profile(weekday_history(20, 20), (date(2021, 2, 10), date(2021, 3, 17)))

    week = found.season[0, :7]
    np.testing.assert_allclose(np.exp(week - week[0]), [1, 1, 1, 1, 1.5, 2, 0.5], rtol=0.15)
    assert not found.holiday.any()


def test_from_a_year_on_holidays_have_an_effect_of_their_own() -> None:
    days = tuple(date(2021, 1, 6).fromordinal(date(2021, 1, 6).toordinal() + 35 * at) for at in range(21))
    units = np.full((60, 110), 10.0)
    units[:, 0::5] = 20.0

    found = profile(history_of(units[:, :100]), days)

    at_holiday = np.arange(104) % 5 == 0
    assert found.holiday[0, at_holiday].min() > found.holiday[0, ~at_holiday].max() + 0.3


def test_a_panel_too_young_for_any_factor_is_flat() -> None:
    found = profile(history_of(np.random.default_rng(1).poisson(5.0, (10, 51)).astype(float)))

    assert found.season.shape == found.holiday.shape == (2, 55)
    assert not found.season.any()
    assert not found.holiday.any()


def test_a_groups_deviation_grows_with_its_series_as_if_fifteen_had_none() -> None:
    """Fifteen series show half of it and thirty two thirds; the whole panel's profile is the same in both."""
    rng = np.random.default_rng(5)
    wave = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(160) / 52.18)
    y = rng.poisson(20.0 * np.stack([wave] * 15 + [2.0 - wave] * 15)).astype(float)
    group = np.repeat([4, 6], 15)

    single, double = (
        profile(history_of(y, group=group)),
        profile(history_of(np.repeat(y, 2, axis=0), group=np.repeat(group, 2))),
    )

    np.testing.assert_allclose(double.season[0], single.season[0], atol=1e-9)
    deviation = [found.season[1:] - found.season[0] for found in (single, double)]
    assert np.abs(deviation[0]).max() > 0.05
    np.testing.assert_allclose(deviation[1], deviation[0] * (30 / 45) / (15 / 30), atol=1e-9)


def test_a_group_that_is_unknown_has_the_profile_of_the_panel() -> None:
    flat = np.zeros((3, 1))
    found = Profile(np.array([3, 8]), flat, flat, np.array([1]), flat[:2], flat[:2])

    assert found.row(np.array([8, 3, 5, 99])).tolist() == [2, 1, 0, 0]


def test_a_factor_is_at_most_twenty_times_the_usual() -> None:
    """Five weeks of the year sell ten thousand times what the others do."""
    peak = np.where(np.arange(120) % 52 < 5, 10.0, 0.001)
    found = profile(history_of(np.repeat(peak[None, :], 400, axis=0)))

    assert found.season.max() == 3.0


WEEKS = 58


def demand(n: int = 60, amplitude: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    """Poisson demand with one wave a year, and the logarithm of its season over history and horizon."""
    season = amplitude * np.cos(2 * np.pi * np.arange(WEEKS + 4) / 52.18)
    level = np.random.default_rng(3).lognormal(2.0, 0.5, (n, 1))
    return np.random.default_rng(4).poisson(level * np.exp(season[:WEEKS])).astype(float), season


def season_of(panel: Panel) -> np.ndarray:
    """Logarithm of the season found for the group, around its mean."""
    found = profile(panel)
    factor = found.season[1] + found.holiday[1]
    return factor - factor.mean()


def test_one_year_shows_the_whole_swing_of_a_season(make_panel: Callable[..., Panel]) -> None:
    y, season = demand(200)
    error = season_of(make_panel(y)) - (season - season.mean())
    assert np.abs(error).max() < 0.15


def test_one_week_in_which_the_shop_was_closed_does_not_hide_the_season(
    make_panel: Callable[..., Panel],
) -> None:
    y, season = demand()
    y[:, 30] = 0.0
    error = season_of(make_panel(y)) - (season - season.mean())
    assert np.abs(np.delete(error, 30)).max() < 0.25


def test_no_season_is_found_in_demand_without_one(make_panel: Callable[..., Panel]) -> None:
    y, _ = demand(amplitude=0.0)
    assert np.abs(season_of(make_panel(y))).max() < 0.06


def test_articles_that_fade_and_are_replaced_are_hardly_a_fall_of_demand(
    make_panel: Callable[..., Panel],
) -> None:
    """Each article sells 16, 8, 4 ... a quarter, as many begin in each quarter: the shop always sells 512 a week.

    Among articles already there demand is e^-1.28 of itself after three quarters. The weeks before an article's first
    sale, counted half, leave e^-0.37: less than a third, in logarithms, of a fall that the shop never saw.
    """
    quarter, begin = np.arange(52) // 13, np.arange(80)[:, None] % 4
    y = np.where(quarter >= begin, 16.0 / 2.0 ** (quarter - begin), 0.0)
    y[begin[:, 0] == 0] *= 2.0
    panel = make_panel(y, quarter >= begin)
    index, present, members = profiles._index_series(panel, panel.group, np.zeros(1, dtype=np.int64), None)
    fall = np.log(index[1, ::13])
    assert present.all()
    assert members.tolist() == [80.0]
    assert abs(fall[3] - fall[0]) < 0.3 * np.log(8.0)


def test_a_branch_has_a_calendar_of_its_own_in_all_groups(make_panel: Callable[..., Panel]) -> None:
    """Branch 1 sells three times as much as usual in every fourth week of November, which the others do not."""
    rng = np.random.default_rng(3)
    panel = make_panel(rng.poisson(8.0, (180, 156)).astype(float), group=np.arange(180) // 3 % 2)
    week = (panel.week_starts - panel.week_starts.astype("datetime64[Y]")).astype(int) // 7
    rush = np.isin(week, [46, 47])
    y = np.where(rush & (panel.branch_number == 1)[:, None], 3.0 * panel.y, panel.y)
    panel = replace(panel, y=y)

    found = profile(panel)

    season = np.add(*found.of(panel, slice(panel.n_weeks)))
    change = season[:, rush].mean(axis=1) - season[:, ~rush].mean(axis=1)
    assert change[panel.branch_number == 1].min() > 0.5, "seed 3"
    assert np.abs(change[panel.branch_number != 1]).max() < 0.2
    assert found.branches.tolist() == [0, 1, 2]
    one = replace(panel, branch_number=np.zeros(180, dtype=np.int64))
    assert not profile(one).branch_season.any()
