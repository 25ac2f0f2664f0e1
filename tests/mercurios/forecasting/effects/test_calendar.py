"""The calendar's columns on small examples: which a panel's age allows, their penalties, and what they forecast."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from histories import FIRST_MONDAY, history_of

from mercurios.forecasting.effects.calendar import build_frame, changepoints, holiday_columns, series_columns
from mercurios.forecasting.panel.cadence import DAILY, WEEKLY, Cadence
from mercurios.forecasting.settings import ForecastSettings

SETTINGS = ForecastSettings(horizon=2)


@pytest.mark.parametrize(
    ("cadence", "periods", "yearly", "usable", "has_factors"),
    [
        (WEEKLY, 51, 6, 0, False),
        (WEEKLY, 52, 6, 12, True),
        (WEEKLY, 103, 6, 12, True),
        (WEEKLY, 104, 12, 24, True),
        (DAILY, 41, 6, 0, False),
        (DAILY, 42, 6, 6, True),
        (DAILY, 363, 6, 6, True),
        (DAILY, 364, 6, 18, True),
        (DAILY, 728, 12, 30, True),
    ],
)
def test_a_panel_has_the_waves_that_its_age_allows(
    cadence: Cadence, periods: int, yearly: int, usable: int, has_factors: bool
) -> None:
    """Six waves a year, twelve from two years on, each as sine and cosine; three a week on days from six weeks on."""
    weekly = 3 if cadence is DAILY else 0

    frame = build_frame(history_of(np.ones((1, periods)), cadence=cadence), (), SETTINGS)

    waves = [wave for wave in range(1, yearly + 1) for _ in range(2)]
    assert frame.order.tolist() == waves + [1] * 2 * weekly
    assert frame.needs.tolist() == [cadence.year] * 2 * yearly + [42] * 2 * weekly
    assert frame.fourier.shape == (periods + 2, 2 * yearly + 2 * weekly)
    assert int((frame.needs <= periods).sum()) == usable
    assert (frame.has_season, frame.has_factors) == (periods >= cadence.year, has_factors)
    assert frame.week_starts[[0, -1]].tolist() == [
        FIRST_MONDAY.item(),
        (FIRST_MONDAY + cadence.days * (periods + 1)).item(),
    ]


def test_the_first_wave_goes_round_once_a_year() -> None:
    frame = build_frame(history_of(np.ones((1, 60))), (), SETTINGS)
    day = np.array([(start - np.datetime64("2021-01-01")).astype(int) for start in frame.week_starts[:51]])

    np.testing.assert_allclose(frame.fourier[:51, 0], np.sin(2 * np.pi * day / 365.0), atol=1e-9)
    np.testing.assert_allclose(frame.fourier[:51, 1], np.cos(2 * np.pi * day / 365.0), atol=1e-9)
    np.testing.assert_allclose(frame.fourier[:51, 3], np.cos(4 * np.pi * day / 365.0), atol=1e-9)


def test_without_waves_a_weekly_panel_has_only_holidays() -> None:
    settings = ForecastSettings(horizon=2, fourier_order=0)

    frame = build_frame(history_of(np.ones((1, 104))), [date(2021, 1, 6)], settings)

    assert frame.fourier.shape == (106, 0)
    assert frame.holiday[0, :3].tolist() == [1 / 7, 0, 0]
    assert not frame.holiday[2:, :3].any()


@pytest.mark.parametrize(("cadence", "share"), [(WEEKLY, 1 / 7), (DAILY, 1.0)])
def test_a_holiday_beside_the_calendar_is_seen_from_its_neighbour_alone(
    cadence: Cadence, share: float
) -> None:
    starts = FIRST_MONDAY + cadence.days * np.arange(3)
    before, after = starts[0] - cadence.days, starts[-1] + cadence.days
    far = [starts[0] - 2 * cadence.days, starts[-1] + 2 * cadence.days]

    columns = holiday_columns(starts, [day.item() for day in (before, after, *far)], cadence)

    # In the period; in the next one; in the one before.
    np.testing.assert_allclose(columns, [[0, 0, share], [0, 0, 0], [0, share, 0]])
    assert not holiday_columns(starts, [], cadence).any()


@pytest.mark.parametrize(
    ("age", "cadence", "count"),
    [
        (4, WEEKLY, 0),
        (5, WEEKLY, 1),
        (9, WEEKLY, 1),
        (10, WEEKLY, 2),
        (75, WEEKLY, 15),
        (200, WEEKLY, 15),
        (34, DAILY, 0),
        (35, DAILY, 1),
        (70, DAILY, 2),
    ],
)
def test_the_trend_may_change_once_in_four_weeks_of_the_first_four_fifths(
    age: int, cadence: Cadence, count: int
) -> None:
    points = changepoints(age, SETTINGS, cadence)

    np.testing.assert_allclose(points, [0.8 * (at + 1) / (count + 1) for at in range(count)])


@pytest.mark.parametrize(
    ("age", "trend", "season", "caution"),
    [
        (15, 0, False, 3.0),
        (16, 4, False, 3.0),
        (51, 11, False, 3.0),
        (52, 11, True, 3.0),
        (104, 16, True, 1.0),
    ],
)
def test_young_series_have_fewer_columns_and_are_fitted_with_more_caution(
    age: int, trend: int, season: bool, caution: float
) -> None:
    """A trend from sixteen weeks on, a slope and one change in four weeks; season and holidays from a year on."""
    frame = build_frame(history_of(np.ones((1, 120))), (), SETTINGS)

    columns = series_columns(frame, age, SETTINGS)

    slopes = [0.3] + [caution] * (trend - 1) if trend else []
    waves = [3.0 * caution * wave for wave in (1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6)] if season else []
    np.testing.assert_allclose(columns.penalty, slopes + waves + [3.0 * caution] * 3 * season)
    assert columns.design.shape == (age, columns.penalty.size)
    assert columns.components.shape == (columns.penalty.size, 2 + 2 * 2)


def test_a_series_columns_show_its_own_weeks_and_forecast_what_follows_them() -> None:
    frame = build_frame(history_of(np.ones((1, 120))), [date(2023, 4, 26)], SETTINGS)
    columns = series_columns(frame, 60, SETTINGS)
    trend = 12 + 1
    design, ahead = columns.design, columns.components

    np.testing.assert_allclose(design[:, 0], np.arange(60) / 59.0)
    np.testing.assert_allclose(design[:, 1], np.maximum(np.arange(60) / 59.0 - 0.8 / 13.0, 0.0))
    np.testing.assert_array_equal(design[:, trend : trend + 12], frame.fourier[60:120, :12])
    np.testing.assert_array_equal(design[:, -3:], frame.holiday[60:120, :3])
    # The end of the trend less the mean of every column; a week's slope; season and holidays of both weeks ahead.
    np.testing.assert_allclose(ahead[:trend, 0], design[-1, :trend] - design[:, :trend].mean(axis=0))
    np.testing.assert_allclose(ahead[trend:, 0], -design[:, trend:].mean(axis=0))
    np.testing.assert_allclose(ahead[:trend, 1], design[-1, :trend] - design[-2, :trend])
    assert not ahead[trend:, 1].any()
    np.testing.assert_array_equal(ahead[trend : trend + 12, 2:4], frame.fourier[120:, :12].T)
    np.testing.assert_array_equal(ahead[-3:, 4:], frame.holiday[120:, :3].T)
    assert ahead[-3:, 4:].any()
    assert not ahead[:trend, 2:].any()
    assert not ahead[-3:, 2:4].any()
    assert not ahead[trend : trend + 12, 4:].any()


def test_a_series_younger_than_a_year_is_continued_without_its_slope() -> None:
    frame = build_frame(history_of(np.ones((1, 120))), (), SETTINGS)

    young, old = (series_columns(frame, age, SETTINGS).components[:, 1] for age in (51, 52))

    assert not young.any()
    assert old.any()
