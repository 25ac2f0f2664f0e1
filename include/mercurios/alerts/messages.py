"""The text of an alert.

Somebody reads it on a phone, without the log: it must say who is affected, what broke, what was lost and what to do
next, and it must not carry a secret out of the house. Everything here is a pure function of what the task knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RUNBOOK = "README.md, section 'When a run fails'"
NOTHING_LOST = (
    "nothing: the previous publication stays visible, and the next run continues from the watermark"
)

_HEADLINE_LIMIT = 400
_SECTION_LIMIT = 2900  # Slack refuses a section of more than 3000 characters
_HEADER_LIMIT = 150
_MASK = "***"

_NAMES = r"[\w.-]*(?:password|passwd|secret|token|api[_-]?key|hash[_-]?key|credential|private[_-]?key)[\w.-]*"
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", rf"\1 {_MASK}"),
        (r"(://)[^/\s@]+@", rf"\1{_MASK}@"),
        (r"(hooks\.slack\.com/services/)\S+", rf"\1{_MASK}"),
        (r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?", _MASK),
        (rf"(['\"]?\b{_NAMES}['\"]?\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,;&)}}\]]+)", rf"\1{_MASK}"),
    )
)

# By exception class name: the alert layer knows no other layer, and a name survives the trip between processes.
_ADVICE = {
    "GateFailed": "Look at the listed rows in the source. When they are right there, correct the suite; when they are"
    " wrong, correct them in ProHandel. Then clear the check task.",
    "TerminalProHandelError": "The API refused the request: check the tenant's connection (key, secret, host) and what"
    " the message says. Trying again will not help before that.",
    "TransientProHandelError": "ProHandel did not answer properly through all retries. The next run picks up where"
    " this one stopped; act only if it fails as well.",
    "WarehouseLockedError": "Another process holds the tenant's warehouse file. End it or wait for it, then clear the"
    " failed task.",
    "AirflowTaskTimeout": "The task ran out of time. Compare its duration with earlier runs before raising the limit.",
}
_DEFAULT_ADVICE = (
    "Read the log, remove the cause, then clear the failed task: every task can run again safely."
)


@dataclass(frozen=True)
class Event:
    """One task instance of one tenant, as far as an alert names it.

    Attributes:
        lost: what the people who read the data lose by this failure.
        runbook: where the steps stand that go beyond the advice in the message.
    """

    tenant_id: str
    tenant_name: str
    owner: str
    dag_id: str
    task_id: str
    run_id: str
    log_url: str
    try_number: int = 1
    map_index: int = -1
    lost: str = NOTHING_LOST
    runbook: str = RUNBOOK

    @property
    def task(self) -> str:
        """The task's id, with the index of a mapped one."""
        return self.task_id if self.map_index < 0 else f"{self.task_id}[{self.map_index}]"


@dataclass(frozen=True)
class Message:
    """What Slack gets: `text` is the notification and the fallback, `blocks` the layout."""

    text: str
    blocks: list[dict[str, Any]]


def failure_message(
    event: Event, error: BaseException | str | None, *, mask: Callable[[str], str] | None = None
) -> Message:
    """Say that a task failed for good.

    Args:
        event: where it happened.
        error: what was raised, or the reason Airflow gives when the process died without an exception.
        mask: further redaction that knows the values of this process's secrets.
    """
    cause = headline(error)
    if mask:
        cause = mask(cause)
    title = f"{event.tenant_name}: {event.dag_id} failed at {event.task}"
    blocks = [
        _header(title),
        _facts(event),
        _section(f"*What broke*\n```{_escape(cause)}```"),
        _section(f"*What is lost*\n{_escape(event.lost)}"),
        _section(f"*What to do*\n{_escape(advice(error))}"),
        _footer(event),
    ]
    return Message(text=_escape(f"{title}: {cause}"), blocks=blocks)


def recovery_message(event: Event, failed_run_id: str) -> Message:
    """Say that a DAG of a tenant works again after a failed run."""
    title = f"{event.tenant_name}: {event.dag_id} works again"
    blocks = [
        _header(title),
        _facts(event),
        _section(
            f"The run before, `{_escape(failed_run_id)}`, had failed. What it missed is in this run's data."
        ),
        _footer(event),
    ]
    return Message(text=_escape(f"{title} (the run before had failed)"), blocks=blocks)


def headline(error: BaseException | str | None) -> str:
    """Return the first line of an error with its type, redacted and of bounded length."""
    if error is None:
        return "the task's process ended without an exception (killed, out of memory, or lost its heartbeat)"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else "no message"
    if isinstance(error, BaseException):
        first = f"{type(error).__name__}: {first}"
    # Redacted before it is cut: a secret cut in half would no longer be recognised.
    return _shorten(redact(first), _HEADLINE_LIMIT)


def advice(error: BaseException | str | None) -> str:
    """Return what to do about an error, by its type or that of the error it was raised from."""
    cause = error if isinstance(error, BaseException) else None
    while cause is not None:
        for kind in type(cause).__mro__:
            if kind.__name__ in _ADVICE:
                return _ADVICE[kind.__name__]
        cause = cause.__cause__
    return _DEFAULT_ADVICE


def redact(text: str) -> str:
    """Mask what looks like a secret: tokens, passwords in URLs, webhook paths, `key=value` pairs with telling names."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": _shorten(text, _HEADER_LIMIT)}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _shorten(text, _SECTION_LIMIT)}}


def _facts(event: Event) -> dict[str, Any]:
    facts = {
        "Tenant": f"{event.tenant_name} ({event.tenant_id})",
        "DAG": event.dag_id,
        "Task": f"{event.task}, try {event.try_number}",
        "Run": event.run_id,
        "Owner": event.owner,
    }
    fields = [{"type": "mrkdwn", "text": f"*{name}*\n{_escape(value)}"} for name, value in facts.items()]
    return {"type": "section", "fields": fields}


def _footer(event: Event) -> dict[str, Any]:
    text = f"<{event.log_url}|Open the log>  Runbook: {_escape(event.runbook)}"
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _escape(text: str) -> str:
    # A code fence inside the text would end ours and let the rest be read as markup.
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("```", "'''")


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
