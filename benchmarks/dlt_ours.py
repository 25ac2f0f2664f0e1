"""What this project needs for the sales of a running API: the tasks of the DAG, each in a process of its own.

A task begins the run, extracts and lands, or loads and merges, and knows what the task before it answered. It imports
the product and nothing of the benchmarks' shared parts, whose libraries would count as the product's memory.

Run by dlt_comparison.py: PYTHONPATH=include python benchmarks/dlt_ours.py begin http://127.0.0.1:8000 modehaus FOLDER
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

RUN_ID = "benchmark"
HASH_KEY = b"benchmark"
Task = Callable[[str], str]
"""Does its work with the answer of the task before it, and returns its own."""


def begin(root: str, world: str, home: Path) -> Task:
    """Return the task that sets the warehouse up, begins the run and answers with the URL of its plan."""
    # The engine imports DuckDB late; imports come before the clock.
    import_module("duckdb")

    from mercurios.landing.store import LandingStore
    from mercurios.tenants import load_tenants
    from mercurios.tenants.run import Run
    from mercurios.warehouse.duckdb.engine import DuckDBEngine
    from mercurios.warehouse.run_plan import begin_run
    from mercurios.warehouse.setup import set_up

    def task(_: str) -> str:
        tenant = load_tenants(only=world).get(world)
        with DuckDBEngine(warehouse(home)) as engine:
            set_up(engine)
            run = Run(tenant.id, "benchmark", RUN_ID)
            return begin_run(engine, LandingStore(tenant.landing_url()), tenant, run)

    return task


def extract(root: str, world: str, home: Path) -> Task:
    """Return the task that lands the sales of a plan and answers with the URL of the manifest."""
    # Parts import it late; imports come before the clock.
    import_module("pyarrow.parquet")

    from mercurios.landing.plan import RunPlan
    from mercurios.landing.store import LandingStore
    from mercurios.sources.prohandel.client import ProHandelClient
    from mercurios.sources.prohandel.extract import extract as land
    from mercurios.sources.prohandel.http.settings import ClientSettings, Credentials
    from mercurios.sources.prohandel.request import ExtractRequest
    from mercurios.tenants import load_tenants

    def task(plan_url: str) -> str:
        tenant = load_tenants(only=world).get(world)
        store = LandingStore(tenant.landing_url())
        plan = RunPlan.read(store, plan_url)
        credentials = Credentials(f"demo-key-{world}", f"demo-secret-{world}")
        settings = ClientSettings(pages_in_flight=tenant.source.pages_in_flight)
        with ProHandelClient(f"{root}/auth", credentials, settings) as client:
            return land(client, store, ExtractRequest("sale", plan, tenant.source, HASH_KEY))

    return task


def load(root: str, world: str, home: Path) -> Task:
    """Return the task that loads a manifest: the source's rows alone, as the other side does."""
    # The engine imports DuckDB late.
    import_module("duckdb")

    from mercurios.landing.store import LandingStore
    from mercurios.tenants import load_tenants
    from mercurios.warehouse.duckdb.engine import DuckDBEngine
    from mercurios.warehouse.load import load_manifest

    def task(manifest_url: str) -> str:
        tenant = load_tenants(only=world).get(world)
        store = LandingStore(tenant.landing_url())
        with DuckDBEngine(warehouse(home)) as engine:
            load_manifest(engine, store, manifest_url, time_zone=tenant.time_zone)
        return ""

    return task


TASKS = {"begin": begin, "extract": extract, "load": load}


def warehouse(home: Path) -> Path:
    """Return the tenant's warehouse file."""
    return home / "warehouse.duckdb"


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of those that it waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in spent)


def peak_mib() -> float:
    """Return the greatest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """Run one task and print JSON as the last line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("root", help="address of the API")
    parser.add_argument("world", help="the tenant")
    parser.add_argument("home", type=Path, help="folder for the warehouse and the landing area")
    parser.add_argument("--after", default="", metavar="ANSWER", help="what the task before answered")
    given = parser.parse_args()
    os.environ["MERCURIOS_HOME"] = str(given.home)
    task = TASKS[given.task](given.root, given.world, given.home)
    wall, cpu = time.perf_counter(), cpu_seconds()
    answer = task(given.after)
    took = {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu, "peak_mib": peak_mib()}
    print(json.dumps({"answer": answer, **took}))


if __name__ == "__main__":
    main()
