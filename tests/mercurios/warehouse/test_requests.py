"""What an operator asks of the next run is noted for each collection, with who asked and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mercurios.sources.prohandel.resources import CONTRACT
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.requests import (
    approve_deletes,
    check_collections,
    forget_source,
    note_approval,
    note_resync,
    request_resync,
)
from mercurios.warehouse.setup import set_up

NOW = datetime(2026, 3, 4, 5, tzinfo=UTC)
RESYNCS = "select resource, requested_by, requested_at from ops.resync_request order by resource"
APPROVALS = "select resource, approved_by, approved_at from ops.delete_approval order by resource"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(tmp_path / "mini.duckdb", threads=1) as engine:
        set_up(engine)
        yield engine


def rows(engine: DuckDBEngine, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in engine.fetch_rows(sql, {})]


def test_each_collection_is_noted_once_with_who_asked_and_when(engine: DuckDBEngine) -> None:
    note_resync(engine, "mini", ["sale", "article", "sale"], "Ada", NOW)
    note_approval(engine, "mini", ["sale", "sale"], "Grace", NOW)

    at = NOW.replace(tzinfo=None)
    assert rows(engine, RESYNCS) == [("article", "Ada", at), ("sale", "Ada", at)]
    assert rows(engine, APPROVALS) == [("sale", "Grace", at)]


def test_a_resync_is_noted_by_our_clock_and_approves_nothing(engine: DuckDBEngine) -> None:
    request_resync(engine, "mini", ["sale"], "Ada", CONTRACT)

    [(resource, by, at)] = rows(engine, RESYNCS)
    assert (resource, by) == ("sale", "Ada")
    assert abs(datetime.now(UTC).replace(tzinfo=None) - at) < timedelta(minutes=5)
    assert rows(engine, APPROVALS) == []


def test_an_approval_of_deletes_asks_for_a_complete_read_too(engine: DuckDBEngine) -> None:
    approve_deletes(engine, "mini", ["sale"], "Grace")

    [(_, asked_by, asked_at)], [(_, approved_by, approved_at)] = (
        rows(engine, RESYNCS),
        rows(engine, APPROVALS),
    )
    assert asked_by == approved_by == "Grace"
    assert asked_at == approved_at


def test_a_request_forgets_how_far_the_collection_was_read_and_no_other(engine: DuckDBEngine) -> None:
    for name in ("sale", "article"):
        engine.execute(
            "insert into ops.watermark (tenant_id, resource, cursor_value, run_id, fence, updated_at)"
            " values ('mini', ?, timestamp '2026-03-01', 'r1', 1, timestamp '2026-03-01')",
            [name],
        )

    note_resync(engine, "mini", ["sale"], "Ada", NOW)

    known = "select resource from ops.watermark where cursor_value is not null"
    assert rows(engine, known) == [("article",)]


@pytest.mark.parametrize("ask", [request_resync, approve_deletes])
def test_a_name_that_is_no_collection_is_refused_and_nothing_noted(engine: DuckDBEngine, ask: Any) -> None:
    with pytest.raises(
        ValueError, match=r"unknown resource order.positions, sales; known resources: article, "
    ):
        ask(engine, "mini", ["sales", "sale", "order.positions"], "Ada", CONTRACT)

    assert rows(engine, RESYNCS) == rows(engine, APPROVALS) == []


def test_without_a_contract_a_collection_of_any_source_is_known() -> None:
    check_collections(["sale", "article"])
    check_collections([], CONTRACT)
    with pytest.raises(ValueError, match="unknown resource nothing;"):
        check_collections(["nothing"])


def test_the_source_that_is_forgotten_is_reported_once(engine: DuckDBEngine) -> None:
    assert forget_source(engine, "mini") is None
    engine.execute(
        "insert into ops.source (tenant_id, source, run_id) values ('mini', 'api', 'r1'), ('other', 'api', 'r1')"
    )

    assert forget_source(engine, "mini") == "api"
    assert forget_source(engine, "mini") is None
    assert rows(engine, "select tenant_id from ops.source") == [("other",)]
