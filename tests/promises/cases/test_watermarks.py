"""Incremental reads miss nothing: equal cursors, late rows, coarse and foreign clocks, local time, no cursor at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from edits import DAY, MINUTE, Edits, intercepting
from quick_retailer import QuickRetailer
from retailer import Retailer

from mercurios.sources.prohandel.http.errors import TransientProHandelError
from prohandel_simulator.api import Request, Response, error
from prohandel_simulator.clock import parse_instant
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.testing import RunningSimulator, running_simulator

NO_OVERLAP = {"resources": {"sale": {"mode": "changed"}}, "overlap_minutes": 0}


def ticks_of(moment: datetime) -> int:
    return parse_instant(moment.replace(tzinfo=UTC).isoformat())


def watermark_ticks(retailer: Retailer) -> int:
    reached = retailer.watermark("sale")
    assert reached is not None
    return ticks_of(reached)


def test_rows_of_one_instant_are_all_there_although_a_run_fell_between_them(
    open_retailer: Any, source: RunningSimulator
) -> None:
    retailer, sales = open_retailer(**NO_OVERLAP), Edits(source, "sale")
    instant = sales.now - MINUTE
    earlier = [sales.add(f"before-{n}", at=instant) for n in range(15)]
    retailer.run("r1", "sale")
    assert watermark_ticks(retailer) == instant
    later = [sales.add(f"after-{n}", at=instant) for n in range(15)]

    plan = retailer.begin("r2")
    retailer.load(*retailer.extract(plan, "sale", page_size=7))

    assert plan.resources["sale"].since is not None
    assert retailer.raw("sale").keys() >= {*earlier, *later}
    assert retailer.differences("sale") == []


def test_a_row_committed_late_with_an_early_cursor_is_caught_by_the_overlap(
    incremental: QuickRetailer, source: RunningSimulator
) -> None:
    incremental.run("r1", "sale")
    sales = Edits(source, "sale")
    late = sales.add("late", at=watermark_ticks(incremental) - 59 * MINUTE)

    rows = incremental.run("r2", "sale")

    assert rows["sale"].extracted < 10, "the second read was not incremental"
    assert late in incremental.raw("sale")
    assert rows["sale"].late == 1


def test_an_update_older_than_the_overlap_is_caught_by_the_next_complete_read(
    incremental: QuickRetailer, source: RunningSimulator
) -> None:
    incremental.run("r1", "sale")
    sales = Edits(source, "sale")
    late = sales.add("late", at=watermark_ticks(incremental) - 3 * DAY)
    sales.change(sales.ids[5], at=watermark_ticks(incremental) - 3 * DAY, salePrice=1.00)
    reached = incremental.watermark("sale")

    incremental.run("r2", "sale")
    assert late not in incremental.raw("sale")
    incremental.query("update ops.load_ledger set loaded_at = loaded_at - interval 8 day")
    rows = incremental.run("r3", "sale")

    assert (rows["sale"].loaded, rows["sale"].late) == (2, 2)
    assert incremental.differences("sale") == []
    assert incremental.watermark("sale") == reached, "a late row moved the watermark"


@pytest.mark.parametrize("today", [date(2024, 3, 6), date(2041, 3, 6)])
def test_a_source_whose_clock_is_years_from_ours_is_followed_by_its_own_clock(
    today: date, tmp_path: Path
) -> None:
    with running_simulator(["mini"], today=today) as source:
        retailer = Retailer(source, tmp_path, resources={"sale": {"mode": "changed"}})
        retailer.run("r1", "sale", "voucher")
        source.advance(30)

        rows = retailer.run("r2", "sale", "voucher")

        assert 0 < rows["sale"].extracted < 500
        assert retailer.differences("sale", "voucher") == []
        assert watermark_ticks(retailer) <= source.simulator.clock.ticks


@pytest.mark.parametrize("fraction", ["1234567", "1234999", "9999999", "0000001"])
def test_a_cursor_finer_than_ours_never_rounds_past_a_row(
    open_retailer: Any, source: RunningSimulator, fraction: str
) -> None:
    retailer, sales = open_retailer(**NO_OVERLAP), Edits(source, "sale")
    second = sales.now - MINUTE
    at = second + int(fraction)
    sales.add("seen", at=at)
    retailer.run("r1", "sale")
    same_microsecond = at // 10 * 10
    unseen = [sales.add(f"unseen-{n}", at=n) for n in (same_microsecond, at, same_microsecond + 9)]

    retailer.run("r2", "sale")

    assert watermark_ticks(retailer) <= at
    assert retailer.raw("sale").keys() >= {"seen", *unseen}


def local_hours(source: RunningSimulator, hours: int) -> Iterator[int]:
    """Let hours pass; yield the number of each."""
    for hour in range(hours):
        source.advance(1)
        yield hour


def test_rows_of_the_hour_that_autumn_repeats_are_loaded_once_in_newest_version(
    tmp_path: Path,
) -> None:
    with running_simulator(["mini"], today=date(2025, 10, 25), instants_in="Europe/Berlin") as source:
        retailer = Retailer(
            source,
            tmp_path,
            resources={"sale": {"mode": "changed"}},
            overlap_minutes=0,
            time_zone="Europe/Berlin",
        )
        sales = Edits(source, "sale")
        source.advance(19)
        retailer.run("r1", "sale")
        changed = sales.ids[0]
        # 23:00 UTC is 01:00 in Berlin, 01:00 UTC is 02:00 for the second time.
        for hour in local_hours(source, 5):
            local = (datetime(2025, 10, 26, 1) + timedelta(hours=min(hour, 1))) if hour < 3 else None
            stamp = (local or datetime(2025, 10, 26, hour)).strftime("%Y-%m-%dT%H:30:00")
            sales.add(f"hour-{hour}", at=sales.now, lastChange=stamp)
            sales.change(changed, at=sales.now, lastChange=stamp, salePrice=float(hour))
            retailer.run(f"hour-{hour}", "sale")

        raw = retailer.raw("sale")
        assert raw.keys() == retailer.truth_ids("sale")
        assert raw[changed]["sale_price"] == 4
        repeated = [raw[f"hour-{hour}"]["last_change"] for hour in (1, 2)]
        assert repeated == [datetime(2025, 10, 26, 0, 30)] * 2
        assert watermark_ticks(retailer) <= source.simulator.clock.ticks


def test_a_row_without_a_cursor_is_loaded_counted_and_kept_up_to_date(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    without = sales.add("without", at=sales.now, lastChange=None)
    rows = retailer.run("r1", "sale")

    sales.change(without, at=sales.now, lastChange=None, salePrice=7.25)
    again = retailer.run("r2", "sale")

    assert rows["sale"].extracted == rows["sale"].loaded == len(retailer.truth_ids("sale"))
    assert (again["sale"].loaded, retailer.raw("sale")[without]["last_change"]) == (1, None)
    assert retailer.differences("sale") == []


def test_changes_that_never_carry_a_cursor_come_with_the_complete_read(
    incremental: QuickRetailer, source: RunningSimulator
) -> None:
    incremental.run("r1", "sale")
    Edits(source, "sale").add("without", at=0, lastChange=None)

    incremental.run("r2", "sale")
    incremental.query("update ops.load_ledger set loaded_at = loaded_at - interval 8 day")
    incremental.run("r3", "sale")

    assert incremental.differences("sale") == []


def test_a_list_of_changes_that_is_never_stable_leaves_the_watermark(
    incremental: QuickRetailer, source: RunningSimulator
) -> None:
    """No row is lost: the next run reads the same changes again."""
    incremental.run("r1", "sale")
    reached, sales = incremental.watermark("sale"), Edits(source, "sale")
    source.simulator.clock.move(sales.now + 60 * MINUTE)
    changed = sales.ids[:60]
    for minute, key in enumerate(changed):
        sales.change(key, at=sales.now - (60 - minute) * MINUTE, salePrice=1.00)
    moving = iter(changed)

    def move(_: Simulator, request: Request) -> Response | None:
        # Behind the reader's back the first row goes to the end of the list.
        if request.query["page"] == "2":
            sales.change(next(moving), at=sales.now, salePrice=2.00)
        return None

    plan = incremental.begin("r2")
    with intercepting(source, move):
        incremental.load(*incremental.extract(plan, "sale", page_size=20, pages_in_flight=1))

    assert incremental.watermark("sale") == reached, "the watermark passed rows that may have shifted"
    incremental.run("r3", "sale")
    assert incremental.differences("sale") == []
    assert incremental.watermark("sale") > reached


def test_a_run_that_failed_leaves_the_watermark_and_the_next_covers_the_same_range(
    incremental: QuickRetailer, source: RunningSimulator
) -> None:
    incremental.run("r1", "sale")
    reached = incremental.watermark("sale")
    source.advance(24)

    def broken(_: Simulator, request: Request) -> Response | None:
        return error(503, "down") if int(request.query["page"]) > 2 else None

    failed = incremental.begin("r2")
    with intercepting(source, broken), pytest.raises(TransientProHandelError):
        incremental.extract(failed, "sale", page_size=2)
    unloaded = incremental.begin("r3")
    incremental.extract(unloaded, "sale")

    after = incremental.begin("r4")
    assert incremental.watermark("sale") == reached
    ranges = {plan.resources["sale"].since for plan in (failed, unloaded, after)}
    assert len(ranges) == 1
    incremental.load(*incremental.extract(after, "sale"))
    assert incremental.differences("sale") == []


def test_a_past_run_that_is_cleared_beside_the_current_one_takes_nothing_back(
    incremental: QuickRetailer, source: RunningSimulator
) -> None:
    past = incremental.begin("past")
    incremental.load(*incremental.extract(past, "sale"))
    source.advance(24)
    incremental.run("current", "sale")
    reached = incremental.watermark("sale")

    cleared = incremental.begin("past")
    urls = incremental.extract(cleared, "sale")
    source.advance(24)
    incremental.run("next", "sale")
    newest = incremental.watermark("sale")
    incremental.load(*urls)

    assert cleared.fence == past.fence + 1
    assert reached is not None
    assert newest is not None
    assert newest > reached
    assert incremental.watermark("sale") == newest
    assert incremental.differences("sale") == []


def test_the_watermark_stands_on_no_row_that_only_an_overtaken_read_has_shown(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    retailer.run("first", "sale")
    source.simulator.clock.move(sales.now + 60 * MINUTE)
    last = sales.ids[-1]
    sales.change(last, salePrice=1.00)
    [overtaken] = retailer.extract(retailer.begin("overtaken"), "sale")
    sales.delete(last, silent=True)
    retailer.run("newer", "sale")

    retailer.load(overtaken)

    [newest] = retailer.query("select max(last_change) as cursor from raw.sale")
    assert retailer.watermark("sale") == newest["cursor"]
    assert retailer.differences("sale") == []


def test_a_lost_watermark_costs_a_complete_read_and_doubles_nothing(
    incremental: QuickRetailer, source: RunningSimulator
) -> None:
    incremental.run("r1", "sale")
    reached = incremental.watermark("sale")
    incremental.query("delete from ops.watermark")
    source.advance(24)

    rows = incremental.run("r2", "sale")

    assert rows["sale"].extracted > rows["sale"].loaded > 0
    assert incremental.differences("sale") == []
    assert incremental.watermark("sale") >= reached
