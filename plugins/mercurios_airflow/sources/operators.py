"""The extract operator: one group of resources from a tenant's source to the landing area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from mercurios_airflow.sources.connect import connected_source

if TYPE_CHECKING:
    from airflow.sdk import Context


class ExtractOperator(BaseOperator):
    """Reads a group of resources from whatever source the tenant has, and lands them.

    Args:
        tenant_id: the tenant.
        group: extract group of the source's contract.
        plan_url: URL of the run's plan.

    Returns:
        URLs of the manifests, one per resource that the source delivers.
    """

    template_fields: Sequence[str] = ("plan_url",)
    ui_color = "#dfe9f3"

    def __init__(self, *, tenant_id: str, group: str, plan_url: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tenant_id = tenant_id
        self.group = group
        self.plan_url = plan_url

    def execute(self, context: Context) -> list[str]:
        """Land every resource of the group.

        Raises:
            AirflowFailException: trying again cannot help; the message names tenant, run and resource.
        """
        from mercurios.landing.plan import RunPlan
        from mercurios.sources.source import TerminalSourceError
        from mercurios.tenants import load_tenants
        from mercurios_airflow.landing import landing_of

        tenant = load_tenants(only=self.tenant_id).get(self.tenant_id)
        store = landing_of(tenant)
        plan = RunPlan.read(store, self.plan_url)
        groups = tenant.source.contract.groups()
        urls = []
        with connected_source(tenant, plan.run_id, share=len(groups)) as source:
            for resource in groups[self.group]:
                where = f"tenant {tenant.id}, run {plan.run_id}, resource {resource.name}"
                try:
                    urls.append(source.extract(resource.name, plan, store))
                except TerminalSourceError as error:
                    raise AirflowFailException(f"{where}: {error}") from error
                except Exception as error:
                    error.add_note(where)
                    raise
        return [url for url in urls if url is not None]
