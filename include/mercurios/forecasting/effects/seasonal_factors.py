"""The factors a group's calendar and a series' regressors put on demand: what every pooled method takes out and in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.effects.calendar import Frame
from mercurios.forecasting.effects.profiles import Profile
from mercurios.forecasting.effects.regressors import Effects, log_effect, series_effects, typical_state

_LIMIT = 4.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """Log factors of some series.

    Attributes:
        past: Sum of all factors over the history, series x periods.
        season: Factor of the season over the horizon, series x horizon.
        holiday: Factor of the holidays over the horizon.
        regressor: Factor of the regressors over the horizon.
        beta: Effects of the regressors on each series.
        typical: State against which they are told.
    """

    past: F64
    season: F64
    holiday: F64
    regressor: F64
    beta: F64
    typical: F64

    def factors(self) -> tuple[F64, F64, F64]:
        """Factors of season, holidays and regressors over the horizon."""
        return np.exp(self.season), np.exp(self.holiday), np.exp(self.regressor)


def build_pattern(
    y: F64, mask: Bool, group: I64, frame: Frame, profile: Profile, effects: Effects, x: F64 | None
) -> Pattern:
    """Look up each series' calendar factors and fit the effects of its regressors.

    Args:
        y: Demand, series x periods.
        mask: Observed periods.
        group: Group of each series.
        frame: The calendar.
        profile: Calendar factors by group.
        effects: Regressor effects by group.
        x: Regressors of history and horizon, series x (periods + horizon) x regressors.
    """
    row, weeks = profile.row(group), frame.weeks
    n, future = y.shape[0], slice(weeks, weeks + frame.horizon)
    past = (profile.season[:, :weeks] + profile.holiday[:, :weeks])[row]
    season, holiday = profile.season[:, future][row], profile.holiday[:, future][row]
    if x is None or not effects.count:
        none = np.zeros((n, 0))
        return Pattern(past, season, holiday, np.zeros_like(season), none, none)
    history, ahead = x[:, :weeks], x[:, future]
    beta = series_effects(effects, y, mask, history, group, frame.cadence.week)
    typical = typical_state(effects, history, frame.cadence.year)
    past = np.clip(past + log_effect(effects, beta, history, typical), -_LIMIT, _LIMIT)
    return Pattern(past, season, holiday, log_effect(effects, beta, ahead, typical), beta, typical)
