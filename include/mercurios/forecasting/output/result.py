"""The outcome of a run: its tables, and the model that answers further questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mercurios.forecasting.output.model import ForecastModel, Prediction
from mercurios.forecasting.output.summary import Accuracy

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """Outcome of a run.

    Attributes:
        forecast: One row per series and future week, in the columns of analytics.forecast_weekly except tenant_id,
            run_id and created_at.
        protection: One row per series and number of periods, in the columns of analytics.forecast_protection except
            those: mean and quantiles of the sum of the first periods, what lead time and review have to cover.
        backtest: One row per series, origin and week: actual and what each method had forecast.
        model: What the forecast is made of: answers again, and other plans, without fitting.
        prediction: The forecast as arrays.
        accuracy: Sums of the backtest's errors, of which those of several shards can be added up.
        summary: Size, classes, accuracy and seconds by stage.
    """

    forecast: pa.Table
    protection: pa.Table
    backtest: pa.Table
    model: ForecastModel
    prediction: Prediction
    accuracy: Accuracy
    summary: dict[str, Any]
