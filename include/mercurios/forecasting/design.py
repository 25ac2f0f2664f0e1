"""The calendar side of the additive model: what is known about every week before any series is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from mercurios.forecasting.arrays import F64, Days
from mercurios.forecasting.settings import ForecastSettings

YEAR = 52
# Shrink twice as hard what one year of history cannot tell from a trend.
TWO_YEARS = 104
_HOLIDAY_COLUMNS = 3
# Relative penalties: a slope change is rarer than a seasonal swing of the same size.
_SLOPE, _HINGE, _SEASON, _HOLIDAY = 0.3, 1.0, 3.0, 3.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Deterministic columns of history and horizon on one calendar.

    Attributes:
        weeks: History weeks.
        horizon: Forecast weeks.
        week_starts: Mondays of history and horizon.
        fourier: Yearly sines and cosines, (weeks + horizon) x 2 order.
        holiday: Share of holiday days in the week, the next and the previous one.
    """

    weeks: int
    horizon: int
    week_starts: Days
    fourier: F64
    holiday: F64

    @property
    def has_season(self) -> bool:
        """Whether the panel spans the year that yearly and holiday effects need."""
        return self.weeks >= YEAR


@dataclass(frozen=True, slots=True)
class Columns:
    """Design of one age of series, its penalties, and the projection from coefficients to forecast components.

    Attributes:
        design: Weeks x columns.
        penalty: Relative penalty of each column.
        components: Columns x (2 + 2 horizon): end level, weekly slope, then season and holiday effects a week ahead.
    """

    design: F64
    penalty: F64
    components: F64


def build_frame(week_starts: Days, horizon: int, holidays: Iterable[date], order: int) -> Frame:
    """Lay out the deterministic columns for a history and the horizon behind it."""
    import pandas as pd
    from statsmodels.tsa.deterministic import CalendarFourier, DeterministicProcess

    weeks = week_starts.size
    index = pd.date_range(str(week_starts[0]), periods=weeks + horizon, freq="W-MON")
    mondays = index.to_numpy().astype("datetime64[D]")
    if order:
        process = DeterministicProcess(index, additional_terms=[CalendarFourier("YE", order)], drop=False)
        fourier = process.in_sample().to_numpy(dtype=np.float64)
    else:
        fourier = np.zeros((index.size, 0))
    return Frame(weeks, horizon, mondays, fourier, holiday_columns(mondays, holidays))


def holiday_columns(week_starts: Days, holidays: Iterable[date]) -> F64:
    """Share of each week's seven days that are holidays, and the same of the following and the preceding week."""
    days = np.unique(np.asarray([np.datetime64(day, "D") for day in holidays], dtype="datetime64[D]"))
    share = np.zeros(week_starts.size + 2)
    if week_starts.size and days.size:
        at = (days - week_starts[0]).astype(np.int64) // 7 + 1
        inside = at[(at >= 0) & (at < share.size)]
        np.add.at(share, inside, 1.0 / 7.0)
    return np.stack([share[1:-1], share[2:], share[:-2]], axis=1)


def series_columns(frame: Frame, age: int, settings: ForecastSettings) -> Columns:
    """Design for series first observed `age` weeks before the end of the history."""
    time = np.arange(age) / max(age - 1, 1)
    knots = changepoints(age, settings)
    trend = np.concatenate([time[:, None], np.maximum(time[:, None] - knots, 0.0)], axis=1)
    trend = trend[:, : 0 if age < 2 * settings.correction_weeks else None]
    seasonal = age >= YEAR and frame.has_season
    width = frame.fourier.shape[1] if seasonal else 0
    extra = _HOLIDAY_COLUMNS if seasonal else 0
    past = slice(frame.weeks - age, frame.weeks)
    design = np.concatenate([trend, frame.fourier[past, :width], frame.holiday[past, :extra]], axis=1)
    caution = 1.0 if age >= TWO_YEARS else 3.0
    order = 1.0 + np.arange(width) // 2
    penalty = np.concatenate(
        [
            np.full(min(1, trend.shape[1]), _SLOPE),
            np.full(max(0, trend.shape[1] - 1), _HINGE * caution),
            _SEASON * caution * order,
            np.full(extra, _HOLIDAY * caution),
        ]
    )
    return Columns(design, penalty, _components(frame, design, trend.shape[1], width, extra, age))


def changepoints(age: int, settings: ForecastSettings) -> F64:
    """Changepoints on the 0..1 time of a series; at most one in four weeks, none in the last fifth."""
    count = min(settings.changepoints, int(settings.changepoint_range * age) // 4)
    return settings.changepoint_range * np.arange(1, count + 1) / (count + 1)


def _components(frame: Frame, design: F64, trend: int, width: int, extra: int, age: int) -> F64:
    """Linear maps from the centered columns' coefficients to level, slope, season and holiday of the forecast."""
    columns, horizon = design.shape[1], frame.horizon
    maps = np.zeros((columns, 2 + 2 * horizon))
    maps[:, 0] = -design.mean(axis=0) if columns else 0.0
    if trend:
        maps[:trend, 0] += design[-1, :trend]
        if age >= YEAR:
            maps[:trend, 1] = design[-1, :trend] - design[-2, :trend]
    future = slice(frame.weeks, frame.weeks + horizon)
    maps[trend : trend + width, 2 : 2 + horizon] = frame.fourier[future, :width].T
    maps[trend + width :, 2 + horizon :] = frame.holiday[future, :extra].T
    return maps
