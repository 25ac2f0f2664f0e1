"""When a retailer's life began, as its own receipts say: the bound of the days that a till can mean.

A tenant file may say it (`plausible.first_day`). Where it does not, one receipt of 2001 would begin a history that
really begins in 2021. What was read completely shows the beginning: a few rows far before all others are none.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from mercurios.sources.contract import Meaning
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from mercurios.tenants import Tenant

# A quarter without a single receipt parts a life from what lies before it. As long before its beginning a day may still
# be meant: a receipt that is booked later.
GAP = timedelta(days=91)
# So few rows in a thousand, or so few in all, are no part of a life; and fewer rows than this say nothing of one.
STRAY_ROWS = 3
LEAST_ROWS = 100


class Beginning(NamedTuple):
    """What the days of a resource say.

    Attributes:
        first_day: nothing was booked before it.
        has_strays: whether the warehouse holds rows from before it.
    """

    first_day: date
    has_strays: bool


def beginnings(engine: Engine, tenant: Tenant) -> dict[str, Beginning]:
    """Return the beginning of each resource whose rows are booked on days; none where the tenant file says it.

    A source whose complete reads do not show a whole life (exports come in pieces) says nothing of its beginning.

    Args:
        engine: the tenant's warehouse, set up.
        tenant: whose file may say when its life began.
    """
    source = tenant.source
    dated = [
        (resource.name, resource.table, column.name)
        for resource in source.contract.resources.values()
        for column in resource.columns
        if column.meaning is Meaning.BOOKED
    ]
    if not source.reads_a_whole_life or "first_day" in source.plausible.model_fields_set or not dated:
        return {}
    limits = {"gap_days": GAP.days, "stray_rows": STRAY_ROWS, "least_rows": LEAST_ROWS}
    sql = render(engine.dialect, "life_begins", dated=dated)
    return {
        row["resource"]: Beginning((row["begins_on"] or row["first_booked_on"]) - GAP, bool(row["begins_on"]))
        for row in engine.fetch_rows(sql, {"tenant_id": tenant.id, **limits})
    }
