"""What a buyer has to do now, read from a warehouse: orders, and what is asked of suppliers, branches and persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mercurios.warehouse.counting import scalar
from mercurios.warehouse.engine import Engine, MissingObjectError, WarehouseError
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from decimal import Decimal

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


def cost_of(orders: pa.Table) -> str:
    """Return in words what orders cost together: at least, where some have no purchase price."""
    costs: list[Decimal | None] = orders["cost"].to_pylist()
    known = [cost for cost in costs if cost is not None]
    currency = f" {orders['currency'][0].as_py()}" if costs else ""
    total = f"{sum(known):,.2f}{currency}"
    without = len(costs) - len(known)
    return f"at least {total} ({without} without a purchase price)" if without else total
