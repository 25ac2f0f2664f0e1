"""Backtests see only the past, and decide which methods are published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mercurios.forecasting.engine import fit_shared
from mercurios.forecasting.methods.pool import (
    ADDITIVE,
    MEAN_13W,
    METHODS,
    OWN_SEASON,
    POOLED_SES,
    POOLED_TSB,
    SBA,
    SEASONAL_NAIVE,
    SES,
    TSB,
)
from mercurios.forecasting.panel.cadence import DAILY
from mercurios.forecasting.panel.classes import CLASS_NAMES, LUMPY, SMOOTH
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.selection import combine
from mercurios.forecasting.selection.backtest import Window, origins, run_windows
from mercurios.forecasting.selection.combine import (
    Scores,
    choose,
    combination,
    fit_scores,
    series_scores,
    with_combination,
    with_new_season,
)
from mercurios.forecasting.settings import ForecastSettings

SETTINGS = ForecastSettings()
WIDTH = len(METHODS) + 1
# Totals of two groups that every method forecast as well as it can be.
NO_TOTALS = np.zeros((len(CLASS_NAMES), 2, WIDTH))


@pytest.fixture(scope="module")
def windows(seasonal_panel: Panel) -> list[Window]:
    """Of one group."""
    return windows_of(replace(seasonal_panel, group=np.zeros(seasonal_panel.n_series, dtype=np.int64)))


def windows_of(panel: Panel) -> list[Window]:
    return run_windows(panel, fit_shared(panel, (), SETTINGS).shared, (), SETTINGS)


def test_what_came_after_an_origin_changes_nothing_it_had_forecast(seasonal_panel: Panel) -> None:
    cuts = origins(seasonal_panel.n_weeks, SETTINGS)
    changed = seasonal_panel.y.copy()
    changed[:, cuts[-1] :] = np.where(seasonal_panel.mask[:, cuts[-1] :], 777.0, 0.0)
    other = replace(seasonal_panel, y=changed)
    first, second = (
        run_windows(panel, fit_shared(panel, (), SETTINGS).shared, (), SETTINGS)[-1].candidates
        for panel in (seasonal_panel, other)
    )
    for method in range(len(METHODS)):
        assert np.array_equal(first.single(method), second.single(method))
    assert np.array_equal(first.spread.mean, second.spread.mean)


def test_origins_leave_a_full_horizon_and_enough_history() -> None:
    assert origins(60, SETTINGS) == [47, 43, 39, 35]
    assert origins(30, SETTINGS) == [17, 16, 15]
    assert origins(20, SETTINGS) == []


def test_the_same_weeks_of_earlier_years_are_tested_where_two_years_lie_before() -> None:
    assert origins(130, SETTINGS) == [117, 113, 109, 105]
    assert origins(160, SETTINGS) == [147, 143, 139, 135, 108]
    assert origins(220, SETTINGS) == [207, 203, 199, 195, 168, 116]
    assert origins(1_100, ForecastSettings(horizon=28), DAILY)[-1] == 1_100 - 364


def test_the_three_best_methods_are_averaged_the_best_with_the_most_weight() -> None:
    score = np.full((1, WIDTH), 1.2)
    score[0, [SES, ADDITIVE, SBA]] = 0.90, 0.92, 0.95
    weight = choose(score.copy() * np.where(np.arange(WIDTH) == WIDTH - 1, 0.5, 1.0))[0]
    assert np.flatnonzero(weight).tolist() == sorted([ADDITIVE, SBA, SES])
    assert weight[SES] > weight[ADDITIVE] > weight[SBA]
    assert weight.sum() == pytest.approx(1.0)
    assert weight[ADDITIVE] / weight[SES] == pytest.approx(np.exp(-40 * 0.02))


def test_a_combination_no_better_than_the_13_week_mean_is_not_published() -> None:
    score = np.full((2, WIDTH), 0.9)
    score[:, -1] = [0.99, 1.01]
    weight = choose(score)
    assert weight[1].tolist() == (np.arange(len(METHODS)) == MEAN_13W).astype(float).tolist()
    assert weight[0, MEAN_13W] < 1.0


def test_the_previous_choice_is_kept_unless_it_is_clearly_beaten() -> None:
    score = np.full((2, WIDTH), 1.5)
    score[:, [ADDITIVE, POOLED_SES, SES]] = 0.90
    score[:, -1] = 0.9
    score[0, SBA], score[1, SBA] = 0.91, 0.99
    previous = np.zeros((2, len(METHODS)), dtype=bool)
    previous[:, SBA] = True
    kept = choose(score, previous) > 0
    assert np.flatnonzero(kept[0]).tolist() == [SBA]
    assert np.flatnonzero(kept[1]).tolist() == [ADDITIVE, POOLED_SES, SES]


def test_a_series_that_fell_back_to_the_13_week_mean_is_judged_again() -> None:
    score = np.full((2, WIDTH), 1.5)
    score[:, MEAN_13W] = 1.0
    score[:, [ADDITIVE, POOLED_SES, SES]] = 0.99
    score[:, -1] = [0.9, 1.1]
    previous = np.zeros((2, len(METHODS)), dtype=bool)
    previous[:, MEAN_13W] = True

    chosen = choose(score, previous) > 0

    assert np.flatnonzero(chosen[0]).tolist() == [ADDITIVE, POOLED_SES, SES]
    assert np.flatnonzero(chosen[1]).tolist() == [MEAN_13W]


def test_a_series_without_a_previous_choice_gets_the_best() -> None:
    score = np.full((1, WIDTH), 0.9)
    none = np.zeros((1, len(METHODS)), dtype=bool)
    assert np.array_equal(choose(score, none), choose(score))


def test_a_series_score_is_three_parts_its_own_and_seven_its_groups(windows: list[Window]) -> None:
    n = windows[0].actual.shape[0]
    ratio = np.full((len(windows) + 1, len(CLASS_NAMES), 2, WIDTH), 0.8)
    scores = Scores(np.zeros(1, dtype=np.int64), ratio, np.ones(len(METHODS), dtype=bool))
    errors = with_combination(windows, scores, np.zeros(n, dtype=np.int64))
    score = series_scores(errors, scores, np.full(n, SMOOTH), np.zeros(n, dtype=np.int64))
    absolute = sum(error.absolute for error in errors)
    squared = sum(error.squared for error in errors)
    row = int(np.argmax(absolute[:, MEAN_13W]))
    single = np.sqrt(absolute[row, SES] / absolute[row, MEAN_13W])
    single *= (squared[row, SES] / squared[row, MEAN_13W]) ** 0.25
    assert score[row, SES] == pytest.approx(0.3 * single + 0.7 * 0.8)
    assert np.allclose(score[:, MEAN_13W], 0.3 + 0.7 * 0.8)


def test_an_origin_does_not_choose_what_it_is_judged_by(windows: list[Window]) -> None:
    group = np.zeros(windows[0].actual.shape[0], dtype=np.int64)
    before = fit_scores(windows, group)
    errors = with_combination(windows, before, group)
    code = windows[0].candidates.demand_class
    score = series_scores(errors, before, code, group, without=0)
    windows = [*windows]
    spoiled = windows[0].absolute.copy()
    spoiled[:, SES] *= 100.0
    first = windows[0]
    windows[0] = replace(first, absolute=spoiled)
    after = fit_scores(windows, group)
    other = series_scores(with_combination(windows, after, group), after, code, group, without=0)
    np.testing.assert_allclose(other[:, : len(METHODS)], score[:, : len(METHODS)], rtol=1e-9)
    assert after.ratio[0, SMOOTH, 0, SES] > before.ratio[0, SMOOTH, 0, SES]


def test_what_an_origin_leaves_out_is_scored_as_if_it_had_not_been(windows: list[Window]) -> None:
    group = np.zeros(windows[0].actual.shape[0], dtype=np.int64)

    three, two = (fit_scores(windows[:1] * count, group).ratio for count in (3, 2))

    np.testing.assert_allclose(three[1][..., : len(METHODS)], two[0][..., : len(METHODS)], rtol=1e-9)
    assert not np.allclose(two[0], 1.0)


def test_a_panel_too_young_for_an_origin_scores_one_in_every_group() -> None:
    group = np.array([3, 8, 8])

    score = series_scores([], fit_scores([], group), np.full(3, SMOOTH), group)

    assert set(score[np.isfinite(score)].tolist()) == {1.0}


def test_a_group_of_few_series_keeps_its_class_ranking(seasonal_panel: Panel) -> None:
    group = np.zeros(seasonal_panel.n_series, dtype=np.int64)
    group[0] = 1
    scores = fit_scores(windows_of(replace(seasonal_panel, group=group)), group)
    assert np.abs(scores.ratio[0, :, 2] - scores.ratio[0, :, 0]).max() < 0.05


def test_methods_that_do_not_differ_are_in_the_pool_once(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(3)
    panel = make_panel(rng.poisson(3.0, (20, 45)).astype(float))
    young = run_windows(panel, fit_shared(panel, (), SETTINGS).shared, (), SETTINGS)
    assert not young[0].candidates.available[POOLED_SES]
    assert not young[0].candidates.available[SEASONAL_NAIVE]
    weight = choose(
        series_scores(
            with_combination(young, fit_scores(young, panel.group), panel.group),
            fit_scores(young, panel.group),
            young[0].candidates.demand_class,
            panel.group,
        )
    )
    assert not weight[:, [POOLED_SES, SEASONAL_NAIVE]].any()


def test_a_seasonal_naive_that_was_tested_without_a_season_is_not_chosen(
    make_panel: Callable[..., Panel],
) -> None:
    """At 58 weeks it repeats last year; at its earlier origins there was none to repeat."""
    rng = np.random.default_rng(3)
    panel = make_panel(rng.poisson(3.0, (20, 58)).astype(float))
    tested = run_windows(panel, fit_shared(panel, (), SETTINGS).shared, (), SETTINGS)
    assert not fit_scores(tested, panel.group).available[SEASONAL_NAIVE]
    older = make_panel(rng.poisson(3.0, (20, 90)).astype(float))
    tested = run_windows(older, fit_shared(older, (), SETTINGS).shared, (), SETTINGS)
    assert fit_scores(tested, older.group).available[SEASONAL_NAIVE]


def test_an_own_season_that_was_not_tested_at_every_origin_is_not_chosen(
    make_panel: Callable[..., Panel],
) -> None:
    """At 120 weeks the latest origin has two years behind it, and those before it have not."""
    rng = np.random.default_rng(3)
    for weeks, is_tested in ((120, False), (130, True)):
        panel = make_panel(rng.poisson(3.0, (20, weeks)).astype(float))
        tested = run_windows(panel, fit_shared(panel, (), SETTINGS).shared, (), SETTINGS)
        assert tested[0].candidates.available[OWN_SEASON]
        assert fit_scores(tested, panel.group).available[OWN_SEASON] == is_tested


def test_classes_are_shrunk_to_the_panel_and_groups_to_their_class() -> None:
    """Fifty smooth series whose simple smoothing errs twice as much as the 13-week mean, fifty lumpy ones alike.

    A class counts beside fifty average series: (100 + 50 * 1.5) / 100 = 1.75 against one. A group counts beside 300
    of its class: ten series err by 20 + 300 * 1.75 against 310. Scores are roots of such ratios, squares beside them.
    """
    absolute = np.ones((100, len(METHODS)))
    absolute[:50, SES] = 2.0
    squared = np.ones((100, len(METHODS)))
    demand_class = np.repeat([SMOOTH, LUMPY], 50)
    group = np.where(np.arange(100) < 10, 7, 3)
    window = SimpleNamespace(
        candidates=SimpleNamespace(demand_class=demand_class),
        usable=np.ones((100, 4), dtype=bool),
    )
    tested = combine.Tested(
        np.append(absolute, np.ones((100, 1)), axis=1),
        np.append(squared, np.ones((100, 1)), axis=1),
        NO_TOTALS,
    )

    ratio = combine._table([window], [tested], group, np.array([3, 7]))[0]

    assert ratio[SMOOTH, 0, SES] == pytest.approx(np.sqrt(1.75))
    assert ratio[LUMPY, 0, SES] == pytest.approx(np.sqrt((50 + 50 * 1.5) / 100))
    assert ratio[SMOOTH, 2, SES] == pytest.approx(np.sqrt((20 + 300 * 1.75) / 310))
    assert ratio[SMOOTH, 1, SES] == pytest.approx(np.sqrt((80 + 300 * 1.75) / 340))
    np.testing.assert_allclose(ratio[:, :, MEAN_13W], 1.0)
    squared[:50, SES] = 16.0
    tested = replace(tested, squared=np.append(squared, np.ones((100, 1)), axis=1))
    rooted = combine._table([window], [tested], group, np.array([3, 7]))[0]
    # The mean of the squares is 8.5; the smooth class has (800 + 50 * 8.5) / 100.
    assert rooted[SMOOTH, 0, SES] == pytest.approx(np.sqrt(1.75) * 12.25**0.25)


def test_a_method_that_gets_the_totals_of_a_class_wrong_scores_worse_in_it() -> None:
    """Totals off by three times what they may be: nine and one, as of all classes, over one; its fourth root counts.

    A hundred smooth series stand beside fifty of the panel's average, in which the lumpy ones are right.
    """
    ones = np.ones((200, WIDTH))
    group, demand_class = np.full(200, 3), np.repeat([SMOOTH, LUMPY], 100)
    window = SimpleNamespace(
        candidates=SimpleNamespace(demand_class=demand_class), usable=np.ones((200, 4), dtype=bool)
    )
    totals = NO_TOTALS[:, :1].copy()
    totals[SMOOTH, 0, SES] = 9.0

    ratio = combine._table([window], [combine.Tested(ones, ones, totals)], group, np.array([3]))[0]

    assert ratio[SMOOTH, 0, SES] == pytest.approx(((100 * 10 + 50 * 5.5) / 150) ** 0.25)
    assert ratio[LUMPY, 0, SES] == pytest.approx(((100 + 50 * 5.5) / 150) ** 0.25)
    assert ratio[SMOOTH, 0, TSB] == 1.0


def test_a_series_own_score_is_a_quarter_or_fourfold_at_most() -> None:
    ratio = np.ones((2, len(CLASS_NAMES), 2, WIDTH))
    scores = Scores(np.zeros(1, dtype=np.int64), ratio, np.ones(len(METHODS), dtype=bool))
    absolute = np.ones((1, WIDTH))
    absolute[0, [SES, SBA]] = 1e6, 1e-6
    zero = np.zeros(1, dtype=np.int64)

    [score] = series_scores(
        [combine.Tested(absolute, np.ones((1, WIDTH)), NO_TOTALS[:, :1])], scores, zero, zero
    )

    assert score[[SES, SBA, MEAN_13W]].tolist() == pytest.approx([0.3 * 4 + 0.7, 0.3 * 0.25 + 0.7, 1.0])


def test_a_choice_is_kept_up_to_two_percent_and_given_up_beyond() -> None:
    score = np.full((2, WIDTH), 1.5)
    score[:, [ADDITIVE, POOLED_SES, SES]] = 0.90
    score[:, SBA] = 0.9179, 0.9181
    previous = np.zeros((2, len(METHODS)), dtype=bool)
    previous[:, SBA] = True

    kept = combination(score, previous) > 0

    assert kept[:, SBA].tolist() == [True, False]


def test_a_combination_as_good_as_the_13_week_mean_is_published() -> None:
    score = np.full((1, WIDTH), 1.0)

    assert choose(score)[0, :3].tolist() == pytest.approx([1 / 3] * 3)


def test_a_method_that_is_not_available_is_never_combined() -> None:
    score = np.full((1, WIDTH), np.inf)
    score[0, [SES, MEAN_13W]] = 1.0

    assert np.flatnonzero(combination(score)[0]).tolist() == [SES, MEAN_13W]


@pytest.mark.parametrize(
    ("periods", "options", "expected"),
    [
        (33, {}, [20, 19, 18, 17]),
        (20, {"horizon": 10}, [10]),
        (21, {"horizon": 12}, []),
        (60, {"windows": 1}, [47]),
        (60, {"windows": 0}, []),
        (60, {"window_step": 1}, [47, 46, 45, 44]),
        (60, {"horizon": 30}, [30, 29, 28, 27]),
        (60, {"horizon": 30, "min_train_weeks": 20}, [30, 27, 24, 21]),
        (117, {}, [104, 100, 96, 92]),
        (103, {"horizon": 1, "windows": 1}, [102]),
        (155, {"horizon": 1, "windows": 1}, [154]),
        (156, {"horizon": 1, "windows": 1}, [155, 104]),
    ],
)
def test_origins_are_closer_where_history_is_short(
    periods: int, options: dict[str, int], expected: list[int]
) -> None:
    assert origins(periods, replace(SETTINGS, **options)) == expected


def scores_of(available: list[bool]) -> Scores:
    shape = (1, len(CLASS_NAMES), 1, WIDTH)
    return Scores(np.zeros(0, dtype=np.int64), np.ones(shape), np.array(available))


def test_a_season_that_no_origin_knew_has_the_scores_of_its_plain_methods() -> None:
    """And the flat 13-week mean is no verdict on it, although the combination was worse than it."""
    score = np.full((2, WIDTH), 1.5)
    score[0, [ADDITIVE, SES, TSB, MEAN_13W]] = 0.9, 0.8, 0.95, 0.5
    score[:, [POOLED_SES, POOLED_TSB, SEASONAL_NAIVE]] = np.inf
    tested = [True] * len(METHODS)
    tested[POOLED_SES] = tested[POOLED_TSB] = tested[SEASONAL_NAIVE] = False
    found = with_new_season(score, scores_of(tested), (True,) * len(METHODS))
    assert found[0, [ADDITIVE, POOLED_SES, POOLED_TSB]].tolist() == [0.9, 0.8, 0.95]
    weight = choose(found)
    flat = [SBA, TSB, SES, MEAN_13W, SEASONAL_NAIVE]
    assert not weight[:, flat].any()
    assert weight[0].argmax() == POOLED_SES
    assert weight.sum(axis=1) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("known", [True, False])
def test_scores_stay_where_the_season_was_tested_or_is_still_unknown(known: bool) -> None:
    score = np.random.default_rng(1).random((3, WIDTH))
    found = with_new_season(score, scores_of([known] * len(METHODS)), (known,) * len(METHODS))
    assert found is score
