"""Lists that move while they are read: no row is lost at a page boundary, and no active row is taken for deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from retailer import Retailer

from prohandel_simulator.api import Request, Response
from prohandel_simulator.clock import parse_instant
from prohandel_simulator.simulator import Simulator

PAGE_SIZE = 200


class Source:
    """Watches the requests for pages of `sale`, and acts once when a certain page is asked for."""

    def __init__(self, retailer: Retailer) -> None:
        self.asked: Counter[int] = Counter()
        self.act: dict[int, Callable[[Simulator], None]] = {}
        retailer.simulator.application.interceptors.insert(0, self.intercept)

    def intercept(self, simulator: Simulator, request: Request) -> Response | None:
        if request.path == ("sale",) and request.query["pagesize"] == str(PAGE_SIZE):
            page = int(request.query["page"])
            self.asked[page] += 1
            self.act.pop(page, lambda _: None)(simulator)
        return None


def add_newest(simulator: Simulator) -> None:
    """Let a row appear at the beginning of the list, so that every other row moves down by one."""
    sales = simulator.tenants["mini"].world.collections["sale"]
    newest = sales.read(int(sales.visible[0]))
    sales.add(
        {**newest, "id": "new-row", "receiptNumber": newest["receiptNumber"] + 1}, simulator.clock.ticks
    )


def drop_newest(simulator: Simulator) -> None:
    """Let the first row of the list vanish without a trace, so that every later row moves up by one."""
    sales = simulator.tenants["mini"].world.collections["sale"]
    sales.delete(int(sales.visible[0]), simulator.clock.ticks, "", silent=True)


@pytest.fixture
def source(own_retailer: Retailer) -> Source:
    return Source(own_retailer)


def read(retailer: Retailer, run_id: str) -> None:
    plan = retailer.begin(run_id)
    retailer.load(*retailer.extract(plan, "sale", page_size=PAGE_SIZE, pages_in_flight=1))


def test_a_stable_list_is_read_once(own_retailer: Retailer, source: Source) -> None:
    read(own_retailer, "r1")

    assert len(source.asked) > 3
    assert set(source.asked.values()) == {1}


def test_a_row_that_moves_to_a_page_already_read_is_not_lost(own_retailer: Retailer, source: Source) -> None:
    source.act[3] = drop_newest

    read(own_retailer, "r1")

    assert source.asked[1] == 2
    assert set(own_retailer.raw("sale")) >= own_retailer.truth_ids("sale")


def test_rows_that_move_down_are_read_twice_and_need_no_second_scan(
    own_retailer: Retailer, source: Source
) -> None:
    source.act[3] = add_newest

    read(own_retailer, "r1")

    assert set(source.asked.values()) == {1}
    assert set(own_retailer.raw("sale")) == own_retailer.truth_ids("sale") - {"new-row"}


def test_a_row_that_moves_is_not_taken_for_deleted(own_retailer: Retailer, source: Source) -> None:
    read(own_retailer, "r1")
    source.act[3] = drop_newest

    read(own_retailer, "r2")

    # The row that did vanish was seen before it did; only the next read may miss it.
    assert set(own_retailer.raw("sale")) >= own_retailer.truth_ids("sale")


def test_a_row_is_deleted_when_two_scans_miss_it(own_retailer: Retailer, source: Source) -> None:
    read(own_retailer, "r1")
    drop_newest(own_retailer.simulator.application.simulator)
    source.asked.clear()

    read(own_retailer, "r2")

    assert set(own_retailer.raw("sale")) == own_retailer.truth_ids("sale")
    assert source.asked[1] == 2


def never_still(source: Source) -> None:
    def again_and_again(simulator: Simulator) -> None:
        drop_newest(simulator)
        source.act[3] = again_and_again

    source.act[3] = again_and_again


def test_a_list_that_is_never_stable_is_scanned_a_bounded_number_of_times(
    own_retailer: Retailer, source: Source
) -> None:
    never_still(source)

    read(own_retailer, "r1")

    assert source.asked[2] == 3
    assert set(own_retailer.raw("sale")) >= own_retailer.truth_ids("sale")


def test_a_list_that_is_never_stable_deletes_nothing_and_leaves_the_watermark(
    own_retailer: Retailer, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    read(own_retailer, "r1")
    reached = own_retailer.watermark("sale")
    drop_newest(own_retailer.simulator.application.simulator)
    own_retailer.simulator.advance(24)
    never_still(source)
    plan = own_retailer.begin("r2")

    [url] = own_retailer.extract(plan, "sale", page_size=PAGE_SIZE, pages_in_flight=1)

    manifest = own_retailer.store.read_manifest(url)
    assert (manifest.stable, manifest.complete, manifest.cursor_to) == (False, False, manifest.cursor_from)
    assert "rows shifted across the end of pages [2], in the last of 3 scans" in caplog.text
    assert "nothing is taken for deleted and the watermark stays" in caplog.text
    deleted = own_retailer.load(url)["sale"].deleted
    assert (deleted, own_retailer.watermark("sale")) == (0, reached)
    source.act.clear()
    read(own_retailer, "r3")
    assert own_retailer.differences("sale") == []
    assert own_retailer.watermark("sale") > reached


def test_deletions_wait_for_a_read_with_two_stable_scans(own_retailer: Retailer, source: Source) -> None:
    read(own_retailer, "r1")
    drop_newest(own_retailer.simulator.application.simulator)
    reached = own_retailer.watermark("sale")
    own_retailer.simulator.advance(24)
    scans = iter([True, True, False])

    def move_in_two_scans(simulator: Simulator) -> None:
        if next(scans):
            drop_newest(simulator)
            source.act[3] = move_in_two_scans

    source.act[3] = move_in_two_scans
    [url] = own_retailer.extract(own_retailer.begin("r2"), "sale", page_size=PAGE_SIZE, pages_in_flight=1)

    manifest = own_retailer.store.read_manifest(url)
    assert (manifest.stable, manifest.complete) == (True, False)
    assert own_retailer.load(url)["sale"].deleted == 0
    assert own_retailer.watermark("sale") > reached
    read(own_retailer, "r3")
    assert own_retailer.differences("sale") == []


def test_a_window_that_reaches_the_end_is_watched_like_any_list(
    own_retailer: Retailer, tmp_path: Path
) -> None:
    retailer = Retailer(own_retailer.simulator, tmp_path / "window", resources={"sale": {"mode": "window"}})
    source = Source(retailer)
    retailer.run("r1", "sale")
    kept = len(retailer.truth_ids("sale")) - PAGE_SIZE - 20
    sales = own_retailer.simulator.simulator.tenants["mini"].world.collections["sale"]
    for slot in sales.visible[-kept:].tolist():
        sales.delete(slot, 0, "", silent=True)
    source.act[2] = drop_newest

    [url] = retailer.extract(retailer.begin("r2"), "sale", page_size=PAGE_SIZE, pages_in_flight=1)

    assert source.asked[1] > 1
    assert retailer.store.read_manifest(url).stable


def test_an_empty_list_where_rows_are_known_is_read_twice_and_deletes_nothing(
    own_retailer: Retailer,
) -> None:
    read(own_retailer, "r1")
    known, asked = set(own_retailer.raw("sale")), Counter[str]()

    def empty(_: Simulator, request: Request) -> Response | None:
        asked[request.query["page"]] += 1
        return Response(200, b"[]", ((b"x-more-pages-available", b"False"),))

    own_retailer.simulator.application.interceptors.insert(0, empty)
    [url] = own_retailer.extract(own_retailer.begin("r2"), "sale", page_size=PAGE_SIZE)

    manifest = own_retailer.store.read_manifest(url)
    assert asked == {"1": 2}
    assert (manifest.counts["sale"].extracted, manifest.cursor_to) == (0, None)
    assert own_retailer.load(url)["sale"].deleted == 0
    assert set(own_retailer.raw("sale")) == known


def test_what_several_scans_show_is_counted_once_as_loaded(own_retailer: Retailer, source: Source) -> None:
    source.act[3] = drop_newest
    before = len(own_retailer.truth_ids("sale"))

    plan = own_retailer.begin("r1")
    ledger = own_retailer.load(*own_retailer.extract(plan, "sale", page_size=PAGE_SIZE, pages_in_flight=1))[
        "sale"
    ]

    assert ledger.loaded == before
    assert ledger.extracted == ledger.loaded + ledger.superseded


def test_a_row_that_shifts_in_a_list_of_changes_is_not_lost(own_retailer: Retailer, tmp_path: Path) -> None:
    retailer = Retailer(own_retailer.simulator, tmp_path / "changed", resources={"sale": {"mode": "changed"}})
    retailer.run("r1", "sale")
    simulator = own_retailer.simulator.simulator
    simulator.advance_hours(24)
    known, shifted = set(retailer.raw("sale")), []

    def intercept(_: Simulator, request: Request) -> Response | None:
        if request.path[:2] == ("sale", "changed") and request.query["page"] == "4" and not shifted:
            sales = simulator.tenants["mini"].world.collections["sale"]
            changes = sales.changed_since(parse_instant(request.path[2]))
            shifted.append(sales.read(int(changes[15]))["id"])
            sales.delete(int(changes[0]), simulator.clock.ticks, "", silent=True)
        return None

    own_retailer.simulator.application.interceptors.insert(0, intercept)

    plan = retailer.begin("r2")
    retailer.load(*retailer.extract(plan, "sale", page_size=5, pages_in_flight=1))

    assert shifted
    assert shifted[0] not in known
    assert shifted[0] in retailer.raw("sale")
