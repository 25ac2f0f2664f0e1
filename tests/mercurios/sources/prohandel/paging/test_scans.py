"""What is believed of a list that was read once or more."""

from __future__ import annotations

import pytest

from mercurios.sources.prohandel.paging.scans import MOST_PASSES, Pass, Verdict, judge

GOOD, MISSES = Pass(), Pass(misses=True)
SLIPS, BOTH = Pass(slips=(3,)), Pass(slips=(3,), misses=True)


@pytest.mark.parametrize(
    ("passes", "verdict"),
    [
        ([GOOD], Verdict.BELIEVED),
        ([SLIPS], Verdict.AGAIN),
        ([SLIPS, GOOD], Verdict.BELIEVED),
        ([SLIPS, SLIPS], Verdict.AGAIN),
        ([SLIPS, SLIPS, GOOD], Verdict.BELIEVED),
        ([SLIPS, SLIPS, SLIPS], Verdict.UNSETTLED),
        ([MISSES], Verdict.AGAIN),
        ([MISSES, MISSES], Verdict.BELIEVED),
        ([MISSES, GOOD], Verdict.BELIEVED),
        ([MISSES, SLIPS], Verdict.AGAIN),
        ([MISSES, BOTH, MISSES], Verdict.BELIEVED),
        ([MISSES, SLIPS, SLIPS], Verdict.UNSETTLED),
        ([BOTH, MISSES], Verdict.AGAIN),
        ([BOTH, MISSES, MISSES], Verdict.BELIEVED),
        ([BOTH, BOTH, MISSES], Verdict.DELETIONS_IN_DOUBT),
        ([BOTH, BOTH, GOOD], Verdict.BELIEVED),
    ],
)
def test_deletions_need_two_settled_passes_and_the_watermark_one(
    passes: list[Pass], verdict: Verdict
) -> None:
    assert judge(passes) is verdict


@pytest.mark.parametrize("each", [GOOD, MISSES, SLIPS, BOTH])
def test_no_list_is_read_for_ever(each: Pass) -> None:
    assert judge([each] * MOST_PASSES) is not Verdict.AGAIN
