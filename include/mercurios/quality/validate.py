"""Running a suite with Great Expectations, over a frame or where the rows are.

The library takes seconds to import, talks to the network and draws progress bars unless configured otherwise; this
module configures it, imports it late, and turns its results into plain outcomes.
"""

from __future__ import annotations

import json
import math
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from mercurios.quality.checks import Check, Severity, Source, Suite

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 3
_RAISED = re.compile(r"^(?!Traceback)([A-Za-z_][\w.]*)(?::|$)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What one check found.

    Attributes:
        observed: the finding in words.
        failing: rows that break the expectation; None where it is not about rows.
        examples: keys of a few failing rows, none where they may belong to people.
    """

    suite: str
    expectation: str
    column: str | None
    severity: Severity
    success: bool
    observed: str
    failing: int | None = None
    examples: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @property
    def stops(self) -> bool:
        """Whether this outcome fails the gate."""
        return not self.success and self.severity is Severity.CRITICAL

    def __str__(self) -> str:
        where = f" on {self.column}" if self.column else ""
        shown = f", for example {json.dumps(list(self.examples))}" if self.examples else ""
        return f"{self.suite}: {self.expectation}{where}: {self.observed}{shown}"


def validate(suite: Suite, source: Source, frame: pd.DataFrame) -> list[Outcome]:
    """Run those checks of a suite that read one source, in the suite's order.

    Args:
        suite: the suite.
        source: which checks to run.
        frame: what they read: the rows, one row of facts, or no rows and the table's columns.
    """
    checks = [check for check in suite.checks if check.source == source]
    if not checks:
        return []
    name = f"{suite.name}:{source}"
    frames = _context().data_sources.get("frames")
    batch = (
        frames.add_dataframe_asset(name)
        .add_batch_definition_whole_dataframe("all")
        .get_batch({"dataframe": frame})
    )
    try:
        found = _asked(batch, name, checks)
    finally:
        frames.delete_asset(name)
    return [_outcome(suite, check, item, frame) for check, item in zip(checks, found, strict=True)]


def validate_in_session(suite: Suite, url: str, session: Any, query: str) -> list[Outcome | None]:
    """Run the checks of a suite's rows where the rows are.

    Args:
        suite: the suite.
        url: address by which SQLAlchemy chooses the dialect.
        session: an open session of the dialect's driver that binds question marks; it stays open.
        query: selects the rows, under the names of the suite's columns.

    Returns:
        An outcome for each check that holds, in the suite's order; None for the others, about which the rows
        themselves have to say more.
    """
    from sqlalchemy.pool import StaticPool

    checks = [check for check in suite.checks if check.source == "rows"]
    sources, name = _context().data_sources, f"{suite.name}:session"
    # The library would open a session of its own, with other settings and tags.
    lent = {"creator": lambda: _Lent(session), "poolclass": StaticPool, "paramstyle": "qmark"}
    with warnings.catch_warnings():
        # Great Expectations warns that it may have a source of its own for the engine.
        warnings.simplefilter("ignore")
        source = sources.add_sql(name, connection_string=url, kwargs=lent)
    try:
        asset = source.add_query_asset(name, query=query)
        found = _asked(asset.add_batch_definition_whole_table("all").get_batch(), name, checks)
    finally:
        sources.delete(name)
    return [
        _outcome(suite, check, item, None) if item.success else None
        for check, item in zip(checks, found, strict=True)
    ]


class _Lent:
    """A session that whoever is given it cannot end."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def close(self) -> None:
        """Leave the session open."""


def _asked(batch: Any, name: str, checks: Sequence[Check]) -> list[Any]:
    """Return the library's results for checks, in their order."""
    import great_expectations as gx
    import great_expectations.expectations as gxe

    expectations = [
        getattr(gxe, check.expectation)(
            severity=check.severity.value, meta={"position": position}, **check.arguments
        )
        for position, check in enumerate(checks)
    ]
    # Keys of failing rows are not asked for here: the library collects them one by one, a minute for 500,000 rows.
    result = batch.validate(
        gx.ExpectationSuite(name, expectations=expectations),
        result_format={"result_format": "BASIC", "partial_unexpected_count": EXAMPLES},
    )
    found = {item.expectation_config.meta["position"]: item for item in result.results}
    return [found[position] for position in range(len(checks))]


@cache
def _context() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    context.data_sources.add_pandas("frames")
    return context


def _outcome(suite: Suite, check: Check, item: Any, frame: pd.DataFrame | None) -> Outcome:
    details = item.result
    failing = details.get("unexpected_count")
    about_rows = check.source == "rows"
    wanted = about_rows and not item.success and not suite.personal
    return Outcome(
        suite=suite.name,
        expectation=check.name,
        column=check.column,
        severity=check.severity,
        success=bool(item.success),
        observed=_observed(check, item, frame),
        failing=int(failing) if about_rows and failing is not None else None,
        examples=_examples(suite, check, details, frame) if frame is not None and wanted else (),
    )


def _observed(check: Check, item: Any, frame: pd.DataFrame | None) -> str:
    raised = [info for info in _exceptions(item.exception_info) if info.get("raised_exception")]
    if raised:
        # The message of an error may quote a value of a row, its class does not.
        found = _RAISED.search(str(raised[0].get("exception_traceback")))
        return f"not checked: {found[1] if found else 'an error'} in the check itself"
    if frame is None or check.source == "rows":
        return f"{item.result.get('unexpected_count', 0)} of {item.result.get('element_count', 0)} rows"
    if check.source == "columns":
        present, expected = set(frame.columns), set(check.arguments["column_set"])
        missing, extra = sorted(expected - present), sorted(present - expected)
        parts = ([f"missing columns: {', '.join(missing)}"] if missing else []) + (
            [f"further columns: {', '.join(extra)}"] if extra else []
        )
        return "; ".join(parts) or f"{len(present)} columns"
    return _fact_observed(check, frame[check.columns[0]].iloc[0])


def fact_outcome(suite: Suite, check: Check, value: float | None) -> Outcome:
    """Return what a check of a fact's bounds finds, with the words of the library's results and without the library.

    A fact that is not known breaks no bound.
    """
    low, high = (check.arguments.get(key) for key in ("min_value", "max_value"))
    unknown = value is None or math.isnan(value)
    held = unknown or ((low is None or value >= low) and (high is None or value <= high))
    return Outcome(
        suite=suite.name,
        expectation=check.name,
        column=check.column,
        severity=check.severity,
        success=held,
        observed=_fact_observed(check, value),
    )


def _fact_observed(check: Check, value: float | None) -> str:
    bounds = " and ".join(
        f"{word} {check.arguments[key]:g}"
        for key, word in (("min_value", "at least"), ("max_value", "at most"))
        if key in check.arguments
    )
    return f"{check.columns[0]} = {'none' if value is None or math.isnan(value) else f'{value:g}'} ({bounds})"


def _exceptions(info: Any) -> list[Mapping[str, Any]]:
    # One flat record, or one per metric that could not be computed.
    return (
        [info]
        if "raised_exception" in info
        else [entry for entry in info.values() if isinstance(entry, Mapping)]
    )


def _examples(
    suite: Suite, check: Check, details: Mapping[str, Any], frame: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the keys of a few failing rows: what to look up in the source, and no value."""
    columns = list(suite.key)
    if check.expectation == "ExpectColumnValuesToNotBeNull":
        rows = frame.loc[frame[check.columns[0]].isna(), columns]
    elif len(check.columns) == 1:
        values = details.get("partial_unexpected_list", [])[:EXAMPLES]
        rows = frame.loc[frame[check.columns[0]].isin(values), columns]
    elif check.expectation == "ExpectCompoundColumnsToBeUnique":
        repeated = frame.duplicated(subset=list(check.columns), keep=False)
        rows = frame.loc[repeated, columns]
    else:
        pairs = {tuple(pair) for pair in details.get("partial_unexpected_list", [])[:EXAMPLES]}
        found = [pair in pairs for pair in zip(*(frame[name] for name in check.columns), strict=True)]
        rows = frame.loc[found, columns]
    # A warehouse keeps rows in no order; the same rows are to be shown on every engine and at every try.
    shown = rows.sort_values(list(suite.key)).head(EXAMPLES)
    return [{str(name): plain(value) for name, value in row.items()} for row in shown.to_dict("records")]


def plain(value: Any) -> Any:
    """Return a value as JSON knows it, nulls of every kind as None."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool | int | float | str):
        return value
    item = getattr(value, "item", None)
    text = value.isoformat() if hasattr(value, "isoformat") else None
    if text is not None:
        return None if text == "NaT" else text
    return plain(item()) if item else str(value)
