"""Which kind of alert a failure is."""

from __future__ import annotations

from collections.abc import Iterator

from mercurios.alerts.kinds import CREDENTIALS_REFUSED, FAILURES, REQUEST_REFUSED, TASK_FAILED, FailureKind

_BY_ERROR = {error: kind for kind in FAILURES for error in kind.errors}
_BY_TASK = {task: kind for kind in FAILURES for task in kind.tasks}


def failure_kind(error: BaseException | str | None, task_id: str = "") -> FailureKind:
    """Return the kind of a failure, by the type of its error or of those it was raised from.

    Args:
        error: what was raised, or a reason in words.
        task_id: the task, which decides where the error alone does not.
    """
    for cause in chain(error):
        for parent in type(cause).__mro__:
            found = _BY_ERROR.get(parent.__name__)
            if found is not None:
                about_access = found is REQUEST_REFUSED and getattr(cause, "is_about_access", False)
                return CREDENTIALS_REFUSED if about_access else found
    return _BY_TASK.get(task_id.partition(".")[0], TASK_FAILED)


def chain(error: BaseException | str | None) -> Iterator[BaseException]:
    """Yield an error and those it was raised from."""
    cause = error if isinstance(error, BaseException) else None
    while cause is not None:
        yield cause
        cause = cause.__cause__
