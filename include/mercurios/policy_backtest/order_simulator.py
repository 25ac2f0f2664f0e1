"""Orders of one week: what the models and the simple rules propose for every series and service level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.panel.panel import Panel
from mercurios.orders.settings import PolicyRow
from mercurios.policy_backtest.models import OrderModels
from mercurios.policy_backtest.rules import PRODUCT, Expectation

if TYPE_CHECKING:
    import pyarrow as pa

_WEEKS, _SUMS = "analytics.forecast_weekly", "analytics.forecast_protection"
# Earlier forecasts that a formula may read; more would only cost memory.
_KEPT_WEEKS = 13
_SETTINGS = (
    "is_reordered",
    "service_level",
    "lead_time_days",
    "review_days",
    "order_cycle_days",
    "pack_size",
    "minimum_order_units",
    "display_units",
)


@dataclass(frozen=True, slots=True)
class Arm:
    """A rule at a service level; None is the policy's own, which may differ between articles."""

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
    """

    is_reordered: Bool
    service_level: F64
    lead_weeks: I64
    review_weeks: I64
    cycle_days: F64
    display_units: F64

    @property
    def protection_weeks(self) -> I64:
        """Weeks from an order to the arrival of the next one."""
        found: I64 = self.lead_weeks + self.review_weeks
        return found


@dataclass(frozen=True, slots=True)
class Levels:
    """Reorder point and order-up-to level, arms x series."""

    reorder_point: F64
    order_up_to: F64


@dataclass(frozen=True, slots=True)
class Orders:
    """What is ordered, and by which levels, arms x series."""

    units: F64
    levels: Levels


class OrderDesk:
    """Writes a week's state into the tables the models read, and reads their orders.

    Every arm has articles of its own, so that the models reckon all service levels at once.

    Args:
        models: the compiled models.
        panel: the series, ascending by key.
        arms: those of the product first.
        unit_cost: price of a unit of each series.
    """

    def __init__(self, models: OrderModels, panel: Panel, arms: Sequence[Arm], unit_cost: F64) -> None:
        self._models, self._panel, self._arms = models, panel, tuple(arms)
        self._articles = np.unique(panel.article_number)
        self._stride = int(self._articles[-1]) + 1
        self._n_product = sum(arm.rule == PRODUCT for arm in arms)
        if any(arm.rule == PRODUCT for arm in self._arms[self._n_product :]):
            raise ValueError("the arms of the product must come first")
        last = np.searchsorted(panel.article_number, self._articles, side="right") - 1
        self._article_cost = unit_cost[last]

    def open(self, rows: Sequence[PolicyRow], start: int) -> Settings:
        """Class the articles by the weeks before `start`, resolve the policy, and return what it comes to."""
        import pyarrow as pa

        panel = self._panel
        self._set_day(start)
        self._models.fill("dim_article", self._article_rows(self._articles, self._article_cost))
        self._models.fill("fct_demand_weekly", self._demand(start))
        named = [row._asdict() for row in rows]
        schema = pa.schema([(name, pa.string()) for name in ("scope", "scope_key", "setting")])
        table = pa.Table.from_pylist(
            [{**row, "setting_value": row.pop("value")} for row in named],
            schema.append(pa.field("setting_value", pa.float64())),
        )
        self._models.fill("stg_mercurios__replenishment_policies", table)
        self._models.build("article_class", "replenishment_policy")
        policies = self._models.read("replenishment_policy", ["article_number", *_SETTINGS])
        at = np.searchsorted(policies["article_number"].to_numpy(), panel.article_number)
        found: dict[str, Any] = {name: policies[name].to_numpy()[at] for name in _SETTINGS}
        weeks = {name: _weeks(found[f"{name}_days"]) for name in ("lead_time", "review")}
        self._multiply(policies)
        return Settings(
            is_reordered=found["is_reordered"].astype(bool),
            service_level=found["service_level"],
            lead_weeks=weeks["lead_time"],
            review_weeks=weeks["review"],
            cycle_days=found["order_cycle_days"],
            display_units=found["display_units"],
        )

    def _multiply(self, policies: pa.Table) -> None:
        """Give each arm articles of its own, in whole weeks and at the arm's service level."""
        import pyarrow as pa

        count = len(self._arms)
        values: dict[str, Any] = {name: policies[name].to_numpy() for name in _SETTINGS}
        for name in ("lead_time_days", "review_days"):
            values[name] = 7.0 * _weeks(values[name])
        tiled = {name: np.tile(column, count) for name, column in values.items()}
        for number, arm in enumerate(self._arms):
            if arm.service_level is not None:
                own = slice(number * policies.num_rows, (number + 1) * policies.num_rows)
                tiled["service_level"][own] = arm.service_level
        numbers = self._numbers(policies["article_number"].to_numpy(), count)
        size = numbers.size
        fixed = {"lead_time_deviation_days": np.zeros(size), "minimum_order_value": np.zeros(size)}
        table = pa.table({"article_number": numbers, **tiled, **fixed})
        self._models.fill(
            "replenishment_policy", table.append_column("lead_time_source", _text("policy", size))
        )
        self._models.fill("dim_article", self._article_rows(numbers, np.tile(self._article_cost, count)))
        branches = np.unique(self._panel.branch_number)
        self._models.fill(
            "dim_branch", pa.table({"branch_number": branches, "branch_name": _text("", branches.size)})
        )
        sizes = {"article_size_number": np.ones(size, dtype=np.int64), "size_share": np.ones(size)}
        self._models.fill(
            "size_curve", pa.table({"article_number": numbers, **sizes, "size": _text("", size)})
        )

    def propose(
        self,
        week: int,
        result: ForecastResult,
        stock: F64,
        on_order: F64,
        next_arrival: I64,
        simple: Levels,
    ) -> Orders:
        """Return the orders of one week.

        Args:
            week: number of the week that begins.
            result: the forecast from the weeks before it.
            stock: units on hand, arms x series.
            on_order: units on their way.
            next_arrival: weeks until the next of them, -1 without any.
            simple: levels of the arms that are not the product's.
        """
        models, product = self._models, self._n_product
        self._set_day(week)
        self._fill_forecasts(week, result)
        models.fill("inventory_position", self._positions(week, stock, on_order, next_arrival))
        models.build("demand_outlook", "replenishment_level", "replenishment_position")
        own = self._read("replenishment_position", ("reorder_point", "order_up_to"))
        models.fill(
            "replenishment_position",
            self._simple_positions(stock[product:], on_order[product:], simple),
            add=True,
        )
        models.build("replenishment_proposal")
        units = self._read("replenishment_proposal", ("order_units",))["order_units"]
        return Orders(
            units,
            Levels(
                np.concatenate([own["reorder_point"][:product], simple.reorder_point]),
                np.concatenate([own["order_up_to"][:product], simple.order_up_to]),
            ),
        )

    def _set_day(self, week: int) -> None:
        import pyarrow as pa

        day = self._monday(week)
        days = {"as_of_date": day, "current_week": day, "last_complete_week": day - np.timedelta64(7, "D")}
        self._models.fill(
            "int_tenant_as_of",
            pa.table({name: pa.array(np.array([at]), pa.date32()) for name, at in days.items()}),
        )

    def _monday(self, week: int) -> np.datetime64:
        found: np.datetime64 = self._panel.week_starts[0] + np.timedelta64(7 * week, "D")
        return found

    def _demand(self, start: int) -> pa.Table:
        import pyarrow as pa

        panel, first = self._panel, max(0, start - 52)
        units = panel.y[:, first:start]
        weeks = panel.week_starts[first:start]
        cost = self._article_cost[np.searchsorted(self._articles, panel.article_number)]
        return pa.table(
            {
                "article_number": np.repeat(panel.article_number, weeks.size),
                "branch_number": np.repeat(panel.branch_number, weeks.size),
                "week_start": pa.array(np.tile(weeks, panel.n_series), pa.date32()),
                "units": units.ravel(),
                "gross_units": units.ravel(),
                "revenue": (units * cost[:, None]).ravel(),
                "is_stock_out": ~panel.mask[:, first:start].ravel(),
            }
        )

    def _article_rows(self, numbers: I64, cost: F64) -> pa.Table:
        import pyarrow as pa

        flags = {"is_active": True, "is_nos": True, "is_service": False}
        table = pa.table({"article_number": numbers, "purchase_price": cost, "sale_price": 2.0 * cost})
        for name, flag in flags.items():
            table = table.append_column(name, pa.repeat(flag, numbers.size))
        return table

    def _fill_forecasts(self, week: int, result: ForecastResult) -> None:
        """Add a week's forecast to those of the weeks before, which the formula reads too."""
        oldest = self._monday(week - _KEPT_WEEKS).astype(date)
        for name, table in ((_WEEKS, result.forecast), (_SUMS, result.protection)):
            copies = table.take(np.tile(np.arange(table.num_rows), self._n_product))
            numbers = self._numbers(table["article_number"].to_numpy(), self._n_product)
            column = copies.column_names.index("article_number")
            copies = copies.set_column(column, "article_number", _array(numbers))
            self._models.forget(name, oldest)
            self._models.fill(name, _stamped(copies, self._monday(week)), add=name == _SUMS)

    def _positions(self, week: int, stock: F64, on_order: F64, next_arrival: I64) -> pa.Table:
        import pyarrow as pa

        arms = slice(0, self._n_product)
        arrival = next_arrival[arms].ravel()
        days = self._monday(week) + 7 * arrival.astype("timedelta64[D]")
        return pa.table(
            {
                **self._keys(self._n_product),
                "on_hand": stock[arms].ravel(),
                "free_stock": stock[arms].ravel(),
                "on_order": on_order[arms].ravel(),
                "available": (stock + on_order)[arms].ravel(),
                "next_arrival_on": pa.array(days, pa.date32(), mask=arrival < 0),
            }
        )

    def _simple_positions(self, stock: F64, on_order: F64, levels: Levels) -> pa.Table:
        import pyarrow as pa

        arms = len(self._arms)
        zeros = np.zeros(stock.size)
        table = pa.table(
            {
                **{key: values[-stock.size :] for key, values in self._keys(arms).items()},
                "free_stock": stock.ravel(),
                "on_order": on_order.ravel(),
                "available": (stock + on_order).ravel(),
                "reorder_point": levels.reorder_point.ravel(),
                "order_up_to": levels.order_up_to.ravel(),
                **dict.fromkeys(
                    ("protection_units", "protection_deviation", "unit_cost", "unit_margin"), zeros
                ),
                "is_late": np.zeros(stock.size, dtype=bool),
                "is_reordered": np.ones(stock.size, dtype=bool),
            }
        )
        return table.append_column("demand_source", _text("average", stock.size))

    def _keys(self, arms: int) -> dict[str, I64]:
        numbers = self._numbers(self._panel.article_number, arms)
        return {
            "article_number": numbers,
            "branch_number": np.tile(self._panel.branch_number, arms),
            "article_size_number": np.ones(numbers.size, dtype=np.int64),
        }

    def _numbers(self, articles: I64, arms: int) -> I64:
        """Number of each article in each arm, arm by arm."""
        found: I64 = (np.arange(arms)[:, None] * self._stride + articles[None, :]).ravel()
        return found

    def _read(self, name: str, columns: Sequence[str]) -> dict[str, F64]:
        """Columns of a model, arms x series; 0 where there is no row."""
        table = self._models.read(name, ["article_number", "branch_number", *columns])
        arm, article = np.divmod(table["article_number"].to_numpy(), self._stride)
        width = int(self._panel.branch_number.max()) + 1
        key = article * width + table["branch_number"].to_numpy()
        at = np.searchsorted(self._panel.article_number * width + self._panel.branch_number, key)
        found = {}
        for column in columns:
            values = np.zeros((len(self._arms), self._panel.n_series))
            values[arm, at] = table[column].to_numpy().astype(np.float64)
            found[column] = values
        return found


