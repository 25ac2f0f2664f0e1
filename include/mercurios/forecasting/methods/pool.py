"""The pool of methods: every one forecasts every series from one origin, and any mixture of them keeps its parts."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, row_sum
from mercurios.forecasting.effects.calendar import Frame, build_frame
from mercurios.forecasting.effects.own_season import LEAST_YEARS, own_season
from mercurios.forecasting.effects.profiles import Profile
from mercurios.forecasting.effects.regressors import Effects
from mercurios.forecasting.effects.seasonal_factors import seasonal_factors
from mercurios.forecasting.methods import baselines, smoothing
from mercurios.forecasting.methods.additive import Bases, Parts, fit_additive
from mercurios.forecasting.methods.cold_start import Levels, own_share
from mercurios.forecasting.panel.classes import NONE, classify
from mercurios.forecasting.panel.closing import Closed
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.settings import ForecastSettings
from mercurios.forecasting.uncertainty.quantiles import Spread, error_spread

METHODS = (
    "additive",
    "pooled_ses",
    "pooled_tsb",
    "sba",
    "tsb",
    "ses",
    "mean_13w",
    "seasonal_naive",
    "own_season",
)
ADDITIVE, POOLED_SES, POOLED_TSB, SBA, TSB, SES, MEAN_13W, SEASONAL_NAIVE, OWN_SEASON = range(len(METHODS))
_THREADS = 2
# Series x periods of one block: the arrays of one method stay within a core's cache.
_BLOCK_CELLS = 1_400_000


@dataclass(frozen=True, slots=True)
class Shared:
    """What one origin takes from the whole panel: profile, effects of regressors, the groups' levels, closed days."""

    profile: Profile
    effects: Effects
    levels: Levels
    closed: Closed


