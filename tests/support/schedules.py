"""A seeded life of a retailer: the world moves, requests fail, processes die, and what they left arrives in any order.

Nothing is cleaned up between steps. After the schedule come clean runs, the last with a complete read of
everything, and then RAW must be the source. What must hold at all times is checked after every load.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from retailer import Retailer
from seeded_source import DELETABLE, TENANT, SeededSource, seeded_requests

from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingError
from mercurios.prohandel.client import ProHandelClient
from mercurios.prohandel.errors import ProHandelError
from mercurios.prohandel.extract import _Reading
from mercurios.prohandel.resources import RESOURCES
from mercurios.warehouse.duckdb import DuckDBEngine
from mercurios.warehouse.engine import WarehouseLockedError
from mercurios.warehouse.load import FencedError
from mercurios.warehouse.setup import set_up
from prohandel_simulator.faults import ALL_FAULTS, FaultSchedule

NAMES = ("sale", "articlesize", "order", "voucher", "customer")
CLEAN_RUNS = 2
REPLAY = "python tests/promises/soak.py --seeds 1 --start {seed}"

_HOLDER = """
import sys, duckdb
for line in sys.stdin:
    connection = duckdb.connect(line.strip())
    print("held", flush=True)
    sys.stdin.readline()
    connection.close()
    print("released", flush=True)
