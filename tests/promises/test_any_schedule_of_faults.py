"""Promises 1, 2, 3 and 4 under schedules that are generated.

A sample of what `make soak SEEDS=10000` plays: the first seeds, those that failed once, and schedules that Hypothesis
draws. Every kind of action and fault is among them. A seed is a whole life of a small retailer, described in
`schedules.py`, and plays the same way every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from actions import ACTIONS
from faulty_storage import StorageFault
from faulty_warehouse import WarehouseFault
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import AnyLife
from schedules import Stage
from source_mutations import MUTATIONS
from workers import Played, memory, play, stage, workers

from prohandel_simulator.faults import Fault

FAILED_ONCE = (132, 1310, 10675, 10681)
# A request that hangs costs time and is rare.
HANGS = 56
SEEDS = (*range(40), HANGS, *FAILED_ONCE)
SHORT = (*range(8), *FAILED_ONCE)
# Takes seconds each time; cases/test_hostile_source.py has it.
FAULTS = tuple(fault for fault in Fault if fault is not Fault.TRICKLE)
EVERY_KIND = (ACTIONS, MUTATIONS, FAULTS, StorageFault, WarehouseFault)
DRAWN = settings(
    max_examples=10,
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
    chosen = {item.callspec.params["seed"] for item in items if hasattr(item, "callspec")}
    every = any(item.name == test_every_kind_of_action_fault_and_mutation_happens.__name__ for item in items)
    # One process: other tests run beside it.
    with workers(1) as pool:
        yield {seed: pool.submit(seed) for seed in SEEDS if every or seed in chosen}


@pytest.fixture(scope="module")
def own_stage() -> Iterator[Stage]:
    with memory() as home, stage(home) as shared:
        yield shared


@pytest.mark.parametrize(
    "seed", [seed if seed in SHORT else pytest.param(seed, marks=pytest.mark.long) for seed in SEEDS]
)
def test_raw_equals_the_source_after_any_schedule_of_faults_and_clean_runs(
    played: dict[int, Future[Played]], seed: int
) -> None:
    result = played[seed].result()

    assert not result.found, str(result)


@pytest.mark.long
@pytest.mark.slow
def test_every_kind_of_action_fault_and_mutation_happens(played: dict[int, Future[Played]]) -> None:
    """Where a change of the schedules loses one, a seed that has it is added: `Played.met` names them."""
    happened = {kind for future in played.values() for kind in future.result().met}

    every = [str(kind) for kinds in EVERY_KIND for kind in kinds]
    assert len(set(every)) == len(every) > 50
    assert set(every) - happened == set()


@pytest.mark.slow
def test_a_seed_replays_exactly(own_stage: Stage) -> None:
    results = []
    for _ in range(2):
        results.append((play(own_stage, 5), own_stage.source.running.simulator.clock.ticks))

    assert results[0] == results[1]


# Making a failing schedule short plays it many times.
@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_raw_equals_the_source_after_any_sequence_of_actions_that_hypothesis_draws(own_stage: Stage) -> None:
    AnyLife.stage = own_stage

    run_state_machine_as_test(AnyLife, settings=DRAWN)
