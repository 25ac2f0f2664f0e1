"""What a warehouse holds of one tenant, and its removal: every table with a column `tenant_id`, whoever created it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render


class Place(Protocol):
    """Where something of a tenant is kept."""

    def remains(self) -> dict[str, int]:
        """Return what is left, and how much of each."""

    def also(self) -> list[str]:
        """Return what is done besides, whatever is left."""

    def remove(self) -> None:
        """Remove what is left; nothing where nothing is."""


def rows_of(engine: Engine, tenant_id: str) -> dict[str, int]:
    """Return how many rows of a tenant each table holds; tables without any are left out."""
    return dict(_counted(engine, tenant_id, "tenant_count"))


def rows_of_others(engine: Engine, tenant_id: str) -> int:
    """Return how many rows of other tenants the tables hold together."""
    return sum(rows for _, rows in _counted(engine, tenant_id, "tenant_others"))


def remove_rows(engine: Engine, tenant_id: str) -> None:
    """Delete a tenant's rows from every table, in one transaction.

    Raises:
        WarehouseError: a statement failed; no row is deleted.
    """
    tables = list(_tables(engine))
    with engine.transaction():
        for schema, table in tables:
            sql = render(engine.dialect, "tenant_delete", schema=schema, table=table)
            engine.execute(sql, {"tenant_id": tenant_id})


def _counted(engine: Engine, tenant_id: str, template: str) -> Iterator[tuple[str, int]]:
    for schema, table in _tables(engine):
        sql = render(engine.dialect, template, schema=schema, table=table)
        [found] = engine.fetch_rows(sql, {"tenant_id": tenant_id})
        if found["tenant_rows"]:
            yield f"{schema}.{table}", int(found["tenant_rows"])


def _tables(engine: Engine) -> Iterator[tuple[str, str]]:
    for row in engine.fetch_rows(render(engine.dialect, "tenant_tables")):
        yield row["table_schema"], row["table_name"]
