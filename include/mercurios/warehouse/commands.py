"""What the command line needs of an engine: each engine's package offers it, so that no command asks which it is.

What a connection leads to is opened by Airflow (the hook of the engine's Airflow side), which commands do not know; an
engine takes from it what it needs while Airflow's lookup lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from mercurios.landing.store import LandingStore
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.removal import Place

if TYPE_CHECKING:
    from mercurios.tenants import Tenant


class NotNamedError(Exception):
    """Neither a connection nor a default says where a warehouse is."""


@dataclass(frozen=True)
class Leaving:
    """A tenant that is removed, and what leads to where it is kept.

    Attributes:
        tenant: who leaves.
        others: the other tenants on the same engine.
        connection: opens what the tenant's warehouse connection leads to.
        account: opens the connection of an account's administrator.
        lock_wait: seconds to wait for a run that is at work.
    """

    tenant: Tenant
    others: Sequence[Tenant]
    connection: Callable[[], AbstractContextManager[Any]]
    account: Callable[[], AbstractContextManager[Any]]
    lock_wait: float


class Commands(Protocol):
    """How commands open a tenant's warehouse; `connection` is what the engine's Airflow side opened for the tenant.

    All raise WarehouseError where it cannot be opened, and NotNamedError where nothing leads to it; both say what to
    correct.
    """

    def open_to_operate(
        self,
        connection: Any,
        tenant: Tenant,
        *,
        landing: Callable[[], LandingStore] | None,
        lock_wait: float,
    ) -> AbstractContextManager[Engine]:
        """Open a warehouse that a run of the tenant has made, with what its shape has gained since.

        Args:
            connection: what leads to it.
            tenant: whose.
            landing: opens the landing area, where the command lands files and loads them.
            lock_wait: seconds to wait while another process holds it.
        """

    def open_to_read(
        self, connection: Any, tenant: Tenant, *, lock_wait: float
    ) -> AbstractContextManager[Engine]:
        """Open what readers see."""

    def open_to_load(
        self, connection: Any, tenant: Tenant, *, landing: LandingStore
    ) -> AbstractContextManager[Engine]:
        """Open the warehouse that a manifest is loaded into, which need not exist before where it is a file."""

    def places_to_remove(self, leaving: Leaving) -> Sequence[Place]:
        """Return where the warehouse keeps something of a tenant: readers' first, so that no one reads half of it."""


def commands_of(tenant: Tenant) -> Commands:
    """Return how commands open a tenant's warehouse: module `commands` of its engine's package."""
    return cast("Commands", import_module(f"{__package__}.{tenant.engine}.commands"))
