"""Accuracy of the forecast on open data: gift-ware web shop lines, weekly, two origins of eight weeks.

The panel keeps sales of real articles; returns, write-offs and lines without a price are left out. Each origin sees
only the weeks before it, and forecasts the articles that had been sold in at least ten of them: a choice by the whole
year would keep out what stops selling, and so tell something of the weeks that are forecast. The bars compare the model
with simple rules on the same weeks. It is the shop's first autumn: both times the market sells more than before.
Five years of pasta, whose promotions are planned, show what a plan is worth: six origins of eight weeks.

Run: PYTHONPATH=include python benchmarks/forecast_accuracy.py [path to online_retail.parquet] [--quick]
"""

from __future__ import annotations

from pathlib import Path

import common
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mercurios.forecasting import ForecastSettings, Panel, fit_shared, forecast, panel_of
from mercurios.forecasting.methods import baselines
from mercurios.forecasting.methods.pool import METHODS, Candidates, candidates
from mercurios.forecasting.panel.classes import CLASS_NAMES, classify
from mercurios.forecasting.selection import metrics
from mercurios.policy_backtest.replay import known_at as planned_at
from mercurios.policy_backtest.sales_history import read_sales_history

DEFAULT = Path(__file__).parents[1] / "include" / "prohandel_simulator" / "data" / "online_retail.parquet"
PASTA = Path(__file__).parent / "data" / "pasta.parquet"
HORIZON, ORIGINS, MIN_WEEKS = 8, 2, 10
PLANNED_ORIGINS, BAR_PLANNED = 6, 0.72
LEVELS = (0.5, 0.8, 0.95)
BAR_RATIOS = {"sba": 1.0, "mean_13w": 1.0, "seasonal_naive": 0.8}
BAR_COVERAGE = {0.8: (0.76, 0.85), 0.95: (0.92, 0.98)}
FIRST_WEEK, LAST_WEEK = np.datetime64("2010-12-06"), np.datetime64("2011-11-28")


