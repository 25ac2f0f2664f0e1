"""The checks that suites are made of, by what they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mercurios.quality.checks import Check, Severity


def columns_present(columns: Sequence[str]) -> Check:
    """Return a check that the table has these columns, and maybe others."""
    arguments = {"column_set": list(columns), "exact_match": False}
    return Check("ExpectTableColumnsToMatchSet", arguments, source="columns")


def key_checks(key: Sequence[str], tenant_id: str) -> list[Check]:
    """Return the checks of a key: complete, unique, of this tenant alone."""
    return [
        *(not_null(column) for column in key),
        Check("ExpectCompoundColumnsToBeUnique", {"column_list": list(key)}),
        in_set("tenant_id", (tenant_id,)),
    ]


def fact_at_most(
    fact: str, bound: float, severity: Severity = Severity.CRITICAL, *, label: str | None = None
) -> Check:
    """Return a check that a fact about the table is not above a bound."""
    return Check(
        "ExpectColumnValuesToBeBetween", {"column": fact, "max_value": bound}, severity, "facts", label
    )


def fact_at_least(
    fact: str, bound: float, severity: Severity = Severity.CRITICAL, *, label: str | None = None
) -> Check:
    """Return a check that a fact about the table is not below a bound."""
    return Check(
        "ExpectColumnValuesToBeBetween", {"column": fact, "min_value": bound}, severity, "facts", label
    )


def not_null(column: str, severity: Severity = Severity.CRITICAL) -> Check:
    """Return a check that a column has no nulls."""
    return Check("ExpectColumnValuesToNotBeNull", {"column": column}, severity)


def in_set(column: str, values: Sequence[Any], severity: Severity = Severity.CRITICAL) -> Check:
    """Return a check that a column holds these values only."""
    return Check("ExpectColumnValuesToBeInSet", {"column": column, "value_set": list(values)}, severity)


def absent(column: str, value: str) -> Check:
    """Return a warning where a column holds a value."""
    arguments = {"column": column, "value_set": [value]}
    return Check("ExpectColumnValuesToNotBeInSet", arguments, Severity.WARNING, label=value)


def at_least(
    column: str, low: float, high: float | None = None, severity: Severity = Severity.CRITICAL
) -> Check:
    """Return a check that a column's values are within bounds."""
    arguments = {"column": column, "min_value": low} | ({} if high is None else {"max_value": high})
    return Check("ExpectColumnValuesToBeBetween", arguments, severity)


def ordered(low: str, high: str) -> Check:
    """Return a check that one column is never above another."""
    arguments = {"column_A": high, "column_B": low, "or_equal": True}
    return Check("ExpectColumnPairValuesAToBeGreaterThanB", arguments)
