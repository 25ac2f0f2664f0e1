"""Purchase orders while the clock runs: what is due arrives, what runs low is ordered."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from prohandel_simulator.changes.book import Book, derived_uuid
from prohandel_simulator.changes.plans import FashionPlanner, ReplayPlanner
from prohandel_simulator.worlds import calendar
from prohandel_simulator.worlds.model import rng_for
from prohandel_simulator.worlds.orders import FINISHED, OPEN


@dataclass
class OpenPosition:
    """A position that has not arrived: order slot, place in its order, row, units."""

    slot: int
    place: int
    row: int
    units: int


class Purchasing:
    """Open positions by the day they arrive."""

    def __init__(self, book: Book, planner: FashionPlanner | ReplayPlanner) -> None:
        self._book = book
        self._planner = planner
        self._orders = book.world.collections["order"]
        self._due: dict[int, list[OpenPosition]] = defaultdict(list)
        state = book.world.state
        self._on_order = np.zeros(len(state["row_stock"]), dtype=np.int64)
        columns = (state[f"open_{name}"].tolist() for name in ("arrival", "slot", "place", "row", "units"))
        for arrival, *rest in zip(*columns, strict=True):
            self._expect(arrival, OpenPosition(*rest))
        numbers = self._orders.visible
        self._next = int(self._orders.read(int(numbers[-1]))["number"]) + 1 if len(numbers) else 1

    def _expect(self, arrival: int, position: OpenPosition) -> None:
        self._due[arrival].append(position)
        self._on_order[position.row] += position.units

    def receive(self, day: int, ticks: int) -> int:
        """Take in what is due and return how many positions arrived."""
        arrived = [position for due in sorted(self._due) if due <= day for position in self._due[due]]
        for due in [due for due in self._due if due <= day]:
            del self._due[due]
        by_order: dict[int, list[OpenPosition]] = defaultdict(list)
        for position in arrived:
            by_order[position.slot].append(position)
            self._on_order[position.row] -= position.units
            self._book.move_stock(position.row, position.units, ticks, received_on=day)
        for slot, positions in sorted(by_order.items()):
            order = self._orders.read(slot)
            for position in positions:
                self._deliver(order["positions"][position.place], day, ticks)
            order["status"] = int(any(one["status"] == OPEN for one in order["positions"]))
            self._orders.update(slot, order, ticks)
        return len(arrived)

    def _deliver(self, position: dict[str, Any], day: int, ticks: int) -> None:
        position["deliveredAmount"] = position["distributedAmount"] = position["orderAmount"]
        position["backlogAmount"] = 0
        position["status"] = FINISHED
        position["expectedArrival"] = f"{calendar.as_date(day).isoformat()}T00:00:00"
        position["lastChange"] = self._book.stamp(ticks)

    def review(self, day: int, ticks: int) -> int:
        """Order what runs low and return how many positions were ordered."""
        state = self._book.world.state
        weekly = self._planner.weekly_demand(day)
        if not len(weekly):
            return 0
        lead = state["article_lead"][state["row_article"]]
        position = state["row_stock"] + self._on_order
        low = np.flatnonzero((weekly > 0) & (position < weekly * (lead + 1.6) + 0.8))
        suppliers = state["row_supplier"][low]
        for supplier in np.unique(suppliers):
            rows = low[suppliers == supplier]
            units = np.ceil(weekly[rows] * (lead[rows] + self._planner.up_to_weeks)) + 1 - position[rows]
            rng = rng_for(self._book.world.seed, self._book.world.name, "arrival", day, int(supplier))
            arrival = calendar.next_open(day + int(lead[rows].max()) * 7 + int(rng.integers(0, 5)))
            self._place(int(supplier), rows, units.astype(np.int64), arrival, ticks)
        return len(low)

    def _place(self, supplier: int, rows: np.ndarray, units: np.ndarray, arrival: int, ticks: int) -> None:
        number, slot = self._next, self._orders.slots
        self._next += 1
        positions = [
            self._position(number, place, int(row), int(count), arrival, ticks)
            for place, (row, count) in enumerate(zip(rows, units, strict=True))
        ]
        order = {
            "number": number,
            "created": self._book.stamp(ticks).partition(".")[0],
            "supplierNumber": supplier,
            "id": derived_uuid(self._book.world.name, self._book.world.seed, "order", number),
            "merchantNumber": 1,
            "status": OPEN,
            "positions": positions,
        }
        self._orders.add(order, ticks)
        for place, (row, count) in enumerate(zip(rows, units, strict=True)):
            self._expect(arrival, OpenPosition(slot, place, int(row), int(count)))

    def _position(
        self, number: int, place: int, row: int, units: int, arrival: int, ticks: int
    ) -> dict[str, Any]:
        state = self._book.world.state
        ean = str(state["row_ean"][row])
        return {
            "id": derived_uuid(self._book.world.name, self._book.world.seed, "position", number, place),
            "orderNumber": number,
            "articleNumber": state["row_article_number"][row],
            "branchNumber": state["row_branch"][row],
            "sizeGroupNumber": state["row_size_group"][row],
            "sizeGroupPosition": state["row_size_place"][row],
            "size": str(state["row_size"][row]),
            "originalEAN": ean,
            "ean": ean,
            "purchasePrice": state["row_purchase"][row] / 100,
            "netPurchasePrice": state["row_purchase"][row] / 100,
            "deliveredAmount": 0,
            "orderAmount": units,
            "backlogAmount": units,
            "status": OPEN,
            "salePrice": state["row_first_price"][row] / 100,
            "labelPrice": state["row_first_price"][row] / 100,
            "expectedArrival": f"{calendar.as_date(arrival).isoformat()}T00:00:00",
            "lastChange": self._book.stamp(ticks),
        }
