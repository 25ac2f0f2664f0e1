"""The forecast against Prophet and statsforecast, on the same series in the same run, one thread each.

The panel is that of `forecast_accuracy.py` at its last origin, and for speed a synthetic one of 156 weeks too. Prophet
fits a sample of the series, the others all. Ours is timed twice: the Prophet-style model with forecast and three
quantiles, and the whole run with eight methods, backtests, selection and quantiles.

Run: PYTHONPATH=include python benchmarks/forecast_comparison.py [--quick]     (`make bench` prepares the environment)
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import common
import forecast_accuracy
import forecast_speed
import numpy as np

from mercurios.forecasting import ForecastSettings, Panel, fit_shared, forecast
from mercurios.forecasting.effects.calendar import build_frame
from mercurios.forecasting.effects.profiles import fit_profile
from mercurios.forecasting.effects.regressors import no_effects
from mercurios.forecasting.effects.seasonal_factors import seasonal_factors
from mercurios.forecasting.methods import smoothing
from mercurios.forecasting.methods.additive import Bases, fit_additive
from mercurios.forecasting.panel.classes import classify
from mercurios.forecasting.selection import metrics
from mercurios.forecasting.uncertainty.quantiles import ErrorPool, error_spread, quantiles

COMPETITOR_PYTHON = common.ROOT / ".venv-bench" / "bin" / "python"
HORIZON, BLOCK = 8, 4_096
BAR_PROPHET, AIM_PROPHET = 1_000, 5_000
BAR_SMOOTHERS, AIM_SMOOTHERS = 3, 10
BAR_WAPE = {"prophet": 0.92, "sba": 1.0}


def competitor(panel: Panel, prophet_series: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Run the other side on a panel."""
    with tempfile.TemporaryDirectory() as home:
        given, result = Path(home) / "panel.npz", Path(home) / "result.npz"
        np.savez(given, y=panel.y, mask=panel.mask, weeks=panel.week_starts.astype("datetime64[ns]"))
        script = str(Path(__file__).with_name("forecast_competitor.py"))
        command = [str(COMPETITOR_PYTHON), script, str(given), str(result), "--horizon", str(HORIZON)]
        done = subprocess.run(
            [*command, "--prophet", str(prophet_series)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"the other side failed: {done.stderr[-2000:]}")
        with np.load(result) as arrays:
            return json.loads(done.stdout.splitlines()[-1]), dict(arrays)


def seconds(work: Callable[[], object], repetitions: int = 3) -> float:
    """Least wall seconds of several runs."""
    spent = []
    for _ in range(repetitions):
        with common.measured() as block:
            work()
        spent.append(block.wall)
    return min(spent)


def in_blocks(panel: Panel, work: Callable[[Panel], object]) -> None:
    """Work through a panel in blocks that stay in a core's cache, as the product does."""
    for begin in range(0, panel.n_series, BLOCK):
        work(panel.take(slice(begin, begin + BLOCK)))


def prophet_style(panel: Panel, settings: ForecastSettings, pool: ErrorPool) -> np.ndarray:
    """SeasonalFactors, fit, forecast and three quantiles of every series."""
    frame = build_frame(panel, (), settings)
    profile = fit_profile(panel, frame, settings)
    found, cache = [], Bases()
    for begin in range(0, panel.n_series, settings.block_series):
        block = panel.take(slice(begin, begin + settings.block_series))
        factors = seasonal_factors(block, frame, profile, no_effects())
        parts, _ = fit_additive(block, frame, factors, settings, cache)
        mean = np.clip(parts.total(), 0.0, 3.0 * block.y.max(axis=1, keepdims=True))
        scale, code = error_spread(block).at(mean), classify(block)
        found.append(quantiles(mean, scale, code, pool, settings.quantiles))
    return np.concatenate(found)


def speed(report: common.Report, panel: Panel, label: str, prophet_series: int) -> dict[str, np.ndarray]:
    """Time both sides on one panel."""
    settings = ForecastSettings(horizon=HORIZON)
    said, means = competitor(panel, prophet_series)
    pool = fit_shared(panel, (), settings).pool
    report.say(
        f"{label}: {panel.n_series:,} series x {panel.n_weeks} weeks, {prophet_series} of them for Prophet"
    )
    theirs = 1e6 * said["seconds"]["prophet"] / prophet_series
    model = 1e6 * seconds(lambda: prophet_style(panel, settings, pool)) / panel.n_series
    whole = 1e6 * seconds(lambda: forecast(panel, (), settings), 1) / panel.n_series
    report.say(
        f"  us a series: Prophet {said['prophet']} {theirs:,.0f}, additive model {model:.1f}, whole run {whole:.0f}"
    )
    report.at_least(f"{label}: Prophet / additive model", theirs / model, BAR_PROPHET)
    report.say(f"  aim {AIM_PROPHET}; Prophet / whole run {theirs / whole:,.0f}")
    smoothers = {
        "sba": lambda block: smoothing.sba(block, 0.1),
        "tsb": lambda block: smoothing.tsb(block, (0.1,)),
        "ses": lambda block: smoothing.ses(block, (0.1,)),
    }
    for name, work in smoothers.items():
        ours, other = (
            seconds(lambda work=work: in_blocks(panel, work)) / panel.n_series,
            said["seconds"][name] / panel.n_series,
        )
        report.say(
            f"  {name}, us a series: statsforecast {said['statsforecast']} {1e6 * other:.1f}, ours {1e6 * ours:.2f}"
        )
        report.at_least(f"{label}: {name}, statsforecast / ours", other / ours, BAR_SMOOTHERS)
    report.say(f"  aim {AIM_SMOOTHERS}")
    return means


def accuracy(report: common.Report, panel: Panel, actual: np.ndarray, means: dict[str, np.ndarray]) -> None:
    """Errors of both sides on the series that Prophet forecast, and of SBA on all."""
    rows = means["prophet_rows"]
    found = forecast(panel, (), ForecastSettings(horizon=HORIZON)).prediction
    pairs = {"prophet": (rows, means["prophet"]), "sba": (slice(None), means["sba"])}
    for name, (chosen, other) in pairs.items():
        ours, theirs = (metrics.wape(actual[chosen], mean) for mean in (found.mean[chosen], other))
        report.say(f"WAPE, {name}: {theirs:.4f}, ours on the same series {ours:.4f}")
        report.at_most(f"WAPE, ours / {name}", ours / theirs, BAR_WAPE[name])
    levels = (0.5, 0.8, 0.95)
    losses = [
        metrics.weighted_quantile_loss(actual[rows], spread, levels)
        for spread in (found.quantiles[rows], means["prophet_quantiles"])
    ]
    report.at_most("weighted quantile loss, ours / prophet", losses[0] / losses[1], 1.0)
    report.say(
        f"bias, ours {metrics.bias(actual, found.mean):+.3f}: one origin, the eight weeks before Christmas"
    )


def main() -> int:
    """Compare and print."""
    options = common.parser(__doc__).parse_args()
    report = common.Report("forecast_comparison", options.quick)
    if not COMPETITOR_PYTHON.exists():
        raise RuntimeError(
            f"{COMPETITOR_PYTHON} is missing: `make bench` prepares it from requirements-bench.txt"
        )
    panel = forecast_accuracy.read_panel(forecast_accuracy.DEFAULT)
    cut, series = panel.n_weeks - HORIZON, 15 if options.quick else 150
    rows = forecast_accuracy.known_at(panel, cut)
    past, actual = panel.until(cut).take(rows), panel.y[rows, cut:]
    means = speed(report, past, "gift-ware", series)
    accuracy(report, past, actual, means)
    count = 2_000 if options.quick else 20_000
    speed(report, forecast_speed.synthetic(count, 156, 0.02), "synthetic", 15 if options.quick else 60)
    return report.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
