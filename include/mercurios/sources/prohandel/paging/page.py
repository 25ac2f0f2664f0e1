"""A page of a list, and what pages and probes of the boundaries between them say of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from mercurios.sources.prohandel.http.errors import (
    EmptyPageError,
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)
from mercurios.sources.prohandel.http.responses import (
    media_type,
    more_pages,
    page_size,
    raise_for_status,
    source_clock,
    with_correlation,
)
from mercurios.sources.prohandel.http.transport import Response
from mercurios.sources.prohandel.paging.boundaries import Key, Row, is_contiguous, reaches_the_end, row_key
from mercurios.sources.rows.decode import (
    NestedTooDeepError,
    as_doubles,
    decode,
    holds_too_many_values,
    is_strict,
)
from mercurios.sources.rows.records import Record, Records

NOWHERE = RequestContext("")


@dataclass(frozen=True)
class Page:
    """One page as it came, decoded once: into records where its rows are what their contract says, else into objects.

    Attributes:
        number: from 1.
        body: the bytes, for reading again.
        records: its rows, where all of them are what the contract says.
        objects: its rows, where not all of them are, or there is no contract.
        more: whether the API says that more pages follow.
        source_now: the API's clock when it answered, UTC; None where it gives none.
        full: how many rows a full page of the list has.
        context: the request.
    """

    number: int
    body: bytes
    records: Sequence[Record] | None
    objects: list[dict[str, Any]] | None
    more: bool
    source_now: datetime | None
    full: int = 0
    context: RequestContext = NOWHERE

    def __len__(self) -> int:
        return len(self.rows if self.records is None else self.records)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Its rows as objects; floating numbers as float, or as Decimal where only the exact decoder could read."""
        found: list[dict[str, Any]] = decode(self.body) if self.objects is None else self.objects
        return found

    @cached_property
    def comparable(self) -> list[dict[str, Any]]:
        """Its rows as objects in the form that those of any other page have, whichever decoder could read it."""
        return self.rows if is_strict(self.body) else as_doubles(self.rows)

    @cached_property
    def by_key(self) -> dict[Key, Record | Row]:
        """Its rows, as they were decoded, by what distinguishes them."""
        if self.records is not None:
            return {record.id: record for record in self.records}
        return self.rows_by_key

    @cached_property
    def rows_by_key(self) -> dict[Key, Record | Row]:
        """Its rows as objects by what distinguishes them."""
        return {row_key(row): row for row in self.comparable}


def page_of(response: Response, context: RequestContext, decoder: Records | None) -> Page:
    """Read a response as a page.

    Raises:
        ProHandelError: it is an error, no page, has more rows than were asked for, or none although more pages follow.
    """
    context, headers = with_correlation(context, response), response.headers
    raise_for_status(response.status, headers, context)
    if holds_too_many_values(response.content):
        raise TerminalProHandelError("the response has too many values for one page", context)
    records = decoder.decode(response.content) if decoder else None
    page = Page(
        number=context.page or 1,
        body=response.content,
        records=records,
        objects=_objects(response, context) if records is None else None,
        more=more_pages(headers, context),
        source_now=source_clock(headers.get("Date")),
        full=page_size(headers, context.page_size or 0),
        context=context,
    )
    if page.more and not len(page):
        raise EmptyPageError("the page is empty although the API says that more follow", context)
    _refuse_more_rows(page, context)
    return page


def _refuse_more_rows(page: Page, context: RequestContext) -> None:
    if context.page_size is not None and len(page) > context.page_size:
        raise TerminalProHandelError(f"the page has {len(page):,} rows, more than were asked for", context)


def _objects(response: Response, context: RequestContext) -> list[dict[str, Any]]:
    try:
        rows = decode(response.content)
    except NestedTooDeepError as error:
        raise TerminalProHandelError(f"the response is {error}", context) from None
    except ValueError:
        kind = media_type(response.headers)
        raise TransientProHandelError(
            f"the response is not readable JSON (content type {kind})", context
        ) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TransientProHandelError("the response is not a list of objects", context)
    return rows


def repeats(page: Page, before: Page) -> bool:
    """Return whether a page shows the rows of the one before it, in whatever order and version.

    Fewer than all of them are no sign: rows that appear further up move others across the boundary, and these are
    rightly shown on both pages.
    """
    return len(page) > 0 and page.by_key.keys() == before.by_key.keys()


def are_contiguous(span: Page, before: Page, after: Page) -> bool:
    """Return whether a probe across their boundary shows two pages to be contiguous; rows are compared in one form."""
    if span.records is not None and before.records is not None and after.records is not None:
        return is_contiguous(span.records, before.by_key, after.by_key)
    return is_contiguous(span.comparable, before.rows_by_key, after.rows_by_key)


def is_end(span: Page, before: Page, last: Page) -> bool:
    """Return whether a probe across the end of the last page shows that nothing follows; rows in one form."""
    if span.more:
        return False
    if span.records is not None and before.records is not None and last.records is not None:
        return reaches_the_end(span.records, before.by_key, last.by_key)
    return reaches_the_end(span.comparable, before.rows_by_key, last.rows_by_key)


def end_of(path: str, page: Page, page_size: int) -> RequestContext:
    """Return the smallest request whose last row is where a page ended.

    A full page of n rows ends at position n * number. A short one in the middle of a list says that positions are
    no rows, so it can only be requested again.

    Args:
        path: the list.
        page: one of its pages.
        page_size: the page size that was requested.
    """
    if len(page) == page.full:
        return RequestContext(path, page.number * page.full, 1)
    return RequestContext(path, page.number, page_size)


def ends_on(end: Page, before: Page) -> bool:
    """Return whether the position where a page ended still holds a row of that page."""
    return len(end) > 0 and row_key((end.records or end.comparable)[-1]) in before.by_key
