"""Findings: what people should know about a run that went on.

A finding stops nothing, so the state of a task does not show it. It is read from the bookkeeping of one run, never kept
in memory: whatever a retry repeats, the finding is still there and is reported once per run and task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mercurios.alerts.kinds import FindingKind, finding_kind
from mercurios.alerts.redaction import redact, shorten

SEEN_LIMIT = 300


@dataclass(frozen=True)
class Finding:
    """One thing a run found, in words for people; it holds no value of a row.

    Attributes:
        kind: what kind of news.
        table: the resource or table it is about.
        seen: what was seen.
        lost: what is lost by it, and why not more.
    """

    kind: FindingKind
    table: str
    seen: str
    lost: str

    @classmethod
    def of_row(cls, kind: FindingKind, row: Mapping[str, Any]) -> Finding:
        """Return the finding that a row of the kind's query describes."""
        return cls(kind, row.get(kind.table, kind.table), kind.text(row), kind.loss_of(row))

    def to_dict(self) -> dict[str, str]:
        """Return the finding as another process can read it."""
        seen = shorten(redact(self.seen), SEEN_LIMIT)
        return {"kind": self.kind.name, "table": self.table, "seen": seen, "lost": self.lost}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Finding:
        """Return the finding that another process wrote."""
        return cls(finding_kind(fields["kind"]), fields["table"], fields["seen"], fields["lost"])
