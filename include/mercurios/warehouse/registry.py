"""The warehouse engines there are, and the one place where a connection id becomes an engine.

A new engine is a package beside `duckdb` and `snowflake` with a `BACKEND`, listed here;
`docs/how-to/add-a-warehouse.md` names everything that it has to write.
"""

from __future__ import annotations

from mercurios.warehouse.backend import Backend
from mercurios.warehouse.duckdb.backend import BACKEND as DUCKDB
from mercurios.warehouse.snowflake.backend import BACKEND as SNOWFLAKE

BACKENDS: dict[str, Backend] = {backend.name: backend for backend in (DUCKDB, SNOWFLAKE)}


def backend_named(name: str) -> Backend:
    """Return the backend of an engine, such as the one that `Engine.dialect` names.

    Raises:
        ValueError: there is no such engine; the message lists those there are.
    """
    if name not in BACKENDS:
        raise ValueError(
            f"warehouse engine {name!r} is unknown; known engines: {', '.join(sorted(BACKENDS))}"
        )
    return BACKENDS[name]


def backend_of_connection(connection_id: str) -> Backend:
    """Return the backend that a connection id leads to: what it begins with, before the first underscore.

    The id decides and not the connection's type, because the graph of tasks must be known before a connection may be
    read.

    Raises:
        ValueError: it begins with no engine's name, or names nothing after it; the message lists the engines.
    """
    name, _, rest = connection_id.partition("_")
    if name not in BACKENDS or not rest:
        beginnings = " or ".join(f"'{known}_'" for known in sorted(BACKENDS))
        raise ValueError(
            f"{connection_id!r} names no warehouse engine: begin the connection id with {beginnings}"
        )
    return BACKENDS[name]
