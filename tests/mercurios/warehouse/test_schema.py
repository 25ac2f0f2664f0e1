"""RAW tables and the relations of a load, column by column, on both engines."""

from __future__ import annotations

import pytest

from mercurios.sources.contract import Resource, columns_of
from mercurios.sources.registry import every_resource
from mercurios.warehouse.schema import (
    RawColumn,
    landed_columns,
    raw_columns,
    raw_tables,
    transient_relations,
    typed,
)

SALE = Resource("sale", "sale_raw", columns_of("id number:int price:dec"), "sales")
POSITION = Resource(
    "order.position", "order_position", columns_of("id"), "orders", child_of="order", parent_key="order_id"
)
METADATA = {"_extra": "text", "_content_hash": "text", "_extracted_at": "time", "_run_id": "text"}
TYPES = {
    "duckdb": {
        "text": "varchar",
        "time": "timestamp",
        "int": "bigint",
        "dec": "decimal(18, 2)",
        "bool": "boolean",
    },
    "snowflake": {
        "text": "varchar",
        "time": "timestamp_ntz",
        "int": "number(38, 0)",
        "dec": "number(18, 2)",
        "bool": "boolean",
    },
}


@pytest.fixture(params=["duckdb", "snowflake"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def in_words_of(dialect: str, columns: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, TYPES[dialect][kind]) for name, kind in columns.items()]


def test_a_raw_table_has_the_contracts_columns_and_its_parents_key_first(dialect: str) -> None:
    found, nested = ([(each.name, each.type) for each in raw_columns(of, dialect)] for of in (SALE, POSITION))

    assert found == in_words_of(dialect, {"id": "text", "number": "int", "price": "dec"})
    assert nested == in_words_of(dialect, {"order_id": "text", "id": "text"})
    assert raw_columns(POSITION, dialect)[0] == RawColumn("order_id", TYPES[dialect]["text"])


def test_a_landed_part_begins_with_the_tenant_and_ends_with_what_every_row_carries(dialect: str) -> None:
    found = landed_columns(SALE, dialect)

    expected = {"tenant_id": "text", "id": "text", "number": "int", "price": "dec", **METADATA}
    assert list(found.items()) == in_words_of(dialect, expected)


def test_a_load_fills_relations_of_its_own_for_every_table(dialect: str) -> None:
    found = transient_relations([SALE, POSITION], dialect)

    keys = dict(in_words_of(dialect, {"id": "text"}))
    quarantine = {"tenant_id": "text", "row_number": "int"}
    quarantine |= dict.fromkeys(("source_id", "reason", "payload"), "text")
    landed = landed_columns(SALE, dialect)
    assert list(found) == [
        "stage_keys",
        "stage_quarantine",
        "stage_sale_raw",
        "candidate_sale_raw",
        "vanished_sale_raw",
        "stage_order_position",
        "candidate_order_position",
        "vanished_order_position",
    ]
    assert found["stage_keys"] == found["vanished_sale_raw"] == found["vanished_order_position"] == keys
    assert list(found["stage_quarantine"].items()) == in_words_of(dialect, quarantine)
    assert found["stage_sale_raw"] == landed
    assert found["candidate_sale_raw"] == landed | {"_is_missing": TYPES[dialect]["bool"]}


def test_columns_keep_their_order(dialect: str) -> None:
    kinds = {column.name: column.type for column in reversed(SALE.columns)}

    assert list(typed(kinds, dialect)) == ["price", "number", "id"]


def test_every_resource_has_a_raw_table_of_its_own() -> None:
    tables = raw_tables()

    assert tables == [resource.table for resource in every_resource().values()]
    assert len(set(tables)) == len(tables) > 20
