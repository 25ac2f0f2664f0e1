"""The Prophet-style additive model, batched: level, damped trend, yearly season and holidays of every series at once.

Series of the same age share one design and one decomposition. The group's pooled profile enters as an offset, so the
series' own seasonal coefficients are deviations from it and the ridge penalty shrinks them to the group. Dense series
are fitted on the log scale, all others in units; the log model's factors are converted to units one after the other,
so the parts of both add up to the mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mercurios.forecasting.arrays import (
    F64,
    Bool,
    first_observed,
    last_observed,
    masked_mean,
    matmul_rows,
    row_sum,
)
from mercurios.forecasting.effects import ridge
from mercurios.forecasting.effects.calendar import Columns, Frame, series_columns
from mercurios.forecasting.effects.seasonal_factors import SeasonalFactors
from mercurios.forecasting.panel.classes import is_dense
from mercurios.forecasting.panel.history import History
from mercurios.forecasting.settings import ForecastSettings

Bases = dict[int, tuple[Columns, ridge.RidgeBasis]]
_RETRANSFORM_LIMITS = (0.8, 1.5)
_LOG_CEILING = 30.0


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of the mean forecast in units, series x horizon; their sum is the mean before it is bounded."""

    level: F64
    trend: F64
    season: F64
    holiday: F64
    regressor: F64

    def total(self) -> F64:
        """Sum of the parts."""
        return self.level + self.trend + self.season + self.holiday + self.regressor

    def bounded(self, mean: F64) -> Parts:
        """Parts that add up to the bounded mean: what was cut off is taken from all, or from the negative ones."""
        total = self.total()
        scale = np.where(total > mean, mean / np.where(total > 0, total, 1.0), 1.0)
        up = sum((np.maximum(part, 0.0) for part in self.each()), np.zeros_like(total))
        reduction = np.where(total < 0, up / np.where(total < up, up - total, 1.0), 1.0)
        below = total < 0
        return self.map(
            lambda part: np.where(below, np.where(part < 0, reduction * part, part), scale * part)
        )

    def each(self) -> tuple[F64, ...]:
        """The parts one after the other."""
        return self.level, self.trend, self.season, self.holiday, self.regressor

    def map(self, change: Callable[[F64], F64]) -> Parts:
        """Apply one linear change to every part."""
        return Parts(
            change(self.level),
            change(self.trend),
            change(self.season),
            change(self.holiday),
            change(self.regressor),
        )


@dataclass(frozen=True, slots=True)
class _Raw:
    """Components of the fitted scale: end level, weekly slope, own season and holiday, level correction, re-scaling."""

    level: F64
    slope: F64
    season: F64
    holiday: F64
    rescale: F64


def fit_additive(
    history: History, frame: Frame, factors: SeasonalFactors, settings: ForecastSettings, cache: Bases
) -> tuple[Parts, F64]:
    """Fit every series; return its forecast's parts and what a regressor's factor acts on, series x horizon.

    A series' numbers do not depend on its neighbours.

    Args:
        history: Demand.
        frame: The calendar.
        factors: Factors of calendar and regressors.
        settings: Settings of the run.
        cache: Decompositions by age, filled as ages turn up.
    """
    y, mask, weeks = history.y, history.mask, frame.weeks
    dense = is_dense(history)
    factor = np.exp(factors.past)
    recent = slice(max(0, weeks - 2 * frame.cadence.year), weeks)
    scale = _pooled_level(y[:, recent], factor[:, recent], mask[:, recent])
    z = np.where(dense[:, None], np.log1p(y) - factors.past, y - scale[:, None] * (factor - 1.0))
    raw = _fit_ages(history, z, factors.past, dense, frame, settings, cache)
    # Damped by the week also on daily panels, where a week's steps share one week's damping.
    steps = np.arange(1, frame.horizon + 1) / frame.cadence.week
    damped = np.cumsum(settings.damping**steps)
    units = _unit_parts(raw, damped, factors, scale)
    logs = _log_parts(raw, damped, factors)
    *parts, regressor_base = (np.where(dense[:, None], a, b) for a, b in zip(logs, units, strict=True))
    return Parts(*parts), regressor_base


def _pooled_level(y: F64, factor: F64, mask: Bool) -> F64:
    """Average demand with the seasonal factors taken out: observed units over the observed weeks' seasonal factors."""
    weight = row_sum(np.where(mask, factor, 0.0))
    level: F64 = row_sum(np.where(mask, y, 0.0)) / np.maximum(weight, 1e-12)
    return np.where(weight > 0, level, 0.0)


