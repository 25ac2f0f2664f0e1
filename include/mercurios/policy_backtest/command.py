"""A simulation from file to files: read a panel and a policy, replay, write every week and a summary."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from mercurios.forecasting.arrays import F64, I64
from mercurios.forecasting.methods import baselines
from mercurios.forecasting.panel.panel import Panel, PanelError
from mercurios.forecasting.panel.public_holidays import holidays_of
from mercurios.orders.settings import PolicyRow
from mercurios.policy_backtest.history import History, read_history
from mercurios.policy_backtest.measure import by_rule, equal_fill, frontier
from mercurios.policy_backtest.models import Model, OrderModels, compile_models
from mercurios.policy_backtest.orders import Arm, OrderDesk, Settings
from mercurios.policy_backtest.policy import HOLDING_RATE, WEEKS_A_YEAR, SimulationPolicy, read_policy
from mercurios.policy_backtest.replay import Costs, Plan, Week, horizon_of, replay
from mercurios.policy_backtest.rules import RULES

if TYPE_CHECKING:
    import pyarrow as pa

SERVICE_LEVELS = (0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)
LEAST_HISTORY = 13
_LEAST_REACH = 26
_DETAILS = ("stock_before", "received", "ordered", "sold", "stock_after", "reorder_point", "order_up_to")


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for.

    Attributes:
        panel: Parquet or CSV file.
        weeks: weeks that count, the last of the panel.
        policy: YAML file; the defaults of the models when omitted.
        out: folder for what is written; made when missing. Nothing is written when omitted.
        warm_up: weeks before them that are replayed and not counted; when omitted, twice the protection period, and
            none where the file says with what stock the replay begins.
        initial_state: file with the stock at the beginning.
        group: column to pool by.
        frequency: `W` or `D`; found out when omitted.
        planned: whether the regressors of the weeks to come are known.
        country: country of the public holidays; none when omitted.
        region: region of the public holidays.
        service_levels: levels of the sweep.
    """

    panel: Path
    weeks: int
    policy: Path | None = None
    out: Path | None = None
    warm_up: int | None = None
    initial_state: Path | None = None
    group: str | None = None
    frequency: str | None = None
    planned: bool = True
    country: str | None = None
    region: str | None = None
    service_levels: tuple[float, ...] = SERVICE_LEVELS

    def __post_init__(self) -> None:
        """Reject what makes no sense before a file is read."""
        if self.weeks < 1:
            raise ValueError(f"--weeks: {self.weeks} must be at least 1")
        if self.warm_up is not None and self.warm_up < 0:
            raise ValueError(f"--warm-up: {self.warm_up} must not be negative")
        levels = self.service_levels
        if not levels or not all(0.5 <= level <= 0.999 for level in levels):
            raise ValueError(f"--service-levels: {levels} must lie within 0.5 and 0.999")


Progress = Callable[[str, int], None]


