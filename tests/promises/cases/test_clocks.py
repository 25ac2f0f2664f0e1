"""Machines whose clocks are wrong: what they read and load is ordered by what happened, so nothing waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from edits import DAY, Edits, intercepting
from quick_retailer import QuickRetailer

from mercurios.jobs.findings import load_findings
from mercurios.landing import plan as extracting
from mercurios.tenants.run import Run
from mercurios.warehouse import clock as loading
from mercurios.warehouse.load import FencedError
from mercurios.warehouse.requests import request_resync
from prohandel_simulator.api import Request, Response, _route
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.testing import RunningSimulator

DAYS = timedelta(days=400)


@contextmanager
def clock_off(by: timedelta, *modules: Any) -> Iterator[None]:
    """Let the machine that runs some modules have a clock that is wrong."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + by

    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            patch.setattr(module, "datetime", Wrong)
        yield


def showing(date: bytes) -> Callable[[Simulator, Request], Response]:
    """Respond to every request with a clock that is wrong."""

    def answer(simulator: Simulator, request: Request) -> Response:
        response = _route(simulator, request)
        headers = [each for each in response.headers if each[0] != b"date"]
        return Response(response.status, response.body, (*headers, (b"date", date)))

    return answer


def newest_run(retailer: QuickRetailer) -> str:
    [row] = retailer.query("select run_id from ops.run order by started_at desc limit 1")
    return str(row["run_id"])


@pytest.mark.parametrize("who", ["extracts", "loads", "does both"])
@pytest.mark.parametrize("by", [DAYS, -DAYS], ids=["ahead", "behind"])
def test_a_worker_more_than_a_year_off_hides_no_delete_and_no_change(
    retailer: QuickRetailer, source: RunningSimulator, who: str, by: timedelta
) -> None:
    modules = {"extracts": [extracting], "loads": [loading], "does both": [extracting, loading]}[who]
    sales, orders = Edits(source, "sale"), Edits(source, "order")
    retailer.run("r1", "sale", "order")
    with clock_off(by, *modules):
        retailer.run("r2", "sale", "order")

    for number, run_id in enumerate(("r3", "r4")):
        for key in sales.ids[:4]:
            sales.delete(key, silent=True)
        # An order has no cursor: the newest read wins.
        orders.change(orders.ids[0], overallDiscount=float(number + 1))
        rows = retailer.run(run_id, "sale", "order")

        assert rows["sale"].deleted == 4
        assert retailer.differences("sale", "order") == []
        assert newest_run(retailer) == run_id


