"""Publication: the moment checked marts become what readers see.

Readers never open the warehouse file, which is written to; they open a copy that is replaced in one step, so a
reader sees one publication or the next and nothing in between. A publication replaces the tables its run made
and carries the others over from the publication before, so that a run still at work on other tables cannot
leak what has not been checked. Beside the file a small status document says how fresh it is.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.sql import identifier, render, statements

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Publication:
    """What was published.

    Attributes:
        last_complete_week: Monday of the last whole week of sales in the marts; None before the first run.
        closes_week: this run was the first to publish that week, so a forecast is due.
    """

    tenant_id: str
    run_id: str
    tables: tuple[str, ...]
    last_complete_week: date | None
    closes_week: bool


def publish(
    engine: DuckDBEngine, target: Path, tenant_id: str, run_id: str, dag_id: str, tables: Sequence[str]
) -> Publication:
    """Make tables of schema analytics visible to readers.

    Running it again for the same run publishes the same tables again and keeps the first answer to whether the
    run closed a week.

    Args:
        engine: the tenant's warehouse; held open throughout, so publications follow one another.
        target: the readers' file.
        tenant_id: whose rows.
        run_id: the run that publishes.
        dag_id: its DAG; each DAG keeps its own record of weeks.
        tables: marts this run made and checked.

    Raises:
        WarehouseError: a table is missing or the file cannot be written.
    """
    week = engine.fetch_arrow(render(engine.dialect, "last_complete_week"), {"tenant_id": tenant_id})
    last_complete_week = week["last_complete_week"][0].as_py()
    closes_week = closes_its_week(engine, tenant_id, run_id, dag_id, last_complete_week)
    now = _now()
    row = {
        "tenant_id": tenant_id,
        "run_id": run_id,
        "dag_id": dag_id,
        "published_at": now.replace(tzinfo=None),
        "last_complete_week": last_complete_week,
        "closes_week": closes_week,
    }
    _replace(engine, target, row, tables)
    # Only now: a week that readers never got is closed by the next run that reaches them.
    engine.execute(render(engine.dialect, "publication_insert"), row)
    write_status(
        target, {"status": "fresh", "run_id": run_id, "dag_id": dag_id, "published_at": now.isoformat()}
    )
    return Publication(tenant_id, run_id, tuple(tables), last_complete_week, closes_week)


def mark_stale(target: Path, run_id: str, reason: str) -> None:
    """Say beside the readers' file that a newer run failed its checks; the file itself stays as it is."""
    status = read_status(target)
    if status:
        status.setdefault("stale_since", _now().isoformat())
        write_status(target, {**status, "status": "stale", "stale_run_id": run_id, "reason": reason})


def read_status(target: Path) -> dict[str, Any]:
    """Return the status document of a readers' file; empty before the first publication."""
    path = target.with_suffix(".status.json")
    if not path.exists():
        return {}
    status: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return status


def write_status(target: Path, status: dict[str, Any]) -> None:
    """Replace the status document in one step."""
    path = target.with_suffix(".status.json")
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(status, indent=2), encoding="utf-8")
    os.replace(partial, path)


def closes_its_week(
    engine: Engine, tenant_id: str, run_id: str, dag_id: str, last_complete_week: date | None
) -> bool:
    """Return whether this run is the first to publish its last week; a rerun keeps the first answer."""
    published = engine.fetch_arrow(
        render(engine.dialect, "publication_last"), {"tenant_id": tenant_id, "dag_id": dag_id}
    ).to_pylist()
    of_this_run = [row for row in published if row["run_id"] == run_id]
    if of_this_run:
        return bool(of_this_run[0]["closes_week"])
    weeks = [row["last_complete_week"] for row in published if row["last_complete_week"] is not None]
    return last_complete_week is not None and (not weeks or last_complete_week > max(weeks))


def _replace(engine: DuckDBEngine, target: Path, row: dict[str, Any], tables: Sequence[str]) -> None:
    """Build the readers' file beside the one they have and put it in its place in one step."""
    partial = target.with_name(f"{target.stem}.partial")
    log_file = partial.with_name(f"{partial.name}.wal")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for rest in (partial, log_file):  # of a publication that was killed
            rest.unlink(missing_ok=True)
        _build(engine, target, partial, row, tables)
        os.replace(partial, target)
    except OSError as error:
        raise WarehouseError(
            f"the readers' file {target} cannot be replaced ({error.strerror or error}): check that its folder "
            "may be written to and has space left"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
            log_file.unlink(missing_ok=True)


def _build(
    engine: DuckDBEngine, target: Path, partial: Path, row: dict[str, Any], tables: Sequence[str]
) -> None:
    dialect = engine.dialect
    published_now = {identifier(table) for table in tables}
    missing = published_now - _tables(engine, None)
    if missing:
        raise WarehouseError(
            f"{engine.path.name} has no table analytics.{', analytics.'.join(sorted(missing))}: run the models first"
        )
    engine.execute(
        render(dialect, "published_attach", path=_quoted(partial), alias="published", read_only=False)
    )
    try:
        for statement in statements(render(dialect, "published_setup")):
            engine.execute(statement, {name: value for name, value in row.items() if f"${name}" in statement})
        for table in sorted(published_now):
            sql = render(dialect, "published_copy", table=table, source=None, tenant_id=True)
            engine.execute(sql, {"tenant_id": row["tenant_id"]})
        if target.exists():
            _carry_over(engine, target, published_now)
    finally:
        _detach(engine, "published", read_only=False)


def _carry_over(engine: DuckDBEngine, target: Path, own: set[str]) -> None:
    dialect = engine.dialect
    engine.execute(
        render(dialect, "published_attach", path=_quoted(target), alias="previous", read_only=True)
    )
    try:
        for table in sorted(_tables(engine, "previous") - own):
            engine.execute(render(dialect, "published_copy", table=table, source="previous", tenant_id=None))
    finally:
        _detach(engine, "previous", read_only=True)


def _detach(engine: Engine, alias: str, *, read_only: bool) -> None:
    for statement in statements(render(engine.dialect, "published_detach", alias=alias, read_only=read_only)):
        engine.execute(statement)


def _tables(engine: Engine, database: str | None) -> set[str]:
    rows = engine.fetch_arrow(render(engine.dialect, "published_tables"), [database])
    return set(rows["table_name"].to_pylist())


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _now() -> datetime:
    return datetime.now(UTC)
