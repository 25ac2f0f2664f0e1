"""The vocabulary of checks: what a check, a suite and a table's history are.

A check names a Great Expectations class and its arguments; the class is looked up when the gate runs, because importing
the library takes seconds. It reads one of three things: the table's rows, its columns, or facts the warehouse counts
about all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from mercurios.sources.contract import snake_case

Source = Literal["rows", "columns", "facts"]
Gate = Literal["raw", "marts", "forecast"]


class Severity(StrEnum):
    """What a failed check does: `critical` fails the gate, `warning` is recorded."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True)
class Check:
    """One expectation.

    Attributes:
        expectation: name of a class in `great_expectations.expectations`.
        arguments: its arguments besides severity.
        source: what it reads.
        label: what a message calls the column when the arguments do not name one that readers know.
    """

    expectation: str
    arguments: Mapping[str, Any]
    severity: Severity = Severity.CRITICAL
    source: Source = "rows"
    label: str | None = None

    @property
    def name(self) -> str:
        """What results call the expectation, as Great Expectations spells it."""
        return snake_case(self.expectation)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        names = [self.arguments.get(key) for key in ("column", "column_A", "column_B")]
        listed: Sequence[str] = self.arguments.get("column_list", ())
        return tuple([name for name in names if name] + list(listed))

    @property
    def column(self) -> str | None:
        """What a message calls the column."""
        return self.label or ", ".join(self.columns) or None


@dataclass(frozen=True)
class Reference:
    """A column whose values must exist in another mart of the same tenant."""

    column: str
    table: str
    key: str

    @property
    def fact(self) -> str:
        """Name of the fact that counts rows without a partner."""
        return f"{self.column}_without_{self.table}"


@dataclass(frozen=True)
class Suite:
    """The checks of one table.

    Attributes:
        resource: the resource of a RAW table, under which the ledger counts its rows.
        cursor: column that says when a row last changed at the source, for freshness.
        run_rows_only: the rows of the run are checked, not the whole table.
        personal: failing rows may belong to people, so none is shown as an example.
    """

    schema: str
    table: str
    key: tuple[str, ...]
    checks: tuple[Check, ...]
    references: tuple[Reference, ...] = ()
    resource: str | None = None
    cursor: str | None = None
    run_rows_only: bool = False
    personal: bool = False

    @property
    def name(self) -> str:
        """Qualified name of the table, also the suite's name in the results."""
        return f"{self.schema}.{self.table}"

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The columns that checks of rows read: the key first, each once."""
        read = [name for check in self.checks if check.source == "rows" for name in check.columns]
        return tuple(dict.fromkeys([*self.key, *read]))


@dataclass(frozen=True)
class Usual:
    """What a metric of a table was in earlier published runs of this tenant.

    Attributes:
        hours: how long a time, by the source's clock, the runs cover.
    """

    runs: int
    lowest: float
    highest: float
    latest: float
    hours: int = 0


@dataclass(frozen=True)
class History:
    """Metrics of earlier runs by table and metric."""

    metrics: Mapping[tuple[str, str], Usual] = field(default_factory=dict)

    def get(self, table: str, metric: str) -> Usual | None:
        """Return what is known of one metric."""
        return self.metrics.get((table, metric))
