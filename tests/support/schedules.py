"""A seeded life of a retailer: the world moves, requests fail, processes die, and what they left arrives in any order.

Nothing is cleaned up between steps. After the schedule come clean runs, the last with a complete read of
everything, and then RAW must be the source. What must hold at all times is checked after every load.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from actions import ACTIONS
from faulty_storage import PROTOCOL, StorageFaults
from faulty_warehouse import WarehouseFault
from oracle import Oracle
from processes import LockHolder, Tasks
from publications import Reader
from quick_retailer import FragileRetailer
from quick_retailer import Killed as Killed
from quick_retailer import QuickRetailer as QuickRetailer
from seeded_source import NAMES, TENANT, SeededSource, seeded_requests
from source_mutations import WHILE_READING, commit_before

from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingError
from mercurios.sources.prohandel.extract import extract
from mercurios.sources.prohandel.http.errors import ProHandelError
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.load import FencedError
from mercurios.warehouse.setup import set_up
from prohandel_simulator.faults import ALL_FAULTS, DRIFT_FAULTS, Fault, FaultSchedule

REPLAY = "make soak SEEDS=1 START={seed}"
# Attempts of a task, as Airflow makes them.
PATIENCE = 4


@dataclass
class Stage:
    """What schedules share: the source, warehouses to begin with, and the other processes."""

    source: SeededSource
    home: Path
    holder: LockHolder = field(default_factory=LockHolder)
    tasks: Tasks = field(default_factory=Tasks)
    reader: Reader = field(default_factory=Reader)

    def __post_init__(self) -> None:
        self.empty = self.home / "empty" / f"{TENANT}.duckdb"
        with DuckDBEngine(self.empty, threads=1) as engine:
            set_up(engine)
        self._begun: dict[tuple[str, ...], Path] = {}

    def begun(self, names: tuple[str, ...]) -> Path:
        """Return a warehouse that these collections were read into once, so that the next read may ask for changes."""
        if names not in self._begun:
            self.source.reset()
            retailer = FragileRetailer(self.source.running, self.home / "begun" / "-".join(names), {})
            retailer.warehouse.parent.mkdir(parents=True)
            shutil.copy(self.empty, retailer.warehouse)
            with seeded_requests(random.Random(0)):
                retailer.load(*retailer.extract(retailer.begin("begun"), *names))
            retailer.close()
            self._begun[names] = retailer.warehouse
        return self._begun[names]

    def close(self) -> None:
        """End the other processes."""
        for each in (self.holder, self.tasks, self.reader):
            each.close()


class Schedule:
    """One seed, played.

    Args:
        stage: what schedules share.
        seed: names the schedule.
        draw: takes the decisions; drawn from the seed where none is given.
    """

    def __init__(self, stage: Stage, seed: int, draw: random.Random | None = None) -> None:
        self.stage, self.seed, self.source = stage, seed, stage.source
        self.random = draw or random.Random(seed)
        choice = self.random.choice
        self.names = tuple(sorted(self.random.sample(NAMES, choice([1, 2, 2, 3]))))
        self.modes = {
            name: choice(["changed", "changed", "scan"]) for name in ("sale", "voucher", "customer")
        }
        silent = self.random.random() < 0.4
        self.begun = choice([True, True, False])
        first = stage.begun(self.names) if self.begun else stage.empty
        self.source.reset()
        tenant = self.source.running.simulator.tenants[TENANT]
        tenant.engine.silent_deletes = silent
        self.source.running.simulator.clock.header_ahead = choice([0, 0, -600, -90, 90, 600])
        tenant.longest_page = choice([1000, 1000, 1000, 7])
        self.home = stage.home / f"seed-{seed}"
        self.retailer = FragileRetailer(self.source.running, self.home, self.modes)
        self.retailer.warehouse.parent.mkdir(parents=True)
        shutil.copy(first, self.retailer.warehouse)
        incremental = {name for name in self.names if self.modes.get(name) == "changed"}
        self.oracle = Oracle(self.source, self.retailer, self.names, incremental)
        if self.begun:
            # The first step's source may forget the column of stamps.
            self.oracle.observe()
        self.settings = {
            "page_size": choice([9, 20, 50]),
            "pages_in_flight": choice([1, 2, 4]),
            "attempts": 6,
        }
        # Manifests that were not loaded, or not knowingly.
        self.landed: list[str] = []
        self.loaded: list[str] = []
        # Marts that may be seen.
        self.passed: set[str] = set()
        self.runs = 0
        self.steps: list[str] = []
        # Kinds of actions, faults and mutations that happened.
        self.met: set[str] = set()

    def play(self) -> list[str]:
        """Play everything and return what is wrong."""
        try:
            for _ in range(self.random.randint(2, 4)):
                self.step(self.random.choice(sorted(ACTIONS)))
            self.recover()
            return self.oracle.found
        finally:
            self.close()

    def close(self) -> None:
        """Leave nothing behind."""
        self.source.running.faulty.faults = None
        self.retailer.close()
        shutil.rmtree(self.home)

    def describe(self) -> str:
        """Return in one line what was played."""
        modes = ", ".join(f"{name} {self.modes.get(name, 'scan')}" for name in self.names)
        clock = self.source.running.simulator.clock.header_ahead
        longest = self.source.running.simulator.tenants[TENANT].longest_page
        return (
            f"{modes}; {'begun' if self.begun else 'empty'}; silent deletes {self.source.silent}; "
            f"clock {clock:+d} s; pages of at most {longest}; {self.settings}; steps: {'; '.join(self.steps)}"
        )

    def fork(self) -> random.Random:
        """Return a source of decisions of its own, for what decides often."""
        return random.Random(self.random.randrange(2**32))

    def step(self, action: str) -> None:
        """Let one thing happen to a run, under faults, and then let the world go on."""
        self.steps.append(action)
        self.met.add(action)
        with seeded_requests(self.fork()), self.weather():
            ACTIONS[action](self, self.begin())
        self.world_changes()
        with seeded_requests(self.fork()):
            while self.landed and self.random.random() < 0.4:
                self.load(self.landed.pop(self.random.randrange(len(self.landed))))

    @contextmanager
    def weather(self) -> Iterator[None]:
        """Let requests and storage fail and rows change while they are read, for the length of a `with` block."""
        kinds, rate, most = self._kinds()
        faults = FaultSchedule(self.random.randrange(2**32), rate, kinds, most)
        storage = StorageFaults(self.random.randrange(2**32), self.random.choice([0.0, 0.0, 0.0, 0.02, 0.1]))
        self.steps[-1] += f" (faults {rate}, storage {storage.rate})"
        self.source.running.faulty.faults = faults
        self.retailer.disturb(storage)
        try:
            # Where a page is short, no client can tell which rows cross its end.
            moving = 0.0 if Fault.SHORT_PAGE in kinds else self.random.choice([0.0, 0.1, 0.1])
            with self.source.moving(self.fork(), moving, WHILE_READING):
                yield
        finally:
            self.source.running.faulty.faults = None
            self.retailer.disturb(StorageFaults())
            self.settings.pop("read_timeout", None)
            self.source.only_complete_reads_show |= faults.misled
            self.met |= faults.struck.keys() | storage.struck.keys()

    def _kinds(self) -> tuple[tuple[Fault, ...], float, int | None]:
        sort = self.random.choice(["any"] * 8 + ["some"] * 6 + ["drift"] * 3 + ["short"] * 2 + ["hang"])
        rate = self.random.choice([0.0, 0.05, 0.15])
        if sort == "drift":
            return (self.random.choice(DRIFT_FAULTS),), self.random.choice([0.2, 1.0]), None
        if sort == "short":
            return (Fault.SHORT_PAGE,), 0.1, None
        if sort == "hang":
            self.settings["read_timeout"] = 0.5
            return (Fault.HANG,), 0.1, 1
        if sort == "any":
            return (
                tuple(self.random.sample(ALL_FAULTS, len(ALL_FAULTS) - self.random.randint(0, 6))),
                rate,
                None,
            )
        return tuple(self.random.sample(ALL_FAULTS, 3)), rate, None

    def world_changes(self) -> None:
        """Let time pass, and things happen that the simulated shop would not think of."""
        if self.random.random() < 0.8:
            self.source.running.simulator.advance_hours(self.random.choice([1, 5, 20, 48]))
        for _ in range(self.random.choice([0, 1, 2, 4])):
            name = self.random.choice(self.names)
            kind = self.source.mutate(name, self.fork())
            self.met.add(kind)
            self.steps.append(f"{kind} of {name}")

    def recover(self) -> None:
        """Let what is late arrive, run without faults, and compare."""
        with seeded_requests(self.fork()):
            self.random.shuffle(self.landed)
            while self.landed:
                self.load(self.landed.pop())
            self.commit_late()
            self.settings["page_size"] = self.random.choice([9, 200, 200])
            if self.random.random() < 0.7:
                for name in self.names:
                    self.source.mutate(name, self.fork(), ["repair"])
            self.clean_run()
            self.oracle.compare("after a clean run", complete=False)
            self.clean_run(resync=self.names)
            self.load(*self.random.sample(self.loaded, min(3, len(self.loaded))))
            self.oracle.compare("after a complete read", complete=True)

    def commit_late(self) -> None:
        """Let rows appear with stamps from before the watermark, as far back as the next read still looks."""
        self.oracle.observe()
        for name in self.names:
            mark = self.oracle.marks.get(name)
            if mark is not None and self.random.random() < 0.5:
                self.steps.append(f"late row of {name}")
                commit_before(self.source, name, self.fork(), mark)

    def clean_run(self, resync: tuple[str, ...] = ()) -> None:
        """Run without faults; whatever fails now, fails the schedule."""
        plan = self.begin(resync=resync)
        self.oracle.forget(resync)
        self.load(*self.extract(plan, may_fail=False))

    # What a run is made of.

    def begin(self, run_id: str = "", resync: tuple[str, ...] = ()) -> RunPlan:
        """Begin a run, trying again as often as a task is tried; at last, without faults in storage."""
        self.runs += 1
        run_id = run_id or f"r{self.runs}"
        for _ in range(PATIENCE):
            try:
                return self.retailer.begin(run_id, resync)
            except (LandingError, OSError):
                self.steps.append("begin failed")
        self.retailer.disturb(StorageFaults())
        return self.retailer.begin(run_id, resync)

    def extract(self, plan: RunPlan, *names: str, may_fail: bool = True) -> list[str]:
        """Land resources; those the faults make unreadable are missing."""
        urls = []
        with self.retailer.client(**self.settings) as client:
            for name in names or self.names:
                try:
                    urls.append(extract(client, self.retailer.store, self.retailer.request(name, plan)))
                except (ProHandelError, LandingError, OSError) as error:
                    if not may_fail:
                        raise
                    self.steps.append(f"{name} failed ({type(error).__name__})")
        return urls

    def load(self, *urls: str) -> None:
        """Load manifests; a stale one must be refused, no other may."""
        for url in urls:
            stale = self.is_stale(url)
            try:
                self.retailer.load(url)
            except FencedError:
                if not stale:
                    self.oracle.say(f"{url} was refused although its start is the newest")
            except (LandingError, OSError):
                if not self.retailer.storage.rate:
                    raise
                self.steps.append("load failed")
                self.landed.append(url)
            else:
                self.loaded.append(url)
                if stale:
                    self.oracle.say(f"{url} was loaded although its run was started again")
            self.oracle.observe()

    def load_broken(self, url: str, fault: WarehouseFault) -> bool:
        """Load one manifest through a warehouse that may fail; return whether it said that it was loaded."""
        try:
            self.retailer.load(url)
        except FencedError:
            return True
        except (WarehouseError, LandingError, OSError) as error:
            self.steps.append(f"load failed ({str(error)[:40]})")
            self.met |= {fault} if isinstance(error, WarehouseError) else set()
            return False
        finally:
            self.retailer.close()
            self.oracle.observe()
        return True

    def is_stale(self, url: str) -> bool:
        """Return whether the run of a manifest was started again since."""
        manifest = json.loads(local_path(url).read_text())
        [run] = self.retailer.rows(f"select fence from ops.run where run_id = '{manifest['run_id']}'")
        return bool(run["fence"] != manifest["fence"])


def local_path(url: str) -> Path:
    """Return where a file of the landing area lies."""
    return Path(url.removeprefix(f"{PROTOCOL}://"))
