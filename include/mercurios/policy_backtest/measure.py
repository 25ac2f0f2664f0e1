"""What a replay comes to: service, stock and cost of each rule, and stock at the same fill rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mercurios.policy_backtest.levels import Variant
from mercurios.policy_backtest.replay import Totals
from mercurios.policy_backtest.rules import MEAN_13W, PRODUCT, RULES

FILL_RATES = (0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995)


def measured(totals: Totals, variant: int) -> dict[str, float | None]:
    """Key figures of one variant over the weeks that count."""
    weeks, demand = max(totals.weeks, 1), totals.demand
    holding, shortage = float(totals.holding_cost[variant]), float(totals.shortage_cost[variant])
    order = float(totals.order_cost[variant])
    rounded = {
        "lost_units": demand - float(totals.sold[variant]),
        "average_stock": float(totals.stock[variant]) / weeks,
        "average_stock_value": float(totals.stock_value[variant]) / weeks,
        "average_stock_after": float(totals.stock_after[variant]) / weeks,
        "orders": float(totals.lines[variant]),
        "ordered_units": float(totals.ordered[variant]),
        "holding_cost": holding,
        "shortage_cost": shortage,
        "order_cost": order,
        "cost": holding + shortage + order,
    }
    return {
        "service_level": _share(float(totals.served[variant]), totals.series_weeks),
        "fill_rate": _share(float(totals.sold[variant]), demand),
        **{name: round(value, 4) for name, value in rounded.items()},
    }


def by_rule(totals: Totals, variants: Sequence[Variant]) -> dict[str, dict[str, float | None]]:
    """Key figures of every rule at the policy's own service levels."""
    return {
        variant.rule: measured(totals, number)
        for number, variant in enumerate(variants)
        if variant.service_level is None
    }


def frontier(totals: Totals, variants: Sequence[Variant]) -> dict[str, list[dict[str, float | None]]]:
    """Fill rate, stock and cost of every rule at each service level of the sweep, from the lowest on."""
    found: dict[str, list[dict[str, float | None]]] = {rule: [] for rule in RULES}
    swept = [
        (variant.service_level, number)
        for number, variant in enumerate(variants)
        if variant.service_level is not None
    ]
    for level, number in sorted(swept):
        figures = measured(totals, number)
        kept = {name: figures[name] for name in ("fill_rate", "average_stock", "cost")}
        found[variants[number].rule].append(
            {"asked": level, "service_level": figures["service_level"], **kept}
        )
    return found


def stock_at(points: Sequence[dict[str, float | None]], fill_rate: float) -> float | None:
    """Average stock that reaches a fill rate, straight between the points of a sweep; None beyond them."""
    known = sorted(
        (point["fill_rate"], point["average_stock"])
        for point in points
        if point["fill_rate"] is not None and point["average_stock"] is not None
    )
    if not known or not known[0][0] <= fill_rate <= known[-1][0]:
        return None
    fills, stocks = zip(*known, strict=True)
    return round(float(np.interp(fill_rate, fills, stocks)), 4)


def equal_fill(
    points: dict[str, list[dict[str, float | None]]], rules: dict[str, dict[str, float | None]]
) -> list[dict[str, Any]]:
    """Stock of every rule at the same fill rate, and the product's as a share of each simple rule's.

    The fill rates are those of `FILL_RATES` that some rule reaches, and the one that the 13-week rule has at the
    policy's service level.
    """
    reference = rules[MEAN_13W]["fill_rate"]
    rates = sorted({*FILL_RATES, *([] if reference is None else [reference])})
    rows = []
    for rate in rates:
        stocks = {rule: stock_at(points[rule], rate) for rule in RULES}
        if any(stock is not None for stock in stocks.values()):
            product = stocks[PRODUCT]
            ratios = {
                rule: None if product is None or not stock else round(product / stock, 4)
                for rule, stock in stocks.items()
                if rule != PRODUCT
            }
            rows.append(
                {"fill_rate": rate, "is_reference": rate == reference, "stock": stocks, "ratio": ratios}
            )
    return rows


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole > 0 else None
