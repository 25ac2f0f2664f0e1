"""The record of an alert: what it said, kept where the command line finds it.

Slack may be down or not configured. Then the record is all that is left of an alert besides the log of one task.
"""

from __future__ import annotations

import html
import re
from datetime import datetime
from enum import StrEnum

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from mercurios.alerts.messages import Event, Message

_FENCE = re.compile(r"```")
_BOLD = re.compile(r"^\*([^*\n]+)\*$", re.MULTILINE)
_LINK = re.compile(r"<([^|>\s]+)\|([^>]+)>")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class Occasion(StrEnum):
    """What an alert is about."""

    FAILURE = "failure"
    FINDINGS = "findings"
    RECOVERY = "recovery"


class AlertRecord(BaseModel):
    """One alert.

    Attributes:
        reported_at: when, UTC.
        text: the message as plain text, secrets masked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Occasion
    # Records of version 0.1.0 and before say `told_at`.
    reported_at: datetime = Field(validation_alias=AliasChoices("reported_at", "told_at"))
    tenant_id: str
    dag_id: str
    task: str
    run_id: str
    text: str

    @property
    def path(self) -> str:
        """Its path in the landing area; names sort by time."""
        name = f"{self.reported_at:%Y%m%dT%H%M%S.%f}-{self.dag_id}-{self.task}.json"
        return f"{folder(self.tenant_id)}/{_UNSAFE.sub('_', name)}"


def folder(tenant_id: str) -> str:
    """Return the folder of a tenant's records, relative to the landing area."""
    return f"tenant={tenant_id}/alerts"


def record(kind: Occasion, event: Event, message: Message, reported_at: datetime) -> AlertRecord:
    """Return the record of a message."""
    return AlertRecord(
        kind=kind,
        reported_at=reported_at,
        tenant_id=event.run.tenant_id,
        dag_id=event.run.dag_id,
        task=event.task,
        run_id=event.run.run_id,
        text=plain_text(message),
    )


def plain_text(message: Message) -> str:
    """Return what Slack would show, without its markup."""
    lines = []
    for block in message.blocks:
        if "fields" in block:
            lines += [": ".join(_plain(field["text"]).split("\n", 1)) for field in block["fields"]]
        for element in block.get("elements", [block.get("text")]):
            if element:
                lines.append(_plain(element["text"]))
    return "\n".join(lines)


def _plain(text: str) -> str:
    return html.unescape(_LINK.sub(r"\2: \1", _BOLD.sub(r"\1", _FENCE.sub("", text))))
