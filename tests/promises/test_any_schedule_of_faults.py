"""Promises 1, 2 and 4 under schedules that nobody wrote by hand.

40 seeds are played, about a minute of CPU time; `make soak SEEDS=1000` plays more. A seed is a whole life of a small
retailer, described in `schedules.py`, and plays the same way every time.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from schedules import REPLAY, Schedule, Stage
from seeded_source import seeded_source

SEEDS = range(40)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with seeded_source() as source:
        shared = Stage(source, tmp_path_factory.mktemp("schedules"))
        yield shared
        shared.holder.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_raw_equals_the_source_after_any_schedule_of_faults_and_clean_runs(stage: Stage, seed: int) -> None:
    schedule = Schedule(stage, seed)

    found = schedule.play()

    assert found == [], f"{schedule.describe()}\nreplay: {REPLAY.format(seed=seed)}"


def test_a_seed_replays_exactly(stage: Stage) -> None:
    played = []
    for _ in range(2):
        schedule = Schedule(stage, 5)
        found = schedule.play()
        played.append((found, schedule.describe(), stage.source.running.simulator.clock.ticks))

    assert played[0] == played[1]
