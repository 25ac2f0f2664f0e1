"""The part of a Snowflake tenant's set-up that its own service may not do: account, database, policies and grants.

It takes a connection with the system roles, which a deployment need not have: without it the task is skipped, and a
person applies the same statements with `python -m mercurios warehouse apply`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowSkipException

from mercurios.warehouse.snowflake.account.apply import ADMIN_CONNECTION
from mercurios_airflow.tenant_operator import TenantOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from mercurios.tenants import Tenant
    from mercurios.warehouse.snowflake.account.plan import Statement


class ApplyAccountOperator(TenantOperator):
    """Applies what a tenant needs of the account: what the account has once, its database, its role and its rows.

    Args:
        snowflake_conn_id: connection of a user who may take on the system roles.
    """

    def __init__(self, *, snowflake_conn_id: str = ADMIN_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.snowflake_conn_id = snowflake_conn_id

    def execute(self, context: Context) -> int:
        """Apply, and return the number of statements.

        Raises:
            AirflowSkipException: this deployment has no such connection.
            AirflowFailException: the configuration of the account or of the tenant is wrong; trying again is no use.
        """
        from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

        from mercurios.warehouse.snowflake.account.apply import apply
        from mercurios.warehouse.snowflake.account.settings import AccountSettingsError

        tenant = self.tenant()
        hook = SnowflakeHook(snowflake_conn_id=self.snowflake_conn_id)
        try:
            hook.get_connection(self.snowflake_conn_id)
        except AirflowNotFoundException:
            raise AirflowSkipException(
                f"connection {self.snowflake_conn_id!r} is not defined: a user who may applies the same statements "
                f"with `python -m mercurios warehouse apply --tenant {tenant.id}`"
            ) from None
        try:
            plan = self.plan(tenant)
        except (AccountSettingsError, ValueError) as error:
            raise AirflowFailException(f"tenant {tenant.id}: {error}") from error
        connection = hook.get_conn()
        try:
            return apply(connection, plan, lambda done: self.log.info("%s: %s", done.role, done))
        finally:
            connection.close()

    def plan(self, tenant: Tenant) -> list[Statement]:
        """Return what is applied."""
        from mercurios.warehouse.snowflake.account.plan import account_plan, databases_of
        from mercurios.warehouse.snowflake.account.settings import load_account_settings

        return account_plan(load_account_settings(), databases_of([tenant]))


class ProtectTablesOperator(ApplyAccountOperator):
    """Puts masks, tags and clustering on the tables of a tenant's database once they exist."""

    def plan(self, tenant: Tenant) -> list[Statement]:
        """Return what is applied."""
        from mercurios.warehouse.snowflake.account.plan import databases_of, table_plan

        return [statement for each in databases_of([tenant]) for statement in table_plan(each.name)]
