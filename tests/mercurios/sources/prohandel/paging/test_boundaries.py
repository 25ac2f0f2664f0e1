"""What a probe across a boundary proves: between contiguous pages no row that existed throughout is hidden."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mercurios.sources.prohandel.paging.boundaries import is_contiguous, reaches_the_end, row_key, windows


@given(page_size=st.integers(3, 1000), number=st.integers(1, 5000))
@example(page_size=16, number=750)
@example(page_size=52, number=1)
def test_a_window_begins_before_the_boundary_and_ends_behind_it(page_size: int, number: int) -> None:
    position = number * page_size

    spans = [((page - 1) * size, page * size) for page, size in windows(position, page_size)]

    assert spans
    assert all(begin < position < end for begin, end in spans)
    # Where pages are short, no number and size of a page may fit that is not some rows longer.
    assert spans[0][1] - spans[0][0] <= (page_size if page_size > 60 else page_size + 8)


@pytest.mark.parametrize(
    ("position", "page_size", "expected"),
    [
        # A row on either side; then four.
        (3, 3, [(2, 2), (1, 8)]),
        (4, 4, [(2, 3), (1, 8)]),
        # A quarter of the page on either side; then four times as many, or all there are.
        (8, 8, [(2, 5), (1, 16)]),
        # Sixteen rows on either side; then 64.
        (1000, 1000, [(25, 41), (8, 133)]),
        (64, 64, [(2, 40), (1, 128)]),
    ],
)
def test_a_boundary_is_probed_by_few_rows_and_once_more_by_four_times_as_many(
    position: int, page_size: int, expected: list[tuple[int, int]]
) -> None:
    assert list(windows(position, page_size)) == expected


def test_a_row_without_a_key_is_distinguished_by_all_it_holds() -> None:
    assert row_key({"id": "a", "n": 1}) == row_key({"id": "a", "n": 2}) == "a"
    assert row_key({"n": 1, "id": None}) == row_key({"id": None, "n": 1})
    assert row_key({"id": "", "n": 1}) != row_key({"id": "", "n": 2})
    assert row_key({"id": 7}) != row_key({"id": "7"})


def test_a_window_costs_a_small_part_of_a_page_of_usual_size() -> None:
    sizes = [next(windows(number * 1000, 1000))[1] for number in range(1, 2000)]

    assert max(sizes) <= 60


@pytest.mark.parametrize(
    ("window", "contiguous"),
    [
        ("cd", True),
        ("bcde", True),
        # X is on neither page.
        ("cXd", False),
        # What is further up is the matter of another boundary.
        ("Xcd", True),
        ("ab", False),
        ("ef", False),
        ("dc", False),
        ("", False),
        ("XY", False),
    ],
)
def test_only_neighbours_of_both_pages_make_them_contiguous(window: str, contiguous: bool) -> None:
    assert is_contiguous(rows(window), page("abc"), page("def")) is contiguous


@pytest.mark.parametrize(
    ("window", "ends"),
    [
        ("de", True),
        ("cde", True),
        # What is further up is the matter of another boundary.
        ("Xde", True),
        # The row behind it was deleted.
        ("d", True),
        # X is on neither page.
        ("deX", False),
        # X came before a row of the page after it was cut.
        ("dXe", True),
        ("abc", True),
        # No row of the last page.
        ("ab", False),
        ("", False),
    ],
)
def test_only_rows_of_the_last_page_and_nothing_new_behind_them_are_the_end(window: str, ends: bool) -> None:
    assert reaches_the_end(rows(window), page("abc"), page("cde")) is ends


def test_a_row_on_both_pages_makes_them_contiguous() -> None:
    assert is_contiguous(rows("c"), page("bc"), page("cd"))


def test_a_row_that_changed_and_so_may_have_moved_proves_nothing() -> None:
    moved = {"id": "a", "lastChange": "now"}

    assert not is_contiguous([*rows("cX"), moved, *rows("d")], page("abc"), page("def"))
    assert is_contiguous([*rows("c"), moved, *rows("d")], page("abc"), page("def"))


def rows(ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"id": key} for key in ids]


def page(ids: Iterable[str]) -> dict[str | bytes, dict[str, str]]:
    return {row["id"]: row for row in rows(ids)}


@given(seed=st.randoms(use_true_random=False), page_size=st.integers(3, 9), steps=st.integers(0, 12))
def test_no_order_of_responses_makes_pages_contiguous_that_hide_a_row(
    seed: random.Random, page_size: int, steps: int
) -> None:
    active = list(range(0, 4000, 100))
    throughout = set(active)
    position = page_size * seed.randint(1, 3)
    number, size = seed.choice(list(windows(position, page_size)))
    cuts = {
        "before": slice(position - page_size, position),
        "after": slice(position, position + page_size),
        "window": slice((number - 1) * size, number * size),
    }
    responses: dict[str, list[int]] = {}

    for name in seed.sample(sorted(cuts), len(cuts)):
        for _ in range(seed.randint(0, steps)):
            move(active, throughout, seed)
        responses[name] = active[cuts[name]]

    before, after = (responses[name] for name in ("before", "after"))
    if is_contiguous(rows(map(str, responses["window"])), page(map(str, before)), page(map(str, after))):
        assert before
        assert after
        hidden = [key for key in throughout if max(before) < key < min(after)]
        assert hidden == []


def move(active: list[int], throughout: set[int], seed: random.Random) -> None:
    """Let a row vanish, or a new one appear between two others."""
    if seed.random() < 0.5 and len(active) > 5:
        throughout.discard(active.pop(seed.randrange(min(len(active), 12))))
    else:
        place = seed.randrange(min(len(active) - 1, 12))
        between = (active[place] + active[place + 1]) // 2
        if between not in active:
            active.insert(place + 1, between)
