"""What is concluded of a list that was scanned once or more."""

from __future__ import annotations

import pytest

from mercurios.sources.prohandel.paging.scans import MAX_SCANS, Scan, Verdict, judge

GOOD, MISSES = Scan(), Scan(misses=True)
SHIFTS, BOTH = Scan(shifts=(3,)), Scan(shifts=(3,), misses=True)


@pytest.mark.parametrize(
    ("scans", "verdict"),
    [
        ([GOOD], Verdict.COMPLETE),
        ([SHIFTS], Verdict.SCAN_AGAIN),
        ([SHIFTS, GOOD], Verdict.COMPLETE),
        ([SHIFTS, SHIFTS], Verdict.SCAN_AGAIN),
        ([SHIFTS, SHIFTS, GOOD], Verdict.COMPLETE),
        ([SHIFTS, SHIFTS, SHIFTS], Verdict.UNSTABLE),
        ([MISSES], Verdict.SCAN_AGAIN),
        ([MISSES, MISSES], Verdict.COMPLETE),
        ([MISSES, GOOD], Verdict.COMPLETE),
        ([MISSES, SHIFTS], Verdict.SCAN_AGAIN),
        ([MISSES, BOTH, MISSES], Verdict.COMPLETE),
        ([MISSES, SHIFTS, SHIFTS], Verdict.UNSTABLE),
        ([BOTH, MISSES], Verdict.SCAN_AGAIN),
        ([BOTH, MISSES, MISSES], Verdict.COMPLETE),
        ([BOTH, BOTH, MISSES], Verdict.DELETIONS_UNCERTAIN),
        ([BOTH, BOTH, GOOD], Verdict.COMPLETE),
    ],
)
def test_deletions_need_two_stable_scans_and_the_watermark_one(scans: list[Scan], verdict: Verdict) -> None:
    assert judge(scans) is verdict


@pytest.mark.parametrize("scan", [GOOD, MISSES, SHIFTS, BOTH])
def test_no_list_is_scanned_for_ever(scan: Scan) -> None:
    assert judge([scan] * MAX_SCANS) is not Verdict.SCAN_AGAIN
