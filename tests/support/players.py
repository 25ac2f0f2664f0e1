"""Plays seeds in processes of their own, each with its own simulator, as many at once as there are cores."""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.util
import os
import tempfile
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schedules import REPLAY, Schedule, Stage
from seeded_source import seeded_source

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
_stage: Stage | None = None


@dataclass(frozen=True)
class Played:
    """What came of a seed."""

    seed: int
    found: tuple[str, ...]
    description: str

    def __str__(self) -> str:
        """Say what is wrong and how to see it again."""
        lines = [f"seed {self.seed}: {self.description}", *self.found, REPLAY.format(seed=self.seed)]
        return "\n  ".join(lines)


@contextmanager
def stage() -> Iterator[Stage]:
    """Set up what schedules need, in memory where the machine offers it: commits need not reach a disk."""
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="schedules-", dir=where) as home, seeded_source() as source:
        shared = Stage(source, Path(home))
        try:
            yield shared
        finally:
            shared.close()


def play(shared: Stage, seed: int) -> Played:
    """Play one seed; an exception is a finding like any other."""
    schedule = Schedule(shared, seed)
    try:
        found = schedule.play()
    except Exception:
        found = [traceback.format_exc()]
    return Played(seed, tuple(found), schedule.describe())


@contextmanager
def players(jobs: int = 0) -> Iterator[ProcessPoolExecutor]:
    """Start processes that play seeds, as many as there are cores when no number is given; submit `play_here`."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs or os.cpu_count(), spawn, initializer=_raise_curtain) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def _raise_curtain() -> None:
    global _stage
    logging.disable(logging.CRITICAL)
    opened = stage()
    _stage = opened.__enter__()
    multiprocessing.util.Finalize(None, opened.__exit__, args=(None, None, None), exitpriority=10)


def play_here(seed: int) -> Played:
    """Play one seed on the stage of this process."""
    assert _stage is not None
    return play(_stage, seed)
