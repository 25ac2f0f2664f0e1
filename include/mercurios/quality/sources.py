"""Where a gate reads a table: as a frame everywhere, or in the warehouse where its backend says how.

A source answers three questions about a table (columns, facts, rows) with something Great Expectations can
validate. What is counted is counted in the warehouse, by SQL; of the rows, those of the run come over as a DataFrame
with the columns that checks read. Where the library speaks the warehouse's SQL, tables of many rows are checked in
place, and only checks that do not hold have the rows come over, which then say the same as everywhere; for few rows
that would be many questions for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from mercurios.quality.checks import Suite
from mercurios.quality.validate import Outcome, validate, validate_in_session
from mercurios.tenants.run import Run
from mercurios.warehouse.backend import SqlChecks
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.registry import backend_named
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


# From here on moving the rows takes longer than the several questions about each check.
IN_SESSION_FROM_ROWS = 100_000
GATE_ROWS = "gate_rows"
_DOUBLES = ("float", "double")

Facts = dict[str, float | None]


class BatchSource(Protocol):
    """Reads one table for a gate."""

    def columns(self, suite: Suite) -> list[str]:
        """Return the table's columns; none when there is no such table."""

    def facts(self, suite: Suite) -> Facts:
        """Return what is counted about the whole table."""

    def check_rows(self, suite: Suite, facts: Facts) -> tuple[list[Outcome], float | None]:
        """Return what the checks of rows found, in the suite's order, and the share of nulls in what they read."""


def batch_source(engine: Engine, run: Run, source_now: datetime | None) -> BatchSource:
    """Return what reads the tables of a run.

    Raises:
        ValueError: the engine is not in the registry.
    """
    checks = backend_named(engine.dialect).sql_checks
    if checks is None:
        return FrameSource(engine, run, source_now)
    return SessionSource(engine, run, source_now, checks)


@dataclass(frozen=True)
class FrameSource:
    """Columns and counts come from SQL, rows as a DataFrame of what the checks need."""

    engine: Engine
    run: Run
    source_now: datetime | None

    def columns(self, suite: Suite) -> list[str]:
        """Return the table's columns; none when there is no such table."""
        parameters = {"table_schema": suite.schema, "table_name": suite.table}
        found = self.engine.fetch_arrow(render(self.engine.dialect, "quality_columns"), parameters)
        return [str(name) for name in found.column("column_name").to_pylist()]

    def facts(self, suite: Suite) -> Facts:
        """Return what is counted about the whole table."""
        sql = render(
            self.engine.dialect,
            "quality_facts",
            schema=suite.schema,
            table=suite.table,
            key=suite.key,
            cursor=suite.cursor,
            run_rows_only=suite.run_rows_only,
        )
        parameters = self._parameters(resource=suite.resource)
        [counted] = self.engine.fetch_arrow(sql, parameters).to_pylist()
        facts = {name: _number(value) for name, value in counted.items()}
        if suite.resource:
            vanished = render(self.engine.dialect, "quality_vanished", table=suite.table)
            facts["empty_despite_ledger"] = _number(_scalar(self.engine.fetch_arrow(vanished, parameters)))
        for reference in suite.references:
            orphans = render(
                self.engine.dialect,
                "quality_orphans",
                table=suite.table,
                column=reference.column,
                to_table=reference.table,
                key=reference.key,
            )
            facts[reference.fact] = _number(_scalar(self.engine.fetch_arrow(orphans, parameters)))
        return facts

    def check_rows(self, suite: Suite, facts: Facts) -> tuple[list[Outcome], float | None]:
        """Return what the checks of rows found, in the suite's order, and the share of nulls in what they read."""
        rows = self.rows(suite)
        return validate(suite, "rows", rows), float(rows.isna().to_numpy().mean()) if rows.size else None

    def rows(self, suite: Suite) -> pd.DataFrame:
        """Return the rows to check, with the columns the checks read."""
        sql = render(
            self.engine.dialect,
            "quality_rows",
            schema=suite.schema,
            table=suite.table,
            columns=suite.row_columns,
            run_rows_only=suite.run_rows_only,
        )
        frame: pd.DataFrame = _plain(self.engine.fetch_arrow(sql, self._parameters())).to_pandas()
        return frame

    def _parameters(self, **others: Any) -> dict[str, Any]:
        return {**self.run.parameters(), "source_now": self.source_now, **others}


@dataclass(frozen=True)
class SessionSource(FrameSource):
    """The same, but many rows are checked in the warehouse."""

    checks: SqlChecks

    def check_rows(self, suite: Suite, facts: Facts) -> tuple[list[Outcome], float | None]:
        """Return what the checks of rows found, in the suite's order, and the share of nulls in what they read."""
        if (facts["run_rows" if suite.run_rows_only else "rows"] or 0) < IN_SESSION_FROM_ROWS:
            return super().check_rows(suite, facts)
        self._keep(suite)
        found = self._validate_in_session(suite)
        checks = [check for check in suite.checks if check.source == "rows"]
        broken = replace(suite, checks=tuple(c for c, o in zip(checks, found, strict=True) if o is None))
        outcomes = iter(validate(broken, "rows", self._kept(broken)) if broken.checks else ())
        nulls = self._asked("quality_gate_nulls", columns=suite.row_columns)
        return [outcome or next(outcomes) for outcome in found], _number(_scalar(nulls))

    def _validate_in_session(self, suite: Suite) -> list[Outcome | None]:
        query = render(self.engine.dialect, "quality_all_rows", table=GATE_ROWS)
        return validate_in_session(suite, self.checks.url, self.checks.session(self.engine), query)

    def _keep(self, suite: Suite) -> None:
        parameters = {"table_schema": suite.schema, "table_name": suite.table}
        columns = self._asked("quality_columns", parameters).to_pylist()
        doubles = [row["column_name"] for row in columns if row["data_type"] in _DOUBLES]
        shape = {"schema": suite.schema, "table": suite.table, "columns": suite.row_columns}
        sql = render(
            self.engine.dialect,
            "quality_gate_rows",
            **shape,
            doubles=doubles,
            run_rows_only=suite.run_rows_only,
        )
        self.engine.execute(sql, self._parameters())

    def _kept(self, suite: Suite) -> pd.DataFrame:
        frame: pd.DataFrame = _plain(self._asked("quality_gate_frame", columns=suite.row_columns)).to_pandas()
        return frame

    def _asked(self, name: str, parameters: Mapping[str, Any] | None = None, **shape: Any) -> pa.Table:
        return self.engine.fetch_arrow(render(self.engine.dialect, name, **shape), parameters or {})


def _plain(table: pa.Table) -> pa.Table:
    """Turn decimals and dates into what pandas computes with natively; as objects they are slow."""
    import pyarrow as pa

    for index, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type):
            table = table.set_column(index, column.name, table.column(index).cast(pa.float64()))
        elif pa.types.is_date(column.type):
            table = table.set_column(index, column.name, table.column(index).cast(pa.timestamp("us")))
    return table


def _scalar(table: pa.Table) -> Any:
    return table.column(0)[0].as_py()


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    return None if math.isnan(number) else number
