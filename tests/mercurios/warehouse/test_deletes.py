"""What is deleted at the source: who may say so, when it counts, and how a row comes back."""

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


def folder_of(retailer: Retailer, run_id: str) -> str:
    """Return the folder of the first attempt of a run to read sales."""
    return retailer.store.prefix(retailer.tenant.id, "sale", run_id, 1)


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
    [deleted] = before - retailer.truth_ids(name)
    return deleted


def test_silent_deletes_are_found_by_a_complete_read_and_undone_when_rows_return(
    own_retailer: Retailer,
) -> None:
    own_retailer.run("r1", "voucher")
    own_retailer.simulator.post("/_simulator/mini/silent_deletes", {"on": True})
    own_retailer.simulator.advance(24 * 5)

    rows = own_retailer.run("r2", "voucher")

    assert rows["voucher"].deleted > 0
    assert own_retailer.differences("voucher") == []
    deleted = "select count(*) as n from raw.voucher where _deleted_at is not null and not is_deleted"
    assert own_retailer.query(deleted) == [{"n": rows["voucher"].deleted}]
    own_retailer.query("update raw.voucher set _deleted_at = _loaded_at, _extracted_at = _loaded_at")
    own_retailer.run("r3", "voucher")
    assert own_retailer.differences("voucher") == []


def test_a_late_complete_read_deletes_no_row_that_appeared_during_it(
    own_retailer: Retailer,
) -> None:
    plan = own_retailer.begin("r2")
    with own_retailer.client() as client:
        reading = Reading(
            own_retailer.request("sale", own_retailer.begin("r1")),
            own_retailer.store,
            folder_of(own_retailer, "r1"),
        )
        [late] = own_retailer.extract(plan, "sale")
        own_retailer.simulator.advance(24)
        reading.read(client)
        early = own_retailer.store.write_manifest(folder_of(own_retailer, "r1"), reading.manifest(1))
    own_retailer.load(early)

    rows = own_retailer.load(late)

    assert rows["sale"].deleted == 0
    assert own_retailer.differences("sale") == []


@pytest.mark.parametrize("seconds", [90, 600])
def test_a_web_server_clock_ahead_deletes_no_row_that_appeared_behind_a_reader(
    own_retailer: Retailer, seconds: int
) -> None:
    # By the clocks, whatever appears was there before.
    own_retailer.simulator.simulator.clock.header_ahead = seconds
    plan = own_retailer.begin("r2")
    with own_retailer.client() as client:
        reading = Reading(
            own_retailer.request("sale", own_retailer.begin("r1")),
            own_retailer.store,
            folder_of(own_retailer, "r1"),
        )
        [late] = own_retailer.extract(plan, "sale")
        appeared = add_one(own_retailer, "sale")
        reading.read(client)
        early = own_retailer.store.write_manifest(folder_of(own_retailer, "r1"), reading.manifest(1))
    own_retailer.load(early)
    assert appeared in own_retailer.raw("sale")

    rows = own_retailer.load(late)

    assert rows["sale"].deleted == 0
    assert own_retailer.differences("sale") == []


@pytest.mark.parametrize("seconds", [90, 600])
def test_a_web_server_clock_ahead_deletes_no_row_that_an_older_read_brings(
    own_retailer: Retailer, seconds: int
) -> None:
    # By the clocks, whatever appears was there before.
    own_retailer.simulator.simulator.clock.header_ahead = seconds
    with own_retailer.client() as client:
        reading = Reading(
            own_retailer.request("sale", own_retailer.begin("older")),
            own_retailer.store,
            folder_of(own_retailer, "older"),
        )
        [newer] = own_retailer.extract(own_retailer.begin("newer"), "sale")
        appeared = add_one(own_retailer, "sale")
        reading.read(client)
        older = own_retailer.store.write_manifest(folder_of(own_retailer, "older"), reading.manifest(1))
    own_retailer.load(newer)

    own_retailer.load(older)

    assert appeared in own_retailer.raw("sale")
    assert own_retailer.differences("sale") == []


def test_what_a_newer_complete_read_has_shown_an_older_one_does_not_delete(own_retailer: Retailer) -> None:
    # By the clocks, whatever appears was there before.
    own_retailer.simulator.simulator.clock.header_ahead = 3600
    with own_retailer.client() as client:
        reading = Reading(
            own_retailer.request("sale", own_retailer.begin("first")),
            own_retailer.store,
            folder_of(own_retailer, "first"),
        )
        [older] = own_retailer.extract(own_retailer.begin("older"), "sale")
        appeared = add_one(own_retailer, "sale")
        reading.read(client)
        own_retailer.load(
            own_retailer.store.write_manifest(folder_of(own_retailer, "first"), reading.manifest(1))
        )
    own_retailer.run("newer", "sale")

    rows = own_retailer.load(older)

    assert rows["sale"].deleted == 0
    assert appeared in own_retailer.raw("sale")


def test_an_incremental_read_never_deletes(own_retailer: Retailer, tmp_path: Path) -> None:
    retailer = Retailer(own_retailer.simulator, tmp_path, resources={"sale": {"mode": "changed"}})
    retailer.run("r1", "sale")
    own_retailer.simulator.advance(24)

    rows = retailer.run("r2", "sale")

    assert rows["sale"].extracted < 1000
    assert rows["sale"].deleted == 0


