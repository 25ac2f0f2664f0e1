"""Reading a run's findings from the bookkeeping.

What is news is decided here, in one place: a field when the changelog gained a row, a quarantined row and a withheld
delete the first time, a gate's warning when the check had held before, a forecast when it was good before. An hourly
run would otherwise repeat, hour by hour, what people know already.
"""

from __future__ import annotations

from typing import Any

from mercurios.alerts.findings import Finding, FindingKind
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.tenants.files import Drift, Tenant
from mercurios.warehouse.counting import listed
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render

_WHAT = {
    "expect_column_values_to_be_in_set": "unknown values",
    "expect_column_values_to_not_be_in_set": "in the data behind stock and orders",
    "expect_column_values_to_not_be_null": "missing values",
    "expect_column_values_to_be_between": "out of its usual range",
    "expect_table_columns_to_match_set": "other columns than declared",
}
_ANOMALY_LOSS = "nothing: the check only warns, and the rows are used as they are"
_QUARANTINE_LOSS = (
    "nothing: the rows are kept whole in ops.quarantine; RAW and the marts lack them until they fit"
)
_UNSETTLED_LOSS = (
    "nothing: what was read is loaded, nothing is taken for deleted, and the next run reads the range again"
)
_FORECAST_LOSS = "nothing: the new forecast is published; orders after the old one may be too high or too low"
_WITHHELD_LOSS = (
    "nothing: the rows live on in RAW and the marts until the source shows them or somebody accepts"
)


def load_findings(engine: Engine, tenant: Tenant, run_id: str) -> list[Finding]:
    """Return what loading a run brought to light.

    That is drift, quarantined rows, withheld deletes, and lists that never stood still.

    Args:
        engine: the tenant's open warehouse.
        tenant: whose drift policies say what becomes of an unknown field.
        run_id: the run.
    """
    key = {"tenant_id": tenant.id, "run_id": run_id}
    drift = [_drift(tenant, row) for row in _rows(engine, "findings_drift", key)]
    quarantine = [
        Finding(
            FindingKind.QUARANTINE,
            row["resource"],
            f"{row['row_count']} new rows set aside: {'; '.join(listed(row['reasons']))}",
            _QUARANTINE_LOSS,
        )
        for row in _rows(engine, "findings_quarantine", key)
    ]
    withheld = [
        Finding(
            FindingKind.DELETES_WITHHELD,
            row["resource"],
            f"a complete read no longer shows {row['withheld']} rows; so many are taken for a broken answer",
            _WITHHELD_LOSS,
        )
        for row in _rows(engine, "findings_withheld", key)
    ]
    unsettled = [
        Finding(
            FindingKind.UNSETTLED,
            row["resource"],
            "rows moved from page to page in every pass of the read, so its watermark stays where it was",
            _UNSETTLED_LOSS,
        )
        for row in _rows(engine, "findings_unsettled", key)
    ]
    return drift + quarantine + withheld + unsettled


def gate_findings(engine: Engine, tenant_id: str, run_id: str, gate: str) -> list[Finding]:
    """Return the warnings of a gate that held when they were checked last."""
    key = {"tenant_id": tenant_id, "run_id": run_id, "gate": gate}
    return [
        Finding(FindingKind.ANOMALY, row["suite"], _anomaly(row), _ANOMALY_LOSS)
        for row in _rows(engine, "findings_anomalies", key)
    ]


def forecast_findings(engine: Engine, tenant_id: str, run_id: str) -> list[Finding]:
    """Return the demand classes whose published forecasts have become worse than their own history explains."""
    key = {"tenant_id": tenant_id, "run_id": run_id}
    return [
        Finding(FindingKind.FORECAST_DRIFT, "analytics.forecast_accuracy", _worse(row), _FORECAST_LOSS)
        for row in _rows(engine, "findings_forecast", key)
    ]


def _worse(row: dict[str, Any]) -> str:
    demand_class = row["metric"].removeprefix("live_drift").removeprefix("_")
    return (
        f"{demand_class or 'all'} articles: the error is {row['ratio']:.2f} times that of the 13-week mean, "
        f"usually {row['usual_ratio']:.2f}"
    )


def _drift(tenant: Tenant, row: dict[str, Any]) -> Finding:
    name, change, count = row["resource"], row["change"], row["field_count"]
    fields = listed(row["fields"])
    shown = ", ".join(fields) + (f" and {count - len(fields)} more" if count > 5 else "")
    seen = f"field{'s' if count > 1 else ''} {shown} {change} (up to {row['row_count']} rows)"
    return Finding(FindingKind.DRIFT, name, seen, _drift_loss(tenant, name, change))


def _drift_loss(tenant: Tenant, name: str, change: str) -> str:
    resource = RESOURCES.get(name)
    policy = tenant.extraction.settings_of(name).drift
    if change == "vanished" and policy is Drift.EVOLVE:
        return "the values of the field: rows that change at the source are loaded with it empty from now on"
    if change == "vanished":
        return "nothing: rows without the field wait in quarantine"
    if change == "retyped":
        return (
            "nothing: the rows that no longer fit are kept whole in ops.quarantine until the contract follows"
        )
    if resource is not None and resource.personal:
        return "the values of the field: unknown fields of people are never kept; all known fields are loaded"
    return {
        Drift.EVOLVE: "nothing: its values are kept in column _extra of the RAW table",
        Drift.FREEZE: "the values of the field, as the tenant's file asks (drift: freeze); known fields are loaded",
        Drift.QUARANTINE: "nothing: rows with the field wait in quarantine",
    }[policy]


def _anomaly(row: dict[str, Any]) -> str:
    where = f"{row['column_name']} " if row["column_name"] else ""
    what = _WHAT.get(row["expectation"], row["expectation"])
    held = row["last_held_at"]
    since = f"held last on {held:%Y-%m-%d %H:%M} UTC" if held else "never checked before"
    return f"{where}{what}: {row['observed']}; {since}"


def _rows(engine: Engine, name: str, key: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = engine.fetch_arrow(render(engine.dialect, name), key).to_pylist()
    return found
