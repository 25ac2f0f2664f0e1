"""Errors of totals, computed step by step."""

from __future__ import annotations

import numpy as np
import pytest

from mercurios.forecasting.panel.classes import CLASS_NAMES, LUMPY, SMOOTH
from mercurios.forecasting.selection.totals import Cells

CLASS = np.array([SMOOTH, SMOOTH, LUMPY])
GROUP = np.array([7, 7, 2])


def test_totals_are_summed_by_class_and_group() -> None:
    cells = Cells.of(CLASS, GROUP)

    total = cells.total(np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]]))

    by_class = total.reshape(len(CLASS_NAMES), 2, 2)
    assert by_class[SMOOTH].tolist() == [[0.0, 0.0], [11.0, 22.0]]
    assert by_class[LUMPY].tolist() == [[100.0, 200.0], [0.0, 0.0]]
    assert total.sum() == 333.0


def test_a_totals_error_is_measured_by_noise_and_by_a_tenth_of_what_is_usual() -> None:
    """Twenty units are usual of two series; ten of noise each and two squared, 24, are what they may be off by."""
    actual = np.array([[8.0, 12.0], [10.0, 10.0], [5.0, 5.0]])
    mean = actual + np.array([[3.0, 1.0], [3.0, 1.0], [0.0, 0.0]])
    noise, usable = np.full((3, 2), 10.0), np.ones((3, 2), dtype=bool)

    found = Cells.of(CLASS, GROUP).total_errors(mean, actual, noise, usable)

    assert found[SMOOTH, 1] == pytest.approx((36 / 24 + 4 / 24) / 2)
    assert found.sum() == found[SMOOTH, 1]


def test_opposite_errors_of_two_series_are_no_error_of_their_total() -> None:
    actual = np.array([[8.0], [10.0], [5.0]])
    mean = actual + np.array([[3.0], [-3.0], [0.0]])

    found = Cells.of(CLASS, GROUP).total_errors(mean, actual, np.ones((3, 1)), np.ones((3, 1), dtype=bool))

    assert not found.any()


def test_periods_count_by_the_series_that_are_judged_in_them() -> None:
    """In the second period one of two series counts: half of what is usual, and half the weight."""
    actual = np.array([[10.0, 10.0], [10.0, 0.0], [0.0, 0.0]])
    mean = actual + np.array([[4.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    usable = np.array([[True, True], [True, False], [True, True]])

    found = Cells.of(CLASS, GROUP).total_errors(mean, actual, np.zeros((3, 2)), usable)

    assert found[SMOOTH, 1] == pytest.approx((2 * 16 / 4 + 1 * 1 / 1) / 3)
