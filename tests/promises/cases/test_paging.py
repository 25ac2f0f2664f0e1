"""Lists are read to their end, however they move and whatever the API returns in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from edits import MINUTE, Edits, before_page, intercepting, wire_rows
from quick_retailer import QuickRetailer

from mercurios.sources.prohandel.http.errors import TransientProHandelError
from prohandel_simulator.api import Interceptor, Request, Response, _route
from prohandel_simulator.faults import ALL_FAULTS, Fault, FaultSchedule
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.testing import RunningSimulator

ONE_BY_ONE = {"page_size": 20, "pages_in_flight": 1}
HARMLESS = (Fault.SLOW, Fault.WORLD_MOVES, Fault.DUPLICATE_ROW)
DAMAGE = [fault for fault in ALL_FAULTS if fault not in HARMLESS]


def test_a_row_inserted_on_a_page_already_read_comes_with_the_next_run(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    """No other row is lost."""
    sales = Edits(source, "sale")
    first = sales.row(sales.ids[0])

    def insert() -> None:
        sales.add("inserted", receiptNumber=first["receiptNumber"] + 1)

    before = retailer.truth_ids("sale")
    with before_page(source, "sale", 3, insert):
        retailer.load(*retailer.extract(retailer.begin("r1"), "sale", **ONE_BY_ONE))
    assert retailer.raw("sale").keys() == before

    retailer.run("r2", "sale")

    assert "inserted" in retailer.raw("sale")
    assert retailer.differences("sale") == []


def test_a_row_that_jumps_to_the_last_page_is_loaded_once_in_its_newest_version(
    incremental: QuickRetailer, source: RunningSimulator
) -> None:
    incremental.run("r1", "sale")
    sales = Edits(source, "sale")
    source.simulator.clock.move(sales.now + 60 * MINUTE)
    changed = sales.ids[:60]
    for minute, key in enumerate(changed):
        sales.change(key, at=sales.now - (60 - minute) * MINUTE, salePrice=1.00)
    jumper = changed[3]

    def jump() -> None:
        sales.change(jumper, at=sales.now, salePrice=2.00)

    plan = incremental.begin("r2")
    with before_page(source, "sale/changed", 3, jump):
        rows = incremental.load(*incremental.extract(plan, "sale", **ONE_BY_ONE))["sale"]

    assert incremental.differences("sale") == []
    assert incremental.raw("sale")[jumper]["sale_price"] == 2
    assert rows.loaded == len(changed)
    assert rows.superseded == rows.extracted - rows.loaded > 0


def test_a_page_shorter_than_asked_for_in_the_middle_does_not_end_the_list(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    """Every page ends one row early, as where a server filters after it has cut."""

    def cut_short(simulator: Simulator, request: Request) -> Response | None:
        if request.path == ("sale",) and request.query["pagesize"] == "21":
            return _route(
                simulator,
                Request(request.tenant, request.path, {**request.query, "pagesize": "20"}, request.token),
            )
        return None

    with intercepting(source, cut_short):
        retailer.load(*retailer.extract(retailer.begin("r1"), "sale", page_size=21))

    assert len(retailer.raw("sale")) > 3 * 20
    assert retailer.differences("sale") == []


@pytest.mark.parametrize("fault", DAMAGE)
def test_a_damaged_response_costs_another_request_and_no_row(
    retailer: QuickRetailer, source: RunningSimulator, fault: Fault
) -> None:
    plan = retailer.begin("r1")
    # A token that expires again before its page is requested again is a refusal, not a fault of one response.
    most = 1 if fault is Fault.TOKEN_DIES else 4
    source.faulty.faults = faults = FaultSchedule(seed=3, rate=0.3, kinds=(fault,), most=most)

    retailer.load(*retailer.extract(plan, "sale", page_size=20, attempts=6))

    assert faults.struck[fault] == most
    assert retailer.differences("sale") == []


def last_page_is_the_one_before(
    page_size: int, first: Callable[[], None] = lambda: None
) -> tuple[Interceptor, list[int]]:
    """Answer the last page once with the rows of the page before, as they are after something happened.

    Returns:
        What answers, and the numbers of the pages that were asked for.
    """
    asked: list[int] = []
    repeated: list[int] = []

    def intercept(simulator: Simulator, request: Request) -> Response | None:
        if request.path != ("sale",) or request.query["pagesize"] != str(page_size):
            return None
        response, page = _route(simulator, request), int(request.query["page"])
        asked.append(page)
        if b"False" not in dict(response.headers).values() or repeated:
            return response
        repeated.append(page)
        first()
        before = replace(request, query={**request.query, "page": str(page - 1)})
        return Response(200, _route(simulator, before).body, response.headers)

    return intercept, asked


def test_a_last_page_that_repeats_the_one_before_it_is_requested_again(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    """A repeated page does not end the list."""
    repeat_once, asked = last_page_is_the_one_before(20)

    with intercepting(source, repeat_once):
        retailer.load(*retailer.extract(retailer.begin("r1"), "sale", **ONE_BY_ONE))

    last = max(asked)
    assert asked == [*range(1, last), last, last]
    assert retailer.differences("sale") == []


def test_a_last_page_that_repeats_all_but_one_row_does_not_end_the_list(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    repeat_once, asked = last_page_is_the_one_before(20, lambda: sales.delete(sales.ids[0], silent=True))

    with intercepting(source, repeat_once):
        retailer.load(*retailer.extract(retailer.begin("r1"), "sale", **ONE_BY_ONE))

    assert retailer.truth_ids("sale") - retailer.raw("sale").keys() == set()
    # The list was read again.
    assert asked.count(1) == 2


@pytest.mark.parametrize("fault", [f for f in DAMAGE if f not in (Fault.TOKEN_DIES, Fault.STALE_PAGE)])
def test_damage_that_stays_fails_the_run_and_changes_nothing_in_the_warehouse(
    incremental: QuickRetailer, source: RunningSimulator, fault: Fault
) -> None:
    """Rows, ledger and watermark stay as they were."""
    incremental.run("r1", "sale")
    before = incremental.raw("sale"), incremental.watermark("sale")
    source.advance(24)
    plan = incremental.begin("r2")

    def strike_later() -> None:
        source.faulty.faults = FaultSchedule(seed=1, rate=1.0, kinds=(fault,))

    with (
        before_page(source, "sale/changed", 2, strike_later),
        pytest.raises(TransientProHandelError, match=r"sale/changed/.*, page=\d+, pagesize=[12]"),
    ):
        incremental.extract(plan, "sale", page_size=2, pages_in_flight=1)

    source.faulty.faults = None
    left = [path.name for path in incremental.landing.rglob("*") if "run=r2" in str(path)]
    assert "manifest.json" not in left
    assert (incremental.raw("sale"), incremental.watermark("sale")) == before
    assert incremental.query("select distinct run_id from ops.load_ledger") == [{"run_id": "r1"}]
    assert incremental.begin("r3").resources["sale"].since == plan.resources["sale"].since


def test_a_row_that_one_response_leaves_out_is_not_taken_for_deleted(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    retailer.run("r1", "customer")
    hidden = Edits(source, "customer").ids[-1]
    plan, shown = retailer.begin("r2"), []

    def leave_out_once(row: dict[str, object]) -> dict[str, object] | None:
        if row["id"] == hidden and not shown:
            shown.append(hidden)
            return None
        return row

    with wire_rows(source, "customer", leave_out_once):
        rows = retailer.load(*retailer.extract(plan, "customer"))["customer"]

    assert shown == [hidden]
    assert rows.deleted == 0
    assert retailer.differences("customer") == []


def test_pages_in_flight_share_one_new_token_and_a_second_task_gets_another(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    tokens, truth = source.simulator.tokens, retailer.truth_ids("sale")
    tokens.expire("mini")
    with retailer.client(page_size=5, pages_in_flight=4) as first, retailer.client() as second:
        pages = first.pages("sale")
        ids = {row["id"] for row in next(pages).rows}
        tokens.expire("mini")
        ids |= {row["id"] for page in pages for row in page.rows}
        assert (ids, len(tokens._access)) == (truth, 1)

        list(second.pages("sale"))
        list(first.pages("sale"))

    assert len(tokens._access) == 2
