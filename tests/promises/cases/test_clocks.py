"""Machines whose clocks are wrong: what they read and load is ordered by what happened, so nothing waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from edits import Edits
from quick_retailer import QuickRetailer

from mercurios.landing import plan as extracting
from mercurios.warehouse import clock as loading
from mercurios.warehouse.load import FencedError
from mercurios.warehouse.requests import request_resync
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
