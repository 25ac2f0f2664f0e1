"""What the embedded engine brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mercurios.sources.contract import ColumnType
from mercurios.warehouse.backend import Backend

if TYPE_CHECKING:
    from mercurios.warehouse.duckdb.engine import DuckDBEngine
    from mercurios.warehouse.publication import Publisher


def _engine() -> type[DuckDBEngine]:
    from mercurios.warehouse.duckdb.engine import DuckDBEngine

    return DuckDBEngine


def _publisher() -> Publisher:
    from mercurios.warehouse.duckdb import publish

    return publish


def _shows_a_value(error: BaseException) -> bool:
    from mercurios.warehouse.duckdb.errors import shows_a_value

    return shows_a_value(error)


BACKEND = Backend(
    name="duckdb",
    title="DuckDB",
    connection_type="duckdb",
    needs_connection=False,
    holds_one_tenant=True,
    landing="file://${MERCURIOS_HOME}/landing",
    dbt_target="duckdb",
    column_types={
        ColumnType.INTEGER: "bigint",
        ColumnType.DECIMAL: "decimal(18, 2)",
        ColumnType.FLOAT: "double",
        ColumnType.TEXT: "varchar",
        ColumnType.CODE: "varchar",
        ColumnType.BOOLEAN: "boolean",
        ColumnType.DATE: "date",
        ColumnType.TIMESTAMP: "timestamp",
        ColumnType.KEY_HASH: "varchar",
    },
    engine=_engine,
    publisher=_publisher,
    shows_a_value=_shows_a_value,
    # Great Expectations calls every expectation failed when it talks to DuckDB itself.
    sql_checks=None,
)
