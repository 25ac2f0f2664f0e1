"""Dates that retail sells by, as shares of each period: a season's sharp edges, which no smooth wave of the year has.

An event has windows of days around its date, such as the week before Christmas. What a window does to demand is learned
like the effect of a holiday; a window that means nothing to a retailer is found to have no effect. Dates that move
(Easter, Mother's Day, Black Friday) take their effect with them, which a season by calendar week cannot.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from mercurios.forecasting.arrays import F64, Days
from mercurios.forecasting.panel.cadence import WEEKLY, Cadence

_MAY, _NOVEMBER, _DECEMBER = 5, 11, 12
_THURSDAY, _SUNDAY = 3, 6
# First and last day of each window, counted from the event's date.
WINDOWS: dict[str, tuple[tuple[int, int], ...]] = {
    "christmas": ((-28, -22), (-21, -15), (-14, -8), (-7, -1), (0, 6), (7, 13)),
    "black_friday": ((-4, 2), (3, 9)),
    "easter": ((-13, -7), (-6, 0), (1, 7)),
    "mothers_day": ((-6, 0),),
    "mothering_sunday": ((-6, 0),),
    "valentines_day": ((-6, 0),),
    "winter_sale": ((0, 6), (7, 13)),
    "summer_sale": ((0, 6), (7, 13)),
}


def event_dates(year: int) -> dict[str, date]:
    """Date of every event in a year; the sales of winter and summer begin with the last Monday of a month."""
    import pandas as pd

    sunday = pd.offsets.Easter().rollforward(pd.Timestamp(year, 1, 1)).date()
    return {
        "christmas": date(year, _DECEMBER, 25),
        "black_friday": _nth_weekday(year, _NOVEMBER, _THURSDAY, 4) + timedelta(days=1),
        "easter": sunday,
        "mothers_day": _nth_weekday(year, _MAY, _SUNDAY, 2),
        "mothering_sunday": sunday - timedelta(days=21),
        "valentines_day": date(year, 2, 14),
        "winter_sale": _last_monday(date(year, 1, 31)),
        "summer_sale": _last_monday(date(year, 7, 31)),
    }


def event_columns(starts: Days, cadence: Cadence = WEEKLY) -> F64:
    """Share of each period's days that lie in each window of each event, periods x windows."""
    windows = [(name, first, last) for name, spans in WINDOWS.items() for first, last in spans]
    share = np.zeros((starts.size, len(windows)))
    if not starts.size:
        return share
    begin, end = starts[0].item(), starts[-1].item()
    for year in range(begin.year - 1, end.year + 2):
        dates = event_dates(year)
        for column, (name, first, last) in enumerate(windows):
            days = np.datetime64(dates[name], "D") + np.arange(first, last + 1)
            period = cadence.steps(starts[0], days)
            inside = (period >= 0) & (period < starts.size)
            np.add.at(share[:, column], period[inside], 1.0 / cadence.days)
    return share


def _nth_weekday(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _last_monday(last_day: date) -> date:
    return last_day - timedelta(days=last_day.weekday())
