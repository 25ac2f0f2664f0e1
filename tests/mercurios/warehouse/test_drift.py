"""What is news about a field: when it begins to differ, and when all rows have shown that it no longer does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mercurios.landing.manifest import Counts, DriftNote, Manifest
from mercurios.sources.settings import Mode
from mercurios.warehouse.drift import record_drift, those_over
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.setup import set_up

NOW = datetime(2026, 3, 4, 5, tzinfo=UTC)
NESTED = "order_position"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(tmp_path / "mini.duckdb", threads=1) as engine:
        set_up(engine)
        yield engine


def read(engine: DuckDBEngine, number: int, *changes: str, rows: int = 10, **details: Any) -> list[str]:
    """Record what a read found (`field change`, or `resource.field change`) and return what was news."""
    notes = []
    for text in changes:
        place, change = text.split()
        resource, _, field = place.rpartition(".")
        note = {"resource": resource or "order", "field": field, "change": change, "rows": 3}
        notes.append(DriftNote.model_validate(note))
    counts = Counts(extracted=rows, unchanged=0, quarantined=0)
    facts = {
        "tenant_id": "mini",
        "resource": "order",
        "run_id": f"r{number}",
        "attempt": 1,
        "fence": 1,
        "source": None,
        "mode": Mode.SCAN,
        "complete": True,
        "stable": True,
        "extracted_at": NOW,
        "source_now": NOW,
        "cursor_from": None,
        "cursor_to": None,
        "counts": {"order": counts, NESTED: counts},
        "drift": notes,
        "parts": [],
    }
    manifest = Manifest(**{**facts, **details})
    record_drift(engine, manifest, NOW.replace(tzinfo=None) + timedelta(hours=number))
    found = engine.fetch_arrow(
        "select resource || '.' || column_name || ' ' || change as news from ops.schema_drift"
        " where run_id = $run_id order by news",
        {"run_id": manifest.run_id},
    )
    return [str(news).removeprefix("order.") for news in found["news"].to_pylist()]


def test_a_change_that_stays_is_news_once(engine: DuckDBEngine) -> None:
    assert read(engine, 1, "colour appeared", "size vanished") == ["colour appeared", "size vanished"]

    assert read(engine, 2, "colour appeared", "size vanished") == []


def test_a_change_that_ended_is_news_again(engine: DuckDBEngine) -> None:
    for number in (1, 4):
        assert read(engine, number, "size vanished") == ["size vanished"]
        assert read(engine, number + 1) == ["size returned"]
        assert read(engine, number + 2) == []


def test_a_field_that_differs_in_two_ways_is_news_for_each_once(engine: DuckDBEngine) -> None:
    assert read(engine, 1, "size vanished") == ["size vanished"]
    assert read(engine, 2, "size vanished", "size retyped") == ["size retyped"]
    assert read(engine, 3, "size vanished") == []
    assert read(engine, 4, "size vanished", "size retyped") == []
    assert read(engine, 5) == ["size returned"]


@pytest.mark.parametrize("partial", [{"complete": False}, {"rows": 0}])
def test_only_a_read_of_all_rows_shows_that_a_change_is_over(
    engine: DuckDBEngine, partial: dict[str, Any]
) -> None:
    read(engine, 1, "size vanished")

    assert read(engine, 2, **partial) == []
    assert read(engine, 3, "size vanished") == []


def test_nested_rows_and_other_tenants_have_a_changelog_of_their_own(engine: DuckDBEngine) -> None:
    assert read(engine, 1, "size vanished") == ["size vanished"]
    assert read(engine, 2, "size vanished", f"{NESTED}.size vanished") == [f"{NESTED}.size vanished"]
    assert read(engine, 3, tenant_id="other") == []
    assert read(engine, 4, "size vanished") == [f"{NESTED}.size returned"]


def test_a_resource_that_was_not_read_says_nothing_about_its_fields() -> None:
    known = {("sale", "size", "vanished"), ("order", "size", "vanished")}

    assert those_over(known, set(), {"order"}) == {("order", "size", "returned")}
