"""Which runbook page belongs to which failure, what to do first, and what the failure costs.

Keyed by the names of exception classes: the alert layer knows no other layer, and a name survives the trip between
processes. The pages are `docs/runbooks/<page>.md`; a test holds both sides together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

NOTHING_LOST = (
    "nothing: the previous publication stays visible, and the next run continues from the watermark"
)
_NOT_LOADED = "nothing: no part of it was loaded, and the previous publication stays visible"
_REFUSED = (401, 403)


@dataclass(frozen=True)
class Guide:
    """What an alert says beyond the error itself.

    Attributes:
        page: name of the runbook page.
        advice: the first step, for somebody without the page at hand.
        lost: what the people who read the data lose.
    """

    page: str
    advice: str
    lost: str = NOTHING_LOST

    @property
    def runbook(self) -> str:
        """Where the page stands in the repository."""
        return runbook(self.page)


def runbook(page: str) -> str:
    """Return the path of a runbook page."""
    return f"docs/runbooks/{page}.md"


_ACCESS = Guide(
    "credentials-refused",
    "Correct the tenant's ProHandel connection as the message says, press Test, then clear begin with its downstream "
    "tasks. Trying again will not help before that.",
    "nothing: nothing was read, and the next run that gets in reads everything since the watermark",
)
_REQUEST = Guide(
    "request-refused",
    "The API refused this one request. Compare path and mode with the tenant's file, and ask ProHandel with the "
    "correlation id. Trying again will not help before that.",
)
_MODEL = Guide(
    "model-failed",
    "Read dbt's own message at the end of the log, correct model or data, then clear this task.",
    "nothing: RAW holds what was loaded, and the previous publication stays visible",
)
_DEFAULT = Guide(
    "task-failed",
    "Read the log, remove the cause, then clear the failed task: every task can run again safely.",
)

# By class name; a subclass is found by its parent's.
ERRORS = {
    "AirflowNotFoundException": _ACCESS,
    "ConnectionIncompleteError": _ACCESS,
    "TransientProHandelError": Guide(
        "api-down",
        "ProHandel did not answer properly through all retries. The next run picks up where this one stopped; act "
        "only if it fails as well.",
        "nothing: what was read in part does not count, and the next run reads everything since the watermark",
    ),
    "TerminalProHandelError": _REQUEST,
    "LandingError": Guide(
        "landing-not-writable",
        "Free or correct the landing area that the message names, then clear the failed task.",
        "nothing: without a manifest, which is written last, half-written files do not exist for the loader",
    ),
    "FencedError": Guide(
        "stale-attempt",
        "Clear the run's extract tasks with their downstream tasks: they land again under the newest start.",
        _NOT_LOADED,
    ),
    "TenantGuardError": Guide(
        "foreign-rows",
        "Compare the ProHandel connection in the tenant's file with the retailer's key before anything else runs.",
        _NOT_LOADED,
    ),
    "WarehouseLockedError": Guide(
        "warehouse-locked",
        "Another process holds the tenant's warehouse file. End it or wait for it, then clear the failed task.",
        "nothing: the task had not begun to write",
    ),
    "GateFailed": Guide(
        "gate-failed",
        "Look at the listed rows in the source. When they are right there, correct the suite; when they are wrong, "
        "correct them in ProHandel. Then clear the check task.",
        "nothing: readers keep the last good publication, marked as stale, and RAW holds what was loaded",
    ),
    "CosmosDbtRunError": _MODEL,
    "AirflowTaskTimeout": Guide(
        "task-failed",
        "The task ran out of time. Compare its duration with earlier runs before raising the limit.",
    ),
}

# dbt's failures reach Airflow under several names, all of them from tasks of one group.
TASKS = {"model": _MODEL}


def guide(error: BaseException | str | None, task_id: str = "") -> Guide:
    """Return what to say about an error, by its type or that of the error it was raised from.

    Args:
        error: what was raised, or a reason in words.
        task_id: the task, which decides where the error alone does not.
    """
    for cause in chain(error):
        for kind in type(cause).__mro__:
            found = ERRORS.get(kind.__name__)
            if found is not None:
                return _ACCESS if found is _REQUEST and _about_access(cause) else found
    return TASKS.get(task_id.partition(".")[0], _DEFAULT)


def chain(error: BaseException | str | None) -> Iterator[BaseException]:
    """Yield an error and those it was raised from."""
    cause = error if isinstance(error, BaseException) else None
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _about_access(error: BaseException) -> bool:
    path = getattr(getattr(error, "context", None), "path", None)
    return path == "token" or getattr(error, "status", None) in _REFUSED


def pages() -> set[str]:
    """Return the pages that failures lead to."""
    return {found.page for found in (*ERRORS.values(), *TASKS.values(), _ACCESS, _DEFAULT)}
