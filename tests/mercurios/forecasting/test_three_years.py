"""A retailer that grew in its first year and has three: its season is known, and the first year does not hide it."""

from __future__ import annotations

import numpy as np
import pytest

from mercurios.forecasting import ForecastSettings, Panel, forecast
from mercurios.forecasting.methods.pool import ADDITIVE, METHODS, OWN_SEASON, POOLED_SES, POOLED_TSB
from mercurios.forecasting.output.model import Prediction

FIRST_MONDAY, WEEKS, HORIZON, SERIES = np.datetime64("2022-12-05"), 156, 13, 240
Shop = tuple[np.ndarray, Prediction, dict[str, float]]


@pytest.fixture(scope="module", params=[1, 2])
def shop(request: pytest.FixtureRequest) -> Shop:
    """Weekly truth of the horizon in all, the forecast and its methods: articles of one or two pieces a week.

    In its first year the shop takes article after article in, so that growth looks like a season.
    """
    rng = np.random.default_rng(request.param)
    week = np.arange(WEEKS + HORIZON)
    season = 1.0 + 0.35 * np.cos(2 * np.pi * (week - 2) / 52.18)
    truth = rng.lognormal(0.3, 0.5, (SERIES, 1)) * season
    begin = rng.integers(0, 52, SERIES)
    sold = rng.poisson(truth) * (week >= begin[:, None])
    panel = Panel(
        y=sold[:, :WEEKS].astype(float),
        mask=week[:WEEKS] >= begin[:, None],
        week_starts=FIRST_MONDAY + 7 * np.arange(WEEKS),
        group=(np.arange(SERIES) % 6).astype(np.int64),
        article_number=np.arange(SERIES),
        branch_number=np.ones(SERIES, dtype=np.int64),
    )
    found = forecast(panel, (), ForecastSettings(horizon=HORIZON))
    return truth[:, WEEKS:].sum(axis=0), found.prediction, found.summary["methods"]


def test_each_week_of_the_total_follows_the_season(shop: Shop) -> None:
    """The first year's growth was part of the season, which made it up to a fifth too low."""
    truth, found, _ = shop
    weeks = found.mean.sum(axis=0)
    assert np.abs(weeks - truth).sum() < 0.06 * truth.sum()
    assert weeks.sum() == pytest.approx(truth.sum(), rel=0.05)


def test_methods_that_know_the_season_are_published(shop: Shop) -> None:
    """An origin with one year behind it took growth for season, and its failure spoke against the season of today."""
    *_, methods = shop
    with_season = sum(methods[METHODS[at]] for at in (ADDITIVE, POOLED_SES, POOLED_TSB, OWN_SEASON))
    assert with_season > 0.7 * sum(methods.values())
