"""Checks of a table against its own history: how many rows it has, how many a run brings, how old the newest is."""

from __future__ import annotations

from mercurios.quality.checks import Check, History, Severity
from mercurios.quality.expectations import fact_at_least, fact_at_most

# A table's own history judges its volume once it is long enough to show what is usual.
USUAL_AFTER_RUNS = 5
SHRINK_SHARE = 0.5
SHRINK_FROM_ROWS = 20
GROWTH_FACTOR = 10
GROWTH_FROM_ROWS = 1000
# A night without sales must have been seen before hours without rows are judged.
LOW_AFTER_HOURS = 24
FRESHNESS_FACTOR = 3
FRESHNESS_FROM_HOURS = 24


def volume_checks(name: str, history: History) -> list[Check]:
    """Return checks of the number of rows, of the table and of the run, against earlier runs."""
    checks = []
    rows = history.get(name, "rows")
    if rows and rows.latest >= SHRINK_FROM_ROWS:
        checks.append(fact_at_least("rows", rows.latest * SHRINK_SHARE, label="(row count)"))
    elif rows and rows.latest:
        checks.append(fact_at_least("rows", 1, Severity.WARNING, label="(row count)"))
    run_rows = history.get(name, "run_rows")
    if run_rows and run_rows.runs >= USUAL_AFTER_RUNS:
        bounds = {"max_value": max(GROWTH_FROM_ROWS, run_rows.highest * GROWTH_FACTOR)}
        if run_rows.lowest and run_rows.hours >= LOW_AFTER_HOURS:
            bounds["min_value"] = max(1, run_rows.lowest // GROWTH_FACTOR)
        arguments = {"column": "run_rows", **bounds}
        checks.append(
            Check("ExpectColumnValuesToBeBetween", arguments, Severity.WARNING, "facts", "(rows of the run)")
        )
    return checks


def freshness_checks(name: str, cursor: str, history: History) -> list[Check]:
    """Return a check of the age of the newest row against earlier runs; none while they are few."""
    hours = history.get(name, "freshness_hours")
    if hours is None or hours.runs < USUAL_AFTER_RUNS:
        return []
    bound = max(FRESHNESS_FROM_HOURS, hours.highest * FRESHNESS_FACTOR)
    return [fact_at_most("freshness_hours", bound, Severity.WARNING, label=cursor)]
