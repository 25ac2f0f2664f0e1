"""What ended is forecast 0 and measured, and a season's goods fade as earlier seasons did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mercurios.forecasting import panel_of
from mercurios.forecasting.engine import forecast
from mercurios.forecasting.panel.life import NO_END, Life, fading, fadings
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.selection.backtest import run_windows
from mercurios.forecasting.selection.learn import _learn
from mercurios.forecasting.selection.monitor import Kept, left_out, measure
from mercurios.forecasting.settings import ForecastSettings

NAN = np.nan
FADE = np.array([0.8, 0.4, 0.1, 0.0])


def life_of(after: list[list[float]], ends: list[int]) -> Life:
    units = np.array(after)
    return Life(~np.isnan(units), units, np.array(ends), np.tile(FADE, (units.shape[1] + 1, 1)))


def rows(**columns: Any) -> pa.Table:
    count = len(columns["units"])
    first = np.datetime64("2024-01-01")
    table = {
        "article_number": [1] * count,
        "branch_number": [1] * count,
        "week_start": pa.array(first + 7 * np.arange(count), pa.date32()),
        "is_stock_out": [False] * count,
    }
    return pa.table(table | columns)


def test_a_series_that_ended_has_no_demand_left_and_others_have_all() -> None:
    life = life_of([[NAN, NAN, 0.0], [NAN, NAN, NAN]], [NO_END, NO_END])

    np.testing.assert_array_equal(life.factor(2), [[0, 0], [1, 1]])
    np.testing.assert_array_equal(life.until(2).factor(2), np.ones((2, 2)))


def test_demand_fades_from_the_end_of_the_season_on() -> None:
    life = life_of([[NAN] * 10], [10])

    np.testing.assert_array_equal(life.factor(18)[0], [1] + [0.8] * 4 + [0.4] * 4 + [0.1] * 4 + [0.0] * 5)


def test_after_the_season_only_what_is_still_to_fade_fades() -> None:
    life = life_of([[NAN] * 10], [5])

    np.testing.assert_allclose(life.factor(5)[0], [0.5, 0.5, 0.5, 0.5, 0.125])


def test_what_still_sells_when_all_earlier_seasons_were_over_goes_on() -> None:
    life = life_of([[NAN] * 40], [5])

    np.testing.assert_array_equal(life.factor(3)[0], [1, 1, 1])


def test_the_fading_is_that_of_the_seasons_that_ended() -> None:
    sold = np.concatenate([np.full(10, 4.0), np.full(4, 3.0), np.full(4, 2.0), np.full(4, 2.5), np.zeros(8)])
    units = np.stack([sold, 2 * sold, np.full(30, 99.0)])

    np.testing.assert_allclose(fading(units, np.array([9, 9, NO_END])), [0.75, 0.5, 0.5, 0.0])
    np.testing.assert_array_equal(fading(units, np.array([NO_END, NO_END, 20])), np.zeros(4))


def test_a_fading_is_known_when_the_weeks_after_the_season_have_passed() -> None:
    sold = np.concatenate([np.full(6, 4.0), np.full(4, 2.0), np.zeros(20)])
    units, ends = np.stack([sold, np.full(30, 3.0)]), np.array([5, 9])

    known = fadings(units, ends)

    np.testing.assert_array_equal(known[:22], np.zeros((22, 4)))
    for weeks in (22, 25, 26, 30):
        np.testing.assert_array_equal(known[weeks], fading(units[:, :weeks], ends))
    assert known[25].tolist() == [0.5, 0, 0, 0]
    assert known[26][0] > 0.5
    assert len(life_of([[NAN] * 30], [40]).until(22).fades) == 23


def test_weeks_after_the_end_are_known_where_there_was_stock_and_not_learned() -> None:
    panel = panel_of(
        rows(
            units=[3.0, 4.0, 0.0, 1.0, 0.0, 0.0],
            is_stock_out=[False, False, True, False, False, True],
            is_over=[False, False, False, True, True, True],
            season_ends_on=pa.array(np.full(6, np.datetime64("2024-01-31")), pa.date32()),
        )
    )

    known, demand = panel.known()
    np.testing.assert_array_equal(panel.mask[0], [True, True, False, False, False, False])
    np.testing.assert_array_equal(known[0], [True, True, False, True, True, False])
    np.testing.assert_array_equal(demand[0], [3, 4, 0, 1, 0, 0])
    assert panel.life is not None
    assert panel.alive().tolist() == [False]
    assert panel.until(3).alive().tolist() == [True]
    assert panel.life.season_end.tolist() == [4]


def test_a_panel_of_which_no_end_is_known_has_none() -> None:
    panel = panel_of(rows(units=[3.0, 4.0]))

    assert panel.life is None
    assert panel.known() == (panel.mask, panel.y)


def test_a_stored_panel_keeps_its_ends() -> None:
    panel = panel_of(rows(units=[3.0, 4.0], is_over=[False, True]))

    stored = Panel.from_arrays(panel.to_arrays())

    assert stored.life is not None
    assert panel.life is not None
    for name in ("over", "after", "season_end", "fades"):
        np.testing.assert_array_equal(getattr(stored.life, name), getattr(panel.life, name))
    np.testing.assert_array_equal(stored.take(np.array([0])).known()[0], panel.known()[0])


@pytest.fixture
def ending(seasonal_panel: Panel) -> Panel:
    """Every second series ended six weeks ago, and sold nothing since but one unit."""
    panel = seasonal_panel.take(np.arange(60))
    after, mask, y = np.full(panel.y.shape, NAN), panel.mask.copy(), panel.y.copy()
    after[::2, -6:] = 0.0
    after[0, -1] = 1.0
    mask[::2, -6:], y[::2, -6:] = False, 0.0
    fades = np.tile(FADE, (panel.n_weeks + 1, 1))
    life = Life(~np.isnan(after), after, np.full(panel.n_series, NO_END), fades)
    return replace(panel, y=y, mask=mask, life=life)


def test_what_ended_is_forecast_nothing_in_mean_quantiles_and_parts(ending: Panel) -> None:
    result = forecast(ending, settings=ForecastSettings(horizon=4))

    found = result.prediction
    assert found.mean[::2].max() == 0
    assert found.quantiles[::2].max() == 0
    assert found.total_quantiles[::2].max() == 0
    assert max(np.abs(part[::2]).max() for part in found.parts.each()) == 0
    assert found.mean[1::2].min() > 0


def test_a_backtest_counts_the_weeks_after_an_end(ending: Panel) -> None:
    with_ends = forecast(ending, settings=ForecastSettings(horizon=4)).summary["all_known_weeks"]
    masked = forecast(replace(ending, life=None), settings=ForecastSettings(horizon=4)).summary

    for name in ("left_out_weeks", "left_out_units"):
        assert with_ends[name] < masked["all_known_weeks"][name]
    assert len(with_ends["bias_by_week"]) == 4
    assert with_ends["bias"] > masked["all_known_weeks"]["bias"]


def test_methods_are_judged_by_what_no_one_knew_at_the_origin_to_end(ending: Panel) -> None:
    """Left out, the goods that go on would show how much they sell more than all did that were forecast."""
    settings = ForecastSettings(horizon=4, windows=1)
    cut = ending.n_weeks - 8
    shared = {cut: _learn(ending.until(cut), ending.until(cut), (), settings)}

    window = run_windows(ending, shared, (), settings)[0]

    np.testing.assert_array_equal(window.usable[:, :2], ending.mask[:, cut : cut + 2])
    assert window.usable[::2, 2:].all()
    assert not window.actual[::2, 2:].any()


def test_the_common_error_knows_no_end_beforehand() -> None:
    """Half of equal goods end one after the other; those left sell as much as before, and are forecast no more."""
    rng = np.random.default_rng(5)
    n, weeks = 400, 110
    ends = np.where(np.arange(n) % 2, NO_END, rng.integers(70, weeks - 4, n))
    over = np.arange(weeks) > ends[:, None]
    units = rng.poisson(3.0, (n, weeks)).astype(np.float64)
    after = np.where(over, 0.0, NAN)
    panel = Panel(
        y=np.where(over, 0.0, units),
        mask=~over,
        week_starts=np.datetime64("2024-01-01") + 7 * np.arange(weeks),
        group=np.zeros(n, dtype=np.int64),
        article_number=np.arange(n),
        branch_number=np.ones(n, dtype=np.int64),
        life=Life(over, after, np.full(n, NO_END), np.tile(FADE, (weeks + 1, 1))),
    )

    summary = forecast(panel, settings=ForecastSettings(horizon=8)).summary

    assert abs(summary["bias"]) < 0.05, "seed 5"
    assert abs(summary["all_known_weeks"]["bias"]) < 0.05


def test_published_forecasts_are_measured_after_an_end_too(ending: Panel) -> None:
    last = ending.n_weeks - 1
    kept = Kept(
        series=np.array([0, 1]),
        origin=np.array([last - 3] * 2),
        period=np.array([last, last]),
        mean=np.array([5.0, 3.0]),
        quantiles=np.full((2, 3), 9.0),
    )

    everything = measure(ending, kept)[0]

    assert everything.forecasts == 2
    assert everything.actual == 1 + ending.y[1, last]
    frozen = ending.y[1, last - 15 : last - 2].mean()
    assert everything.wape_mean_13w == pytest.approx(
        (1 + abs(frozen - ending.y[1, last])) / everything.actual
    )
    assert left_out(ending, kept) == (0, 0)
    assert left_out(replace(ending, life=None), kept) == (0.5, 0.625)