def read_panel(path: Path) -> Panel:
    """Weekly units of every article from transaction lines."""
    lines = pq.read_table(
        path, columns=["invoice_no", "stock_code", "quantity", "invoice_ts", "unit_price_gbp"]
    )
    code = pc.utf8_upper(lines["stock_code"])
    keep = pc.and_(pc.greater(lines["quantity"], 0), pc.greater(lines["unit_price_gbp"], 0))
    keep = pc.and_(keep, pc.invert(pc.match_substring_regex(lines["invoice_no"], "^[AC]")))
    keep = pc.and_(keep, pc.match_substring_regex(code, r"^\d{5}[A-Z]*$"))
    week = pc.cast(pc.floor_temporal(lines["invoice_ts"], unit="week"), pa.date32())
    keep = pc.and_(
        keep, pc.and_(pc.greater_equal(week, FIRST_WEEK.item()), pc.less_equal(week, LAST_WEEK.item()))
    )
    sold = pa.table({"code": code, "week_start": week, "quantity": lines["quantity"]}).filter(keep)
    weekly = sold.group_by(["code", "week_start"]).aggregate([("quantity", "sum")])
    _, article = np.unique(weekly["code"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    demand = pa.table(
        {
            "article_number": pa.array(article),
            "branch_number": pa.array(np.ones(weekly.num_rows, dtype=np.int64)),
            "week_start": weekly["week_start"],
            "units": weekly["quantity_sum"],
            "is_stock_out": pa.array(np.zeros(weekly.num_rows, dtype=bool)),
        }
    )
    return panel_of(demand, LAST_WEEK)


def known_at(panel: Panel, cut: int) -> np.ndarray:
    """Rows of the series that had been sold in at least ten weeks before an origin."""
    return np.flatnonzero((panel.y[:, :cut] > 0).sum(axis=1) >= MIN_WEEKS)


def of_methods(past: Panel, pool: Candidates) -> dict[str, np.ndarray]:
    """Return the forecasts of every method and rule alone, and the class of each series; series x weeks."""
    found = {name: pool.single(number) for number, name in enumerate(METHODS)}
    # The rules that bars name, on the demand as it was recorded, keyed-in outliers included.
    found["seasonal_naive"] = baselines.seasonal_naive(past, HORIZON)
    found["mean_13w"] = np.repeat(baselines.mean_13w(past)[:, None], HORIZON, axis=1)
    found["sba"] = np.repeat(baselines.sba(past)[:, None], HORIZON, axis=1)
    found["class"] = np.repeat(classify(past)[:, None], HORIZON, axis=1)
    return found


def main() -> int:
    """Print WAPE and bias of the combination and of every method, and coverage."""
    parser = common.parser(__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=DEFAULT)
    options = parser.parse_args()
    if not options.path.exists():
        parser.error(f"{options.path} not found; give the path of online_retail.parquet as an argument")
    printed = common.Report("forecast_accuracy", options.quick)
    panel, origins = read_panel(options.path), 1 if options.quick else ORIGINS
    printed.say(f"{panel.n_series} series x {panel.n_weeks} weeks, {origins} origins x {HORIZON} weeks")
    settings = ForecastSettings(horizon=HORIZON)
    columns: dict[str, list[np.ndarray]] = {}
    sums: list[np.ndarray] = []
    for origin in range(origins, 0, -1):
        cut = panel.n_weeks - HORIZON * origin
        rows = known_at(panel, cut)
        past, usable = panel.until(cut).take(rows), panel.mask[rows, cut : cut + HORIZON]
        context = fit_shared(past, (), settings)
        product = forecast(past, (), settings, context).prediction
        found = {"combination": product.mean, "actual": panel.y[rows, cut : cut + HORIZON]}
        found |= {f"q{p:g}": product.quantiles[:, :, at] for at, p in enumerate(LEVELS)}
        found |= of_methods(past, candidates(past, context.shared[cut], (), settings))
        for name, values in found.items():
            columns.setdefault(name, []).append(values[usable])
        market = found["actual"][usable].sum() / product.mean[usable].sum()
        alone = metrics.coverage(found["actual"][usable] / market, found["q0.8"][usable])
        printed.say(
            f"origin {past.week_starts[-1]}: {rows.size} series, the market sold {market - 1:.1%} more than forecast; "
            f"coverage of quantile 0.8 without that {alone:.3f}"
        )
        complete = usable[:, : settings.protected].all(axis=1)
        total = found["actual"][:, : settings.protected].sum(axis=1)
        sums.append((total[:, None] <= product.total_quantiles[:, settings.protected - 1])[complete])
    result = {name: np.concatenate(values) for name, values in columns.items()}
    report(printed, result)
    shares = ", ".join(
        f"{p:g}: {share:.3f}" for p, share in zip(LEVELS, np.concatenate(sums).mean(axis=0), strict=True)
    )
    printed.say(f"coverage of the sum over {settings.protected} weeks  {shares}")
    promotions(printed, origins if options.quick else PLANNED_ORIGINS)
    return printed.exit_code()


def promotions(printed: common.Report, origins: int) -> None:
    """Forecast pasta with the promotions of the weeks to come, and compare it with the 13-week mean."""
    panel, settings = read_sales_history(PASTA, horizon=HORIZON).panel, ForecastSettings(horizon=HORIZON)
    errors, units, bias, covered = np.zeros(2), 0.0, 0.0, []
    for origin in range(origins, 0, -1):
        cut = panel.n_weeks - HORIZON * origin
        past = planned_at(panel, cut, HORIZON)
        product = forecast(past, (), settings).prediction
        actual, usable = panel.y[:, cut : cut + HORIZON], panel.mask[:, cut : cut + HORIZON]
        rule = np.repeat(baselines.mean_13w(past)[:, None], HORIZON, axis=1)
        errors += [np.abs(actual - mean)[usable].sum() for mean in (product.mean, rule)]
        units += actual[usable].sum()
        bias += (product.mean - actual)[usable].sum()
        covered.append((actual[:, :, None] <= product.quantiles)[usable])
    shares = ", ".join(
        f"{p:g}: {share:.3f}" for p, share in zip(LEVELS, np.concatenate(covered).mean(axis=0), strict=True)
    )
    printed.say(
        f"pasta, promotions planned, {panel.n_series} series, {origins} origins: WAPE {errors[0] / units:.4f}, "
        f"13-week mean {errors[1] / units:.4f}, bias {bias / units:+.3f}, coverage {shares}"
    )
    printed.at_most("WAPE with promotions planned / mean_13w", errors[0] / errors[1], BAR_PLANNED)


def report(printed: common.Report, result: dict[str, np.ndarray]) -> None:
    """Print one line a method and one a demand class, and compare the combination with its bars."""
    actual, reference = result["actual"], metrics.wape(result["actual"], result["sba"])
    for name in ("combination", *METHODS):
        error, bias = metrics.wape(actual, result[name]), metrics.bias(actual, result[name])
        printed.say(f"{name:15s} WAPE {error:.4f}  / SBA {error / reference:.3f}  bias {bias:+.3f}")
    stacked = np.stack([result[f"q{p:g}"] for p in LEVELS], axis=-1)
    covered = {p: metrics.coverage(actual, stacked[:, at]) for at, p in enumerate(LEVELS)}
    loss = metrics.weighted_quantile_loss(actual, stacked, LEVELS)
    shares = ", ".join(f"{p:g}: {share:.3f}" for p, share in covered.items())
    printed.say(f"coverage        {shares}  weighted quantile loss {loss:.4f}")
    for code, name in enumerate(CLASS_NAMES):
        rows = result["class"] == code
        if rows.any():
            methods = ("combination", "mean_13w", "sba")
            errors = "  ".join(
                f"{method} {metrics.wape(actual[rows], result[method][rows]):.4f}" for method in methods
            )
            bias = metrics.bias(actual[rows], result["combination"][rows])
            printed.say(f"  {name:13s} {rows.sum():6d} weeks  {errors}  bias {bias:+.3f}")
    for name, bar in BAR_RATIOS.items():
        ratio = metrics.wape(actual, result["combination"]) / metrics.wape(actual, result[name])
        printed.at_most(f"WAPE, combination / {name}", ratio, bar)
    for level, (low, high) in BAR_COVERAGE.items():
        printed.at_least(f"coverage of quantile {level:g}", covered[level], low)
        printed.at_most(f"coverage of quantile {level:g}", covered[level], high)


if __name__ == "__main__":
    common.exit_with(main)
