"""Bounds that a table's own history sets: from which size and how many runs on, and how wide they are."""

from __future__ import annotations

import pytest

from mercurios.quality.baseline import freshness_checks, volume_checks
from mercurios.quality.checks import Check, History, Severity, Usual

Bounds = tuple[str, Severity, dict[str, float], str | None]


def bounds(checks: list[Check]) -> list[Bounds]:
    """Return what each check demands: fact, severity, bounds and label."""
    return [
        (
            str(each.arguments["column"]),
            each.severity,
            {key: value for key, value in each.arguments.items() if key != "column"},
            each.label,
        )
        for each in checks
    ]


def history(metric: str, **usual: float) -> History:
    known = {"runs": 1, "lowest": 0, "highest": 0, "latest": 0, **usual}
    return History({("raw.sale", metric): Usual(**known)})


@pytest.mark.parametrize(
    ("latest", "expected"),
    [
        (0, []),
        (1, [("rows", Severity.WARNING, {"min_value": 1}, "(row count)")]),
        (19, [("rows", Severity.WARNING, {"min_value": 1}, "(row count)")]),
        (20, [("rows", Severity.CRITICAL, {"min_value": 10}, "(row count)")]),
        (501, [("rows", Severity.CRITICAL, {"min_value": 250.5}, "(row count)")]),
    ],
)
def test_a_table_keeps_half_of_its_rows_from_twenty_rows_on(latest: int, expected: list[Bounds]) -> None:
    assert bounds(volume_checks("raw.sale", history("rows", latest=latest))) == expected


@pytest.mark.parametrize(
    ("usual", "expected"),
    [
        ({"runs": 4, "highest": 500, "lowest": 50, "hours": 48}, None),
        ({"runs": 5, "highest": 99, "lowest": 50, "hours": 23}, {"max_value": 1000}),
        ({"runs": 5, "highest": 101, "lowest": 0, "hours": 48}, {"max_value": 1010}),
        ({"runs": 5, "highest": 101, "lowest": 59, "hours": 24}, {"max_value": 1010, "min_value": 5}),
        ({"runs": 9, "highest": 101, "lowest": 9, "hours": 24}, {"max_value": 1010, "min_value": 1}),
    ],
)
def test_a_run_brings_a_tenth_to_ten_times_what_is_usual(
    usual: dict[str, float], expected: dict[str, float] | None
) -> None:
    """From five runs on; the upper bound is at least 1000, the lower one waits for a whole day and a row a run."""
    wanted = [("run_rows", Severity.WARNING, expected, "(rows of the run)")] if expected else []

    assert bounds(volume_checks("raw.sale", history("run_rows", **usual))) == wanted


def test_a_table_without_a_history_has_no_bounds() -> None:
    other = history("rows", latest=500)

    assert volume_checks("raw.order", other) == []
    assert freshness_checks("raw.sale", "changed_at", other) == []


@pytest.mark.parametrize(
    ("runs", "highest", "bound"), [(4, 20, None), (5, 7.9, 24), (5, 8, 24), (5, 8.5, 25.5), (50, 20, 60)]
)
def test_rows_may_be_three_times_as_old_as_ever_and_always_a_day(
    runs: int, highest: float, bound: float | None
) -> None:
    found = freshness_checks("raw.sale", "changed_at", history("freshness_hours", runs=runs, highest=highest))

    wanted = [("freshness_hours", Severity.WARNING, {"max_value": bound}, "changed_at")] if bound else []
    assert bounds(found) == wanted
