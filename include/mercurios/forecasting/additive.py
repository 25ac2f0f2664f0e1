"""The Prophet-style additive model, batched: level, damped trend, yearly season and holidays of every series at once.

Series of the same age share one design and one decomposition. The group's pooled profile enters as an offset, so the
series' own seasonal coefficients are deviations from it and the ridge penalty shrinks them to the group. Dense series
are fitted on the log scale, all others in units; the log model's factors are converted to units one after the other,
so the parts of both add up to the mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mercurios.forecasting import ridge
from mercurios.forecasting.arrays import (
    F64,
    I64,
    Bool,
    first_observed,
    last_observed,
    masked_mean,
    matmul_rows,
    row_sum,
)
from mercurios.forecasting.classes import is_dense
from mercurios.forecasting.design import TWO_YEARS, Columns, Frame, series_columns
from mercurios.forecasting.profiles import Profile
from mercurios.forecasting.settings import ForecastSettings

_TAIL_WEEKS = 52
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
    y: F64, mask: Bool, group: I64, frame: Frame, profile: Profile, settings: ForecastSettings
) -> Parts:
    """Fit every series and return the parts of its forecast; a series' numbers do not depend on its neighbours."""
    n = y.shape[0]
    out = np.zeros((5, n, frame.horizon))
    cache: dict[int, tuple[Columns, ridge.RidgeBasis]] = {}
    for begin in range(0, n, settings.block_series):
        rows = slice(begin, begin + settings.block_series)
        parts = _fit_block(y[rows], mask[rows], profile.row(group[rows]), frame, profile, settings, cache)
        out[:, rows] = (parts.level, parts.trend, parts.season, parts.holiday, parts.regressor)
    return Parts(*out)


def _fit_block(
    y: F64,
    mask: Bool,
    row: I64,
    frame: Frame,
    profile: Profile,
    settings: ForecastSettings,
    cache: dict[int, tuple[Columns, ridge.RidgeBasis]],
) -> Parts:
    """Transform one block, fit it age by age, and turn the components into parts."""
    weeks = frame.weeks
    dense = is_dense(y, mask)
    effect = (profile.season + profile.holiday)[row][:, :weeks]
    factor = np.exp(effect)
    recent = slice(max(0, weeks - TWO_YEARS), weeks)
    scale = _pooled_level(y[:, recent], factor[:, recent], mask[:, recent])
    z = np.where(dense[:, None], np.log1p(y) - effect, y - scale[:, None] * (factor - 1.0))
    raw = _fit_ages(y, z, mask, effect, dense, frame, settings, cache)
    damped = np.cumsum(settings.damping ** np.arange(1, frame.horizon + 1))
    future = slice(weeks, weeks + frame.horizon)
    season, holiday = profile.season[row][:, future], profile.holiday[row][:, future]
    units = _unit_parts(raw, damped, np.exp(season), np.exp(holiday), scale)
    logs = _log_parts(raw, damped, season, holiday)
    return Parts(*(np.where(dense[:, None], a, b) for a, b in zip(logs, units, strict=True)))


def _pooled_level(y: F64, factor: F64, mask: Bool) -> F64:
    """Average demand with the group's pattern taken out: observed units over the observed weeks' seasonal factors."""
    weight = row_sum(np.where(mask, factor, 0.0))
    level: F64 = row_sum(np.where(mask, y, 0.0)) / np.maximum(weight, 1e-12)
    return np.where(weight > 0, level, 0.0)


def _fit_ages(
    y: F64,
    z: F64,
    mask: Bool,
    effect: F64,
    dense: Bool,
    frame: Frame,
    settings: ForecastSettings,
    cache: dict[int, tuple[Columns, ridge.RidgeBasis]],
) -> _Raw:
    """Fit the series of each age on their common design."""
    n, weeks, horizon = y.shape[0], frame.weeks, frame.horizon
    raw = _Raw(np.zeros(n), np.zeros(n), np.zeros((n, horizon)), np.zeros((n, horizon)), np.ones(n))
    first = first_observed(mask)
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
        tail = min(age, _TAIL_WEEKS)
        smooth = fitted.fitted(basis, tail)
        raw.level[rows] = fitted.intercept(basis) + found[:, 0]
        raw.level[rows] += _correction(z[rows, -tail:] - smooth, observed[:, -tail:], settings)
        raw.slope[rows] = found[:, 1]
        raw.season[rows] = found[:, 2 : 2 + horizon]
        raw.holiday[rows] = found[:, 2 + horizon :]
        logs = rows[dense[rows]]
        raw.rescale[logs] = _retransform(
            y[logs, -tail:], (smooth + effect[rows, -tail:])[dense[rows]], mask[logs, -tail:]
        )
    return raw


def _correction(residual: F64, observed: Bool, settings: ForecastSettings) -> F64:
    """Mean of the last residuals: what the smooth trend has not followed yet."""
    recent = last_observed(observed, settings.correction_weeks)
    return settings.correction_weight * masked_mean(residual, recent)


def _retransform(y: F64, log_fit: F64, mask: Bool) -> F64:
    """Factor from the median to the mean: observed units over re-transformed fits (Duan 1983, smearing estimate)."""
    fitted = row_sum(np.where(mask, np.exp(np.minimum(log_fit, _LOG_CEILING)), 0.0))
    actual = row_sum(np.where(mask, y + 1.0, 0.0))
    ratio: F64 = actual / np.maximum(fitted, 1e-12)
    return np.clip(np.where(fitted > 0, ratio, 1.0), *_RETRANSFORM_LIMITS)


def _unit_parts(raw: _Raw, damped: F64, season: F64, holiday: F64, scale: F64) -> tuple[F64, ...]:
    """Parts of the model in units; the group's factors act on the level the series has at the end of its history."""
    level = np.repeat(np.maximum(raw.level, 0.0)[:, None], damped.size, axis=1)
    trend = raw.slope[:, None] * damped
    base = np.clip(level + trend, 0.0, 2.0 * scale[:, None])
    own_season, own_holiday = raw.season, raw.holiday
    return (
        level,
        trend,
        base * (season - 1.0) + own_season,
        base * season * (holiday - 1.0) + own_holiday,
        np.zeros_like(level),
    )


def _log_parts(raw: _Raw, damped: F64, season: F64, holiday: F64) -> tuple[F64, ...]:
    """Parts of the log model in units: each factor's contribution on top of those before it."""
    level = np.repeat(raw.level[:, None], damped.size, axis=1)
    steps = [np.zeros_like(level), level]
    for effect in (raw.slope[:, None] * damped, season + raw.season, holiday + raw.holiday):
        steps.append(steps[-1] + effect)
    units = [raw.rescale[:, None] * np.exp(np.clip(step, -_LOG_CEILING, _LOG_CEILING)) for step in steps[1:]]
    return (
        units[0] - 1.0,
        units[1] - units[0],
        units[2] - units[1],
        units[3] - units[2],
        np.zeros_like(level),
    )
