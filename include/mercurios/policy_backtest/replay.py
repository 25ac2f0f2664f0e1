"""The replay itself: week by week goods arrive, orders are made from what was known, and customers come.

A week runs: what was ordered long enough ago arrives; every rule sees stock, what is on its way and the demand of the
weeks before, and orders if the week is one of its reviews; then the week's demand is served from stock, and what is
not in stock is lost, or served from the next goods where the policy says that customers wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.engine import forecast
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.output.tables import methods_of
from mercurios.forecasting.panel.outliers import flag_outliers
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.settings import ForecastSettings
from mercurios.policy_backtest.levels import Orders, Settings, Variant, simple_levels
from mercurios.policy_backtest.order_simulator import OrderSimulator
from mercurios.policy_backtest.rules import PRODUCT, SIMPLE_RULES, expectation

_LEAST_HORIZON = 8
DETAILS = (
    "stock_before",
    "received",
    "ordered",
    "sold",
    "stock_after",
    "reorder_point",
    "order_up_to",
    "forgone",
)
"""What a week says of each variant and series."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What is paid for each series."""

    unit: F64
    holding: F64
    shortage: F64
    order: F64


@dataclass(frozen=True, slots=True)
class Week:
    """What happened in a week, variants x series unless said otherwise.

    Attributes:
        number: number of the week in the panel.
        measured: whether the week counts, of each series.
        demand: what history sold, of each series.
        stock_before: units on hand when the week begins; below 0 what customers wait for.
        received: units that arrive then.
        ordered: units ordered.
        sold: units sold at once; the rest is lost, or waited for.
        stock_after: units left; below 0 what customers wait for.
        reorder_point: below which is ordered.
        order_up_to: up to which is ordered.
        forgone: units expected to be missed before what is ordered can come, for which nothing is ordered.
    """

    number: int
    measured: Bool
    demand: F64
    stock_before: F64
    received: F64
    ordered: F64
    sold: F64
    stock_after: F64
    reorder_point: F64
    order_up_to: F64
    forgone: F64

    def first(self, variants: Sequence[int]) -> Week:
        """Return the week of some variants."""
        return replace(self, **{name: getattr(self, name)[list(variants)] for name in DETAILS})