def run_simulation(
    request: Request, progress: Progress | None = None, compiled: Mapping[str, Model] | None = None
) -> dict[str, Any]:
    """Replay a panel, write `weekly.parquet` and `summary.json`, and return the summary.

    Args:
        request: what is asked for.
        progress: told what was done, and how many steps there are in all.
        compiled: the order formula, for who replays more than once; compiled when omitted.

    Raises:
        PanelError: a file cannot be used; names column and row.
        PolicyError: the policy cannot be used; names the key.
        WarehouseError: dbt could not compile the order formula.
    """
    policy = read_policy(request.policy)
    history = read_history(
        request.panel,
        horizon=_reach(policy),
        group=request.group,
        frequency=request.frequency,
        initial_state=request.initial_state,
        planned=request.planned,
    )
    # What is wrong with the request is told before dbt is started.
    numbers = {str(key): number for number, key in enumerate(history.articles.to_pylist())}
    rows = policy.rows(numbers)
    _check_weeks(request, history, history.panel.n_weeks - request.weeks - (request.warm_up or 0))
    with OrderModels(compiled or compile_models()) as models:
        plan, desk, costs = _prepare(request, _costs(policy, history), rows, history, models)
        steps = plan.warm_up + plan.weeks + 1
        if progress is not None:
            progress("prepare", steps)
        with Writer(request.out, history, plan) as writer:

            def see(week: Week) -> None:
                writer.add(week)
                if progress is not None:
                    progress("replay", steps)

            totals = replay(plan, desk, costs, see)
    rules, points = by_rule(totals, plan.arms), frontier(totals, plan.arms)
    summary = _facts(request, policy, history, plan) | {
        "demand_units": round(totals.demand, 4),
        "series_weeks": totals.series_weeks,
        "rules": rules,
        "frontier": points,
        "equal_fill_rate": equal_fill(points, rules),
    }
    if request.out is not None:
        (request.out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return summary


def _prepare(
    request: Request, costs: Costs, rows: list[PolicyRow], history: History, models: OrderModels
) -> tuple[Plan, OrderDesk, Costs]:
    """Decide which weeks and series are replayed, and with what stock they begin."""
    arms = tuple(Arm(rule, level) for rule in RULES for level in (None, *sorted(set(request.service_levels))))
    warm_up = _warm_up(request, OrderDesk(models, history.panel, arms, costs.unit), rows, history)
    start = history.panel.n_weeks - request.weeks - warm_up
    _check_weeks(replace(request, warm_up=warm_up), history, start)
    sold = (history.panel.y[:, :start] > 0).any(axis=1)
    chosen = np.flatnonzero(sold | (np.nan_to_num(history.stock) > 0))
    if not chosen.size:
        raise PanelError("quantity", None, "no series sold anything before the replay")
    panel, costs = history.panel.take(chosen), _taken(costs, chosen)
    desk = OrderDesk(models, panel, arms, costs.unit)
    settings = desk.open(rows, start)
    stock, in_transit = _beginning(history, panel, settings, chosen, start)
    plan = Plan(
        panel=panel,
        start=start,
        warm_up=warm_up,
        weeks=request.weeks,
        arms=arms,
        settings=settings,
        stock=stock,
        in_transit=in_transit,
        holidays=holidays_of(panel, horizon_of(settings), request.country, request.region),
    )
    return plan, desk, costs


def _warm_up(request: Request, desk: OrderDesk, rows: list[PolicyRow], history: History) -> int:
    """Weeks that are not counted: until what the replay begins with is sold and what it ordered has come."""
    if request.warm_up is not None:
        return request.warm_up
    if bool(np.isfinite(history.stock).any()):
        return 0
    return 2 * int(desk.open(rows, history.panel.n_weeks - request.weeks).protection_weeks.max())


def _check_weeks(request: Request, history: History, start: int) -> None:
    if start < LEAST_HISTORY:
        most = history.panel.n_weeks - LEAST_HISTORY - (request.warm_up or 0)
        raise PanelError(
            "week",
            None,
            f"the panel has {history.panel.n_weeks} weeks; with {LEAST_HISTORY} weeks of history and "
            f"{request.warm_up or 0} of warm-up before them, at most {max(most, 0)} can be replayed, "
            f"not {request.weeks} (--weeks, --warm-up)",
        )


def _beginning(
    history: History, panel: Panel, settings: Settings, chosen: I64, start: int
) -> tuple[F64, F64]:
    """Stock as stated, else the 13-week mean over the protection period, the same for every rule."""
    usual = np.ceil(baselines.mean_13w(panel.until(start)) * settings.protection_weeks)
    stated = history.stock[chosen]
    return np.where(np.isnan(stated), usual, stated), history.in_transit[chosen]


def _costs(policy: SimulationPolicy, history: History) -> Costs:
    """What the panel says of each series, else what the policy says."""

    def of(name: str, otherwise: F64) -> F64:
        stated = history.costs.get(name)
        return otherwise if stated is None else np.where(np.isnan(stated), otherwise, stated)

    given = policy.costs
    unit = of("unit_cost", np.full(history.panel.n_series, given.unit_cost))
    holding = unit * HOLDING_RATE / WEEKS_A_YEAR
    if given.holding_cost is not None:
        holding = np.full_like(unit, given.holding_cost)
    shortage = unit if given.shortage_cost is None else np.full_like(unit, given.shortage_cost)
    return Costs(
        unit=unit,
        holding=of("holding_cost", holding),
        shortage=of("shortage_cost", shortage),
        order=of("order_cost", np.full_like(unit, given.order_cost)),
    )


def _taken(costs: Costs, chosen: I64) -> Costs:
    return Costs(costs.unit[chosen], costs.holding[chosen], costs.shortage[chosen], costs.order[chosen])


def _reach(policy: SimulationPolicy) -> int:
    """Weeks that a forecast may have to reach."""
    every = (policy.default, *policy.classes.values(), *policy.articles.values())
    lead = max((each.lead_time_days or 0.0) for each in every)
    review = max((each.review_days or 0.0) for each in every)
    return max(_LEAST_REACH, int(-(-lead // 7) + -(-review // 7)))


def _facts(request: Request, policy: SimulationPolicy, history: History, plan: Plan) -> dict[str, Any]:
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


class Writer:
    """Writes what happened in every week at the policy's own service levels, week by week.

    Args:
        out: folder, made when missing; nothing is written without.
        history: in whose words articles and branches are named.
        plan: what is replayed.
    """

    NAME = "weekly.parquet"

    def __init__(self, out: Path | None, history: History, plan: Plan) -> None:
        import pyarrow as pa

        self._out = out
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        self._arms = [number for number, arm in enumerate(plan.arms) if arm.service_level is None]
        self._rules = [plan.arms[number].rule for number in self._arms]
        self._history = history
        self._articles = history.articles.take(pa.array(plan.panel.article_number))
        self._branches = history.branches.take(pa.array(plan.panel.branch_number))
        self._writer: Any = None

    def add(self, week: Week) -> None:
        """Append a week."""
        import pyarrow.parquet as pq

        if self._out is None:
            return
        table = self._table(week.first(self._arms), week.measured)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._partial(self._out), table.schema, compression="zstd")
        self._writer.write_table(table)

    def _table(self, week: Week, measured: Any) -> pa.Table:
        import pyarrow as pa

        count, rules = len(self._articles), len(self._rules)
        day = self._history.label(week.number)
        columns: dict[str, Any] = {
            "rule": pa.array(np.repeat(np.array(self._rules), count)),
            "article": pa.concat_arrays([self._articles] * rules),
            "branch": pa.concat_arrays([self._branches] * rules),
            "week": pa.array(np.full(count * rules, day), pa.date32()),
            "is_measured": np.tile(measured, rules),
            "demand": np.tile(week.demand, rules),
        }
        columns |= {name: getattr(week, name).ravel() for name in _DETAILS}
        columns["lost"] = columns["demand"] - columns["sold"]
        return pa.table(columns)

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the file its name when it is whole."""
        if self._writer is None or self._out is None:
            return
        self._writer.close()
        if kind is None:
            os.replace(self._partial(self._out), self._out / self.NAME)
        else:
            self._partial(self._out).unlink()

    def _partial(self, out: Path) -> Path:
        return out / f"{self.NAME}.partial"
