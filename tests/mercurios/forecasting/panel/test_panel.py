"""A panel is one rectangle, and its shards are the same series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mercurios.forecasting.panel.cadence import DAILY
from mercurios.forecasting.panel.panel import NO_GROUP, Panel, PanelError, shards


def test_arrays_that_do_not_belong_together_are_refused(seasonal_panel: Panel) -> None:
    with pytest.raises(PanelError, match="mask, keys and group must fit"):
        Panel(
            seasonal_panel.y,
            seasonal_panel.mask[:5],
            seasonal_panel.week_starts,
            seasonal_panel.group,
            article_number=seasonal_panel.article_number,
            branch_number=seasonal_panel.branch_number,
        )


def test_shards_hold_every_series_once_in_key_order(seasonal_panel: Panel) -> None:
    shuffled = seasonal_panel.take(np.random.default_rng(3).permutation(seasonal_panel.n_series))
    parts = list(shards(shuffled, 50))
    assert [part.n_series for part in parts] == [50, 50, 50, 50, 40]
    assert (
        np.concatenate([part.article_number for part in parts]).tolist()
        == seasonal_panel.article_number.tolist()
    )
    assert np.array_equal(np.concatenate([part.y for part in parts]), seasonal_panel.y)


SMALL = np.arange(8.0).reshape(2, 4)
MONDAYS = np.datetime64("2021-01-04") + 7 * np.arange(4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"mask": np.ones((2, 3), dtype=bool)},
            "column 'y': mask, keys and group must fit 2 series x 4 weeks",
        ),
        ({"branch_number": np.zeros(3, dtype=np.int64)}, "mask, keys and group must fit"),
        ({"group": np.zeros((2, 1), dtype=np.int64)}, "mask, keys and group must fit"),
        ({"week_starts": MONDAYS[:3]}, "column 'week_start': 4 weeks expected, got 3"),
        ({"week_starts": MONDAYS + 1}, "every week must start on a Monday"),
        ({"week_starts": MONDAYS[[0, 1, 2, 2]]}, "weeks must follow each other without a gap"),
        ({"week_starts": MONDAYS[0] + 14 * np.arange(4)}, "weeks must follow each other without a gap"),
        ({"attributes": np.zeros((3, 1), dtype=np.int64)}, "attributes must be given for 2 series"),
        (
            {"x": np.zeros((2, 3, 1)), "x_names": ("x_a",)},
            "regressors must cover 2 series and at least 4 periods",
        ),
        ({"x": np.zeros((1, 4, 1)), "x_names": ("x_a",)}, "regressors must cover 2 series"),
        ({"x": np.zeros((2, 4, 2)), "x_names": ("x_a",)}, "regressors must cover 2 series"),
        (
            {"x": np.full((2, 4, 1), -1.1e12), "x_names": ("x_a",)},
            r"regressors must be numbers within \+-1e\+12",
        ),
        ({"x": np.full((2, 4, 1), np.nan), "x_names": ("x_a",)}, "regressors must be numbers"),
        ({"y": SMALL - 0.5}, r"column 'units': units must be numbers within 0..1e\+12"),
        ({"y": SMALL + 1.1e12}, "units must be numbers within"),
        ({"y": np.full((2, 4), np.nan)}, "units must be numbers within"),
    ],
)
def test_a_panel_whose_arrays_cannot_be_forecast_is_refused(
    make_panel: Callable[..., Panel], change: dict[str, Any], message: str
) -> None:
    panel = make_panel(SMALL)

    with pytest.raises(PanelError, match=message):
        replace(panel, **change)


@pytest.mark.parametrize(
    "change",
    [
        {"y": np.full((2, 4), 1e12)},
        {"x": np.full((2, 4, 1), -1e12), "x_names": ("x_a",)},
        {"x": np.zeros((2, 9, 2)), "x_names": ("x_a", "x_b")},
        {"attributes": np.zeros((2, 3), dtype=np.int64)},
        {"week_starts": MONDAYS[0] + np.arange(2, 6), "cadence": DAILY},
    ],
)
def test_a_panel_at_its_limits_is_taken(make_panel: Callable[..., Panel], change: dict[str, Any]) -> None:
    for name, value in change.items():
        assert getattr(replace(make_panel(SMALL), **change), name) is value


def test_a_panel_may_be_without_weeks_or_series(make_panel: Callable[..., Panel]) -> None:
    assert make_panel(np.zeros((2, 0))).n_weeks == 0
    assert make_panel(np.zeros((0, 4))).n_series == 0
    assert make_panel(np.zeros((2, 1))).n_weeks == 1


@pytest.mark.parametrize(
    ("column", "row", "text"),
    [("units", 0, "column 'units', row 0: bad"), ("units", None, "column 'units': bad"), ("", None, "bad")],
)
def test_an_error_says_where_it_is_as_far_as_that_is_known(column: str, row: int | None, text: str) -> None:
    error = PanelError(column, row, "bad")

    assert (str(error), error.column, error.row, error.problem) == (text, column, row, "bad")


@pytest.mark.parametrize(("periods", "kept"), [(9, False), (10, True), (11, True)])
def test_regressors_are_used_when_they_are_planned_for_the_whole_horizon(
    make_panel: Callable[..., Panel], periods: int, kept: bool
) -> None:
    panel = make_panel(SMALL, x=np.zeros((2, periods, 1))).planned(6)

    assert (panel.x is not None, panel.x_names) == (kept, ("x_0",) if kept else ())


def test_a_keyed_in_outlier_is_masked_and_nothing_else_changed(make_panel: Callable[..., Panel]) -> None:
    units = np.full((2, 10), 3.0)
    units[1, 4] = 1000.0

    panel = make_panel(units)
    learnable = panel.learnable()

    assert np.argwhere(~learnable.mask).tolist() == [[1, 4]]
    assert np.argwhere(learnable.y != 3.0).tolist() == [[1, 4]]
    assert learnable.y[1, 4] == 0.0
    calm = panel.take(np.array([0]))
    assert calm.learnable() is calm


def test_what_was_known_earlier_ends_there_and_counts_its_own_returns(
    make_panel: Callable[..., Panel],
) -> None:
    panel = replace(make_panel(SMALL, x=np.ones((2, 6, 1))), negative_weeks=3)

    earlier = panel.until(3)

    assert (earlier.y.tolist(), earlier.n_weeks) == (SMALL[:, :3].tolist(), 3)
    assert (earlier.mask.shape, earlier.week_starts.tolist()) == ((2, 3), MONDAYS[:3].tolist())
    assert earlier.x is panel.x
    assert (earlier.negative_weeks, panel.take(np.array([0])).negative_weeks) == (0, 0)


def test_similarity_begins_with_the_group(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(SMALL, group=np.array([7, NO_GROUP]))

    assert panel.similarity_keys().tolist() == [[7], [-1]]
    alike = replace(panel, attributes=np.array([[1, 2], [3, 4]]))
    assert alike.similarity_keys().tolist() == [[7, 1, 2], [-1, 3, 4]]
    assert alike.take(np.array([1])).attributes.tolist() == [[3, 4]]


@pytest.mark.parametrize(("size", "sizes"), [(1, [1, 1]), (2, [2]), (3, [2])])
def test_a_shard_has_at_least_one_series(
    make_panel: Callable[..., Panel], size: int, sizes: list[int]
) -> None:
    assert [shard.n_series for shard in shards(make_panel(SMALL), size)] == sizes
    with pytest.raises(ValueError, match="a shard needs at least one series, got size 0"):
        list(shards(make_panel(SMALL), 0))


def test_what_was_probably_wanted_is_kept_cut_and_put_in_place(seasonal_panel: Panel) -> None:
    rows, weeks = seasonal_panel.y.shape
    probable = np.full((rows, weeks), np.nan)
    probable[2, 5], probable[2, weeks - 1] = 11.5, 4.0
    mask = seasonal_panel.mask.copy()
    mask[2, [5, weeks - 1]] = False
    panel = replace(seasonal_panel, mask=mask, y=np.where(mask, seasonal_panel.y, 0.0), probable=probable)

    stored = Panel.from_arrays(panel.to_arrays())
    wanted = stored.take(np.array([2])).until(weeks - 1).wanted()

    assert (wanted.y[0, 5], bool(wanted.mask[0, 5]), wanted.probable) == (11.5, True, None)
    others = np.delete(np.arange(weeks - 1), 5)
    np.testing.assert_array_equal(wanted.y[0, others], panel.y[2, others])
    np.testing.assert_array_equal(wanted.mask[0, others], panel.mask[2, others])
    assert stored.wanted().y[2, weeks - 1] == 4.0
    with pytest.raises(PanelError, match="probable"):
        replace(panel, probable=probable[:, 1:])


def test_a_closed_period_is_not_learned_although_it_ran_out(seasonal_panel: Panel) -> None:
    probable, closed = np.full(seasonal_panel.y.shape, np.nan), np.zeros(seasonal_panel.y.shape, dtype=bool)
    probable[0, 3], closed[0, 3] = 9.0, True
    mask = seasonal_panel.mask & ~closed
    panel = replace(
        seasonal_panel, mask=mask, y=np.where(mask, seasonal_panel.y, 0.0), probable=probable, closed=closed
    )

    assert not panel.wanted().mask[0, 3]
