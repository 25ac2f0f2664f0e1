"""Findings: what people should know about a run that went on.

A finding stops nothing, so nobody would see it in the state of a task. It is read from the bookkeeping for one run,
never kept in memory: whatever a retry repeats, the finding is still there and is told once per run and task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mercurios.alerts.runbooks import runbook

SEEN_LIMIT = 300


class FindingKind(StrEnum):
    """What kind of news; the value is the name of its runbook page."""

    DRIFT = "drift"
    QUARANTINE = "quarantine"
    DELETES_WITHHELD = "deletes-withheld"
    ANOMALY = "anomaly"
    UNSETTLED = "list-unsettled"
    FORECAST_DRIFT = "forecast-drift"


@dataclass(frozen=True)
class Finding:
    """One thing a run found, in words for people; no value of a row stands in it.

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

    @property
    def runbook(self) -> str:
        """Where the steps stand."""
        return runbook(self.kind.value)

    def to_dict(self) -> dict[str, str]:
        """Return the finding as another process can read it."""
        seen = self.seen if len(self.seen) <= SEEN_LIMIT else f"{self.seen[: SEEN_LIMIT - 1]}…"
        return {
            "kind": self.kind.value,
            "table": self.table,
            "seen": seen,
            "lost": self.lost,
            "runbook": self.runbook,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Finding:
        """Return the finding that another process wrote."""
        return cls(FindingKind(fields["kind"]), fields["table"], fields["seen"], fields["lost"])
