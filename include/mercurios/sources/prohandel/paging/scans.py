"""How often a list is read, and what may be believed of it.

Pages are cut by position, so a list that moves while it is read can hide rows. A pass is settled when no row slipped
across the edge of a page. Two things are decided from passes, and each needs its own evidence:

* The watermark passes a row that slipped, so it moves only after a settled pass.
* A row that the warehouse holds is taken for deleted only after two settled passes went by without showing it: one
  alone may be an answer that lacks rows. That says nothing against the rows that were shown, so the watermark moves
  even where deletions stay in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_PASSES = 3


@dataclass(frozen=True)
class Pass:
    """What one pass over a list showed.

    Attributes:
        slips: numbers of the pages across whose ends rows slipped.
        misses: rows that the warehouse holds were shown neither by this pass nor by one before it.
    """

    slips: tuple[int, ...] = ()
    misses: bool = False


class Verdict(StrEnum):
    """What follows from the passes so far."""

    AGAIN = "again"  # read the list once more
    BELIEVED = "believed"  # everything is decided
    DELETIONS_IN_DOUBT = "deletions in doubt"  # what was shown is all there is to load; nothing is deleted
    UNSETTLED = "unsettled"  # rows may have been hidden in every pass


def judge(passes: Sequence[Pass]) -> Verdict:
    """Decide after a pass whether the list is read again, and what is believed when it is not."""
    last = passes[-1]
    settled = sum(not each.slips for each in passes)
    may_read_again = len(passes) < MOST_PASSES
    if last.slips:
        return Verdict.AGAIN if may_read_again else Verdict.UNSETTLED
    if not last.misses or settled > 1:
        return Verdict.BELIEVED
    return Verdict.AGAIN if may_read_again else Verdict.DELETIONS_IN_DOUBT
