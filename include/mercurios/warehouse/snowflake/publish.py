"""Publication on Snowflake: readers see schema `published`, which only ever holds marts that passed their checks.

dbt and the forecast build in schema `analytics`, where people do not read. A publication puts the tenant's rows of the
marts its run made in place of those that readers see, all of them in one transaction, so that a reader sees one
publication or the next. The other marts, and the other tenants, stay as they were published.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from mercurios.warehouse.duckdb.publish import Publication, closes_its_week
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.sql import render, statements


def publish(engine: Engine, tenant_id: str, run_id: str, dag_id: str, tables: Sequence[str]) -> Publication:
    """Make tables of schema analytics visible to readers.

    Running it again for the same run publishes the same tables again and keeps the first answer to whether the
    run closed a week.

    Args:
        engine: the tenant's warehouse.
        tenant_id: whose rows.
        run_id: the run that publishes.
        dag_id: its DAG; each DAG keeps its own record of weeks.
        tables: marts this run made and checked.

    Raises:
        WarehouseError: a table is missing, or a statement failed; readers see what they saw before.
    """
    key = {"tenant_id": tenant_id}
    week = engine.fetch_arrow(render(engine.dialect, "last_complete_week"), key)["last_complete_week"][
        0
    ].as_py()
    closes = closes_its_week(engine, tenant_id, run_id, dag_id, week)
    row = {
        **key,
        "run_id": run_id,
        "dag_id": dag_id,
        "published_at": datetime.now(UTC).replace(tzinfo=None),
        "last_complete_week": week,
        "closes_week": closes,
    }
    columns = {table: _prepare(engine, table) for table in sorted(tables)}
    with engine.transaction():
        for table, names in columns.items():
            for statement in statements(
                render(engine.dialect, "published_replace", table=table, columns=names)
            ):
                engine.execute(statement, key)
        engine.execute(render(engine.dialect, "publication_insert"), row)
        engine.execute(render(engine.dialect, "publication_status"), row)
    return Publication(tenant_id, run_id, tuple(tables), week, closes)


def mark_stale(engine: Engine, tenant_id: str, run_id: str, reason: str) -> None:
    """Say beside what readers see that a newer run failed its checks; nothing before the first publication."""
    values = {"tenant_id": tenant_id, "run_id": run_id, "reason": reason}
    now = datetime.now(UTC).replace(tzinfo=None)
    engine.execute(render(engine.dialect, "publication_stale"), {**values, "stale_since": now})


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
