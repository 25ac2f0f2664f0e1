"""Replay: rows that yesterday's contract refused are loaded by today's, once, and never over anything newer."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from contracts import refused
from retailer import Retailer

from mercurios.jobs.replay import Replay, replay
from mercurios.landing.store import LandingError, LandingStore


def replayed(retailer: Retailer, name: str) -> Replay:
    with retailer.engine() as engine:
        return replay(engine, retailer.store, retailer.tenant, name)


def state(retailer: Retailer, table: str = "raw.sale") -> dict[str, list[dict[str, Any]]]:
    tables = (table, "ops.run", "ops.load_ledger", "ops.watermark", "ops.quarantine")
    return {each: retailer.query(f"select * from {each} order by all") for each in tables}


@pytest.mark.parametrize(
    ("name", "column"), [("sale", "type"), ("customer", "group_number"), ("order.positions", "status")]
)
def test_rows_that_fit_todays_contract_are_loaded_as_the_source_has_them(
    retailer: Retailer, name: str, column: str
) -> None:
    refused(retailer, name, column)
    assert retailer.raw(name) == {}

    done = replayed(retailer, name)

    raw, truth = retailer.raw(name), retailer.truth(name)
    assert done.ledger is not None
    assert done.ledger.loaded == done.ledger.extracted > 0
    assert raw.keys() >= truth.keys()
    assert {key: raw[key] for key in truth} == truth
    assert retailer.query("select count(*) as n from ops.quarantine where replayed_at is null") == [{"n": 0}]


def test_a_replay_is_a_run_of_its_own_and_moves_no_watermark_nor_business_day(
    retailer: Retailer,
) -> None:
    refused(retailer, "sale", "type")
    before = retailer.query("select max(source_now) as clock, max(as_of_date) as day from ops.run")

    done = replayed(retailer, "sale")

    assert done.run_id is not None
    [row] = retailer.query(
        "select * from ops.load_ledger where starts_with(run_id, 'replay__') and run_id = ?", [done.run_id]
    )
    assert (row["resource"], row["mode"], row["is_complete"]) == ("sale", "replay", False)
    assert Path(row["manifest_url"].removeprefix("file://")).exists()
    assert retailer.watermark("sale") is None
    assert retailer.query("select max(source_now) as clock, max(as_of_date) as day from ops.run") == before
    assert retailer.run("r2", "sale")["sale"].quarantined == 0
    assert retailer.differences("sale") == []


def test_replaying_twice_changes_nothing(retailer: Retailer) -> None:
    refused(retailer, "sale", "type")
    replayed(retailer, "sale")
    before = state(retailer)

    again = replayed(retailer, "sale")

    assert again == Replay()
    assert state(retailer) == before


def test_rows_of_several_batches_are_all_marked(
    own_retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are marked in batches, as a parameter of Snowflake holds no more than 16 MB."""
    monkeypatch.setattr("mercurios.jobs.replay._BATCH", 7)
    refused(own_retailer, "article", "supplier_number")
    own_retailer.query(
        "update ops.quarantine set payload = json_merge_patch(payload, ?) where row_number < 20",
        ['{"supplierNumber": "x"}'],
    )
    before = own_retailer.query("select reason from ops.quarantine where row_number < 20")

    done = replayed(own_retailer, "article")

    waiting = own_retailer.query("select reason from ops.quarantine where replayed_at is null")
    assert done.ledger is not None
    assert len(waiting) == done.waiting == len(before) > 7
    assert done.ledger.loaded > 7
    assert not {row["reason"] for row in waiting} & {row["reason"] for row in before}


def test_a_replay_that_died_before_it_marked_its_rows_is_repeated_without_effect(retailer: Retailer) -> None:
    refused(retailer, "sale", "type")
    first = replayed(retailer, "sale")
    before = state(retailer)["raw.sale"]
    retailer.query("update ops.quarantine set replayed_at = null")

    again = replayed(retailer, "sale")

    assert first.ledger is not None
    assert again.ledger is not None
    assert (again.ledger.loaded, again.ledger.superseded) == (0, first.ledger.extracted)
    assert state(retailer)["raw.sale"] == before


