"""The calendar side of the additive model: what is known about every period before any series is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Days
from mercurios.forecasting.effects.events import event_columns
from mercurios.forecasting.panel.cadence import WEEKLY, Cadence
from mercurios.forecasting.panel.history import History
from mercurios.forecasting.settings import ForecastSettings

HOLIDAY_COLUMNS = 3
_WEEKDAY_ORDER = 3
_FREQUENCIES = {"W": "W-MON", "D": "D", "M": "MS"}
# Weeks of history before a seasonal factor of the week is looked for.
_WEEKDAY_WEEKS = 6
# Relative penalties: a slope change is rarer than a seasonal swing of the same size.
_SLOPE, _HINGE, _SEASON, _HOLIDAY = 0.3, 1.0, 3.0, 3.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Deterministic columns of history and horizon on one calendar.

    Attributes:
        weeks: Periods of history.
        horizon: Periods to forecast.
        week_starts: First days of the periods of history and horizon.
        fourier: Sines and cosines of the year, on daily panels also of the week, (weeks + horizon) x columns.
        order: Number of waves of each column: faster ones are penalised more.
        needs: Periods of history that each column needs.
        holiday: Share of holidays in the period, the next and the previous one, then of the windows of `events`.
        cadence: Lengths of the calendar.
    """

    weeks: int
    horizon: int
    week_starts: Days
    fourier: F64
    order: F64
    needs: I64
    holiday: F64
    cadence: Cadence = WEEKLY

    @property
    def has_season(self) -> bool:
        """Whether the panel spans the year that yearly and holiday effects need."""
        return self.weeks >= self.cadence.year

    @property
    def has_factors(self) -> bool:
        """Whether any calendar factor can be learned."""
        return self.has_season or bool((self.needs <= self.weeks).any())


@dataclass(frozen=True, slots=True)
class Columns:
    """Design of one age of series, its penalties, and the projection from coefficients to forecast components.

    Attributes:
        design: Periods x columns.
        penalty: Relative penalty of each column.
        components: Columns x (2 + 2 horizon): end level, slope, then season and holiday effects a period ahead.
    """

    design: F64
    penalty: F64
    components: F64


def build_frame(history: History, holidays: Iterable[date], settings: ForecastSettings) -> Frame:
    """Lay out the deterministic columns for a history and the horizon behind it.

    With two years of history the year gets twice the waves, for the groups' factors only: those of single series
    stay as smooth as `settings.fourier_order`.
    """
    import pandas as pd
    from statsmodels.tsa.deterministic import CalendarFourier, DeterministicProcess

    weeks, horizon, cadence = history.n_weeks, settings.horizon, history.cadence
    # Faster waves than half a year's periods look like slower ones.
    order = min(settings.fourier_order * (2 if weeks >= 2 * cadence.year else 1), cadence.year // 2)
    index = pd.date_range(
        str(history.week_starts[0]), periods=weeks + horizon, freq=_FREQUENCIES[cadence.name]
    )
    starts = index.to_numpy().astype("datetime64[D]")
    terms = [CalendarFourier("YE", order)] if order else []
    if cadence.week > 1:
        terms.append(CalendarFourier("W", _WEEKDAY_ORDER))
    if terms:
        fourier = DeterministicProcess(index, additional_terms=terms, drop=False).in_sample()
        columns = fourier.to_numpy(dtype=np.float64)
    else:
        columns = np.zeros((index.size, 0))
    weekday = columns.shape[1] - 2 * order
    waves = np.concatenate([1.0 + np.arange(2 * order) // 2, np.ones(weekday)])
    needs = np.repeat([cadence.year, cadence.periods(_WEEKDAY_WEEKS)], [2 * order, weekday])
    share = np.concatenate(
        [holiday_columns(starts, holidays, cadence), event_columns(starts, cadence)], axis=1
    )
    return Frame(weeks, horizon, starts, columns, waves, needs.astype(np.int64), share, cadence)


def holiday_columns(week_starts: Days, holidays: Iterable[date], cadence: Cadence = WEEKLY) -> F64:
    """Share of each period's days that are holidays, and the same of the following and the preceding period."""
    days = np.unique(np.asarray([np.datetime64(day, "D") for day in holidays], dtype="datetime64[D]"))
    share = np.zeros(week_starts.size + 2)
    if week_starts.size and days.size:
        at = cadence.steps(week_starts[0], days) + 1
        inside = at[(at >= 0) & (at < share.size)]
        np.add.at(share, inside, 1.0 / cadence.days)
    return np.stack([share[1:-1], share[2:], share[:-2]], axis=1)


def series_columns(frame: Frame, age: int, settings: ForecastSettings) -> Columns:
    """Design for series first observed `age` periods before the end of the history."""
    cadence = frame.cadence
    time = np.arange(age) / max(age - 1, 1)
    knots = changepoints(age, settings, cadence)
    trend = np.concatenate([time[:, None], np.maximum(time[:, None] - knots, 0.0)], axis=1)
    trend = trend[:, : 0 if age < cadence.periods(2 * settings.correction_weeks) else None]
    usable = (frame.needs <= min(age, frame.weeks)) & (frame.order <= settings.fourier_order)
    extra = HOLIDAY_COLUMNS if age >= cadence.year and frame.has_season else 0
    past = slice(frame.weeks - age, frame.weeks)
    design = np.concatenate([trend, frame.fourier[past][:, usable], frame.holiday[past, :extra]], axis=1)
    caution = 1.0 if age >= 2 * cadence.year else 3.0
    penalty = np.concatenate(
        [
            np.full(min(1, trend.shape[1]), _SLOPE),
            np.full(max(0, trend.shape[1] - 1), _HINGE * caution),
            _SEASON * caution * frame.order[usable],
            np.full(extra, _HOLIDAY * caution),
        ]
    )
    future = slice(frame.weeks, frame.weeks + frame.horizon)
    ahead = np.concatenate([frame.fourier[future][:, usable], frame.holiday[future, :extra]], axis=1)
    return Columns(design, penalty, _components(design, ahead, trend.shape[1], extra, age >= cadence.year))


def changepoints(age: int, settings: ForecastSettings, cadence: Cadence = WEEKLY) -> F64:
    """Changepoints on the 0..1 time of a series; at most one in four weeks, none in the last fifth."""
    count = min(settings.changepoints, int(settings.changepoint_range * age) // cadence.periods(4))
    return settings.changepoint_range * np.arange(1, count + 1) / (count + 1)


def _components(design: F64, ahead: F64, trend: int, extra: int, sloped: bool) -> F64:
    """Linear maps from the centered columns' coefficients to level, slope, season and holiday of the forecast."""
    columns, horizon = design.shape[1], ahead.shape[0]
    maps = np.zeros((columns, 2 + 2 * horizon))
    maps[:, 0] = -design.mean(axis=0) if columns else 0.0
    if trend:
        maps[:trend, 0] += design[-1, :trend]
        if sloped:
            maps[:trend, 1] = design[-1, :trend] - design[-2, :trend]
    width = columns - trend - extra
    maps[trend : trend + width, 2 : 2 + horizon] = ahead[:, :width].T
    maps[trend + width :, 2 + horizon :] = ahead[:, width:].T
    return maps
