"""The factors a group's calendar and a series' regressors put on demand: what every pooled method takes out and in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64
from mercurios.forecasting.effects.calendar import Frame
from mercurios.forecasting.effects.profiles import Profile
from mercurios.forecasting.effects.regressors import (
    Effects,
    log_effect,
    series_effects,
    typical_effect,
    usual_values,
)
from mercurios.forecasting.panel.history import History

_LIMIT = 4.0


@dataclass(frozen=True, slots=True)
class SeasonalFactors:
    """Log factors of some series.

    Attributes:
        past: Sum of all factors over the history, series x periods.
        season: Factor of the season over the horizon, series x horizon.
        holiday: Factor of the holidays over the horizon.
        regressor: Factor of the regressors over the horizon.
        beta: Effects of the regressors on each series.
        usual: Usual values of the regressors, series x regressors.
        typical: Effect of the state that effects are measured from.
    """

    past: F64
    season: F64
    holiday: F64
    regressor: F64
    beta: F64
    usual: F64
    typical: F64

    def ahead(self) -> tuple[F64, F64, F64]:
        """Factors of season, holidays and regressors over the horizon."""
        return np.exp(self.season), np.exp(self.holiday), np.exp(self.regressor)


def seasonal_factors(history: History, frame: Frame, profile: Profile, effects: Effects) -> SeasonalFactors:
    """Look up each series' calendar factors and fit the effects of its regressors.

    Args:
        history: Demand, and the regressors of history and horizon.
        frame: The calendar.
        profile: Calendar factors by group.
        effects: Regressor effects by group.
    """
    weeks = frame.weeks
    future = slice(weeks, weeks + frame.horizon)
    past = np.add(*profile.of(history, slice(weeks)))
    season, holiday = profile.of(history, future)
    usual = usual_values(history)
    if history.x is None or not effects.count:
        none, zero = np.zeros((history.n_series, 0)), np.zeros(history.n_series)
        return SeasonalFactors(past, season, holiday, np.zeros_like(season), none, usual, zero)
    beta = series_effects(effects, history, past)
    typical = typical_effect(effects, beta, history, usual)
    past = np.clip(past + log_effect(effects, beta, history.past_x, usual, typical), -_LIMIT, _LIMIT)
    ahead = log_effect(effects, beta, history.x[:, future], usual, typical)
    return SeasonalFactors(past, season, holiday, ahead, beta, usual, typical)
