"""Columns that appear, vanish or change their type, under each policy, from the wire to the manifest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from retailer import Retailer

from mercurios.landing.manifest import Manifest
from mercurios.sources.collect.drift_notes import retyped
from mercurios.sources.prohandel.extract import extract
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.settings import Drift

Start = Callable[..., Any]
PLAIN = {
    **{column.field: None for column in RESOURCES["label"].columns},
    "lastChange": "2026-03-01T10:00:00",
    "isDeleted": False,
}
STRICT = [Drift.FREEZE, Drift.QUARANTINE]


@pytest.fixture
def land(
    stub: Start, reply: Any, retailer: Retailer, tmp_path: Path
) -> Callable[[list[dict[str, Any]], Drift], Manifest]:
    def read(rows: list[dict[str, Any]], policy: Drift = Drift.EVOLVE, run_id: str = "r1") -> Manifest:
        here = Retailer(retailer.simulator, tmp_path, resources={"label": {"drift": policy.value}})
        with stub(lambda *_: reply(rows)).client() as client:
            url = extract(client, here.store, here.request("label", here.begin(run_id)))
        here.load(url)
        return here.store.read_manifest(url)

    return read


def rows(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [{**PLAIN, "id": f"label-{number}", **changes} for number in range(count)]


def without(row: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != field}


def notes(manifest: Manifest) -> set[tuple[str, str, int]]:
    return {(note.field, note.change, note.rows) for note in manifest.drift}


def table(manifest: Manifest, kind: Any) -> list[dict[str, Any]]:
    parts = manifest.parts_of("label", kind)
    return [row for part in parts for row in pq.read_table(part.url.removeprefix("file://")).to_pylist()]


@pytest.mark.parametrize("policy", list(Drift))
def test_a_column_whose_type_changed_is_one_note_besides_the_quarantine_of_its_rows(
    land: Any, policy: Drift
) -> None:
    manifest = land(rows(20, number="Frühjahr"), policy)

    assert notes(manifest) == {("number", "retyped", 20)}
    assert manifest.counts["label"].quarantined == 20
    assert {row["reason"] for row in table(manifest, "quarantine")} == {
        "field 'number': expected a whole number, got text"
    }


def test_a_few_bad_rows_are_bad_rows_and_no_changed_type(land: Any) -> None:
    few_of_many = [*rows(20), *[{**row, "id": f"bad-{n}"} for n, row in enumerate(rows(9, number="x"))]]

    assert land(few_of_many).drift == []
    assert land(rows(5, number="x"), run_id="r2").drift == []


@pytest.mark.parametrize(
    ("refused", "read", "found"),
    [
        ({}, 0, {}),
        ({"a": 5}, 5, {}),
        ({"a": 6}, 6, {"a": 6}),
        ({"a": 6}, 12, {"a": 6}),
        ({"a": 6}, 13, {}),
        ({"a": 500, "b": 499, "c": 501}, 1000, {"a": 500, "c": 501}),
    ],
)
def test_a_type_changed_where_most_rows_are_refused_for_it(
    refused: dict[str, int], read: int, found: dict[str, int]
) -> None:
    assert retyped(refused, read) == found


def test_a_vanished_column_is_null_and_noted_under_evolve(land: Any) -> None:
    manifest = land([without(row, "number") for row in rows(3, number=7)])

    assert notes(manifest) == {("number", "vanished", 3)}
    assert [row["number"] for row in table(manifest, "rows")] == [None] * 3


@pytest.mark.parametrize("policy", STRICT)
def test_a_vanished_column_erases_nothing_under_the_strict_policies(
    land: Any, retailer: Retailer, tmp_path: Path, policy: Drift
) -> None:
    land(rows(3, number=7), policy)

    manifest = land([without(row, "number") for row in rows(3)], policy, "r2")

    here = Retailer(retailer.simulator, tmp_path)
    assert notes(manifest) == {("number", "vanished", 3)}
    assert {row["reason"] for row in table(manifest, "quarantine")} == {
        f"missing field number under drift policy {policy}"
    }
    assert [row["number"] for row in here.raw("label").values()] == [7] * 3


@pytest.mark.parametrize("policy", list(Drift))
def test_a_renamed_column_is_one_that_vanished_and_one_that_appeared(land: Any, policy: Drift) -> None:
    renamed = [{**without(row, "number"), "labelNo": 7} for row in rows(3)]

    manifest = land(renamed, policy)

    assert notes(manifest) == {("number", "vanished", 3), ("labelNo", "appeared", 3)}
    assert manifest.counts["label"].quarantined == (0 if policy is Drift.EVOLVE else 3)


@pytest.mark.parametrize("policy", list(Drift))
def test_rows_that_fit_load_beside_rows_that_drift(land: Any, policy: Drift) -> None:
    good, odd = rows(2, number=7)

    manifest = land([good, {**without(odd, "number"), "new": 1}], policy)

    landed = [row["id"] for row in table(manifest, "rows")]
    assert landed == (["label-0", "label-1"] if policy is Drift.EVOLVE else ["label-0"])


def test_what_is_left_out_under_freeze_makes_no_row_a_changed_one(land: Any) -> None:
    land(rows(3, fashion="old"), Drift.FREEZE)

    frozen = land(rows(3, fashion="new"), Drift.FREEZE, "r2")
    evolved = land(rows(3, fashion="new"), Drift.EVOLVE, "r3")

    assert (frozen.counts["label"].unchanged, frozen.counts["label"].landed) == (3, 0)
    assert evolved.counts["label"].landed == 3


def test_orders_that_no_longer_carry_positions_are_noted(stub: Start, reply: Any, retailer: Retailer) -> None:
    plain = {column.field: None for column in RESOURCES["order"].columns}
    orders = [{**plain, "id": "o1", "info": ""}, {**plain, "id": "o2", "info": "", "positions": []}]

    with stub(lambda *_: reply(orders)).client() as client:
        url = extract(client, retailer.store, retailer.request("order", retailer.begin("r1")))

    assert notes(retailer.store.read_manifest(url)) == {("positions", "vanished", 1)}
