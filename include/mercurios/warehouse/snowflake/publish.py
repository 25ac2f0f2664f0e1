"""Publication on Snowflake: readers see schema `published`, which only ever holds marts that passed their checks.

dbt and the forecast build in schema `analytics`, where people do not read. A publication puts the tenant's rows of the
marts its run made in place of those that readers see, all of them in one transaction, so that a reader sees one
publication or the next. The other marts, and the other tenants, stay as they were published.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.sql import render, statements

if TYPE_CHECKING:
    from mercurios.tenants.run import Run
    from mercurios.warehouse.publication import Publication


def replace(engine: Engine, publication: Publication) -> None:
    """Put the tenant's rows of a publication's tables in place of those that readers see.

    Raises:
        WarehouseError: a table is missing, or a statement failed; readers see what they saw before.
    """
    row = publication.parameters()
    columns = {table: _prepare(engine, table) for table in sorted(publication.tables)}
    with engine.transaction():
        for table, names in columns.items():
            script = render(engine.dialect, "published_replace", table=table, columns=names)
            for statement in statements(script):
                engine.execute(statement, row)
        engine.execute(render(engine.dialect, "publication_insert"), row)
        engine.execute(render(engine.dialect, "publication_status"), row)


def mark_stale(engine: Engine, run: Run, reason: str) -> None:
    """Note beside what readers see that a newer run failed its checks; nothing before the first publication."""
    now = datetime.now(UTC).replace(tzinfo=None)
    values = {**run.parameters(), "reason": reason, "stale_since": now}
    engine.execute(render(engine.dialect, "publication_stale"), values)


def has_readers(engine: Engine, run: Run, published_by: str) -> bool:
    """Return whether no newer run failed its checks; what `ops.publication` names is what readers see."""
    known = engine.fetch_rows(render(engine.dialect, "publication_known"), run.parameters())
    return [row["status"] for row in known] == ["fresh"]


def mark_verified(engine: Engine, run: Run, verified_at: datetime) -> None:
    """Note beside what readers see that a newer run would publish the same."""
    values = {**run.parameters(), "verified_at": verified_at.replace(tzinfo=None)}
    engine.execute(render(engine.dialect, "publication_verified"), values)


def _prepare(engine: Engine, table: str) -> list[str]:
    """Make room for a mart's columns before the transaction, and return their names."""
    found = engine.fetch_arrow(render(engine.dialect, "published_columns"), {"table_name": table}).to_pylist()
    columns: dict[str, dict[str, str]] = {"analytics": {}, "published": {}}
    for row in found:
        columns[row["table_schema"]][row["column_name"]] = row["column_type"]
    mart, published = columns["analytics"], columns["published"]
    if not mart:
        raise WarehouseError(f"there is no table analytics.{table}: run the models first")
    missing = [name for name in mart if name not in published]
    if missing:
        script = render(
            engine.dialect,
            "published_table",
            table=table,
            columns=mart,
            missing=missing if published else [],
        )
        for statement in statements(script):
            engine.execute(statement)
    return list(mart)
