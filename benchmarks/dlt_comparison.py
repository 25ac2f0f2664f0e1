"""Sales from the API into DuckDB, merged on the key: this project against `dlt`, on the same pages.

`replay.py` serves the pages from a process of its own. In turn, this project begins a run, extracts, lands, loads and
merges into a fresh warehouse (dlt_ours.py), and a process of the bench environment does the same with the REST source
of `dlt` in its best configuration (dlt_competitor.py). Both must end with the same rows.

This project's three tasks are a process each, as in the DAG, the extraction with one that types; `dlt`'s steps are one
process with its normalizers. Seconds are the sums of the tasks'; peak memory is that of the greatest process, its
children included. On neither side are imports in the seconds, and on both they are in the memory. `dlt` gains nothing
by a process for each step: see dlt_competitor.py.

Run: PYTHONPATH=include python benchmarks/dlt_comparison.py [--quick]     (`make bench` prepares the bench environment)
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import common
import duckdb
import psutil

BAR_RATE_RATIO, AIMED_RATE_RATIO = 5.0, 8.0
BAR_MEMORY_RATIO = 0.5
ROWS, QUICK_ROWS = 300_000, 30_000
TENANT = "modehaus"
TASKS = ("begin", "extract", "load")
COMPETITOR_PYTHON = common.ROOT / ".venv-bench" / "bin" / "python"
SAMPLE_SECONDS = 0.05
# Of one core: to ask for shared pages takes milliseconds, in which what is measured waits.
SAMPLING_SHARE = 0.1
CONTENTS = """
    select
        count(*),
        count(distinct id),
        sum(round(quantity * 100)::bigint),
        sum(round(sale_price * 100)::bigint),
        bit_xor(hash(id))
    from raw.sale
"""


def ours(root: str, home: Path) -> dict[str, Any]:
    """Take the sales from the API to RAW, each task in a fresh process, and say what it took."""
    took: dict[str, Any] = {"wall": 0.0, "cpu": 0.0, "peak_mib": 0.0}
    answer = ""
    for task in TASKS:
        command = [
            sys.executable,
            str(Path(__file__).with_name("dlt_ours.py")),
            task,
            root,
            TENANT,
            str(home),
        ]
        done = in_fresh_process(*command, f"--after={answer}")
        answer = done["answer"]
        took[task] = done["wall"]
        took[f"{task} MiB"] = done["peak_mib"]
        took["wall"] += done["wall"]
        took["cpu"] += done["cpu"]
        took["peak_mib"] = max(took["peak_mib"], done["peak_mib"])
    return took


class Memory(threading.Thread):
    """Samples what a process and its children hold until it is stopped; pages that they share count once.

    Args:
        pid: the process.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._done = threading.Event()
        self.peak_mib = 0.0

    def run(self) -> None:
        """Sample."""
        pause = SAMPLE_SECONDS
        while not self._done.wait(pause):
            began = time.perf_counter()
            with suppress(psutil.Error):
                self.peak_mib = max(self.peak_mib, self._now())
            pause = max(SAMPLE_SECONDS, (time.perf_counter() - began) / SAMPLING_SHARE)

    def stop(self) -> None:
        """End the samples."""
        self._done.set()
        self.join()

    def _now(self) -> float:
        process = psutil.Process(self._pid)
        children = process.children(recursive=True)
        every = (process, *children)
        # With children a share of a shared page is each one's; the file that says so exists on Linux only.
        if children and psutil.LINUX:
            return sum(one.memory_full_info().pss for one in every) / 2**20
        return sum(one.memory_info().rss for one in every) / 2**20


def in_fresh_process(*command: str) -> dict[str, Any]:
    """Run one side and return what it printed; peak memory is that of the process with its children.

    Raises:
        RuntimeError: it failed.
    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    memory = Memory(process.pid)
    memory.start()
    output, errors = process.communicate()
    memory.stop()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{errors[-2000:]}")
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    result["peak_mib"] = max(result["peak_mib"], memory.peak_mib)
    return result


def contents(path: Path) -> tuple[Any, ...]:
    """Return what both warehouses must agree on: rows, keys, sums of units and money in hundredths."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(CONTENTS).fetchone() or ()