"""


class Killed(BaseException):
    """What a process that is killed looks like from inside: nothing after it runs."""


class LockHolder:
    """Another process that takes the warehouse's lock on demand."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    @contextmanager
    def holding(self, path: Path) -> Iterator[None]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        self._say(str(path))
        try:
            yield
        finally:
            self._say("")

    def _say(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline(), "the process that holds the lock died"

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate(timeout=10)


@dataclass
class Stage:
    """What schedules share: the source, an empty warehouse to copy, and the process that holds locks."""

    source: SeededSource
    home: Path
    holder: LockHolder = field(default_factory=LockHolder)

    def __post_init__(self) -> None:
        self.empty = self.home / "empty" / f"{TENANT}.duckdb"
        with DuckDBEngine(self.empty, threads=1) as engine:
            set_up(engine)


class QuickRetailer(Retailer):
    """A retailer whose process keeps its warehouse open until it dies."""

    open_engine: DuckDBEngine | None = None

    @contextmanager
    def engine(self, **options: Any) -> Iterator[DuckDBEngine]:
        if self.open_engine is None or options:
            self.close()
            self.open_engine = DuckDBEngine(self.warehouse, threads=1, **options)
        yield self.open_engine

    def client(self, **settings: Any) -> ProHandelClient:
        client = super().client(**settings)
        client._session.trust_env = (
            False  # looking for proxies before every request takes as long as a small page
        )
        return client

    def close(self) -> None:
        if self.open_engine is not None:
            self.open_engine.close()
        self.open_engine = None


class Schedule:
    """One seed, played."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage, self.seed = stage, seed
        self.random = random.Random(seed)
        self.names = tuple(sorted(self.random.sample(NAMES, self.random.choice([2, 2, 3, 5]))))
        self.silent = self.random.random() < 0.4
        self.modes = {
            name: self.random.choice(["changed", "scan"]) for name in ("sale", "voucher", "customer")
        }
        stage.source.reset()
        stage.source.running.simulator.tenants[TENANT].engine.silent_deletes = self.silent
        home = stage.home / f"seed-{seed}"
        resources = {name: {"mode": mode} for name, mode in self.modes.items()}
        self.retailer = QuickRetailer(stage.source.running, home, TENANT, resources=resources)
        self.retailer.warehouse.parent.mkdir(parents=True)
        shutil.copy(stage.empty, self.retailer.warehouse)
        self.page_size = self.random.choice([9, 20, 50])
        self.workers = self.random.choice([1, 2, 4])
        self.landed: list[str] = []  # manifests that were not loaded, or not knowingly
        self.loaded: list[str] = []
        self.marks: dict[str, datetime] = {}
        self.runs = 0
        self.steps: list[str] = []
        self.found: list[str] = []
        self.actions: dict[str, Callable[[RunPlan], None]] = {
            "read": self.read,
            "killed extract": self.killed_extract,
            "killed load": self.killed_load,
            "lost acknowledgement": self.lost_acknowledgement,
            "rerun": self.rerun,
            "restarted run": self.restarted_run,
            "late": self.late,
            "parallel runs": self.parallel_runs,
            "damaged part": self.damaged_part,
            "locked": self.locked,
        }

    def play(self) -> list[str]:
        """Play everything and return what is wrong."""
        try:
            with seeded_requests(self.random):
                for _ in range(self.random.randint(2, 5)):
                    self.step()
                self.recover()
            return self.found
        finally:
            self.stage.source.running.faulty.faults = None
            self.retailer.close()
            shutil.rmtree(self.stage.home / f"seed-{self.seed}")

    def describe(self) -> str:
        """Say in one line what was played."""
        modes = ", ".join(f"{name} {self.modes.get(name, 'scan')}" for name in self.names)
        silent = "on" if self.silent else "off"
        return f"{modes}; silent deletes {silent}; page size {self.page_size}; steps: {'; '.join(self.steps)}"

    def step(self) -> None:
        action = self.random.choice(sorted(self.actions))
        rate = self.random.choice([0.0, 0.05, 0.15])
        kinds = ALL_FAULTS if self.random.random() < 0.5 else tuple(self.random.sample(ALL_FAULTS, 3))
        self.steps.append(f"{action}, faults {rate}")
        source = self.stage.source
        plan = self.begin()
        source.running.faulty.faults = FaultSchedule(self.random.randrange(2**32), rate, kinds)
        deletes = random.Random(self.random.randrange(2**32))
        with source.deleting(deletes, self.random.choice([0.0, 0.0, 0.1])):
            self.actions[action](plan)
        source.running.faulty.faults = None
        self.world_changes()
        while self.landed and self.random.random() < 0.4:
            self.load(self.landed.pop(self.random.randrange(len(self.landed))))

    def world_changes(self) -> None:
        if self.random.random() < 0.8:
            self.stage.source.running.simulator.advance_hours(self.random.choice([1, 5, 20, 48]))
        for _ in range(self.random.choice([0, 0, 3])):
            self.stage.source.delete(self.random.choice(DELETABLE), self.random)

    def recover(self) -> None:
        """Let what is late arrive, run without faults, and compare."""
        self.random.shuffle(self.landed)
        for url in self.landed:
            self.load(url)
        for _ in range(CLEAN_RUNS):
            self.load(*self.extract(self.begin(), may_fail=False))
        self.compare("after clean runs", gone_may_stay=True)
        scanning = {name: {"mode": "scan"} for name in self.modes}
        self.retailer.tenant = self.retailer.tenant.model_copy(
            update={"extraction": self.retailer.tenant.extraction.model_validate({"resources": scanning})}
        )
        self.load(*self.extract(self.begin(), may_fail=False))
        self.load(*self.random.sample(self.loaded, min(3, len(self.loaded))))
        self.compare("after a complete read")

    def compare(self, when: str, *, gone_may_stay: bool = False) -> None:
        """Compare RAW with the source; what is gone there without a trace only a complete read can tell."""
        for difference in self.retailer.differences(*self.names):
            if not (gone_may_stay and difference.endswith("not at the source")):
                self.found.append(f"{when}: {difference}")

    # What a run is made of.

    def begin(self, run_id: str = "") -> RunPlan:
        self.runs += 1
        return self.retailer.begin(run_id or f"r{self.runs}")

    def extract(self, plan: RunPlan, *names: str, may_fail: bool = True) -> list[str]:
        """Land resources; those the faults make unreadable are missing."""
        urls = []
        for name in names or self.names:
            try:
                urls += self.retailer.extract(
                    plan, name, page_size=self.page_size, pages_in_flight=self.workers, attempts=6
                )
            except ProHandelError:
                if not may_fail:
                    raise
                self.steps.append(f"{name} failed")
        return urls

    def load(self, *urls: str) -> None:
        """Load manifests; a stale one must be refused, no other may."""
        for url in urls:
            stale = self.is_stale(url)
            try:
                self.retailer.load(url)
            except FencedError:
                if not stale:
                    self.found.append(f"{url} was refused although its start is the newest")
            else:
                self.loaded.append(url)
                if stale:
                    self.found.append(f"{url} was loaded although its run was started again")
            self.observe()

    def is_stale(self, url: str) -> bool:
        manifest = self.retailer.store.read_manifest(url)
        [run] = self.retailer.query("select fence from ops.run where run_id = ?", [manifest.run_id])
        return bool(run["fence"] != manifest.fence)

    def observe(self) -> None:
        """Check what must hold at all times."""
        for row in self.retailer.query("select resource, cursor_value from ops.watermark"):
            resource, mark = RESOURCES[row["resource"]], row["cursor_value"]
            [newest] = self.retailer.query(
                f"select max({resource.cursor_column}) as at from raw.{resource.table}"
            )
            if newest["at"] is None or mark > newest["at"]:
                self.found.append(f"{resource.name}: watermark {mark} passed the newest row {newest['at']}")
            if mark < self.marks.get(resource.name, mark):
                self.found.append(f"{resource.name}: the watermark went back to {mark}")
            self.marks[resource.name] = mark
        broken = self.retailer.query(
            "select run_id, resource, attempt from ops.load_ledger group by all having count(*) > 1 or sum(extracted)"
            " <> sum(loaded + quarantined + superseded) or min(least(extracted, loaded, superseded, deleted)) < 0"
        )
        self.found += [f"the ledger does not add up: {row}" for row in broken]

    # What can happen to a run.

    def read(self, plan: RunPlan) -> None:
        self.load(*self.extract(plan))

    def killed_extract(self, plan: RunPlan) -> None:
        place = self.random.choice(
            [
                "prohandel.extract._Reading.take",
                "landing.store.PartWriter.close",
                "landing.store.LandingStore.write_manifest",
            ]
        )
        with self.dying_at(f"mercurios.{place}", self.random.randint(0, 3)):
            self.landed += self.extract(plan)

    def killed_load(self, plan: RunPlan) -> None:
        urls = self.extract(plan)
        for url in urls:
            with self.dying_at("mercurios.warehouse.duckdb.DuckDBEngine._run", self.random.randint(0, 12)):
                self.retailer.load(url)
            self.retailer.close()
            self.observe()
        self.landed += urls

    @contextmanager
    def dying_at(self, place: str, calls: int) -> Iterator[None]:
        """Kill the process at the given call of a function, if it comes that far."""
        name = place.rpartition(".")[2]
        original = resolve_name(place)
        left = iter(range(calls))

        def dying(*arguments: Any, **keywords: Any) -> Any:
            if next(left, None) is None:
                self.steps.append(f"killed in {name}")
                raise Killed
            return original(*arguments, **keywords)

        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            patch.setattr(place, dying)
            yield

    def lost_acknowledgement(self, plan: RunPlan) -> None:
        urls = self.extract(plan)
        self.load(*urls)
        self.landed += urls
        self.load(*urls)

    def rerun(self, plan: RunPlan) -> None:
        urls = self.extract(plan)
        self.world_changes()
        urls += self.extract(plan)
        self.random.shuffle(urls)
        self.load(*urls)

    def restarted_run(self, plan: RunPlan) -> None:
        stale = self.extract(plan)
        again = self.begin(plan.run_id)
        urls = stale + self.extract(again)
        self.random.shuffle(urls)
        self.load(*urls)

    def late(self, plan: RunPlan) -> None:
        self.landed += self.extract(plan)

    def parallel_runs(self, plan: RunPlan) -> None:
        """While one run reads, another begins, reads and perhaps loads."""
        other = self.begin()
        turn = self.random.randint(0, 3)
        take = _Reading.take
        left = iter(range(turn))

        def interrupted(reading: _Reading, page: Any) -> None:
            if next(left, None) is None and not began:
                began.append(True)
                urls = self.extract(other, reading.resource.name)
                self.load(*urls) if self.random.random() < 0.5 else self.landed.extend(urls)
            take(reading, page)

        for name in self.names:
            began: list[bool] = []
            left = iter(range(turn))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(_Reading, "take", interrupted)
                urls = self.extract(plan, name)
            self.load(*urls)

    def damaged_part(self, plan: RunPlan) -> None:
        """A part is cut short after its manifest was written: nothing of it may be loaded."""
        for url in self.extract(plan):
            parts = self.retailer.store.read_manifest(url).parts
            if not parts:
                continue
            path = Path(self.random.choice(parts).url.removeprefix("file://"))
            content = path.read_bytes()
            path.write_bytes(content[: len(content) // 2])
            try:
                self.retailer.load(url)
                self.found.append(f"{url} was loaded although a part was damaged")
            except LandingError:
                pass
            if self.random.random() < 0.5:
                path.write_bytes(content)
                self.landed.append(url)

    def locked(self, plan: RunPlan) -> None:
        urls = self.extract(plan)
        self.retailer.close()
        with self.stage.holder.holding(self.retailer.warehouse):
            try:
                with self.retailer.engine(lock_wait=0.05):
                    self.found.append("the warehouse was opened although another process holds it")
            except WarehouseLockedError:
                pass
        self.load(*urls)
