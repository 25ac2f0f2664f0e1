"""Which probes are requested at a boundary between pages and at the end of the last one."""

from __future__ import annotations

from typing import Any

import pytest

from mercurios.sources.prohandel.paging.boundaries import windows
from mercurios.sources.prohandel.paging.boundary_checks import (
    checks_between,
    may_end_too_early,
    may_hide_rows,
)
from mercurios.sources.prohandel.paging.page import Page


def page(ids: str, number: int, full: int, *, more: bool = True) -> Page:
    return Page(number, b"", None, [{"id": key} for key in ids], more, None, full)


class Probes:
    """Answers probes with pages by their place, and records what was requested."""

    def __init__(self, moved: bool = False, **answers: Page | None) -> None:
        self.moved, self.answers = moved, answers
        self.requested: list[tuple[int, int]] = []
        self.ends: list[Page] = []

    def probe(self, number: int, rows: int) -> Page | None:
        self.requested.append((number, rows))
        return self.answers.get(f"at_{number}_{rows}")

    def end_moved(self, before: Page) -> bool:
        self.ends.append(before)
        return self.moved


def asked(probes: Probes) -> Any:
    return probes


def test_a_boundary_is_probed_where_a_full_page_and_where_a_short_one_would_end() -> None:
    probes = Probes()

    assert may_hide_rows(asked(probes), page("abcd", 2, 5), page("efghi", 3, 5))

    assert probes.requested == [*windows(10, 5), *windows(8, 4)]
    assert probes.ends == []


def test_the_first_probe_that_shows_both_pages_ends_the_search() -> None:
    [(number, rows), *_] = windows(10, 5)
    probes = Probes(**{f"at_{number}_{rows}": page("ef", number, rows)})

    assert not may_hide_rows(asked(probes), page("abcde", 2, 5), page("fghij", 3, 5))

    assert probes.requested == [(number, rows)]


@pytest.mark.parametrize(("ids", "full", "by_end"), [("ab", 2, True), ("ab", 5, True), ("abc", 3, False)])
@pytest.mark.parametrize("moved", [True, False])
def test_a_boundary_of_pages_of_two_rows_is_decided_by_where_the_page_ended(
    ids: str, full: int, by_end: bool, moved: bool
) -> None:
    before, probes = page(ids, 2, full), Probes(moved)

    assert may_hide_rows(asked(probes), before, page("xyz", 3, full)) is (moved if by_end else True)
    assert probes.ends == ([before] if by_end else [])


def test_the_end_of_a_list_is_probed_behind_the_rows_of_its_last_page() -> None:
    """Two pages of five rows and two more end at twelve; where pages have four, at ten."""
    probes = Probes()

    assert may_end_too_early(asked(probes), page("abcd", 2, 4), page("de", 3, 5, more=False))

    assert probes.requested == [*windows(12, 5), *windows(10, 4)]


@pytest.mark.parametrize("more", [True, False])
def test_a_probe_of_the_end_proves_it_only_if_nothing_follows(more: bool) -> None:
    [(number, rows), *_] = windows(12, 5)
    probes = Probes(**{f"at_{number}_{rows}": page("de", number, rows, more=more)})

    found = may_end_too_early(asked(probes), page("abcde", 2, 5), page("de", 3, 5, more=False))

    assert found is more
    assert (probes.requested == [(number, rows)]) is not more


@pytest.mark.parametrize(
    ("ids", "more", "numbers"),
    [("cde", True, [2]), ("def", False, [2]), ("cde", False, [2, 3]), ("", False, [2])],
)
def test_the_end_is_checked_where_the_last_page_shows_rows_again(
    ids: str, more: bool, numbers: list[int]
) -> None:
    checks = list(checks_between(page("abc", 2, 3), page(ids, 3, 3, more=more)))

    assert [number for number, _ in checks] == numbers
    assert [check for _, check in checks] == [may_hide_rows, may_end_too_early][: len(numbers)]
