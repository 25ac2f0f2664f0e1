"""Rows that come back and rows that change their place: what a reader of pages must cope with."""

from __future__ import annotations

import pytest

from prohandel_simulator.rendering import tick_text
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.store import Collection
from prohandel_simulator.testing import DEFAULT_TODAY


@pytest.fixture
def sales() -> Collection:
    return Simulator(["mini"], DEFAULT_TODAY).tenants["mini"].world.collections["sale"]


def test_a_row_that_vanished_without_a_trace_comes_back_without_one(sales: Collection) -> None:
    slot, now = int(sales.visible[3]), sales.newest + 10
    before, order = sales.raw(slot), sales.visible.tolist()
    sales.delete(slot, now, tick_text(now), silent=True)

    traced = sales.restore(slot, now, tick_text(now), silent=True)

    assert not traced
    assert sales.raw(slot) == before
    assert sales.visible.tolist() == order
    assert slot not in sales.changed_since(now)


def test_a_tombstone_is_taken_back_by_a_change(sales: Collection) -> None:
    slot, now = int(sales.visible[3]), sales.newest + 10
    sales.delete(slot, now, tick_text(now))

    traced = sales.restore(slot, now + 10, tick_text(now + 10), silent=True)

    assert traced
    assert sales.read(slot)["isDeleted"] is False
    assert sales.changed_since(now + 10).tolist() == [slot]


def test_a_moved_row_stands_before_the_other_one_and_all_others_keep_their_order(sales: Collection) -> None:
    order = sales.visible.tolist()
    slot, before = order[-1], order[2]

    sales.move(slot, before)

    assert sales.visible.tolist().index(slot) <= 2
    assert [each for each in sales.visible.tolist() if each != slot] == order[:-1]
