"""Public holidays of the years that a history and its horizon touch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.panel.public_holidays import holidays_of


@pytest.mark.parametrize(
    ("weeks", "horizon", "years"),
    # The history begins on 2021-01-04; its week 51 is that of 2021-12-20.
    [
        (51, 0, {2021}),
        (50, 1, {2021}),
        (51, 1, {2021, 2022}),
        (97, 5, {2021, 2022}),
        (100, 5, {2021, 2022, 2023}),
    ],
)
def test_the_holidays_of_every_year_up_to_the_horizon_are_known(
    make_panel: Callable[..., Panel], weeks: int, horizon: int, years: set[int]
) -> None:
    found = holidays_of(make_panel(np.ones((1, weeks))), horizon, "DE", None)

    assert {day.year for day in found} == years
    assert date(2021, 12, 25) in found


def test_a_region_has_holidays_of_its_own_and_an_unknown_one_is_named(
    make_panel: Callable[..., Panel],
) -> None:
    panel = make_panel(np.ones((1, 10)))

    assert date(2021, 1, 6) in holidays_of(panel, 1, "DE", "BY")
    assert date(2021, 1, 6) not in holidays_of(panel, 1, "DE", None)
    assert holidays_of(panel, 1, None, None) == ()
    with pytest.raises(ValueError, match="a region of public holidays needs its country"):
        holidays_of(panel, 1, None, "BY")
    with pytest.raises(ValueError, match="no public holidays are known for DE XX"):
        holidays_of(panel, 1, "DE", "XX")
