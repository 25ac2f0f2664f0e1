"""A gate: check tables, record what was found, and stop the run when something critical is wrong.

A gate is recorded whether it passes or not, once per run: running it again replaces its results, so that a cleared
task leaves one answer behind. The recording is complete before the failure is raised.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mercurios.quality.checks import History, Severity, Source, Suite, Usual
from mercurios.quality.settings import setting_outcomes
from mercurios.quality.sources import BatchSource, Facts, batch_source
from mercurios.quality.suites import suites_of
from mercurios.quality.validate import Outcome, fact_outcome, validate
from mercurios.sources.contract import Contract
from mercurios.tenants.run import Run
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render

log = logging.getLogger(__name__)


class GateFailed(Exception):
    """Critical expectations do not hold; the message lists each with table, column, finding and examples."""

    def __init__(self, gate: str, outcomes: Sequence[Outcome]) -> None:
        self.gate = gate
        self.outcomes = tuple(outcomes)
        rest = f" (and {len(outcomes) - 1} more)" if len(outcomes) > 1 else ""
        lines = [f"gate {gate} failed: {outcomes[0]}{rest}", *(f"- {outcome}" for outcome in outcomes[1:])]
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class GateResult:
    """What a gate found."""

    gate: str
    outcomes: tuple[Outcome, ...]

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes that stop the run."""
        return tuple(outcome for outcome in self.outcomes if outcome.stops)

    @property
    def warnings(self) -> tuple[Outcome, ...]:
        """The failed checks that are recorded only."""
        return tuple(outcome for outcome in self.outcomes if not outcome.success and not outcome.stops)

    @property
    def success(self) -> bool:
        """Whether the run may go on."""
        return not self.failures

    def counts(self) -> dict[str, int]:
        """Return how many checks passed, warned and failed."""
        kinds = Counter(
            "passed" if outcome.success else "failed" if outcome.stops else "warned"
            for outcome in self.outcomes
        )
        return {kind: kinds[kind] for kind in ("passed", "warned", "failed")}

    def raise_on_failure(self) -> None:
        """Raise what stops the run.

        Raises:
            GateFailed: a critical expectation does not hold.
        """
        if self.failures:
            raise GateFailed(self.gate, self.failures)


def check(engine: Engine, run: Run, gate: str, contract: Contract | None = None) -> dict[str, int]:
    """Run a gate over all its tables and return its counts.

    `contract` is what the tenant's source declares; without it the RAW tables of every source are checked.

    Raises:
        GateFailed: a critical expectation does not hold.
    """
    result = run_gate(engine, run, gate, contract=contract)
    for outcome in result.warnings:
        log.warning("%s", outcome)
    result.raise_on_failure()
    return result.counts()


def run_gate(
    engine: Engine,
    run: Run,
    gate: str,
    tables: Sequence[str] | None = None,
    contract: Contract | None = None,
) -> GateResult:
    """Check the tables of a gate and record the result in ops.dq_result and ops.dq_metric.

    Args:
        engine: the tenant's open warehouse.
        run: the run whose rows are checked, and under which the result is recorded; no rows of another tenant may
            appear.
        gate: `raw`, `marts` or `forecast`.
        tables: the tables to check, all of the gate by default.
        contract: what the tenant's source declares, for the RAW tables; None takes those of every source.

    Raises:
        ValueError: the gate or a table is unknown.
        WarehouseError: a table could not be read or the result not be written.
    """
    suites = _selected(suites_of(gate, run.tenant_id, _history(engine, run), contract), tables)
    source = batch_source(engine, run, _source_now(engine, run))
    outcomes: list[Outcome] = []
    metrics: dict[str, Facts] = {}
    for suite in suites:
        found, metrics[suite.name] = _check_table(suite, source)
        outcomes += found
    if gate == "marts" and tables is None and not any(outcome.stops for outcome in outcomes):
        outcomes += setting_outcomes(engine, run)
    result = GateResult(gate, tuple(outcomes))
    _record(engine, run, result, metrics)
    return result