@dataclass(frozen=True, slots=True)
class Candidates:
    """Forecasts of every series from one origin, before they are combined.

    Attributes:
        additive: Parts of the additive model.
        regressor_base: What the regressors' factor acts on in the additive model.
        level: Levels of the methods from `pooled_ses` to `mean_13w`, series x methods.
        season: Factor of the group's season, series x horizon; with `holiday` and `regressor` it acts on the pooled
            methods' levels.
        holiday: Factor of the holidays.
        regressor: Factor of the regressors.
        naive: Seasonal naive forecast.
        own_level: Level of the series with its own season taken out.
        own_season: Factor of the group's season and the series' own, series x horizon; it acts on that level.
        available: Whether a method differs from the others on this panel.
        demand_class: Demand class of each series.
        spread: How far each series is from its mean.
        ceiling: Greatest mean forecast allowed.
        own_share: Share that a series' forecast has; the rest is its group's usual level.
        usual: That level.
        beta: Effects of the regressors on each series.
        usual_x: Usual values of the regressors, series x regressors.
        typical: Effect of the state that effects are measured from.
        left: Share of the demand that the series' end leaves in each period, series x horizon.
        closed: Periods in which the branch is closed.
    """

    additive: Parts
    regressor_base: F64
    level: F64
    season: F64
    holiday: F64
    regressor: F64
    naive: F64
    own_level: F64
    own_season: F64
    available: tuple[bool, ...]
    demand_class: I64
    spread: Spread
    ceiling: F64
    own_share: F64
    usual: F64
    beta: F64
    usual_x: F64
    typical: F64
    left: F64
    closed: Bool

    @property
    def horizon(self) -> int:
        """Periods forecast."""
        return int(self.naive.shape[1])

    def single(self, method: int) -> F64:
        """Bounded forecast of one method, series x horizon."""
        weight = np.zeros((self.naive.shape[0], len(METHODS)))
        weight[:, method] = 1.0
        if method in (MEAN_13W, SBA, TSB, SES):
            flat = np.repeat(self.level[:, method - POOLED_SES, None], self.horizon, axis=1)
            return np.clip(self.left * self._tempered(flat), 0.0, self.ceiling[:, None])
        return self.bounded(self.mixed(weight))

    def mixed(self, weight: F64) -> Parts:
        """Parts of the weighted mean of the methods; weights are series x methods and sum to one."""
        additive = weight[:, ADDITIVE, None]
        pooled = _dot(self.level[:, :2], weight[:, POOLED_SES:SBA])[:, None]
        flat = _dot(self.level[:, 2:], weight[:, SBA:SEASONAL_NAIVE])[:, None]
        naive = weight[:, SEASONAL_NAIVE, None]
        base = (row_sum(self.naive) / self.horizon)[:, None]
        seasonal = (weight[:, OWN_SEASON] * self.own_level)[:, None]
        # What the season, then the holidays, and then the regressors act on.
        in_season = pooled * self.season + seasonal * self.own_season
        on_holidays = in_season * self.holiday
        parts = Parts(
            additive * self.additive.level + pooled + seasonal + flat + naive * base,
            additive * self.additive.trend,
            additive * self.additive.season + in_season - pooled - seasonal + naive * (self.naive - base),
            additive * self.additive.holiday + on_holidays - in_season,
            additive * self.additive.regressor + on_holidays * (self.regressor - 1.0),
        )
        share = self.own_share[:, None]
        scaled = parts.map(lambda part: share * part)
        level = scaled.level + (1.0 - share) * self.usual[:, None]
        found = Parts(level, scaled.trend, scaled.season, scaled.holiday, scaled.regressor)
        return found.map(lambda part: self.left * part)

    def mixed_regressor_base(self, weight: F64) -> F64:
        """What the regressors' factor acts on in a mixture: the part of the regressors is this times (factor - 1)."""
        pooled = _dot(self.level[:, :2], weight[:, POOLED_SES:SBA])[:, None]
        seasonal = (weight[:, OWN_SEASON] * self.own_level)[:, None]
        in_season = pooled * self.season + seasonal * self.own_season
        regressor_base = weight[:, ADDITIVE, None] * self.regressor_base + in_season * self.holiday
        return self.left * (self.own_share[:, None] * regressor_base)

    def bounded(self, parts: Parts) -> F64:
        """Mean forecast within 0 and the series' ceiling."""
        return np.clip(parts.total(), 0.0, self.ceiling[:, None])

    def _tempered(self, forecast: F64) -> F64:
        share = self.own_share[:, None]
        return share * forecast + (1.0 - share) * self.usual[:, None]


