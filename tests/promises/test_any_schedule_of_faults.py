"""Promises 1, 2, 3 and 4 under schedules that are generated.

170 seeds and 30 schedules drawn by Hypothesis are played; `make soak SEEDS=10000` plays more. A seed is a whole life
of a small retailer, described in `schedules.py`, and plays the same way every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import AnyLife
from schedules import Stage
from workers import Played, memory, play, stage, workers

SEEDS = range(170)
DRAWN = settings(
    max_examples=30,
    stateful_step_count=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[dict[int, Future[Played]]]:
    """The seeds of the selected tests, played side by side while the tests wait for them one after another."""
    items = [
        item
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path
    ]
    seeds = [item.callspec.params["seed"] for item in items if "played" in item.fixturenames]
    with workers() as pool:
        yield {seed: pool.submit(seed) for seed in seeds}


@pytest.fixture(scope="module")
def own_stage() -> Iterator[Stage]:
    with memory() as home, stage(home) as shared:
        yield shared


@pytest.mark.parametrize("seed", SEEDS)
def test_raw_equals_the_source_after_any_schedule_of_faults_and_clean_runs(
    played: dict[int, Future[Played]], seed: int
) -> None:
    result = played[seed].result()

    assert not result.found, str(result)


def test_a_seed_replays_exactly(own_stage: Stage) -> None:
    results = []
    for _ in range(2):
        results.append((play(own_stage, 5), own_stage.source.running.simulator.clock.ticks))

    assert results[0] == results[1]


# Making a failing schedule short plays it many times.
@pytest.mark.timeout(7200)
def test_raw_equals_the_source_after_any_sequence_of_actions_that_hypothesis_draws(own_stage: Stage) -> None:
    AnyLife.stage = own_stage

    run_state_machine_as_test(AnyLife, settings=DRAWN)
