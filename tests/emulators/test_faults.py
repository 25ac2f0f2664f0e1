"""Faults of a load on Snowflake: the object is named, nothing is half-loaded, and a rerun is clean."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running_emulators import S3, Snowflake
from snowflake_retailer import SnowflakeRetailer

from mercurios.landing.manifest import Manifest, Part
from mercurios.landing.part_writer import PartWriter
from mercurios.landing.store import LandingError
from mercurios.warehouse import load
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.snowflake.engine import SnowflakeEngine
from prohandel_simulator.testing import RunningSimulator

STAGES = "_fs_global._fs_information_schema._fs_stages"
Edit = Callable[[pa.Table], pa.Table]


@pytest.fixture
def retailer(
    own_source: RunningSimulator, tmp_path: Path, s3: S3, snowflake_emulator: Snowflake
) -> SnowflakeRetailer:
    return SnowflakeRetailer(own_source, tmp_path, s3, snowflake_emulator)


@pytest.fixture
def landed(retailer: SnowflakeRetailer) -> str:
    """The manifest of orders and their positions, not loaded yet."""
    [url] = retailer.extract(retailer.begin("r1"), "order")
    return url


def nothing_is_loaded(retailer: SnowflakeRetailer) -> bool:
    tables = (
        "raw.purchase_order",
        "raw.purchase_order_position",
        "ops.load_ledger",
        "ops.watermark",
        "ops.source",
    )
    return all(retailer.query(f"select count(*) as n from {table}") == [{"n": 0}] for table in tables)


def rerun_is_clean(retailer: SnowflakeRetailer, url: str) -> bool:
    retailer.load(url)
    return retailer.differences("order") == []


def parts(retailer: SnowflakeRetailer, url: str) -> list[Part]:
    return retailer.store.read_manifest(url).parts_of("order", "rows")


def replaced(retailer: SnowflakeRetailer, url: str, edit: Edit) -> str:
    """Land the orders once more with other columns, and return their manifest."""
    manifest = retailer.store.read_manifest(url)
    [part] = parts(retailer, url)
    table = edit(pq.read_table(BytesIO(retailer.store.read_bytes(part.url))))
    prefix = retailer.store.prefix("mini", "order", "r1", manifest.attempt + 1)
    writer = PartWriter(retailer.store, f"{prefix}/edited.parquet", "rows", "order", table.schema)
    writer.write(table)
    kept = []
    for each in manifest.parts:
        if each != part:
            copy = f"{each.url.partition('/tenant=')[0]}/{prefix}/{each.url.rpartition('/')[2]}"
            retailer.s3.file_system().pipe_file(copy, retailer.store.read_bytes(each.url))
            kept.append(each.model_copy(update={"url": copy}))
    changed: Manifest = manifest.model_copy(
        update={"parts": [*kept, *writer.close()], "attempt": manifest.attempt + 1}
    )
    return retailer.store.write_manifest(prefix, changed)


def test_a_missing_stage_is_named_with_what_creates_it(retailer: SnowflakeRetailer, landed: str) -> None:
    with retailer.engine() as engine:
        engine.execute(
            "delete from _fs_global._fs_information_schema._fs_stages where database_name = current_database()"
        )

    with pytest.raises(WarehouseError, match=r"no stage of schema landing .*warehouse apply"):
        retailer.load(landed)

    assert nothing_is_loaded(retailer)
    retailer.create_account_objects()
    assert rerun_is_clean(retailer, landed)


def test_a_stage_of_another_address_is_not_used(retailer: SnowflakeRetailer, landed: str) -> None:
    retailer.create_account_objects("s3://another-lake/landing/")

    with pytest.raises(WarehouseError, match=r"no stage of schema landing .* shows s3://lake-"):
        retailer.load(landed)

    assert nothing_is_loaded(retailer)
    retailer.create_account_objects()
    assert rerun_is_clean(retailer, landed)


def test_a_file_that_is_gone_is_named(retailer: SnowflakeRetailer, landed: str) -> None:
    [part] = parts(retailer, landed)
    content = retailer.store.read_bytes(part.url)
    retailer.s3.file_system().rm(part.url)

    with pytest.raises(LandingError, match=part.url):
        retailer.load(landed)

    assert nothing_is_loaded(retailer)
    retailer.s3.file_system().pipe_file(part.url, content)
    assert rerun_is_clean(retailer, landed)


def test_a_file_that_goes_between_the_look_and_the_copy_is_named(
    retailer: SnowflakeRetailer, landed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [part] = parts(retailer, landed)
    content = retailer.store.read_bytes(part.url)

    def missing(self: SnowflakeEngine, url: str, columns: Any) -> None:
        if url == part.url:
            retailer.s3.file_system().rm(url)

    with monkeypatch.context() as patch:
        patch.setattr(SnowflakeEngine, "_check_columns", missing)
        with pytest.raises(WarehouseError, match=r"Remote file was not found[\s\S]*clear the extract task"):
            retailer.load(landed)

    assert nothing_is_loaded(retailer)
    retailer.s3.file_system().pipe_file(part.url, content)
    assert rerun_is_clean(retailer, landed)


def test_a_file_that_was_changed_is_named(retailer: SnowflakeRetailer, landed: str) -> None:
    [part] = parts(retailer, landed)
    content = retailer.store.read_bytes(part.url)
    retailer.s3.file_system().pipe_file(part.url, content[:-9] + b"otherwise")

    with pytest.raises(LandingError, match=f"{part.url} is not the file its manifest names"):
        retailer.load(landed)

    assert nothing_is_loaded(retailer)
    retailer.s3.file_system().pipe_file(part.url, content)
    assert rerun_is_clean(retailer, landed)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda table: table.drop_columns(["supplier_number"]), "supplier_number is missing and not int64"),
        (lambda table: as_text(table, "supplier_number"), "supplier_number is string and not int64"),
    ],
    ids=["missing", "another type"],
)
def test_a_file_of_other_columns_is_named_with_column_and_types(
    retailer: SnowflakeRetailer, landed: str, edit: Edit, said: str
) -> None:
    url = replaced(retailer, landed, edit)

    with pytest.raises(WarehouseError, match=rf"edited\.parquet: {said}"):
        retailer.load(url)

    assert nothing_is_loaded(retailer)
    assert rerun_is_clean(retailer, landed)


def as_text(table: pa.Table, name: str) -> pa.Table:
    index = table.schema.get_field_index(name)
    return table.set_column(index, name, table.column(name).cast(pa.string()))


def test_a_session_that_is_lost_in_the_transaction_leaves_nothing(
    retailer: SnowflakeRetailer, landed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = load._note_clock

    def lost(engine: SnowflakeEngine, *arguments: Any) -> None:
        retailer.snowflake.end_session(engine._connection.rest.token)
        note(engine, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(load, "_note_clock", lost)
        with pytest.raises(
            WarehouseError, match=r"in an open transaction, which is undone[\s\S]*clear the task"
        ):
            retailer.load(landed)

    assert nothing_is_loaded(retailer)
    assert rerun_is_clean(retailer, landed)


def test_a_statement_that_would_end_the_transaction_is_refused_inside_one(
    retailer: SnowflakeRetailer,
) -> None:
    with (
        retailer.engine() as engine,
        pytest.raises(WarehouseError, match="would end the transaction on Snowflake"),
        engine.transaction(),
    ):
        engine.execute("-- a comment\ncreate temporary table t (id varchar)")


def test_the_ledger_takes_no_row_whose_identity_does_not_hold(
    retailer: SnowflakeRetailer, landed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = load._ledger_parameters

    def wrong(*arguments: Any) -> dict[str, Any]:
        found = parameters(*arguments)
        return {**found, "loaded": found["loaded"] + 1}

    with monkeypatch.context() as patch:
        patch.setattr(load, "_ledger_parameters", wrong)
        with pytest.raises(WarehouseError, match="EXTRACTED"):
            retailer.load(landed)

    assert nothing_is_loaded(retailer)
    assert rerun_is_clean(retailer, landed)
