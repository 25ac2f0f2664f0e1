"""The text of an alert.

It is read on a phone, without the log: it must name who is affected, what broke, what was lost and what to do next, and
it must not contain a secret. Everything here is a pure function of what the task knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from mercurios.alerts.failures import chain, failure_kind
from mercurios.alerts.findings import Finding
from mercurios.alerts.kinds import runbook
from mercurios.alerts.redaction import redact, shorten
from mercurios.tenants.run import Run

_HEADLINE_LIMIT = 400
# Slack refuses a section of more than 3000 characters, and a field of more than 2000.
_SECTION_LIMIT = 2900
_FIELD_LIMIT = 1900
# Of one kind.
_FINDINGS_SHOWN = 6
_HEADER_LIMIT = 150
# How the layers below name a resource or table in a message, in a note or in an address of the landing area.
_RESOURCE = re.compile(r"\bresource[= ](\w+)|\b((?:raw|analytics)\.\w+)")


@dataclass(frozen=True)
class Event:
    """What an alert names of one task instance of one tenant."""

    run: Run
    tenant_name: str
    owner: str
    task_id: str
    log_url: str
    try_number: int = 1
    map_index: int = -1

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
    event: Event,
    error: BaseException | str | None,
    findings: Sequence[Finding] = (),
    *,
    mask: Callable[[str], str] | None = None,
) -> Message:
    """Return the message that a task failed for good.

    Args:
        event: where it happened.
        error: what was raised, or the reason Airflow gives when the process died without an exception.
        findings: what the task found before it failed.
        mask: further redaction that knows the values of this process's secrets.
    """
    cause = headline(error, mask)
    title = f"{event.tenant_name}: {event.run.dag_id} failed at {event.task}"
    kind = failure_kind(error, event.task_id)
    blocks = [
        _header(title),
        _facts(event, {"Resource": resource_of(error), "Request": request_of(error)}),
        _section(f"*What broke*\n```{_escape(cause)}```"),
        _section(f"*What is lost*\n{_escape(kind.loss)}"),
        _section(f"*What to do*\n{_escape(kind.advice)}"),
        *_findings(findings, mask),
        _footer(event, kind.runbook),
    ]
    return Message(text=_escape(f"{title}: {cause}"), blocks=blocks)


def recovery_message(event: Event, failed_run_id: str) -> Message:
    """Return the message that a DAG of a tenant works again after a failed run."""
    title = f"{event.tenant_name}: {event.run.dag_id} works again"
    blocks = [
        _header(title),
        _facts(event),
        _section(
            f"The run before, `{_escape(failed_run_id)}`, had failed. What it missed is in this run's data: nothing "
            "is lost."
        ),
        _footer(event, runbook("README")),
    ]
    return Message(text=_escape(f"{title} (the run before had failed)"), blocks=blocks)


def findings_message(
    event: Event, findings: Sequence[Finding], *, mask: Callable[[str], str] | None = None
) -> Message:
    """Return one message with everything found by a task that went on.

    Args:
        event: where it was found.
        findings: at least one.
        mask: further redaction that knows the values of this process's secrets.
    """
    kinds = ", ".join(dict.fromkeys(finding.kind.words for finding in findings))
    title = f"{event.tenant_name}: {event.run.dag_id} found {kinds} in {event.task}"
    first = redact(f"{findings[0].table}: {findings[0].seen}")
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    tables = ", ".join(dict.fromkeys(finding.table for finding in findings))
    blocks = [
        _header(title),
        _facts(event, {"Resource": tables}),
        *_findings(findings, mask),
        _footer(event, runbook("README")),
    ]
    text = shorten(f"{title}: {mask(first) if mask else first}", _HEADLINE_LIMIT)
    return Message(text=_escape(text + more), blocks=blocks)


def resource_of(error: BaseException | str | None) -> str | None:
    """Return the resource or table that an error or one of its notes names."""
    for cause in chain(error):
        for text in (*getattr(cause, "__notes__", ()), str(cause)):
            if found := _RESOURCE.search(text):
                return found.group(1) or found.group(2)
    return None


def request_of(error: BaseException | str | None) -> str | None:
    """Return the parameters of the API request that failed, enough to repeat it."""
    for cause in chain(error):
        context: Any = getattr(cause, "context", None)
        if getattr(context, "path", None):
            parts = {
                "path": context.path,
                "page": context.page,
                "page size": context.page_size,
                "correlation id": context.correlation_id,
            }
            return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)
    return None


def headline(error: BaseException | str | None, mask: Callable[[str], str] | None = None) -> str:
    """Return the first line of an error with its type, redacted and of bounded length.

    Args:
        error: what was raised, or the reason Airflow gives.
        mask: further redaction that knows the values of this process's secrets.
    """
    if error is None:
        return "the task's process ended without an exception (killed, out of memory, or lost its heartbeat)"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else "no message"
    if isinstance(error, BaseException):
        first = f"{type(error).__name__}: {first}"
    first = redact(first)
    # Masked before it is cut: a secret cut in half would no longer be recognised.
    return shorten(mask(first) if mask else first, _HEADLINE_LIMIT)


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": shorten(text, _HEADER_LIMIT)}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": shorten(text, _SECTION_LIMIT)}}


def _facts(event: Event, more: dict[str, str | None] | None = None) -> dict[str, Any]:
    facts = {
        "Tenant": f"{event.tenant_name} ({event.run.tenant_id})",
        "DAG": event.run.dag_id,
        "Task": f"{event.task}, try {event.try_number}",
        "Run": event.run.run_id,
        "Owner": event.owner,
        **{name: redact(value) for name, value in (more or {}).items() if value},
    }
    fields = [
        {"type": "mrkdwn", "text": shorten(f"*{name}*\n{_escape(value)}", _FIELD_LIMIT)}
        for name, value in facts.items()
    ]
    return {"type": "section", "fields": fields}


def _findings(findings: Sequence[Finding], mask: Callable[[str], str] | None) -> list[dict[str, Any]]:
    """Return one section per kind of finding, of bounded length whatever was found."""
    sections = []
    by_kind = attrgetter("kind.name")
    for _, group in groupby(sorted(findings, key=by_kind), key=by_kind):
        members = list(group)
        lines = [f"- {finding.table}: {finding.seen}" for finding in members[:_FINDINGS_SHOWN]]
        if len(members) > _FINDINGS_SHOWN:
            lines.append(f"- and {len(members) - _FINDINGS_SHOWN} more")
        # Redacted line by line, so that a pattern that matches to the end of a line removes nothing of the next.
        seen = "\n".join(redact(line) for line in lines)
        lost = "; ".join(dict.fromkeys(finding.lost for finding in members[:_FINDINGS_SHOWN]))
        text = (
            f"*Found: {members[0].kind.words}*\n{_escape(mask(seen) if mask else seen)}\n"
            f"*What is lost*\n{_escape(lost)}\n*What to do*\n{_escape(members[0].kind.runbook)}"
        )
        sections.append(_section(text))
    return sections


def _footer(event: Event, page: str) -> dict[str, Any]:
    log = f"<{event.log_url}|Open the log>  " if event.log_url else ""
    text = f"{log}Runbook: {_escape(page)}"
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _escape(text: str) -> str:
    # A code fence inside the text would end ours, and Slack would read the rest as markup.
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("```", "'''")
