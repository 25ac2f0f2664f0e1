"""A series' own season: found where its years agree, nothing where they do not, as sharp as the series shows it."""

from __future__ import annotations

import numpy as np
import pytest
from histories import history_of

from mercurios.forecasting.effects.calendar import build_frame
from mercurios.forecasting.effects.own_season import own_season
from mercurios.forecasting.settings import ForecastSettings

SETTINGS = ForecastSettings(horizon=13)
WEEKS, SERIES = 156, 40
YEAR = np.arange(WEEKS + SETTINGS.horizon) * 7 / 365.25
WAVE = 1.0 + 0.5 * np.sin(2 * np.pi * YEAR)
PEAK = np.where(np.abs(YEAR % 1.0 - 0.5) < 10 / 365.25, 3.0, 1.0)


def found(y: np.ndarray, past: np.ndarray | None = None, mask: np.ndarray | None = None) -> np.ndarray:
    history = history_of(y, mask=np.ones(y.shape, dtype=bool) if mask is None else mask)
    frame = build_frame(history, (), SETTINGS)
    return own_season(history, frame, np.zeros(y.shape) if past is None else past)


@pytest.mark.parametrize(("season", "off"), [(WAVE, 0.02), (PEAK, 0.12)], ids=["wave", "peak"])
def test_a_season_that_every_year_shows_is_its_factor(season: np.ndarray, off: float) -> None:
    factor = found(20.0 * season[None, :WEEKS])[0]

    relative = factor / factor[:WEEKS].mean() * season[:WEEKS].mean() / season
    assert np.abs(np.log(relative)).mean() < off
    assert factor.argmax() == pytest.approx(season.argmax(), abs=2)


def test_the_horizon_has_the_weeks_that_come_and_not_those_that_were() -> None:
    factor = found(20.0 * WAVE[None, :WEEKS])[0]

    np.testing.assert_allclose(factor[WEEKS:], factor[WEEKS - 52 : WEEKS - 52 + 13], rtol=0.08)


def test_years_that_do_not_agree_are_no_season() -> None:
    """Of noise a smoothed index would make swings of a tenth; of a true season nearly all is taken."""
    rng = np.random.default_rng(1)
    noise = found(rng.poisson(10.0, (SERIES, WEEKS)).astype(float))
    season = found(rng.poisson(10.0 * np.tile(WAVE[:WEEKS], (SERIES, 1))).astype(float))

    assert np.abs(noise - 1.0).mean() < 0.03
    assert season.std(axis=1).mean() > 0.9 * WAVE.std()


def test_a_peak_of_one_year_is_no_season() -> None:
    """Averaged over the three years it would be a factor of three; what is left is what it did to a year's level."""
    y = np.full((1, WEEKS), 20.0)
    y[0, 70:73] = 200.0

    np.testing.assert_allclose(found(y), 1.0, atol=0.06)


def test_what_the_group_explains_is_not_the_series_own() -> None:
    y = np.tile(20.0 * WAVE[:WEEKS], (2, 1))

    factor = found(y, past=np.log(np.tile(WAVE[:WEEKS], (2, 1))))

    np.testing.assert_allclose(factor, 1.0, atol=1e-9)


def test_a_level_that_changed_is_no_season() -> None:
    y = np.where(np.arange(WEEKS) < 80, 20.0, 40.0)[None, :]

    assert np.abs(found(y) - 1.0).max() < 0.1


@pytest.mark.parametrize(("weeks", "is_known"), [(103, False), (104, True)])
def test_two_years_are_needed(weeks: int, is_known: bool) -> None:
    factor = found(20.0 * WAVE[None, :weeks])

    assert factor.shape == (1, weeks + SETTINGS.horizon)
    assert bool((factor != 1.0).any()) == is_known


def test_a_series_of_one_year_has_none_in_an_old_panel() -> None:
    mask = np.arange(WEEKS)[None, :] >= WEEKS - 52

    assert (found(np.where(mask, 20.0 * WAVE[None, :WEEKS], 0.0), mask=mask) == 1.0).all()


def test_masked_weeks_say_nothing() -> None:
    mask = np.random.default_rng(2).random((1, WEEKS)) > 0.1
    whole = found(20.0 * WAVE[None, :WEEKS])

    masked = found(np.where(mask, 20.0 * WAVE[None, :WEEKS], 0.0), mask=mask)

    np.testing.assert_allclose(masked, whole, rtol=0.15)


def test_a_series_has_the_same_bits_alone_and_among_others() -> None:
    y = np.random.default_rng(3).poisson(5.0 * np.tile(WAVE[:WEEKS], (SERIES, 1))).astype(float)

    np.testing.assert_array_equal(found(y[7:8]), found(y)[7:8])


def test_nothing_sold_is_no_season() -> None:
    assert (found(np.zeros((2, WEEKS))) == 1.0).all()
