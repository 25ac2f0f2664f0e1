"""Every kind of alert: one table that says, for each, when it is raised, what it says and which page helps.

To add one, add an entry to `FAILURES` or `FINDINGS` and its page, `docs/runbooks/<name>.md`; a finding also needs its
query, `include/sql/<engine or common>/<query>.sql`. Nothing else names the kinds.

Failures are recognised by the names of exception classes: this package imports no other one of `mercurios`, and a name
survives the trip between processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]

NOTHING_LOST = (
    "nothing: the previous publication stays visible, and the next run continues from the watermark"
)
_NOT_LOADED = "nothing: no part of it was loaded, and the previous publication stays visible"


@dataclass(frozen=True, kw_only=True)
class AlertKind:
    """What all alerts have.

    Attributes:
        name: stable name in records and XComs, and the name of the runbook page.
    """

    name: str

    @property
    def runbook(self) -> str:
        """Path of the runbook page in the repository."""
        return runbook(self.name)

    @property
    def words(self) -> str:
        """The name as it reads in a sentence."""
        return self.name.replace("-", " ")


@dataclass(frozen=True, kw_only=True)
class FailureKind(AlertKind):
    """A way a task fails for good.

    Attributes:
        errors: names of the exception classes; a subclass is found by its parent's name.
        tasks: names of task groups whose failures are of this kind where no error is known.
        advice: the first step, for a reader without the page at hand.
        loss: what the people who read the data lose.
    """

    errors: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    advice: str
    loss: str = NOTHING_LOST


class Stage(StrEnum):
    """The step of a run that reads findings when it ends."""

    LOAD = "load"
    GATE = "gate"
    FORECAST = "forecast"


@dataclass(frozen=True, kw_only=True)
class FindingKind(AlertKind):
    """Something a run finds and goes on with.

    Attributes:
        stage: the step that reports it.
        query: name of the SQL file that returns one row for each finding that is new in a run.
        table: column of the query that names the resource or table, or the name itself where it is always the same.
        lists: columns of the query that hold lists.
        text: what was seen, made from a row; never a value of the source's data.
        loss: what is lost by it and why not more; a function of the row where it depends.
    """

    stage: Stage
    query: str
    table: str
    lists: tuple[str, ...] = ()
    text: Callable[[Row], str]
    loss: str | Callable[[Row], str]

    def loss_of(self, row: Row) -> str:
        """Return what is lost by the finding of a row."""
        return self.loss if isinstance(self.loss, str) else self.loss(row)


def runbook(page: str) -> str:
    """Return the path of a runbook page."""
    return f"docs/runbooks/{page}.md"


_DRIFT_LOSSES = {
    "evolve": "its values until the contract declares it: name and type are in column _extra of the RAW table",
    "freeze": "the values of the field, as the tenant's file asks (drift: freeze); known fields are loaded",
    "quarantine": "nothing: rows with the field wait in quarantine",
}
_CHECKS = {
    "expect_column_values_to_be_in_set": "unknown values",
    "expect_column_values_to_not_be_in_set": "in the data behind stock and orders",
    "expect_column_values_to_not_be_null": "missing values",
    "expect_column_values_to_be_between": "out of its usual range",
    "expect_table_columns_to_match_set": "other columns than declared",
    "expect_setting_to_name_something": "names nothing in the data",
}


def _drift_text(row: Row) -> str:
    fields, count = row["fields"], row["field_count"]
    shown = ", ".join(fields) + (f" and {count - len(fields)} more" if count > len(fields) else "")
    return f"field{'s' if count > 1 else ''} {shown} {row['change']} (up to {row['row_count']} rows)"


def _drift_loss(row: Row) -> str:
    """Return what a changed field costs, by the drift policy of its resource."""
    if row["change"] == "vanished" and row["policy"] == "evolve":
        return "the values of the field: rows that change at the source are loaded with it empty from now on"
    if row["change"] == "vanished":
        return "nothing: rows without the field wait in quarantine"
    if row["change"] == "retyped":
        return (
            "nothing: the rows that no longer fit are kept whole in ops.quarantine until the contract follows"
        )
    if row["is_personal"]:
        return "the values of the field: unknown fields of people are never kept; all known fields are loaded"
    return _DRIFT_LOSSES[row["policy"]]


def _anomaly_text(row: Row) -> str:
    where = f"{row['column_name']} " if row["column_name"] else ""
    what = _CHECKS.get(row["expectation"], row["expectation"])
    held = row["last_held_at"]
    since = f"held last on {held:%Y-%m-%d %H:%M} UTC" if held else "never checked before"
    return f"{where}{what}: {row['observed']}; {since}"


def _forecast_text(row: Row) -> str:
    demand_class = row["metric"].removeprefix("live_drift").removeprefix("_")
    return (
        f"{demand_class or 'all'} articles: the error is {row['ratio']:.2f} times that of the 13-week mean, "
        f"usually {row['usual_ratio']:.2f}"
    )


FINDINGS = (
    FindingKind(
        name="drift",
        stage=Stage.LOAD,
        query="findings_drift",
        table="resource",
        lists=("fields",),
        text=_drift_text,
        loss=_drift_loss,
    ),
    FindingKind(
        name="quarantine",
        stage=Stage.LOAD,
        query="findings_quarantine",
        table="resource",
        lists=("reasons",),
        text=lambda row: f"{row['row_count']} new rows set aside: {'; '.join(row['reasons'])}",
        loss="nothing: the rows are kept whole in ops.quarantine; RAW and the marts lack them until they fit",
    ),
    FindingKind(
        name="deletes-held-for-review",
        stage=Stage.LOAD,
        query="findings_held_for_review",
        table="resource",
        text=lambda row: (
            f"a complete read no longer shows {row['held_for_review']} rows, "
            "so many that the response is probably broken"
        ),
        loss="nothing: the rows stay in RAW and the marts until the source shows them or a person accepts",
    ),
    FindingKind(
        name="list-unstable",
        stage=Stage.LOAD,
        query="findings_unstable",
        table="resource",
        text=lambda _: (
            "rows moved from page to page in every scan of the read, so its watermark stays where it was"
        ),
        loss=(
            "nothing: what was read is loaded, no row is marked as deleted, and the next run reads the range again"
        ),
    ),
    FindingKind(
        name="source-clock",
        stage=Stage.LOAD,
        query="findings_clock",
        table="ops.run",
        text=lambda row: (
            f"the source's clock in {row['list_count']} lists is neither near ours nor where the last run saw it"
        ),
        loss=(
            "nothing: the business day, deletes and watermarks follow the clock of the last run and the time since then"
        ),
    ),
    FindingKind(
        name="anomaly",
        stage=Stage.GATE,
        query="findings_anomalies",
        table="suite",
        text=_anomaly_text,
        loss="nothing: the check only warns, and the rows are used as they are",
    ),
    FindingKind(
        name="forecast-drift",
        stage=Stage.FORECAST,
        query="findings_forecast",
        table="analytics.forecast_accuracy",
        text=_forecast_text,
        loss="nothing: the new forecast is published; orders after the old one may be too high or too low",
    ),
)

CREDENTIALS_REFUSED = FailureKind(
    name="credentials-refused",
    errors=("AirflowNotFoundException", "ConnectionIncompleteError", "HashKeyChangedError"),
    advice=(
        "Correct the connection of the tenant's source, or what it may read, as the message says, then clear begin "
        "with its downstream tasks. Trying again will not help before that."
    ),
    loss="nothing: nothing was read, and the next run that gets in reads everything since the watermark",
)
REQUEST_REFUSED = FailureKind(
    name="request-refused",
    errors=("TerminalSourceError",),
    advice=(
        "The source cannot be read as the tenant's file asks. Correct what the message names: the section 'source' of "
        "that file, an export, or the source itself. Trying again will not help before that."
    ),
)
TASK_FAILED = FailureKind(
    name="task-failed",
    advice="Read the log, remove the cause, then clear the failed task: every task can run again safely.",
)
FAILURES = (
    CREDENTIALS_REFUSED,
    FailureKind(
        name="api-down",
        errors=("TransientSourceError",),
        advice=(
            "The source did not answer properly through all retries. The next run picks up where this one stopped; "
            "act only if it fails as well."
        ),
        loss="nothing: what was read in part does not count, and the next run reads everything since the watermark",
    ),
    REQUEST_REFUSED,
    FailureKind(
        name="landing-not-writable",
        errors=("LandingError",),
        advice="Free or correct the landing area that the message names, then clear the failed task.",
        loss="nothing: without a manifest, which is written last, half-written files do not exist for the loader",
    ),
    FailureKind(
        name="stale-attempt",
        errors=("FencedError",),
        advice="Clear the run's extract tasks with their downstream tasks: they land again under the newest start.",
        loss=_NOT_LOADED,
    ),
    FailureKind(
        name="foreign-rows",
        errors=("TenantGuardError",),
        advice=(
            "Compare the section 'source' of the tenant's file, and the connection that it names, with what the "
            "retailer gave before anything else runs."
        ),
        loss=_NOT_LOADED,
    ),
    FailureKind(
        name="warehouse-locked",
        errors=("WarehouseLockedError",),
        advice=(
            "Another process holds the tenant's warehouse file. End it or wait for it, then clear the failed task."
        ),
        loss="nothing: the task had not begun to write",
    ),
    FailureKind(
        name="gate-failed",
        errors=("GateFailed",),
        advice=(
            "Look at the listed rows in the source. When they are right there, correct the suite; when they are "
            "wrong, correct them there. Then clear the check task."
        ),
        loss="nothing: readers keep the last good publication, marked as stale, and RAW holds what was loaded",
    ),
    FailureKind(
        name="model-failed",
        errors=("CosmosDbtRunError",),
        # dbt's failures reach Airflow under several names, all of them from tasks of one group.
        tasks=("model",),
        advice="Read dbt's own message at the end of the log, correct model or data, then clear this task.",
        loss="nothing: RAW holds what was loaded, and the previous publication stays visible",
    ),
    FailureKind(
        name="task-timed-out",
        errors=("AirflowTaskTimeout",),
        advice="The task ran out of time. Compare its duration with earlier runs before raising the limit.",
    ),
    FailureKind(
        name="run-timed-out",
        errors=("RunTimedOutError",),
        advice="The run was ended as a whole. Find the task that took or waited the longest, then start the run again.",
    ),
    TASK_FAILED,
)

KINDS: tuple[AlertKind, ...] = (*FINDINGS, *FAILURES)

_FINDINGS_BY_NAME = {kind.name: kind for kind in FINDINGS}


def finding_kind(name: str) -> FindingKind:
    """Return the kind of finding with a name."""
    return _FINDINGS_BY_NAME[name]
