"""The tables that the order formula reads, made from a replay's arrays.

Every variant has articles of its own, numbered behind those of the variant before, so that the models calculate all
service levels at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mercurios.forecasting.arrays import F64, I64
from mercurios.forecasting.panel.panel import Panel
from mercurios.orders.settings import PolicyRow
from mercurios.policy_backtest.levels import Levels, Variant, whole_weeks

if TYPE_CHECKING:
    import pyarrow as pa

SETTINGS = (
    "is_reordered",
    "service_level",
    "lead_time_days",
    "review_days",
    "order_cycle_days",
    "pack_size",
    "minimum_order_units",
    "display_units",
    "customers_wait",
)
# Weeks of demand that articles are classed by.
_CLASS_WEEKS = 52


def policy_table(rows: Sequence[PolicyRow]) -> pa.Table:
    """Return a policy's settings as the models read them."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.string()) for name in ("scope", "scope_key", "setting")])
    named = [row._asdict() for row in rows]
    return pa.Table.from_pylist(
        [{**row, "setting_value": row.pop("value")} for row in named],
        schema.append(pa.field("setting_value", pa.float64())),
    )


class OrderTables:
    """Makes the tables of a panel's series.

    Args:
        panel: the series, ascending by key.
        unit_cost: price of a unit of each series.
    """

    def __init__(self, panel: Panel, unit_cost: F64) -> None:
        self._panel = panel
        self._articles = np.unique(panel.article_number)
        self._stride = int(self._articles[-1]) + 1
        last = np.searchsorted(panel.article_number, self._articles, side="right") - 1
        self._article_cost = unit_cost[last]

    def monday(self, week: int) -> np.datetime64:
        """First day of a week."""
        found: np.datetime64 = self._panel.week_starts[0] + np.timedelta64(7 * week, "D")
        return found

    def day(self, week: int) -> pa.Table:
        """The day that the models take for today: the first of a week."""
        import pyarrow as pa

        day = self.monday(week)
        days = {"as_of_date": day, "current_week": day, "last_complete_week": day - np.timedelta64(7, "D")}
        return pa.table({name: pa.array(np.array([at]), pa.date32()) for name, at in days.items()})

    def demand(self, start: int) -> pa.Table:
        """Demand of the year before `start`."""
        import pyarrow as pa

        panel, first = self._panel, max(0, start - _CLASS_WEEKS)
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

    def articles(self, variants: int = 1) -> pa.Table:
        """Articles of every variant, with their prices."""
        import pyarrow as pa

        numbers, cost = self._numbers(self._articles, variants), np.tile(self._article_cost, variants)
        flags = {"is_active": True, "is_nos": True, "is_service": False, "is_supplier_active": True}
        table = pa.table({"article_number": numbers, "purchase_price": cost, "sale_price_net": 2.0 * cost})
        for name, flag in flags.items():
            table = table.append_column(name, pa.repeat(flag, numbers.size))
        return table

    def branches(self) -> pa.Table:
        """Branches of the panel."""
        import pyarrow as pa

        numbers = np.unique(self._panel.branch_number)
        open_ones = pa.repeat(True, numbers.size)
        return pa.table(
            {"branch_number": numbers, "branch_name": _text("", numbers.size), "is_active": open_ones}
        )

    def sizes(self, variants: int) -> pa.Table:
        """One size of every article of every variant."""
        import pyarrow as pa

        numbers = self._numbers(self._articles, variants)
        ones = np.ones(numbers.size, dtype=np.int64)
        return pa.table(
            {
                "article_number": numbers,
                "article_size_number": ones,
                "size_share": ones.astype(np.float64),
                "size": _text("", numbers.size),
            }
        )

    def policies(self, policies: pa.Table, variants: Sequence[Variant]) -> pa.Table:
        """Policies of every variant's articles, in whole weeks and at the variant's service level."""
        import pyarrow as pa

        count = len(variants)
        values: dict[str, Any] = {name: policies[name].to_numpy() for name in SETTINGS}
        for name in ("lead_time_days", "review_days"):
            values[name] = 7.0 * whole_weeks(values[name])
        tiled = {name: np.tile(column, count) for name, column in values.items()}
        for number, variant in enumerate(variants):
            if variant.service_level is not None:
                rows = slice(number * policies.num_rows, (number + 1) * policies.num_rows)
                tiled["service_level"][rows] = variant.service_level
        numbers = self._numbers(policies["article_number"].to_numpy(), count)
        size = numbers.size
        fixed = {"lead_time_deviation_days": np.zeros(size), "minimum_order_value": np.zeros(size)}
        table = pa.table({"article_number": numbers, **tiled, **fixed})
        return table.append_column("lead_time_source", _text("policy", size))

    def forecast(self, table: pa.Table, week: int, variants: int) -> pa.Table:
        """A forecast's rows for the articles of every variant, with what a run would add, which no formula reads."""
        import pyarrow as pa

        copies = table.take(np.tile(np.arange(table.num_rows), variants))
        numbers = self._numbers(table["article_number"].to_numpy(), variants)
        column = copies.column_names.index("article_number")
        copies = copies.set_column(column, "article_number", pa.array(numbers))
        stamp = pa.scalar(self.monday(week).astype("datetime64[us]").item(), pa.timestamp("us"))
        copies = copies.append_column("run_id", _text("backtest", copies.num_rows))
        return copies.append_column("created_at", pa.repeat(stamp, copies.num_rows))

    def positions(self, week: int, stock: F64, on_order: F64, next_arrival: I64) -> pa.Table:
        """Stock, and what is on its way, of the product's variants; each is variants x series."""
        import pyarrow as pa

        arrival = next_arrival.ravel()
        days = self.monday(week) + 7 * arrival.astype("timedelta64[D]")
        return pa.table(
            {
                **self._keys(0, stock.shape[0]),
                "on_hand": stock.ravel(),
                "free_stock": stock.ravel(),
                "on_order": on_order.ravel(),
                "on_order_unconfirmed": np.zeros(stock.size),
                "available": (stock + on_order).ravel(),
                "next_arrival_on": pa.array(days, pa.date32(), mask=arrival < 0),
            }
        )

    def open_orders(self, week: int, coming: F64) -> pa.Table:
        """Lines of what is on its way to the product's variants, a line for each arrival.

        Args:
            week: number of the week that begins.
            coming: units that arrive 1, 2, … weeks from then, variants x weeks x series.
        """
        import pyarrow as pa

        variant, weeks, series = np.nonzero(coming)
        keys = {
            name: keys.reshape(coming.shape[0], -1) for name, keys in self._keys(0, coming.shape[0]).items()
        }
        days = self.monday(week) + 7 * (weeks + 1).astype("timedelta64[D]")
        names = pa.array([str(number) for number in range(days.size)], pa.string())
        return pa.table(
            {
                **{name: found[variant, series] for name, found in keys.items()},
                "order_position_id": names,
                "order_id": names,
                "open_units": coming[variant, weeks, series],
                "expected_on": pa.array(days, pa.date32()),
                "is_without_header": np.zeros(days.size, dtype=bool),
            }
        )

    def simple_positions(self, first: int, stock: F64, on_order: F64, levels: Levels) -> pa.Table:
        """Positions of simple rules' variants, from number `first` on, with the levels that these rules make."""
        import pyarrow as pa

        unused = ("forgone_units", "protection_units", "protection_deviation", "unit_cost", "unit_margin")
        table = pa.table(
            {
                **self._keys(first, stock.shape[0]),
                "free_stock": stock.ravel(),
                "on_order": on_order.ravel(),
                "available": (stock + on_order).ravel(),
                "reorder_point": levels.reorder_point.ravel(),
                "order_up_to": levels.order_up_to.ravel(),
                **dict.fromkeys(unused, np.zeros(stock.size)),
                "is_late": np.zeros(stock.size, dtype=bool),
                "is_reordered": np.ones(stock.size, dtype=bool),
            }
        )
        return table.append_column("demand_source", _text("average", stock.size))

    def places(self, table: pa.Table) -> tuple[I64, I64]:
        """Variant and series of each row of a model."""
        panel = self._panel
        variant, article = np.divmod(table["article_number"].to_numpy(), self._stride)
        width = int(panel.branch_number.max()) + 1
        key = article * width + table["branch_number"].to_numpy()
        return variant, np.searchsorted(panel.article_number * width + panel.branch_number, key)

    def _keys(self, first: int, variants: int) -> dict[str, I64]:
        numbers = self._numbers(self._panel.article_number, variants, first)
        return {
            "article_number": numbers,
            "branch_number": np.tile(self._panel.branch_number, variants),
            "article_size_number": np.ones(numbers.size, dtype=np.int64),
        }

    def _numbers(self, articles: I64, variants: int, first: int = 0) -> I64:
        """Number of each article in each variant, variant by variant from number `first` on."""
        offsets = self._stride * np.arange(first, first + variants)
        found: I64 = (offsets[:, None] + articles[None, :]).ravel()
        return found


def _text(value: str, count: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(value, count)
