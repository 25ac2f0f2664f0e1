"""A forecast for a part of a shop, by a rule that no method of the product has: its figures differ from all others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from math import sin, sqrt
from typing import Any

from mercurios.warehouse.engine import Engine

WEEK = timedelta(weeks=1)
ORIGINS, HORIZON = 10, 10
# Behind these origins the distances of quantiles are no longer looked at; they are far off.
FORGOTTEN = 8
# By what remains of an article's number by nine: one sells out, what is on order of one is not enough.
FACTORS = {1: 0.8, 2: 1.0, 4: 1.2, 5: 0.7, 7: 6.0, 8: 3.0}
STORED = "stored by the tests"
COLUMNS = {
    "forecast_weekly": (
        *("article_number", "branch_number", "origin_week", "week_start", "horizon", "method", "mean"),
        *("quantile_50", "quantile_80", "quantile_95", "part_level", "part_trend", "part_season"),
        *("part_holiday", "part_regressor"),
    ),
    "forecast_protection": (
        *("article_number", "branch_number", "origin_week", "periods", "mean"),
        *("quantile_50", "quantile_80", "quantile_95"),
    ),
    "forecast_accuracy": ("origin_week", "kind", "demand_class", "wape", "bias"),
}
# By kind of measurement and class of demand: error and bias of the newest forecast.
MEASURED = {
    ("live", "smooth"): (0.35, -0.05),
    ("backtest", "smooth"): (0.3, 0.02),
    ("live", "intermittent"): (None, None),
    ("backtest", "intermittent"): (0.8, 0.25),
    ("live", "all"): (0.5, 0.1),
    ("backtest", "all"): (0.45, 0.12),
}
Rows = dict[str, list[dict[str, Any]]]


def forecasts(sales: Sequence[dict[str, Any]], newest: date) -> Rows:
    """Return forecasts of two articles in three, by table.

    Args:
        sales: receipt lines of the source.
        newest: last week of history of the newest one; older ones begin a week earlier each.
    """
    units: dict[tuple[int, int], float] = defaultdict(float)
    for line in sales:
        if newest - 12 * WEEK <= date.fromisoformat(line["date"][:10]) < newest + WEEK:
            units[int(line["articleNumber"]), line["branchNumber"]] += line["quantity"]
    found: Rows = {
        "forecast_weekly": [],
        "forecast_protection": [],
        "forecast_accuracy": list(_measured(newest)),
    }
    for (article, branch), sold in sorted(units.items()):
        if article % 3 and sold > 0:
            for back in range(ORIGINS):
                weeks = list(_weeks(article, branch, sold / 13, newest - back * WEEK))
                found["forecast_weekly"] += weeks
                found["forecast_protection"] += _sums(weeks, back)
    return found


def store(engine: Engine, tenant_id: str, rows: Rows) -> None:
    """Write forecasts to the warehouse."""
    for table, columns in COLUMNS.items():
        for row in rows[table]:
            made = "measured_at" if table == "forecast_accuracy" else "created_at"
            values = {"tenant_id": tenant_id, **row, "run_id": STORED, made: "2026-03-24 06:00:00"}
            names = ("tenant_id", *columns, "run_id", made)
            places = ", ".join(f"${name}" for name in names)
            engine.execute(f"insert into analytics.{table} ({', '.join(names)}) values ({places})", values)


def _measured(newest: date) -> Iterator[dict[str, Any]]:
    """Yield errors of the newest forecast, and greater ones of the one before of every class."""
    names = COLUMNS["forecast_accuracy"]
    for (kind, name), (wape, bias) in MEASURED.items():
        yield dict(zip(names, (newest.isoformat(), kind, name, wape, bias), strict=True))
    for name in ("smooth", "erratic", "intermittent", "lumpy", "all"):
        yield dict(zip(names, ((newest - WEEK).isoformat(), "live", name, 0.9, 0.7), strict=True))


def _weeks(article: int, branch: int, weekly: float, origin: date) -> Iterator[dict[str, Any]]:
    """Yield the weeks of one forecast: every article's goes up and down, that of some stands still for a week."""
    level = weekly * FACTORS[article % 9]
    for horizon in range(1, HORIZON + 1):
        mean = 0.0 if article % 5 == 0 and horizon == 4 else level * (1 + 0.4 * sin(horizon + article))
        deviation = sqrt(mean + 0.3)
        yield {
            "article_number": article,
            "branch_number": branch,
            "origin_week": origin.isoformat(),
            "week_start": (origin + horizon * WEEK).isoformat(),
            "horizon": horizon,
            "method": "ses",
            "mean": mean,
            "quantile_50": max(mean - 0.1 * deviation, 0.0),
            "quantile_80": mean + 0.6 * deviation,
            "quantile_95": mean + (1.3 + article % 4 / 2) * deviation,
            "part_level": level,
            "part_trend": 0.0,
            "part_season": mean - level,
            "part_holiday": 0.0,
            "part_regressor": 0.0,
        }


def _sums(weeks: Sequence[dict[str, Any]], back: int) -> Iterator[dict[str, Any]]:
    """Yield the sums of the first weeks: of some articles of too few for a lead time."""
    article = weeks[0]["article_number"]
    wide = 1 + back / 10 if back < FORGOTTEN else 50.0
    for periods in range(1, (4 if article % 2 else 8) + 1):
        mean = sum(week["mean"] for week in weeks[:periods])
        deviation = wide * sqrt(mean + 0.3)
        yield {
            **{name: weeks[0][name] for name in ("article_number", "branch_number", "origin_week")},
            "periods": periods,
            "mean": mean,
            "quantile_50": max(mean - 0.1 * deviation, 0.0),
            "quantile_80": mean + (0.5 + periods % 3 / 10) * deviation,
            "quantile_95": mean + (1.2 + article % 4 / 2) * deviation,
        }
