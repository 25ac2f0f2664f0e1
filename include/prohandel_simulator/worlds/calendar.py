"""Business days: which shops are open, and what a local day and time is in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np

from prohandel_simulator.rendering import TICKS

EPOCH = date(1970, 1, 1)
SUNDAY = 6


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH).days


def weekday(day: int) -> int:
    """Monday is 0."""
    return (day + 3) % 7


def monday_of(day: int) -> int:
    """The Monday of the day's week."""
    return day - weekday(day)


def as_date(day: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=int(day))


@lru_cache(maxsize=64)
def _bavarian(year: int) -> frozenset[int]:
    return frozenset(day_number(day) for day in holidays.country_holidays("DE", subdiv="BY", years=year))


def is_bavarian_holiday(day: int) -> bool:
    """Return whether shops in Bavaria are closed by law."""
    return day in _bavarian(as_date(day).year)


def shops_open(day: int) -> bool:
    """Shops (not the web shop) close on Sundays and public holidays."""
    return weekday(day) != SUNDAY and not is_bavarian_holiday(day)


def next_open(day: int) -> int:
    """The day itself, or the next one on which goods are received."""
    while not shops_open(day):
        day += 1
    return day


@lru_cache(maxsize=8192)
def utc_offset(day: int, zone: str) -> int:
    """Seconds between local noon of a day and UTC; clocks change at night, when no shop sells."""
    moment = as_date(day)
    noon = datetime(moment.year, moment.month, moment.day, 12, tzinfo=ZoneInfo(zone))
    offset = noon.utcoffset()
    return int(offset.total_seconds()) if offset else 0


def ticks_at(day: np.ndarray, seconds: np.ndarray | int, zone: str) -> np.ndarray:
    """UTC ticks of local days and seconds since midnight."""
    unique, back = np.unique(np.asarray(day, dtype=np.int64), return_inverse=True)
    offsets = np.array([utc_offset(int(one), zone) for one in unique], dtype=np.int64)
    return np.asarray((np.asarray(day, dtype=np.int64) * 86_400 + seconds - offsets[back]) * TICKS)


def local_day(ticks: int, zone: str) -> int:
    """The business day on which an instant falls."""
    return day_number(datetime.fromtimestamp(ticks // TICKS, UTC).astimezone(ZoneInfo(zone)).date())
