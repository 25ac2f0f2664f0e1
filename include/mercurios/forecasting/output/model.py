"""What a forecast is made of, kept so that any article, branch and period is answered without fitting again.

The same function makes the tables of a run and the answer to one question, a what-if promotion plan included, so both
always agree. A model is a set of plain arrays: it is stored with `numpy.savez` and opened in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.effects.regressors import Effects, log_effect, stored_effects
from mercurios.forecasting.methods.additive import Parts
from mercurios.forecasting.uncertainty.quantiles import ErrorPool, Spread, quantiles, targets

_NESTED = {"effects": Effects, "spread": Spread}
# What arrays are called in models that were stored before they were renamed.
_EARLIER_NAMES = {"regressor_base": "lever", "common_error": "shock"}


@dataclass(frozen=True, slots=True)
class Prediction:
    """Answer for some series.

    Attributes:
        mean: Mean forecast, series x horizon.
        quantiles: Series x horizon x probability.
        parts: Parts that add up to the mean.
        total: Mean of the sum of the first 1, 2, … periods, series x horizon.
        total_quantiles: Quantiles of those sums, series x horizon x probability; a longer sum is never less.
    """

    mean: F64
    quantiles: F64
    parts: Parts
    total: F64
    total_quantiles: F64


@dataclass(frozen=True, slots=True)
class ForecastModel:
    """Coefficients and states of every series at the end of its history.

    Attributes:
        article_number: Article key of each series, ascending with `branch_number`.
        branch_number: Branch key of each series.
        origin: Last period of the history, as days since 1970.
        x_names: Regressors.
        level: Level part of each period of the horizon, series x horizon.
        trend: Trend part.
        season: Season part.
        holiday: Holiday part.
        regressor_base: What the factor of the regressors acts on.
        planned: Log factor of the regressors as planned when the model was fitted.
        beta: Effects of the regressors on each series.
        usual_x: Usual values of the regressors, series x regressors.
        typical: Effect of the state that effects are measured from.
        effects: How regressors are scaled and bounded.
        ceiling: Greatest mean allowed.
        closed: Periods in which the branch is closed, series x horizon.
        spread: How far each series is from its mean.
        demand_class: Demand class of each series.
        method: Number of the mixture in `methods`.
        methods: Mixtures of methods in use.
        pool: Quantiles of the errors made in backtests.
        common_error: What whole origins have in common.
        probabilities: Probabilities of the quantiles.
    """

    article_number: I64
    branch_number: I64
    origin: I64
    x_names: npt.NDArray[np.str_]
    level: F64
    trend: F64
    season: F64
    holiday: F64
    regressor_base: F64
    planned: F64
    beta: F64
    usual_x: F64
    typical: F64
    effects: Effects
    ceiling: F64
    closed: Bool
    spread: Spread
    demand_class: I64
    method: I64
    methods: npt.NDArray[np.str_]
    pool: F64
    common_error: F64
    probabilities: F64

    def row(self, article: int, branch: int) -> int:
        """Row of a series.

        Raises:
            KeyError: there is no such series.
        """
        found = np.flatnonzero((self.article_number == article) & (self.branch_number == branch))
        if not found.size:
            raise KeyError(f"article {article} in branch {branch} has no forecast")
        return int(found[0])

    def predict(self, rows: slice | I64, x: F64 | None = None) -> Prediction:
        """Answer for some series, as planned or for another plan.

        Args:
            rows: The series.
            x: Regressors of the horizon, series x horizon x regressors in the order of `x_names`; what was planned
                when the model was fitted when omitted.
        """
        effect = self.planned[rows] if x is None else self._what_if(rows, x)
        parts = Parts(
            self.level[rows],
            self.trend[rows],
            self.season[rows],
            self.holiday[rows],
            self.regressor_base[rows] * (np.exp(effect) - 1.0),
        )
        mean = np.clip(parts.total(), 0.0, self.ceiling[rows][:, None])
        spread = Spread(self.spread.mean[rows], self.spread.excess[rows])
        every, scale = targets(mean, spread)
        pool = ErrorPool(self.pool, float(self.common_error[0]))
        found = quantiles(every, scale, self.demand_class[rows], pool, tuple(self.probabilities.tolist()))
        horizon = mean.shape[1]
        found[:, :horizon][self.closed[rows]] = 0.0
        totals = np.maximum.accumulate(found[:, horizon:], axis=1)
        return Prediction(mean, found[:, :horizon], parts.bounded(mean), every[:, horizon:], totals)

    def _what_if(self, rows: slice | I64, x: F64) -> F64:
        expected = (*self.planned[rows].shape, self.x_names.size)
        if x.shape != expected:
            raise ValueError(
                f"the plan must have the shape {expected} (series, periods, regressors), not {x.shape}"
            )
        if not bool(np.isfinite(x).all()):
            raise ValueError("the plan must hold numbers only")
        return log_effect(self.effects, self.beta[rows], x, self.usual_x[rows], self.typical[rows])

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Flat arrays, ready for `numpy.savez`."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _NESTED:
                arrays |= {
                    f"{field.name}_{inner.name}": getattr(value, inner.name) for inner in fields(value)
                }
            else:
                arrays[field.name] = value
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> ForecastModel:
        """Inverse of `to_arrays`; accepts what `numpy.load` returns."""
        values: dict[str, Any] = {}
        series = arrays["article_number"].size
        # Models that were stored before the usual values of regressors and closed days were kept.
        never = np.zeros(arrays["level"].shape, dtype=bool)
        arrays = {"usual_x": np.zeros((series, 0)), "closed": never, **arrays}
        for field in fields(cls):
            if field.name == "effects":
                prefix = "effects_"
                stored = {
                    name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)
                }
                values[field.name] = stored_effects(stored)
                continue
            kind = _NESTED.get(field.name)
            if kind is None:
                earlier = _EARLIER_NAMES.get(field.name, field.name)
                values[field.name] = arrays[field.name if field.name in arrays else earlier]
            else:
                values[field.name] = kind(*(arrays[f"{field.name}_{inner.name}"] for inner in fields(kind)))
        return cls(**values)
