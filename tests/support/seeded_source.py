"""A source that can be set back in milliseconds and that answers in an order a seed decides.

The promise that a seed replays exactly needs two things: every schedule starts from the same world, and which
request is answered first is drawn from the seed instead of being left to threads.
"""

from __future__ import annotations

import copy
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from source_mutations import MUTATIONS

from prohandel_simulator.api import Request, Response
from prohandel_simulator.clock import SimulatedClock
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.store import Collection
from prohandel_simulator.testing import DEFAULT_TODAY, RunningSimulator, running_simulator

TENANT = "mini"
NAMES = ("sale", "articlesize", "order", "voucher", "customer")
# Enough for many small pages, little enough for many schedules.
KEPT = {"sale": 100, "articlesize": 80, "order": 30, "customer": 40}


class SeededSource:
    """One running simulator that many schedules use, one after another, each from the same beginning.

    Attributes:
        unreadable: ids of rows with a value that cannot be read, by resource.
        only_complete_reads_show: rows (resource, id) that changed without a trace an incremental read could find.
    """

    unreadable: defaultdict[str, set[str]]
    only_complete_reads_show: set[tuple[str, str]]

    def __init__(self, running: RunningSimulator) -> None:
        self.running = running
        tenant = running.simulator.tenants[TENANT]
        for resource, kept in KEPT.items():
            collection = tenant.world.collections[resource]
            for slot in collection.visible[:-kept].tolist():
                collection.delete(slot, 0, "", silent=True)
        # Its closures belong to the original and would not follow a copy.
        tenant.engine._planned.clear()
        self._pristine = tenant
        self.reset()

    def reset(self) -> None:
        """Go back to the beginning."""
        simulator = self.running.simulator
        simulator.tenants[TENANT] = copy.deepcopy(self._pristine)
        start = (DEFAULT_TODAY - date(1970, 1, 1)).days
        simulator.clock = SimulatedClock(start)
        self.running.faulty.faults = None
        self.unreadable = defaultdict(set)
        self.only_complete_reads_show = set()

    def collection(self, name: str) -> Collection:
        """Return the rows of one resource."""
        return self.running.simulator.tenants[TENANT].world.collections[name]

    def ids(self, name: str) -> set[str]:
        """Return the ids a resource shows."""
        collection = self.collection(name)
        return {collection.read(slot)["id"] for slot in collection.visible.tolist()}

    def was_added_later(self, name: str, slot: int) -> bool:
        """Return whether a row came since the beginning."""
        return slot >= self._pristine.world.collections[name].slots

    def deleted(self, name: str) -> list[int]:
        """Return the slots of rows that were deleted since the beginning."""
        earlier = set(self._pristine.world.collections[name].deleted)
        return [slot for slot in self.collection(name).deleted if slot not in earlier]

    @property
    def silent(self) -> bool:
        """Whether rows may vanish without a trace."""
        return self.running.simulator.tenants[TENANT].engine.silent_deletes

    @property
    def ticks(self) -> int:
        """Now, by the clock that stamps rows."""
        return self.running.simulator.clock.ticks

    def mutate(self, name: str, seed: random.Random, kinds: Sequence[str] = tuple(MUTATIONS)) -> str:
        """Change rows of a resource, and return how."""
        kind = seed.choice(kinds)
        MUTATIONS[kind](self, name, seed)
        return kind

    @contextmanager
    def moving(self, seed: random.Random, rate: float, kinds: Sequence[str]) -> Iterator[None]:
        """Change rows between the requests of a `with` block."""

        def intercept(_: Simulator, request: Request) -> Response | None:
            if request.path and request.path[0] in NAMES and seed.random() < rate:
                self.mutate(request.path[0], seed, kinds)
                # A read so slow that no overlap covers the changes it missed.
                if seed.random() < 0.1:
                    self.running.simulator.advance_hours(2)
            return None

        found = self.running.application.interceptors
        found.insert(0, intercept)
        try:
            yield
        finally:
            found.remove(intercept)


@contextmanager
def seeded_source() -> Iterator[SeededSource]:
    """Run a source for the length of a `with` block."""
    with running_simulator([TENANT]) as running:
        yield SeededSource(running)


class _Task:
    """A future that is worked on when the pool's seed says so."""

    def __init__(self, pool: SeededPool, work: Callable[[], Any]) -> None:
        self._pool, self._work = pool, work
        self._value: Any = None
        self._error: BaseException | None = None
        self._done = False

    def run(self) -> None:
        try:
            self._value = self._work()
        except Exception as error:
            self._error = error
        self._done = True

    def result(self) -> Any:
        while not self._done:
            self._pool.work()
        if self._error is not None:
            raise self._error
        return self._value

    def done(self) -> bool:
        return self._done

    def cancel(self) -> bool:
        self._pool.forget(self)
        return True


class SeededPool:
    """Replaces a pool of threads: the same overlap of requests, but the seed decides which is sent next."""

    def __init__(self, seed: random.Random, workers: int) -> None:
        self._seed, self._workers = seed, workers
        self._waiting: list[_Task] = []

    def __enter__(self) -> SeededPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()

    def submit(self, work: Callable[..., Any], *arguments: Any) -> _Task:
        task = _Task(self, lambda: work(*arguments))
        self._waiting.append(task)
        return task

    def work(self) -> None:
        """Finish one of the tasks that as many workers could be at."""
        self._waiting.pop(self._seed.randrange(min(self._workers, len(self._waiting)))).run()

    def forget(self, task: _Task) -> None:
        if task in self._waiting:
            self._waiting.remove(task)


@contextmanager
def seeded_requests(seed: random.Random) -> Iterator[None]:
    """Let a seed decide the order of requests for the length of a `with` block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "mercurios.sources.prohandel.paging.list_reader.ThreadPoolExecutor",
            lambda workers, **_: SeededPool(seed, workers),
        )
        yield
