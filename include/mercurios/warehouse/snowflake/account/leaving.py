"""A tenant leaves a Snowflake account: its rows in every table, who sees them, its roles, and a database of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mercurios.warehouse.engine import Engine
from mercurios.warehouse.removal import remove_rows, rows_of, rows_of_others
from mercurios.warehouse.snowflake.account.apply import apply
from mercurios.warehouse.snowflake.account.difference import READER, selected
from mercurios.warehouse.snowflake.account.plan import leaving_plan
from mercurios.warehouse.snowflake.roles import SHARED_DATABASE

if TYPE_CHECKING:
    from mercurios.tenants import Tenant
    from mercurios.warehouse.snowflake.account.apply import Connection


@dataclass(frozen=True)
class SnowflakeTenant:
    """A tenant's part of an account.

    Attributes:
        tenant: who leaves.
        shares: whether another tenant file names the same database.
        rows: opens the database as its loader.
        account: opens the account as its administrator.
    """

    tenant: Tenant
    shares: bool
    rows: Callable[[], AbstractContextManager[Engine]]
    account: Callable[[], AbstractContextManager[Connection]]

    def remains(self) -> dict[str, int]:
        """Return how many rows are left by table, who may see them, and whether a database is left."""
        name = self._database
        with self.account() as session:
            if not self._exists(session):
                return {}
            [access] = selected(
                session, "leaving/access", database=name.lower(), tenant={"id": self.tenant.id}
            )
        with self.rows() as engine:
            found = {
                f"rows of {table} in {name}": count
                for table, count in rows_of(engine, self.tenant.id).items()
            }
            is_alone = self._is_alone(engine)
        if access["tenant_rows"]:
            found[f"rows of policies.tenant_access in {name}"] = int(access["tenant_rows"])
        return found | ({f"database {name}": 1} if is_alone else {})

    def also(self) -> list[str]:
        """Return what is done to the account."""
        with self.account() as session:
            exists = self._exists(session)
        is_alone = self._owns_its_database
        if exists:
            with self.rows() as engine:
                is_alone = self._is_alone(engine)
        return [str(each) for each in leaving_plan(self.tenant, alone=is_alone) if each.action == "drop"]

    def remove(self) -> None:
        """Remove rows first, then what lets roles see them, then a database in which no one else is.

        Raises:
            WarehouseError: a statement was refused; what ran before it stays.
        """
        with self.account() as session:
            exists, is_alone = self._exists(session), self._owns_its_database
            if exists:
                with self.rows() as engine:
                    is_alone = self._is_alone(engine)
                    remove_rows(engine, self.tenant.id)
            plan = leaving_plan(self.tenant, alone=is_alone)
            # What a database held went with it.
            apply(session, [each for each in plan if exists or each.action == "drop"])

    @property
    def _database(self) -> str:
        return self.tenant.database.upper()

    @property
    def _owns_its_database(self) -> bool:
        return not self.shares and self._database != SHARED_DATABASE

    def _is_alone(self, engine: Engine) -> bool:
        return self._owns_its_database and not rows_of_others(engine, self.tenant.id)

    def _exists(self, session: Connection) -> bool:
        session.cursor().execute(f"use role {READER}")
        rows = selected(session, "existing/objects", kinds="databases", database=None)
        return self._database in {str(row["name"]).upper() for row in rows}
