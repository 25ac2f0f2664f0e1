"""Extraction: from a real source to a real landing area, and what a failure in between leaves there."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from retailer import Retailer

from mercurios.landing.manifest import Manifest
from mercurios.landing.part_writer import PartWriter
from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingError
from mercurios.sources.prohandel.extract import extract
from mercurios.sources.prohandel.http.errors import TransientProHandelError
from mercurios.sources.prohandel.reading import Reading
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows import typing_process
from mercurios.sources.settings import Drift
from prohandel_simulator.api import Request, Response, error
from prohandel_simulator.simulator import Simulator


def manifest_of(retailer: Retailer, url: str) -> Manifest:
    return retailer.store.read_manifest(url)


def table_of(manifest: Manifest, resource: str, kind: Any) -> Any:
    [part] = manifest.parts_of(resource, kind)
    return pq.read_table(part.url.removeprefix("file://"))


def with_mode(retailer: Retailer, home: Path, mode: str, **settings: Any) -> Retailer:
    return Retailer(retailer.simulator, home, resources={"sale": {"mode": mode}}, **settings)


def test_the_manifest_describes_exactly_what_was_landed(retailer: Retailer) -> None:
    plan = retailer.begin("manual__2026-03-04T05:00:00+00:00")
    [url] = retailer.extract(plan, "order")
    manifest = manifest_of(retailer, url)

    assert "/tenant=mini/resource=order/run=manual__2026-03-04T05_00_00_00_00/attempt=01/manifest.json" in url
    assert (manifest.tenant_id, manifest.run_id, manifest.fence) == ("mini", plan.run_id, plan.fence)
    assert (manifest.complete, manifest.source_now) == (True, datetime(2026, 3, 4, 4, tzinfo=UTC))
    assert set(manifest.counts) == {"order", "order.positions"}
    for name, counts in manifest.counts.items():
        parts = manifest.parts_of(name, "rows")
        assert sum(part.rows for part in parts) == counts.landed == len(retailer.truth(name)) > 0
    for part in manifest.parts:
        retailer.store.verify(part)


def test_nested_rows_keep_the_order_of_the_wire_and_the_key_of_their_parent(retailer: Retailer) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "order")

    landed = (
        table_of(manifest_of(retailer, url), "order.positions", "rows").select(["order_id", "id"]).to_pylist()
    )

    orders = retailer.simulator.truth("mini", "order")
    assert landed == [{"order_id": o["id"], "id": p["id"]} for o in orders for p in o["positions"]]


def test_a_second_run_lands_only_what_changed_and_the_keys_of_the_rest(own_retailer: Retailer) -> None:
    own_retailer.run("r1", "sale")
    known = set(own_retailer.raw("sale"))
    own_retailer.simulator.advance(24)

    [url] = own_retailer.extract(own_retailer.begin("r2"), "sale")

    manifest = manifest_of(own_retailer, url)
    now = own_retailer.truth_ids("sale")
    counts = manifest.counts["sale"]
    keys = set(table_of(manifest, "sale", "keys")["id"].to_pylist())
    landed = set(table_of(manifest, "sale", "rows")["id"].to_pylist())
    assert keys | landed == now
    assert now - known <= landed
    assert counts.unchanged == len(keys) > counts.landed == len(landed) > 0
    assert manifest.complete


def test_an_unchanged_row_beside_a_bad_one_is_still_unchanged(own_retailer: Retailer) -> None:
    own_retailer.run("r1", "article")
    own_retailer.simulator.post("/_simulator/mini/dirty", {"resource": "article", "unparsable": 1})

    [url] = own_retailer.extract(own_retailer.begin("r2"), "article")

    counts = manifest_of(own_retailer, url).counts["article"]
    assert (counts.landed, counts.quarantined, counts.unchanged) == (0, 1, counts.extracted - 1)


def test_changed_mode_reads_from_the_watermark_less_the_overlap(
    own_retailer: Retailer, tmp_path: Path
) -> None:
    retailer = with_mode(own_retailer, tmp_path, "changed", overlap_minutes=90)
    retailer.run("r1", "sale")
    watermark = retailer.watermark("sale")
    assert watermark is not None
    own_retailer.simulator.advance(24)

    plan = retailer.begin("r2")
    [url] = retailer.extract(plan, "sale")

    manifest = manifest_of(retailer, url)
    since = watermark.replace(tzinfo=UTC) - timedelta(minutes=90)
    assert plan.resources["sale"].since == manifest.cursor_from == since
    assert not manifest.complete
    assert 0 < manifest.counts["sale"].extracted < 1000


def test_a_complete_read_is_due_again_after_its_period(own_retailer: Retailer, tmp_path: Path) -> None:
    retailer = with_mode(own_retailer, tmp_path, "changed", full_read_days=7)
    retailer.run("r1", "sale")
    assert retailer.begin("r2").resources["sale"].since is not None

    retailer.query("update ops.load_ledger set loaded_at = loaded_at - interval 8 day")

    assert retailer.begin("r3").resources["sale"].since is None


def test_an_api_without_changed_is_a_terminal_error_that_names_the_setting(
    own_retailer: Retailer, tmp_path: Path
) -> None:
    retailer = with_mode(own_retailer, tmp_path, "changed")
    retailer.run("r1", "sale")
    own_retailer.simulator.post("/_simulator/mini/changed", {"sale": False})

    with pytest.raises(Exception, match="check the resource's mode in the tenant file"):
        retailer.extract(retailer.begin("r2"), "sale")


@pytest.mark.skipif(sys.platform != "linux", reason="a second process types on Linux only")
@pytest.mark.parametrize("fate", ["lives", "is killed"])
def test_a_second_process_that_types_changes_nothing_of_what_lands(
    own_retailer: Retailer, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    begun: list[bool] = []

    class Counted(typing_process.TypingProcess):
        def begin(self, *given: Any) -> None:
            begun.append(True)
            if fate == "is killed" and len(begun) == 2:
                os.kill(self.pid or 0, signal.SIGKILL)
            super().begin(*given)

    monkeypatch.setattr(typing_process, "TypingProcess", Counted)
    plan = own_retailer.begin("r1")
    manifests = []
    for is_of_use in (False, True):
        monkeypatch.setattr(typing_process, "_is_of_use", lambda answer=is_of_use: answer)
        [url] = own_retailer.extract(plan, "sale", page_size=20)
        manifests.append(manifest_of(own_retailer, url))

    here, there = (table_of(manifest, "sale", "rows").drop(["_extracted_at"]) for manifest in manifests)
    assert len(begun) > 3
    assert manifests[1].counts == manifests[0].counts
    assert here.num_rows == manifests[0].counts["sale"].landed > 0
    assert there.equals(here)


def test_window_mode_stops_where_nothing_is_new_and_is_no_complete_read(
    own_retailer: Retailer, tmp_path: Path
) -> None:
    retailer = with_mode(own_retailer, tmp_path, "window")
    retailer.run("r1", "sale")
    asked: list[str] = []

    def listen(_: Simulator, request: Request) -> Response | None:
        if request.query["pagesize"] == "100":
            asked.append(request.query["page"])
        return None

    own_retailer.simulator.application.interceptors.insert(0, listen)
    [url] = retailer.extract(retailer.begin("r2"), "sale", page_size=100, pages_in_flight=1)

    manifest = manifest_of(retailer, url)
    assert not manifest.complete
    assert manifest.counts["sale"].extracted == 300
    assert len(asked) <= 4


def test_the_cursor_never_passes_the_sources_own_clock(
    stub: Callable[..., Any], reply: Any, retailer: Retailer
) -> None:
    plain = {column.field: None for column in RESOURCES["label"].columns}
    date = {"Date": "Wed, 04 Mar 2026 04:00:00 GMT"}
    rows = [{**plain, "id": "a", "lastChange": "2026-03-04T03:00:00"}]
    ahead = [*rows, {**plain, "id": "b", "lastChange": "2031-01-01T00:00:00"}]
    plan = retailer.begin("r1")

    found = []
    for response in (rows, ahead, []):
        with stub(lambda *_, response=response: reply(response, headers=date)).client() as client:
            manifest = manifest_of(retailer, extract(client, retailer.store, retailer.request("label", plan)))
            found.append(manifest.cursor_to)

    assert found == [datetime(2026, 3, 4, 3, tzinfo=UTC), datetime(2026, 3, 4, 4, tzinfo=UTC), None]


@pytest.mark.parametrize(
    "date",
    [
        None,
        "yesterday",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 01 Jan 2999 00:00:00 GMT",
        "Wed, 04 Mar 999999 04:00:00 GMT",
    ],
)
def test_a_source_that_gives_no_usable_time_is_read_by_our_clock(
    stub: Callable[..., Any],
    reply: Any,
    retailer: Retailer,
    caplog: pytest.LogCaptureFixture,
    date: str | None,
) -> None:
    plain = {column.field: None for column in RESOURCES["label"].columns}
    rows = [{**plain, "id": "a", "lastChange": "2026-03-04T03:00:00"}]
    pages = stub(lambda page, _: reply(rows, headers={"Date": date} if date else {}))
    before = datetime.now(UTC).replace(microsecond=0)

    with pages.client() as client:
        url = extract(client, retailer.store, retailer.request("label", retailer.begin("r1")))

    manifest = manifest_of(retailer, url)
    assert before <= manifest.source_now <= datetime.now(UTC)
    assert manifest.cursor_to == min(datetime(2026, 3, 4, 3, tzinfo=UTC), manifest.source_now)
    assert caplog.text.count("the API gives no usable time") == 1


def test_the_cursor_is_bound_by_the_first_response_however_long_the_read_takes(
    stub: Callable[..., Any], reply: Any, retailer: Retailer
) -> None:
    plain = {column.field: None for column in RESOURCES["label"].columns}

    def script(page: int, _: int) -> Any:
        row = {**plain, "id": f"row-{page}", "lastChange": f"2026-03-04T0{page}:30:00"}
        return reply([row], more=str(page < 3), headers={"Date": f"Wed, 04 Mar 2026 0{page}:00:00 GMT"})

    with stub(script).client(page_size=1) as client:
        url = extract(client, retailer.store, retailer.request("label", retailer.begin("r1")))

    assert manifest_of(retailer, url).cursor_to == datetime(2026, 3, 4, 1, tzinfo=UTC)


def test_rows_without_a_cursor_are_loaded_and_counted(
    stub: Callable[..., Any], reply: Any, retailer: Retailer
) -> None:
    plain = {column.field: None for column in RESOURCES["label"].columns}
    rows = [{**plain, "id": "a", "lastChange": "2026-03-04T03:00:00"}, {**plain, "id": "b"}]
    with stub(lambda *_: reply(rows)).client() as client:
        url = extract(client, retailer.store, retailer.request("label", retailer.begin("r1")))

    counts = manifest_of(retailer, url).counts["label"]
    assert (counts.landed, counts.without_cursor) == (2, 1)


@pytest.mark.parametrize("digits", ["", ".9", ".1239", ".123999", ".999999"])
def test_the_start_of_an_incremental_read_is_cut_to_milliseconds_not_rounded(
    retailer: Retailer, digits: str
) -> None:
    since = datetime.fromisoformat(f"2026-03-04T03:00:00{digits}+00:00")
    plan = retailer.begin("r1")
    changed = plan.resources["sale"].model_copy(update={"mode": "changed", "since": since})
    plan = plan.model_copy(update={"resources": {"sale": changed}})

    path = Reading(retailer.request("sale", plan), retailer.store, "early").path

    assert path == f"sale/changed/2026-03-04T03:00:00.{digits[1:].ljust(3, '0')[:3]}Z"


@pytest.mark.parametrize("policy", list(Drift))
def test_an_undeclared_field_follows_the_policy(
    own_retailer: Retailer, tmp_path: Path, policy: Drift
) -> None:
    retailer = Retailer(own_retailer.simulator, tmp_path, resources={"article": {"drift": policy.value}})
    [dirty] = own_retailer.simulator.post(
        "/_simulator/mini/dirty", {"resource": "article", "unknown_field": 1}
    )["unknown_field"]

    [url] = retailer.extract(retailer.begin("r1"), "article")

    manifest = manifest_of(retailer, url)
    rows = {row["id"]: row["_extra"] for row in table_of(manifest, "article", "rows").to_pylist()}
    [note] = manifest.drift
    assert (note.field, note.change, note.rows) == ("loyaltyTier", "appeared", 1)
    assert manifest.counts["article"].quarantined == (policy is Drift.QUARANTINE)
    expected = {Drift.EVOLVE: '{"loyaltyTier":"text"}', Drift.FREEZE: None, Drift.QUARANTINE: "not landed"}
    assert rows.get(dirty, "not landed") == expected[policy]


def test_attempts_are_numbered_by_what_is_there(retailer: Retailer) -> None:
    plan = retailer.begin("r1")
    folder = retailer.landing / "tenant=mini/resource=article/run=r1"
    for number in (1, 2):
        [url] = retailer.extract(plan, "article")
        assert f"/attempt={number:02d}/" in url
    (folder / "attempt=11").mkdir()
    (folder / "notes.txt").write_text("not an attempt")

    [url] = retailer.extract(plan, "article")

    assert manifest_of(retailer, url).attempt == 12


KILLED = """
import os, signal, sys
from pathlib import Path
from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.prohandel.client import ProHandelClient
from mercurios.sources.prohandel.http.settings import Credentials
from mercurios.sources.prohandel.extract import extract
from mercurios.sources.prohandel.request import ExtractRequest
from mercurios.sources.prohandel.settings import ProHandelSettings

