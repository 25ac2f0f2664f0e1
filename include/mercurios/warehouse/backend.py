"""What a warehouse engine brings along: one record per engine, filled in by its package and listed in the registry.

The record itself is light, so that tenant files and the graph of tasks can ask it while DAGs are parsed. What loads a
library stands behind a function. What only Airflow can give (hooks, templates, operators) is not here but in the
plugins' `AirflowBackend`, so that this package runs without Airflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mercurios.sources.contract import ColumnType

if TYPE_CHECKING:
    from mercurios.warehouse.engine import Engine
    from mercurios.warehouse.publication import Publisher


@dataclass(frozen=True)
class SqlChecks:
    """How quality checks run inside a warehouse whose SQL Great Expectations speaks.

    Attributes:
        url: address by which SQLAlchemy chooses the dialect; no session is opened with it.
        session: returns the driver's session of an open engine, which must be left open.
    """

    url: str
    session: Callable[[Any], Any]


@dataclass(frozen=True)
class Backend:
    """One warehouse engine.

    Attributes:
        name: prefix of the connection ids that lead to it, folder of `include/sql` and `Engine.dialect`.
        title: what people call it.
        connection_type: type of its Airflow connections.
        needs_connection: whether a tenant's connection must exist, or has a default.
        holds_one_tenant: whether what a connection leads to holds one tenant, as a file does, or any number.
        landing: where a tenant's files are landed unless its own file says otherwise.
        dbt_target: output of `include/dbt/profiles.yml`.
        column_types: the engine's words for the types of the contract.
        engine: loads the class that implements `Engine`.
        publisher: loads how checked tables become visible to readers in one step.
        shows_a_value: whether the message of an error of the engine's driver may quote a value of a row.
        sql_checks: how quality checks of many rows run in the warehouse; None where rows come over as a frame.
    """

    name: str
    title: str
    connection_type: str
    needs_connection: bool
    holds_one_tenant: bool
    landing: str
    dbt_target: str
    column_types: Mapping[ColumnType, str]
    engine: Callable[[], type[Engine]]
    publisher: Callable[[], Publisher]
    shows_a_value: Callable[[BaseException], bool]
    sql_checks: SqlChecks | None
