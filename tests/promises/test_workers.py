"""A soak of hours reports the result of every seed: a process that dies or hangs costs its own seed only."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from workers import Worker, Workers


def test_a_process_that_dies_is_a_finding_about_its_seed_and_another_plays_on(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    try:
        before = worker.play(1)
        assert worker._process is not None
        os.kill(int(worker._process.pid or 0), signal.SIGKILL)
        during, after = worker.play(2), worker.play(2)
    finally:
        worker.close()

    assert (before.found, after.found) == ((), ())
    assert during.seed == 2
    assert during.found == ("the process that played it died with exit code -9",)
    assert "make soak SEEDS=1 START=2" in str(during)


def test_a_process_that_hangs_is_a_finding_about_its_seed_and_leaves_nothing_behind(tmp_path: Path) -> None:
    worker = Worker(tmp_path, longest_seconds=0.01)
    try:
        found = worker.play(1).found
    finally:
        worker.close()

    assert found == ("the process that played it took longer than 0 s",)
    assert list(tmp_path.iterdir()) == []


def test_seeds_that_wait_are_not_played_when_the_soak_is_ended(tmp_path: Path) -> None:
    pool = Workers(tmp_path, jobs=1)
    waiting = [pool.submit(seed) for seed in range(1, 5)]
    waiting[0].result()

    pool.close()

    assert waiting[-1].cancelled()
    assert list(tmp_path.iterdir()) == []
