"""Stock at the same fill rate."""

from __future__ import annotations

import pytest

from mercurios.policy_backtest.measure import equal_fill, stock_at
from mercurios.policy_backtest.rules import MEAN_13W, PRODUCT, SEASONAL_NAIVE


def points(*pairs: tuple[float, float]) -> list[dict[str, float | None]]:
    return [{"fill_rate": fill, "average_stock": stock} for fill, stock in pairs]


def test_stock_lies_straight_between_two_points_and_is_unknown_beyond_them() -> None:
    swept = points((0.9, 100.0), (0.8, 50.0))

    assert [stock_at(swept, fill) for fill in (0.8, 0.85, 0.9)] == [50.0, 75.0, 100.0]
    assert stock_at(swept, 0.79) is None
    assert stock_at(swept, 0.91) is None
    assert stock_at([], 0.9) is None


def test_rules_are_compared_at_the_fill_rate_of_the_13_week_rule_among_others() -> None:
    swept = {
        PRODUCT: points((0.8, 40.0), (0.95, 100.0)),
        MEAN_13W: points((0.7, 40.0), (0.9, 100.0)),
        SEASONAL_NAIVE: points((0.96, 40.0), (0.98, 100.0)),
    }
    rules = {rule: {"fill_rate": 0.86} for rule in swept}

    rows = {row["fill_rate"]: row for row in equal_fill(swept, rules)}

    assert [fill for fill, row in rows.items() if row["is_reference"]] == [0.86]
    assert rows[0.86]["stock"] == {PRODUCT: 64.0, MEAN_13W: 88.0, SEASONAL_NAIVE: None}
    assert rows[0.86]["ratio"][MEAN_13W] == pytest.approx(64 / 88, abs=1e-4)
    assert rows[0.86]["ratio"][SEASONAL_NAIVE] is None
    assert rows[0.925]["ratio"] == {MEAN_13W: None, SEASONAL_NAIVE: None}
    assert 0.99 not in rows
