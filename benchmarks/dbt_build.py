"""All dbt models as the DAG builds them: on a full reload, after a day of changes, and once more after none.

`modehaus` has three years of 2,000 articles in six branches. One dbt process with the flags of the DAG's task builds
all models and runs their data tests; `start` is a process that builds nothing. The first build is held to its bar as
a whole process. After a day the marts are: from the start of the first of them to the end of their last test, beside
whatever of the other layers still runs then. The whole process stands beside it. CPU seconds after a day, in which one
or two rows in a thousand change, and after no change stand beside the first build's. The DAG builds nothing after no
change; here it shows what of a build does not hang on changes at all.

`--nodes 20` prints for each layer after a day the models and tests that took longest, and all tests together, as dbt
measured them in wall seconds; two run at a time.

Run: PYTHONPATH=include python benchmarks/dbt_build.py [--world giftware] [--repeat 3] [--nodes 20] [--quick]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import common
import pipeline
from dbt_process import LAYERS

DBT_PROJECT = common.ROOT / "include" / "dbt"
BAR_FIRST_SECONDS = 60.0
BAR_SECOND_MARTS_SECONDS = 10.0
BAR_SECOND_RATIO = 1.1


@dataclass(frozen=True)
class Node:
    """A model or test that was run: its layer, and when it began and ended, in seconds."""

    layer: str
    kind: str
    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class Build:
    """What a build took as a process, and each of its nodes."""

    spent: common.Spent
    nodes: list[Node]

    def wall(self, layer: str) -> float:
        """Return the seconds from the start of a layer's first node to the end of its last."""
        nodes = [node for node in self.nodes if node.layer == layer]
        return max(node.end for node in nodes) - min(node.begin for node in nodes)


def dbt(home: Path, tenant_id: str, *arguments: str) -> Build:
    """Run one dbt command in a process of its own, with target and log folders outside the project."""
    nodes = home / "nodes.json"
    environment = {
        **os.environ,
        "MERCURIOS_TENANT_ID": tenant_id,
        "MERCURIOS_DUCKDB_PATH": str(pipeline.warehouse(home)),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # As the DAG's tasks, which write neither dbt's log nor its manifest, and have `include` on their path.
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_WRITE_JSON": "false",
        "PYTHONPATH": str(common.ROOT / "include"),
    }
    script = str(Path(__file__).with_name("dbt_process.py"))
    command = [sys.executable, script, str(nodes), *arguments, "--target", "duckdb", "--profiles-dir", "."]
    with common.measured() as spent:
        done = subprocess.run(command, cwd=DBT_PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout[-2000:]}")
    return Build(spent, [Node(**node) for node in json.loads(nodes.read_text())])


def build(report: common.Report, home: Path, tenant_id: str, label: str, nodes: int = 0) -> Build:
    """Build everything and return what it took; print it by layer, and the longest nodes."""
    done = dbt(home, tenant_id, "build", "--exclude-resource-type", "unit_test")
    for layer in LAYERS:
        report.say(f"{label:12s} {layer:12s} {done.wall(layer):7.2f} s from its first node to its last")
        if nodes:
            say_nodes(report, [node for node in done.nodes if node.layer == layer], nodes)
    report.say(f"{label:12s} {'process':12s} {done.spent}")
    return done


def say_nodes(report: common.Report, nodes: list[Node], count: int) -> None:
    """Print the seconds of the longest of these nodes, and those of all models and of all tests."""
    for kind in ("model", "test"):
        seconds = [node.end - node.begin for node in nodes if node.kind == kind]
        report.say(f"    {len(seconds):4d} {kind}s {sum(seconds):29.2f} s")
    for node in sorted(nodes, key=lambda node: node.begin - node.end)[:count]:
        report.say(f"         {node.kind:5s} {node.name[:60]:60s} {node.end - node.begin:6.2f} s")


def once(report: common.Report, world: str, nodes: int = 0) -> tuple[Build, Build, Build]:
    """Fill a warehouse, build, load a day of changes, build again, and again without a change; return the builds."""
    with common.serving(common.simulator(world)) as source, tempfile.TemporaryDirectory() as name:
        home = Path(name)
        load(report, home, world, source.auth_url, "first")
        # What a tenant's runs leave to the next. Its very first run parses all: 12 s of CPU more.
        dbt(home, world, "parse")
        start = dbt(home, world, "ls", "--select", "tag:nothing").spent
        report.say(f"{'':12s} {'start':12s} {start}")
        first = build(report, home, world, "first")
        source.advance(24)
        load(report, home, world, source.auth_url, "second")
        second = build(report, home, world, "second", nodes)
        return first, second, build(report, home, world, "unchanged")


def load(report: common.Report, home: Path, world: str, auth_url: str, label: str) -> None:
    """Run the pipeline up to RAW and say how many rows were loaded."""
    _, ledger = pipeline.run(world, home, auth_url, label)
    report.say(f"{label}: {sum(row.loaded for row in ledger):,} rows loaded before it")


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--world", default="modehaus", choices=["giftware", "modehaus"])
    parser.add_argument("--repeat", type=int, default=3, help="builds from a fresh warehouse (default: 3)")
    parser.add_argument("--nodes", type=int, default=0, help="print so many of the longest models and tests")
    options = parser.parse_args()
    report = common.Report("dbt_build", options.quick)
    runs = [once(report, options.world, options.nodes) for _ in range(1 if options.quick else options.repeat)]
    first = [first.spent.wall for first, _, _ in runs]
    marts = [second.wall("marts") for _, second, _ in runs]
    whole = [second.spent.wall for _, second, _ in runs]
    ratios = [second.spent.cpu / first.spent.cpu for first, second, _ in runs]
    unchanged = [third.spent.cpu / first.spent.cpu for first, _, third in runs]
    report.say(f"first build, s: {common.spread(first)}")
    report.say(f"after a day, s: {common.spread(whole)}; its marts: {common.spread(marts)}")
    report.say(
        f"CPU after a day / first: {common.spread(ratios)}; after no change: {common.spread(unchanged)}"
    )
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
