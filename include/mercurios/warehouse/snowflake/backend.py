"""What Snowflake brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mercurios.sources.contract import ColumnType
from mercurios.warehouse.backend import Backend, SqlChecks

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from mercurios.warehouse.publication import Publisher
    from mercurios.warehouse.snowflake.engine import SnowflakeEngine


def _engine() -> type[SnowflakeEngine]:
    from mercurios.warehouse.snowflake.engine import SnowflakeEngine

    return SnowflakeEngine


def _publisher() -> Publisher:
    from mercurios.warehouse.snowflake import publish

    return publish


def _shows_a_value(error: BaseException) -> bool:
    from mercurios.warehouse.snowflake.errors import shows_a_value

    return shows_a_value(error)


def _session(engine: SnowflakeEngine) -> SnowflakeConnection:
    return engine.session


BACKEND = Backend(
    name="snowflake",
    title="Snowflake",
    connection_type="snowflake",
    needs_connection=True,
    holds_one_tenant=False,
    # Snowflake reads files from object storage alone, and one stage shows the landing areas of all its tenants.
    landing="${MERCURIOS_LANDING}",
    dbt_target="snowflake",
    column_types={
        ColumnType.INTEGER: "number(38, 0)",
        ColumnType.DECIMAL: "number(18, 2)",
        ColumnType.FLOAT: "float",
        ColumnType.TEXT: "varchar",
        ColumnType.CODE: "varchar",
        ColumnType.BOOLEAN: "boolean",
        ColumnType.DATE: "date",
        ColumnType.TIMESTAMP: "timestamp_ntz",
        ColumnType.KEY_HASH: "varchar",
    },
    engine=_engine,
    publisher=_publisher,
    shows_a_value=_shows_a_value,
    sql_checks=SqlChecks(url="snowflake://lent@session", session=_session),
)
