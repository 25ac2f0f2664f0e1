"""What is gone at the source: who may say so, when it is believed, and how a row comes back."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from retailer import Retailer

from mercurios.sources.prohandel.reading import Reading
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.warehouse.deletes import DELETE_GUARD_ROWS
from mercurios.warehouse.requests import approve_deletes
from prohandel_simulator.rendering import tick_text


def add_one(retailer: Retailer, name: str) -> str:
    """Let a row appear at the source now, a copy of another, and return its id."""
    simulator = retailer.simulator.simulator
    collection = simulator.tenants[retailer.tenant.id].world.collections[name]
    ticks = simulator.clock.ticks
    row = collection.read(int(collection.visible[0]))
    row |= {"id": f"{ticks:032x}"[-32:], "lastChange": tick_text(ticks)}
    collection.add(row, ticks)
    return str(row["id"])


def triple(retailer: Retailer, name: str) -> None:
    """Add rows that the source does not have: thrice as many as it has."""
    for letter in "xy":
        retailer.query(f"insert into raw.{name} select * replace ('{letter}' || id as id) from raw.{name}")


def delete_one(retailer: Retailer, name: str) -> str:
    """Delete a row at the source without a trace and return its id."""
    simulator = retailer.simulator.simulator
    collection = simulator.tenants[retailer.tenant.id].world.collections[name]
    before = retailer.truth_ids(name)
    ticks = simulator.clock.ticks
    collection.delete(int(collection.visible[0]), ticks, tick_text(ticks), True)
    [gone] = before - retailer.truth_ids(name)
    return gone


def test_silent_deletes_are_found_by_the_complete_read_and_undone_when_the_rows_come_back(
    living: Retailer,
) -> None:
    living.run("r1", "voucher")
    living.simulator.post("/_simulator/mini/silent_deletes", {"on": True})
    living.simulator.advance(24 * 5)

    rows = living.run("r2", "voucher")

    assert rows["voucher"].deleted > 0
    assert living.differences("voucher") == []
    gone = "select count(*) as n from raw.voucher where _deleted_at is not null and not is_deleted"
    assert living.query(gone) == [{"n": rows["voucher"].deleted}]
    living.query("update raw.voucher set _deleted_at = _loaded_at, _extracted_at = _loaded_at")
    living.run("r3", "voucher")
    assert living.differences("voucher") == []


def test_a_complete_read_that_arrives_late_deletes_no_row_that_appeared_while_it_was_under_way(
    living: Retailer,
) -> None:
    plan = living.begin("r2")
    with living.client() as client:
        reading = Reading(living.request("sale", living.begin("r1")), living.store, "early")
        [late] = living.extract(plan, "sale")
        living.simulator.advance(24)
        reading.read(client)
        early = living.store.write_manifest("early", reading.manifest(1))
    living.load(early)

    rows = living.load(late)

    assert rows["sale"].deleted == 0
    assert living.differences("sale") == []


@pytest.mark.parametrize("seconds", [90, 600])
def test_a_web_server_whose_clock_is_ahead_makes_no_row_vanish_that_appeared_behind_a_reader(
    living: Retailer, seconds: int
) -> None:
    living.simulator.simulator.clock.header_ahead = seconds
    plan = living.begin("r2")
    with living.client() as client:
        reading = Reading(living.request("sale", living.begin("r1")), living.store, "early")
        [late] = living.extract(plan, "sale")
        appeared = add_one(living, "sale")
        reading.read(client)
        early = living.store.write_manifest("early", reading.manifest(1))
    living.load(early)
    assert appeared in living.raw("sale")

    rows = living.load(late)

    assert rows["sale"].deleted == 0
    assert living.differences("sale") == []


@pytest.mark.parametrize("seconds", [90, 600])
def test_a_web_server_whose_clock_is_ahead_makes_no_row_gone_that_an_older_read_brings(
    living: Retailer, seconds: int
) -> None:
    living.simulator.simulator.clock.header_ahead = seconds
    with living.client() as client:
        reading = Reading(living.request("sale", living.begin("older")), living.store, "older")
        [newer] = living.extract(living.begin("newer"), "sale")
        appeared = add_one(living, "sale")
        reading.read(client)
        older = living.store.write_manifest("older", reading.manifest(1))
    living.load(newer)

    living.load(older)

    assert appeared in living.raw("sale")
    assert living.differences("sale") == []


def test_what_a_newer_complete_read_has_shown_an_older_one_does_not_delete(living: Retailer) -> None:
    living.simulator.simulator.clock.header_ahead = 3600  # by the clocks, whatever appears was there before
    with living.client() as client:
        reading = Reading(living.request("sale", living.begin("first")), living.store, "first")
        [older] = living.extract(living.begin("older"), "sale")
        appeared = add_one(living, "sale")
        reading.read(client)
        living.load(living.store.write_manifest("first", reading.manifest(1)))
    living.run("newer", "sale")

    rows = living.load(older)

    assert rows["sale"].deleted == 0
    assert appeared in living.raw("sale")


def test_an_incremental_read_never_deletes(living: Retailer, tmp_path: Path) -> None:
    retailer = Retailer(living.simulator, tmp_path, resources={"sale": {"mode": "changed"}})
    retailer.run("r1", "sale")
    living.simulator.advance(24)

    rows = retailer.run("r2", "sale")

    assert rows["sale"].extracted < 1000
    assert rows["sale"].deleted == 0


def test_a_read_that_misses_half_of_the_rows_deletes_none(
    retailer: Retailer, caplog: pytest.LogCaptureFixture
) -> None:
    retailer.run("r1", "customer")
    living = len(retailer.raw("customer"))
    assert living > DELETE_GUARD_ROWS
    retailer.query("insert into raw.customer select * replace ('x' || id as id) from raw.customer")
    retailer.query("insert into raw.customer select * replace ('y' || id as id) from raw.customer")

    with caplog.at_level(logging.WARNING):
        rows = retailer.run("r2", "customer")

    assert rows["customer"].deleted == 0
    assert len(retailer.raw("customer")) == 4 * living
    assert f"the source no longer shows {3 * living} of {4 * living} rows" in caplog.text


def test_deletes_held_for_review_are_counted_and_made_once_accepted(retailer: Retailer) -> None:
    retailer.run("r1", "customer")
    living = len(retailer.raw("customer"))
    triple(retailer, "customer")
    held_for_review = retailer.run("r2", "customer")["customer"]
    under_way = retailer.extract(retailer.begin("r3"), "customer")
    with retailer.engine() as engine:
        approve_deletes(engine, retailer.tenant.id, ["customer"], "tests")
    early = retailer.load(*under_way)["customer"]

    accepted = retailer.run("r4", "customer")["customer"]

    assert (held_for_review.deleted, held_for_review.held_for_review) == (0, 3 * living)
    assert (early.deleted, early.held_for_review) == (0, 3 * living), (
        "an approval served a read from before it"
    )
    assert (accepted.deleted, accepted.held_for_review) == (3 * living, 0)
    assert retailer.differences("customer") == []
    triple(retailer, "customer")
    assert retailer.run("r5", "customer")["customer"].held_for_review == 3 * living, (
        "an approval served twice"
    )


@pytest.mark.parametrize("name", ["voucher", "order"])
def test_what_a_newer_complete_read_had_missed_an_older_read_does_not_bring_to_life(
    living: Retailer, name: str
) -> None:
    living.simulator.post("/_simulator/mini/silent_deletes", {"on": True})
    older = living.extract(living.begin("older"), name)
    living.simulator.advance(24 * 5)
    gone = delete_one(living, name)
    living.run("newer", name)

    living.load(*older)

    assert living.differences(name) == []
    [row] = living.query(
        f"select _deleted_at is not null as deleted from raw.{RESOURCES[name].table} where id = ?", [gone]
    )
    assert row["deleted"], "the row is kept, as deleted"


def test_rows_that_appeared_after_a_newer_complete_read_began_stay_alive_through_an_older_one(
    living: Retailer,
) -> None:
    with living.client() as client:
        reading = Reading(living.request("sale", living.begin("older")), living.store, "older")
        [newer] = living.extract(living.begin("newer"), "sale")
        living.simulator.advance(24)
        reading.read(client)
        older = living.store.write_manifest("older", reading.manifest(1))
    living.load(newer)

    living.load(older)

    assert living.differences("sale") == []


def test_a_complete_read_deletes_what_an_older_read_brought_while_it_was_under_way(living: Retailer) -> None:
    older = living.extract(living.begin("older"), "voucher")
    gone = delete_one(living, "voucher")
    newer = living.extract(living.begin("newer"), "voucher")
    living.load(*older)
    assert gone in living.raw("voucher")

    rows = living.load(*newer)

    assert rows["voucher"].deleted == 1
    assert living.differences("voucher") == []


def test_a_quarantined_row_is_not_taken_for_deleted(living: Retailer) -> None:
    living.run("r1", "article")
    kept = next(iter(living.raw("article")))
    living.simulator.post("/_simulator/mini/dirty", {"resource": "article", "unparsable": 1})
    [bad] = living.truth_ids("article") - living.raw("article").keys()
    living.query(
        "insert into raw.article select * replace (? as id) from raw.article where id = ?", [bad, kept]
    )

    assert living.run("r2", "article")["article"].deleted == 0


def test_a_tombstone_read_again_keeps_the_time_since_when_it_is_gone(
    living: Retailer, tmp_path: Path
) -> None:
    retailer = Retailer(
        living.simulator, tmp_path, resources={"sale": {"mode": "changed"}}, overlap_minutes=60 * 24 * 60
    )
    retailer.run("r1", "sale")
    living.simulator.advance(24 * 7)
    retailer.run("r2", "sale")
    gone = retailer.query("select id, _deleted_at from raw.sale where is_deleted order by id")

    retailer.run("r3", "sale")

    assert gone
    assert retailer.query("select id, _deleted_at from raw.sale where is_deleted order by id") == gone
