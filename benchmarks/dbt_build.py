"""The three dbt layers, first on a full reload and again after a day of changes.

`modehaus` has three years of 2,000 articles in six branches. Each layer is a dbt process of its own with the flags of
the DAG's task, which builds all three in one, so every figure holds the start of one (`start` is a process that builds
nothing), and the data tests of its models. The first build is held to its bar with all three layers. After a day the
marts are: their whole process.

`--nodes 20` prints for each layer after a day the models and tests that took longest, and all tests together, as dbt
measured them in wall seconds; two run at a time, and dbt then writes its results, which costs a second more.

Run: PYTHONPATH=include python benchmarks/dbt_build.py [--world giftware] [--repeat 3] [--nodes 20] [--quick]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import common
import pipeline

DBT_PROJECT = common.ROOT / "include" / "dbt"
# A process each, to see what each takes.
LAYERS = {
    "staging": ("tag:staging", "tag:conformed"),
    "intermediate": ("tag:intermediate",),
    "marts": ("tag:marts",),
}
BAR_FIRST_SECONDS = 60.0
BAR_SECOND_MARTS_SECONDS = 10.0
BAR_SECOND_RATIO = 1.1


def dbt(home: Path, tenant_id: str, *arguments: str, results: bool = False) -> common.Spent:
    """Run one dbt command in a process of its own, with target and log folders outside the project.

    Args:
        home: folder of the warehouse.
        tenant_id: whose rows are built.
        arguments: the command.
        results: let dbt write `run_results.json`, which the DAG's tasks do not.
    """
    environment = {
        **os.environ,
        "MERCURIOS_TENANT_ID": tenant_id,
        "MERCURIOS_DUCKDB_PATH": str(pipeline.warehouse(home)),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # As the DAG's tasks, which write neither dbt's log nor its manifest, and have `include` on their path.
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_WRITE_JSON": str(results).lower(),
        "PYTHONPATH": str(common.ROOT / "include"),
    }
    command = [str(Path(sys.executable).with_name("dbt")), *arguments, "--target", "duckdb"]
    with common.measured() as spent:
        done = subprocess.run(
            [*command, "--profiles-dir", "."],
            cwd=DBT_PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout[-2000:]}")
    return spent


def build(
    report: common.Report, home: Path, tenant_id: str, label: str, nodes: int = 0
) -> dict[str, common.Spent]:
    """Build the layers one after another and return what each took, and all of them; print the longest nodes."""
    spent = {}
    for layer, tags in LAYERS.items():
        command = ("build", "--select", *tags, "--exclude-resource-type", "unit_test")
        spent[layer] = dbt(home, tenant_id, *command, results=nodes > 0)
        report.say(f"{label:12s} {layer:12s} {spent[layer]}")
        if nodes:
            say_nodes(report, home, nodes)
    spent["total"] = sum(spent.values(), common.Spent())
    report.say(f"{label:12s} {'total':12s} {spent['total']}")
    return spent


def say_nodes(report: common.Report, home: Path, count: int) -> None:
    """Print the seconds of the longest nodes of the build before, and those of all models and of all tests."""
    results = json.loads((home / "target" / "run_results.json").read_text())["results"]
    nodes = [(result["execution_time"], *result["unique_id"].split(".")[:3:2]) for result in results]
    for kind in ("model", "test"):
        seconds = [spent for spent, of, _ in nodes if of == kind]
        report.say(f"    {len(seconds):4d} {kind}s {sum(seconds):29.2f} s")
    for spent, kind, name in sorted(nodes, reverse=True)[:count]:
        report.say(f"         {kind:5s} {name[:60]:60s} {spent:6.2f} s")


def once(
    report: common.Report, world: str, nodes: int = 0
) -> tuple[dict[str, common.Spent], dict[str, common.Spent]]:
    """Fill a warehouse, build, load a day of changes, build again; return what both builds took."""
    builds: list[dict[str, common.Spent]] = []
    with common.serving(common.simulator(world)) as source, tempfile.TemporaryDirectory() as name:
        home = Path(name)
        for label in ("first", "second"):
            _, ledger = pipeline.run(world, home, source.auth_url, label)
            report.say(f"{label}: {sum(row.loaded for row in ledger):,} rows loaded before it")
            if label == "first":
                # What a tenant's runs leave to the next. Its very first run parses all: 12 s of CPU more.
                dbt(home, world, "parse")
                report.say(f"{'':12s} {'start':12s} {dbt(home, world, 'ls', '--select', 'tag:nothing')}")
            builds.append(build(report, home, world, label, nodes if builds else 0))
            source.advance(24)
    return builds[0], builds[1]


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--world", default="modehaus", choices=["giftware", "modehaus"])
    parser.add_argument("--repeat", type=int, default=1, help="builds from a fresh warehouse (default: 1)")
    parser.add_argument("--nodes", type=int, default=0, help="print so many of the longest models and tests")
    options = parser.parse_args()
    report = common.Report("dbt_build", options.quick)
    runs = [once(report, options.world, options.nodes) for _ in range(1 if options.quick else options.repeat)]
    first = [build["total"].wall for build, _ in runs]
    marts = [build["marts"].wall for _, build in runs]
    ratios = [second["total"].cpu / first["total"].cpu for first, second in runs]
    report.say(f"first build, s: {common.spread(first)}; marts after a day, s: {common.spread(marts)}")
    report.say(f"CPU of second / first: {common.spread(ratios)}")
    report.at_most(
        f"first build of {options.world}, median", statistics.median(first), BAR_FIRST_SECONDS, " s"
    )
    report.at_most("marts after a day, median", statistics.median(marts), BAR_SECOND_MARTS_SECONDS, " s")
    report.at_most(
        "build after a day / first build, CPU, median", statistics.median(ratios), BAR_SECOND_RATIO
    )
    return report.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
