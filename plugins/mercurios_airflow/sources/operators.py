"""The extract operator: one group of resources from a tenant's source to the landing area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from mercurios_airflow.sources.connect import connected_source
from mercurios_airflow.tenant_operator import TenantOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class ExtractOperator(TenantOperator):
    """Reads a group of resources from whatever source the tenant has, and lands them.

    Args:
        group: extract group of the source's contract.
        plan_url: URL of the run's plan.

    Returns:
        URLs of the manifests, one per resource that the source delivers.
    """

    template_fields: Sequence[str] = ("plan_url",)
    ui_color = "#dfe9f3"

    def __init__(self, *, group: str, plan_url: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.group = group
        self.plan_url = plan_url

    def execute(self, context: Context) -> list[str]:
        """Land every resource of the group.

        Raises:
            AirflowFailException: trying again cannot help; the message names tenant, run and resource.
        """
        from mercurios.landing.plan import RunPlan
        from mercurios.sources.source import TerminalSourceError
        from mercurios_airflow.landing import landing_of

        tenant, run = self.tenant(), self.run_of(context)
        store = landing_of(tenant)
        plan = RunPlan.read(store, self.plan_url)
        if (plan.tenant_id, plan.run_id) != (run.tenant_id, run.run_id):
            raise AirflowFailException(
                f"{run}: the plan {self.plan_url} is of run {plan.run_id} of tenant {plan.tenant_id!r}; clear begin "
                "with its downstream tasks"
            )
        groups = tenant.source.contract.groups()
        names = [resource.name for resource in groups[self.group]]
        due = [name for name in names if name in plan.resources]
        for name in names:
            if name not in due:
                self.log.info("%s: not asked for, its last read is still good", name)
        if not due:
            return []
        urls = []
        with connected_source(tenant, run, share=len(groups)) as source:
            for name in due:
                where = f"{run}, resource {name}"
                try:
                    urls.append(source.extract(name, plan, store))
                except TerminalSourceError as error:
                    raise AirflowFailException(f"{where}: {error}") from error
                except Exception as error:
                    error.add_note(where)
                    raise
        return [url for url in urls if url is not None]
