"""Reading a run's findings from the bookkeeping.

What is news is decided by the queries that `mercurios.alerts.kinds` names: a field when the changelog gained a row, a
quarantined row and a delete held for review the first time, a gate's warning when the check had held before, a forecast
when it was good before. Otherwise an hourly run would repeat, hour by hour, what people know already.
"""

from __future__ import annotations

from typing import Any

from mercurios.alerts.findings import Finding
from mercurios.alerts.kinds import FINDINGS, FindingKind, Stage
from mercurios.sources.registry import every_resource
from mercurios.tenants import Tenant
from mercurios.tenants.run import Run
from mercurios.warehouse.counting import listed
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render


def load_findings(engine: Engine, tenant: Tenant, run: Run) -> list[Finding]:
    """Return what loading a run brought to light.

    Args:
        engine: the tenant's open warehouse.
        tenant: whose drift policies decide what happens to an unknown field.
        run: the run.
    """
    return _findings(engine, Stage.LOAD, tenant, run.parameters())


def gate_findings(engine: Engine, run: Run, gate: str) -> list[Finding]:
    """Return the warnings of a gate that held when they were checked last."""
    return _findings(engine, Stage.GATE, None, {**run.parameters(), "gate": gate})


def forecast_findings(engine: Engine, run: Run) -> list[Finding]:
    """Return the demand classes whose published forecasts have become worse than their own history explains."""
    return _findings(engine, Stage.FORECAST, None, run.parameters())


def _findings(engine: Engine, stage: Stage, tenant: Tenant | None, key: dict[str, str]) -> list[Finding]:
    """Return what the queries of a step's kinds find."""
    return [
        Finding.of_row(kind, row)
        for kind in FINDINGS
        if kind.stage is stage
        for row in _rows(engine, kind, tenant, key)
    ]


def _rows(
    engine: Engine, kind: FindingKind, tenant: Tenant | None, key: dict[str, str]
) -> list[dict[str, Any]]:
    """Return the rows of a kind's query; those of a resource also hold how the tenant reads it."""
    rows = engine.fetch_rows(render(engine.dialect, kind.query), key)
    for row in rows:
        row.update({name: listed(row[name]) for name in kind.lists})
        if tenant is not None and "resource" in row:
            row.update(_settings(tenant, row["resource"]))
    return rows


def _settings(tenant: Tenant, name: str) -> dict[str, Any]:
    resource = every_resource().get(name)
    return {
        "policy": tenant.source.drift_of(name).value,
        "is_personal": resource is not None and resource.personal,
    }
