"""A shop that delivers exports: a folder of files, a tenant that names them, and a warehouse that loads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mercurios.landing.manifest import Manifest
from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.files.settings import FilesSettings
from mercurios.sources.files.source import FilesSource
from mercurios.tenants import Tenant
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.load import LedgerRow, load_manifest
from mercurios.warehouse.run_plan import begin_run
from mercurios.warehouse.setup import set_up, write_reference

SALES = {"date": "day", "article": "sku", "quantity": "units", "amount": "paid"}
ARTICLES = {"article": "sku", "name": "title"}


class Shop:
    """One tenant of kind `files` with everything its pipeline needs below one folder.

    Args:
        home: the folder.
        datasets: what the tenant file says of them; sales and articles have defaults.
        source: more of what it says of the source.
    """

    def __init__(self, home: Path, datasets: dict[str, dict[str, Any]] | None = None, **source: Any) -> None:
        self.folder = home / "exports"
        self.folder.mkdir()
        self.warehouse = home / "warehouse" / "shop.duckdb"
        named = {
            "sales": {"files": "sales*.csv", "columns": SALES},
            "articles": {"files": "articles.csv", "columns": ARTICLES},
            **(datasets or {}),
        }
        self.tenant = Tenant.model_validate(
            {
                "id": "shop",
                "name": "Shop",
                "time_zone": "Europe/London",
                "country": "GB",
                "currency": "GBP",
                "owner": "tests",
                "landing": f"file://{home / 'landing'}",
                "source": {"kind": "files", "folder": f"file://{self.folder}", "datasets": named, **source},
                "connections": {"warehouse": "duckdb_shop"},
            }
        )
        self.store = LandingStore(self.tenant.landing_url())

    @property
    def settings(self) -> FilesSettings:
        """What the tenant file says of its source."""
        assert isinstance(self.tenant.source, FilesSettings)
        return self.tenant.source

    def write(self, name: str, text: str, encoding: str = "utf-8") -> Path:
        """Write an export."""
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    @contextmanager
    def engine(self) -> Iterator[DuckDBEngine]:
        """Open the warehouse, set up."""
        with DuckDBEngine(self.warehouse, threads=1) as engine:
            set_up(engine)
            yield engine

    def extract(self, run_id: str, *names: str) -> list[str]:
        """Begin a run, land datasets (every one that is named in the tenant file by default), return the manifests."""
        with self.engine() as engine:
            plan = RunPlan.read(
                self.store,
                begin_run(engine, self.store, self.tenant, Run(self.tenant.id, "pipeline__shop", run_id)),
            )
        with FilesSource(self.settings) as source:
            found = [source.extract(name, plan, self.store) for name in names or self.settings.datasets]
        return [url for url in found if url is not None]

    def run(self, run_id: str, *names: str) -> dict[str, LedgerRow]:
        """Extract and load."""
        urls = self.extract(run_id, *names)
        with self.engine() as engine:
            write_reference(engine, self.tenant, self.manifest(urls[0]).source_now.date())
            loaded = [load_manifest(engine, self.store, url, time_zone=self.tenant.time_zone) for url in urls]
        return {row.resource: row for rows in loaded for row in rows}

    def manifest(self, url: str) -> Manifest:
        """Return what was landed."""
        return self.store.read_manifest(url)

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Ask the warehouse."""
        with self.engine() as engine:
            rows: list[dict[str, Any]] = engine.fetch_arrow(sql).to_pylist()
        return rows
