"""Articles with seasons of their own are forecast by them, and articles without are not."""

from __future__ import annotations

import pytest
from worlds import World, draw

from mercurios.forecasting import ForecastSettings, fit_shared, forecast
from mercurios.forecasting.methods.pool import ADDITIVE, METHODS, OWN_SEASON, POOLED_TSB, candidates
from mercurios.forecasting.selection.metrics import wape

SETTINGS = ForecastSettings(horizon=8)


def errors(world: World) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Errors of the published forecast and each method against what was wanted, methods' shares, errors against sales.

    The published total is that of what is wanted in each of these worlds.
    """
    drawn = draw(world)
    panel, wanted = drawn.panel, drawn.wanted[:, : SETTINGS.horizon]
    context = fit_shared(panel, (), SETTINGS)
    result = forecast(panel, (), SETTINGS, context)
    pool = candidates(panel, context.shared[panel.n_weeks], (), SETTINGS)
    means = {name: pool.single(number) for number, name in enumerate(METHODS)}
    means["published"] = result.prediction.mean
    assert result.prediction.mean.sum() == pytest.approx(wanted.sum(), rel=0.03)
    used = result.summary["methods"]
    total = sum(used.values())
    sold = drawn.sold[:, : SETTINGS.horizon]
    return (
        {name: wape(wanted, mean) for name, mean in means.items()},
        {name: share / total for name, share in used.items()},
        {name: wape(sold, mean) for name, mean in means.items()},
    )


@pytest.mark.parametrize(
    ("world", "reached"),
    [
        (World(level=10.0, own_season=0.4, periods=156), 0.6),
        (World(level=10.0, own_peak=1.2, periods=156), 0.95),
    ],
    ids=["waves", "peaks of two weeks"],
)
def test_an_own_season_is_found_and_published(world: World, reached: float) -> None:
    """Of the peaks one in four lies within the horizon or just behind it."""
    error, used, sold = errors(world)

    assert error["published"] < reached * error[METHODS[POOLED_TSB]]
    assert error["published"] < error[METHODS[ADDITIVE]]
    assert sold["published"] < 1.02 * min(sold.values())
    assert used[METHODS[OWN_SEASON]] > 0.4


def test_where_articles_have_none_it_does_no_harm() -> None:
    error, used, _ = errors(World(level=10.0, season=0.3, periods=156, series=240))

    assert used[METHODS[OWN_SEASON]] < 0.3
    assert error["published"] < 1.05 * error[METHODS[POOLED_TSB]]
