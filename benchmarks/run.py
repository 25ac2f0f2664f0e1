"""Runs all benchmarks one after another, goes on after a miss, and says at the end which bars were missed.

Run: PYTHONPATH=include python benchmarks/run.py [--quick] [name ...]
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import common

NAMES = (
    "parsing",
    "simulator_throughput",
    "extraction",
    "reload",
    "load",
    "dlt_comparison",
    "dbt_build",
    "idle_hour",
    "forecast_accuracy",
    "forecast_speed",
    "forecast_comparison",
    "replenishment_outcome",
)


def run(name: str, options: list[str]) -> str:
    """Run one benchmark and return its verdict; 1 is the exit code of a missed bar, others are failures."""
    path = Path(__file__).with_name(f"{name}.py")
    begin = time.monotonic()
    code = subprocess.run([sys.executable, str(path), *options]).returncode
    verdict = {0: "ok", 1: "MISSED"}.get(code, f"FAILED with exit code {code}")
    return f"{name:22s} {verdict}  ({time.monotonic() - begin:.0f} s)"


def main() -> int:
    """Run and summarise."""
    parser = common.parser(__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which: {', '.join(NAMES)} (default: all)")
    given = parser.parse_args()
    if unknown := sorted(set(given.names) - set(NAMES)):
        parser.error(f"there is no benchmark {', '.join(unknown)}; choose from {', '.join(NAMES)}")
    options = ["--quick"] if given.quick else []
    verdicts = []
    for name in given.names or NAMES:
        verdicts.append(run(name, options))
        print(flush=True)
    print("\n".join(verdicts))
    return int(any(" ok " not in verdict for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