def judge_ages(engine: Engine, run: Run, contract: Contract) -> None:
    """Judge and record how old the newest row of each RAW table is, in a run that has changed none of them.

    Time alone changes no other fact, so whatever else the gate checks stands as it was found last. What is counted sets
    the same standard for later runs as if the gate had run.

    Args:
        engine: the tenant's open warehouse.
        run: the run.
        contract: what the tenant's source declares.

    Raises:
        WarehouseError: a table could not be read or the result not be written.
    """
    suites = suites_of("raw", run.tenant_id, _history(engine, run), contract)
    sql = render(
        engine.dialect,
        "quality_unchanged",
        tables=[suite.table for suite in suites],
        cursors=[(suite.table, suite.cursor) for suite in suites if suite.cursor],
    )
    parameters = {**run.parameters(), "source_now": _source_now(engine, run)}
    counted = {row["table_name"]: row for row in engine.fetch_rows(sql, parameters)}
    metrics: dict[str, Facts] = {}
    outcomes: list[Outcome] = []
    for suite in suites:
        row = counted[suite.name]
        age = None if row["freshness_hours"] is None else float(row["freshness_hours"])
        facts: Facts = {"rows": float(row["row_count"]), "run_rows": 0.0}
        metrics[suite.name] = {**facts, "freshness_hours": age} if suite.cursor else facts
        outcomes += [
            fact_outcome(suite, check, age) for check in suite.checks if check.columns == ("freshness_hours",)
        ]
    _record(engine, run, GateResult("raw", tuple(outcomes)), metrics)


def _selected(suites: Sequence[Suite], tables: Sequence[str] | None) -> list[Suite]:
    if tables is None:
        return list(suites)
    known = {suite.table: suite for suite in suites}
    unknown = [table for table in tables if table not in known]
    if unknown:
        raise ValueError(f"no suite for {', '.join(unknown)}; this gate checks {', '.join(known)}")
    return [known[table] for table in tables]


def _check_table(suite: Suite, source: BatchSource) -> tuple[list[Outcome], Facts]:
    import pandas as pd

    columns = source.columns(suite)
    outcomes = validate(suite, "columns", pd.DataFrame(columns=columns))
    needed = {*suite.row_columns, *([suite.cursor] if suite.cursor else [])}
    if needed - set(columns):
        return outcomes + _unchecked(suite, sorted(needed - set(columns))), {}
    facts = source.facts(suite)
    outcomes += validate(suite, "facts", pd.DataFrame([facts], dtype="float64"))
    if suite.run_rows_only and not facts["run_rows"]:
        return outcomes, facts
    found, null_share = source.check_rows(suite, facts)
    return outcomes + found, {**facts, "null_share": null_share}


def _unchecked(suite: Suite, missing: Sequence[str]) -> list[Outcome]:
    """Name the checks that could not run; the missing column itself is a failure of the schema check."""
    sources: tuple[Source, ...] = ("facts", "rows")
    return [
        Outcome(
            suite=suite.name,
            expectation=check.name,
            column=check.column,
            severity=Severity.WARNING,
            success=False,
            observed=f"not checked: missing columns: {', '.join(missing)}",
        )
        for check in suite.checks
        if check.source in sources
    ]


def _history(engine: Engine, run: Run) -> History:
    found: list[dict[str, Any]] = []
    for name in ("quality_history", "quality_gaps"):
        found += engine.fetch_rows(render(engine.dialect, name), run.parameters())
    return History(
        {
            (row["table_name"], row["metric"]): Usual(
                runs=row["runs"],
                lowest=float(row["lowest"]),
                highest=float(row["highest"]),
                latest=float(row["latest"]),
                hours=row["hours"],
            )
            for row in found
            if row["latest"] is not None
        }
    )


def _source_now(engine: Engine, run: Run) -> datetime | None:
    sql = render(engine.dialect, "quality_source_clock")
    found = engine.fetch_rows(sql, run.parameters())
    return found[0]["source_now"] if found else None


def _record(engine: Engine, run: Run, result: GateResult, metrics: dict[str, Facts]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    key = run.parameters()
    results = [_result_row(outcome) for outcome in result.outcomes]
    measures = [
        {"table_name": table, "metric": metric, "value": value}
        for table, facts in metrics.items()
        for metric, value in facts.items()
    ]
    # One statement for all rows: each is a journey to Snowflake.
    with engine.transaction():
        _execute(engine, "quality_result_delete", {**key, "gate": result.gate})
        if results:
            rows = {**key, "gate": result.gate, "outcomes": results, "checked_at": now}
            _execute(engine, "quality_result_insert", rows)
        _execute(engine, "quality_metric_delete", {**key, "tables": list(metrics)})
        if measures:
            _execute(engine, "quality_metric_insert", {**key, "measures": measures, "measured_at": now})


def _execute(engine: Engine, statement: str, parameters: dict[str, Any]) -> None:
    engine.execute(render(engine.dialect, statement), parameters)


def _result_row(outcome: Outcome) -> dict[str, Any]:
    details = {"failing_rows": outcome.failing, "examples": list(outcome.examples)}
    return {
        "suite": outcome.suite,
        "expectation": outcome.expectation,
        "column_name": outcome.column,
        "severity": outcome.severity.value,
        "success": outcome.success,
        "observed": outcome.observed,
        "details": json.dumps(details),
    }
