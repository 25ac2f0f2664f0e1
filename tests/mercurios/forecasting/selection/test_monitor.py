"""Forecasts that have come true are measured by figures that can be checked, and an alarm knows what is usual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.selection.monitor import ALL, Kept, is_drifting, measure


def kept(rows: list[tuple[int, int, int, float, float]]) -> Kept:
    """Series, origin, period, mean and one quantile of each forecast."""
    series, origin, period, mean, upper = (np.array(column) for column in zip(*rows, strict=True))
    return Kept(series, origin, period, mean.astype(float), upper.astype(float)[:, None])


@pytest.fixture
def panel(make_panel: Callable[..., Panel]) -> Panel:
    y = np.full((2, 30), 10.0)
    y[1] = np.tile([0.0, 0.0, 6.0], 10)
    y[0, 28], y[0, 29] = 14.0, 8.0
    return make_panel(y)


def test_the_figures_are_those_of_their_formulas(panel: Panel) -> None:
    found = measure(panel, kept([(0, 27, 28, 12.0, 13.0), (0, 27, 29, 12.0, 13.0), (1, 27, 29, 3.0, 6.0)]))
    whole = found[0]
    assert whole.demand_class == ALL
    assert whole.forecasts == 3
    assert whole.actual == 14 + 8 + 6
    assert whole.wape == pytest.approx((2 + 4 + 3) / 28)
    assert whole.bias == pytest.approx((-2 + 4 - 3) / 28)
    assert whole.coverage == (pytest.approx(2 / 3),)
    frozen = panel.y[1, 15:28].mean()
    assert whole.wape_mean_13w == pytest.approx((4 + 2 + abs(frozen - 6)) / 28)
    assert whole.ratio == pytest.approx(whole.wape / whole.wape_mean_13w)
    changes = [np.abs(np.diff(panel.y[series])).mean() for series in (0, 0, 1)]
    assert whole.mase == pytest.approx(9 / sum(changes))
    assert whole.tracking_signal == pytest.approx((-2 + 1) / ((2 + 1) / 2))


def test_each_class_is_measured_by_itself(panel: Panel) -> None:
    found = measure(panel, kept([(0, 27, 28, 12.0, 13.0), (1, 27, 29, 3.0, 6.0)]))
    assert [one.demand_class for one in found] == [ALL, "smooth", "intermittent"]
    assert found[1].wape == pytest.approx(2 / 14)
    assert found[2].wape == pytest.approx(3 / 6)


def test_weeks_without_stock_are_not_measured(make_panel: Callable[..., Panel]) -> None:
    mask = np.ones((1, 30), dtype=bool)
    mask[0, 29] = False
    panel = make_panel(np.full((1, 30), 5.0), mask)
    found = measure(panel, kept([(0, 27, 28, 5.0, 6.0), (0, 27, 29, 99.0, 99.0)]))
    assert found[0].forecasts == 1
    assert found[0].wape == 0.0


def test_nothing_kept_is_measured_as_unknown(panel: Panel) -> None:
    empty = np.zeros(0, dtype=np.int64)
    [whole] = measure(panel, Kept(empty, empty, empty, np.zeros(0), np.zeros((0, 1))))
    assert whole.forecasts == 0
    assert whole.wape is None
    assert whole.coverage == (None,)


def test_the_yardstick_is_frozen_at_the_origin(panel: Panel) -> None:
    late = measure(panel, kept([(0, 28, 29, 8.0, 9.0)]))[0]
    early = measure(panel, kept([(0, 20, 29, 8.0, 9.0)]))[0]
    assert late.wape_mean_13w == pytest.approx(abs((12 * 10 + 14) / 13 - 8) / 8)
    assert early.wape_mean_13w == pytest.approx(2 / 8)


@pytest.mark.parametrize(
    ("history", "value", "alarm"),
    [
        ([0.90, 0.92, 0.88, 0.91, 0.90, 0.89], 1.05, True),
        ([0.90, 0.92, 0.88, 0.91, 0.90, 0.89], 0.96, False),
        ([0.70, 1.10, 0.80, 1.00, 0.90, 0.85], 1.05, False),
        ([0.90, 0.92, 0.88], 5.0, False),
        ([0.90] * 8, 0.5, False),
        # Three times three hundredths above the median, where the figures hardly differ.
        ([0.90] * 7, 0.9901, True),
        ([0.90] * 7, 0.9899, False),
        # Median 0.9, median distance 0.1: three times 0.14826.
        ([0.80, 1.00, 0.80, 1.00, 0.90, 0.90, 0.80], 1.3448, True),
        ([0.80, 1.00, 0.80, 1.00, 0.90, 0.90, 0.80], 1.3447, False),
        ([0.90] * 5, 5.0, False),
        ([0.90] * 6, 5.0, True),
    ],
)
def test_an_alarm_compares_a_ratio_with_its_own_history(
    history: list[float], value: float, alarm: bool
) -> None:
    assert is_drifting(history, value) is alarm


def test_a_figure_without_demand_or_errors_to_divide_by_is_unknown(make_panel: Callable[..., Panel]) -> None:
    nothing = measure(make_panel(np.zeros((1, 30))), kept([(0, 27, 28, 0.0, 0.0), (0, 27, 29, 1.0, 0.0)]))[0]

    assert (nothing.forecasts, nothing.actual) == (2, 0.0)
    assert (nothing.wape, nothing.wape_mean_13w, nothing.ratio) == (None, None, None)
    assert (nothing.mase, nothing.bias, nothing.coverage) == (None, None, (1.0,))
    assert nothing.tracking_signal == pytest.approx(1.0 / 0.5)


def test_the_naive_yardstick_knows_only_weeks_that_follow_each_other(
    make_panel: Callable[..., Panel],
) -> None:
    units, mask = np.tile([2.0, 5.0], 15)[None, :], np.ones((1, 30), dtype=bool)
    units[0, 10], mask[0, 10] = 500.0, False

    [whole, *_] = measure(make_panel(units, mask), kept([(0, 27, 29, 8.0, 9.0)]))

    assert whole.mase == pytest.approx(3.0 / 3.0)
