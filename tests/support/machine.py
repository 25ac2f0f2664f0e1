"""The same schedules with every decision drawn by Hypothesis, so that one that fails is made short.

The rules are the actions of `actions.py`. What decides often within a step (faults of single requests, the order of
answers) is drawn from seeds that Hypothesis chooses.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import ClassVar

from actions import ACTIONS
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from schedules import Schedule, Stage

DECISIONS = st.randoms(use_true_random=False)


class AnyLife(RuleBasedStateMachine):
    """The life of a retailer, one action after another."""

    stage: ClassVar[Stage]
    played: ClassVar[int] = 0
    schedule: Schedule | None = None

    @initialize(decisions=DECISIONS)
    def begin(self, decisions: random.Random) -> None:
        """Open a retailer."""
        AnyLife.played += 1
        self.schedule = Schedule(self.stage, AnyLife.played, decisions)

    @rule(decisions=DECISIONS)
    def time_passes(self, decisions: random.Random) -> None:
        """Let the source change between two runs."""
        assert self.schedule is not None
        self.schedule.random = decisions
        self.schedule.world_changes()

    @invariant()
    def holds_at_all_times(self) -> None:
        """Fail as soon as something is wrong that must never be."""
        if self.schedule is not None:
            assert not self.schedule.oracle.found, self.schedule.describe()

    def teardown(self) -> None:
        """Read without faults and compare."""
        if self.schedule is None:
            return
        try:
            self.schedule.random = random.Random(0)
            self.schedule.recover()
            assert not self.schedule.oracle.found, (self.schedule.describe(), self.schedule.oracle.found)
        finally:
            self.schedule.close()


def _rule(name: str) -> Callable[[AnyLife, random.Random], None]:
    def play(self: AnyLife, decisions: random.Random) -> None:
        assert self.schedule is not None
        self.schedule.random = decisions
        self.schedule.step(name)

    play.__name__ = name.replace(" ", "_")
    return rule(decisions=DECISIONS)(play)


for _name in ACTIONS:
    setattr(AnyLife, _name.replace(" ", "_"), _rule(_name))
