"""Seasonal and holiday profiles pooled over a group, because one article's two years cannot show them alone.

Each group's demand is an index series (demand over what its series sell on average); its logarithm is fitted with the
same additive ridge. All series give the profile of the whole panel, groups are shrunk to it by their number of series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting import ridge
from mercurios.forecasting.arrays import F64, I64, Bool, masked_mean
from mercurios.forecasting.design import TWO_YEARS, YEAR, Frame, changepoints
from mercurios.forecasting.settings import ForecastSettings

_INDEX_FLOOR = 0.05
_LOG_LIMIT = 1.6
_SERIES_FOR_HALF = 15.0
_TREND_PENALTY = 10.0


@dataclass(frozen=True, slots=True)
class Profile:
    """Log effects of history and horizon weeks; row 0 for the whole panel, row 1 + i for group `codes[i]`."""

    codes: I64
    season: F64
    holiday: F64

    def row(self, group: I64) -> I64:
        """Row of each series' group; the whole panel's for a group unknown here."""
        if self.codes.size == 0:
            return np.zeros(group.size, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.codes, group), self.codes.size - 1)
        found: I64 = np.where(self.codes[at] == group, at + 1, 0).astype(np.int64)
        return found


def fit_profile(y: F64, mask: Bool, group: I64, frame: Frame, settings: ForecastSettings) -> Profile:
    """Pool the yearly and holiday pattern by group; flat when the panel is younger than a year."""
    codes = np.unique(group)
    span = frame.weeks + frame.horizon
    if not frame.has_season:
        return Profile(codes, np.zeros((codes.size + 1, span)), np.zeros((codes.size + 1, span)))
    index, present, members = _index_series(y, mask, group, codes)
    columns = np.concatenate([frame.fourier, frame.holiday], axis=1)
    width = frame.fourier.shape[1]
    whole = _effects(np.log(index[:1] + _INDEX_FLOOR), present[:1], columns, width, frame, settings, 0.1)
    explained = columns[: frame.weeks] @ whole[0]
    rest = np.log(index[1:] + _INDEX_FLOOR) - explained
    weight = members / (members + _SERIES_FOR_HALF)
    own = _effects(rest, present[1:], columns, width, frame, settings, 1.0) * weight[:, None]
    effect = np.concatenate([whole, whole + own]) * _trust(frame.weeks)
    season = np.clip(effect[:, :width] @ columns[:, :width].T, -_LOG_LIMIT, _LOG_LIMIT)
    holiday = np.clip(effect[:, width:] @ columns[:, width:].T, -_LOG_LIMIT, _LOG_LIMIT)
    return Profile(codes, season, holiday)


def _index_series(y: F64, mask: Bool, group: I64, codes: I64) -> tuple[F64, Bool, F64]:
    """Demand index of the panel (row 0) and each group: weighted demand over the same weights' average demand."""
    level = masked_mean(y, mask)
    selling = level > 0
    root = np.sqrt(np.where(selling, level, 1.0))
    at = np.searchsorted(codes, group)
    scaled = np.zeros((codes.size, y.shape[1]))
    expected = np.zeros_like(scaled)
    members = np.zeros(codes.size)
    for code in range(codes.size):
        rows = np.flatnonzero((at == code) & selling)
        scaled[code] = (1.0 / root[rows]) @ y[rows]
        expected[code] = root[rows] @ mask[rows]
        members[code] = rows.size
    scaled = np.concatenate([scaled.sum(axis=0, keepdims=True), scaled])
    expected = np.concatenate([expected.sum(axis=0, keepdims=True), expected])
    return scaled / np.maximum(expected, 1e-12), expected > 0, members


def _effects(
    log_index: F64,
    present: Bool,
    columns: F64,
    width: int,
    frame: Frame,
    settings: ForecastSettings,
    relative: float,
) -> F64:
    """Calendar coefficients of each index series, its trend fitted beside them and left out."""
    usable = present.any(axis=1)
    result = np.zeros((log_index.shape[0], columns.shape[1]))
    time = np.arange(frame.weeks) / max(frame.weeks - 1, 1)
    hinges = np.maximum(time[:, None] - changepoints(frame.weeks, settings), 0.0)
    design = np.concatenate([columns[: frame.weeks], time[:, None], hinges], axis=1)
    order = 1.0 + np.arange(width) // 2
    caution = 1.0 if frame.weeks >= TWO_YEARS else 10.0
    penalty = np.concatenate(
        [
            relative * order,
            np.full(columns.shape[1] - width, relative),
            [1.0],
            np.full(hinges.shape[1], _TREND_PENALTY * caution),
        ]
    )
    basis = ridge.decompose(design, penalty)
    fitted = ridge.fit(basis, log_index[usable], present[usable])
    result[usable] = fitted.coefficients(basis)[:, : columns.shape[1]]
    return result


def _trust(weeks: int) -> float:
    """Half of the pattern after one year, all of it after two."""
    return float(np.clip(0.5 + 0.5 * (weeks - YEAR) / (TWO_YEARS - YEAR), 0.0, 1.0))
