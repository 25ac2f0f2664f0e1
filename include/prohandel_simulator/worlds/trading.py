"""Runs the shops day by day: goods arrive, customers buy what is there, some bring it back, basics are reordered.

Stock-outs really cut sales, because a day sells the smaller of demand and stock. What was not sold is kept in
`row_lost`, which no API shows: tests and forecasts are judged against it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from prohandel_simulator.worlds import calendar, demand
from prohandel_simulator.worlds.model import State, rng_for
from prohandel_simulator.worlds.orders import Positions

RETURNS_STORE, RETURNS_WEB = 0.05, 0.20
UP_TO_WEEKS = 7


@dataclass
class Ledger:
    """Sold and returned units: day, articlesize row, units (negative for returns), day of the original sale."""

    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)

    def book(self, day: int, rows: np.ndarray, units: np.ndarray, sold_on: np.ndarray | int) -> None:
        """Note the units of one day."""
        if len(rows):
            full = np.full(len(rows), day)
            self.parts.append((full, rows, units, np.broadcast_to(sold_on, len(rows)).astype(np.int64)))

    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return everything booked, in order."""
        day, row, units, sold_on = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        return day, row, units, sold_on


class Trading:
    """One run over the history of a fashion retailer."""

    def __init__(self, state: State, seed: int, first_day: int, today: int) -> None:
        self.state = state
        self.rng = rng_for(seed, "trading")
        self.first_day, self.today = first_day, today
        self.stock = np.zeros(len(state["row_base"]), dtype=np.int64)
        self.on_order = np.zeros_like(self.stock)
        self.lost = np.zeros_like(self.stock)
        self.ledger = Ledger()
        self.positions: list[Positions] = []
        self._due: dict[int, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
        self._back: dict[int, list[tuple[np.ndarray, np.ndarray, int]]] = {}
        self._nos = np.flatnonzero(state["article_nos"][state["row_article"]] & (state["row_base"] > 0))
        self._outage = self._supplier_outages()

    def _supplier_outages(self) -> dict[int, tuple[int, int]]:
        span = self.today - self.first_day
        found = {}
        for supplier in np.unique(self.state["row_supplier"]):
            begin = self.first_day + int(self.rng.integers(60, max(61, span)))
            found[int(supplier)] = (begin, begin + int(self.rng.integers(25, 60)))
        return found

    def run(self) -> None:
        """Trade from the first day to the evening before today."""
        self._order_basics_at_start()
        self._order_collections()
        active = np.zeros(0, dtype=np.int64)
        for day in range(self.first_day, self.today):
            if calendar.weekday(day) == 0 or day == self.first_day:
                factors = demand.article_factors(self.state, day + 3)
                active = np.flatnonzero(
                    (factors[self.state["row_article"]] > 0) & (self.state["row_base"] > 0)
                )
                rates = self.state["row_base"][active] * factors[self.state["row_article"][active]]
                branch_of = self.state["row_branch_slot"][active]
                self._review_basics(day)
            self._receive(day)
            branches = demand.branch_factors(self.state, day)
            self._take_back(day, branches)
            self._sell(day, active, rates * branches[branch_of])

    def _place(self, rows: np.ndarray, units: np.ndarray, created: int, arrival: int) -> None:
        keep = units > 0
        rows, units = rows[keep], units[keep].astype(np.int64)
        if not len(rows):
            return
        short = self.rng.random(len(rows)) < 0.01
        delivered = (
            np.where(short & (units > 1), units // 2, units) if arrival < self.today else np.zeros_like(units)
        )
        full = np.ones_like(units)
        self.positions.append(Positions(rows, units, delivered, created * full, arrival * full))
        self.on_order[rows] += units
        self._due.setdefault(arrival, []).append((rows, units, delivered))

    def _order_basics_at_start(self) -> None:
        starts = self.state["article_start"][self.state["row_article"][self._nos]]
        for start in np.unique(starts):
            rows = self._nos[starts == start]
            units = np.ceil(self.state["row_base"][rows] * 7 * (UP_TO_WEEKS + 3)) + 1
            arrival = max(self.first_day, int(start) - 3)
            self._place(rows, units, arrival - 28, calendar.next_open(arrival))

    def _order_collections(self) -> None:
        articles = np.flatnonzero(
            ~self.state["article_nos"] & (self.state["article_start"] < self.today + 75)
        )
        belief = np.exp(self.rng.normal(-0.05, 0.4, len(self.state["article_nos"])))
        for start in np.unique(self.state["article_start"][articles]):
            chosen = articles[self.state["article_start"][articles] == start]
            rows = np.flatnonzero(np.isin(self.state["row_article"], chosen) & (self.state["row_base"] > 0))
            article = self.state["row_article"][rows]
            life = self.state["article_weeks"][article] * 7 * 0.95
            units = np.floor(
                self.state["row_base"][rows] * life * belief[article] + self.rng.random(len(rows))
            )
            arrival = max(self.first_day, int(start) - 2)
            self._place(rows, np.maximum(units, 1), int(start) - 120, calendar.next_open(arrival))

    def _review_basics(self, day: int) -> None:
        state, rows = self.state, self._nos
        article = state["row_article"][rows]
        started = state["article_start"][article] <= day
        weekly = state["row_base"][rows] * demand.article_factors(state, day + 14)[article] * 7
        lead = state["article_lead"][article]
        position = self.stock[rows] + self.on_order[rows]
        low = started & (position < weekly * (lead + 1.6) + 0.8)
        up_to = np.ceil(weekly * (lead + UP_TO_WEEKS)) + 1
        for supplier in np.unique(state["row_supplier"][rows[low]]):
            picked = low & (state["row_supplier"][rows] == supplier)
            weeks = int(lead[picked].max())
            arrival = day + weeks * 7 + int(self.rng.integers(0, 5))
            begin, end = self._outage[int(supplier)]
            if begin <= arrival < end:
                arrival = end + int(self.rng.integers(0, 7))
            self._place(rows[picked], (up_to - position)[picked], day, calendar.next_open(arrival))

    def _receive(self, day: int) -> None:
        for rows, ordered, delivered in self._due.pop(day, []):
            np.add.at(self.stock, rows, delivered)
            np.subtract.at(self.on_order, rows, ordered)

    def _take_back(self, day: int, branches: np.ndarray) -> None:
        for rows, units, sold_on in self._back.pop(day, []):
            is_open = branches[self.state["row_branch_slot"][rows]] > 0
            if not is_open.all():
                self._back.setdefault(day + 1, []).append((rows[~is_open], units[~is_open], sold_on))
            rows, units = rows[is_open], units[is_open]
            np.add.at(self.stock, rows, units)
            self.ledger.book(day, rows, -units, sold_on)

    def _sell(self, day: int, active: np.ndarray, rates: np.ndarray) -> None:
        wanted = self.rng.poisson(rates)
        hit = np.flatnonzero(wanted)
        rows, wanted = active[hit], wanted[hit]
        sold = np.minimum(wanted, self.stock[rows])
        self.lost[rows] += wanted - sold
        rows, sold = rows[sold > 0], sold[sold > 0]
        self.stock[rows] -= sold
        self.ledger.book(day, rows, sold, day)
        web = self.state["branch_web"][self.state["row_branch_slot"][rows]]
        back = self.rng.binomial(sold, np.where(web, RETURNS_WEB, RETURNS_STORE))
        lag = self.rng.integers(2, 18, len(rows))
        for days_later in np.unique(lag[back > 0]):
            picked = (back > 0) & (lag == days_later)
            self._back.setdefault(day + int(days_later), []).append((rows[picked], back[picked], day))