def candidates(
    panel: Panel, shared: Shared, holidays: Iterable[date], settings: ForecastSettings
) -> Candidates:
    """Forecast every series of `panel` from the end of its history with every method."""
    frame = build_frame(panel, holidays, settings)
    size = min(settings.block_series, max(32, _BLOCK_CELLS // (frame.weeks + frame.horizon)))
    blocks = [slice(begin, begin + size) for begin in range(0, max(panel.n_series, 1), size)]
    cache: Bases = {}
    with ThreadPoolExecutor(_THREADS) as threads:
        found = list(
            threads.map(lambda rows: _block(panel.take(rows), frame, shared, settings, cache), blocks)
        )
    return found[0] if len(found) == 1 else _joined(found)


def _block(
    panel: Panel, frame: Frame, shared: Shared, settings: ForecastSettings, cache: Bases
) -> Candidates:
    greatest = panel.y.max(axis=1, initial=0.0)
    closed = shared.closed.ahead(panel, frame.horizon)
    panel = shared.closed.masked(panel).learnable().after_first_sale()
    factors = seasonal_factors(panel, frame, shared.profile, shared.effects)
    has_factors = frame.has_factors or factors.beta.shape[1] > 0
    exposure = np.exp(factors.past) if has_factors else None
    season, holiday, regressor = factors.ahead()
    left = np.where(closed, 0.0, panel.demand_left(frame.horizon))
    additive, regressor_base = fit_additive(panel, frame, factors, settings, cache)
    levels = _levels(panel, exposure)
    own_level, own_factor = levels[:, POOLED_TSB - POOLED_SES], season
    if _available(OWN_SEASON, frame, has_factors):
        own_level, own_factor = _own(panel, frame, factors.past)
        own_factor = own_factor * season
    return Candidates(
        additive=additive,
        regressor_base=regressor_base,
        level=levels,
        season=season,
        holiday=holiday,
        regressor=regressor,
        naive=baselines.seasonal_naive(panel, frame.horizon),
        own_level=own_level,
        own_season=own_factor,
        available=tuple(_available(method, frame, has_factors) for method in range(len(METHODS))),
        demand_class=np.where((left > 0).any(axis=1), classify(panel), NONE),
        spread=error_spread(panel, float(shared.levels.excess[0])),
        ceiling=settings.max_ratio * greatest,
        own_share=own_share(panel),
        usual=shared.levels.expected(panel.similarity_keys(), panel.branch_number),
        beta=factors.beta,
        usual_x=factors.usual,
        typical=factors.typical,
        left=left,
        closed=closed,
    )


def _levels(panel: Panel, exposure: np.ndarray | None) -> np.ndarray:
    """Return the levels of the methods that have one, series x methods.

    Args:
        panel: the series.
        exposure: seasonal factors of the past, series x weeks; None where there are none.
    """
    slow, slower = panel.cadence.slowed(smoothing.SES_GRID), panel.cadence.slowed(smoothing.TSB_GRID)
    flat_ses = smoothing.ses(panel, slow).averaged()
    flat_tsb = smoothing.tsb(panel, slower).averaged()
    levels = (
        flat_ses if exposure is None else smoothing.ses(panel, slow, exposure).averaged(),
        flat_tsb if exposure is None else smoothing.tsb(panel, slower, exposure).averaged(),
        smoothing.sba(panel),
        flat_tsb,
        flat_ses,
        baselines.mean_13w(panel),
    )
    return np.stack(levels, axis=1)


def _own(panel: Panel, frame: Frame, past: F64) -> tuple[F64, F64]:
    """Level of each series, its own season taken out with all other factors, and that season over the horizon."""
    factor = own_season(panel, frame, past)
    constants = panel.cadence.slowed(smoothing.TSB_GRID)
    level = smoothing.tsb(panel, constants, np.exp(past) * factor[:, : frame.weeks]).averaged()
    return level, factor[:, frame.weeks :]


def _available(method: int, frame: Frame, has_factors: bool) -> bool:
    """Whether a method is itself here: without seasonal factors or a past season it is another one under its name."""
    if method == SEASONAL_NAIVE:
        return frame.weeks >= frame.cadence.naive
    if method == OWN_SEASON:
        return frame.weeks >= LEAST_YEARS * frame.cadence.year
    return has_factors or method not in (POOLED_SES, POOLED_TSB)


def _joined(found: list[Candidates]) -> Candidates:
    def rows(name: str) -> Any:
        return np.concatenate([getattr(block, name) for block in found])

    parts = [
        np.concatenate([getattr(block.additive, name) for block in found])
        for name in ("level", "trend", "season", "holiday", "regressor")
    ]
    return Candidates(
        additive=Parts(*parts),
        available=found[0].available,
        demand_class=np.concatenate([block.demand_class for block in found]),
        spread=Spread(
            np.concatenate([block.spread.mean for block in found]),
            np.concatenate([block.spread.excess for block in found]),
        ),
        **{
            name: rows(name)
            for name in (
                "regressor_base",
                "level",
                "season",
                "holiday",
                "regressor",
                "naive",
                "own_level",
                "own_season",
                "ceiling",
                "own_share",
                "usual",
                "beta",
                "usual_x",
                "typical",
                "left",
                "closed",
            )
        },
    )


def _dot(levels: F64, weights: F64) -> F64:
    """Row-wise product whose order of summation is that of the methods."""
    total = np.zeros(levels.shape[0])
    for column in range(levels.shape[1]):
        total += levels[:, column] * weights[:, column]
    return total