def test_what_raw_has_learned_since_is_never_overwritten(own_retailer: Retailer) -> None:
    refused(own_retailer, "sale", "type")
    own_retailer.simulator.advance(24 * 3)
    own_retailer.run("r2", "sale")
    assert own_retailer.differences("sale") == []

    done = replayed(own_retailer, "sale")

    assert done.ledger is not None
    assert (done.ledger.loaded, done.waiting) == (0, 0)
    assert own_retailer.differences("sale") == []


def test_rows_that_still_do_not_fit_wait_on_with_todays_reason(own_retailer: Retailer) -> None:
    bad = own_retailer.simulator.post("/_simulator/mini/dirty", {"resource": "sale", "unparsable": 2})[
        "unparsable"
    ]
    refused(own_retailer, "sale", "article_number")
    first = own_retailer.query("select distinct reason from ops.quarantine where source_id = ?", [bad[0]])

    done = replayed(own_retailer, "sale")

    waiting = own_retailer.query(
        "select source_id, reason, run_id from ops.quarantine where replayed_at is null"
    )
    assert done.waiting == 2
    assert sorted(row["source_id"] for row in waiting) == sorted(bad)
    assert {row["run_id"] for row in waiting} == {"r1"}
    assert "articleNumber" in first[0]["reason"]
    assert not [row for row in waiting if "articleNumber" in row["reason"]]
    assert own_retailer.truth_ids("sale") - own_retailer.raw("sale").keys() == set(bad)
    before = state(own_retailer)
    assert replayed(own_retailer, "sale") == Replay(waiting=2)
    assert state(own_retailer) == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"customerNumber": False},
            "field 'customerNumber': expected a whole number, what came was not kept",
        ),
        ({"salePrice": ...}, "field 'salePrice': not in the payload"),
    ],
)
def test_a_payload_that_says_too_little_is_not_completed_with_nothing(
    retailer: Retailer, change: dict[str, Any], reason: str
) -> None:
    refused(retailer, "sale", "type")
    [row] = retailer.query("select source_id, payload from ops.quarantine order by source_id limit 1")
    payload = {**json.loads(row["payload"]), **change}
    text = json.dumps({key: value for key, value in payload.items() if value is not ...})
    retailer.query("update ops.quarantine set payload = ? where source_id = ?", [text, row["source_id"]])

    done = replayed(retailer, "sale")

    assert done.waiting == 1
    assert row["source_id"] not in retailer.raw("sale")
    [kept] = retailer.query("select reason from ops.quarantine where replayed_at is null")
    assert kept["reason"] == f"{reason}; read the resource again (resync)"


def test_nothing_is_marked_when_the_landing_area_cannot_be_written(
    retailer: Retailer, tmp_path: Path
) -> None:
    refused(retailer, "sale", "type")
    before = state(retailer)
    (tmp_path / "file").write_text("no folder")
    store = LandingStore(f"file://{tmp_path / 'file'}")

    with retailer.engine() as engine, pytest.raises(LandingError, match="cannot be written"):
        replay(engine, store, retailer.tenant, "sale")

    assert state(retailer) == before


def test_an_unknown_resource_is_named_with_the_known_ones(retailer: Retailer) -> None:
    with retailer.engine() as engine, pytest.raises(ValueError, match=r"unknown resource sales; .*sale,"):
        replay(engine, retailer.store, retailer.tenant, "sales")


def test_an_older_warehouse_gains_the_columns_and_its_rows_count_as_oldest(
    retailer: Retailer,
) -> None:
    from mercurios.warehouse.setup import set_up

    refused(retailer, "sale", "type")
    for column in ("quarantine drop column replayed_at", "quarantine drop column extracted_at"):
        retailer.query(f"alter table ops.{column}")
    retailer.query("update ops.load_ledger set extracted_at = null")
    with retailer.engine() as engine:
        set_up(engine)
        set_up(engine)

    done = replayed(retailer, "sale")

    assert done.ledger is not None
    assert done.ledger.loaded > 1000
    assert retailer.query("select distinct _extracted_at as t from raw.sale") == [{"t": datetime(1970, 1, 1)}]
