"""Bringing a warehouse to the shape the code expects; safe to run at any time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from mercurios.sources.registry import every_resource
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.personal import masks_of
from mercurios.warehouse.schema import raw_columns
from mercurios.warehouse.sql import render, statements

if TYPE_CHECKING:
    from mercurios.tenants import Tenant

_FIRST_HOLIDAY_YEAR = 2009
_HOLIDAY_YEARS_AHEAD = 3
_SETTING_COLUMNS = ("scope", "scope_key", "setting", "value")

# Table of `ops` and column by its older name: the name it has now.
_RENAMED = {
    ("load_ledger", "withheld"): "held_for_review",
    ("load_ledger", "is_settled"): "is_stable",
}


def set_up(engine: Engine) -> None:
    """Create schemas, bookkeeping and RAW tables that are missing, and columns the contract gained.

    A column of an older warehouse that has been renamed since keeps its rows under the new name. Where an older release
    has run again since, and has added its own column, both stay.
    """
    bookkeeping = {
        (row["table_name"], row["column_name"])
        for row in engine.fetch_rows(render(engine.dialect, "ops_columns"))
    }
    for (table, old_name), new_name in _RENAMED.items():
        if (table, old_name) in bookkeeping and (table, new_name) not in bookkeeping:
            shape = {"table_name": table, "column_name": old_name, "new_name": new_name}
            engine.execute(render(engine.dialect, "rename_column", **shape))
    for name in ("setup_engine", "setup"):
        for statement in statements(render(engine.dialect, name)):
            engine.execute(statement)
    there: dict[str, set[str]] = defaultdict(set)
    for row in engine.fetch_rows(render(engine.dialect, "raw_columns")):
        there[row["table_name"]].add(row["column_name"])
    for resource in every_resource().values():
        columns = {column.name: column.type for column in raw_columns(resource, engine.dialect)}
        missing = [column for column in columns if column not in there[resource.table]]
        if missing:
            script = render(
                engine.dialect,
                "create_raw_table",
                table=resource.table,
                columns=columns,
                missing=missing if there[resource.table] else [],
                masks=masks_of(resource),
            )
            for statement in statements(script):
                engine.execute(statement)


def write_reference(engine: Engine, tenant: Tenant, today: date) -> None:
    """Replace the tenant's rows of what its file says and of the public holidays, in one transaction.

    Args:
        engine: the tenant's warehouse.
        tenant: whose attributes and region.
        today: business day; holidays reach three years beyond it, which covers every forecast horizon.

    Raises:
        WarehouseError: the warehouse is another tenant's.
    """
    days = public_holidays(tenant, today.year + _HOLIDAY_YEARS_AHEAD)
    row = tenant.model_dump(include={"name", "time_zone", "country", "region", "currency"})
    with engine.transaction():
        engine.claim(tenant.id)
        delete, insert = statements(render(engine.dialect, "tenant_replace"))
        engine.execute(delete, {"tenant_id": tenant.id})
        engine.execute(insert, {"tenant_id": tenant.id, **row, "source": tenant.source.kind})
        engine.execute(render(engine.dialect, "holidays_delete"), {"tenant_id": tenant.id})
        engine.execute(
            render(engine.dialect, "holidays_insert"),
            {"tenant_id": tenant.id, "holidays": [{"date": day, "name": name} for day, name in days.items()]},
        )
        _write_settings(engine, tenant, "policies", tenant.replenishment.rows())
        _write_settings(engine, tenant, "tenant_settings", tenant.setting_rows())


def _write_settings(engine: Engine, tenant: Tenant, what: str, rows: Sequence[tuple[object, ...]]) -> None:
    delete, insert = statements(render(engine.dialect, f"{what}_replace"))
    engine.execute(delete, {"tenant_id": tenant.id})
    if rows:
        records = [dict(zip(_SETTING_COLUMNS, row, strict=True)) for row in rows]
        engine.execute(insert, {"tenant_id": tenant.id, "settings": records})


def public_holidays(tenant: Tenant, last_year: int) -> dict[date, str]:
    """Return the public holidays of the tenant's region by day, in order, each named as its country names it."""
    import holidays

    # Without a language the library takes the one of the machine.
    language = holidays.country_holidays(tenant.country).default_language
    found = holidays.country_holidays(
        tenant.country,
        subdiv=tenant.region,
        years=range(_FIRST_HOLIDAY_YEAR, last_year + 1),
        language=language,
    )
    return dict(sorted(found.items()))
