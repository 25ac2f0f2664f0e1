"""Loading on Snowflake: the same manifests give the same RAW as on DuckDB, and nothing is half-loaded."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

import pytest
from retailer import TOP_LEVEL, Retailer
from snowflake_retailer import SnowflakeRetailer, Twin

from mercurios.landing.plan import RunPlan
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.warehouse.load import FencedError
from mercurios.warehouse.requests import approve_deletes
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.snowflake.engine import SnowflakeEngine, bound
from prohandel_simulator.testing import RunningSimulator

TABLES = {name: resource.table for name, resource in RESOURCES.items()}
# Statements that read and write no tenant's rows, or rows of a session's own tables alone.
NO_ROWS = ("create", "alter", "show", "copy", "-- Append exactly", "-- A table of this session")
BOOKS = {
    "ops.load_ledger": "resource, attempt, mode, is_complete, extracted, loaded, quarantined, superseded, deleted",
    "ops.watermark": "resource, cursor_value, run_id",
    "ops.quarantine": "resource, row_number, source_id, reason, payload",
    "ops.schema_drift": "resource, column_name, change, row_count",
}


def raw(retailer: Retailer, name: str) -> list[dict[str, Any]]:
    """Return all rows of a RAW table, deleted ones too, without the moment of loading."""
    columns = [column.name for column in RESOURCES[name].columns]
    parent = RESOURCES[name].parent_key
    kept = ["tenant_id", *([parent] if parent else []), *columns]
    metadata = "_extra, _content_hash, _extracted_at, _run_id, _deleted_at is not null as _is_deleted"
    rows = retailer.query(
        f"select {', '.join(kept)}, {metadata} from raw.{TABLES[name]} order by tenant_id, id, _run_id"
    )
    return [{**row, "_extra": json.loads(row["_extra"]) if row["_extra"] else None} for row in rows]


def books(retailer: Retailer) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the bookkeeping says, without the moment of loading."""
    return {
        table: sorted(tuple(row.values()) for row in retailer.query(f"select {columns} from {table}"))
        for table, columns in BOOKS.items()
    }


def test_full_and_incremental_runs_give_the_same_raw_and_books_as_on_duckdb(
    on_snowflake: SnowflakeRetailer, on_duckdb: Twin, own_source: RunningSimulator
) -> None:
    unreadable: set[str] = set()
    for number in (1, 2):
        urls = on_snowflake.extract(on_snowflake.begin(f"r{number}"))
        on_snowflake.load(*urls)
        on_duckdb.load_copies(on_snowflake, urls)

        assert on_snowflake.differences(*(set(TOP_LEVEL) - unreadable)) == []
        different = [name for name in RESOURCES if raw(on_snowflake, name) != raw(on_duckdb, name)]
        assert different == []
        assert books(on_snowflake) == books(on_duckdb)
        dirt = {"resource": "sale", "unparsable": 2, "unknown_field": 3}
        own_source.post("/_simulator/mini/dirty", dirt)
        unreadable = {"sale"}
        own_source.advance(48)

    [extra] = on_snowflake.query("select count(*) as n from raw.sale where _extra is not null")
    assert extra["n"] == 3
    assert len(books(on_snowflake)["ops.quarantine"]) == 2
    [incremental] = on_snowflake.query(
        "select mode, extracted from ops.load_ledger where run_id = 'r2' and resource = 'sale'"
    )
    assert (incremental["mode"], incremental["extracted"] < 500) == ("changed", True)


def test_the_next_extraction_gets_what_is_known_in_the_same_numbers(
    on_snowflake: SnowflakeRetailer, on_duckdb: Twin
) -> None:
    urls = on_snowflake.extract(on_snowflake.begin("r1"), "category")
    on_snowflake.load(*urls)
    on_duckdb.load_copies(on_snowflake, urls)

    plans = [retailer.begin("r2") for retailer in (on_snowflake, on_duckdb)]

    known = [known_rows(*pair) for pair in zip((on_snowflake, on_duckdb), plans, strict=True)]
    assert len(known[0]) > 3
    assert known[0] == known[1]


def known_rows(retailer: Retailer, plan: RunPlan) -> list[dict[str, Any]]:
    import io

    import pyarrow.parquet as pq

    url = plan.resources["category"].known_url
    assert url is not None
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(retailer.store.read_bytes(url))).to_pylist()
    return sorted(rows, key=lambda row: row["key64"])


