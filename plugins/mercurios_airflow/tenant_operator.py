"""What the operators of a tenant's tasks have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from mercurios.tenants.run import Run

if TYPE_CHECKING:
    from airflow.sdk import Context

    from mercurios.tenants import Tenant


class TenantOperator(BaseOperator):
    """An operator that works for one tenant.

    Args:
        tenant_id: the tenant.
    """

    ui_color = "#e8f1e4"

    def __init__(self, *, tenant_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tenant_id = tenant_id

    def tenant(self) -> Tenant:
        """Read the tenant's file."""
        from mercurios.tenants import load_tenants

        return load_tenants(only=self.tenant_id).get(self.tenant_id)

    def run_of(self, context: Context) -> Run:
        """Return the run that the task belongs to."""
        return Run(self.tenant_id, self.dag_id, str(context["run_id"]))
