"""How commands open a tenant's database: as its loader to change something, as whoever signs in to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from mercurios.landing.store import LandingStore
from mercurios.warehouse.commands import Leaving
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.snowflake.account.leaving import SnowflakeTenant
from mercurios.warehouse.snowflake.roles import loader_of
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from mercurios.tenants import Tenant
    from mercurios.warehouse.snowflake.engine import SnowflakeEngine


class Sessions(Protocol):
    """A tenant's database, as the engine's hook opens it."""

    def session(self, landing: LandingStore | None, role: str | None) -> SnowflakeEngine:
        """Open a session; `role` must be the session's, None takes any."""


def open_to_operate(
    connection: Sessions, tenant: Tenant, *, landing: Callable[[], LandingStore] | None, lock_wait: float
) -> AbstractContextManager[Engine]:
    """Open a session as the loader; no session waits for another."""
    session = connection.session(landing() if landing else None, loader_of(tenant.database))
    return _made(session, tenant)


def open_to_read(connection: Sessions, tenant: Tenant, *, lock_wait: float) -> SnowflakeEngine:
    """Open a session that reads what its role may see."""
    return connection.session(None, None)


def open_to_load(connection: Sessions, tenant: Tenant, *, landing: LandingStore) -> SnowflakeEngine:
    """Open a session as the loader."""
    return connection.session(landing, loader_of(tenant.database))


def places_to_remove(leaving: Leaving) -> list[SnowflakeTenant]:
    """Return the tenant's part of the account."""
    tenant = leaving.tenant

    def rows() -> SnowflakeEngine:
        with leaving.connection() as connection:
            session: SnowflakeEngine = connection.session(None, loader_of(tenant.database))
            return session

    shares = any(each.database.upper() == tenant.database.upper() for each in leaving.others)
    return [SnowflakeTenant(tenant, shares, rows, leaving.account)]


@contextmanager
def _made(session: SnowflakeEngine, tenant: Tenant) -> Iterator[Engine]:
    with session as engine:
        columns = {"table_schema": "ops", "table_name": "watermark"}
        if not engine.fetch_arrow(render(engine.dialect, "quality_columns"), columns).num_rows:
            raise WarehouseError(
                f"database {tenant.database} has no ops.watermark: run the pipeline of tenant {tenant.id} first, and "
                "check key 'database' of its file"
            )
        set_up(engine)
        yield engine
