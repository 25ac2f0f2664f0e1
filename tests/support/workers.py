"""Plays seeds in processes of their own, each with its own simulator, as many at once as there are cores.

A process that dies or hangs is a finding about the seed it played, and another takes its place.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from schedules import REPLAY, Schedule, Stage
from seeded_source import seeded_source

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
# Then another process goes on: whatever a seed leaves behind in memory stays bounded.
SEEDS_A_PROCESS = 250
# A seed takes seconds.
LONGEST_SECONDS = 300.0


@dataclass(frozen=True)
class Played:
    """The result of a seed.

    Attributes:
        met: the kinds of actions, faults and mutations that happened.
    """

    seed: int
    found: tuple[str, ...]
    description: str
    met: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Return what is wrong and how to see it again."""
        lines = [f"seed {self.seed}: {self.description}", *self.found, REPLAY.format(seed=self.seed)]
        return "\n  ".join(lines)


@contextmanager
def memory() -> Iterator[Path]:
    """Make a folder in memory where the machine offers it: commits need not reach a disk."""
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="schedules-", dir=where) as home:
        yield Path(home)


@contextmanager
def stage(home: Path) -> Iterator[Stage]:
    """Set up in a folder what schedules need."""
    with seeded_source() as source:
        shared = Stage(source, home)
        try:
            yield shared
        finally:
            shared.close()


def play(shared: Stage, seed: int) -> Played:
    """Play one seed; an exception is a finding like any other."""
    schedule: Schedule | None = None
    try:
        schedule = Schedule(shared, seed)
        found = schedule.play()
    except Exception:
        found = [traceback.format_exc()]
    if schedule is None:
        return Played(seed, tuple(found), "it did not begin")
    return Played(seed, tuple(found), schedule.describe(), frozenset(map(str, schedule.met)))


def _perform(seeds: Connection, home: Path) -> None:
    """Play the seeds that come, until the other end is closed."""
    # Whoever started this process ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    # The simulated world is large and lives as long as the process.
    gc.set_threshold(100_000, 50, 50)
    with stage(home) as shared:
        while True:
            try:
                seeds.send(play(shared, seeds.recv()))
            except (EOFError, BrokenPipeError):
                return


class Worker:
    """A process that plays one seed after another, in a folder of its own below the given one.

    Args:
        home: where its folder is made.
        seeds_a_process: seeds after which another process goes on.
        longest_seconds: how long a seed may take.
    """

    def __init__(
        self, home: Path, seeds_a_process: int = SEEDS_A_PROCESS, longest_seconds: float = LONGEST_SECONDS
    ) -> None:
        self._home, self._seeds, self._longest = home, seeds_a_process, longest_seconds
        self._played = 0
        self._process: multiprocessing.process.BaseProcess | None = None

    def play(self, seed: int) -> Played:
        """Play one seed and return the result, the death of the process included."""
        if self._process is not None and self._played >= self._seeds:
            self.close()
        if self._process is None:
            self._start()
        assert self._process is not None
        self._played += 1
        try:
            self._connection.send(seed)
            if not wait([self._connection, self._process.sentinel], self._longest):
                return self._lost(seed, f"took longer than {self._longest:.0f} s")
            if self._connection.poll():
                played: Played = self._connection.recv()
                return played
        except (EOFError, OSError):
            pass
        self._process.join(10)
        return self._lost(seed, f"died with exit code {self._process.exitcode}")

    def close(self) -> None:
        """End the process and remove what it left."""
        if self._process is not None:
            # It ends when no more seeds can come.
            self._connection.close()
            self._process.join(30)
            self._process.kill()
            self._process.join()
            self._process = None
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._folder = Path(tempfile.mkdtemp(dir=self._home))
        self._connection, other = spawn.Pipe()
        self._process = spawn.Process(target=_perform, args=(other, self._folder), daemon=True)
        self._process.start()
        other.close()
        self._played = 0

    def _lost(self, seed: int, what: str) -> Played:
        assert self._process is not None
        self._process.kill()
        self.close()
        return Played(seed, (f"the process that played it {what}",), "nothing is known of its steps")


class Workers:
    """As many processes that play seeds side by side as asked for."""

    def __init__(self, home: Path, jobs: int) -> None:
        self._home, self._local = home, threading.local()
        self._all: list[Worker] = []
        self._threads = ThreadPoolExecutor(jobs)

    def submit(self, seed: int) -> Future[Played]:
        """Have a seed played."""
        return self._threads.submit(self._play, seed)

    def close(self) -> None:
        """Play none of the seeds that wait, and end the processes."""
        self._threads.shutdown(cancel_futures=True)
        for each in self._all:
            each.close()

    def _play(self, seed: int) -> Played:
        if not hasattr(self._local, "worker"):
            self._local.worker = Worker(self._home)
            self._all.append(self._local.worker)
        worker: Worker = self._local.worker
        return worker.play(seed)


@contextmanager
def workers(jobs: int = 0) -> Iterator[Workers]:
    """Start processes that play seeds, as many as there are cores when no number is given."""
    with memory() as home:
        pool = Workers(home, jobs or os.cpu_count() or 1)
        try:
            yield pool
        finally:
            pool.close()
