"""From what was recorded to what was wanted: returns belong to their sales, and sold-out weeks are lower bounds.

Where some sizes were missing, the others sold their share of what was wanted, so that sales are divided by that share.
Sales of little more than nothing would be multiplied beyond what they say, so that a week with less than half of the
demand on offer is one that stock limited.

What a period sold before its stock ran out is the least that was wanted, and demand is measured there where it says
more than the series' level does. What is learned is what was probably wanted: the mean of Poisson demand that is at
least as much as was sold. Periods that did not run out are those in which little was wanted: learned alone, or beside
what was sold of the others, they make forecasts of goods that often run out 5 to 10 percent too low.

Conrad (1976), Sales data and the estimation of demand, Operational Research Quarterly 27(1), 123-127; Nahmias (1994),
Demand estimation in lost sales inventory systems, Naval Research Logistics 41(6), 739-757: ignoring that sales are
bounded by stock makes the estimate too low, and leaving such periods out does so too, since demand was high in them.
"""

from __future__ import annotations

import numpy as np

from mercurios.forecasting.arrays import F64, Bool
from mercurios.forecasting.panel.cadence import Cadence

# Weeks within which goods come back.
RETURN_WEEKS = 4
# Share of a series' demand that has to be on offer for a week's sales to tell the rest.
LEAST_ON_OFFER = 0.5
_LEVEL_STEP = (0.2,)
# With less than half of the periods seen in full, a level is a guess, and so is what is added to what was sold.
_SEEN_IN_FULL = 0.5
# Less likely demand is as much as was sold.
_UNLIKELY = 1e-9


def net_of_returns(units: F64, cadence: Cadence) -> F64:
    """Take what came back beyond a period's sales from the sales of the weeks before it; never below zero.

    What finds no sale within `RETURN_WEEKS` weeks was sold before the history, and counts as nothing.
    """
    net, rows = np.maximum(units, 0.0), np.flatnonzero((units < 0).any(axis=1))
    sold, owed = net[rows], np.maximum(-units[rows], 0.0)
    for lag in range(1, min(cadence.periods(RETURN_WEEKS), units.shape[1] - 1) + 1):
        taken = np.minimum(sold[:, :-lag], owed[:, lag:])
        sold[:, :-lag] -= taken
        owed[:, lag:] -= taken
    net[rows] = sold
    return net


def wanted(units: F64, on_offer: F64) -> F64:
    """Units that were wanted of all sizes, from what was sold of those on offer; as sold where that tells too little.

    Args:
        units: Units sold, series x periods.
        on_offer: Share of the demand that was for what was there; above 1 where more was there than is asked for.
    """
    tells = on_offer >= LEAST_ON_OFFER
    return np.where(tells, units / np.where(tells, on_offer, 1.0), units)


def no_longer_offered(units: F64, sold_out: Bool, cadence: Cadence) -> Bool:
    """Periods without stock and sales that follow a whole year of such ones.

    Until then they say nothing, since what is waited for is wanted. A year later it was missing in every week of the
    year; without an end what ran out would keep its last level for ever.

    Args:
        units: Units sold, series x periods.
        sold_out: Periods that stock limited.
        cadence: Lengths of the calendar.

    Returns:
        A part of `sold_out`, in which demand counts as none. It depends on no later period.
    """
    empty, period = sold_out & (units <= 0), np.arange(units.shape[1])
    latest_other = np.maximum.accumulate(np.where(empty, -1, period), axis=1)
    found: Bool = empty & (period - latest_other > cadence.year)
    return found


def lower_bounds(units: F64, observed: Bool, sold_out: Bool, cadence: Cadence) -> Bool:
    """Sold-out periods that are learned from: they sold at least the level of the series until then, but for noise.

    Args:
        units: Units sold, series x periods.
        observed: Periods that stock did not limit.
        sold_out: Periods that it did.
        cadence: Lengths of the calendar.

    Returns:
        A part of `sold_out`. Whether a period belongs to it depends on no later one.
    """
    found = np.zeros(units.shape, dtype=bool)
    rows = np.flatnonzero((sold_out & (units > 0)).any(axis=1))
    if not rows.size:
        return found
    step = cadence.slowed(_LEVEL_STEP)[0]
    level, started = np.zeros(rows.size), np.zeros(rows.size, dtype=bool)
    kept = np.zeros((units.shape[1], rows.size), dtype=bool)
    columns = (np.ascontiguousarray(values[rows].T) for values in (units, observed, sold_out))
    for period, (sold, seen, limited) in enumerate(zip(*columns, strict=True)):
        kept[period] = limited & (sold > 0) & (sold >= level - np.sqrt(level))
        learned = seen | kept[period]
        level += np.where(started, step, 1.0) * learned * (sold - level)
        started |= learned
    found[rows] = kept.T
    return found


def probable_demand(units: F64, observed: Bool, sold_out: Bool, cadence: Cadence) -> F64:
    """Estimate what was wanted in sold-out periods; NaN in all others, and where nothing is known of it.

    A level follows what was seen and estimated. The mean of Poisson demand of that level, given that it is at least as
    much as was sold, counts as far as the latest periods were seen in full: a series that always runs out has
    shown that it sells so much, and not how much more it would.

    Args:
        units: Units sold, series x periods.
        observed: Periods that stock did not limit.
        sold_out: Periods that it did.
        cadence: Lengths of the calendar.

    Returns:
        Demand, at least what was sold. It depends on no later period.
    """
    found = np.full(units.shape, np.nan)
    rows = np.flatnonzero((sold_out & (units > 0)).any(axis=1))
    if not rows.size:
        return found
    step = cadence.slowed(_LEVEL_STEP)[0]
    level, seen_share, started = np.zeros(rows.size), np.zeros(rows.size), np.zeros(rows.size, dtype=bool)
    demand = np.full((units.shape[1], rows.size), np.nan)
    columns = (np.ascontiguousarray(values[rows].T) for values in (units, observed, sold_out))
    for period, (sold, seen, limited) in enumerate(zip(*columns, strict=True)):
        trust = np.minimum(seen_share / _SEEN_IN_FULL, 1.0)
        mean = sold + trust * (_mean_of_at_least(sold, level) - sold)
        # Less than usual says something only as one of the periods between which those seen in full were not chosen.
        tells = limited & (sold > 0) & ((sold >= level - np.sqrt(level)) | (trust == 1.0))
        demand[period, tells] = mean[tells]
        learned = seen | tells
        pace = np.where(started, step, 1.0)
        level += pace * learned * (np.where(seen, sold, mean) - level)
        seen_share += pace * (seen | limited) * (seen - seen_share)
        started |= learned
    found[rows] = demand.T
    return found


def _mean_of_at_least(least: F64, level: F64) -> F64:
    """Mean of Poisson demand of a level that is known to be at least so much.

    For whole numbers E[D | D >= s] = level P(D >= s - 1) / P(D >= s), and P(D >= s) is the regularized incomplete gamma
    function of s.
    """
    from scipy.special import gammainc

    bound = np.maximum(least, 1.0)
    chance = gammainc(bound, level)
    likely = chance > _UNLIKELY
    above = np.where(bound > 1.0, gammainc(np.maximum(bound - 1.0, _UNLIKELY), level), 1.0)
    mean = np.where(likely, level * above / np.where(likely, chance, 1.0), least)
    found: F64 = np.maximum(mean, least)
    return found
