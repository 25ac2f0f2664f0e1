"""How often a list is scanned, and what may be concluded from the scans.

Pages are cut by position, so a list that moves while it is read can hide rows. A scan is stable when no row shifted
across the boundary between two pages. Two things are decided from scans, each from other evidence:

* The watermark moves past rows that shifted, so it moves only after a stable scan.
* A row that the warehouse holds is taken for deleted only after two stable scans did not show it: one alone may hold
  a response that lacks rows. That says nothing against the rows that were shown, so the watermark moves even where
  deletions remain uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MAX_SCANS = 3


@dataclass(frozen=True)
class Scan:
    """What one scan of a list showed.

    Attributes:
        shifts: numbers of the pages across whose ends rows may have shifted.
        misses: rows that the warehouse holds were shown neither by this scan nor by one before it.
    """

    shifts: tuple[int, ...] = ()
    misses: bool = False


class Verdict(StrEnum):
    """What follows from the scans so far.

    Attributes:
        SCAN_AGAIN: nothing yet; the list is scanned once more.
        COMPLETE: every row of the list was shown, so what was not shown is deleted.
        DELETIONS_UNCERTAIN: what was shown is all there is to load; nothing is deleted.
        UNSTABLE: rows may have been hidden in every scan.
    """

    SCAN_AGAIN = "scan again"
    COMPLETE = "complete"
    DELETIONS_UNCERTAIN = "deletions uncertain"
    UNSTABLE = "unstable"


def judge(scans: Sequence[Scan]) -> Verdict:
    """Decide after a scan whether the list is scanned again, and what is concluded when it is not."""
    last = scans[-1]
    stable = sum(not scan.shifts for scan in scans)
    may_scan_again = len(scans) < MAX_SCANS
    if last.shifts:
        return Verdict.SCAN_AGAIN if may_scan_again else Verdict.UNSTABLE
    if not last.misses or stable > 1:
        return Verdict.COMPLETE
    return Verdict.SCAN_AGAIN if may_scan_again else Verdict.DELETIONS_UNCERTAIN
