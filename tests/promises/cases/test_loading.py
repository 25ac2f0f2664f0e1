"""At least once on the way, exactly once in the warehouse: loads that die, repeat, come late or hold a key twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from edits import Edits, wire_rows
from quick_retailer import Killed, QuickRetailer

from mercurios.warehouse import load
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from prohandel_simulator.testing import RunningSimulator

TABLES = ("raw.purchase_order", "raw.purchase_order_position", "ops.load_ledger", "ops.watermark", "ops.run")


def state(retailer: QuickRetailer) -> dict[str, list[dict[str, Any]]]:
    return {table: retailer.query(f"select * from {table} order by all") for table in TABLES}


def changed_orders(retailer: QuickRetailer, source: RunningSimulator) -> str:
    """Load a first run, change orders in every way, and return the manifest of a second run."""
    retailer.run("r1", "order")
    orders = Edits(source, "order")
    first, second, third, *_ = orders.ids
    orders.change(first, info="changed", positions=orders.row(first)["positions"][:1])
    orders.delete(second, silent=True)
    position = {**orders.row(third)["positions"][0], "id": "new position"}
    orders.add("new order", number=orders.row(third)["number"], positions=[position])
    [url] = retailer.extract(retailer.begin("r2"), "order")
    return url


def test_a_loader_that_dies_at_any_statement_leaves_nothing_of_its_load(
    retailer: QuickRetailer, source: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = changed_orders(retailer, source)
    before = state(retailer)
    run, died = DuckDBEngine._run, 0

    for last in range(200):
        left = iter(range(last))

        def dying(*arguments: Any, left: Any = left) -> Any:
            if next(left, None) is None:
                raise Killed
            return run(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(DuckDBEngine, "_run", dying)
            try:
                retailer.load(url)
                break
            except Killed:
                died += 1
        retailer.close()
        assert state(retailer) == before, f"the load that died at statement {last} left something"

    assert died > 10
    assert retailer.differences("order") == []
    assert [row["run_id"] for row in state(retailer)["ops.load_ledger"]] == ["r1", "r1", "r2", "r2"]


KILLED = """
import os, signal, sys
from mercurios.landing.store import LandingStore
from mercurios.warehouse import load
from mercurios.warehouse.duckdb.engine import DuckDBEngine

warehouse, landing, url = sys.argv[1:]
load._advance = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
load.load_manifest(DuckDBEngine(warehouse), LandingStore(landing), url, time_zone="UTC")
"""


def test_a_process_killed_between_merge_and_bookkeeping_is_loaded_again_once(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    url = changed_orders(retailer, source)
    before = state(retailer)
    retailer.close()

    arguments = [str(retailer.warehouse), retailer.store.url, url]
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=os.environ, timeout=900)

    assert done.returncode == -signal.SIGKILL
    assert state(retailer) == before
    first, again = (retailer.load(url)["order"] for _ in range(2))
    assert again == first
    assert retailer.differences("order") == []


def test_a_manifest_replayed_years_later_is_decided_by_our_own_ledger(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "order")
    first = retailer.load(url)
    long_ago = (datetime.now(UTC) - timedelta(days=400)).timestamp()
    for path in retailer.landing.rglob("*"):
        os.utime(path, (long_ago, long_ago))
    retailer.query("update ops.load_ledger set loaded_at = loaded_at - interval 400 day")
    source.advance(48)
    retailer.run("r2", "order")
    before = state(retailer)

    assert retailer.load(url) == first
    assert state(retailer) == before


def test_rows_that_are_lost_in_the_merge_stop_the_load(
    retailer: QuickRetailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "order")
    render = load.render

    def losing(dialect: str, name: str, **context: Any) -> str:
        sql = render(dialect, name, **context)
        return sql.removesuffix(";") + " where candidates.id > '8'" if name == "merge_insert" else sql

    monkeypatch.setattr(load, "render", losing)
    with pytest.raises(WarehouseError, match=r"rows were staged, but RAW holds the keys of only \d+"):
        retailer.load(url)

    assert retailer.raw("order") == {}
    assert retailer.query("select count(*) as n from ops.load_ledger") == [{"n": 0}]


@pytest.mark.parametrize("resource", ["sale", "order"])
def test_two_versions_of_one_key_in_one_read_become_one_row_whatever_their_order(
    open_retailer: Any, source: RunningSimulator, resource: str
) -> None:
    edits = Edits(source, resource)
    old = edits.row(edits.ids[0])
    field = "salePrice" if resource == "sale" else "overallDiscount"
    edits.change(old["id"], **{field: 1.25})
    loaded = []
    for place, versions in (("one", (old, edits.row(old["id"]))), ("other", (edits.row(old["id"]), old))):
        retailer, left = open_retailer(place), list(versions)

        def twice(row: dict[str, Any], left: list[dict[str, Any]] = left) -> dict[str, Any]:
            """Show the second version in place of the second row, as a list that moves would."""
            return left.pop(0) if left else row

        plan = retailer.begin("r1")
        with wire_rows(source, resource, twice):
            rows = retailer.load(*retailer.extract(plan, resource))[resource]
        assert rows.extracted == rows.loaded + 1
        loaded.append(retailer.raw(resource)[old["id"]])
        retailer.run("r2", resource)
        assert retailer.differences(resource) == []

    assert loaded[0] == loaded[1]
    assert resource == "order" or loaded[0]["sale_price"] == 1.25


def test_the_stale_start_of_a_run_may_not_load_beside_the_new_one(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    zombie = retailer.extract(retailer.begin("r1"), "order")
    source.advance(24)
    retailer.load(*retailer.extract(retailer.begin("r1"), "order"))
    before = state(retailer)

    with pytest.raises(load.FencedError, match="belongs to start 1 of run r1"):
        retailer.load(*zombie)

    assert state(retailer) == before


def test_state_that_cannot_be_written_rolls_its_rows_back_until_the_next_run(
    retailer: QuickRetailer, source: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, ledger and watermark are one transaction, so the next run reads these rows again."""
    [url] = retailer.extract(retailer.begin("r1"), "sale")

    def full(*_: Any) -> None:
        raise WarehouseError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(load, "_advance", full)
        with pytest.raises(WarehouseError, match="no space left"):
            retailer.load(url)
    assert retailer.raw("sale") == {}

    source.advance(24)
    retailer.run("r2", "sale")
    retailer.load(url)

    assert retailer.differences("sale") == []
