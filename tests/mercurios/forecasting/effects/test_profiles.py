"""Profiles of groups: what an index is, how far a panel's age is trusted, and how groups are shrunk to the whole."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from histories import history_of

from mercurios.forecasting.effects import profiles
from mercurios.forecasting.effects.calendar import build_frame
from mercurios.forecasting.effects.profiles import Profile, fit_profile
from mercurios.forecasting.panel.cadence import DAILY, WEEKLY
from mercurios.forecasting.panel.history import History
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

    index, present, members = profiles._index_series(history, np.array([3, 8]), None)

    np.testing.assert_allclose(index[1], (2.0 * season + 3.0 * other) / 5.0)
    np.testing.assert_allclose(index[2], season)
    np.testing.assert_allclose(index[0], (6.0 * season + 3.0 * other) / 9.0)
    assert present.all()
    assert members.tolist() == [2.0, 1.0]


def test_a_masked_week_and_an_explained_factor_are_taken_out_of_an_index() -> None:
    explained = np.log([[1.0, 2.0, 1.0, 4.0]])
    y = 5.0 * np.exp(explained)
    mask = np.array([[True, True, False, True]])

    index, present, _ = profiles._index_series(
        history_of(np.where(mask, y, 0.0), mask), np.array([0]), explained
    )

    np.testing.assert_allclose(index[:, mask[0]], 1.0)
    assert present.tolist() == [mask[0].tolist()] * 2


@pytest.mark.parametrize(
    ("cadence", "periods", "trust"),
    [
        (WEEKLY, 52, 0.5),
        (WEEKLY, 78, 0.75),
        (WEEKLY, 104, 1.0),
        (WEEKLY, 300, 1.0),
        (DAILY, 364, 0.5),
        (DAILY, 728, 1.0),
        (WEEKLY, 0, 0.0),
    ],
)
def test_a_year_is_trusted_half_and_two_years_wholly(cadence: object, periods: int, trust: float) -> None:
    assert profiles._trust(periods, cadence) == pytest.approx(trust)


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
    units = np.full((30, 110), 10.0)
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
    wave = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(120) / 52.18)
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
    found = Profile(np.array([3, 8]), np.zeros((3, 1)), np.zeros((3, 1)))

    assert found.row(np.array([8, 3, 5, 99])).tolist() == [2, 1, 0, 0]


def test_a_factor_is_at_most_five_times_or_a_fifth_of_the_usual() -> None:
    half = np.where(np.arange(120) % 52 < 26, 10.0, 0.001)
    found = profile(history_of(np.repeat(half[None, :], 400, axis=0)))

    assert found.season.min() == -1.6
    assert found.season.max() <= 1.6
