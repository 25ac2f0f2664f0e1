"""The total of a forecast is that of what is wanted, whatever kind of demand it is of."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import World, draw

from mercurios.forecasting import ForecastSettings, forecast

SETTINGS = ForecastSettings(horizon=13)
LEAST_SERIES = 30


@pytest.mark.parametrize(
    "world",
    [
        World(series=400, level=0.4, unlike=0.5),
        World(series=400, level=0.4, unlike=0.6, excess=3.0),
        World(series=300, level=2.0, launched=0.3),
        World(series=300, level=3.0, shift=-0.7),
    ],
    ids=["slow", "lumpy", "launches", "shifts"],
)
def test_totals_are_within_three_percent_and_those_of_classes_within_eight(world: World) -> None:
    drawn = draw(world)

    result = forecast(drawn.panel, (), SETTINGS)

    mean, code = result.prediction.mean.sum(axis=1), result.model.demand_class
    wanted = drawn.wanted.sum(axis=1)
    assert mean.sum() == pytest.approx(wanted.sum(), rel=0.03)
    for demand_class in range(4):
        rows = code == demand_class
        if np.count_nonzero(rows) >= LEAST_SERIES:
            assert mean[rows].sum() == pytest.approx(wanted[rows].sum(), rel=0.08), demand_class
