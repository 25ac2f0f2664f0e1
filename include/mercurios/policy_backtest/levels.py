"""Levels and orders: what a policy comes to, and the levels that simple rules make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.policy_backtest.rules import Expectation


@dataclass(frozen=True, slots=True)
class Variant:
    """A rule at a service level; None is the policy's level, which may differ between articles."""

    rule: str
    service_level: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the policy comes to for each series, in whole weeks.

    Attributes:
        is_reordered: whether it is ordered at all.
        service_level: probability that stock lasts until the next order can arrive.
        lead_weeks: weeks from order to goods.
        review_weeks: weeks between two orders.
        cycle_days: days of demand ordered beyond that.
        display_units: least stock.
        customers_wait: whether what is not there is sold later, not lost.
    """

    is_reordered: Bool
    service_level: F64
    lead_weeks: I64
    review_weeks: I64
    cycle_days: F64
    display_units: F64
    customers_wait: Bool

    @property
    def protection_weeks(self) -> I64:
        """Weeks from an order to the arrival of the next one."""
        found: I64 = self.lead_weeks + self.review_weeks
        return found


@dataclass(frozen=True, slots=True)
class Levels:
    """What an order is made by, variants x series.

    Attributes:
        reorder_point: below which is ordered.
        order_up_to: up to which is ordered.
        forgone: units expected to be missed before goods ordered now can come, for which no order is made.
    """

    reorder_point: F64
    order_up_to: F64
    forgone: F64


@dataclass(frozen=True, slots=True)
class Orders:
    """What is ordered, and by which levels, variants x series."""

    units: F64
    levels: Levels


def whole_weeks(days: F64) -> I64:
    """Return days as whole weeks, rounded up."""
    weeks: I64 = np.ceil(days / 7.0).astype(np.int64)
    return weeks


def simple_levels(
    variants: Sequence[Variant],
    expected: dict[str, Expectation],
    settings: Settings,
    position: F64,
) -> Levels:
    """Levels of the simple rules: mean + z x standard deviation, rounded and bounded as the models do.

    Args:
        variants: variants of simple rules.
        expected: by rule.
        settings: what the policy comes to.
        position: units on hand and on their way, variants x series.
    """
    reorder, up_to = np.zeros(position.shape), np.zeros(position.shape)
    for number, variant in enumerate(variants):
        demand = expected[variant.rule]
        asked = variant.service_level
        levels = settings.service_level if asked is None else np.array([asked])
        factor = np.array([NormalDist().inv_cdf(level) for level in levels.tolist()])
        point = demand.mean + factor * demand.deviation
        cycle = demand.mean / (7.0 * settings.protection_weeks) * settings.cycle_days
        carried = (demand.mean > 0) | (position[number] > 0)
        least = np.where(carried, settings.display_units, 0.0)
        reorder[number] = np.maximum(np.floor(point + 0.5), least)
        up_to[number] = np.maximum(np.floor(point + cycle + 0.5), least)
    idle = ~settings.is_reordered
    reorder[:, idle] = up_to[:, idle] = 0.0
    return Levels(reorder, up_to, np.zeros(position.shape))
