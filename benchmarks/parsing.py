"""Parsing: what the DAG files of many tenants cost a dag processor, and what its own file costs a task.

Tenants are copies of the demo's two, each on DuckDB and on Snowflake. The DAG files are parsed in one fresh
process, as the dag processor does it: Airflow is imported before the clock starts. Then one task's parse, which builds
its own tenant's DAG alone, and the size of a DAG as the metadata database keeps it.

Run: PYTHONPATH=include:plugins python benchmarks/parsing.py [--tenants 200] [--quick]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import common

BAR_SECONDS, BAR_TASK_SECONDS, BAR_BYTES = 5.0, 0.25, 40_000
TENANTS, QUICK_TENANTS = 200, 20
DAGS = common.ROOT / "dags"
PARSE = """
import json, resource, sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

took, dags = {}, {}
for path in map(Path, sys.argv[2:]):
    began = cpu()
    bag = DagBag(path, bundle_path=path.parent, bundle_name="bench")
    took[path.stem] = cpu() - began
    assert not bag.import_errors, bag.import_errors
    dags |= bag.dags
began = cpu()
sizes = {name: len(json.dumps(DagSerialization.to_dict(dag))) for name, dag in dags.items()}
tasks = {name: len(dag.tasks) for name, dag in dags.items()}
print(json.dumps({"took": took, "serialized": cpu() - began, "sizes": sizes, "tasks": tasks}))
"""


def write_tenants(folder: Path, count: int) -> None:
    """Write tenant files: copies of the demo's, every second with a Snowflake warehouse."""
    for number in range(count):
        name, engine = ("giftware", "modehaus")[number % 2], ("duckdb", "snowflake")[number // 2 % 2]
        tenant = f"{name}_{number}"
        text = (common.ROOT / "include" / "tenants" / f"{name}.yaml").read_text()
        text = text.replace(f"id: {name}\n", f"id: {tenant}\n").replace(
            f"duckdb_{name}", f"{engine}_{tenant}"
        )
        (folder / f"{tenant}.yaml").write_text(text)


def parsed(tenants: Path, *files: Path, dag_id: str = "") -> dict[str, Any]:
    """Parse DAG files in a fresh process, all of their DAGs or one task's, and return what it took."""
    environment = {
        **os.environ,
        "MERCURIOS_TENANTS_DIR": str(tenants),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
    }
    if dag_id:
        environment |= {
            "_AIRFLOW_PARSING_CONTEXT_DAG_ID": dag_id,
            "_AIRFLOW_PARSING_CONTEXT_TASK_ID": "begin",
        }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PARSE, "--", *map(str, files)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=common.ROOT,
    )
    if done.returncode:
        raise RuntimeError(f"parsing failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--tenants", type=int, help=f"how many tenant files (default: {TENANTS})")
    options = parser.parse_args()
    report = common.Report("parsing", options.quick)
    count = options.tenants or (QUICK_TENANTS if options.quick else TENANTS)
    with tempfile.TemporaryDirectory() as name:
        write_tenants(Path(name), count)
        files = sorted(DAGS.glob("*.py"))
        all_of_them = parsed(Path(name), *files)
        seconds = sum(all_of_them["took"].values())
        for file, took in all_of_them["took"].items():
            report.say(f"{file:24s} {took:6.2f} s CPU")
        report.say(f"serializing {len(all_of_them['sizes'])} DAGs {all_of_them['serialized']:.2f} s CPU")
        for engine, tenant in (("duckdb", "giftware_0"), ("snowflake", "giftware_2")):
            task = parsed(Path(name), DAGS / "tenant_pipeline.py", dag_id=f"pipeline__{tenant}")
            size = sum(each for dag, each in all_of_them["sizes"].items() if dag.endswith(f"__{tenant}"))
            tasks = sum(tasks for dag, tasks in all_of_them["tasks"].items() if dag.endswith(f"__{tenant}"))
            report.say(f"{engine}: {tasks} tasks a tenant")
            report.at_most(
                f"a task's own parse, {engine}", task["took"]["tenant_pipeline"], BAR_TASK_SECONDS, " s CPU"
            )
            report.at_most(f"serialized DAGs a tenant, {engine}", size, BAR_BYTES, " bytes")
        report.at_most(f"{count} tenants, all DAG files", seconds, BAR_SECONDS * count / TENANTS, " s CPU")
    return report.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