auth, landing, plan, key, secret = sys.argv[1:]
LandingStore.write_manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
store = LandingStore(landing)
client = ProHandelClient(auth, Credentials(key, secret))
settings = ProHandelSettings(kind="prohandel", connection="any")
extract(client, store, ExtractRequest("article", RunPlan.read(store, plan), settings, b"k"))
"""


def test_a_process_killed_before_the_manifest_leaves_parts_that_are_not_loaded(retailer: Retailer) -> None:
    plan = retailer.begin("r1")
    plan_url = retailer.store.address(RunPlan.path("mini", "r1", "plan-1.json"))
    key = retailer.simulator.credentials("mini")
    arguments = [retailer.simulator.auth_url, retailer.store.url, plan_url, key["apiKey"], key["secret"]]

    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=os.environ, timeout=900)

    left = retailer.landing / "tenant=mini/resource=article/run=r1/attempt=01"
    assert done.returncode == -signal.SIGKILL
    assert {path.name for path in left.iterdir()} == {"article-rows.parquet", "reserved"}
    [url] = retailer.extract(plan, "article")
    assert "/attempt=02/" in url
    retailer.load(url)
    assert retailer.differences("article") == []


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_an_outage_in_the_middle_leaves_no_manifest_and_no_open_file(
    own_retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next attempt starts clean and lands every row."""

    def break_later(_: Simulator, request: Request) -> Response | None:
        broken = request.query["pagesize"] == "100" and int(request.query["page"]) > 20
        return error(503, "Service unavailable") if broken else None

    monkeypatch.setattr(PartWriter, "ROW_GROUP", 500)
    own_retailer.simulator.application.interceptors.insert(0, break_later)
    plan = own_retailer.begin("r1")

    with pytest.raises(TransientProHandelError, match=r"sale, page=2[1-4], pagesize=100"):
        own_retailer.extract(plan, "sale", page_size=100)

    gc.collect()
    [attempt] = (own_retailer.landing / "tenant=mini/resource=sale/run=r1").iterdir()
    assert {path.name for path in attempt.iterdir()} == {"sale-rows.parquet", "reserved"}
    own_retailer.simulator.application.interceptors.pop(0)
    own_retailer.load(*own_retailer.extract(plan, "sale", page_size=100))
    assert own_retailer.differences("sale") == []


