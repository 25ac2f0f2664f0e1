"""Resync: a resource whose complete read was requested is read completely, once, by the next run that succeeds."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from retailer import Retailer

from mercurios.landing.plan import ResourcePlan, RunPlan
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.settings import Mode
from mercurios.tenants.run import Run
from mercurios.warehouse.requests import request_resync
from mercurios.warehouse.run_plan import _numbers, begin_run, plan_resource


@pytest.fixture
def changed(retailer: Retailer, tmp_path: Path) -> Retailer:
    """A retailer that has read its sales and articles completely and now reads only changes."""
    settings = {name: {"mode": "changed"} for name in ("sale", "article")}
    retailer = Retailer(retailer.simulator, tmp_path, resources=settings)
    retailer.run("r1", "sale", "article")
    return retailer


def ask(retailer: Retailer, *names: str) -> None:
    with retailer.engine() as engine:
        request_resync(engine, retailer.tenant.id, names, "tests", retailer.tenant.source.contract)


def reads_all(plan: ResourcePlan) -> bool:
    return plan.since is None


def test_the_next_run_reads_the_resource_completely_and_the_one_after_reads_changes(
    changed: Retailer,
) -> None:
    assert not reads_all(changed.begin("r2").resources["sale"])
    ask(changed, "sale")
    assert changed.watermark("sale") is None

    plan = changed.begin("r3")
    rows = changed.load(*changed.extract(plan, "sale", "article"))

    assert reads_all(plan.resources["sale"])
    assert not reads_all(plan.resources["article"])
    assert rows["sale"].extracted == len(changed.truth("sale"))
    assert rows["sale"].loaded == 0
    assert changed.watermark("sale") is not None
    assert not reads_all(changed.begin("r4").resources["sale"])


def test_a_row_that_was_lost_in_the_warehouse_comes_back(changed: Retailer) -> None:
    changed.query("delete from raw.sale where branch_number = (select min(branch_number) from raw.sale)")
    changed.run("r2", "sale")
    assert changed.differences("sale") != []
    ask(changed, "sale")

    changed.run("r3", "sale")

    assert changed.differences("sale") == []


def test_a_request_stands_until_a_read_that_began_after_it_is_loaded(changed: Retailer) -> None:
    under_way = changed.extract(changed.begin("r2"), "sale")
    ask(changed, "sale")
    changed.load(*under_way)
    # The run fails before it loads anything.
    changed.begin("r3")

    plan = changed.begin("r4")

    assert reads_all(plan.resources["sale"])


def test_a_complete_read_that_began_before_the_request_does_not_answer_it(changed: Retailer) -> None:
    ask(changed, "sale")
    under_way = changed.extract(changed.begin("r2"), "sale")
    ask(changed, "sale")
    changed.load(*under_way)

    assert reads_all(changed.begin("r3").resources["sale"])


def test_a_run_may_ask_for_itself_and_the_wish_is_recorded(changed: Retailer) -> None:
    with changed.engine() as engine:
        url = begin_run(engine, changed.store, changed.tenant, Run("mini", "pipeline__mini", "r2"), ["sale"])

    plan = RunPlan.read(changed.store, url)
    assert reads_all(plan.resources["sale"])
    [request] = changed.query("select resource, requested_by from ops.resync_request")
    assert request == {"resource": "sale", "requested_by": "pipeline__mini, run r2"}
    changed.load(*changed.extract(plan, "sale"))
    assert not reads_all(changed.begin("r3").resources["sale"])


def test_rows_known_before_a_resync_stay_known_so_that_a_miss_is_noticed(
    changed: Retailer,
) -> None:
    ask(changed, "sale")

    assert changed.begin("r2").resources["sale"].known_url is not None


@pytest.mark.parametrize("name", ["sales", "order.positions"])
def test_a_name_that_is_no_collection_is_refused_and_nothing_is_forgotten(
    changed: Retailer, name: str
) -> None:
    before = changed.watermark("sale")

    with pytest.raises(ValueError, match=rf"unknown resource {name}; known resources: article, "):
        ask(changed, "sale", name)

    assert changed.watermark("sale") == before
    assert changed.query("select 1 as n from ops.resync_request") == []


NOW = datetime(2024, 3, 4, 5)
DAYS = timedelta(days=7)


@pytest.mark.parametrize(
    ("age", "complete"),
    [
        (timedelta(0), False),
        (DAYS - timedelta(days=1), False),
        (DAYS - timedelta(seconds=1), False),
        (DAYS, True),
        (DAYS + timedelta(seconds=1), True),
    ],
)
def test_a_complete_read_is_due_when_the_last_is_exactly_its_days_old(
    retailer: Retailer, tmp_path: Path, age: timedelta, complete: bool
) -> None:
    settings = {"sale": {"mode": "changed"}}
    tenant = Retailer(retailer.simulator, tmp_path, resources=settings, full_read_days=DAYS.days).tenant
    cursor = NOW - timedelta(hours=1)

    plan = plan_resource(tenant, RESOURCES["sale"], cursor, NOW - age, NOW)

    if complete:
        assert plan == ResourcePlan(mode=Mode.SCAN)
    else:
        since = cursor.replace(tzinfo=UTC) - tenant.source.overlap
        assert plan == ResourcePlan(mode=Mode.CHANGED, since=since)


@pytest.mark.parametrize(("cursor", "complete_at"), [(None, None), (NOW, None), (None, NOW)])
def test_a_first_read_is_complete_in_the_mode_of_its_resource(
    retailer: Retailer, tmp_path: Path, cursor: datetime | None, complete_at: datetime | None
) -> None:
    tenant = Retailer(retailer.simulator, tmp_path, resources={"sale": {"mode": "changed"}}).tenant

    plan = plan_resource(tenant, RESOURCES["sale"], cursor, complete_at, NOW)

    assert plan == ResourcePlan(mode=Mode.CHANGED)


def test_a_resource_without_a_cursor_is_scanned_and_has_no_watermark(
    retailer: Retailer, tmp_path: Path
) -> None:
    settings = {"sale": {"mode": "scan"}}
    tenant = Retailer(retailer.simulator, tmp_path, resources=settings).tenant
    without = dataclasses.replace(RESOURCES["sale"], cursor=None)

    for resource in (without, RESOURCES["sale"]):
        assert plan_resource(tenant, resource, NOW, NOW, NOW) == ResourcePlan(mode=Mode.SCAN)


def test_hexadecimal_digits_are_whole_numbers_of_64_bits_without_a_sign() -> None:
    digits = pa.chunked_array([["0000000000000001", "ffffffffffffffff"], ["8000000000000000"]])

    assert _numbers(digits).to_pylist() == [1, 2**64 - 1, 2**63]
    assert _numbers(digits).type == pa.uint64()


def test_what_is_known_of_a_resource_is_written_with_its_hashes(
    changed: Retailer,
) -> None:
    plan = changed.begin("r2")

    known = plan.resources["sale"].known_url
    assert known is not None
    assert "known-" in known
    table = pq.read_table(pa.BufferReader(changed.store.read_bytes(known)))
    assert table.schema.names == ["resource", "key64", "hash64"]
    assert set(table["resource"].to_pylist()) == {"sale"}
    assert table.num_rows == len(changed.truth("sale"))
    assert plan.resources["customer"].known_url is None
    assert (plan.fence, plan.attempts) == (1, 0)
    assert changed.begin("r2").fence == 2


def paced(retailer: Retailer, home: Path, **minutes: int) -> Retailer:
    """A retailer that has read resources whose reads are good for so many minutes."""
    settings = {name: {"interval_minutes": each} for name, each in minutes.items()}
    retailer = Retailer(retailer.simulator, home, interval_minutes=None, resources=settings)
    retailer.run("r1", "sale", *minutes)
    return retailer


def read_minutes_ago(retailer: Retailer, minutes: float) -> None:
    with retailer.engine() as engine:
        engine.execute(
            f"update ops.load_ledger set extracted_at = now()::timestamp - interval '{minutes} minutes'"
        )


@pytest.mark.parametrize(("minutes", "is_read"), [(40, False), (55, True), (70, True), (-60, True)])
def test_a_resource_is_asked_for_when_its_last_read_is_not_good_any_more(
    retailer: Retailer, tmp_path: Path, minutes: float, is_read: bool
) -> None:
    """A run that begins a little early asks; and no one knows when a read was that a clock ahead has noted."""
    retailer = paced(retailer, tmp_path, category=60)

    read_minutes_ago(retailer, minutes)

    assert ("category" in retailer.begin("r2").resources) is is_read
    assert "sale" in retailer.begin("r2").resources


def test_a_resource_that_was_never_read_completely_is_asked_for(retailer: Retailer, tmp_path: Path) -> None:
    plan = paced(retailer, tmp_path, category=60).begin("r2")

    assert "season" in plan.resources
    assert "category" not in plan.resources


def test_a_read_that_a_person_asks_for_is_made_at_once(retailer: Retailer, tmp_path: Path) -> None:
    retailer = paced(retailer, tmp_path, category=60)

    ask(retailer, "category")

    assert "category" in retailer.begin("r2").resources


def test_a_read_whose_list_moved_is_made_again_in_the_next_run(retailer: Retailer, tmp_path: Path) -> None:
    retailer = paced(retailer, tmp_path, category=60)

    with retailer.engine() as engine:
        engine.execute("update ops.load_ledger set is_stable = false")

    assert "category" in retailer.begin("r2").resources


def test_rows_deleted_at_the_source_are_found_when_their_resource_is_read_again(
    retailer: Retailer, tmp_path: Path
) -> None:
    retailer = paced(retailer, tmp_path, category=60)
    with retailer.engine() as engine:
        engine.execute(
            "insert into raw.category select * replace ('deleted at the source' as id) from raw.category limit 1"
        )
    read_minutes_ago(retailer, 61)

    assert retailer.run("r2", "category")["category"].deleted == 1


def test_what_moves_stock_is_read_in_every_run_and_nothing_less_than_daily(
    retailer: Retailer, tmp_path: Path
) -> None:
    source = Retailer(retailer.simulator, tmp_path, interval_minutes=None).tenant.source

    hours = {name: source.interval_of(name) / timedelta(hours=1) for name in source.contract.collections}

    assert [name for name, each in hours.items() if not each] == [
        "sale",
        "articlesize",
        "article",
        "branch",
        "order",
    ]
    assert hours["category"] == hours["currency"] == 6
    assert max(hours.values()) == 24


def test_one_number_holds_for_all_resources_and_a_resource_may_have_its_own(
    retailer: Retailer, tmp_path: Path
) -> None:
    settings = {"category": {"interval_minutes": 30}}
    source = Retailer(retailer.simulator, tmp_path, interval_minutes=0, resources=settings).tenant.source

    assert source.interval_of("category") == timedelta(minutes=30)
    assert source.interval_of("customer") == timedelta(0)
