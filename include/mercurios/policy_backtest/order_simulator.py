"""Orders of one week: what the models and the simple rules propose for every series and service level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from mercurios.forecasting.arrays import F64, I64
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.panel.panel import Panel
from mercurios.orders.settings import PolicyRow
from mercurios.policy_backtest.levels import Levels, Orders, Settings, Variant, whole_weeks
from mercurios.policy_backtest.models import OrderModels
from mercurios.policy_backtest.order_tables import SETTINGS, OrderTables, policy_table
from mercurios.policy_backtest.rules import PRODUCT

if TYPE_CHECKING:
    import pyarrow as pa

_WEEKS, _SUMS = "analytics.forecast_weekly", "analytics.forecast_protection"
# Earlier forecasts that a formula may read; more would only cost memory.
_KEPT_WEEKS = 13


class OrderSimulator:
    """Writes a week's state into the tables the models read, and reads their orders.

    Args:
        models: the compiled models.
        panel: the series, ascending by key.
        variants: those of the product first.
        unit_cost: price of a unit of each series.
    """

    def __init__(
        self, models: OrderModels, panel: Panel, variants: Sequence[Variant], unit_cost: F64
    ) -> None:
        self._models, self._panel, self._variants = models, panel, tuple(variants)
        self._n_product = sum(variant.rule == PRODUCT for variant in variants)
        if any(variant.rule == PRODUCT for variant in self._variants[self._n_product :]):
            raise ValueError("the variants of the product must come first")
        self._tables = OrderTables(panel, unit_cost)

    def initialise(self, rows: Sequence[PolicyRow], start: int) -> Settings:
        """Class the articles by the weeks before `start`, resolve the policy, and return what it comes to."""
        models, panel = self._models, self._panel
        models.fill("int_tenant_as_of", self._tables.day(start))
        models.fill("dim_article", self._tables.articles())
        models.fill("fct_demand_weekly", self._tables.demand(start))
        models.fill("stg_mercurios__replenishment_policies", policy_table(rows))
        models.build("article_class", "replenishment_policy")
        policies = models.read("replenishment_policy", ["article_number", *SETTINGS])
        at = np.searchsorted(policies["article_number"].to_numpy(), panel.article_number)
        found: dict[str, Any] = {name: policies[name].to_numpy()[at] for name in SETTINGS}
        self._fill_variants(policies)
        return Settings(
            is_reordered=found["is_reordered"].astype(bool),
            service_level=found["service_level"],
            lead_weeks=whole_weeks(found["lead_time_days"]),
            review_weeks=whole_weeks(found["review_days"]),
            cycle_days=found["order_cycle_days"],
            display_units=found["display_units"],
            customers_wait=found["customers_wait"].astype(bool),
        )

    def propose(
        self,
        week: int,
        result: ForecastResult,
        stock: F64,
        coming: F64,
        simple: Levels,
    ) -> Orders:
        """Return the orders of one week.

        Args:
            week: number of the week that begins.
            result: the forecast from the weeks before it.
            stock: units on hand, variants x series; below 0 what customers wait for.
            coming: units that arrive 1, 2, … weeks from now, variants x weeks x series.
            simple: levels of the variants that are not the product's.
        """
        models, tables, product = self._models, self._tables, self._n_product
        on_order = coming.sum(axis=1)
        next_arrival: I64 = np.where(on_order > 0, np.argmax(coming > 0, axis=1) + 1, -1)
        models.fill("int_tenant_as_of", tables.day(week))
        self._fill_forecasts(week, result)
        positions = tables.positions(week, stock[:product], on_order[:product], next_arrival[:product])
        models.fill("inventory_position", positions)
        models.fill("int_order_positions_sized", tables.open_orders(week, coming[:product]))
        models.build("demand_outlook", "replenishment_level", "replenishment_position")
        levels = self._read("replenishment_position", ("reorder_point", "order_up_to", "forgone_units"))
        others = tables.simple_positions(product, stock[product:], on_order[product:], simple)
        models.fill("replenishment_position", others, add=True)
        models.build("replenishment_proposal")
        units = self._read("replenishment_proposal", ("order_units",))["order_units"]
        return Orders(
            units,
            Levels(
                np.concatenate([levels["reorder_point"][:product], simple.reorder_point]),
                np.concatenate([levels["order_up_to"][:product], simple.order_up_to]),
                np.concatenate([levels["forgone_units"][:product], simple.forgone]),
            ),
        )

    def _fill_variants(self, policies: pa.Table) -> None:
        """Give the models the articles of every variant, and what they read of an article beside its policy."""
        models, tables, count = self._models, self._tables, len(self._variants)
        models.fill("replenishment_policy", tables.policies(policies, self._variants))
        models.fill("dim_article", tables.articles(count))
        models.fill("dim_branch", tables.branches())
        models.fill("size_curve", tables.sizes(count))

    def _fill_forecasts(self, week: int, result: ForecastResult) -> None:
        """Add a week's forecast to those of the weeks before, which the formula reads too."""
        oldest = self._tables.monday(week - _KEPT_WEEKS).astype(date)
        for name, table in ((_WEEKS, result.forecast), (_SUMS, result.protection)):
            self._models.forget(name, oldest)
            copies = self._tables.forecast(table, week, self._n_product)
            self._models.fill(name, copies, add=name == _SUMS)

    def _read(self, name: str, columns: Sequence[str]) -> dict[str, F64]:
        """Columns of a model, variants x series; 0 where there is no row."""
        table = self._models.read(name, ["article_number", "branch_number", *columns])
        at = self._tables.places(table)
        found = {}
        for column in columns:
            values = np.zeros((len(self._variants), self._panel.n_series))
            values[at] = table[column].to_numpy().astype(np.float64)
            found[column] = values
        return found
