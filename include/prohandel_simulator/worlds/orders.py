"""Purchase orders: positions are grouped to orders by supplier and day, and every receipt of goods is a position.

Codes (of this simulator; the real ones are unknown): status 0 finished, 1 open, 2 closed after a short delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from prohandel_simulator.rendering import TICKS, nested, render_columns, uuids, zoned_ticks
from prohandel_simulator.worlds import calendar
from prohandel_simulator.worlds.model import State, Table, days, fractions, rng_for

FINISHED, OPEN, SHORT = 0, 1, 2
FIRST_ORDER = 100_001


@dataclass
class Positions:
    """Order positions: the articlesize row, units ordered and delivered, day of the order and of the goods."""

    row: np.ndarray
    ordered: np.ndarray
    delivered: np.ndarray
    created: np.ndarray
    arrival: np.ndarray

    @classmethod
    def joined(cls, parts: list[Positions]) -> Positions:
        """Concatenate several sets."""
        names = ("row", "ordered", "delivered", "created", "arrival")
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]).astype(np.int64) for name in names)
        )

    def taken(self, order: np.ndarray) -> Positions:
        """Return the positions with these indices."""
        return Positions(
            self.row[order],
            self.ordered[order],
            self.delivered[order],
            self.created[order],
            self.arrival[order],
        )


def _position_columns(
    positions: Positions, numbers: np.ndarray, status: np.ndarray, state: State, zone: str, seed: int
) -> dict[str, Any]:
    row = positions.row
    rng = rng_for(seed, "order.positions")
    done = positions.delivered > 0
    stamp = np.where(
        done,
        calendar.ticks_at(positions.arrival, 7 * 3600, zone),
        calendar.ticks_at(positions.created, 15 * 3600, zone),
    )
    purchase = state["row_purchase"][row]
    return {
        "id": uuids(rng, len(row)),
        "orderNumber": numbers,
        "articleNumber": state["row_article_number"][row],
        "branchNumber": state["row_branch"][row],
        "sizeGroupNumber": state["row_size_group"][row],
        "sizeGroupPosition": state["row_size_place"][row],
        "size": state["row_size"][row].tolist(),
        "originalEAN": state["row_ean"][row].tolist(),
        "ean": state["row_ean"][row].tolist(),
        "purchasePrice": purchase,
        "netPurchasePrice": purchase,
        "deliveredAmount": positions.delivered * 100,
        "orderAmount": positions.ordered * 100,
        "backlogAmount": (positions.ordered - positions.delivered) * 100,
        "status": status,
        "salePrice": state["row_first_price"][row],
        "labelPrice": state["row_first_price"][row],
        "distributedAmount": positions.delivered * 100,
        "expectedArrival": days(positions.arrival),
        "lastChange": stamp + fractions(rng, len(row)),
    }


def order_table(
    positions: Positions, state: State, zone: str, seed: int, instants_in: str = "UTC"
) -> tuple[Table, State]:
    """Build the `order` resource and what the clock needs to deliver what is still open."""
    supplier = state["row_supplier"][positions.row]
    order = np.lexsort((positions.row, supplier, positions.created))
    positions, supplier = positions.taken(order), supplier[order]
    group = supplier + positions.created * 1_000_000
    first = np.flatnonzero(np.concatenate([[True], np.diff(group) != 0]))
    starts = np.concatenate([first, [len(group)]])
    slot = np.repeat(np.arange(len(first)), np.diff(starts))
    is_open = positions.delivered == 0
    short = ~is_open & (positions.delivered < positions.ordered)
    status = np.select([is_open, short], [OPEN, SHORT], FINISHED)
    columns = _position_columns(positions, slot + FIRST_ORDER, status, state, zone, seed)
    rendered = render_columns("order.positions", columns, slice(0, len(group)), instants_in)
    rng = rng_for(seed, "order")
    created = zoned_ticks(calendar.ticks_at(positions.created[first], 15 * 3600, zone), instants_in)
    header = {
        "number": np.arange(len(first)) + FIRST_ORDER,
        "source": rng.integers(0, 3, len(first)),
        "created": (created // TICKS).astype("datetime64[s]"),
        "supplierNumber": supplier[first],
        "supplierOrderId": "",
        "merchantNumber": 1,
        "info": "",
        "status": np.maximum.reduceat(is_open.astype(np.int64), first),
        "type": 0,
        "positions": nested(rendered, starts),
    }
    opened = {
        "open_slot": slot[is_open],
        "open_place": (np.arange(len(slot)) - first[slot])[is_open],
        "open_row": positions.row[is_open],
        "open_units": positions.ordered[is_open],
        "open_arrival": positions.arrival[is_open],
    }
    return Table(header, len(first)), opened
