"""Load and merge of a Parquet set into RAW against a bare copy of the same files, and a small change set.

The bare copy reads the same Parquet into a table of the same columns in a DuckDB file of its own, without keys,
versions, ledger or guard: what the loader does beyond it is the price of exactly-once. Both include the commit
and the closing of the file. The bar applies to CPU seconds; the wall ratio, which swings by half on a shared
machine, is printed beside it.

Run: PYTHONPATH=include python benchmarks/load.py [--rows 10000000] [--quick]
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import common
import duckdb
import numpy as np
import psutil
import pyarrow as pa
import sale_rows

from mercurios.landing.manifest import Counts, Manifest
from mercurios.landing.part_writer import PartWriter
from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows.landed_table import schema
from mercurios.tenants import load_tenants
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.load import load_manifest
from mercurios.warehouse.run_plan import begin_run
from mercurios.warehouse.setup import set_up

BAR_COPY_RATIO = 2.5
BAR_CHANGES_RATIO = 0.1
CHANGED_SHARE = 0.001
ROWS, QUICK_ROWS = 10_000_000, 300_000
TENANT = "giftware"


def rows_for_this_machine() -> int:
    """Return 10 million, fewer where less than 12 GiB of memory are free."""
    free = psutil.virtual_memory().available / 2**30
    return min(ROWS, int(ROWS * free / 12) // 100_000 * 100_000)


def land(store: LandingStore, tables: Iterator[pa.Table], plan: RunPlan, *, complete: bool) -> str:
    """Write rows and their manifest as an extraction does, and return the manifest's URL."""
    resource = RESOURCES["sale"]
    prefix = store.prefix(TENANT, "sale", plan.run_id, 1)
    writer = PartWriter(store, f"{prefix}/sale-rows.parquet", "rows", "sale", schema(resource))
    for table in tables:
        writer.write(table)
    parts = writer.close()
    now = datetime.now(UTC)
    manifest = Manifest(
        tenant_id=TENANT,
        resource="sale",
        run_id=plan.run_id,
        attempt=1,
        fence=plan.fence,
        mode="changed",
        complete=complete,
        extracted_at=now,
        source_now=now,
        cursor_from=None,
        cursor_to=None,
        counts={"sale": Counts(extracted=writer.rows, unchanged=0, quarantined=0)},
        drift=[],
        parts=parts,
    )
    return store.write_manifest(prefix, manifest)


def merge(
    path: Path, store: LandingStore, run_id: str, tables: Iterator[pa.Table], *, complete: bool
) -> common.Spent:
    """Begin a run, land the rows, and return what the load took."""
    tenant = load_tenants(only=TENANT).get(TENANT)
    with DuckDBEngine(path) as engine:
        set_up(engine)
        plan = RunPlan.read(store, begin_run(engine, store, tenant, Run(tenant.id, "benchmark", run_id)))
    url = land(store, tables, plan, complete=complete)
    with common.measured() as spent, DuckDBEngine(path) as engine:
        (row,) = load_manifest(engine, store, url, time_zone=tenant.time_zone)
    if row.loaded != row.extracted:
        raise RuntimeError(f"not every row was loaded: {row}")
    return spent


def bare_copy(path: Path, folder: Path) -> common.Spent:
    """Copy the same Parquet files into an empty table and return what it took."""
    files = sorted(str(found) for found in folder.rglob("*-rows.parquet"))
    with common.measured() as spent, duckdb.connect(str(path)) as connection:
        connection.read_parquet(files).create("bare")
    return spent


def once(report: common.Report, rows: int, seed: int) -> tuple[float, float, float]:
    """Return load / bare copy in wall seconds and in CPU seconds, and change set / full load in wall seconds."""
    changed = max(1, int(rows * CHANGED_SHARE))
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        landing = home / "landing"
        store = LandingStore(f"file://{landing}")
        full = merge(
            home / "warehouse.duckdb",
            store,
            "full",
            sale_rows.tables(TENANT, rows, seed, version=1),
            complete=True,
        )
        bare = bare_copy(home / "bare.duckdb", landing)
        picked = np.random.default_rng(seed).choice(rows, changed, replace=False)
        updates = sale_rows.tables(TENANT, rows, seed, version=2, only=np.sort(picked))
        change = merge(home / "warehouse.duckdb", store, "changes", updates, complete=False)
    report.say(f"{rows:,} rows, bare copy     {bare}")
    report.say(f"{rows:,} rows, load         {full}  {rows / full.wall:,.0f} rows/s")
    report.say(f"{changed:,} changed rows, load     {change}")
    return full.wall / bare.wall, full.cpu / bare.cpu, change.wall / full.wall


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument(
        "--rows", type=int, help="rows of the full load (default: 10 million, fewer on a small machine)"
    )
    parser.add_argument("--repeat", type=int, default=1, help="loads into a fresh file (default: 1)")
    options = parser.parse_args()
    report = common.Report("load", options.quick)
    rows = options.rows or (QUICK_ROWS if options.quick else rows_for_this_machine())
    found = [once(report, rows, seed) for seed in range(1 if options.quick else options.repeat)]
    copies, cpu, changes = zip(*found, strict=True)
    report.say(f"load / bare copy: {common.spread(copies)}, in CPU seconds: {common.spread(cpu)}")
    report.say(f"changes / full load: {common.spread(changes)}")
    report.at_most("load and merge / bare copy, CPU, median", statistics.median(cpu), BAR_COPY_RATIO)
    report.at_most("0.1 % changes / full load, median", statistics.median(changes), BAR_CHANGES_RATIO)
    return report.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
