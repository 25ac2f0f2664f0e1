"""What must hold for each RAW table. It follows from the contract, so a new resource is gated without a line here."""

from __future__ import annotations

from collections.abc import Sequence

from mercurios.quality.baseline import freshness_checks, volume_checks
from mercurios.quality.checks import Check, History, Severity, Suite
from mercurios.quality.expectations import columns_present, fact_at_most, in_set, key_checks, not_null
from mercurios.sources.contract import Resource

SYSTEM_COLUMNS = ("_extra", "_content_hash", "_extracted_at", "_run_id", "_loaded_at", "_deleted_at")


def raw_suite(resource: Resource, tenant_id: str, history: History) -> Suite:
    """Return the suite of a RAW table, derived from the resource contract."""
    key = ("tenant_id", "id")
    name = f"raw.{resource.table}"
    parent = (resource.parent_key,) if resource.parent_key else ()
    columns = ("tenant_id", *parent, *(column.name for column in resource.columns), *SYSTEM_COLUMNS)
    checks = [*_schema_checks(columns), *key_checks(key, tenant_id), *volume_checks(name, history)]
    checks.append(fact_at_most("duplicates", 0, label="tenant_id, id"))
    checks.append(fact_at_most("empty_despite_ledger", 0, label="(row count)"))
    if resource.cursor_column:
        checks.append(not_null(resource.cursor_column, Severity.WARNING))
        checks += freshness_checks(name, resource.cursor_column, history)
    checks += [in_set(column, values, Severity.WARNING) for column, values in resource.codes.items()]
    return Suite(
        "raw",
        resource.table,
        key,
        tuple(checks),
        resource=resource.name,
        cursor=resource.cursor_column,
        run_rows_only=True,
        personal=resource.personal,
    )


def _schema_checks(columns: Sequence[str]) -> list[Check]:
    # A column the contract has dropped stays in an old table; that is worth a line, not a stop.
    extra = {"column_set": list(columns), "exact_match": True}
    return [
        columns_present(columns),
        Check("ExpectTableColumnsToMatchSet", extra, Severity.WARNING, "columns"),
    ]