def simple_levels(
    arms: Sequence[Arm],
    expected: dict[str, Expectation],
    settings: Settings,
    position: F64,
) -> Levels:
    """Levels of the simple rules: mean + z x standard deviation, rounded and bounded as the models do.

    Args:
        arms: arms of simple rules.
        expected: by rule.
        settings: what the policy comes to.
        position: units on hand and on their way, arms x series.
    """
    reorder, up_to = np.zeros(position.shape), np.zeros(position.shape)
    for number, arm in enumerate(arms):
        of = expected[arm.rule]
        levels = settings.service_level if arm.service_level is None else np.array([arm.service_level])
        factor = np.array([NormalDist().inv_cdf(level) for level in levels.tolist()])
        point = of.mean + factor * of.deviation
        cycle = of.mean / (7.0 * settings.protection_weeks) * settings.cycle_days
        carried = (of.mean > 0) | (position[number] > 0)
        least = np.where(carried, settings.display_units, 0.0)
        reorder[number] = np.maximum(np.floor(point + 0.5), least)
        up_to[number] = np.maximum(np.floor(point + cycle + 0.5), least)
    idle = ~settings.is_reordered
    reorder[:, idle] = up_to[:, idle] = 0.0
    return Levels(reorder, up_to)


def _weeks(days: F64) -> I64:
    weeks: I64 = np.ceil(days / 7.0).astype(np.int64)
    return weeks


def _stamped(table: pa.Table, day: np.datetime64) -> pa.Table:
    """Add the columns that a run would write, which no formula reads."""
    import pyarrow as pa

    stamp = pa.scalar(day.astype("datetime64[us]").item(), pa.timestamp("us"))
    table = table.append_column("run_id", _text("simulation", table.num_rows))
    return table.append_column("created_at", pa.repeat(stamp, table.num_rows))


def _text(value: str, count: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(value, count)


def _array(values: I64) -> pa.Array:
    import pyarrow as pa

    return pa.array(values)
