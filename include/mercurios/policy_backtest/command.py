"""A backtest from file to files: read a panel and a policy, replay, write every week and a summary."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mercurios.forecasting.arrays import F64, I64
from mercurios.policy_backtest.measure import by_rule, equal_fill, frontier
from mercurios.policy_backtest.models import Model, OrderModels, compile_models
from mercurios.policy_backtest.order_simulator import OrderSimulator
from mercurios.policy_backtest.policy import BacktestPolicy, read_policy
from mercurios.policy_backtest.prepare import check_weeks, costs_of, prepare
from mercurios.policy_backtest.replay import Costs, Plan, Totals, Week, replay
from mercurios.policy_backtest.request import Request
from mercurios.policy_backtest.sales_history import SalesHistory, read_sales_history
from mercurios.policy_backtest.writer import Writer

_LEAST_REACH = 26

Progress = Callable[[str, int], None]


def run_backtest(
    request: Request, progress: Progress | None = None, compiled: Mapping[str, Model] | None = None
) -> dict[str, Any]:
    """Replay a panel, write `weekly.parquet` and `summary.json`, and return the summary.

    Args:
        request: what is asked for.
        progress: called with what was done, and how many steps there are in all.
        compiled: the order formula, for callers that replay more than once; compiled when omitted.

    Raises:
        PanelError: a file cannot be used; names column and row.
        PolicyError: the policy cannot be used; names the key.
        WarehouseError: dbt could not compile the order formula.
    """
    policy = read_policy(request.policy)
    history = _read(request, policy)
    # What is wrong with the request is reported before dbt is started.
    numbers = {str(key): number for number, key in enumerate(history.articles.to_pylist())}
    rows = policy.rows(numbers)
    check_weeks(request, history, history.panel.n_weeks - request.weeks - (request.warm_up or 0))
    with OrderModels(compiled or compile_models()) as models:
        plan, simulator, costs = prepare(request, costs_of(policy, history), rows, history, models)
        with Writer(request.out, history, plan) as writer:
            totals = _replay(plan, simulator, costs, writer, progress)
    summary = _facts(request, policy, history, plan) | _figures(totals, plan)
    if request.out is not None:
        (request.out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return summary


def _read(request: Request, policy: BacktestPolicy) -> SalesHistory:
    return read_sales_history(
        request.panel,
        horizon=_reach(policy),
        group=request.group,
        frequency=request.frequency,
        initial_state=request.initial_state,
        planned=request.planned,
    )


def _reach(policy: BacktestPolicy) -> int:
    """Weeks that a forecast may have to reach."""
    every = (policy.default, *policy.classes.values(), *policy.articles.values())
    lead = max((each.lead_time_days or 0.0) for each in every)
    review = max((each.review_days or 0.0) for each in every)
    return max(_LEAST_REACH, int(-(-lead // 7) + -(-review // 7)))


def _replay(
    plan: Plan, simulator: OrderSimulator, costs: Costs, writer: Writer, progress: Progress | None
) -> Totals:
    """Replay the plan; write and report every week."""
    steps = plan.warm_up + plan.weeks + 1

    def done(step: str) -> None:
        if progress is not None:
            progress(step, steps)

    def see(week: Week) -> None:
        writer.add(week)
        done("replay")

    done("prepare")
    return replay(plan, simulator, costs, see)


def _figures(totals: Totals, plan: Plan) -> dict[str, Any]:
    rules, points = by_rule(totals, plan.variants), frontier(totals, plan.variants)
    return {
        "demand_units": round(totals.demand, 4),
        "series_weeks": totals.series_weeks,
        "rules": rules,
        "frontier": points,
        "equal_fill_rate": equal_fill(points, rules),
    }


def _facts(request: Request, policy: BacktestPolicy, history: SalesHistory, plan: Plan) -> dict[str, Any]:
    first, left_out = plan.start + plan.warm_up, history.panel.n_series - plan.panel.n_series
    notes = [*history.notes, *policy.notes()]
    if left_out:
        notes.append(f"{left_out:,} series that never sold before the replay are left out")
    settings = plan.settings
    return {
        "panel": request.panel.name,
        "policy": policy.model_dump(mode="json", exclude_none=True),
        "service_levels": _range(settings.service_level),
        "lead_weeks": _range(settings.lead_weeks),
        "review_weeks": _range(settings.review_weeks),
        "series": plan.panel.n_series,
        "weeks": plan.weeks,
        "warm_up": plan.warm_up,
        "first": str(history.label(first)),
        "last": str(history.label(first + plan.weeks - 1)),
        "regressors": list(plan.panel.x_names),
        "holidays": len(plan.holidays),
        "masked_weeks": int((~plan.panel.mask[:, first : first + plan.weeks]).sum()),
        "notes": notes,
    }


def _range(values: F64 | I64) -> list[float]:
    return [round(float(values.min()), 6), round(float(values.max()), 6)]
