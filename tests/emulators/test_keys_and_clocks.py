"""What older releases and wrong clocks have left in a warehouse is put right on Snowflake as it is on DuckDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from edits import Edits
from retailer import HASH_KEY, tenant_of
from snowflake_retailer import SnowflakeRetailer

from mercurios.sources.hash_keys import key_id, keyed_contents
from mercurios.sources.prohandel.extract import extract
from mercurios.sources.rows import landed_table
from mercurios.tenants.run import Run
from mercurios.warehouse.hash_key import HashKeyChangedError, adopt_key, request_rekey
from prohandel_simulator.testing import RunningSimulator

OTHER = b"another key of the emulator's tests"


def adopted(retailer: SnowflakeRetailer, hash_key: bytes) -> None:
    with retailer.engine() as engine:
        run = Run(retailer.tenant.id, "pipeline__tests", "adopt")
        adopt_key(engine, retailer.store, run, retailer.tenant.source.contract, hash_key)


def contents(retailer: SnowflakeRetailer) -> dict[str, str]:
    rows = retailer.query("select id, _content_hash from raw.customer order by id")
    return {row["id"]: row["_content_hash"] for row in rows}


def test_unkeyed_contents_are_keyed_and_no_row_looks_changed(
    on_snowflake: SnowflakeRetailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(landed_table, "keyed_digests", lambda digests, _: (digests, ""))
        patch.setattr("mercurios.sources.prohandel.reading.key_id", lambda _: None)
        on_snowflake.run("r1", "customer")
    with on_snowflake.engine() as engine:
        engine.execute("delete from ops.hash_key")
        engine.execute('update raw.customer set _extra = parse_json(\'{"nickname":"Erika"}\')')
    before = contents(on_snowflake)

    adopted(on_snowflake, HASH_KEY)
    adopted(on_snowflake, HASH_KEY)

    expected = dict(zip(before, keyed_contents(list(before.values()), HASH_KEY), strict=True))
    assert {len(each) for each in before.values()} == {32}
    assert contents(on_snowflake) == expected
    [kept] = on_snowflake.query("select count(*) as n from raw.customer where _extra is not null")
    assert kept == {"n": 0}
    row = on_snowflake.run("r2", "customer")["customer"]
    assert (row.loaded, row.superseded) == (0, row.extracted)
    assert on_snowflake.differences("customer") == []


def test_a_new_key_reaches_every_row_that_the_source_still_shows(on_snowflake: SnowflakeRetailer) -> None:
    adopted(on_snowflake, HASH_KEY)
    on_snowflake.run("r1", "customer")
    before = on_snowflake.raw("customer")
    with pytest.raises(HashKeyChangedError, match=key_id(OTHER)):
        adopted(on_snowflake, OTHER)

    with on_snowflake.engine() as engine:
        contract = on_snowflake.tenant.source.contract
        request_rekey(engine, "mini", contract, "tests", datetime.now(UTC))
    adopted(on_snowflake, OTHER)
    plan = on_snowflake.begin("r2")
    with on_snowflake.client() as client:
        url = extract(client, on_snowflake.store, on_snowflake.request("customer", plan, OTHER))
    row = on_snowflake.load(url)["customer"]

    after = on_snowflake.raw("customer")
    persons = {(each["customer_key"], after[key]["customer_key"]) for key, each in before.items()}
    assert row.loaded == len(before) == len(after) == len(persons) > 0
    assert not {old for old, _ in persons} & {new for _, new in persons}


def test_a_machine_whose_clock_was_ahead_hides_no_delete(
    on_snowflake: SnowflakeRetailer, own_source: RunningSimulator
) -> None:
    on_snowflake.run("r1", "order")
    with on_snowflake.engine() as engine:
        for table, column in (
            ("ops.run", "started_at"),
            ("ops.load_ledger", "loaded_at"),
            ("ops.load_ledger", "extracted_at"),
            ("raw.purchase_order", "_extracted_at"),
            ("raw.purchase_order", "_loaded_at"),
        ):
            engine.execute(f"update {table} set {column} = dateadd(day, 400, {column})")
    [ahead] = on_snowflake.query("select max(loaded_at) as moment from ops.load_ledger")
    orders = Edits(own_source, "order")
    for key in orders.ids[:3]:
        orders.delete(key, silent=True)

    row = on_snowflake.run("r2", "order")["order"]

    assert row.deleted == 3
    assert on_snowflake.differences("order") == []
    [run] = on_snowflake.query("select started_at from ops.run where run_id = 'r2'")
    assert timedelta(0) < run["started_at"] - ahead["moment"] < timedelta(minutes=10)


def test_a_row_that_an_older_release_has_loaded_leaves_and_comes_back_when_it_fits(
    on_snowflake: SnowflakeRetailer, own_source: RunningSimulator
) -> None:
    sales = Edits(own_source, "sale")
    sales.add("old", date="1998-03-04T00:00:00")
    sales.add("new", date="2026-03-01T00:00:00")
    changes: dict[str, Any] = {"plausible": {"first_day": "1995-01-01"}}
    patient = tenant_of("mini", on_snowflake.root.rstrip("/"), **changes)
    on_snowflake.tenant = patient
    on_snowflake.run("r1", "sale")
    sales.change("new", date="1999-03-01T00:00:00", quantity=99_999_999.0)

    on_snowflake.tenant = tenant_of("mini", on_snowflake.root.rstrip("/"))
    on_snowflake.run("r2", "sale")
    left = on_snowflake.raw("sale").keys()
    on_snowflake.tenant = patient
    on_snowflake.run("r3", "sale")

    assert ("old" in left, "new" in left) == (False, True)
    assert {"old", "new"} <= on_snowflake.raw("sale").keys()
