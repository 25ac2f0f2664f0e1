"""Demand classes at their cuts, and which series are dense."""

from __future__ import annotations

import numpy as np
import pytest
from histories import history_of

from mercurios.forecasting.panel.classes import CLASS_NAMES, classify, interval, is_dense, variation


def class_of(units: list[float], mask: list[bool] | None = None) -> str:
    y = np.array([units])
    history = history_of(y, None if mask is None else np.array([mask]))
    return CLASS_NAMES[classify(history)[0]]


@pytest.mark.parametrize(
    ("selling", "weeks", "name"),
    [(25, 33, "intermittent"), (26, 34, "smooth"), (3, 3, "smooth"), (1, 3, "intermittent")],
)
def test_a_series_sells_rarely_from_132_weeks_for_100_sales_on(selling: int, weeks: int, name: str) -> None:
    """33 / 25 is the cut itself."""
    assert class_of([5.0] * selling + [0.0] * (weeks - selling)) == name


@pytest.mark.parametrize(("low", "high", "name"), [(3.0, 17.0, "erratic"), (3.1, 16.9, "smooth")])
def test_a_series_sells_unevenly_from_a_squared_variation_of_049_on(
    low: float, high: float, name: str
) -> None:
    """Around ten, seven up or down: 49 over 100."""
    assert class_of([low, high] * 10) == name
    rare = [value for pair in ((low, 0.0), (high, 0.0)) for value in pair] * 5
    assert class_of(rare) == {"erratic": "lumpy", "smooth": "intermittent"}[name]


def test_a_series_without_a_sale_has_no_class() -> None:
    assert class_of([0.0] * 5) == "none"
    assert class_of([0.0, 3.0], [True, False]) == "none"


def test_interval_and_variation_know_observed_weeks_only() -> None:
    y = np.array([[4.0, 0.0, 8.0, 99.0], [0.0, 0.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0]])
    mask = np.array([[True, True, True, False], [True] * 4, [True] * 4])

    assert interval(history_of(y, mask)).tolist() == [1.5, np.inf, 1.0]
    assert variation(history_of(y, mask)).tolist() == pytest.approx([4.0 / 36.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("units", "weeks", "selling", "dense"),
    [
        (5.25, 21, 20, True),
        (5.24, 21, 20, False),
        (5.0, 20, 20, True),
        (4.99, 20, 20, False),
        (50.0, 22, 20, False),
    ],
)
def test_a_dense_series_sells_five_a_week_in_twenty_of_21_weeks(
    units: float, weeks: int, selling: int, dense: bool
) -> None:
    y = np.array([[units] * selling + [0.0] * (weeks - selling)])

    assert is_dense(history_of(y)).tolist() == [dense]
