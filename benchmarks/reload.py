"""Full reload of a retailer into a fresh warehouse, then the incremental run a day later: seconds by stage.

Begin, extraction of every resource in parallel processes and the load run as in the DAG, against the simulator in
a process of its own. Airflow's own time, the quality gates and dbt are not in these figures.

Run: PYTHONPATH=include python benchmarks/reload.py [--quick]
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import common
import pipeline

BAR_SECONDS = 25.0
BAR_INCREMENTAL_RATIO = 0.75


def once(report: common.Report, world: str) -> tuple[float, float]:
    """Reload, wait a day, load the changes; return the wall seconds of both."""
    totals = []
    with common.serving(common.simulator(world)) as source, tempfile.TemporaryDirectory() as home:
        for label in ("full", "incremental"):
            before = source.cpu()
            stages, ledger = pipeline.run(world, Path(home), source.auth_url, label)
            total = sum(stages.values(), common.Spent())
            extracted, loaded = sum(row.extracted for row in ledger), sum(row.loaded for row in ledger)
            report.say(f"{label}: {extracted:,} rows extracted, {loaded:,} loaded of {len(ledger)} resources")
            for stage, spent in stages.items():
                report.say(f"  {stage:8s} {spent}")
            report.say(f"  {'total':8s} {total}  and {source.cpu() - before:.2f} s CPU of the server")
            totals.append(total.wall)
            source.advance(24)
    return totals[0], totals[1]


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--world", default="giftware", choices=["giftware", "modehaus"])
    parser.add_argument("--repeat", type=int, default=3, help="reloads (default: 3)")
    options = parser.parse_args()
    report = common.Report("reload", options.quick)
    runs = [once(report, options.world) for _ in range(1 if options.quick else options.repeat)]
    full, ratios = [first for first, _ in runs], [second / first for first, second in runs]
    report.say(f"full reload, s: {common.spread(full)}; incremental / full: {common.spread(ratios)}")
    report.at_most("full reload, median", statistics.median(full), BAR_SECONDS, " s")
    report.at_most("incremental / full, median", statistics.median(ratios), BAR_INCREMENTAL_RATIO)
    return report.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
