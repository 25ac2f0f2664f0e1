"""What the product's orders bring: history replayed week by week against simple rules, on two retailers' open data.

Grocery articles, with their promotions known and without (five years, the last two replayed), and a gift-ware web shop
(one year, its second half replayed): forecast from the past, order by the dbt models, receive after two weeks, lose
what is not in stock. The bars compare the product's stock with that of an order-up-to rule on a 13-week mean + z x
standard deviation, at the fill rate that this rule reaches at a service level of 0.95. The last figure is the time of
a replay.

Run: PYTHONPATH=include python benchmarks/replenishment_outcome.py [--quick]
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import common
import forecast_accuracy
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mercurios.policy_backtest.command import run_backtest
from mercurios.policy_backtest.models import Model, compile_models
from mercurios.policy_backtest.request import SERVICE_LEVELS, Request
from mercurios.policy_backtest.rules import MEAN_13W, PRODUCT, RULES

POLICY = "default: {service_level: 0.95, lead_time_days: 14, review_days: 7}\n"
WEEKS = {"pasta": 104, "pasta without its plan": 104, "gift-ware": 26}
BAR_STOCK = {"pasta": 0.5, "pasta without its plan": 0.85, "gift-ware": 0.9}
SERIES, SPEED_WEEKS, BAR_SECONDS = 600, 36, 300.0


def gift_ware(path: Path) -> Path:
    """Write the weekly panel of the web shop."""
    panel = forecast_accuracy.read_panel(forecast_accuracy.DEFAULT)
    rows, weeks = np.nonzero(panel.y)
    table = {
        "article": panel.article_number[rows],
        "branch": panel.branch_number[rows],
        "week": pa.array(panel.week_starts[weeks], pa.date32()),
        "quantity": panel.y[rows, weeks],
    }
    pq.write_table(pa.table(table), path)
    return path


def synthetic(path: Path) -> Path:
    """Write three years of weekly demand of 600 series with seasons, levels and zeros of all kinds."""
    random, weeks = np.random.default_rng(1), 156
    level = random.gamma(0.8, 6.0, (SERIES, 1))
    season = 1.0 + 0.4 * np.sin(2 * np.pi * (np.arange(weeks) / 52.18 + random.random((SERIES, 1))))
    units = random.negative_binomial(1.5, 1.5 / (1.5 + level * season)).astype(float)
    days = np.datetime64("2021-01-04") + 7 * np.arange(weeks)
    table = {
        "article": np.repeat(np.arange(SERIES) // 3, weeks),
        "branch": np.repeat(np.arange(SERIES) % 3, weeks),
        "week": pa.array(np.tile(days, SERIES), pa.date32()),
        "quantity": units.ravel(),
    }
    pq.write_table(pa.table(table), path)
    return path


def replay(
    printed: common.Report,
    folder: Path,
    panel: Path,
    weeks: int,
    levels: tuple[float, ...],
    models: dict[str, Model] | None,
    *,
    planned: bool = True,
) -> tuple[dict[str, Any], common.Spent]:
    """Replay a panel and print what its rules came to."""
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    with common.measured() as spent:
        request = Request(panel, weeks, policy, planned=planned, service_levels=levels)
        summary = run_backtest(request, compiled=models)
    printed.say(f"{panel.stem}: {summary['series']} series, {weeks} weeks from {summary['first']}  {spent}")
    for rule in RULES:
        row = summary["rules"][rule]
        printed.say(
            f"  {rule:15s} service {row['service_level']:.3f}  fill rate {row['fill_rate']:.3f}  lost "
            f"{row['lost_units']:9,.0f}  stock {row['average_stock']:9,.0f}  orders {row['orders']:7,.0f}"
        )
    for row in summary["equal_fill_rate"]:
        if row["ratio"][MEAN_13W] is not None:
            printed.say(
                f"  at fill rate {row['fill_rate']:.3f}: stock {row['stock'][PRODUCT]:9,.0f}, / 13-week mean "
                f"{row['ratio'][MEAN_13W]:.3f}{' (the rule at 0.95)' if row['is_reference'] else ''}"
            )
    return summary, spent


def main() -> int:
    """Replay the three panels and compare the outcome with its bars."""
    options = common.parser(__doc__).parse_args()
    printed = common.Report("replenishment_outcome", options.quick)
    with tempfile.TemporaryDirectory() as name:
        folder, models = Path(name), compile_models()
        levels = (0.5, 0.7, 0.85, 0.95) if options.quick else SERVICE_LEVELS
        panels = {
            "pasta": forecast_accuracy.PASTA,
            "pasta without its plan": forecast_accuracy.PASTA,
            "gift-ware": gift_ware(folder / "gift-ware.parquet"),
        }
        for panel, path in panels.items():
            weeks, planned = 4 if options.quick else WEEKS[panel], "without" not in panel
            summary, _ = replay(printed, folder, path, weeks, levels, models, planned=planned)
            reference = next(row for row in summary["equal_fill_rate"] if row["is_reference"])
            ratio = reference["ratio"][MEAN_13W]
            label = f"{panel}: stock / 13-week mean's, same fill rate"
            printed.at_most(label, float("inf") if ratio is None else ratio, BAR_STOCK[panel])
        weeks = 2 if options.quick else SPEED_WEEKS
        _, spent = replay(printed, folder, synthetic(folder / "synthetic.parquet"), weeks, levels, None)
        printed.at_most(f"{SERIES} series x {weeks} weeks", spent.wall, BAR_SECONDS, " s")
    return printed.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
