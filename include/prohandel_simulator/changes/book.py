"""Books what happens into a world's rows: receipts, stock and prices.

Stock and price changes of one advance are collected and written once per row, with the instant of the last of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from prohandel_simulator.changes.plans import PlannedLine, PlannedReceipt
from prohandel_simulator.rendering import tick_text, zoned_ticks
from prohandel_simulator.schema import REVERSAL_OFFSET
from prohandel_simulator.world import World
from prohandel_simulator.worlds import calendar

CASHIER = 997


def derived_uuid(*words: object) -> str:
    """Return a UUID that depends only on the words."""
    digest = hashlib.blake2b("|".join(map(str, words)).encode(), digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))


@dataclass(frozen=True)
class BookedLine:
    """A booked line: its slot in `sale`, row of articlesize and units."""

    slot: int
    row: int
    units: int


def _day_text(day: int) -> str:
    return f"{calendar.as_date(day).isoformat()}T00:00:00"


class Book:
    """Writes to the collections of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.counts: Counter[str] = Counter()
        self.recent: list[list[BookedLine]] = []
        self._sales = world.collections["sale"]
        self._touched: dict[int, int] = {}
        tills = zip(world.state["till_number"].tolist(), world.state["till_last"].tolist(), strict=True)
        self._tills: dict[int, int] = dict(tills)

    def stamp(self, ticks: int) -> str:
        """Write an instant as this world does."""
        if self.world.instants_in == "UTC":
            return tick_text(ticks)
        return tick_text(int(zoned_ticks(np.array([ticks]), self.world.instants_in)[0]))

    def move_stock(
        self, row: int, units: int, ticks: int, sold_on: int | None = None, received_on: int | None = None
    ) -> None:
        """Change the stock of one row and note when it last sold or arrived."""
        state = self.world.state
        state["row_stock"][row] += units
        for name, day in (("sale", sold_on), ("receipt", received_on)):
            if day is not None:
                state[f"row_last_{name}"][row] = day
                if state[f"row_first_{name}"][row] < 0:
                    state[f"row_first_{name}"][row] = day
        self._touched[row] = ticks

    def touch(self, row: int, ticks: int) -> None:
        """Have a row written again, for a change of price."""
        self._touched[row] = ticks

    def write_stock(self) -> None:
        """Write every row of articlesize that changed since the last call."""
        collection, state = self.world.collections["articlesize"], self.world.state
        for row, ticks in self._touched.items():
            wire = collection.read(row)
            wire["stockQuantity"] = int(state["row_stock"][row])
            wire["salePrice"] = wire["labelPrice"] = int(state["row_price"][row]) / 100
            for field, name in (("Sale", "sale"), ("Purchase", "receipt")):
                for edge in ("first", "last"):
                    day = int(state[f"row_{edge}_{name}"][row])
                    known = wire[f"{edge}{field}Date"]
                    wire[f"{edge}{field}Date"] = (
                        known if day < 0 or (edge == "first" and known) else _day_text(day)
                    )
            wire["lastChange"] = self.stamp(ticks)
            collection.update(row, wire, ticks)
        self._touched.clear()

    def book(self, day: int, planned: PlannedReceipt, ticks: int) -> None:
        """Book a receipt as far as there is stock for it; without any, it never happened."""
        booked: list[tuple[PlannedLine, int]] = []
        state = self.world.state
        for line in planned.lines:
            units = line.units
            if units > 0 and not state["row_service"][line.row]:
                units = min(units, int(state["row_stock"][line.row]))
                state["row_lost"][line.row] += line.units - units
            if units:
                booked.append((line, units))
                if not state["row_service"][line.row]:
                    self.move_stock(line.row, -units, ticks, sold_on=day if units > 0 else None)
        if not booked:
            return
        number = self._tills[planned.till] = self._tills[planned.till] + 1
        lines = []
        for place, (line, units) in enumerate(booked, start=1):
            row = self._sale_row(day, planned, number, place, line, units, ticks)
            lines.append(BookedLine(self._sales.add(row, ticks), line.row, units))
        self.recent.append(lines)
        self.counts["sale"] += len(lines)

    def _prices(self, line: PlannedLine) -> tuple[int, int]:
        """Return the price of a unit and its label: the usual price, from which a receipt takes its discount."""
        state = self.world.state
        now = int(state["row_price"][line.row])
        price = now - round(now * line.discounted / 5) * 5 if line.cents is None else line.cents
        if state["row_service"][line.row]:
            return price, max(price, 0)
        usual = int(state["article_price"][state["row_article"][line.row]])
        return price, max(price, usual) if line.cents is None or price > 0 else 0

    def _sale_row(
        self,
        day: int,
        planned: PlannedReceipt,
        number: int,
        place: int,
        line: PlannedLine,
        units: int,
        ticks: int,
    ) -> dict[str, Any]:
        state, row = self.world.state, line.row
        price, label = self._prices(line)
        deduction = int(price * line.deducted) * units
        paid = price * units - deduction
        return {
            "articleNumber": state["row_article_number"][row],
            "branchNumber": planned.branch,
            "articleSizeNumber": state["row_sku"][row],
            "customerNumber": planned.customer,
            "staffNumber": planned.staff,
            "receiptNumber": number,
            "date": _day_text(day),
            "purchasePrice": int(state["row_purchase"][row]) * units / 100,
            "id": derived_uuid(self.world.name, self.world.seed, "sale", number, place),
            "cashierNumber": CASHIER,
            "discount": (label * units - deduction - paid) / 100 if label else 0,
            "cashRegisterNumber": planned.till,
            "deduction": deduction / 100,
            "receiptPosition": place,
            "quantity": units,
            "salePrice": paid / 100,
            "labelPrice": label / 100,
            "paymentOptionNumber": planned.payment,
            "time": planned.seconds,
            "type": planned.kind,
            "lastChange": self.stamp(ticks),
        }

    def reverse(self, lines: list[BookedLine], ticks: int) -> None:
        """Take a receipt back on itself: the same lines with opposite signs and positions from 500001."""
        for line in lines:
            if self._sales.is_deleted(line.slot):
                continue
            row = self._sales.read(line.slot)
            for name in ("quantity", "salePrice", "discount", "deduction", "purchasePrice"):
                row[name] = -row[name] if row[name] else row[name]
            row["receiptPosition"] += REVERSAL_OFFSET
            row["lastChange"] = self.stamp(ticks)
            row["id"] = derived_uuid(
                self.world.name, self.world.seed, "sale", row["receiptNumber"], row["receiptPosition"]
            )
            self._sales.add(row, ticks)
            if not self.world.state["row_service"][line.row]:
                self.move_stock(line.row, line.units, ticks)
            self.counts["reversed"] += 1

    def drop_sale(self, line: BookedLine, ticks: int, silent: bool) -> None:
        """Delete one line; its goods are back in stock."""
        if self._sales.is_deleted(line.slot):
            return
        self._sales.delete(line.slot, ticks, self.stamp(ticks), silent)
        if not self.world.state["row_service"][line.row]:
            self.move_stock(line.row, line.units, ticks)
        self.counts["deleted_silently" if silent else "deleted"] += 1
