"""The extract operator: one group of resources from the API to the landing area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from mercurios_airflow.prohandel.access import described
from mercurios_airflow.prohandel.hooks import ConnectionIncompleteError, ProHandelHook

if TYPE_CHECKING:
    from airflow.sdk import Context


class ProHandelExtractOperator(BaseOperator):
    """Reads a group of resources and lands them.

    Args:
        tenant_id: the tenant.
        group: extract group of the resource contract.
        plan_url: URL of the run's plan.

    Returns:
        URLs of the manifests, one per resource.
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
        from mercurios.sources.prohandel.extract import ExtractRequest, extract
        from mercurios.sources.prohandel.http.errors import TerminalProHandelError
        from mercurios.sources.prohandel.resources import CONTRACT
        from mercurios.tenants.files import load_tenants
        from mercurios_airflow.landing import landing_of

        tenant = load_tenants(only=self.tenant_id).get(self.tenant_id)
        store = landing_of(tenant)
        plan = RunPlan.read(store, self.plan_url)
        where = f"tenant {tenant.id}, run {plan.run_id}"
        hook = ProHandelHook(tenant.connections.prohandel)
        try:
            hash_key = hook.hash_key()
            client = hook.client(tenant.extraction, share=len(CONTRACT.groups()))
        except (AirflowNotFoundException, ConnectionIncompleteError) as error:
            raise AirflowFailException(f"{where}, {described(error, hook)}") from error
        urls = []
        with client:
            for resource in CONTRACT.groups()[self.group]:
                request = ExtractRequest(resource.name, plan, tenant.extraction, hash_key)
                try:
                    urls.append(extract(client, store, request))
                except TerminalProHandelError as error:
                    raise AirflowFailException(f"{where}, resource {resource.name}: {error}") from error
                except Exception as error:
                    error.add_note(f"{where}, resource {resource.name}")
                    raise
        return urls
