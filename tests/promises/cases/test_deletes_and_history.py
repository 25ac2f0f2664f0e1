"""Rows that are deleted and come back: a deletion needs a complete scan of the list, and can be undone."""

from __future__ import annotations

from datetime import datetime

import pytest
from edits import Edits, before_page, intercepting, wire_rows
from quick_retailer import QuickRetailer

from mercurios.sources.prohandel.http.errors import TransientProHandelError
from mercurios.warehouse.deletes import DELETE_GUARD_ROWS
from prohandel_simulator.api import Request, Response, error
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.testing import RunningSimulator


def deleted_since(retailer: QuickRetailer, key: str) -> datetime | None:
    [row] = retailer.query("select _deleted_at from raw.sale where id = ?", [key])
    deleted_at: datetime | None = row["_deleted_at"]
    return deleted_at


def test_rows_that_vanish_without_a_sign_are_marked_with_the_time_and_kept(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    retailer.run("r1", "sale")
    sales = Edits(source, "sale")
    deleted = sales.ids[3:8]
    for key in deleted:
        sales.delete(key, silent=True)

    rows = retailer.run("r2", "sale")["sale"]
    since = {key: deleted_since(retailer, key) for key in deleted}
    retailer.run("r3", "sale")

    assert rows.deleted == len(deleted)
    assert None not in since.values()
    assert {key: deleted_since(retailer, key) for key in deleted} == since
    assert retailer.differences("sale") == []


def test_rows_that_vanish_between_two_scans_are_not_yet_deleted(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    """A row is taken for deleted only where no scan of the read showed it."""
    retailer.run("r1", "sale")
    sales = Edits(source, "sale")
    deleted, late, *_ = sales.ids
    sales.delete(deleted, silent=True)
    plan = retailer.begin("r2")

    with before_page(source, "sale", 2, lambda: sales.delete(late, silent=True)):
        retailer.load(*retailer.extract(plan, "sale", page_size=20, pages_in_flight=1))

    assert deleted_since(retailer, deleted) is not None
    assert deleted_since(retailer, late) is None, "the row was seen before it vanished"
    retailer.run("r3", "sale")
    assert retailer.differences("sale") == []


def test_a_list_that_is_exchanged_for_another_deletes_nothing(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    retailer.run("r1", "sale")
    known = retailer.raw("sale")
    plan = retailer.begin("r2")

    with wire_rows(source, "sale", lambda row: {**row, "id": f"other-{row['id']}"}):
        rows = retailer.load(*retailer.extract(plan, "sale"))["sale"]

    assert (rows.deleted, rows.held_for_review) == (0, len(known))
    assert retailer.raw("sale").keys() >= known.keys()


def test_an_interrupted_scan_deletes_nothing(retailer: QuickRetailer, source: RunningSimulator) -> None:
    retailer.run("r1", "sale")
    sales = Edits(source, "sale")
    sales.delete(sales.ids[0], silent=True)
    known = retailer.raw("sale")
    plan = retailer.begin("r2")

    def down(_: Simulator, request: Request) -> Response | None:
        return error(503, "down") if int(request.query["page"]) > 3 else None

    with intercepting(source, down), pytest.raises(TransientProHandelError):
        retailer.extract(plan, "sale", page_size=20)
    retailer.load(*(f"file://{path}" for path in retailer.landing.rglob("run=r2/**/manifest.json")))

    assert retailer.raw("sale") == known


def test_a_list_that_ends_far_too_early_deletes_nothing_and_counts_what_it_missed(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    retailer.run("r1", "sale")
    known = retailer.raw("sale")
    shown = set(Edits(source, "sale").ids[:20])
    plan = retailer.begin("r2")

    with wire_rows(source, "sale", lambda row: row if row["id"] in shown else None):
        rows = retailer.load(*retailer.extract(plan, "sale"))["sale"]

    assert len(known) - len(shown) > DELETE_GUARD_ROWS
    assert (rows.deleted, rows.held_for_review) == (0, len(known) - len(shown))
    assert retailer.raw("sale") == known


def test_a_list_that_is_suddenly_empty_deletes_nothing(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    retailer.run("r1", "sale", "order")
    known = retailer.raw("sale"), retailer.raw("order.positions")
    plan = retailer.begin("r2")

    with wire_rows(source, "sale", lambda _: None), wire_rows(source, "order", lambda _: None):
        rows = retailer.load(*retailer.extract(plan, "sale", "order"))

    assert {name: row.deleted for name, row in rows.items()} == dict.fromkeys(rows, 0)
    assert (retailer.raw("sale"), retailer.raw("order.positions")) == known


@pytest.mark.parametrize("silent", [True, False])
def test_a_deleted_row_that_comes_back_is_active_again_and_the_ledger_shows_both(
    incremental: QuickRetailer, retailer: QuickRetailer, source: RunningSimulator, silent: bool
) -> None:
    reader = retailer if silent else incremental
    reader.run("r1", "sale")
    sales = Edits(source, "sale")
    key = sales.ids[2]
    source.advance(24)
    sales.delete(key, silent=silent)
    deletion = reader.run("r2", "sale")["sale"]
    assert deleted_since(reader, key) is not None
    source.advance(24)
    sales.restore(key, salePrice=3.00)

    rows = reader.run("r3", "sale")["sale"]

    assert deleted_since(reader, key) is None
    assert reader.raw("sale")[key]["sale_price"] == 3
    assert deletion.deleted == silent
    assert rows.loaded > 0
    assert reader.differences("sale") == []


def test_a_deleted_row_that_comes_back_unchanged_is_active_again(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    retailer.run("r1", "sale")
    key = Edits(source, "sale").ids[2]
    plan = retailer.begin("r2")
    with wire_rows(source, "sale", lambda row: None if row["id"] == key else row):
        assert retailer.load(*retailer.extract(plan, "sale"))["sale"].deleted == 1

    rows = retailer.run("r3", "sale")["sale"]

    assert rows.loaded == 1
    assert deleted_since(retailer, key) is None
    assert retailer.differences("sale") == []