def test_a_rerun_copies_and_changes_nothing(
    on_snowflake: SnowflakeRetailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = on_snowflake.extract(on_snowflake.begin("r1"), "sale", "order")
    first = on_snowflake.load(*urls)
    before = raw(on_snowflake, "sale"), books(on_snowflake)

    with monkeypatch.context() as patch:
        patch.setattr(
            SnowflakeEngine, "_copy", lambda _, table, urls: pytest.fail(f"{table} is copied again")
        )
        assert on_snowflake.load(*urls) == first

    assert (raw(on_snowflake, "sale"), books(on_snowflake)) == before


def test_a_file_that_copy_has_seen_is_copied_again(on_snowflake: SnowflakeRetailer) -> None:
    [url] = on_snowflake.extract(on_snowflake.begin("r1"), "label")
    [part] = on_snowflake.store.read_manifest(url).parts_of("label", "rows")

    with on_snowflake.engine() as engine:
        engine.execute("create or replace table ops.seen (id varchar)")
        copied = [engine.copy_files("ops.seen", ["id"], [part.url]) for _ in range(2)]
        [kept] = engine.fetch_arrow("select count(*) as n from ops.seen").to_pylist()

    assert copied == [part.rows, part.rows]
    assert kept == {"n": 2 * part.rows}


def test_rows_that_vanish_at_the_source_are_marked_once(
    on_snowflake: SnowflakeRetailer, own_source: RunningSimulator
) -> None:
    on_snowflake.run("r1", "order")
    orders = own_source.world("mini").collections["order"]
    for slot in orders.visible[:3].tolist():
        orders.delete(slot, 0, "", silent=True)

    deleted = [on_snowflake.run(run_id, "order")["order"].deleted for run_id in ("r2", "r3")]

    assert deleted == [3, 0]
    assert on_snowflake.differences("order") == []
    [deleted] = on_snowflake.query(
        "select count(*) as n from raw.purchase_order where _deleted_at is not null"
    )
    assert deleted["n"] == 3


def test_deletes_that_are_too_many_wait_until_they_are_accepted(
    on_snowflake: SnowflakeRetailer, own_source: RunningSimulator
) -> None:
    on_snowflake.run("r1", "order")
    orders = own_source.world("mini").collections["order"]
    most = orders.visible[: int(len(orders.visible) * 0.8)].tolist()
    for slot in most:
        orders.delete(slot, 0, "", silent=True)

    doubted = on_snowflake.run("r2", "order")["order"]
    with on_snowflake.engine() as engine:
        approve_deletes(engine, "mini", ["order"], "tests")
    accepted = on_snowflake.run("r3", "order")["order"]

    assert (doubted.deleted, doubted.held_for_review) == (0, len(most))
    assert (accepted.deleted, accepted.held_for_review) == (len(most), 0)
    assert on_snowflake.differences("order") == []


def test_what_an_older_start_of_a_run_landed_is_refused(on_snowflake: SnowflakeRetailer) -> None:
    stale = on_snowflake.extract(on_snowflake.begin("r1"), "category")
    on_snowflake.begin("r1")

    with pytest.raises(FencedError, match="belongs to start 1"):
        on_snowflake.load(*stale)

    assert on_snowflake.raw("category") == {}
    assert books(on_snowflake)["ops.load_ledger"] == []


class Recording(SnowflakeEngine):
    """Notes every statement and what is bound to it."""

    sent: ClassVar[list[tuple[str, list[Any]]]] = []

    def _run(self, sql: str, parameters: Any) -> Any:
        self.sent.append(bound(sql, parameters))
        return super()._run(sql, parameters)


def test_in_a_shared_database_every_statement_names_its_tenant_and_spares_others(
    on_snowflake: SnowflakeRetailer, own_source: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_snowflake.run("r1", "order", "sale")
    with on_snowflake.engine() as engine:
        for table in ("raw.purchase_order", "raw.sale", "ops.run", "ops.load_ledger", "ops.watermark"):
            others = f"create table ops.neighbour as select * from {table} where tenant_id = 'mini'"
            engine.execute(others)
            engine.execute("update ops.neighbour set tenant_id = 'neighbour'")
            engine.execute(f"insert into {table} select * from ops.neighbour")
            engine.execute("drop table ops.neighbour")
    neighbours = [
        f"select * from {table} where tenant_id = 'neighbour'"
        for table in ("raw.purchase_order", "raw.sale", "ops.run", "ops.load_ledger", "ops.watermark")
    ]
    before = [sorted(map(repr, on_snowflake.query(question))) for question in neighbours]
    own_source.advance(48)
    monkeypatch.setattr("snowflake_retailer.SnowflakeEngine", Recording)
    Recording.sent.clear()

    on_snowflake.run("r2", "order", "sale")

    sent = list(Recording.sent)
    assert [sorted(map(repr, on_snowflake.query(question))) for question in neighbours] == before
    assert on_snowflake.differences("order", "sale") == []
    about_rows = [
        (text, values) for text, values in sent if re.search(r"\b(raw|ops|standard|analytics)\.\w+", text)
    ]
    assert len(about_rows) > 30
    unguarded = [
        text for text, values in about_rows if "mini" not in values and not text.lstrip().startswith(NO_ROWS)
    ]
    assert unguarded == []


def test_a_renamed_column_of_the_ledger_keeps_its_values(on_snowflake: SnowflakeRetailer) -> None:
    on_snowflake.run("r1", "article")
    with on_snowflake.engine() as engine:
        engine.execute("update ops.load_ledger set held_for_review = 7")
        engine.execute("alter table ops.load_ledger rename column held_for_review to withheld")

    for _ in range(2):
        with on_snowflake.engine() as engine:
            set_up(engine)

    [kept] = on_snowflake.query("select resource, held_for_review from ops.load_ledger")
    assert kept == {"resource": "article", "held_for_review": 7}
