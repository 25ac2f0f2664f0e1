"""What a run is: one value instead of three words in every signature."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Run:
    """One run of a tenant's DAG, or of a command in its place.

    Attributes:
        tenant_id: the tenant, the only one whose rows the run reads and writes.
        dag_id: the DAG; `replay` and `command line` where a person asked for it.
        run_id: Airflow's id of the run; two DAGs of a tenant may have runs of the same id.
    """

    tenant_id: str
    dag_id: str
    run_id: str

    def __str__(self) -> str:
        return f"tenant {self.tenant_id}, run {self.run_id}"

    def parameters(self) -> dict[str, str]:
        """Return the run as parameters of a statement, which binds those that it names."""
        return asdict(self)
