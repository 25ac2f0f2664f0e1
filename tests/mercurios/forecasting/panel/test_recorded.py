"""Returns are taken from the sales they belong to; weeks that ran out of stock are lower bounds of demand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import poisson

from mercurios.forecasting.command import Request, run_request
from mercurios.forecasting.panel.cadence import DAILY, WEEKLY
from mercurios.forecasting.panel.recorded import (
    lower_bounds,
    net_of_returns,
    no_longer_offered,
    probable_demand,
)


def test_returns_go_back_to_the_latest_sales_first() -> None:
    units = np.array([[9.0, 2.0, 1.0, -5.0, 4.0], [3.0, 0.0, -1.0, -1.0, -4.0]])
    assert net_of_returns(units, WEEKLY).tolist() == [[7.0, 0.0, 0.0, 0.0, 4.0], [0.0] * 5]


def test_returns_reach_four_weeks_back_and_no_further() -> None:
    weeks = np.array([[5.0, 0.0, 0.0, 0.0, -2.0], [5.0, 0.0, 0.0, 0.0, 0.0]])
    late = np.array([[5.0, 0.0, 0.0, 0.0, 0.0, -2.0]])
    assert net_of_returns(weeks, WEEKLY)[0].tolist() == [3.0, 0.0, 0.0, 0.0, 0.0]
    assert net_of_returns(late, WEEKLY)[0, 0] == 5.0
    assert net_of_returns(late, DAILY)[0, 0] == 3.0


def test_what_was_out_of_stock_for_a_year_is_no_longer_offered() -> None:
    """From the 53rd week in a row on; stock or a sale begins the count again, and weeks to come change nothing."""
    units, sold_out = np.zeros((3, 120)), np.ones((3, 120), dtype=bool)
    units[1, 60] = 1.0
    sold_out[2, 40] = False

    found = no_longer_offered(units, sold_out, WEEKLY)

    assert [np.flatnonzero(row)[[0, -1]].tolist() for row in found] == [[52, 119], [52, 119], [93, 119]]
    assert not found[1, 60:113].any()
    assert found[1, 113:].all()
    assert not found[2, :93].any()
    np.testing.assert_array_equal(no_longer_offered(units[:, :80], sold_out[:, :80], WEEKLY), found[:, :80])


def test_a_large_order_that_is_partly_returned_is_what_was_kept() -> None:
    units = np.array([[20.0, 20.0, 1_520.0, -480.0, 20.0]])
    assert net_of_returns(units, WEEKLY).tolist() == [[20.0, 20.0, 1_040.0, 0.0, 20.0]]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        # The level is 8, its noise 2.8: 6 says as much as the level, 5 less.
        ([8.0, 8.0, 6.0], True),
        ([8.0, 8.0, 5.0], False),
        ([8.0, 8.0, 0.0], False),
        ([0.0, 0.0, 1.0], True),
        ([0.0, 0.0, 0.0], False),
    ],
)
def test_a_sold_out_week_is_learned_from_when_it_sold_the_usual(units: list[float], expected: bool) -> None:
    sold_out = np.array([[False, False, True]])
    assert lower_bounds(np.array([units]), ~sold_out, sold_out, WEEKLY)[0].tolist() == [
        False,
        False,
        expected,
    ]


def test_a_lower_bound_that_was_accepted_raises_the_level() -> None:
    # 2, then (2 + 0.2 x 98) = 21.6, of which 16.9 is within the noise and 16 is not.
    units, sold_out = np.array([[2.0, 100.0, 16.0]]), np.array([[False, True, True]])
    assert lower_bounds(units, ~sold_out, sold_out, WEEKLY)[0].tolist() == [False, True, False]


def test_a_series_without_sold_out_weeks_has_no_lower_bounds() -> None:
    units = np.ones((3, 4))
    none = np.zeros(units.shape, dtype=bool)
    assert not lower_bounds(units, ~none, none, WEEKLY).any()
    assert lower_bounds(units[:0], none[:0], none[:0], WEEKLY).shape == (0, 4)


@pytest.mark.parametrize("sold", [1.0, 3.0, 7.0, 12.0])
def test_what_was_wanted_is_the_mean_of_poisson_demand_of_at_least_what_was_sold(sold: float) -> None:
    """A level of 7; the sum over all counts from what was sold on."""
    units, sold_out = np.array([[7.0, 7.0, sold]]), np.array([[False, False, True]])
    counts = np.arange(sold, 200.0)
    chances = poisson.pmf(counts, 7.0)

    found = probable_demand(units, ~sold_out, sold_out, WEEKLY)[0]

    assert found[2] == pytest.approx((counts * chances).sum() / chances.sum())
    assert np.isnan(found[:2]).all()


def test_a_week_that_ran_out_before_it_sold_says_nothing() -> None:
    units, sold_out = np.array([[7.0, 7.0, 0.0]]), np.array([[False, False, True]])

    assert np.isnan(probable_demand(units, ~sold_out, sold_out, WEEKLY)).all()


def test_demand_far_above_the_level_is_what_was_sold() -> None:
    units, sold_out = np.array([[2.0, 2.0, 5_000.0]]), np.array([[False, False, True]])

    assert probable_demand(units, ~sold_out, sold_out, WEEKLY)[0, 2] == 5_000.0


def test_a_series_never_seen_in_full_wanted_what_it_sold() -> None:
    units = np.full((1, 30), 10.0)
    every = np.ones(units.shape, dtype=bool)

    assert probable_demand(units, ~every, every, WEEKLY)[0].tolist() == [10.0] * 30


def test_what_was_wanted_depends_on_no_later_week() -> None:
    rng = np.random.default_rng(2)
    units, sold_out = rng.poisson(4.0, (20, 60)).astype(float), rng.random((20, 60)) < 0.4

    whole = probable_demand(units, ~sold_out, sold_out, WEEKLY)
    half = probable_demand(units[:, :30], ~sold_out[:, :30], sold_out[:, :30], WEEKLY)

    np.testing.assert_array_equal(whole[:, :30], half)
    assert (whole >= np.where(sold_out, units, 0.0))[~np.isnan(whole)].all()


EACH_WEEK, LATELY = (
    [10] * 104,
    [
        int(digit) + (8 if week >= 20 else 0)
        for week, digit in enumerate(
            # In stock, then out of stock at some time of each week.
            "32222213333223113133"
            "113213111212121312211123132332232221122221212331321112113123332313332133123323321321"
        )
    ],
)


@pytest.mark.parametrize(("sold", "in_stock_weeks"), [(EACH_WEEK, 0), (LATELY, 20)])
def test_weeks_that_ran_out_are_never_forecast_below_what_they_sold(
    tmp_path: Path, sold: list[int], in_stock_weeks: int
) -> None:
    """Ten were sold in each week, out of stock at some time of it: demand is ten or more, not 0.0 or 2.3."""
    rows = ["article,branch,week,quantity,in_stock"] + [
        f"1,1,{date(2023, 1, 2) + timedelta(7 * week)},{units},{str(week < in_stock_weeks).lower()}"
        for week, units in enumerate(sold)
    ]
    (tmp_path / "panel.csv").write_text("\n".join(rows) + "\n")
    summary = run_request(Request(tmp_path / "panel.csv", tmp_path / "out"))
    mean = pq.read_table(tmp_path / "out" / "forecast.parquet")["mean"].to_numpy()
    assert mean.min() >= 10.0 - 1e-9
    assert mean.max() <= 11.0
    assert summary["notes"] == [
        f"{104 - in_stock_weeks} weeks that ran out of stock sold as much as usual or more: demand was at least that, "
        "and is learned as what it probably was"
    ]
