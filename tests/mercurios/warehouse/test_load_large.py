"""Loads of many rows in several parts and row groups: DuckDB treats small and large inputs differently.

DuckDB 2.0.0 answered joins and windows with nothing over some tables that a transaction made and filled from Parquet,
and only where they were large. What arrives in RAW is compared with the rules written out row by row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from retailer import tenant_of

from mercurios.landing.manifest import Counts, Manifest, Part
from mercurios.landing.part_writer import PartWriter
from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows.landed_table import schema
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.load import LedgerRow, load_manifest
from mercurios.warehouse.run_plan import begin_run
from mercurios.warehouse.setup import set_up

SALE = RESOURCES["sale"]
# More than a row group of DuckDB's, from which on it gave wrong answers.
ROWS = 150_000
DAY = datetime(2026, 3, 4)


class Row(NamedTuple):
    """What the rules of a merge look at."""

    id: str
    cursor: datetime
    content: str
    is_deleted: bool = False


class Warehouse:
    """A warehouse and a landing area without a source: reads are made up."""

    def __init__(self, home: Path) -> None:
        self.tenant = tenant_of("mini", f"file://{home}/landing")
        self.store = LandingStore(self.tenant.landing_url())
        self.engine = DuckDBEngine(home / "mini.duckdb")
        set_up(self.engine)

    def land(
        self,
        run_id: str,
        parts: Sequence[Sequence[Row]],
        *,
        hour: int,
        complete: bool = False,
        last: Callable[[pa.Table], pa.Table] = lambda table: table,
    ) -> str:
        """Land a read of the sales that began at an hour of the day and return its manifest's URL.

        Args:
            run_id: the run, begun here.
            parts: rows of each part.
            hour: of our clock and of the source's.
            complete: whether the read showed all there is.
            last: changes the table of the last part.
        """
        began = DAY + timedelta(hours=hour)
        run = Run(self.tenant.id, "tests", run_id)
        plan = RunPlan.read(self.store, begin_run(self.engine, self.store, self.tenant, run))
        prefix = self.store.prefix("mini", "sale", run_id, 1)
        landed: list[Part] = []
        tables = [table_of(rows, began, run_id) for rows in parts]
        for number, table in enumerate([*tables[:-1], last(tables[-1])]):
            writer = PartWriter(self.store, f"{prefix}/rows-{number}.parquet", "rows", "sale", table.schema)
            writer.write(table)
            landed += writer.close()
        manifest = Manifest(
            tenant_id="mini",
            resource="sale",
            run_id=run_id,
            attempt=1,
            fence=plan.fence,
            mode="changed",
            complete=complete,
            extracted_at=began.replace(tzinfo=UTC),
            source_now=began.replace(tzinfo=UTC),
            cursor_from=None,
            cursor_to=began.replace(tzinfo=UTC),
            counts={"sale": Counts(extracted=sum(map(len, parts)), unchanged=0, quarantined=0)},
            drift=[],
            parts=landed,
        )
        return self.store.write_manifest(prefix, manifest)

    def load(self, url: str) -> LedgerRow:
        """Load a manifest."""
        [row] = load_manifest(self.engine, self.store, url, time_zone="Europe/Berlin")
        return row

    def raw(self) -> dict[str, tuple[datetime, str, bool, bool, datetime, str]]:
        """Return all rows of RAW by id."""
        found = self.engine.fetch_arrow(
            "select id, last_change, _content_hash, is_deleted, _deleted_at is not null, _extracted_at, _run_id"
            " from raw.sale"
        )
        ids, *others = (column.to_pylist() for column in found.columns)
        rows = dict(zip(ids, zip(*others, strict=True), strict=True))
        assert len(rows) == found.num_rows, "a key is doubled in RAW"
        return rows


def table_of(rows: Sequence[Row], began: datetime, run_id: str) -> pa.Table:
    """Return rows as they are landed; what the merge does not look at is empty."""
    given = {
        "tenant_id": ["mini"] * len(rows),
        "id": [row.id for row in rows],
        "last_change": [row.cursor for row in rows],
        "is_deleted": [row.is_deleted for row in rows],
        "_content_hash": [row.content for row in rows],
        "_extracted_at": [began] * len(rows),
        "_run_id": [run_id] * len(rows),
    }
    empty = [None] * len(rows)
    return pa.table(
        {field.name: pa.array(given.get(field.name, empty), field.type) for field in schema(SALE)}
    )


def version(number: int, version: int, *, hour: float, is_deleted: bool = False) -> Row:
    """Return a version of a sale as the source showed it since an hour of the day."""
    return Row(f"{number:08d}", DAY + timedelta(hours=hour), f"{number}/{version}", is_deleted)


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    monkeypatch.setattr(PartWriter, "ROW_GROUP", 20_000)
    opened = Warehouse(tmp_path)
    yield opened
    opened.engine.close()


def test_a_large_load_separates_versions_of_a_key_late_rows_and_deleted_rows(
    warehouse: Warehouse,
) -> None:
    first = [version(n, 1, hour=1) for n in range(ROWS)]
    new = [version(ROWS + n, 1, hour=3) for n in range(5_000)]
    deleted = [version(2 * ROWS + n, 1, hour=1) for n in range(5_000)]
    appeared = [version(3 * ROWS + n, 1, hour=5) for n in range(5_000)]
    twice = [version(n, 2, hour=6) for n in range(0, ROWS, 3)]
    after = [version(n, 3, hour=7) for n in range(0, ROWS, 6)]
    before = [version(n, 0, hour=5) for n in range(3, ROWS, 6)]
    tombstones = [version(n, 2, hour=6, is_deleted=True) for n in range(1, ROWS, 3)]
    unchanged = [version(n, 1, hour=1) for n in range(2, ROWS, 3)]
    expected = {row.id: raw(row, 4, "full") for row in unchanged}
    expected |= {row.id: raw(row, 8, "changes") for row in [*twice, *after, *tombstones, *new]}
    expected |= {row.id: raw(row, 2, "older") for row in appeared}
    expected |= {row.id: raw(row, 4, "older", is_missing=True) for row in deleted}

    full = warehouse.land("full", [first[: ROWS // 2], first[ROWS // 2 :]], hour=4, complete=True)
    changes = warehouse.land(
        "changes", [[*twice, *tombstones, *twice], [*before, *after, *unchanged, *new]], hour=8
    )
    older = warehouse.land(
        "older", [[version(n, 0, hour=0.5) for n in range(ROWS)], deleted, appeared], hour=2
    )
    rows = [warehouse.load(url) for url in (full, changes, older)]

    assert [(row.loaded, row.late) for row in rows] == [
        (ROWS, 0),
        (len(twice) + len(tombstones) + len(new), len(new)),
        (len(deleted) + len(appeared), len(deleted) + len(appeared)),
    ]
    assert all(row.extracted == row.loaded + row.superseded for row in rows)
    found = warehouse.raw()
    assert found.keys() == expected.keys()
    assert {key: (found[key], row) for key, row in expected.items() if found[key] != row} == {}


def raw(
    row: Row, hour: int, run_id: str, *, is_missing: bool = False
) -> tuple[datetime, str, bool, bool, datetime, str]:
    """Return what RAW should hold of a row, in the order of `Warehouse.raw`."""
    read_at = DAY + timedelta(hours=hour)
    return row.cursor, row.content, row.is_deleted, row.is_deleted or is_missing, read_at, run_id


def test_a_large_complete_read_that_misses_nearly_all_rows_counts_them(warehouse: Warehouse) -> None:
    rows = [version(n, 1, hour=1) for n in range(ROWS)]
    full = warehouse.land("full", [rows], hour=4, complete=True)
    broken = warehouse.land("broken", [rows[:1]], hour=6, complete=True)
    warehouse.load(full)

    assert warehouse.load(broken).held_for_review == ROWS - 1


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda table: table.drop_columns("quantity"), "quantity is missing and not decimal(18,2)"),
        (lambda table: retyped(table, "quantity", pa.string()), "quantity is varchar and not decimal(18,2)"),
        (
            lambda table: retyped(table, "last_change", pa.timestamp("ns")),
            "last_change is timestamp_ns and not",
        ),
    ],
)
def test_a_later_part_with_a_wrong_column_is_named_even_if_it_changes_nothing(
    warehouse: Warehouse, damage: Callable[[pa.Table], pa.Table], reason: str
) -> None:
    parts = [[version(1, 1, hour=1)], [version(2, 1, hour=1)]]
    warehouse.load(warehouse.land("first", parts, hour=2))
    url = warehouse.land("again", parts, hour=3, last=damage)

    with pytest.raises(WarehouseError, match=re.escape(reason)) as caught:
        warehouse.load(url)

    assert "again/attempt=01/rows-1.parquet" in str(caught.value)
    assert [row[-1] for row in warehouse.raw().values()] == ["first", "first"]


def retyped(table: pa.Table, name: str, type_: pa.DataType) -> pa.Table:
    """Return a table with one column in another type."""
    index = table.schema.get_field_index(name)
    return table.set_column(index, name, table[name].cast(type_))
