"""The steps of a tenant's pipeline as the DAG runs them, without Airflow around them.

Extract tasks are processes, as many at once as there are cores; begin and load hold the warehouse file one after
the other.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

import common

from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.prohandel.extract import extract
from mercurios.sources.prohandel.request import ExtractRequest
from mercurios.sources.prohandel.resources import CONTRACT
from mercurios.tenants import load_tenants
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.load import LedgerRow, load_manifest
from mercurios.warehouse.run_plan import begin_run
from mercurios.warehouse.setup import set_up, write_reference


def begin(tenant_id: str, home: Path, run_id: str) -> str:
    """Set the warehouse up and return the URL of the run's plan."""
    tenant = load_tenants(only=tenant_id).get(tenant_id)
    with DuckDBEngine(warehouse(home)) as engine:
        set_up(engine)
        run = Run(tenant.id, "benchmark", run_id)
        return begin_run(engine, LandingStore(tenant.landing_url()), tenant, run)


def extract_group(tenant_id: str, group: str, plan_url: str, auth_url: str) -> list[str]:
    """Land one extract group and return its manifests; runs in a worker process."""
    tenant = load_tenants(only=tenant_id).get(tenant_id)
    store = LandingStore(tenant.landing_url())
    plan = RunPlan.read(store, plan_url)
    with common.client(auth_url, tenant_id, tenant.source.pages_in_flight) as client:
        return [
            extract(client, store, ExtractRequest(resource.name, plan, tenant.source, b"benchmark"))
            for resource in CONTRACT.groups()[group]
            if resource.name in plan.resources
        ]


def extract_all(tenant_id: str, plan_url: str, auth_url: str) -> list[str]:
    """Land every group, each in a fresh process, and return the manifests in the order of the groups."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        landed = [
            pool.submit(extract_group, tenant_id, group, plan_url, auth_url) for group in CONTRACT.groups()
        ]
        return [url for future in landed for url in future.result()]


def load(tenant_id: str, home: Path, manifest_urls: list[str], today: str = common.TODAY) -> list[LedgerRow]:
    """Load the tenant's own rows and holidays and the manifests, and return the ledger's rows."""
    tenant = load_tenants(only=tenant_id).get(tenant_id)
    store = LandingStore(tenant.landing_url())
    with DuckDBEngine(warehouse(home)) as engine:
        write_reference(engine, tenant, date.fromisoformat(today))
        return [
            row
            for url in manifest_urls
            for row in load_manifest(engine, store, url, time_zone=tenant.time_zone)
        ]


def warehouse(home: Path) -> Path:
    """Return the tenant's warehouse file."""
    return home / "warehouse.duckdb"


def run(
    tenant_id: str, home: Path, auth_url: str, run_id: str, today: str = common.TODAY
) -> tuple[dict[str, common.Spent], list[LedgerRow]]:
    """Run the pipeline up to RAW and return seconds by stage, and the ledger."""
    os.environ["MERCURIOS_HOME"] = str(home)
    with common.measured() as beginning:
        plan_url = begin(tenant_id, home, run_id)
    with common.measured() as extracting:
        manifests = extract_all(tenant_id, plan_url, auth_url)
    with common.measured() as loading:
        ledger = load(tenant_id, home, manifests, today)
    return {"begin": beginning, "extract": extracting, "load": loading}, ledger