@dataclass(slots=True)
class Totals:
    """Sums over the measured weeks, one of each variant."""

    variants: int
    weeks: int = 0
    series_weeks: int = 0
    demand: float = 0.0
    served: F64 = field(init=False)
    sold: F64 = field(init=False)
    stock: F64 = field(init=False)
    stock_after: F64 = field(init=False)
    lines: F64 = field(init=False)
    ordered: F64 = field(init=False)
    holding_cost: F64 = field(init=False)
    shortage_cost: F64 = field(init=False)
    order_cost: F64 = field(init=False)
    stock_value: F64 = field(init=False)

    def __post_init__(self) -> None:
        for name in ("served", "sold", "stock", "stock_after", "lines", "ordered"):
            setattr(self, name, np.zeros(self.variants))
        for name in ("holding_cost", "shortage_cost", "order_cost", "stock_value"):
            setattr(self, name, np.zeros(self.variants))

    def add(self, week: Week, costs: Costs) -> None:
        """Count a week."""
        counts = week.measured.astype(np.float64)
        lost = week.demand - week.sold
        after = np.maximum(week.stock_after, 0.0)
        mean_stock = (np.maximum(week.stock_before + week.received, 0.0) + after) / 2.0
        lines = (week.ordered > 0).astype(np.float64)
        self.weeks += 1
        self.series_weeks += int(week.measured.sum())
        self.demand += float((week.demand * counts).sum())
        self.served += ((lost <= 0) * counts).sum(axis=1)
        self.sold += (week.sold * counts).sum(axis=1)
        self.stock += (mean_stock * counts).sum(axis=1)
        self.stock_after += (after * counts).sum(axis=1)
        self.lines += (lines * counts).sum(axis=1)
        self.ordered += (week.ordered * counts).sum(axis=1)
        self.stock_value += (mean_stock * counts * costs.unit).sum(axis=1)
        self.holding_cost += (after * counts * costs.holding).sum(axis=1)
        self.shortage_cost += (lost * counts * costs.shortage).sum(axis=1)
        self.order_cost += (lines * counts * costs.order).sum(axis=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is replayed, and how.

    Attributes:
        panel: weekly demand of the series, each with a sale before `start`.
        start: number of the first week.
        warm_up: weeks that are replayed and not counted.
        weeks: weeks that count.
        variants: rules and service levels, the product's first.
        settings: what the policy comes to.
        stock: units on hand at the beginning.
        in_transit: units that arrive in the first, second, … week.
        holidays: public holidays of history and horizon.
    """

    panel: Panel
    start: int
    warm_up: int
    weeks: int
    variants: tuple[Variant, ...]
    settings: Settings
    stock: F64
    in_transit: F64
    holidays: tuple[date, ...] = ()


def horizon_of(settings: Settings) -> int:
    """Weeks a forecast must reach."""
    return max(_LEAST_HORIZON, int(settings.protection_weeks.max()))


def known_at(panel: Panel, week: int, horizon: int) -> Panel:
    """Return what is known when a week begins: demand of the weeks before, regressors that are planned."""
    past = panel.until(week)
    return past if past.x is None else replace(past, x=np.ascontiguousarray(past.x[:, : week + horizon]))


def replay(plan: Plan, simulator: OrderSimulator, costs: Costs, see: Callable[[Week], None]) -> Totals:
    """Run through the weeks.

    Args:
        plan: what is replayed.
        simulator: makes the orders.
        costs: what is paid.
        see: called with each week, those of the warm-up included.
    """
    variants, series = len(plan.variants), plan.panel.n_series
    lead, review = plan.settings.lead_weeks, plan.settings.review_weeks
    stock = np.tile(plan.stock, (variants, 1))
    depth = max(int(lead.max()), plan.in_transit.shape[1], 1)
    coming = np.zeros((variants, depth + 1, series))
    coming[:, : plan.in_transit.shape[1]] = plan.in_transit.T
    totals, published = Totals(variants), Published(plan)
    real = ~flag_outliers(plan.panel)
    for step in range(plan.warm_up + plan.weeks):
        now = plan.start + step
        before, received = stock, coming[:, 0].copy()
        coming = np.concatenate([coming[:, 1:], np.zeros((variants, 1, series))], axis=1)
        # From here `coming[:, k]` arrives k + 1 weeks from now.
        orders = _orders(plan, simulator, published.forecast(now), now, before + received, coming)
        ordered = np.where(step % review == 0, orders.units, 0.0)
        received = received + np.where(lead == 0, ordered, 0.0)
        late = np.flatnonzero(lead > 0)
        coming[:, lead[late] - 1, late] += ordered[:, late]
        counted = plan.panel.mask[:, now] & real[:, now]
        demand = np.where(counted, plan.panel.y[:, now], 0.0)
        there = before + received
        # Who waits has been promised it: the next goods are theirs.
        sold = np.minimum(np.maximum(there, 0.0), demand)
        stock = there - np.where(plan.settings.customers_wait, demand, sold)
        week = Week(
            now,
            counted if step >= plan.warm_up else np.zeros_like(counted),
            demand,
            before,
            received,
            ordered,
            sold,
            stock,
            orders.levels.reorder_point,
            orders.levels.order_up_to,
            orders.levels.forgone,
        )
        if step >= plan.warm_up:
            totals.add(week, costs)
        see(week)
    return totals


class Published:
    """The forecast as it would have been published week after week.

    Args:
        plan: what is replayed.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._horizon = horizon_of(plan.settings)
        self._settings = ForecastSettings(
            horizon=self._horizon, protection=int(plan.settings.protection_weeks.max())
        )
        self._previous: Bool | None = None

    def forecast(self, week: int) -> Forecast:
        """Forecast from what is known when a week begins; methods stay unless clearly beaten, as in production."""
        known = known_at(self._plan.panel, week, self._horizon)
        result = forecast(known, self._plan.holidays, self._settings, previous=self._previous)
        self._previous = methods_of(result.model.methods.tolist())[result.model.method]
        return Forecast(known.learnable(), result)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The past as every rule sees it, without keyed-in outliers, and the forecast from it."""

    past: Panel
    result: ForecastResult


def _orders(
    plan: Plan, simulator: OrderSimulator, known: Forecast, now: int, stock: F64, coming: F64
) -> Orders:
    weeks: I64 = plan.settings.protection_weeks
    expected = {rule: expectation(rule, known.past, weeks) for rule in SIMPLE_RULES}
    simple = [number for number, variant in enumerate(plan.variants) if variant.rule != PRODUCT]
    levels = simple_levels(
        [plan.variants[number] for number in simple],
        expected,
        plan.settings,
        (stock + coming.sum(axis=1))[simple],
    )
    return simulator.propose(now, known.result, stock, coming, levels)
