"""The forecast of a simulated retailer against the demand that its simulator is going to draw from.

The simulator knows what customers will want, which no shop's history does: sales say only what stock allowed. The
history up to a day is loaded and built as the pipeline does, the weeks after it are forecast, and each week's forecast
of the series that are forecast at all is compared with the units that are expected to be wanted of them, returns taken
off: of all their sizes, and of those that `article_life` says still have demand in the branch, which is what a forecast
is for.

`modehaus` draws from a process with a season. `giftware` repeats its last two months in whatever week it is, so that
what it draws has no season, and a forecast that has one differs from it.

Run: PYTHONPATH=include python benchmarks/forecast_truth.py modehaus --today 2025-12-01 [--warehouse FILE] [--quick]
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import common
import dbt_build
import numpy as np
import pipeline
import pyarrow as pa

from mercurios.forecasting import ForecastSettings, forecast, panel_of
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.sql import render
from prohandel_simulator.world import World, default_cache_dir, open_world
from prohandel_simulator.worlds import calendar, demand
from prohandel_simulator.worlds.trading import RETURNS_STORE, RETURNS_WEB

HORIZON, WEEK = 13, timedelta(days=7)
MODELS = ("+fct_demand_weekly", "+article_life", "+dim_article", "+size_curve", "+stock_out_spells")
LIVES = "select article_number, article_size_number, branch_number, has_demand from analytics.article_life"
KINDS = "select article_number, is_nos from analytics.dim_article"


def main() -> int:
    """Build where nothing is given, forecast, and print each week."""
    parser = common.parser(__doc__)
    parser.add_argument("world", choices=["giftware", "modehaus"])
    parser.add_argument("--today", type=date.fromisoformat, default=date.fromisoformat(common.TODAY))
    parser.add_argument("--warehouse", type=Path, help="a DuckDB file with the marts of that day")
    options = parser.parse_args()
    printed = common.Report("forecast_truth", options.quick)
    world = open_world(options.world, today=options.today, cache_dir=default_cache_dir())
    with _warehouse(options.world, options.today, options.warehouse) as path, DuckDBEngine(path) as engine:
        known = {"tenant_id": options.world}
        table = engine.fetch_arrow(render(engine.dialect, "forecast_demand"), known)
        holidays = engine.fetch_arrow(render(engine.dialect, "forecast_holidays"), known)["date"].to_pylist()
        lives, kinds = engine.fetch_arrow(LIVES), engine.fetch_arrow(KINDS)
    found = forecast(panel_of(table), holidays, ForecastSettings(horizon=HORIZON))
    _report(printed, found.forecast, expected(world, options.today), lives, kinds)
    return printed.exit_code()


@contextmanager
def _warehouse(world: str, today: date, given: Path | None) -> Iterator[Path]:
    """Yield a warehouse with the marts that a forecast reads."""
    if given is not None and given.exists():
        yield given
        return
    with tempfile.TemporaryDirectory() as name:
        home = given.parent if given else Path(name)
        with common.serving(common.simulator(world, today.isoformat())) as source:
            pipeline.run(world, home, source.auth_url, "truth", today.isoformat())
        dbt_build.dbt(home, world, "run", "--select", *MODELS)
        yield pipeline.warehouse(home)


def expected(world: World, today: date) -> tuple[np.ndarray, np.ndarray]:
    """Keys of the simulator's rows (article, size, branch), and units wanted in each week, rows x weeks."""
    state = world.state
    keys = np.stack(
        [
            state["article_number"][state["row_article"]],
            state["row_sku"],
            state["branch_number"][state["row_branch_slot"]],
        ],
        axis=1,
    )
    monday = calendar.monday_of(calendar.day_number(today))
    weekly = _replayed if "recent_day" in state else _drawn
    return keys, np.stack([weekly(state, monday + 7 * week) for week in range(HORIZON)], axis=1)


def _drawn(state: dict[str, np.ndarray], monday: int) -> np.ndarray:
    """Units that the process of a fashion retailer is expected to sell in a week, less what comes back."""
    rate = state["row_base"] * demand.article_factors(state, monday + 3)[state["row_article"]]
    open_days = sum(demand.branch_factors(state, monday + day) for day in range(7))
    kept = 1.0 - np.where(state["branch_web"], RETURNS_WEB, RETURNS_STORE)
    return np.asarray(rate * (open_days * kept)[state["row_branch_slot"]])


def _replayed(state: dict[str, np.ndarray], monday: int) -> np.ndarray:
    """Average units of the days that a replay draws from, by weekday; nothing on the days it is closed."""
    total = np.zeros(len(state["row_article"]))
    for weekday in range(7):
        moment = calendar.as_date(monday + weekday)
        days = np.unique(state["recent_day"])
        days = days[(days + 3) % 7 == weekday]
        if days.size and (moment.month, moment.day) not in {(12, 25), (12, 26), (1, 1)}:
            lines = np.isin(state["recent_day"], days)
            np.add.at(total, state["recent_row"][lines], state["recent_units"][lines] / days.size)
    return total


def _report(
    printed: common.Report,
    table: pa.Table,
    truth: tuple[np.ndarray, np.ndarray],
    lives: pa.Table,
    kinds: pa.Table,
) -> None:
    """Print each week's forecast over the truth, of all sizes and of those that have demand, by kind of article."""
    keys, units = truth
    alive = {tuple(row.values())[:3] for row in lives.to_pylist() if row["has_demand"]}
    basics = sorted(row["article_number"] for row in kinds.to_pylist() if row["is_nos"])
    series = set(zip(table["article_number"].to_pylist(), table["branch_number"].to_pylist(), strict=True))
    has_demand = np.array([tuple(key) in alive for key in keys.tolist()])
    forecast_for = np.array([(article, branch) in series for article, _, branch in keys.tolist()])
    row_is_basic, is_basic = (np.isin(of, basics) for of in (keys[:, 0], table["article_number"].to_numpy()))
    mean, week = table["mean"].to_numpy(), table["week_start"].to_numpy().astype("datetime64[D]")
    mondays = np.unique(week)
    printed.say(
        f"{len(series)} series; forecast, truth of sizes with demand (forecast / truth), of all sizes"
    )
    for label, rows, lines in (
        ("all", forecast_for, np.ones(mean.size, dtype=bool)),
        ("never out of stock", forecast_for & row_is_basic, is_basic),
        ("of a season", forecast_for & ~row_is_basic, ~is_basic),
    ):
        found = np.array([mean[lines & (week == monday)].sum() for monday in mondays])
        active, every = units[rows & has_demand].sum(axis=0), units[rows].sum(axis=0)
        printed.say(f"{label}: {_compared(found.sum(), active.sum(), every.sum())}")
        for at, monday in enumerate(mondays):
            printed.say(f"  {monday} {_compared(found[at], active[at], every[at])}")


def _compared(found: float, active: float, every: float) -> str:
    ratios = [f"{truth:8,.0f} ({found / truth if truth else np.nan:.3f})" for truth in (active, every)]
    return f"{found:8,.0f} {' '.join(ratios)}"


if __name__ == "__main__":
    common.exit_with(main)
