"""What a run says about itself: size, classes, methods and how it would have done."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from mercurios.forecasting.arrays import F64, I64
from mercurios.forecasting.methods.pool import MEAN_13W, METHODS
from mercurios.forecasting.panel.classes import CLASS_NAMES
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.selection.backtest import Window
from mercurios.forecasting.selection.context import SharedContext
from mercurios.forecasting.settings import ForecastSettings


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Sums over a backtest that shards can add up: by demand class over usable weeks, and over all known weeks.

    Attributes:
        actual: Demand, one entry a class.
        error: Absolute errors of what was published and of each method, class x (1 + methods).
        signed: Forecast minus demand, likewise.
        known: Demand, forecast and absolute errors of the weeks whose demand is known, horizon x 3.
        weeks: Weeks that were forecast, known and left out.
        forecast: Units that were forecast for them.
        origins: Number of origins.
    """

    actual: F64
    error: F64
    signed: F64
    known: F64
    weeks: F64
    forecast: F64
    origins: int

    @classmethod
    def of(cls, windows: list[Window], means: list[F64]) -> Accuracy:
        """Sum up the origins of one shard."""
        actual = np.zeros(len(CLASS_NAMES))
        error, signed = np.zeros((2, len(CLASS_NAMES), 1 + len(METHODS)))
        for window, mean in zip(windows, means, strict=True):
            found = window.candidates
            forecasts = [mean, *(found.single(method) for method in range(len(METHODS)))]
            np.add.at(actual, found.demand_class, np.where(window.usable, window.actual, 0.0).sum(axis=1))
            for column, forecast in enumerate(forecasts):
                miss = np.where(window.usable, forecast - window.actual, 0.0)
                np.add.at(error[:, column], found.demand_class, np.abs(miss).sum(axis=1))
                np.add.at(signed[:, column], found.demand_class, miss.sum(axis=1))
        return cls(actual, error, signed, *_all_known(windows, means), len(windows))

    def __add__(self, other: Accuracy) -> Accuracy:
        sums = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        return Accuracy(**sums | {"origins": self.origins})

    def measured(self) -> dict[str, Any]:
        """WAPE and bias of what was published, WAPE of the references, and both by class and by method."""
        total = float(self.actual.sum())
        error, signed = self.error.sum(axis=0), self.signed.sum(axis=0)
        by_method = {
            name: {"wape": _share(error[1 + at], total), "bias": _share(signed[1 + at], total)}
            for at, name in enumerate(METHODS)
        }
        by_class = {
            name: {
                "wape": _share(self.error[at, 0], self.actual[at]),
                "bias": _share(self.signed[at, 0], self.actual[at]),
            }
            for at, name in enumerate(CLASS_NAMES)
            if self.actual[at] > 0
        }
        return {
            "origins": self.origins,
            "wape": _share(error[0], total),
            "wape_seasonal_naive": by_method["seasonal_naive"]["wape"],
            "wape_mean_13w": by_method["mean_13w"]["wape"],
            "bias": _share(signed[0], total),
            "by_method": by_method,
            "by_class": by_class,
            "all_known_weeks": self.measured_everywhere(),
        }

    def measured_everywhere(self) -> dict[str, Any]:
        """WAPE and bias of what was published over all known weeks, and how much is not known and left out."""
        actual, forecast, error = self.known.sum(axis=0).tolist()
        return {
            "wape": _share(error, actual),
            "bias": _share(forecast - actual, actual),
            "bias_by_week": [_share(row[1] - row[0], row[0]) for row in self.known.tolist()],
            "left_out_weeks": _share(self.weeks[1], float(self.weeks.sum())),
            "left_out_units": _share(self.forecast[1], float(self.forecast.sum())),
        }


def _all_known(windows: list[Window], means: list[F64]) -> tuple[F64, F64, F64]:
    """Sums of the known weeks by week of the horizon, and weeks and units that are known and that are not."""
    known = np.zeros((means[0].shape[1] if means else 0, 3))
    weeks, forecast = np.zeros((2, 2))
    for window, mean in zip(windows, means, strict=True):
        truth = np.where(window.known, window.actual, 0.0)
        counted = np.where(window.known, mean, 0.0)
        sums = (truth, counted, np.abs(counted - truth))
        known += np.stack([values.sum(axis=0) for values in sums], axis=1)
        unknown = window.there & ~window.known
        weeks += (window.known.sum(), unknown.sum())
        forecast += (counted.sum(), np.where(unknown, mean, 0.0).sum())
    return known, weeks, forecast


def summarise(
    panel: Panel,
    accuracy: Accuracy,
    demand_class: I64,
    weight: F64,
    context: SharedContext,
    settings: ForecastSettings,
) -> dict[str, Any]:
    """Size, classes and backtest accuracy of the run; None for what could not be measured."""
    counts = np.bincount(demand_class, minlength=len(CLASS_NAMES))
    covered = zip(settings.quantiles, context.coverage.tolist(), strict=True)
    return {
        "series": panel.n_series,
        "weeks": panel.n_weeks,
        "negative_weeks": panel.negative_weeks,
        "masked_weeks": int((~panel.mask).sum()),
        "classes": {name: int(count) for name, count in zip(CLASS_NAMES, counts, strict=True)},
        "methods": {
            name: round(float(share), 2) for name, share in zip(METHODS, weight.sum(axis=0), strict=True)
        },
        "fallback_series": int((weight[:, MEAN_13W] == 1.0).sum()),
        **accuracy.measured(),
        "coverage": {f"{p:g}": value if np.isfinite(value) else None for p, value in covered},
    }


def _share(value: float, total: float) -> float | None:
    return float(value) / float(total) if total > 0 else None
