"""From what is asked for to a plan: which weeks and series are replayed, with what stock, and what is paid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mercurios.forecasting.arrays import F64, I64
from mercurios.forecasting.methods import baselines
from mercurios.forecasting.panel.panel import Panel, PanelError
from mercurios.forecasting.panel.public_holidays import holidays_of
from mercurios.orders.settings import PolicyRow, model_default
from mercurios.policy_backtest.levels import Settings, Variant
from mercurios.policy_backtest.models import OrderModels
from mercurios.policy_backtest.order_simulator import OrderSimulator
from mercurios.policy_backtest.policy import WEEKS_A_YEAR, BacktestPolicy
from mercurios.policy_backtest.replay import Costs, Plan, horizon_of
from mercurios.policy_backtest.request import Request
from mercurios.policy_backtest.rules import RULES
from mercurios.policy_backtest.sales_history import SalesHistory

LEAST_HISTORY = 13


def prepare(
    request: Request, costs: Costs, rows: list[PolicyRow], history: SalesHistory, models: OrderModels
) -> tuple[Plan, OrderSimulator, Costs]:
    """Decide which weeks and series are replayed, and with what stock they begin."""
    variants = tuple(
        Variant(rule, level) for rule in RULES for level in (None, *sorted(set(request.service_levels)))
    )
    warm_up = _warm_up(request, OrderSimulator(models, history.panel, variants, costs.unit), rows, history)
    start = history.panel.n_weeks - request.weeks - warm_up
    check_weeks(replace(request, warm_up=warm_up), history, start)
    sold = (history.panel.y[:, :start] > 0).any(axis=1)
    chosen = np.flatnonzero(sold | (np.nan_to_num(history.stock) > 0))
    if not chosen.size:
        raise PanelError("quantity", None, "no series sold anything before the replay")
    panel, costs = history.panel.take(chosen), _taken(costs, chosen)
    simulator = OrderSimulator(models, panel, variants, costs.unit)
    settings = simulator.initialise(rows, start)
    stock, in_transit = _beginning(history, panel, settings, chosen, start)
    plan = Plan(
        panel=panel,
        start=start,
        warm_up=warm_up,
        weeks=request.weeks,
        variants=variants,
        settings=settings,
        stock=stock,
        in_transit=in_transit,
        holidays=holidays_of(panel, horizon_of(settings), request.country, request.region),
    )
    return plan, simulator, costs


def check_weeks(request: Request, history: SalesHistory, start: int) -> None:
    """Raise where the panel is too short for what is asked for."""
    if start < LEAST_HISTORY:
        most = history.panel.n_weeks - LEAST_HISTORY - (request.warm_up or 0)
        raise PanelError(
            "week",
            None,
            f"the panel has {history.panel.n_weeks} weeks; with {LEAST_HISTORY} weeks of history and "
            f"{request.warm_up or 0} of warm-up before them, at most {max(most, 0)} can be replayed, "
            f"not {request.weeks} (--weeks, --warm-up)",
        )


def costs_of(policy: BacktestPolicy, history: SalesHistory) -> Costs:
    """What the panel says of each series, else what the policy says."""

    def stated_or(name: str, otherwise: F64) -> F64:
        stated = history.costs.get(name)
        return otherwise if stated is None else np.where(np.isnan(stated), otherwise, stated)

    given = policy.costs
    unit = stated_or("unit_cost", np.full(history.panel.n_series, given.unit_cost))
    holding = unit * model_default("holding_rate") / WEEKS_A_YEAR
    if given.holding_cost is not None:
        holding = np.full_like(unit, given.holding_cost)
    shortage = unit if given.shortage_cost is None else np.full_like(unit, given.shortage_cost)
    return Costs(
        unit=unit,
        holding=stated_or("holding_cost", holding),
        shortage=stated_or("shortage_cost", shortage),
        order=stated_or("order_cost", np.full_like(unit, given.order_cost)),
    )


def _warm_up(
    request: Request, simulator: OrderSimulator, rows: list[PolicyRow], history: SalesHistory
) -> int:
    """Weeks that are not counted: until what the replay begins with is sold and what it ordered has come."""
    if request.warm_up is not None:
        return request.warm_up
    if bool(np.isfinite(history.stock).any()):
        return 0
    return 2 * int(simulator.initialise(rows, history.panel.n_weeks - request.weeks).protection_weeks.max())


def _beginning(
    history: SalesHistory, panel: Panel, settings: Settings, chosen: I64, start: int
) -> tuple[F64, F64]:
    """Stock as stated, else the 13-week mean over the protection period, the same for every rule."""
    usual = np.ceil(baselines.mean_13w(panel.until(start)) * settings.protection_weeks)
    stated = history.stock[chosen]
    return np.where(np.isnan(stated), usual, stated), history.in_transit[chosen]


def _taken(costs: Costs, chosen: I64) -> Costs:
    return Costs(costs.unit[chosen], costs.holding[chosen], costs.shortage[chosen], costs.order[chosen])
