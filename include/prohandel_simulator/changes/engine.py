"""Lets a tenant live through the time between two clock readings.

Every event has an instant and random numbers of its own, drawn from seed, day and kind. An advance plays the events
it spans in order, so the result does not depend on the steps in which the clock moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prohandel_simulator.changes.book import Book
from prohandel_simulator.changes.plans import PlannedReceipt, planner_for
from prohandel_simulator.changes.purchasing import Purchasing
from prohandel_simulator.clock import START_HOUR_UTC
from prohandel_simulator.rendering import TICKS
from prohandel_simulator.world import World
from prohandel_simulator.worlds import calendar
from prohandel_simulator.worlds.model import fractions, rng_for

_PRICES_AT, _GOODS_AT, _ORDERS_AT = 6 * 3600, 7 * 3600, 15 * 3600
_CORRECTIONS_AT, _DELETIONS_AT = 22 * 3600, 23 * 3600
_REPRICED_A_DAY = 3
_CLOCK_CHANGE = 2 * 3600 * TICKS
"""Instants are computed from a day's noon, so around a change of clocks they may fall into the neighbouring day."""


@dataclass(order=True)
class Event:
    """Something that happens at an instant; `place` keeps events of one instant in order."""

    ticks: int
    place: int
    happen: Callable[[int], None] = field(compare=False)


class ChangeEngine:
    """The change log of one tenant."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.silent_deletes = False
        self._planner = planner_for(world)
        self._book = Book(world)
        self._purchasing = Purchasing(self._book, self._planner)
        self._now = (world.starts_on * 86_400 + START_HOUR_UTC * 3600) * TICKS
        self._planned: dict[int, list[Event]] = {}

    def advance(self, ticks: int) -> dict[str, Any]:
        """Play everything after the last reading up to and including this instant; return counts of it."""
        self._book.counts.clear()
        first = calendar.local_day(self._now - _CLOCK_CHANGE, self.world.zone)
        for day in range(first, calendar.local_day(ticks + _CLOCK_CHANGE, self.world.zone) + 1):
            for event in self._events(day):
                if self._now < event.ticks <= ticks:
                    event.happen(event.ticks)
        self._book.write_stock()
        self._now = max(self._now, ticks)
        return dict(self._book.counts)

    def _events(self, day: int) -> list[Event]:
        if day not in self._planned:
            self._planned = {known: plan for known, plan in self._planned.items() if known >= day - 2}
            self._planned[day] = sorted(self._day(day))
        return self._planned[day]

    def _day(self, day: int) -> Iterator[Event]:
        fixed: tuple[tuple[int, Callable[[int], None]], ...] = (
            (_PRICES_AT, lambda ticks: self._prices(day, ticks)),
            (_GOODS_AT, lambda ticks: self._goods(day, ticks)),
            (_ORDERS_AT, lambda ticks: self._orders(day, ticks)),
            (_CORRECTIONS_AT, lambda ticks: self._corrections(day, ticks)),
            (_DELETIONS_AT, lambda ticks: self._deletions(day, ticks)),
        )
        receipts = list(self._planner.receipts(day))
        rng = rng_for(self.world.seed, self.world.name, "instants", day)
        seconds = np.array([at for at, _ in fixed] + [receipt.seconds for receipt in receipts])
        # A till reports after a while, and what it reports late on a day still belongs to that day.
        lag = np.concatenate([np.zeros(len(fixed), dtype=np.int64), rng.integers(20, 300, len(receipts))])
        full = np.full(len(seconds), day)
        ticks = calendar.ticks_at(full, seconds + lag, self.world.zone) + fractions(rng, len(full))
        for place, (_, happen) in enumerate(fixed):
            yield Event(int(ticks[place]), place, happen)
        for place, receipt in enumerate(receipts, start=len(fixed)):
            yield Event(int(ticks[place]), place, self._booking(day, receipt))

    def _booking(self, day: int, receipt: PlannedReceipt) -> Callable[[int], None]:
        return lambda ticks: self._book.book(day, receipt, ticks)

    def _goods(self, day: int, ticks: int) -> None:
        self._book.counts["received"] += self._purchasing.receive(day, ticks)

    def _orders(self, day: int, ticks: int) -> None:
        self._book.counts["ordered"] += self._purchasing.review(day, ticks)

    def _prices(self, day: int, ticks: int) -> None:
        self._book.recent = []
        state = self.world.state
        target = self._planner.markdowns(day)
        changed: dict[int, int] = {}
        if target is not None:
            due = np.flatnonzero((target != state["article_price_now"]) & ~state["article_nos"])
            changed = {int(article): int(target[article]) for article in due}
        rng = rng_for(self.world.seed, self.world.name, "prices", day)
        basics = np.flatnonzero(state["article_nos"])
        for article in rng.choice(basics, min(_REPRICED_A_DAY, len(basics)), replace=False):
            step = rng.choice([0.95, 1.05])
            changed[int(article)] = max(5, int(state["article_price"][article] * step) // 5 * 5)
            state["article_price"][article] = changed[int(article)]
        for article, cents in changed.items():
            self._reprice(article, cents, ticks)

    def _reprice(self, article: int, cents: int, ticks: int) -> None:
        state, collection = self.world.state, self.world.collections["article"]
        state["article_price_now"][article] = cents
        row = collection.read(article)
        row["price"] = row["labelPrice"] = cents / 100
        row["calculatedPrice"] = max(row["calculatedPrice"], cents / 100)
        row["lastChange"] = self._book.stamp(ticks)
        collection.update(article, row, ticks)
        for slot in np.flatnonzero(state["row_article"] == article):
            state["row_price"][slot] = cents
            self._book.touch(int(slot), ticks)
        self._book.counts["repriced"] += 1

    def _corrections(self, day: int, ticks: int) -> None:
        """Take back one receipt of the day, as a till does after a mistake."""
        rng = rng_for(self.world.seed, self.world.name, "corrections", day)
        candidates = [lines for lines in self._book.recent if all(line.units > 0 for line in lines)]
        if candidates:
            self._book.reverse(candidates.pop(int(rng.integers(0, len(candidates)))), ticks)

    def _deletions(self, day: int, ticks: int) -> None:
        rng = rng_for(self.world.seed, self.world.name, "deletions", day)
        modes = (False, True) if self.silent_deletes else (False,)
        for silent in modes:
            sold = [lines[0] for lines in self._book.recent if len(lines) > 1 and lines[0].units > 0]
            if sold:
                self._book.drop_sale(sold[int(rng.integers(0, len(sold)))], ticks, silent)
            for resource in ("customer", "voucher"):
                collection = self.world.collections[resource]
                if len(collection.visible) > 1:
                    slot = int(collection.visible[int(rng.integers(0, len(collection.visible)))])
                    collection.delete(slot, ticks, self._book.stamp(ticks), silent)
                    self._book.counts["deleted_silently" if silent else "deleted"] += 1
