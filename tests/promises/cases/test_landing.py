"""Between source and warehouse: whatever fails on the way, only what a manifest lists is loaded, and whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from edits import Edits
from quick_retailer import Killed, QuickRetailer

from mercurios.landing.part_writer import PartWriter
from mercurios.landing.store import LandingError, LandingStore
from prohandel_simulator.testing import RunningSimulator


def path_of(url: str) -> Path:
    return Path(url.removeprefix("file://"))


def manifests(retailer: QuickRetailer) -> list[str]:
    return [f"file://{path}" for path in sorted(retailer.landing.rglob("manifest.json"))]


@pytest.mark.parametrize(
    ("place", "call"),
    [
        (PartWriter, "_flush"),
        (PartWriter, "close"),
        (LandingStore, "create"),
        (LandingStore, "write_manifest"),
        (LandingStore, "write_document"),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_worker_killed_while_it_lands_leaves_nothing_or_a_whole_manifest(
    retailer: QuickRetailer, monkeypatch: pytest.MonkeyPatch, place: type, call: str, before: bool
) -> None:
    plan = retailer.begin("r1")
    original = getattr(place, call)

    def dying(*arguments: object, **keywords: object) -> object:
        if not before:
            original(*arguments, **keywords)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, call, dying)
        with pytest.raises(Killed):
            retailer.extract(plan, "order")

    written = not before and call in ("write_manifest", "write_document")
    assert len(manifests(retailer)) == written
    retailer.load(*manifests(retailer))
    assert bool(retailer.raw("order")) is written
    retailer.load(*retailer.extract(plan, "order"))
    assert retailer.differences("order") == []


def test_a_manifest_half_written_is_no_manifest(
    retailer: QuickRetailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = retailer.begin("r1")

    def fail(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(retailer.store._fs, "mv", fail)
        with pytest.raises(Killed):
            retailer.extract(plan, "order")

    assert manifests(retailer) == []
    [url] = retailer.extract(plan, "order")
    assert "/attempt=02/" in url


def test_an_upload_whose_acknowledgement_is_lost_is_repeated_without_effect(
    retailer: QuickRetailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = retailer.begin("r1")
    write = LandingStore.write_manifest

    def unheard(*arguments: object) -> str:
        write(*arguments)
        raise LandingError("no acknowledgement")

    with monkeypatch.context() as patch:
        patch.setattr(LandingStore, "write_manifest", unheard)
        with pytest.raises(LandingError):
            retailer.extract(plan, "order")
    retailer.extract(plan, "order")

    first, second = (retailer.load(url)["order"] for url in manifests(retailer))

    assert (first.loaded, second.loaded) == (first.extracted, 0)
    assert retailer.differences("order") == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1,)])
def test_a_retry_that_reads_other_rows_is_another_attempt_and_the_newest_rows_win(
    retailer: QuickRetailer, source: RunningSimulator, order: tuple[int, ...]
) -> None:
    plan, sales = retailer.begin("r1"), Edits(source, "sale")
    urls = retailer.extract(plan, "sale")
    content = path_of(retailer.store.read_manifest(urls[0]).parts[0].url).read_bytes()
    sales.change(sales.ids[0], salePrice=1.00)
    sales.delete(sales.ids[1], silent=True)
    sales.add("new")
    urls += retailer.extract(plan, "sale")

    retailer.load(*(urls[number] for number in order))

    first, second = (retailer.store.read_manifest(url) for url in urls)
    assert {part.url for part in first.parts}.isdisjoint(part.url for part in second.parts)
    assert path_of(first.parts[0].url).read_bytes() == content
    assert retailer.differences("sale") == []


@pytest.mark.parametrize("damage", ["missing", "empty", "another valid part"])
def test_a_part_that_is_not_the_one_its_manifest_lists_fails_the_load_by_name(
    retailer: QuickRetailer, source: RunningSimulator, damage: str
) -> None:
    plan, sales = retailer.begin("r1"), Edits(source, "sale")
    [earlier] = retailer.extract(plan, "sale")
    sales.change(sales.ids[0], salePrice=1.00)
    [url] = retailer.extract(plan, "sale")
    path, other = (path_of(retailer.store.read_manifest(each).parts[0].url) for each in (url, earlier))
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "empty" else other.read_bytes())

    with pytest.raises(LandingError, match=r"attempt=02/sale-rows\.parquet"):
        retailer.load(url)

    assert retailer.query("select count(*) as n from raw.sale") == [{"n": 0}]
    assert retailer.query("select count(*) as n from ops.load_ledger") == [{"n": 0}]


def test_a_file_that_no_manifest_lists_is_not_loaded(retailer: QuickRetailer) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "customer")
    [part] = retailer.store.read_manifest(url).parts
    stray = path_of(part.url)
    for name in ("customer-rows-2.parquet", "customer-rows.parquet.bak", "other-rows.parquet"):
        stray.with_name(name).write_bytes(stray.read_bytes())

    rows = retailer.load(url)["customer"]

    assert rows.loaded == part.rows
    assert retailer.differences("customer") == []


def test_a_part_with_fewer_rows_than_its_manifest_counts_is_not_loaded(retailer: QuickRetailer) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "customer")
    manifest = retailer.store.read_manifest(url)
    [part] = manifest.parts
    pq.write_table(pq.read_table(path_of(part.url)).slice(1), path_of(part.url))
    content = path_of(part.url).read_bytes()
    fitting = part.model_copy(update={"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    path_of(url).write_text(manifest.model_copy(update={"parts": [fitting]}).model_dump_json())

    with pytest.raises(Exception, match=rf"{part.rows - 1} rows were staged, the parts list {part.rows}"):
        retailer.load(url)

    assert retailer.raw("customer") == {}
