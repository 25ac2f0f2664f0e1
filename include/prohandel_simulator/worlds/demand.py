"""How many units a day would sell: season, life of a fashion article, markdowns, promotions, weekday and branch.

History and the days that a moved clock adds use the same functions, so both follow one process.
"""

from __future__ import annotations

import numpy as np

from prohandel_simulator.worlds import calendar
from prohandel_simulator.worlds.model import State

STORE_WEEK = np.array([0.80, 0.80, 0.85, 0.95, 1.15, 1.65, 0.0])
WEB_WEEK = np.array([1.10, 1.00, 1.00, 0.95, 0.90, 0.85, 1.20])
RUN_OFF_WEEKS = 8
"""Weeks after its planned life in which the rest of a fashion article still sells, at half price."""
_PROMOTION = 0.20
_ELASTICITY = 2.0


def age_weeks(state: State, day: int) -> np.ndarray:
    """Weeks since an article's life began."""
    return np.asarray((day - state["article_start"]) / 7.0)


def markdown(state: State, day: int) -> np.ndarray:
    """Share by which the current price is below the first one."""
    part = age_weeks(state, day) / state["article_weeks"]
    fashion = np.select([part >= 1.0, part >= 0.8, part >= 0.6], [0.5, 0.3, 0.2], 0.0)
    return np.where(state["article_nos"], 0.0, fashion)


def promotion(state: State, day: int) -> np.ndarray:
    """Share taken off a basic in its two promotion weeks of the year."""
    slot = (day + 3) // 14 + 7 * np.arange(len(state["article_nos"]))
    return np.where(state["article_nos"] & (slot % 26 == 0), _PROMOTION, 0.0)


def _season(state: State, day: int) -> np.ndarray:
    of_year = calendar.as_date(day).timetuple().tm_yday
    wave = 1.0 + state["article_swing"] * np.cos(2 * np.pi * (of_year - state["article_peak"]) / 365.25)
    christmas = 1.35 if 330 <= of_year <= 358 else 1.0
    return np.asarray(np.maximum(wave, 0.05) * christmas)


def article_factors(state: State, day: int) -> np.ndarray:
    """Factor on each article's base rate; 0 outside its life."""
    age = age_weeks(state, day)
    weeks = state["article_weeks"]
    life = np.minimum(1.0, (age + 1) / 3) * np.exp(-0.8 * age / weeks)
    life = np.where((age >= 0) & (age < weeks + RUN_OFF_WEEKS), life, 0.0)
    trend = np.exp(state["article_trend"] * (day - state["first_day"][0]) / 365.25)
    discount = markdown(state, day) + promotion(state, day)
    return np.asarray(
        np.where(state["article_nos"], (age >= 0) * trend, life)
        * _season(state, day)
        * (1.0 - discount) ** -_ELASTICITY
    )


def branch_factors(state: State, day: int) -> np.ndarray:
    """Factor on each branch for one day; 0 when it is closed. Indexed like `branch_number`."""
    web = state["branch_web"]
    years = (day - state["first_day"][0]) / 365.25
    stores = STORE_WEEK[calendar.weekday(day)] if calendar.shops_open(day) else 0.0
    moment = calendar.as_date(day)
    black_friday = 1.9 if moment.month == 11 and 22 <= moment.day <= 30 else 1.0
    return np.asarray(
        np.where(web, WEB_WEEK[calendar.weekday(day)] * 1.10**years * black_friday, stores * 0.99**years)
    )
