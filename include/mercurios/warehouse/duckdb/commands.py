"""How commands open a tenant's file.

A command that operates never creates a file, and never touches one that is something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mercurios.landing.store import LandingStore
from mercurios.warehouse.commands import Leaving, NotNamedError
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.duckdb.removal import DuckDBFiles
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from mercurios.tenants import Tenant


class Files(Protocol):
    """Where a tenant's files are, as the engine's hook says."""

    @property
    def path(self) -> Path:
        """The warehouse file."""

    @property
    def published_path(self) -> Path:
        """The readers' file."""


def open_to_operate(
    connection: Files, tenant: Tenant, *, landing: Callable[[], LandingStore] | None, lock_wait: float
) -> AbstractContextManager[DuckDBEngine]:
    """Open the tenant's file; files are loaded from wherever they lie."""
    return open_file(_named(connection, tenant)[0], tenant.id, lock_wait)


def open_to_read(
    connection: Files, tenant: Tenant, *, lock_wait: float
) -> AbstractContextManager[DuckDBEngine]:
    """Open the readers' file."""
    return open_readers_file(_named(connection, tenant)[1], tenant.id, lock_wait)


def open_to_load(connection: Files, tenant: Tenant, *, landing: LandingStore) -> DuckDBEngine:
    """Open the tenant's file, or create it."""
    return DuckDBEngine(_named(connection, tenant)[0])


def places_to_remove(leaving: Leaving) -> list[DuckDBFiles]:
    """Return the tenant's two files."""
    with leaving.connection() as connection:
        warehouse, published = _named(connection, leaving.tenant)
    return [DuckDBFiles(leaving.tenant.id, warehouse, published, lock_wait=leaving.lock_wait)]


def _named(connection: Files, tenant: Tenant) -> tuple[Path, Path]:
    try:
        return connection.path, connection.published_path
    except ValueError:
        raise NotNamedError(
            "nothing says where its warehouse file is: name it with --warehouse, or set MERCURIOS_HOME, or the host of "
            f"connection {tenant.connections.warehouse!r}"
        ) from None


@contextmanager
def open_file(path: Path, tenant_id: str, lock_wait: float) -> Iterator[DuckDBEngine]:
    """Open a tenant's warehouse file.

    Raises:
        WarehouseError: the file is missing, locked, no warehouse, or holds no run of the tenant.
    """
    if not path.is_file():
        raise WarehouseError(
            f"warehouse file {path} does not exist: check --warehouse, or run the tenant's pipeline first"
        )
    with DuckDBEngine(path, lock_wait=lock_wait) as engine:
        columns = {"table_schema": "ops", "table_name": "watermark"}
        if not engine.fetch_arrow(render(engine.dialect, "quality_columns"), columns).num_rows:
            raise WarehouseError(
                f"{path} is not a warehouse file (it has no ops.watermark): name the file that the tenant's pipeline "
                "writes, not the published one"
            )
        _check_tenant(engine, path, tenant_id)
        set_up(engine)
        yield engine


@contextmanager
def open_readers_file(path: Path, tenant_id: str, lock_wait: float) -> Iterator[DuckDBEngine]:
    """Open a file to read what is published in it.

    Raises:
        WarehouseError: the file is missing or locked, or holds no run of the tenant.
    """
    with DuckDBEngine(path, read_only=True, lock_wait=lock_wait) as engine:
        columns = {"table_schema": "ops", "table_name": "run"}
        if engine.fetch_arrow(render(engine.dialect, "quality_columns"), columns).num_rows:
            # A misspelt name finds nothing, and nothing to order is an answer too.
            _check_tenant(engine, path, tenant_id)
        yield engine


def _check_tenant(engine: DuckDBEngine, path: Path, tenant_id: str) -> None:
    known = [row["tenant_id"] for row in engine.fetch_rows(render(engine.dialect, "recovery_tenants"))]
    if tenant_id not in known:
        raise WarehouseError(
            f"{path} holds no run of tenant {tenant_id!r} (it knows: {', '.join(known) or 'none'}): "
            "check --tenant and --warehouse"
        )
