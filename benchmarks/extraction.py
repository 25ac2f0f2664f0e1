"""Extraction of sales: typed rows a second from the API to Parquet, and whether memory stays flat.

The API runs in a process of its own, every extraction in a fresh one, so that its peak memory is its own. Speed is
that of world `modehaus` from the simulator; memory is compared between sizes of a list that the simulator replays. It
is that of the process that reads and holds the keys; the one that types (decision 0067) holds one batch of pages.

Run: PYTHONPATH=include python benchmarks/extraction.py [--quick]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

import common

BAR_ROWS_PER_SECOND = 50_000
BAR_MEMORY_RATIO = 1.2
TENANT = "modehaus"


def extract_sales(auth_url: str) -> dict[str, float]:
    """Extract all sales in this process and say what it took; imports are not part of the seconds."""
    import pyarrow.parquet  # noqa: F401

    from mercurios.landing.plan import ResourcePlan, RunPlan
    from mercurios.landing.store import LandingStore
    from mercurios.sources.prohandel.extract import extract
    from mercurios.sources.prohandel.request import ExtractRequest
    from mercurios.tenants import load_tenants

    tenant = load_tenants(only=TENANT).get(TENANT)
    store = LandingStore(tenant.landing_url())
    plan = RunPlan(
        tenant_id=TENANT, run_id="benchmark", fence=1, resources={"sale": ResourcePlan(mode="scan")}
    )
    request = ExtractRequest("sale", plan, tenant.source, b"benchmark")
    with (
        common.client(auth_url, TENANT, tenant.source.pages_in_flight) as client,
        common.measured() as spent,
    ):
        manifest = store.read_manifest(extract(client, store, request))
    counts = manifest.counts["sale"]
    if counts.quarantined or counts.landed != counts.extracted:
        raise RuntimeError(f"not every row was typed: {counts}")
    return {
        "rows": counts.landed,
        "wall": spent.wall,
        "cpu": spent.cpu,
        "peak_mib": common.peak_mib(),
        "bytes": sum(part.bytes for part in manifest.parts),
    }


def in_fresh_process(auth_url: str) -> dict[str, float]:
    """Extract in a new process with a landing area of its own."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "MERCURIOS_HOME": home}
        command = [sys.executable, __file__, "--child", auth_url]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def shown(result: dict[str, float], server_cpu: float) -> str:
    """Return one extraction as a line."""
    rows = result["rows"]
    return (
        f"{rows:9,.0f} rows  {rows / result['wall']:8,.0f} rows/s  {result['wall']:6.2f} s wall"
        f"  {result['cpu']:6.2f} s CPU  ({server_cpu:5.2f} s CPU of the server)  peak {result['peak_mib']:4.0f} MiB"
    )


def speed(report: common.Report, repeat: int) -> None:
    """Measure rows a second from the simulator."""
    rates, cpu_rates = [], []
    with common.serving(common.simulator(TENANT)) as source:
        for _ in range(repeat):
            before = source.cpu()
            result = in_fresh_process(source.auth_url)
            report.say(shown(result, source.cpu() - before))
            rates.append(result["rows"] / result["wall"])
            cpu_rates.append(result["rows"] / result["cpu"])
    report.say(f"rows/s of wall time: {common.spread(rates)}; per second of CPU: {common.spread(cpu_rates)}")
    report.at_least("typed rows/s, median", statistics.median(rates), BAR_ROWS_PER_SECOND)


def memory(report: common.Report, sizes: list[int]) -> None:
    """Compare peak memory between lists of different length."""
    peaks = []
    for rows in sizes:
        with common.serving(["benchmarks/replay.py", "--rows", str(rows)]) as source:
            result = in_fresh_process(source.auth_url)
            report.say(shown(result, source.cpu()))
        peaks.append(result["peak_mib"])
    label = f"peak memory, {sizes[-1]:,} / {sizes[0]:,} rows"
    report.at_most(label, peaks[-1] / peaks[0], BAR_MEMORY_RATIO)


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--repeat", type=int, default=3, help="extractions for the speed (default: 3)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 500_000, 2_000_000], metavar="ROWS")
    parser.add_argument("--child", metavar="URL", help="extract once from a running API and print JSON")
    options = parser.parse_args()
    if options.child:
        print(json.dumps(extract_sales(options.child)))
        return 0
    report = common.Report("extraction", options.quick)
    speed(report, 1 if options.quick else options.repeat)
    memory(report, [100_000, 300_000] if options.quick else options.sizes)
    return report.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
