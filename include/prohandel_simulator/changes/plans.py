"""What customers will want on a day, decided before the day begins.

A plan depends only on the seed, the day and facts that never change, not on how the clock was moved; that makes one
advance of 24 hours equal to 24 of one hour. Whether the goods are there is decided when a receipt is booked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from prohandel_simulator.world import World
from prohandel_simulator.worlds import calendar, demand
from prohandel_simulator.worlds.model import rng_for
from prohandel_simulator.worlds.receipts import RETURN, RETURN_PAYMENT, SALE, STAFF_RETURN, STAFF_SALE
from prohandel_simulator.worlds.trading import RETURNS_STORE, RETURNS_WEB, UP_TO_WEEKS


class PlannedLine(NamedTuple):
    """A line before booking: row of articlesize, units, shares taken off, unit price if not the current one."""

    row: int
    units: int
    discounted: float = 0.0
    deducted: float = 0.0
    cents: int | None = None


@dataclass(frozen=True)
class PlannedReceipt:
    """A receipt before booking."""

    seconds: int
    till: int
    branch: int
    kind: int
    customer: int
    staff: int
    payment: int
    lines: tuple[PlannedLine, ...]


class Planner(Protocol):
    """What differs between retailers."""

    def receipts(self, day: int) -> Iterator[PlannedReceipt]:
        """Yield the receipts of a day."""

    def weekly_demand(self, day: int) -> np.ndarray:
        """Return expected units a week per row; 0 for what is not reordered."""

    def markdowns(self, day: int) -> np.ndarray | None:
        """Return the price in cents each article should have, or None when nothing is planned."""


class FashionPlanner:
    """Plans with the process that made the history."""

    up_to_weeks = UP_TO_WEEKS

    def __init__(self, world: World) -> None:
        self._world = world
        self._state = world.state
        self._sold = np.flatnonzero((world.state["row_last_sale"] >= 0) & (world.state["row_base"] > 0))

    def receipts(self, day: int) -> Iterator[PlannedReceipt]:
        """Yield sales and returns, branch by branch."""
        rng = rng_for(self._world.seed, self._world.name, "plan", day)
        state = self._state
        rate = (
            state["row_base"]
            * demand.article_factors(state, calendar.monday_of(day) + 3)[state["row_article"]]
        )
        rate = rate * demand.branch_factors(state, day)[state["row_branch_slot"]]
        wanted = rng.poisson(rate)
        web = state["branch_web"][state["row_branch_slot"][self._sold]]
        back = rng.poisson(rate[self._sold] * np.where(web, RETURNS_WEB, RETURNS_STORE))
        promoted = demand.promotion(state, day)[state["row_article"]]
        sold_rows = np.repeat(np.arange(len(wanted)), wanted)
        back_rows = np.repeat(self._sold, back)
        for rows, units, size in ((sold_rows, 1, 2.8), (back_rows, -1, 1.5)):
            for slot, number in enumerate(state["branch_number"]):
                mine = rng.permutation(rows[state["row_branch_slot"][rows] == slot])
                yield from self._grouped(
                    rng, int(number), bool(state["branch_web"][slot]), mine, units, size, promoted
                )

    def _grouped(
        self,
        rng: np.random.Generator,
        branch: int,
        web: bool,
        rows: np.ndarray,
        units: int,
        size: float,
        promoted: np.ndarray,
    ) -> Iterator[PlannedReceipt]:
        start = 0
        while start < len(rows):
            stop = start + int(rng.geometric(1 / size))
            share = rng.triangular(0.0, 0.6, 1.0)
            by_staff = rng.random() < 0.015
            staff = int(rng.choice(self._state["staff_number"]))
            customer = int(rng.choice(self._state["customer_number"])) if rng.random() < 0.21 else 0
            kinds = (STAFF_SALE, STAFF_RETURN) if by_staff else (SALE, RETURN)
            off = 0.25 if by_staff else (0.1 if rng.random() < 0.03 else 0.0)
            yield PlannedReceipt(
                seconds=int(share * 86_000 if web else 36_000 + share * 32_400),
                till=branch * 10 + int(rng.integers(1, 3)),
                branch=branch,
                kind=kinds[units < 0],
                customer=staff if by_staff else customer,
                staff=staff,
                payment=RETURN_PAYMENT if units < 0 else int(rng.choice([1, 2, 83, 85, 86])),
                lines=tuple(PlannedLine(int(row), units, promoted[row], off) for row in rows[start:stop]),
            )
            start = stop

    def weekly_demand(self, day: int) -> np.ndarray:
        """Basics only; collections are bought once."""
        if calendar.weekday(day) != 0:
            return np.zeros(0)
        state = self._state
        rate = state["row_base"] * demand.article_factors(state, day + 14)[state["row_article"]] * 7
        return np.asarray(np.where(state["row_nos"], rate, 0.0))

    def markdowns(self, day: int) -> np.ndarray | None:
        """Markdowns of ageing collections start on Mondays."""
        if calendar.weekday(day) != 0:
            return None
        off = demand.markdown(self._state, day)
        first = self._state["article_price"]
        return np.asarray(first - np.round(first * off / 5).astype(np.int64) * 5)


class ReplayPlanner:
    """Repeats whole invoices of a recent day with the same weekday."""

    up_to_weeks = 4

    def __init__(self, world: World) -> None:
        self._world = world
        self._state = world.state
        self._days = np.unique(world.state["recent_day"])

    def receipts(self, day: int) -> Iterator[PlannedReceipt]:
        """Yield the receipts of one earlier day, with some of its invoices left out and some repeated."""
        moment = calendar.as_date(day)
        closed = (moment.month, moment.day) in {(12, 25), (12, 26), (1, 1)}
        same = [int(one) for one in self._days if calendar.weekday(int(one)) == calendar.weekday(day)]
        if closed or not same:
            return
        rng = rng_for(self._world.seed, self._world.name, "plan", day)
        state = self._state
        lines = np.flatnonzero(state["recent_day"] == rng.choice(same))
        invoices, first = np.unique(state["recent_invoice"][lines], return_index=True)
        chosen = np.sort(rng.integers(0, len(invoices), len(invoices)))
        order = np.argsort(state["recent_invoice"][lines], kind="stable")
        bounds = np.append(np.searchsorted(state["recent_invoice"][lines][order], invoices), len(lines))
        for index in chosen:
            mine = lines[order[bounds[index] : bounds[index + 1]]]
            yield self._copied(rng, mine, lines[first[index]])

    def _copied(self, rng: np.random.Generator, mine: np.ndarray, head: int) -> PlannedReceipt:
        state = self._state
        back = bool(state["recent_return"][head])
        return PlannedReceipt(
            seconds=int(np.clip(state["recent_time"][head] + rng.integers(-900, 900), 0, 86_000)),
            till=int(state["till_number"][0]),
            branch=1,
            kind=RETURN if back else SALE,
            customer=int(state["recent_customer"][head]),
            staff=int(rng.choice(state["staff_number"])),
            payment=RETURN_PAYMENT if back else int(rng.choice([1, 2, 85, 88])),
            lines=tuple(
                PlannedLine(int(row), int(units), cents=int(cents))
                for row, units, cents in zip(
                    state["recent_row"][mine],
                    state["recent_units"][mine],
                    state["recent_cents"][mine],
                    strict=True,
                )
            ),
        )

    def weekly_demand(self, day: int) -> np.ndarray:
        """Orders go out on Mondays and Thursdays."""
        weekly: np.ndarray = self._state["row_weekly"]
        return weekly if calendar.weekday(day) in (0, 3) else np.zeros(0)

    def markdowns(self, day: int) -> np.ndarray | None:
        """The shop has no planned markdowns."""
        return None


def planner_for(world: World) -> FashionPlanner | ReplayPlanner:
    """Return the planner that fits a world's state."""
    return ReplayPlanner(world) if "recent_day" in world.state else FashionPlanner(world)
