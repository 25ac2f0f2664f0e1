"""What is learned from the whole panel: of which series, and that it does not depend on their order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mercurios.forecasting import fit_shared
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.selection.learn import _sample, learn_all
from mercurios.forecasting.settings import ForecastSettings

SETTINGS = ForecastSettings(horizon=4, windows=2)


def drawn(keys: list[tuple[int, int]], size: int) -> set[tuple[int, int]]:
    """The sample by the definition of its hash, in whole numbers of Python modulo 2 ** 64."""

    def place(key: tuple[int, int]) -> tuple[int, int, int]:
        article, branch = key
        mixed = article * 0x9E3779B97F4A7C15 % 2**64 ^ branch * 0xC2B2AE3D27D4EB4F % 2**64
        mixed ^= mixed >> 29
        return mixed * 0xBF58476D1CE4E5B9 % 2**64, article, branch

    return set(sorted(keys, key=place)[:size])


def keys_of(panel: Panel) -> list[tuple[int, int]]:
    return list(zip(panel.article_number.tolist(), panel.branch_number.tolist(), strict=True))


@pytest.mark.parametrize("size", [1, 7, 100, 240, 1_000])
def test_the_sample_is_the_same_in_every_release_and_order_of_series(
    seasonal_panel: Panel, size: int
) -> None:
    for rows in (np.arange(240), np.random.default_rng(1).permutation(240)):
        panel = seasonal_panel.take(rows)

        chosen = _sample(panel, size)

        assert {keys_of(panel)[row] for row in chosen} == drawn(keys_of(panel), size)
        assert chosen.tolist() == sorted(chosen.tolist())


def test_quantiles_are_made_of_the_errors_of_the_pools_series_alone(seasonal_panel: Panel) -> None:
    """A pool as large as the panel has all; a smaller one does not see what the other series got wrong."""
    whole, larger, smaller = (
        fit_shared(seasonal_panel, (), replace(SETTINGS, pool_series=size)).pool.offsets
        for size in (240, 5_000, 200)
    )

    np.testing.assert_array_equal(whole, larger)
    assert not np.array_equal(whole, smaller, equal_nan=True)


def test_the_backtest_is_returned_when_it_covered_every_series(seasonal_panel: Panel) -> None:
    panel = seasonal_panel.take(np.arange(40))
    steps: list[str] = []

    _, of_all = learn_all(panel, (), replace(SETTINGS, sample_series=40), steps.append)
    _, of_some = learn_all(panel, (), replace(SETTINGS, sample_series=39))

    assert of_all is not None
    assert [window.cut for window in of_all] == [126, 122]
    assert [len(window.actual) for window in of_all] == [40, 40]
    assert of_some is None
    assert steps == ["factors"] * 3 + ["backtest"] * 2


@pytest.mark.parametrize(("weeks", "tested"), [(29, False), (60, True)])
def test_the_coverage_is_unknown_where_no_other_origin_has_a_pool(
    seasonal_panel: Panel, weeks: int, tested: bool
) -> None:
    panel = replace(
        seasonal_panel,
        y=seasonal_panel.y[:, :weeks],
        mask=np.ones((240, weeks), dtype=bool),
        week_starts=seasonal_panel.week_starts[:weeks],
    )

    coverage = fit_shared(panel, (), replace(SETTINGS, windows=2 if tested else 1)).coverage

    assert np.isnan(coverage).all() == (not tested)
    if tested:
        np.testing.assert_allclose(coverage, SETTINGS.quantiles, atol=0.1)
