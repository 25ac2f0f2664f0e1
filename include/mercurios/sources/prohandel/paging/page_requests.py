"""Requests for pages of one list: a page, or a probe of a few rows at a boundary between pages."""

from __future__ import annotations

import threading

from mercurios.sources.prohandel.http.errors import EmptyPageError, RequestContext, TransientProHandelError
from mercurios.sources.prohandel.http.session import Session
from mercurios.sources.prohandel.paging.page import Page, end_of, ends_on, page_of, repeats
from mercurios.sources.rows.records import Records


class PageRequests:
    """Requests pages of one list, each with its tries.

    Args:
        session: sends the requests.
        path: the list, below `/api/v2/`.
        page_size: rows a page.
        ended: set when the list is no longer read; then nothing is tried again.
        records: decodes pages whose rows are what their contract says.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        page_size: int,
        ended: threading.Event,
        records: Records | None = None,
    ) -> None:
        self._session = session
        self._path = path
        self._page_size = page_size
        self._ended = ended
        self._records = records

    def page(self, number: int, previous: Page | None = None) -> Page:
        """Request a page; `previous` is the page whose rows it may not repeat."""
        context = RequestContext(self._path, number, self._page_size)
        return self._tried(context, self._records, previous)

    def probe(self, number: int, rows: int) -> Page | None:
        """Request a few rows; None where these have moved away although the list continues behind them."""
        return self._probe(RequestContext(self._path, number, rows), self._records)

    def end_moved(self, page: Page) -> bool:
        """Return whether the position where a page ended now holds a row that was not on that page."""
        end = self._probe(self._end_of(page))
        return end is None or not ends_on(end, page)

    def _probe(self, context: RequestContext, records: Records | None = None) -> Page | None:
        try:
            return self._tried(context, records)
        except EmptyPageError:
            return None

    def _tried(
        self, context: RequestContext, records: Records | None = None, previous: Page | None = None
    ) -> Page:
        return self._session.retrying(context, self._ended)(self._once, context, records, previous)

    def _once(
        self, context: RequestContext, records: Records | None = None, previous: Page | None = None
    ) -> Page:
        page = page_of(self._session.get(context, self._ended), context, records)
        # A list into which a whole page of rows was inserted shows them again rightly; then its end has moved.
        if (
            previous is not None
            and repeats(page, previous)
            and ends_on(self._once(self._end_of(previous)), previous)
        ):
            raise TransientProHandelError(f"the page repeats page {previous.number}", page.context)
        return page

    def _end_of(self, page: Page) -> RequestContext:
        return end_of(self._path, page, self._page_size)
