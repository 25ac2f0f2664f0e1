"""How findings travel from a task to its callbacks: as a small XCom, so that no callback opens the warehouse."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mercurios.alerts.findings import Finding

FINDINGS_KEY = "findings"
MOST_FINDINGS = 50

log = logging.getLogger(__name__)


@contextmanager
def reporting(context: Mapping[str, Any], find: Callable[[], Sequence[Finding]]) -> Iterator[None]:
    """Push what a run found when the work inside ends, whether it succeeds or fails.

    A failure in here costs an alert, never the work.

    Args:
        context: the task's context.
        find: reads the findings from the bookkeeping of the run.
    """
    try:
        yield
    finally:
        try:
            findings = find()
            for finding in findings:
                log.warning("found %s in %s: %s", finding.kind.name, finding.table, finding.seen)
            # Nothing found is pushed too: Airflow logs an error when a callback asks for an XCom that is not there.
            reported = [finding.to_dict() for finding in findings[:MOST_FINDINGS]]
            context["ti"].xcom_push(key=FINDINGS_KEY, value=reported)
        except Exception as error:
            log.warning("the findings of this run are not reported: %s: %s", type(error).__name__, error)


def findings_of(context: Mapping[str, Any]) -> list[Finding]:
    """Return what the task of this context pushed; nothing where its operator reports no findings."""
    from mercurios.alerts.findings import Finding

    if not getattr(context["task"], "reports_findings", False):
        return []
    ti = context["ti"]
    reported = ti.xcom_pull(task_ids=ti.task_id, key=FINDINGS_KEY, map_indexes=ti.map_index)
    return [Finding.from_dict(fields) for fields in reported or ()]
