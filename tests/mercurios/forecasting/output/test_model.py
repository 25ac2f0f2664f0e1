"""A stored model answers like the run that made it, and other plans in milliseconds."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import numpy as np
import pytest

from mercurios.forecasting import ForecastSettings, forecast
from mercurios.forecasting.methods.additive import Parts
from mercurios.forecasting.output.model import ForecastModel
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.panel.panel import Panel

SETTINGS = ForecastSettings(horizon=6, protection=2)


@pytest.fixture(scope="module")
def run(make_panel: Callable[..., Panel]) -> ForecastResult:
    rng = np.random.default_rng(14)
    flag = (rng.random((60, 126)) < 0.25).astype(float)
    flag[:, 120:] = 0.0
    level = rng.lognormal(1.5, 1.0, (60, 1))
    y = rng.poisson(level * 2.0 ** flag[:, :120]).astype(float)
    return forecast(make_panel(y, x=flag[:, :, None]), (), SETTINGS)


@pytest.fixture(scope="module")
def stored(run: ForecastResult) -> ForecastModel:
    buffer = io.BytesIO()
    np.savez(buffer, **run.model.to_arrays())
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as arrays:
        return ForecastModel.from_arrays(dict(arrays))


def test_every_series_gets_the_answer_of_the_run(run: ForecastResult, stored: ForecastModel) -> None:
    mean = run.forecast["mean"].to_numpy().reshape(60, 6)
    upper = run.forecast["quantile_95"].to_numpy().reshape(60, 6)
    totals = run.protection["quantile_95"].to_numpy().reshape(60, 6)
    for series in (0, 17, 59):
        article, branch = (
            run.forecast[name][6 * series].as_py() for name in ("article_number", "branch_number")
        )
        row = stored.row(article, branch)
        found = stored.predict(slice(row, row + 1))
        assert np.array_equal(found.mean[0], mean[series])
        assert np.array_equal(found.quantiles[0, :, 2], upper[series])
        assert np.array_equal(found.total_quantiles[0, :, 2], totals[series])


def test_the_plan_of_the_run_gives_the_answer_of_the_run(run: ForecastResult, stored: ForecastModel) -> None:
    found = stored.predict(slice(0, 60), np.zeros((60, 6, 1)))
    np.testing.assert_allclose(found.mean, run.prediction.mean, rtol=1e-12)


def test_another_plan_raises_the_promoted_period_its_quantiles_and_the_sum(stored: ForecastModel) -> None:
    plan = np.zeros((60, 6, 1))
    plan[:, 1] = 1.0
    usual, promoted = stored.predict(slice(0, 60)), stored.predict(slice(0, 60), plan)
    assert np.median(promoted.mean[:, 1] / usual.mean[:, 1]) == pytest.approx(2.0, rel=0.15)
    assert (promoted.quantiles[:, 1, 2] > usual.quantiles[:, 1, 2]).mean() > 0.9
    assert (promoted.total[:, 1:] > usual.total[:, 1:]).mean() > 0.9
    assert np.array_equal(promoted.total[:, 0], usual.total[:, 0])
    np.testing.assert_allclose(
        np.delete(promoted.mean, 1, axis=1), np.delete(usual.mean, 1, axis=1), rtol=1e-12
    )
    total = promoted.parts.total()
    np.testing.assert_allclose(total, promoted.mean, rtol=1e-9)
    assert promoted.parts.regressor[:, 1].sum() > 0


def test_one_answer_takes_milliseconds(stored: ForecastModel) -> None:
    row, plan = slice(5, 6), np.ones((1, 6, 1))
    stored.predict(row, plan)
    seconds = []
    for _ in range(20):
        begin = time.perf_counter()
        stored.predict(row, plan)
        seconds.append(time.perf_counter() - begin)
    assert min(seconds) < 0.01


def test_a_series_or_a_plan_that_does_not_fit_is_refused(stored: ForecastModel) -> None:
    with pytest.raises(KeyError, match="article 1 in branch 2 has no forecast"):
        stored.row(1, 2)
    with pytest.raises(ValueError, match=r"the plan must have the shape \(1, 6, 1\)"):
        stored.predict(slice(0, 1), np.zeros((1, 5, 1)))
    with pytest.raises(ValueError, match="numbers only"):
        stored.predict(slice(0, 1), np.full((1, 6, 1), np.nan))


@pytest.mark.parametrize("scale", [0.5, 1.0, 30.0])
def test_bounded_parts_add_up_to_the_mean(scale: float) -> None:
    rng = np.random.default_rng(1)
    parts = Parts(*(scale * rng.normal(0.3, 1.0, (50, 4)) for _ in range(5)))
    mean = np.clip(parts.total(), 0.0, scale)
    np.testing.assert_allclose(parts.bounded(mean).total(), mean, atol=1e-12)


def test_a_model_stored_under_earlier_names_is_still_read(make_panel: Callable[..., Panel]) -> None:
    """The DAG's models have no regressors; how those of others were measured is known only since."""
    model = forecast(make_panel(np.ones((5, 60)).cumsum(axis=1)), (), SETTINGS).model
    arrays = model.to_arrays()
    arrays |= {"lever": arrays.pop("regressor_base"), "shock": arrays.pop("common_error")}
    arrays |= {
        "effects_scale": arrays.pop("effects_directions")[:, 0:0].ravel(),
        "typical": arrays.pop("usual_x"),
    }

    restored = ForecastModel.from_arrays(arrays)

    rows = slice(0, 5)
    assert np.array_equal(restored.predict(rows).quantiles, model.predict(rows).quantiles)
    assert np.array_equal(restored.regressor_base, model.regressor_base)
    with pytest.raises(ValueError, match="make the forecast again"):
        ForecastModel.from_arrays(arrays | {"effects_scale": np.ones(1)})
