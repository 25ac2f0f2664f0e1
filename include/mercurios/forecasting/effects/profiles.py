"""Seasonal and holiday profiles pooled over a group, because one article's two years cannot show them alone.

Each group's demand is an index series (demand over what its series sell on average, promotions taken out); its
logarithm is fitted with the same additive ridge. All series give the profile of the whole panel, groups are shrunk to
it by their number of series. Branches have calendars too: a web shop sells on the holidays on which shops are closed,
and has a Black Friday of its own. What a branch's index, with the groups' profiles taken out, deviates from that of all
branches is fitted in the same way and holds for all of its series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, first_observed, place_of, row_sum
from mercurios.forecasting.effects import ridge
from mercurios.forecasting.effects.calendar import HOLIDAY_COLUMNS, Frame, changepoints
from mercurios.forecasting.panel.history import History
from mercurios.forecasting.settings import ForecastSettings

_INDEX_FLOOR = 0.02
_LOG_LIMITS = (-3.0, 3.0)
_BEFORE = 0.5
# An event's window is seen once a year, so it is penalised more than a holiday.
_EVENT = 2.0
# Outlying is beyond 2.5 standard deviations of the other weeks and a factor of two.
_OUTLYING, _FACTOR_OF_TWO = 2.5, 0.7
_REWEIGHTED = 3
_SERIES_FOR_HALF = 15.0
_SERIES_FOR_HALF_A_YEAR = 10.0
_TREND_PENALTY = 10.0

Bases = dict[bytes, ridge.RidgeBasis]


@dataclass(frozen=True, slots=True)
class Profile:
    """Log effects of history and horizon periods.

    Attributes:
        codes: Groups, ascending.
        season: Waves of the year and the week; row 0 for the whole panel, row 1 + i for group `codes[i]`.
        holiday: Holidays and dates of retail, likewise.
        branches: Branches, ascending.
        branch_season: What is added to a group's season in each branch; row 0, of a branch unknown here, is nothing.
        branch_holiday: What is added to its holidays.
    """

    codes: I64
    season: F64
    holiday: F64
    branches: I64
    branch_season: F64
    branch_holiday: F64

    def row(self, group: I64) -> I64:
        """Row of each series' group; the whole panel's for a group unknown here."""
        return place_of(self.codes, group) + 1

    def of(self, history: History, periods: slice) -> tuple[F64, F64]:
        """Season and holidays of each series in some periods."""
        row, place = self.row(history.group), place_of(self.branches, history.places()) + 1
        season = self.season[:, periods][row] + self.branch_season[:, periods][place]
        return season, self.holiday[:, periods][row] + self.branch_holiday[:, periods][place]


def fit_profile(
    history: History,
    frame: Frame,
    settings: ForecastSettings,
    explained: F64 | None = None,
    bases: Bases | None = None,
) -> Profile:
    """Pool the seasonal factors by group; flat when the panel is younger than they need.

    Args:
        history: Demand.
        frame: The calendar.
        settings: Settings of the run.
        explained: Log effect of the regressors, taken out before; none when omitted.
        bases: Decompositions of this frame that earlier fits made; filled.
    """
    bases = {} if bases is None else bases
    codes, branches = np.unique(history.group), np.unique(history.places())
    usable = frame.needs <= frame.weeks
    holidays = frame.holiday[:, : None if frame.has_season else 0]
    columns = np.concatenate([frame.fourier[:, usable], holidays], axis=1)
    width = int(usable.sum())
    if not columns.shape[1]:
        flat = np.zeros((codes.size + 1, frame.weeks + frame.horizon))
        nothing = np.zeros((branches.size + 1, flat.shape[1]))
        return Profile(codes, flat, flat, branches, nothing, nothing)
    index, present, members = _index_series(history, history.group, codes, explained)
    events = np.full(holidays.shape[1], _EVENT)
    events[:HOLIDAY_COLUMNS] = 1.0
    order = np.concatenate([frame.order[usable], events])
    whole = _effects(
        np.log(index[:1] + _INDEX_FLOOR), present[:1], columns, 0.1 * order, frame, settings, bases
    )
    rest = np.log(index[1:] + _INDEX_FLOOR) - columns[: frame.weeks] @ whole[0]
    weight = members / (members + _SERIES_FOR_HALF)
    deviation = _effects(rest, present[1:], columns, order, frame, settings, bases) * weight[:, None]
    yearly = np.append(frame.needs[usable] >= frame.cadence.year, np.full(columns.shape[1] - width, True))
    trust = np.where(yearly, _trust(frame.weeks / frame.cadence.year, float(members.sum())), 1.0)
    effect = np.concatenate([whole, whole + deviation]) * trust
    season, holiday = _by_period(effect, columns, width)
    known = (season + holiday)[place_of(codes, history.group) + 1, : frame.weeks]
    known = known if explained is None else known + explained
    place = _branch_effects(history, branches, known, (columns, order), frame, settings, bases) * trust
    return Profile(codes, season, holiday, branches, *_by_period(place, columns, width))


def _by_period(effect: F64, columns: F64, width: int) -> tuple[F64, F64]:
    """Effects of the waves, which are the first columns, and of all others in every period."""
    season = np.clip(effect[:, :width] @ columns[:, :width].T, *_LOG_LIMITS)
    return season, np.clip(effect[:, width:] @ columns[:, width:].T, *_LOG_LIMITS)


def _branch_effects(
    history: History,
    branches: I64,
    known: F64,
    design: tuple[F64, F64],
    frame: Frame,
    settings: ForecastSettings,
    bases: Bases,
) -> F64:
    """Calendar coefficients of each branch beyond those of its groups, below a row of zeros."""
    columns, order = design
    result = np.zeros((branches.size + 1, columns.shape[1]))
    if branches.size > 1:
        index, present, members = _index_series(history, history.places(), branches, known)
        rest = np.log(index[1:] + _INDEX_FLOOR) - np.log(index[:1] + _INDEX_FLOOR)
        weight = members / (members + _SERIES_FOR_HALF)
        result[1:] = _effects(rest, present[1:], columns, order, frame, settings, bases) * weight[:, None]
    return result


def _index_series(history: History, of: I64, codes: I64, explained: F64 | None) -> tuple[F64, Bool, F64]:
    """Demand index of the panel (row 0) and each code: weighted demand over the same weights' average demand.

    With one year, weeks before a series' first sale count half. Without them the index follows the articles of an
    assortment, most of which fade, with all of them the assortment itself; one year cannot tell growth from season. Two
    years can, so that they count less until then: an assortment that is taken in over a year is no season.
    """
    y, mask = history.y, history.mask
    factor = 1.0 if explained is None else np.exp(explained)
    before = np.arange(y.shape[1]) < first_observed(mask)[:, None]
    years = y.shape[1] / history.cadence.year
    exposure = (mask + _BEFORE * float(np.clip(2.0 - years, 0.0, 1.0)) * before) * factor
    share = row_sum(exposure)
    level = row_sum(np.where(mask, y, 0.0)) / np.where(share > 0, share, 1.0)
    selling = level > 0
    root = np.sqrt(np.where(selling, level, 1.0))
    at = np.searchsorted(codes, of)
    scaled = np.zeros((codes.size, y.shape[1]))
    expected = np.zeros_like(scaled)
    members = np.zeros(codes.size)
    for code in range(codes.size):
        rows = np.flatnonzero((at == code) & selling)
        scaled[code] = (1.0 / root[rows]) @ y[rows]
        expected[code] = root[rows] @ exposure[rows]
        members[code] = rows.size
    scaled = np.concatenate([scaled.sum(axis=0, keepdims=True), scaled])
    expected = np.concatenate([expected.sum(axis=0, keepdims=True), expected])
    return scaled / np.maximum(expected, 1e-12), expected > 0, members


def _effects(
    log_index: F64,
    present: Bool,
    columns: F64,
    relative: F64,
    frame: Frame,
    settings: ForecastSettings,
    bases: Bases,
) -> F64:
    """Calendar coefficients of each index series, its trend fitted beside them and left out."""
    usable = present.any(axis=1)
    result = np.zeros((log_index.shape[0], columns.shape[1]))
    time = np.arange(frame.weeks) / max(frame.weeks - 1, 1)
    knots = changepoints(frame.weeks, settings, frame.cadence)
    hinges = np.maximum(time[:, None] - knots, 0.0)
    design = np.concatenate([columns[: frame.weeks], time[:, None], hinges], axis=1)
    caution = 1.0 if frame.weeks >= 2 * frame.cadence.year else 10.0
    penalty = np.concatenate([relative, [1.0], np.full(hinges.shape[1], _TREND_PENALTY * caution)])
    key = penalty.tobytes()
    if key not in bases:
        bases[key] = ridge.decompose(design, penalty)
    basis = bases[key]
    value, observed = log_index[usable], present[usable]
    fitted = ridge.fit_by_likelihood(basis, value, observed)
    for _ in range(_REWEIGHTED):
        smooth = fitted.fitted(basis, frame.weeks)
        fitted = ridge.fit_by_likelihood(basis, _bounded(value, smooth, observed), observed)
    result[usable] = fitted.coefficients(basis)[:, : columns.shape[1]]
    return result


def _bounded(value: F64, smooth: F64, observed: Bool) -> F64:
    """Bring outlying periods to the edge of what the others vary by.

    Huber (1981), Robust Statistics, section 7.8 (pseudo-values): one week in which the whole shop was closed must not
    look like noise of all weeks, which would hide the season.
    """
    error = np.where(observed, value - smooth, np.nan)
    spread = 1.4826 * np.nanmedian(np.abs(error), axis=1, keepdims=True)
    limit = np.maximum(_OUTLYING * spread, _FACTOR_OF_TWO)
    return np.where(observed, smooth + np.clip(error, -limit, limit), value)


def _trust(years: float, members: float) -> float:
    """Share of the yearly factors that is taken: all of them after three years, until then as many series show them.

    One year cannot tell a season from a level that rose; two can, but not in a series that stands alone.
    """
    missing, others = float(np.clip(3.0 - years, 0.0, 1.0)), max(members - 1.0, 0.0)
    half = 1.0 + (_SERIES_FOR_HALF_A_YEAR - 1.0) * float(np.clip(2.0 - years, 0.0, 1.0))
    return 1.0 - missing * half / (others + half)
