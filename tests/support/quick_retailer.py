"""Retailers for schedules: one that keeps its warehouse open, and one whose every boundary can be made to fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faulty_storage import PROTOCOL, StorageFaults
from faulty_warehouse import FragileEngine
from retailer import Retailer
from seeded_source import TENANT

from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.run_plan import begin_run
from prohandel_simulator.testing import RunningSimulator


class Killed(BaseException):
    """What a process that is killed looks like from inside: nothing after it runs."""


class QuickRetailer(Retailer):
    """A retailer whose process keeps its warehouse open until it dies."""

    open_engine: DuckDBEngine | None = None

    @contextmanager
    def engine(self, **options: Any) -> Iterator[DuckDBEngine]:
        if self.open_engine is None or options:
            self.close()
            self.open_engine = self.connect(**options)
        yield self.open_engine

    def connect(self, **options: Any) -> DuckDBEngine:
        """Open the warehouse."""
        return DuckDBEngine(self.warehouse, threads=1, **options)

    def close(self) -> None:
        """Let go of the warehouse, as a process that ends does."""
        if self.open_engine is not None:
            self.open_engine.close()
        self.open_engine = None


class FragileRetailer(QuickRetailer):
    """A retailer whose landing area and warehouse fail on request.

    Attributes:
        storage: what goes wrong in the landing area; nothing until it is disturbed.
    """

    def __init__(self, source: RunningSimulator, home: Path, modes: dict[str, str]) -> None:
        super().__init__(
            source, home, TENANT, resources={name: {"mode": mode} for name, mode in modes.items()}
        )
        self.storage = StorageFaults()
        self.store = LandingStore(f"{PROTOCOL}://{self.landing}", faults=self.storage)

    def connect(self, **options: Any) -> FragileEngine:
        return FragileEngine(self.warehouse, threads=1, **options)

    def disturb(self, storage: StorageFaults) -> None:
        """Let the landing area fail as the given faults say."""
        self.storage = self.store._fs.faults = storage

    def begin(self, run_id: str, resync: Sequence[str] = ()) -> RunPlan:
        """Begin a run and return its plan; it reads the named resources completely."""
        with self.engine() as engine:
            url = begin_run(
                engine, self.store, self.tenant, Run(self.tenant.id, "pipeline__tests", run_id), resync
            )
        return RunPlan.read(self.store, url)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query without the way over Arrow, which costs more than a small query."""
        with self.engine() as engine:
            cursor = engine._connection.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
