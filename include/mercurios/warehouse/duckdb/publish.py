"""Publication on DuckDB: a readers' file that is replaced in one step.

Readers never open the warehouse file, which is written to; they open a copy. A publication builds the next copy beside
it, with the tables its run made and the others carried over from the publication before, and puts it in its place.
Beside the file a small status document says how fresh it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mercurios.warehouse.comments import describe
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.sql import identifier, render, statements

if TYPE_CHECKING:
    from mercurios.tenants.run import Run
    from mercurios.warehouse.publication import Publication


# Checked marts are for readers, who may be other users than the pipeline's; whatever else it writes is its own.
_FOR_READERS, _FOLDER_FOR_READERS = 0o644, 0o755


def published_file(warehouse: Path, tenant_id: str) -> Path:
    """Return the readers' file of a tenant: named by its id, in `published` beside the warehouse's folder."""
    return warehouse.parent.parent / "published" / f"{tenant_id}.duckdb"


def replace(engine: DuckDBEngine, publication: Publication) -> None:
    """Put the readers' file with a publication's tables in place of the one they have.

    Raises:
        WarehouseError: a table is missing or the file cannot be written.
    """
    target, row = published_file(engine.path, publication.run.tenant_id), publication.parameters()
    _replace(engine, target, row, publication.tables)
    # Only now: a week that readers never got is closed by the next run that reaches them.
    engine.execute(render(engine.dialect, "publication_insert"), row)
    run, published_at = publication.run, publication.published_at.isoformat()
    status = {"status": "fresh", "run_id": run.run_id, "dag_id": run.dag_id, "published_at": published_at}
    write_status(target, {**status, "verified_at": published_at})


def mark_stale(engine: DuckDBEngine, run: Run, reason: str) -> None:
    """Note beside the readers' file that a newer run failed its checks; the file itself stays as it is."""
    target = published_file(engine.path, run.tenant_id)
    status = read_status(target)
    if status:
        status.setdefault("stale_since", datetime.now(UTC).isoformat())
        write_status(target, {**status, "status": "stale", "stale_run_id": run.run_id, "reason": reason})


def has_readers(engine: DuckDBEngine, run: Run, published_by: str) -> bool:
    """Return whether the readers' file is what a run of the same DAG published, and no newer run failed its checks."""
    target = published_file(engine.path, run.tenant_id)
    if read_status(target).get("status") != "fresh" or not target.exists():
        return False
    with DuckDBEngine(target, read_only=True) as readers:
        newest = readers.fetch_rows(render(readers.dialect, "publication_newest"), run.parameters())
    return [row["run_id"] for row in newest] == [published_by]


def mark_verified(engine: DuckDBEngine, run: Run, verified_at: datetime) -> None:
    """Note beside the readers' file that a newer run would publish the same; the file itself stays as it is."""
    target = published_file(engine.path, run.tenant_id)
    write_status(target, {**read_status(target), "verified_at": verified_at.isoformat()})


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
    partial.chmod(_FOR_READERS)
    os.replace(partial, path)


def _replace(engine: DuckDBEngine, target: Path, row: dict[str, Any], tables: Sequence[str]) -> None:
    """Build the readers' file beside the one they have and put it in its place in one step."""
    partial = target.with_name(f"{target.stem}.partial")
    log_file = partial.with_name(f"{partial.name}.wal")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.parent.chmod(_FOLDER_FOR_READERS)
        # Files of a publication that was killed.
        for rest in (partial, log_file):
            rest.unlink(missing_ok=True)
        _build(engine, target, partial, row, tables)
        partial.chmod(_FOR_READERS)
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
            engine.execute(statement, row)
        for table in sorted(published_now):
            sql = render(dialect, "published_copy", table=table, source=None, tenant_id=True)
            engine.execute(sql, {"tenant_id": row["tenant_id"]})
        if target.exists():
            _carry_over(engine, target, published_now, row["tenant_id"])
        describe(engine, database="published")
    finally:
        _detach(engine, "published", read_only=False)


def _carry_over(engine: DuckDBEngine, target: Path, own: set[str], tenant_id: str) -> None:
    dialect = engine.dialect
    engine.execute(
        render(dialect, "published_attach", path=_quoted(target), alias="previous", read_only=True)
    )
    try:
        sql = render(dialect, "published_owners", source="previous")
        owners = [row["tenant_id"] for row in engine.fetch_rows(sql) if row["tenant_id"] != tenant_id]
        if owners:
            raise WarehouseError(
                f"the readers' file {target} belongs to tenant {', '.join(owners)}; nothing was published for "
                f"{tenant_id}. Name a file in another folder in the connection of the tenant's warehouse"
            )
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
