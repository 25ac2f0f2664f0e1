"""One list, read to its end: several pages requested at once, returned in order, their boundaries checked.

Pages are cut by position, so rows that move across the boundary between two pages while the list is read can be on no
page. Where a caller wants to know, each boundary is probed once both of its pages are there, with one small request,
and so is the end of the list where its last page shows rows again (see `boundaries`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from mercurios.sources.prohandel.http.errors import TerminalProHandelError
from mercurios.sources.prohandel.http.session import Session
from mercurios.sources.prohandel.http.settings import ClientSettings
from mercurios.sources.prohandel.paging.boundary_checks import checks_between
from mercurios.sources.prohandel.paging.page import Page, repeats
from mercurios.sources.prohandel.paging.page_requests import PageRequests
from mercurios.sources.rows.records import Records


class ListReader:
    """Reads one list once.

    Args:
        session: sends the requests.
        path: the list, below `/api/v2/`.
        settings: page size, pages in flight and most pages.
        on_shift: called with a page's number when rows may be hidden behind its end; None checks no boundary.
        records: decodes pages whose rows are what their contract says.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        settings: ClientSettings,
        *,
        on_shift: Callable[[int], None] | None = None,
        records: Records | None = None,
    ) -> None:
        # Set when the caller stops: what is still under way then is not tried again.
        self._ended = threading.Event()
        self._requests = PageRequests(session, path, settings.page_size, self._ended, records)
        self._pages_in_flight = settings.pages_in_flight
        self._most_pages = settings.most_pages
        self._on_shift = on_shift
        self._requested = 0
        self._pages: deque[Future[Page]] = deque()
        self._checks: deque[tuple[int, Future[bool]]] = deque()
        self._previous: Page | None = None

    def pages(self) -> Iterator[Page]:
        """Yield the pages in order until the API says that no more follow.

        Raises:
            ProHandelError: a page or a probe of a boundary could not be read, or there are too many pages.
        """
        with ThreadPoolExecutor(self._pages_in_flight, thread_name_prefix="page") as pool:
            try:
                self._request_pages(pool, 1)
                more = True
                while more:
                    page = self._next_page()
                    more = page.more
                    self._refuse_endless(page)
                    self._check_boundaries(pool, page)
                    # The first page shows whether a second exists; only then more are requested at once.
                    self._request_pages(pool, self._pages_in_flight if more else 0)
                    yield page
                    self._report_shifts(wait=not more)
                    self._previous = page
            finally:
                self._stop()

    def _refuse_endless(self, page: Page) -> None:
        if page.more and page.number >= self._most_pages:
            raise TerminalProHandelError(
                f"the list has more than {self._most_pages:,} pages, so it is not read to its end",
                page.context,
            )

    def _request_pages(self, pool: ThreadPoolExecutor, in_flight: int) -> None:
        while len(self._pages) < in_flight:
            self._requested += 1
            self._pages.append(pool.submit(self._requests.page, self._requested))

    def _next_page(self) -> Page:
        page = self._pages.popleft().result()
        if self._previous is not None and repeats(page, self._previous):
            return self._requests.page(page.number, self._previous)
        return page

    def _check_boundaries(self, pool: ThreadPoolExecutor, page: Page) -> None:
        if self._previous is None or self._on_shift is None:
            return
        for number, may_hide_rows in checks_between(self._previous, page):
            self._checks.append((number, pool.submit(may_hide_rows, self._requests, self._previous, page)))

    def _report_shifts(self, *, wait: bool) -> None:
        while self._on_shift is not None and self._checks and (wait or self._checks[0][1].done()):
            number, check = self._checks.popleft()
            if check.result():
                self._on_shift(number)

    def _stop(self) -> None:
        self._ended.set()
        for page in self._pages:
            page.cancel()
        for _, check in self._checks:
            check.cancel()
