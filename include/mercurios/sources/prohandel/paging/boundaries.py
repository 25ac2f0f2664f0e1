"""The boundaries between pages, where a list that moves while it is read can hide rows.

Pages are cut by position, and several are requested at once, so each shows the list at another moment. A row that
existed throughout is on no page if it stood behind the last row of one page and before the first of the next, each
at the moment of that page. One more small response, a probe, decides it: rows that follow one another in a single
response follow one another in the list. If it shows a row of the one page, then a row of the next, and nothing in
between that neither page has shown, the pages are contiguous: no row was hidden there, in whatever order the responses
came and whatever moved meanwhile.

Behind the last page no other shows where it had to end. As long as it shows other rows than the page before, the
boundary between them does. Where it shows some of them again, rows further up moved it, or the server gave an older
page in its place; then a probe across its end has to show that there is nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from mercurios.sources.rows.records import Record

Key = str | bytes
Row = dict[str, Any]

SMALLEST_PAGE = 3
"""Pages smaller than this have boundaries that no probe can span."""

# Rows on either side of a boundary: so many may appear or vanish further up before it is probed.
_LARGEST_MARGIN = 16
_TRIES = 2
_WIDER = 4


def windows(position: int, page_size: int) -> Iterator[tuple[int, int]]:
    """Yield requests whose responses span a boundary, the smallest first.

    Args:
        position: rows before the boundary.
        page_size: rows of a full page.

    Yields:
        Number and size of a page that begins before the boundary and ends behind it.
    """
    margin = max(1, min(_LARGEST_MARGIN, page_size // 4))
    for _ in range(_TRIES):
        size = 2 * margin
        while not min(margin, position) <= position % size <= size - margin:
            size += 1
        yield position // size + 1, size
        margin *= _WIDER


def is_contiguous(
    window: Sequence[Record | Row],
    before: Mapping[Key, Record | Row],
    after: Mapping[Key, Record | Row],
) -> bool:
    """Return whether a probe proves that no row is hidden between two pages.

    A row that changed may have changed its place too, so the two ends of the proof are rows as the pages showed them.

    Args:
        window: rows of the probe, in order, in the form that the pages' rows have.
        before: rows of the one page by key.
        after: rows of the next by key.
    """
    keys = [row_key(row) for row in window]
    firsts = [place for place, key in enumerate(keys) if before.get(key) == window[place]]
    lasts = [place for place, key in enumerate(keys) if after.get(key) == window[place]]
    return any(
        all(key in before or key in after for key in keys[first : last + 1])
        for first in firsts
        for last in lasts
        if first <= last
    )


def reaches_the_end(
    window: Sequence[Record | Row],
    before: Mapping[Key, Record | Row],
    last: Mapping[Key, Record | Row],
) -> bool:
    """Return whether a probe after which nothing follows proves that no row is hidden behind the last page.

    Args:
        window: rows of the probe, in order, in the form that the pages' rows have.
        before: rows of the page before the last by key.
        last: rows of the last page by key.
    """
    keys = [row_key(row) for row in window]
    shown = [place for place, key in enumerate(keys) if last.get(key) == window[place]]
    return bool(shown) and all(key in before or key in last for key in keys[shown[-1] :])


def row_key(row: Record | Row) -> Key:
    """Return what distinguishes a row from others: its id, or the whole row where it has none."""
    if not isinstance(row, dict):
        return row.id
    key = row.get("id")
    if isinstance(key, str) and key:
        return key
    return orjson.dumps(row, default=str, option=orjson.OPT_SORT_KEYS)
