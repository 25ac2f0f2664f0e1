"""Keyed-in outliers at the limits of what is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from histories import history_of

from mercurios.forecasting.panel.outliers import flag_outliers


def flagged(units: list[float], mask: list[bool] | None = None) -> list[int]:
    found = flag_outliers(history_of(np.array([units]), None if mask is None else np.array([mask])))
    return np.flatnonzero(found[0]).tolist()


@pytest.mark.parametrize(
    ("others", "outlier", "is_one"),
    [
        (10.0, 101.0, True),
        (10.0, 100.0, False),
        (9.0, 100.0, True),
        (9.0, 99.0, False),
        (0.0, 5000.0, False),
        (0.5, 100.0, True),
    ],
)
def test_an_outlier_is_a_hundred_units_and_more_than_ten_times_all_others(
    others: float, outlier: float, is_one: bool
) -> None:
    assert flagged([others] * 4 + [outlier] + [others] * 5) == ([4] if is_one else [])


@pytest.mark.parametrize(("weeks", "is_one"), [(7, False), (8, True)])
def test_eight_observed_weeks_are_needed_to_know_what_is_usual(weeks: int, is_one: bool) -> None:
    units = [1.0] * (weeks - 1) + [1000.0]

    assert flagged(units) == ([weeks - 1] if is_one else [])
    assert flagged([1.0] * 3 + units, [False] * 3 + [True] * weeks) == ([weeks + 2] if is_one else [])


def test_two_high_weeks_are_no_mistake_and_a_masked_one_is_not_seen() -> None:
    assert flagged([1.0] * 8 + [1000.0, 1000.0]) == []
    assert flagged([1.0] * 8 + [1000.0, 5000.0], [True] * 9 + [False]) == [8]