def _fit_ages(
    history: History,
    z: F64,
    effect: F64,
    dense: Bool,
    frame: Frame,
    settings: ForecastSettings,
    cache: Bases,
) -> _Raw:
    """Fit the series of each age on their common design."""
    y, mask = history.y, history.mask
    n, weeks, horizon = history.n_series, frame.weeks, frame.horizon
    raw = _Raw(np.zeros(n), np.zeros(n), np.zeros((n, horizon)), np.zeros((n, horizon)), np.ones(n))
    first = first_observed(mask)
    # Whole weeks of age, the days before the first observed one masked: a seventh of the designs on daily panels.
    week = frame.cadence.periods(1)
    first = np.where(first < weeks, np.maximum(weeks - -(-(weeks - first) // week) * week, 0), first)
    for start in np.unique(first[first < weeks]).tolist():
        rows = np.flatnonzero(first == start)
        age = weeks - start
        if age not in cache:
            columns = series_columns(frame, age, settings)
            cache[age] = columns, ridge.decompose(columns.design, columns.penalty)
        columns, basis = cache[age]
        observed = mask[rows, start:]
        fitted = ridge.fit(basis, z[rows, start:], observed)
        found = matmul_rows(fitted.directions, basis.to_coefficients @ columns.components)
        tail = min(age, frame.cadence.year)
        smooth = fitted.fitted(basis, tail)
        raw.level[rows] = fitted.intercept(basis) + found[:, 0]
        raw.level[rows] += _correction(z[rows, -tail:] - smooth, observed[:, -tail:], frame, settings)
        raw.slope[rows] = found[:, 1]
        raw.season[rows] = found[:, 2 : 2 + horizon]
        raw.holiday[rows] = found[:, 2 + horizon :]
        logs = rows[dense[rows]]
        raw.rescale[logs] = _retransform(
            y[logs, -tail:], (smooth + effect[rows, -tail:])[dense[rows]], mask[logs, -tail:]
        )
    return raw


def _correction(residual: F64, observed: Bool, frame: Frame, settings: ForecastSettings) -> F64:
    """Mean of the last residuals: what the smooth trend has not followed yet."""
    recent = last_observed(observed, frame.cadence.periods(settings.correction_weeks))
    return settings.correction_weight * masked_mean(residual, recent)


def _retransform(y: F64, log_fit: F64, mask: Bool) -> F64:
    """Factor from the median to the mean: observed units over re-transformed fits (Duan 1983, smearing estimate)."""
    fitted = row_sum(np.where(mask, np.exp(np.minimum(log_fit, _LOG_CEILING)), 0.0))
    actual = row_sum(np.where(mask, y + 1.0, 0.0))
    ratio: F64 = actual / np.maximum(fitted, 1e-12)
    return np.clip(np.where(fitted > 0, ratio, 1.0), *_RETRANSFORM_LIMITS)


def _unit_parts(raw: _Raw, damped: F64, factors: SeasonalFactors, scale: F64) -> tuple[F64, ...]:
    """Parts of the model in units, then the regressor base; the factors act on the level at the end of the history."""
    season, holiday, regressor = factors.ahead()
    level = np.repeat(np.maximum(raw.level, 0.0)[:, None], damped.size, axis=1)
    trend = raw.slope[:, None] * damped
    base = np.clip(level + trend, 0.0, 2.0 * scale[:, None])
    return (
        level,
        trend,
        base * (season - 1.0) + raw.season,
        base * season * (holiday - 1.0) + raw.holiday,
        base * season * holiday * (regressor - 1.0),
        base * season * holiday,
    )


def _log_parts(raw: _Raw, damped: F64, factors: SeasonalFactors) -> tuple[F64, ...]:
    """Parts of the log model in units, then the regressor base: each factor's contribution after those before."""
    level = np.repeat(raw.level[:, None], damped.size, axis=1)
    steps = [level]
    for effect in (
        raw.slope[:, None] * damped,
        factors.season + raw.season,
        factors.holiday + raw.holiday,
        factors.regressor,
    ):
        steps.append(steps[-1] + effect)
    units = [raw.rescale[:, None] * np.exp(np.clip(step, -_LOG_CEILING, _LOG_CEILING)) for step in steps]
    return (units[0] - 1.0, *(after - before for before, after in pairwise(units)), units[3])