def test_a_landing_area_that_cannot_be_written_is_named_with_the_remedy(retailer: Retailer) -> None:
    plan = retailer.begin("r1")
    (retailer.landing / "tenant=mini/resource=article").write_text("a file stands where a folder should be")

    with pytest.raises(LandingError) as caught:
        retailer.extract(plan, "article")

    assert retailer.store.url in str(caught.value)
    assert "check that it exists, that this user may write to it, and that there is space left" in str(
        caught.value
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("row_group", [10, 65_536])
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_full_disk_is_named_with_the_remedy(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch, row_group: int
) -> None:
    monkeypatch.setattr(PartWriter, "ROW_GROUP", row_group)
    plan = retailer.begin("r1")
    attempt = retailer.landing / "tenant=mini/resource=article/run=r1/attempt=01"
    original = retailer.store.reserve_attempt
    monkeypatch.setattr(retailer.store, "reserve_attempt", lambda *_, **__: 1)
    attempt.mkdir(parents=True)
    (attempt / "article-rows.parquet").symlink_to("/dev/full")

    with pytest.raises(LandingError, match=r"cannot be written .No space left on device.*space left"):
        retailer.extract(plan, "article", page_size=10)

    gc.collect()
    assert original("mini", "article", "r1") == 2
    assert not (attempt / "manifest.json").exists()


def test_positions_that_are_no_list_are_quarantined_and_never_skipped(
    stub: Callable[..., Any], reply: Any, retailer: Retailer
) -> None:
    plain = {column.field: None for column in RESOURCES["order"].columns}
    position = {column.field: None for column in RESOURCES["order.positions"].columns}
    rows = [
        {**plain, "id": "o1", "info": "", "positions": [{**position, "id": "p1"}, "p2"]},
        {**plain, "id": "o2", "info": "", "positions": "none"},
        {**plain, "id": 3, "info": "", "positions": [{**position, "id": "p3"}]},
        {**plain, "id": "o4", "info": "", "positions": None},
    ]
    server = stub(lambda *_: reply(rows))

    with server.client() as client:
        url = extract(client, retailer.store, retailer.request("order", retailer.begin("r1")))

    manifest = manifest_of(retailer, url)
    assert table_of(manifest, "order", "rows")["id"].to_pylist() == ["o1", "o2", "o4"]
    assert table_of(manifest, "order.positions", "rows")["id"].to_pylist() == ["p1"]
    assert manifest.counts["order.positions"].extracted == 4
    assert table_of(manifest, "order.positions", "quarantine")["reason"].to_pylist() == [
        "field 'id': expected a non-empty key",
        "field 'id': expected a non-empty key",
        "the order around the row has no usable id",
    ]
    retailer.load(url)
