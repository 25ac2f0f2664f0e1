"""The loader: at-least-once transport, exactly-once effect, on real files and a real source."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from retailer import Retailer

from mercurios.landing.manifest import Manifest
from mercurios.landing.store import LandingError
from mercurios.warehouse import load
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.load import FencedError, TenantGuardError

NAMES = ("sale", "order", "article")


def path_of(url: str) -> Path:
    return Path(url.removeprefix("file://"))


def edit(url: str, **changes: Any) -> None:
    """Rewrite a manifest as a faulty extraction would have written it."""
    path = path_of(url)
    manifest = Manifest.model_validate_json(path.read_bytes()).model_copy(update=changes)
    path.write_text(manifest.model_dump_json())


def state(retailer: Retailer) -> dict[str, list[dict[str, Any]]]:
    """Everything a load may change."""
    tables = [
        "raw.sale",
        "raw.purchase_order",
        "raw.purchase_order_position",
        "raw.article",
        "ops.load_ledger",
    ]
    tables += ["ops.watermark", "ops.quarantine", "ops.schema_drift"]
    return {table: retailer.query(f"select * from {table} order by all") for table in tables}


def test_raw_equals_the_source_after_the_first_run(retailer: Retailer) -> None:
    rows = retailer.run("r1")

    assert retailer.differences() == []
    assert rows["sale"].loaded == rows["sale"].extracted > 1000
    assert all(r.extracted == r.loaded + r.quarantined + r.superseded for r in rows.values())


@pytest.mark.parametrize("mode", ["changed", "window"])
def test_raw_equals_the_source_after_days_of_sales_corrections_and_deletions(
    own_retailer: Retailer, tmp_path: Path, mode: str
) -> None:
    retailer = Retailer(
        own_retailer.simulator, tmp_path, resources={"sale": {"mode": mode}, "article": {"mode": mode}}
    )
    for day in range(4):
        rows = retailer.run(f"r{day}", *NAMES)
        assert retailer.differences(*NAMES) == []
        retailer.simulator.advance(30)

    assert 0 < rows["sale"].loaded < 1000
    assert retailer.query("select 1 as n from raw.sale where _deleted_at is not null limit 1")


def test_a_load_needs_no_arrow_library(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = retailer.extract(retailer.begin("r1"), *NAMES)
    with monkeypatch.context() as patch:
        patch.delattr(DuckDBEngine, "fetch_arrow")
        retailer.load(*urls)

    assert retailer.differences(*NAMES) == []


def test_the_newest_version_of_a_key_is_loaded_and_others_count_as_superseded(
    retailer: Retailer,
) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "sale")
    manifest = retailer.store.read_manifest(url)
    [part] = manifest.parts_of("sale", "rows")
    rows = pq.read_table(path_of(part.url), partitioning=None)
    long_ago = pa.repeat(pa.scalar(datetime(2001, 1, 1), pa.timestamp("us")), 50)
    place = rows.schema.get_field_index("last_change")
    older = rows.slice(0, 50).set_column(place, "last_change", long_ago)
    pq.write_table(pa.concat_tables([older, rows]), path_of(part.url))
    content = path_of(part.url).read_bytes()
    twice = part.model_copy(
        update={
            "rows": part.rows + 50,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    )
    counts = manifest.counts["sale"]
    counts = counts.model_copy(update={"extracted": counts.extracted + 50})
    edit(url, parts=[twice], counts={"sale": counts})

    row = retailer.load(url)["sale"]

    assert (row.extracted - row.loaded, row.superseded) == (50, 50)
    assert retailer.differences("sale") == []


def test_loading_a_manifest_again_changes_nothing_and_answers_the_same(retailer: Retailer) -> None:
    urls = retailer.extract(retailer.begin("r1"), *NAMES)
    first, before = retailer.load(*urls), state(retailer)

    again = retailer.load(*urls)

    assert again == first
    assert state(retailer) == before


def test_a_manifest_that_was_loaded_before_needs_its_files_no_more(retailer: Retailer) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "article")
    first = retailer.load(url)
    for part in retailer.store.read_manifest(url).parts:
        path_of(part.url).unlink()

    assert retailer.load(url) == first

    retailer.begin("r1")
    with pytest.raises(LandingError, match=r"cannot be read|missing"):
        retailer.load(url)


def test_what_another_run_loads_before_the_lock_is_not_loaded_again(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = retailer.extract(retailer.begin("r1"), *NAMES)
    first, before = retailer.load(*urls), state(retailer)
    monkeypatch.setattr(load, "_loaded_before", lambda *_: [])

    assert retailer.load(*urls) == first
    assert state(retailer) == before


def test_extracting_and_loading_a_run_again_doubles_nothing(retailer: Retailer) -> None:
    plan = retailer.begin("r1")
    retailer.load(*retailer.extract(plan, *NAMES))

    rows = retailer.load(*retailer.extract(plan, *NAMES))

    assert {row.loaded for row in rows.values()} == {0}
    assert retailer.differences(*NAMES) == []
    attempts = retailer.query("select distinct attempt from ops.load_ledger order by attempt")
    assert [row["attempt"] for row in attempts] == [1, 2]


def test_an_older_manifest_that_arrives_late_brings_nothing_back(own_retailer: Retailer) -> None:
    names = (*NAMES, "voucher")
    late = own_retailer.extract(own_retailer.begin("late"), *names)
    own_retailer.run("r1", *names)
    own_retailer.simulator.post("/_simulator/mini/silent_deletes", {"on": True})
    own_retailer.simulator.advance(24 * 5)
    rows = own_retailer.run("r2", *names)
    before = own_retailer.watermark("sale")

    arrived = own_retailer.load(*late)

    assert rows["voucher"].deleted > 0
    assert arrived["voucher"].extracted > arrived["voucher"].loaded == 0
    assert own_retailer.differences(*names) == []
    assert own_retailer.watermark("sale") == before


def test_a_restored_backup_at_the_source_is_followed_although_its_cursor_is_older(
    own_retailer: Retailer,
) -> None:
    own_retailer.run("r1", "sale")
    own_retailer.query(
        "update raw.sale set last_change = last_change + interval 1 day, sale_price = sale_price + 1"
    )
    own_retailer.query("update raw.sale set _content_hash = repeat('0', 32)")

    own_retailer.run("r2", "sale")

    assert own_retailer.differences("sale") == []


def test_a_start_that_was_outdated_may_not_load(retailer: Retailer) -> None:
    stale = retailer.extract(retailer.begin("r1"), "article")
    retailer.begin("r1")

    with pytest.raises(
        FencedError, match="start 1 of run r1, but the run's newest start is 2: clear the run's"
    ):
        retailer.load(*stale)

    assert retailer.raw("article") == {}


def test_rows_of_another_tenant_are_refused_and_nothing_is_loaded(retailer: Retailer) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "article")
    [part] = retailer.store.read_manifest(url).parts_of("article", "rows")
    table = pq.read_table(path_of(part.url))
    foreign = pa.array(["other"] + ["mini"] * (table.num_rows - 1))
    rewrite(retailer, url, table.set_column(0, "tenant_id", foreign))

    with pytest.raises(TenantGuardError, match=r"manifest of 'mini' \(1 of 'other'\); nothing was loaded"):
        retailer.load(url)

    assert retailer.raw("article") == {}


def rewrite(retailer: Retailer, url: str, table: pa.Table) -> None:
    """Replace the row part of a manifest by another table, checksum included."""
    import hashlib

    manifest = retailer.store.read_manifest(url)
    [part] = manifest.parts_of(manifest.resource, "rows")
    pq.write_table(table, path_of(part.url))
    content = path_of(part.url).read_bytes()
    fitting = part.model_copy(update={"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    edit(url, parts=[fitting if each == part else each for each in manifest.parts])


def test_a_run_that_reads_again_after_the_landing_area_was_emptied_is_loaded(own_retailer: Retailer) -> None:
    own_retailer.run("r1", "sale")
    shutil.rmtree(own_retailer.landing)
    own_retailer.simulator.advance(24)

    rows = own_retailer.run("r1", "sale")

    assert rows["sale"].loaded > 0
    assert own_retailer.differences("sale") == []
    attempts = own_retailer.query("select attempt from ops.load_ledger order by attempt")
    assert [row["attempt"] for row in attempts] == [1, 2]


@pytest.mark.parametrize("damage", ["missing", "shorter", "other bytes"])
def test_a_part_that_is_not_what_its_manifest_names_is_named(retailer: Retailer, damage: str) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "article")
    path = path_of(retailer.store.read_manifest(url).parts[0].url)
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-1] if damage == "shorter" else content[:-1] + b"?")

    with pytest.raises(LandingError, match=path.name):
        retailer.load(url)

    assert retailer.raw("article") == {}


@pytest.mark.parametrize("fault", ["count", "type", "column"])
def test_a_failure_in_the_middle_rolls_everything_back(retailer: Retailer, fault: str) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "order")
    manifest = retailer.store.read_manifest(url)
    before = state(retailer)
    [part] = manifest.parts_of("order.positions", "rows")
    table = pq.read_table(path_of(part.url))
    if fault == "count":
        counts = manifest.counts["order.positions"]
        more = counts.model_copy(update={"extracted": counts.extracted + 1})
        edit(url, counts={**manifest.counts, "order.positions": more})
    else:
        index = table.schema.get_field_index("order_amount")
        wrong = pa.array(["many"] * table.num_rows)
        table = (
            table.set_column(index, "order_amount", wrong)
            if fault == "type"
            else table.rename_columns([name.replace("order_amount", "amount") for name in table.schema.names])
        )
        nested = manifest.model_copy(update={"resource": "order.positions"})
        path_of(url).write_text(nested.model_dump_json())
        rewrite(retailer, url, table)
        edit(url, resource="order")

    with pytest.raises(WarehouseError):
        retailer.load(url)

    assert state(retailer) == before


def test_the_watermark_is_the_greatest_cursor_up_to_the_sources_clock(
    own_retailer: Retailer,
) -> None:
    own_retailer.run("r1", "sale")
    newest = max(row["last_change"] for row in own_retailer.raw("sale").values())
    first = own_retailer.watermark("sale")
    own_retailer.query("update ops.watermark set cursor_value = cursor_value + interval 1 hour")

    own_retailer.run("r2", "sale")

    assert first == newest
    assert first is not None
    assert own_retailer.watermark("sale") == first + timedelta(hours=1), "a watermark moved back"


def test_rows_that_cannot_be_read_are_recorded_once_and_the_others_load(own_retailer: Retailer) -> None:
    dirty = own_retailer.simulator.post(
        "/_simulator/mini/dirty", {"resource": "sale", "unparsable": 3, "unknown_field": 0}
    )["unparsable"]
    urls = own_retailer.extract(own_retailer.begin("r1"), "sale")
    rows = own_retailer.load(*urls)
    own_retailer.load(*urls)

    found = own_retailer.query("select source_id, reason, run_id, attempt from ops.quarantine")
    assert rows["sale"].quarantined == 3
    assert sorted(row["source_id"] for row in found) == sorted(dirty)
    assert all(row["reason"].startswith("field ") and row["run_id"] == "r1" for row in found)
    assert set(own_retailer.truth_ids("sale")) - set(own_retailer.raw("sale")) == set(dirty)


def test_a_new_field_is_one_line_in_the_changelog_however_often_it_is_seen(own_retailer: Retailer) -> None:
    own_retailer.simulator.post("/_simulator/mini/dirty", {"resource": "sale", "unknown_field": 2})

    own_retailer.run("r1", "sale")
    own_retailer.run("r2", "sale")

    [change] = own_retailer.query(
        "select resource, column_name, change, row_count, run_id from ops.schema_drift"
    )
    assert change == {
        "resource": "sale",
        "column_name": "loyaltyTier",
        "change": "appeared",
        "row_count": 2,
        "run_id": "r1",
    }
    assert own_retailer.query("select distinct _extra from raw.sale where _extra is not null") == [
        {"_extra": '{"loyaltyTier":"text"}'}
    ]


def test_the_runs_business_day_is_the_sources_day_in_the_shops_zone(own_source: Any, tmp_path: Path) -> None:
    retailer = Retailer(own_source, tmp_path)
    # 23:30 UTC of 4 March is 5 March in Berlin.
    own_source.advance(19.5)

    retailer.run("r1", "article")

    [run] = retailer.query("select source_now, as_of_date from ops.run")
    assert run == {"source_now": datetime(2026, 3, 4, 23, 30), "as_of_date": datetime(2026, 3, 5).date()}
