"""Whatever the panel: nothing negative, infinite, crossing or unexplained, and the same bits however it is split."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mercurios.forecasting import ForecastSettings, fit_shared, forecast, shards
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.panel.cadence import CADENCES
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.uncertainty import quantiles

pytestmark = pytest.mark.slow

HORIZON = 5
SETTINGS = ForecastSettings(horizon=HORIZON, protection=3, quantiles=(0.1, 0.5, 0.99))
MakePanel = Callable[..., Panel]
UNHURRIED = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@st.composite
def panels(draw: st.DrawFn) -> dict[str, object]:
    """Demand of any size, masks, groups, calendars and regressors, all of them as awkward as may be."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 120)))
    counts = st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.0, 5.0, 40.0])
    wild = st.floats(0, 1e9, allow_nan=False, allow_subnormal=True)
    outliers = st.sampled_from([0.0, 3.0, 1e12])
    values = draw(st.sampled_from([counts, wild, outliers]))
    y = draw(hnp.arrays(np.float64, shape, elements=values, fill=counts))
    mask = draw(hnp.arrays(np.bool_, shape, elements=st.booleans(), fill=st.just(True)))
    group = draw(hnp.arrays(np.int64, shape[0], elements=st.integers(-1, 2)))
    cadence = CADENCES[draw(st.sampled_from("WD"))]
    count = draw(st.integers(0, 2))
    x = None
    if count:
        flags = st.sampled_from([0.0, 1.0, 1.0, -2.5, 1e9])
        x = draw(
            hnp.arrays(np.float64, (shape[0], shape[1] + HORIZON, count), elements=flags, fill=st.just(0.0))
        )
    return {"y": y, "mask": mask, "group": group, "cadence": cadence, "x": x}


def assert_sound(panel: Panel, result: ForecastResult) -> None:
    found = result.prediction
    ceiling = 3.0 * panel.y.max(axis=1, initial=0.0)[:, None]
    for values in (found.mean, found.quantiles, found.total, found.total_quantiles):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    assert (np.diff(found.total_quantiles, axis=2) >= 0).all()
    assert (np.diff(found.total_quantiles, axis=1) >= 0).all()
    assert (found.mean <= ceiling).all()
    assert np.isfinite(np.stack(found.parts.each())).all()
    largest = np.abs(np.stack(found.parts.each())).max(axis=0)
    assert (np.abs(found.parts.total() - found.mean) <= 1e-9 * (1.0 + ceiling + largest)).all()
    np.testing.assert_allclose(found.total, np.cumsum(found.mean, axis=1), rtol=1e-9)
    assert np.array_equal(found.total_quantiles[:, 0], found.quantiles[:, 0])
    assert not found.mean[~(panel.y > 0).any(axis=1)].any()
    assert all(method for method in result.forecast["method"].to_pylist())


@given(panels())
@UNHURRIED
def test_any_panel_gets_a_sound_forecast(make_panel: MakePanel, drawn: dict[str, object]) -> None:
    panel = make_panel(**drawn)
    assert_sound(panel, forecast(panel, (), SETTINGS))


@given(panels())
@UNHURRIED
def test_any_panel_gets_a_sound_forecast_where_a_few_errors_are_enough_for_a_pool(
    make_panel: MakePanel, drawn: dict[str, object]
) -> None:
    panel = make_panel(**drawn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantiles, "MIN_ERRORS", 2)
        assert_sound(panel, forecast(panel, (), SETTINGS))


@given(panels(), st.integers(1, 4))
@settings(UNHURRIED, max_examples=15)
def test_any_panel_gets_the_same_bits_however_it_is_split(
    make_panel: MakePanel, drawn: dict[str, object], size: int
) -> None:
    panel = make_panel(**drawn)
    context = fit_shared(panel, (), SETTINGS)
    order = np.lexsort((panel.branch_number, panel.article_number))
    whole = forecast(panel.take(order), (), SETTINGS, context)
    parts = [forecast(part, (), SETTINGS, context) for part in shards(panel, size)]
    assert pa.concat_tables([part.forecast for part in parts]).equals(whole.forecast)
    assert pa.concat_tables([part.protection for part in parts]).equals(whole.protection)


@given(panels())
@settings(UNHURRIED, max_examples=10)
def test_the_future_of_a_panel_changes_nothing_that_was_forecast_before_it(
    make_panel: MakePanel, drawn: dict[str, object]
) -> None:
    panel = make_panel(**drawn)
    if panel.n_weeks < 3 or panel.x is not None:
        return
    cut = panel.n_weeks - 2
    changed = np.where(np.arange(panel.n_weeks) >= cut, 7.0, panel.y)
    other = make_panel(**drawn | {"y": changed})
    first, second = (forecast(each.until(cut), (), SETTINGS).forecast for each in (panel, other))
    assert first.equals(second)