def test_a_read_that_misses_half_of_the_rows_deletes_none(
    retailer: Retailer, caplog: pytest.LogCaptureFixture
) -> None:
    retailer.run("r1", "customer")
    active = len(retailer.raw("customer"))
    assert active > DELETE_GUARD_ROWS
    retailer.query("insert into raw.customer select * replace ('x' || id as id) from raw.customer")
    retailer.query("insert into raw.customer select * replace ('y' || id as id) from raw.customer")

    with caplog.at_level(logging.WARNING):
        rows = retailer.run("r2", "customer")

    assert rows["customer"].deleted == 0
    assert len(retailer.raw("customer")) == 4 * active
    assert f"the source no longer shows {3 * active} of {4 * active} rows" in caplog.text


def test_deletes_held_for_review_are_counted_and_made_once_accepted(retailer: Retailer) -> None:
    retailer.run("r1", "customer")
    active = len(retailer.raw("customer"))
    triple(retailer, "customer")
    held_for_review = retailer.run("r2", "customer")["customer"]
    under_way = retailer.extract(retailer.begin("r3"), "customer")
    with retailer.engine() as engine:
        approve_deletes(engine, retailer.tenant.id, ["customer"], "tests")
    early = retailer.load(*under_way)["customer"]

    accepted = retailer.run("r4", "customer")["customer"]

    assert (held_for_review.deleted, held_for_review.held_for_review) == (0, 3 * active)
    assert (early.deleted, early.held_for_review) == (0, 3 * active), (
        "an approval served a read from before it"
    )
    assert (accepted.deleted, accepted.held_for_review) == (3 * active, 0)
    assert retailer.differences("customer") == []
    triple(retailer, "customer")
    assert retailer.run("r5", "customer")["customer"].held_for_review == 3 * active, (
        "an approval served twice"
    )


@pytest.mark.parametrize("name", ["voucher", "order"])
def test_what_a_newer_complete_read_had_missed_an_older_read_does_not_bring_to_life(
    own_retailer: Retailer, name: str
) -> None:
    own_retailer.simulator.post("/_simulator/mini/silent_deletes", {"on": True})
    older = own_retailer.extract(own_retailer.begin("older"), name)
    own_retailer.simulator.advance(24 * 5)
    deleted = delete_one(own_retailer, name)
    own_retailer.run("newer", name)

    own_retailer.load(*older)

    assert own_retailer.differences(name) == []
    [row] = own_retailer.query(
        f"select _deleted_at is not null as deleted from raw.{RESOURCES[name].table} where id = ?", [deleted]
    )
    assert row["deleted"], "the row is kept, as deleted"


def test_rows_newer_than_a_complete_read_stay_active_through_an_older_one(
    own_retailer: Retailer,
) -> None:
    with own_retailer.client() as client:
        reading = Reading(
            own_retailer.request("sale", own_retailer.begin("older")),
            own_retailer.store,
            folder_of(own_retailer, "older"),
        )
        [newer] = own_retailer.extract(own_retailer.begin("newer"), "sale")
        own_retailer.simulator.advance(24)
        reading.read(client)
        older = own_retailer.store.write_manifest(folder_of(own_retailer, "older"), reading.manifest(1))
    own_retailer.load(newer)

    own_retailer.load(older)

    assert own_retailer.differences("sale") == []


def test_a_complete_read_deletes_what_an_older_read_brought_while_it_was_under_way(
    own_retailer: Retailer,
) -> None:
    older = own_retailer.extract(own_retailer.begin("older"), "voucher")
    deleted = delete_one(own_retailer, "voucher")
    newer = own_retailer.extract(own_retailer.begin("newer"), "voucher")
    own_retailer.load(*older)
    assert deleted in own_retailer.raw("voucher")

    rows = own_retailer.load(*newer)

    assert rows["voucher"].deleted == 1
    assert own_retailer.differences("voucher") == []


def test_a_quarantined_row_is_not_taken_for_deleted(own_retailer: Retailer) -> None:
    own_retailer.run("r1", "article")
    kept = next(iter(own_retailer.raw("article")))
    own_retailer.simulator.post("/_simulator/mini/dirty", {"resource": "article", "unparsable": 1})
    [bad] = own_retailer.truth_ids("article") - own_retailer.raw("article").keys()
    own_retailer.query(
        "insert into raw.article select * replace (? as id) from raw.article where id = ?", [bad, kept]
    )

    assert own_retailer.run("r2", "article")["article"].deleted == 0


def test_a_tombstone_read_again_keeps_the_time_since_when_it_is_gone(
    own_retailer: Retailer, tmp_path: Path
) -> None:
    retailer = Retailer(
        own_retailer.simulator,
        tmp_path,
        resources={"sale": {"mode": "changed"}},
        overlap_minutes=60 * 24 * 60,
    )
    retailer.run("r1", "sale")
    own_retailer.simulator.advance(24 * 7)
    retailer.run("r2", "sale")
    deleted = retailer.query("select id, _deleted_at from raw.sale where is_deleted order by id")

    retailer.run("r3", "sale")

    assert deleted
    assert retailer.query("select id, _deleted_at from raw.sale where is_deleted order by id") == deleted
