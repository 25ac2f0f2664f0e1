"""Worlds of demand whose truth is known: what was wanted, what was sold of it, and what is known beforehand.

Each effect is switched on by itself, so that a test can say which one a forecast gets wrong. Sales are negative
binomial around what is wanted; where stock runs out they end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mercurios.forecasting.panel.cadence import DAILY, WEEKLY, Cadence
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.panel.recorded import lower_bounds, probable_demand

FIRST_MONDAY = np.datetime64("2022-01-03", "D")
_YEAR = 365.25
# Of a weekday, from Monday; a branch is closed on Sundays.
WEEKDAYS = np.array([0.8, 0.9, 1.0, 1.0, 1.2, 1.5, 0.0])


@dataclass(frozen=True, slots=True)
class World:
    """What a world is made of.

    Attributes:
        series: Articles, spread over three branches and two groups.
        periods: Periods of history.
        horizon: Periods after it.
        level: Median units of a period of a day that is as all others.
        unlike: Standard deviation of the logarithm of levels.
        season: Share by which demand rises and falls over the year.
        own_season: Share by which each series rises and falls over the year at a time of its own.
        own_peak: Logarithm of what two weeks of the year, others for each series, multiply demand by.
        promotions: Share of two-week spans with a promotion, in turns on the first days and later ones of a week.
        uplift: Logarithm of what a promotion multiplies demand by.
        lost: Share of periods in which stock is short: they run out if as much or more was wanted.
        stock: What a short stock allows, as a share of the usual sales.
        launched: Share of series that began within the last year.
        shift: Logarithm by which half of the series' levels changed two fifths before the end.
        excess: Excess variance of sales: m + excess m^2 around a mean m.
        cadence: Weeks or days.
        seed: Of the draws.
    """

    series: int = 120
    periods: int = 130
    horizon: int = 13
    level: float = 4.0
    unlike: float = 0.7
    season: float = 0.0
    own_season: float = 0.0
    own_peak: float = 0.0
    promotions: float = 0.0
    uplift: float = 0.34
    lost: float = 0.0
    stock: float = 0.5
    launched: float = 0.0
    shift: float = 0.0
    excess: float = 0.1
    cadence: Cadence = WEEKLY
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """A world's panel and its truth.

    Attributes:
        panel: What a forecast may know, promotions of the horizon included.
        wanted: Expected demand of the horizon, series x horizon.
        sold: What was sold of it, series x horizon.
        stocked_out: Periods of the history in which stock limited sales.
    """

    panel: Panel
    wanted: np.ndarray
    sold: np.ndarray
    stocked_out: np.ndarray


def draw(world: World) -> Drawn:
    """Draw the sales of a world; the same world gives the same ones."""
    rng = np.random.default_rng(world.seed)
    count, days = world.periods + world.horizon, world.cadence.days
    starts = world.cadence.starts(FIRST_MONDAY, count)
    level = world.level * np.exp(rng.normal(0.0, world.unlike, (world.series, 1)))
    wanted = level * (1.0 + world.season * np.sin(2 * np.pi * days * np.arange(count) / _YEAR))
    wanted = wanted * _shifts(world, rng, count) * _own_seasons(world, starts)
    if world.cadence is DAILY:
        wanted = wanted * WEEKDAYS[np.arange(count) % 7]
    promoted = _promotions(world, rng, count)
    wanted = wanted * np.exp(world.uplift * promoted)
    sold = _counts(wanted, world.excess, rng)
    begin = np.where(
        rng.random(world.series) < world.launched, world.periods - rng.integers(8, 48, world.series), 0
    )
    short = (rng.random(wanted.shape) < world.lost) & (np.arange(count) < world.periods)
    stock = np.floor(world.stock * level)
    out = short & (sold >= stock)
    sold = np.where(out, stock, sold)
    panel = _panel(world, sold, starts, np.arange(world.periods) >= begin[:, None], out)
    if world.promotions:
        panel = replace(panel, x=promoted[:, :, None].astype(float), x_names=("x_promo",))
    ahead = slice(world.periods, count)
    return Drawn(panel, wanted[:, ahead], sold[:, ahead], out[:, : world.periods])


def _shifts(world: World, rng: np.random.Generator, count: int) -> np.ndarray:
    changed = rng.random((world.series, 1)) < 0.5
    late = np.arange(count) >= world.periods * 3 // 5
    return np.exp(world.shift * (changed & late))


def _own_seasons(world: World, starts: np.ndarray) -> np.ndarray:
    """Draw apart from all else, so that a world without them stays as it is."""
    rng = np.random.default_rng([world.seed, world.series])
    share = ((starts - starts[0]).astype(float) % _YEAR / _YEAR - rng.random((world.series, 1))) % 1.0
    wave = 1.0 + world.own_season * np.sin(2 * np.pi * share)
    return np.asarray(wave * np.exp(world.own_peak * (share < 14 / _YEAR)))


def _promotions(world: World, rng: np.random.Generator, count: int) -> np.ndarray:
    period = np.arange(count) * world.cadence.days
    span = period // 14
    promoted = (rng.random((world.series, span.max() + 1)) < world.promotions)[:, span]
    if world.cadence is DAILY:
        weekday = period % 7
        promoted &= (weekday < 6) & (weekday >= span % 2 * 2)
    return promoted


def _counts(mean: np.ndarray, excess: float, rng: np.random.Generator) -> np.ndarray:
    if not excess:
        return rng.poisson(mean).astype(float)
    return rng.poisson(mean * rng.gamma(1.0 / excess, excess, mean.shape)).astype(float)


def _panel(world: World, sold: np.ndarray, starts: np.ndarray, begun: np.ndarray, out: np.ndarray) -> Panel:
    """What a reader makes of the sales: periods that ran out are left out, or learned as the least that was wanted."""
    history = slice(world.periods)
    sold, out = np.where(begun, sold[:, history], 0.0), out[:, history]
    mask = begun & ~out
    probable = probable_demand(sold, mask, begun & out, world.cadence) if out.any() else None
    mask |= lower_bounds(sold, mask, begun & out, world.cadence)
    number = np.arange(world.series, dtype=np.int64)
    return Panel(
        y=np.where(mask, sold, 0.0),
        mask=mask,
        week_starts=starts[history],
        group=number % 2,
        article_number=number,
        branch_number=number % 3,
        cadence=world.cadence,
        probable=probable,
    )