def once(
    report: common.Report, root: str, rows: int, competitor: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run both sides and return what each took.

    Raises:
        RuntimeError: they did not end with the same rows.
    """
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        mine = ours(root, home)
        dlt = in_fresh_process(*competitor, root, TENANT, name)
        loaded, expected = contents(home / "warehouse.duckdb"), contents(home / "dlt.duckdb")
    if loaded != expected or loaded[0] != rows:
        raise RuntimeError(f"both should hold the same {rows} rows: ours {loaded}, dlt's {expected}")
    for label, result in (("ours", mine), ("dlt", dlt)):
        report.say(shown(label, rows, result))
    return mine, dlt


def shown(label: str, rows: int, result: dict[str, Any]) -> str:
    """Return one side as a line."""
    stages = {
        name: took for name, took in result.items() if name not in ("wall", "cpu", "peak_mib", "version")
    }
    return (
        f"{label:5s}{rows / result['wall']:8,.0f} rows/s  {result['wall']:6.2f} s wall  {result['cpu']:6.2f} s CPU"
        f"  peak {result['peak_mib']:4.0f} MiB  ("
        + ", ".join(
            f"{name} {took:.0f}" if "MiB" in name else f"{name} {took:.2f}" for name, took in stages.items()
        )
        + ")"
    )


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--rows", type=int, help=f"sales to load (default: {ROWS:,})")
    parser.add_argument("--repeat", type=int, default=3, help="pairs of runs (default: 3)")
    parser.add_argument(
        "--competitor",
        type=Path,
        default=COMPETITOR_PYTHON,
        metavar="PYTHON",
        help="python of the bench environment",
    )
    parser.add_argument(
        "--strategy",
        choices=["delete-insert", "upsert"],
        default="delete-insert",
        help="how dlt merges (default: delete-insert; dlt_competitor.py says why)",
    )
    options = parser.parse_args()
    if not options.competitor.exists():
        parser.error(
            f"there is no {options.competitor}: run `make .venv-bench/.installed`, or name one with --competitor"
        )
    competitor = [
        str(options.competitor),
        str(Path(__file__).with_name("dlt_competitor.py")),
        "--strategy",
        options.strategy,
    ]
    report = common.Report("dlt_comparison", options.quick)
    rows = options.rows or (QUICK_ROWS if options.quick else ROWS)
    with common.serving(["benchmarks/replay.py", "--rows", str(rows)]) as source:
        pairs = [
            once(report, source.root, rows, competitor) for _ in range(1 if options.quick else options.repeat)
        ]
    report.say(f"the same {rows:,} rows in both, with {pairs[0][1]['version']}")
    judge(report, rows, pairs)
    return report.exit_code()


def judge(report: common.Report, rows: int, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Hold the medians of the pairs against the bars."""
    for label, side in (("ours", 0), ("dlt", 1)):
        rates = [rows / pair[side]["wall"] for pair in pairs]
        cpu_rates = [rows / pair[side]["cpu"] for pair in pairs]
        peaks = [pair[side]["peak_mib"] for pair in pairs]
        report.say(
            f"{label:5s}rows/s {common.spread(rates)}; per second of CPU {common.spread(cpu_rates)};"
            f" peak MiB {common.spread(peaks)}"
        )
    wall, cpu = ([dlt[name] / ours[name] for ours, dlt in pairs] for name in ("wall", "cpu"))
    memory = [ours["peak_mib"] / dlt["peak_mib"] for ours, dlt in pairs]
    report.say(
        f"ours / dlt, aimed at {AIMED_RATE_RATIO:.0f}: {common.spread(wall)}, in CPU: {common.spread(cpu)}"
    )
    report.at_least("rows/s, ours / dlt, median", statistics.median(wall), BAR_RATE_RATIO)
    report.at_least("rows per second of CPU, ours / dlt, median", statistics.median(cpu), BAR_RATE_RATIO)
    report.at_most("peak memory, ours / dlt, median", statistics.median(memory), BAR_MEMORY_RATIO)


if __name__ == "__main__":
    common.exit_with(main)
