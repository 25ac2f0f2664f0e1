"""What a buyer has to do now, read from a warehouse: orders, and what is asked of suppliers, branches and persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mercurios.warehouse.counting import scalar
from mercurios.warehouse.engine import Engine, MissingObjectError, WarehouseError
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa

ORDER = "order"


def fetch_actions(engine: Engine, tenant_id: str) -> pa.Table:
    """Return a tenant's actions as readers see them, the most urgent first.

    Args:
        engine: what readers see, or a file with the marts of the tenant.
        tenant_id: whose actions.

    Raises:
        WarehouseError: nothing was published since there are actions, or it lacks what is read here.
    """
    table = {"table_name": "replenishment_action"}
    if not scalar(engine, render(engine.dialect, "is_published"), table):
        raise WarehouseError(
            f"no replenishment_action was published yet: run the pipeline of tenant {tenant_id} first"
        )
    try:
        return engine.fetch_arrow(render(engine.dialect, "actions"), {"tenant_id": tenant_id})
    except MissingObjectError as error:
        raise WarehouseError(
            f"what tenant {tenant_id} published last was built by an earlier version, and lacks what is read now: run "
            f"its pipeline once with this version (DAG pipeline__{tenant_id}), which publishes it. {error}"
        ) from error


def orders_of(actions: pa.Table) -> pa.Table:
    """Return the orders among actions that are worth placing now, without those that are minor."""
    import pyarrow.compute as pc

    return actions.filter(pc.and_not(pc.equal(actions["action"], ORDER), actions["is_minor"]))
