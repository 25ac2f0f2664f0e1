"""What can happen to rows at the source between two requests or between two runs.

Each mutation changes one collection by a seed. Where only a complete read can notice what it did, it notes the row in
`SeededSource.only_complete_reads_show`; everything else an incremental read must find.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prohandel_simulator.clock import parse_instant
from prohandel_simulator.rendering import TICKS, render_row, tick_text

if TYPE_CHECKING:
    from seeded_source import SeededSource

Row = dict[str, Any]
Mutation = Callable[["SeededSource", str, random.Random], None]

MINUTE, DAY = 60 * TICKS, 86_400 * TICKS
_VALUE = {
    "sale": "salePrice",
    "articlesize": "stockQuantity",
    "customer": "revenue",
    "voucher": "value",
    "order": "overallDiscount",
}
# Fields the simulated shop never calculates with, and what a careless export writes into them.
_DIRT = {
    "sale": (
        ("date", "31.02.2026"),
        ("lastChange", "yesterday"),
        ("time", "noon"),
        ("labelPrice", "9,90 EUR"),
    ),
    "articlesize": (("firstSaleDate", "31.02.2026"),),
    "customer": (("creationDate", "0000-00-00"), ("lastChange", "31.02.2026")),
    "voucher": (("date", "31.02.2026"), ("validUntil", "never")),
}


def _pick(source: SeededSource, name: str, seed: random.Random, share: float = 1.0) -> int | None:
    """Choose a readable row; None where too few are left. A share below 1 leaves out the newest."""
    visible = source.collection(name).visible
    visible = visible[: int(len(visible) * share)]
    if len(visible) < 6:
        return None
    slot = int(visible[seed.randrange(len(visible))])
    return None if source.collection(name).read(slot)["id"] in source.unreadable[name] else slot


def _write(source: SeededSource, name: str, slot: int, ticks: int, seed: random.Random) -> None:
    """Give a row another value, stamped with an instant."""
    row = source.collection(name).read(slot)
    row[_VALUE[name]] += seed.randint(1, 99)
    if name == "order":
        _change_positions(row, ticks, seed)
    row["lastChange"] = tick_text(ticks)
    source.collection(name).update(slot, row, ticks)


def _change_positions(row: Row, ticks: int, seed: random.Random) -> None:
    positions: list[Row] = row["positions"]
    if not positions:
        return
    chosen = seed.randrange(len(positions))
    change = seed.choice(["value", "value", "deleted", "new"])
    if change == "deleted" and not any(position["backlogAmount"] for position in positions):
        # Goods that are still to come would miss it.
        del positions[chosen]
    elif change == "new":
        positions.append({**positions[chosen], "id": _new_id(seed), "lastChange": tick_text(ticks)})
    else:
        positions[chosen] = {**positions[chosen], "deliveredAmount": seed.randint(0, 99)}


def _new_id(seed: random.Random) -> str:
    return str(uuid.UUID(int=seed.getrandbits(128), version=4))


def _copied(source: SeededSource, name: str, seed: random.Random, ticks: int) -> Row | None:
    slot = _pick(source, name, seed)
    if slot is None:
        return None
    row = source.collection(name).read(slot)
    row |= {"id": _new_id(seed), "lastChange": tick_text(ticks)}
    if name == "sale":
        row["receiptPosition"] += seed.randint(1000, 400_000)
    if name == "order":
        row["positions"] = [{**position, "id": _new_id(seed)} for position in row["positions"]]
    return row


def delete(source: SeededSource, name: str, seed: random.Random) -> None:
    """Delete one of the older rows: with a tombstone, or without any trace while silent deletes are on."""
    silent = source.silent
    slot = _pick(source, name, seed, 0.5)
    # An order has no tombstone.
    if slot is None or name == "articlesize" or (name == "order" and not silent):
        return
    source.collection(name).delete(slot, source.ticks, tick_text(source.ticks), silent)


def change(source: SeededSource, name: str, seed: random.Random) -> None:
    """Change a row, or several, now."""
    for _ in range(seed.choice([1, 1, 4])):
        slot = _pick(source, name, seed)
        if slot is not None:
            _write(source, name, slot, source.ticks, seed)


def insert(source: SeededSource, name: str, seed: random.Random) -> None:
    """Add a row now; its number decides where in the list it stands."""
    row = _copied(source, name, seed, source.ticks)
    if row is not None:
        source.collection(name).add(row, source.ticks)


def commit_late(source: SeededSource, name: str, seed: random.Random) -> None:
    """Show a row with a stamp of some time ago, as a long transaction or a till without network does."""
    within_overlap = seed.random() < 0.7
    age = seed.randint(1, 50) * MINUTE if within_overlap else seed.randint(2, 30) * DAY
    row = _copied(source, name, seed, source.ticks - age)
    if row is None:
        return
    source.collection(name).add(row, source.ticks - age)
    if not within_overlap:
        source.only_complete_reads_show.add((name, row["id"]))


def commit_before(source: SeededSource, name: str, seed: random.Random, mark: datetime) -> None:
    """Show a row with a stamp of up to 50 minutes before an instant that was read already."""
    ticks = parse_instant(mark.isoformat()) - seed.randint(1, 50) * MINUTE
    row = _copied(source, name, seed, ticks)
    if row is not None:
        source.collection(name).add(row, ticks)


def share_the_newest_stamp(source: SeededSource, name: str, seed: random.Random) -> None:
    """Change rows, after a run perhaps, with the very stamp that the newest row of that run had."""
    newest = min(source.collection(name).newest, source.ticks)
    for _ in range(2):
        slot = _pick(source, name, seed)
        if slot is not None:
            _write(source, name, slot, newest, seed)


def stamp_with_precision(source: SeededSource, name: str, seed: random.Random) -> None:
    """Change rows with stamps of each precision, from whole seconds to 100 nanoseconds."""
    for zeros in range(8):
        slot = _pick(source, name, seed)
        if slot is not None:
            unit: int = 10**zeros
            _write(source, name, slot, source.ticks - seed.randrange(TICKS) // unit * unit, seed)


def reappear(source: SeededSource, name: str, seed: random.Random) -> None:
    """Let a deleted row come back: with a new stamp, or without a trace if it went without one."""
    collection = source.collection(name)
    deleted = source.deleted(name)
    if not deleted:
        return
    slot = seed.choice(deleted)
    traced = collection.restore(slot, source.ticks, tick_text(source.ticks), silent=seed.random() < 0.5)
    if not traced:
        source.only_complete_reads_show.add((name, collection.read(slot)["id"]))


def move_up(source: SeededSource, name: str, seed: random.Random) -> None:
    """Change a row so that it stands on an earlier page; what it passes moves down by one."""
    _move(source, name, seed, up=True)


def move_down(source: SeededSource, name: str, seed: random.Random) -> None:
    """Change a row so that it stands on a later page; what it passes moves up by one."""
    _move(source, name, seed, up=False)


def _move(source: SeededSource, name: str, seed: random.Random, *, up: bool) -> None:
    slots = [_pick(source, name, seed), _pick(source, name, seed)]
    order = source.collection(name).visible.tolist()
    places = sorted((order.index(slot) for slot in slots if slot is not None), reverse=up)
    if len(set(places)) == 2:
        one, two = places
        source.collection(name).move(order[one], order[two])
        _write(source, name, order[one], source.ticks, seed)


def dirty(source: SeededSource, name: str, seed: random.Random) -> None:
    """Write a value that cannot be read into a new row, or into one that was good before."""
    if name not in _DIRT:
        return
    field, value = seed.choice(_DIRT[name])
    collection = source.collection(name)
    slot = _pick(source, name, seed) if seed.random() < 0.5 else None
    # The simulated shop may still copy what it booked itself.
    if slot is not None and source.was_added_later(name, slot):
        slot = None
    row = _copied(source, name, seed, source.ticks) if slot is None else collection.read(slot)
    if row is None:
        return
    row["lastChange"] = tick_text(source.ticks)
    text = _broken(name, row, field, value)
    if slot is None:
        collection.add(row, source.ticks, raw=text)
    else:
        collection.update(slot, row, source.ticks, raw=text)
    source.unreadable[name].add(row["id"])


def _broken(name: str, row: Row, field: str, value: str) -> bytes:
    good = render_row(name, row)
    start = good.index(f'"{field}":'.encode()) + len(field) + 3
    return good[:start] + f'"{value}"'.encode() + good[good.index(b',"', start) :]


def repair(source: SeededSource, name: str, seed: random.Random) -> None:
    """Make every unreadable row good again, with a new stamp."""
    collection = source.collection(name)
    for slot in collection.visible.tolist():
        row = collection.read(slot)
        if row["id"] in source.unreadable[name]:
            source.unreadable[name].remove(row["id"])
            for field, _ in _DIRT[name]:
                row[field] = 1 if field in ("time", "labelPrice") else "2026-01-05T00:00:00"
            collection.update(slot, {**row, "lastChange": tick_text(source.ticks)}, source.ticks)
    # A tombstone that cannot be read shows nothing.
    source.only_complete_reads_show |= {(name, key) for key in source.unreadable[name]}
    source.unreadable[name].clear()


MUTATIONS: dict[str, Mutation] = {
    each.__name__.replace("_", " "): each
    for each in (
        delete,
        change,
        insert,
        commit_late,
        share_the_newest_stamp,
        stamp_with_precision,
        reappear,
        move_up,
        move_down,
        dirty,
        repair,
    )
}
# What may happen between two requests of one read.
WHILE_READING = ("change", "delete", "insert", "move up", "move down")
