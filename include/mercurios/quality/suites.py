"""The suites: what must hold for each table, as data.

One place for both engines. RAW suites follow from the resource contract, so a new resource is gated without a line
here; marts state what their readers rely on. A check names a Great Expectations class and its arguments; the class
is looked up when the gate runs, because importing the library takes seconds.

A check reads one of three things: the table's rows, its columns, or facts the warehouse counts about all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any, Literal

from mercurios.sources.contract import Contract, Resource, snake_case
from mercurios.sources.registry import every_resource
from mercurios.warehouse.marts import GATES, declared, gated_by

Source = Literal["rows", "columns", "facts"]
Gate = Literal["raw", "marts", "forecast"]

SYSTEM_COLUMNS = ("_extra", "_content_hash", "_extracted_at", "_run_id", "_loaded_at", "_deleted_at")

# A table's own history judges its volume once it is long enough to show what is usual.
USUAL_AFTER_RUNS = 5
SHRINK_SHARE = 0.5
SHRINK_FROM_ROWS = 20
GROWTH_FACTOR = 10
GROWTH_FROM_ROWS = 1000
LOW_AFTER_HOURS = 24  # a night without sales must have been seen before hours without rows are judged
FRESHNESS_FACTOR = 3
FRESHNESS_FROM_HOURS = 24

# Values seen in recorded answers; another one is news to look at, not a reason to stop.
_VALUE_SETS: Mapping[tuple[str, str], tuple[int, ...]] = {
    ("sale", "type"): (0, 1, 2, 3),
    ("invoice", "status"): (1, 100, 101),
    ("payment", "status"): (0, 100),
    ("voucher", "status"): (0, 1),
}


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


def suites_of(
    gate: str, tenant_id: str, history: History, contract: Contract | None = None
) -> tuple[Suite, ...]:
    """Return the suites of a gate; of the RAW tables those of a contract, of every source without one.

    Raises:
        ValueError: there is no such gate.
    """
    if gate == "raw":
        resources = every_resource() if contract is None else contract.resources
        return tuple(raw_suite(resource, tenant_id, history) for resource in resources.values())
    if gate not in GATES:
        raise ValueError(f"gate {gate!r} is unknown; gates are raw, marts and forecast")
    return tuple(mart_suite(table, tenant_id, history) for table in gated_by(gate))


def raw_suite(resource: Resource, tenant_id: str, history: History) -> Suite:
    """Return the suite of a RAW table, derived from the resource contract."""
    key = ("tenant_id", "id")
    name = f"raw.{resource.table}"
    parent = (resource.parent_key,) if resource.parent_key else ()
    columns = ("tenant_id", *parent, *(column.name for column in resource.columns), *SYSTEM_COLUMNS)
    checks = [*_schema_checks(columns), *_key_checks(key, tenant_id), *_volume_checks(name, history)]
    checks.append(_fact_at_most("duplicates", 0, label="tenant_id, id"))
    checks.append(_fact_at_most("empty_despite_ledger", 0, label="(row count)"))
    if resource.cursor_column:
        checks.append(_not_null(resource.cursor_column, Severity.WARNING))
        checks += _freshness_checks(name, resource.cursor_column, history)
    for (owner, column), values in _VALUE_SETS.items():
        if owner == resource.name:
            checks.append(_in_set(column, values, Severity.WARNING))
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


def mart_suite(table: str, tenant_id: str, history: History) -> Suite:
    """Return the suite of a mart.

    Raises:
        ValueError: no suite is written for this mart, so nothing would gate it.
    """
    promise = _MARTS.get(table)
    if promise is None:
        raise ValueError(f"analytics.{table} has no suite: add it to mercurios.quality.suites")
    name = f"analytics.{table}"
    key = declared()[table].grain
    promised = promise.checks()
    read = [column for check in promised for column in check.columns]
    wanted = dict.fromkeys([*key, *read, *(reference.column for reference in promise.references)])
    checks = [
        _columns_present(list(wanted)),
        *_key_checks(key, tenant_id),
        *(_volume_checks(name, history) if promise.is_kept_full else []),
        *promised,
        *(_fact_at_most(reference.fact, 0, label=reference.column) for reference in promise.references),
    ]
    return Suite("analytics", table, key, tuple(checks), references=promise.references)


@dataclass(frozen=True)
class _Promise:
    """What readers rely on in one mart, besides the grain that its YAML declares.

    Attributes:
        is_kept_full: whether fewer rows than before are a bad sign.
    """

    checks: Callable[[], list[Check]]
    references: tuple[Reference, ...] = ()
    is_kept_full: bool = True


_TO_ARTICLE = Reference("article_number", "dim_article", "article_number")
_TO_BRANCH = Reference("branch_number", "dim_branch", "branch_number")
_PARTS = ("part_level", "part_trend", "part_season", "part_holiday", "part_regressor")
_QUANTILES = ("quantile_50", "quantile_80", "quantile_95")
# What inventory_issue may name. Stock and orders are reckoned in spite of each, so none stops a run.
ISSUES = (
    "article without master",
    "negative stock",
    "no forecast",
    "no lead time",
    "no margin",
    "no purchase price",
    "no sizes",
    "no supplier",
    "overdue order",
    "unexplained stock",
    "unknown size",
    "unknown supplier",
)

_MARTS: dict[str, _Promise] = {
    "dim_article": _Promise(lambda: [_not_null("article_name")]),
    "dim_branch": _Promise(lambda: [_not_null("branch_name")]),
    "dim_date": _Promise(lambda: [_not_null("week_start"), _at_least("iso_week", 1, 53)]),
    "fct_sales": _Promise(
        lambda: [_not_null("revenue"), _not_null("units"), _not_null("sold_on")],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
    "fct_demand_weekly": _Promise(
        lambda: [
            _not_null("units"),
            _not_null("is_stock_out"),
            _not_null("gross_units"),
            _at_least("gross_units", 0),
            _at_least("returned_units", 0),
        ],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
    "inventory_position": _Promise(
        lambda: [
            _not_null("on_hand"),
            _at_least("average_weekly_units", 0),
            _at_least("days_of_supply", 0),
            _at_least("on_hand", 0, severity=Severity.WARNING),
            _at_least("on_order", 0, severity=Severity.WARNING),
        ],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
    "inventory_issue": _Promise(
        lambda: [_in_set("issue", ISSUES, Severity.WARNING), *(_absent("issue", issue) for issue in ISSUES)],
        (_TO_ARTICLE,),
        is_kept_full=False,
    ),
    "forecast_accuracy": _Promise(
        lambda: [
            _in_set("kind", ("backtest", "live")),
            *(_at_least(column, 0) for column in ("actual", "wape", "wape_mean_13w", "ratio", "mase")),
            *(_at_least(f"coverage_{percent}", 0, 1) for percent in (50, 80, 95)),
        ],
    ),
    "forecast_protection": _Promise(
        lambda: [_at_least("periods", 1, 53), *_amounts()],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
    "forecast_weekly": _Promise(
        lambda: [
            _not_null("method"),
            _at_least("horizon", 1, 53),
            *(_not_null(column) for column in _PARTS),
            *_amounts(),
        ],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
}


def _amounts() -> list[Check]:
    """Mean and quantiles that are never negative, never NaN and never cross."""
    return [
        # A NaN is null in a frame, so both checks are needed.
        *(_not_null(column) for column in ("mean", *_QUANTILES)),
        *(_at_least(column, 0) for column in ("mean", *_QUANTILES)),
        *(_ordered(low, high) for low, high in pairwise(_QUANTILES)),
    ]


def _schema_checks(columns: Sequence[str]) -> list[Check]:
    # A column the contract has dropped stays in an old table; that is worth a line, not a stop.
    extra = {"column_set": list(columns), "exact_match": True}
    return [
        _columns_present(columns),
        Check("ExpectTableColumnsToMatchSet", extra, Severity.WARNING, "columns"),
    ]


def _columns_present(columns: Sequence[str]) -> Check:
    arguments = {"column_set": list(columns), "exact_match": False}
    return Check("ExpectTableColumnsToMatchSet", arguments, source="columns")


def _key_checks(key: Sequence[str], tenant_id: str) -> list[Check]:
    return [
        *(_not_null(column) for column in key),
        Check("ExpectCompoundColumnsToBeUnique", {"column_list": list(key)}),
        _in_set("tenant_id", (tenant_id,)),
    ]


def _volume_checks(name: str, history: History) -> list[Check]:
    checks = []
    rows = history.get(name, "rows")
    if rows and rows.latest >= SHRINK_FROM_ROWS:
        checks.append(_fact_at_least("rows", rows.latest * SHRINK_SHARE, label="(row count)"))
    elif rows and rows.latest:
        checks.append(_fact_at_least("rows", 1, Severity.WARNING, label="(row count)"))
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


def _freshness_checks(name: str, cursor: str, history: History) -> list[Check]:
    hours = history.get(name, "freshness_hours")
    if hours is None or hours.runs < USUAL_AFTER_RUNS:
        return []
    bound = max(FRESHNESS_FROM_HOURS, hours.highest * FRESHNESS_FACTOR)
    return [_fact_at_most("freshness_hours", bound, Severity.WARNING, label=cursor)]


def _fact_at_most(
    fact: str, bound: float, severity: Severity = Severity.CRITICAL, *, label: str | None = None
) -> Check:
    return Check(
        "ExpectColumnValuesToBeBetween", {"column": fact, "max_value": bound}, severity, "facts", label
    )


def _fact_at_least(
    fact: str, bound: float, severity: Severity = Severity.CRITICAL, *, label: str | None = None
) -> Check:
    return Check(
        "ExpectColumnValuesToBeBetween", {"column": fact, "min_value": bound}, severity, "facts", label
    )


def _not_null(column: str, severity: Severity = Severity.CRITICAL) -> Check:
    return Check("ExpectColumnValuesToNotBeNull", {"column": column}, severity)


def _in_set(column: str, values: Sequence[Any], severity: Severity = Severity.CRITICAL) -> Check:
    return Check("ExpectColumnValuesToBeInSet", {"column": column, "value_set": list(values)}, severity)


def _absent(column: str, value: str) -> Check:
    arguments = {"column": column, "value_set": [value]}
    return Check("ExpectColumnValuesToNotBeInSet", arguments, Severity.WARNING, label=value)


def _at_least(
    column: str, low: float, high: float | None = None, severity: Severity = Severity.CRITICAL
) -> Check:
    arguments = {"column": column, "min_value": low} | ({} if high is None else {"max_value": high})
    return Check("ExpectColumnValuesToBeBetween", arguments, severity)


def _ordered(low: str, high: str) -> Check:
    arguments = {"column_A": high, "column_B": low, "or_equal": True}
    return Check("ExpectColumnPairValuesAToBeGreaterThanB", arguments)
