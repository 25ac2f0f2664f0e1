"""Checks of the boundaries between pages: small requests that prove that no row is hidden there.

What a response proves is decided in `boundaries`; here is what to request until one proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mercurios.sources.prohandel.paging.boundaries import SMALLEST_PAGE, windows
from mercurios.sources.prohandel.paging.page import Page, are_contiguous, is_end
from mercurios.sources.prohandel.paging.page_requests import PageRequests

Check = Callable[[PageRequests, Page, Page], bool]
"""Returns whether rows may be hidden at the end of one of two pages that follow one another."""


def checks_between(before: Page, page: Page) -> Iterator[tuple[int, Check]]:
    """Yield the numbers of the pages behind whose ends rows may be hidden, each with the check of that end."""
    yield before.number, may_hide_rows
    if not page.more and not page.by_key.keys().isdisjoint(before.by_key):
        yield page.number, may_end_too_early


def may_hide_rows(requests: PageRequests, before: Page, after: Page) -> bool:
    """Return whether a row may be hidden between two pages: no probe across their boundary shows the contrary."""
    # A short page comes from a server that leaves rows out of a page, or that has made its pages smaller.
    sizes = dict.fromkeys((before.full, len(before)))
    if min(sizes) < SMALLEST_PAGE:
        return requests.end_moved(before)
    for size in sizes:
        for number, rows in windows(before.number * size, size):
            span = requests.probe(number, rows)
            if span is not None and are_contiguous(span, before, after):
                return False
    return True


def may_end_too_early(requests: PageRequests, before: Page, last: Page) -> bool:
    """Return whether the list may continue behind its last page: no probe across its end shows the contrary."""
    for size in dict.fromkeys((last.full, len(before))):
        for number, rows in windows((last.number - 1) * size + len(last), size):
            span = requests.probe(number, rows)
            if span is not None and is_end(span, before, last):
                return False
    return True
