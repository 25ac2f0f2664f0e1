"""Speed and memory of the forecast on a synthetic panel.

The additive model alone (full and gappy histories), then the whole run by stage. Set OPENBLAS_NUM_THREADS=1 to
measure one core. With --daily the same weeks of days, four weeks ahead.

Run: PYTHONPATH=include python benchmarks/forecast_speed.py [--series 20000] [--weeks 156] [--stock-outs 0.02] [--daily]
    [--quick]
"""

from __future__ import annotations

import common
import numpy as np

from mercurios.forecasting import ForecastSettings, Panel, forecast
from mercurios.forecasting.effects.calendar import build_frame
from mercurios.forecasting.effects.profiles import fit_profile
from mercurios.forecasting.effects.regressors import no_effects
from mercurios.forecasting.effects.seasonal_factors import seasonal_factors
from mercurios.forecasting.methods.additive import Bases, fit_additive
from mercurios.forecasting.panel.cadence import DAILY, WEEKLY, Cadence

# A retailer of 100,000 series in ten minutes.
BAR_SERIES_PER_SECOND = 100_000 / 600


def synthetic(series: int, weeks: int, stock_outs: float, seed: int = 1, cadence: Cadence = WEEKLY) -> Panel:
    """Counts with group seasons, noise and a third of the articles listed later; seeded."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 40, series)
    weeks *= cadence.week
    phase = 2 * np.pi * np.arange(weeks) / (52.18 * cadence.week)
    season = np.exp(rng.uniform(0.1, 0.9, 40)[:, None] * np.cos(phase - rng.uniform(0, 6.28, 40)[:, None]))
    level = rng.lognormal(0.3, 1.3, series)
    y = rng.poisson(rng.gamma(2.0, 0.5, (series, weeks)) * level[:, None] * season[group]).astype(np.float64)
    first = np.where(rng.random(series) < 2 / 3, 0, rng.integers(0, weeks - 20 * cadence.week, series))
    mask = (np.arange(weeks) >= first[:, None]) & (rng.random(y.shape) >= stock_outs)
    start = cadence.starts(np.datetime64("2023-01-02"), weeks)
    keys = np.arange(series, dtype=np.int64)
    return Panel(
        np.where(mask, y, 0.0),
        mask,
        start,
        group.astype(np.int64),
        article_number=keys // 10,
        branch_number=keys % 10,
        cadence=cadence,
    )


def model_alone(report: common.Report, panel: Panel, settings: ForecastSettings, label: str) -> None:
    """Time fit and forecast of the additive model without backtest and quantiles."""
    frame = build_frame(panel, (), settings)
    profile = fit_profile(panel, frame, settings)
    cache: Bases = {}
    with common.measured() as spent:
        for begin in range(0, panel.n_series, settings.block_series):
            block = panel.take(slice(begin, begin + settings.block_series))
            factors = seasonal_factors(block, frame, profile, no_effects())
            fit_additive(block, frame, factors, settings, cache)
    per_series = 1e6 * spent.wall / panel.n_series
    report.say(
        f"additive model, {label:24s} {panel.n_series / spent.wall:9,.0f} series/s  {per_series:.1f} us a series"
    )


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--series", type=int, default=20_000)
    parser.add_argument("--weeks", type=int, default=156)
    parser.add_argument("--stock-outs", type=float, default=0.02)
    parser.add_argument("--daily", action="store_true")
    options = parser.parse_args()
    report, cadence = common.Report("forecast_speed", options.quick), DAILY if options.daily else WEEKLY
    settings = ForecastSettings(horizon=28) if options.daily else ForecastSettings()
    count = 5_000 if options.quick else options.series
    panel = synthetic(count, options.weeks, options.stock_outs, cadence=cadence)
    model_alone(report, synthetic(count, options.weeks, 0.0, cadence=cadence), settings, "no stock-outs")
    model_alone(report, panel, settings, f"{options.stock_outs:.0%} stock-out weeks")
    with common.measured() as spent:
        result = forecast(panel, (), settings)
    rate, stages = panel.n_series / spent.wall, result.summary["seconds"]
    report.say(
        f"whole run ({settings.windows} origins), {panel.n_series:,} series x {panel.n_weeks} periods  {spent}"
    )
    report.say("  " + "  ".join(f"{stage} {seconds:.2f} s" for stage, seconds in stages.items()))
    report.say(f"peak memory {common.peak_mib() / 1024:.2f} GiB; panel {panel.y.nbytes / 2**30:.2f} GiB")
    if cadence is DAILY:
        report.say(f"whole run, daily, series/s  {rate:.0f}  no bar")
    else:
        report.at_least("whole run, series/s", rate, BAR_SERIES_PER_SECOND)
    return report.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