def test_after_a_clock_ahead_a_request_is_answered_and_complete_reads_go_on(
    incremental: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    with clock_off(DAYS, extracting, loading):
        incremental.run("r1", "sale")
    sales.delete(sales.ids[0], silent=True)
    with incremental.engine() as engine:
        request_resync(engine, incremental.tenant.id, ["sale"], "a person")

    assert incremental.run("r2", "sale")["sale"].deleted == 1
    sales.delete(sales.ids[0], silent=True)
    assert incremental.run("r3", "sale")["sale"].deleted == 1


def test_what_is_stamped_never_goes_back(retailer: QuickRetailer) -> None:
    stamps = []
    for number, by in enumerate((timedelta(0), DAYS, -DAYS, timedelta(0))):
        with clock_off(by, extracting, loading):
            retailer.run(f"r{number}", "voucher")
        [ledger] = retailer.query(
            "select extracted_at, loaded_at from ops.load_ledger order by loaded_at desc limit 1"
        )
        stamps += [ledger["extracted_at"], ledger["loaded_at"]]

    assert stamps == sorted(set(stamps))
    assert stamps[-1].replace(tzinfo=UTC) > datetime.now(UTC) + DAYS - timedelta(days=1)


@pytest.mark.parametrize("late", [True, False], ids=["the older loads last", "in order"])
@pytest.mark.parametrize("by", [DAYS, -DAYS], ids=["the older ahead", "the older behind"])
def test_two_runs_on_machines_with_swapped_clocks_end_as_the_source_is(
    retailer: QuickRetailer, source: RunningSimulator, by: timedelta, late: bool
) -> None:
    sales, orders = Edits(source, "sale"), Edits(source, "order")
    resources = ("sale", "order")
    retailer.run("r0", *resources)
    urls = []
    for number, clock in enumerate((by, -by)):
        with clock_off(clock, extracting, loading):
            plan = retailer.begin(f"r{number + 1}")
            urls.append(retailer.extract(plan, *resources))
        sales.delete(sales.ids[0], silent=True)
        orders.change(orders.ids[0], overallDiscount=float(number + 1))

    for clock, manifests in zip((-by, by), reversed(urls) if late else urls, strict=True):
        with clock_off(clock, extracting, loading):
            for url in manifests:
                with suppress(FencedError):
                    retailer.load(url)
    retailer.run("r3", *resources)

    assert retailer.differences(*resources) == []
    assert newest_run(retailer) == "r3"


@pytest.mark.parametrize(
    ("date", "reported"),
    [
        (b"Thu, 01 Jan 2099 00:00:00 GMT", ["ops.run"]),
        (b"Mon, 01 Jan 2001 00:00:00 GMT", ["ops.run"]),
        (b"Sun, 05 Jul 2026 04:00:00 GMT", ["ops.run"]),
        # What was never set is as good as none, and no news.
        (b"Thu, 01 Jan 1970 00:00:00 GMT", []),
        (b"Fri, 31 Dec 9999 23:59:59 GMT", []),
        (b"noon", []),
    ],
    ids=["2099", "2001", "months ahead", "1970", "9999", "no time"],
)
def test_a_wrong_clock_in_all_answers_of_a_run_moves_nothing_and_is_reported_once(
    incremental: QuickRetailer, source: RunningSimulator, date: bytes, reported: list[str]
) -> None:
    sales, names = Edits(source, "sale"), ("sale", "article", "branch")
    incremental.run("r1", *names)
    # A stamp of the future would take the watermark with it.
    sales.change(sales.ids[0], at=sales.now + 3650 * DAY, quantity=3)
    with intercepting(source, showing(date)):
        for run_id in ("r2", "r3"):
            incremental.run(run_id, *names)
    sales.delete(sales.ids[-1], silent=True)
    sales.change(sales.ids[1], quantity=4)
    incremental.simulator.advance(1)
    incremental.run("r4", *names)

    days = incremental.query("select as_of_date from ops.run order by run_id")
    assert {row["as_of_date"] for row in days} == {source.simulator.clock.now.date()}
    mark = incremental.watermark("sale")
    assert mark is not None
    assert mark.replace(tzinfo=UTC) <= source.simulator.clock.now
    assert sum(row["deleted"] for row in incremental.query("select deleted from ops.load_ledger")) == 0
    assert found_clocks(incremental) == {"r1": [], "r2": reported, "r3": [], "r4": []}
    with incremental.engine() as engine:
        request_resync(engine, incremental.tenant.id, names, "a person")
    incremental.run("r5", *names)
    assert incremental.differences(*names) == []


def found_clocks(retailer: QuickRetailer) -> dict[str, list[str]]:
    """Return what is reported of a source's clock, by run."""
    with retailer.engine() as engine:
        return {
            run_id: [
                found.table
                for found in load_findings(engine, retailer.tenant, Run(retailer.tenant.id, "p", run_id))
                if found.kind.name == "source-clock"
            ]
            for run_id in ("r1", "r2", "r3", "r4")
        }


def test_after_a_first_run_with_a_wrong_clock_the_right_one_is_followed(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    today = format_datetime(datetime.now(UTC), usegmt=True).encode()
    with intercepting(source, showing(b"Thu, 01 Jan 2099 00:00:00 GMT")):
        retailer.run("r1", "voucher")
    with intercepting(source, showing(today)):
        retailer.run("r2", "voucher")

    days = retailer.query("select as_of_date from ops.run order by run_id")
    assert [row["as_of_date"].year for row in days] == [2099, datetime.now(UTC).year]
