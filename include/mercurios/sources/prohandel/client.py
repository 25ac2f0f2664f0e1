"""The client of the ProHandel API: what connects to one tenant's API and reads its lists.

The API returns pages of a bare array and says in a header whether more follow; it gives no total, no link and no
rate limit. So only the header ends a list, never a short page, several pages are requested at once because the API's
latency is what costs time, and pages are returned in order (see `paging.list_reader`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from mercurios.sources.prohandel.http.rate_limiter import RateLimiter
from mercurios.sources.prohandel.http.sender import Sender
from mercurios.sources.prohandel.http.session import Session
from mercurios.sources.prohandel.http.settings import ClientSettings, Credentials
from mercurios.sources.prohandel.paging.list_reader import ListReader
from mercurios.sources.prohandel.paging.page import Page
from mercurios.sources.prohandel.paging.page_requests import PageRequests
from mercurios.sources.rows.records import Records

DEFAULT_AUTH_URL = "https://auth.prohandel.cloud"
# Small everywhere, and every run reads it.
CHECKED_PATH = "branch"


class ProHandelClient:
    """Reads lists page by page. Safe to use from its own worker threads; close it, or use it as a context manager.

    Args:
        auth_url: scheme and host of the token service.
        credentials: key and secret.
        settings: patience and speed.
        sleep: replaces real waiting in tests of waiting.
        clock: monotonic seconds; replaced together with `sleep`.
    """

    def __init__(
        self,
        auth_url: str,
        credentials: Credentials,
        settings: ClientSettings | None = None,
        *,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings or ClientSettings()
        limiter = RateLimiter(self._settings.requests_per_minute, sleep=sleep, clock=clock)
        sender = Sender(self._settings, limiter)
        self._session = Session(auth_url, credentials, sender, self._settings.api_hosts)

    def __enter__(self) -> ProHandelClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def source(self) -> str | None:
        """Host and path of the API that was read; None before the first request."""
        return self._session.source

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def check(self) -> str:
        """Request a token and one row, and return the address of the tenant's API.

        Raises:
            TerminalProHandelError: the credentials are refused, or the token may not read.
            TransientProHandelError: the service does not answer.
        """
        ended = threading.Event()
        server_url = self._session.server_url(ended)
        PageRequests(self._session, CHECKED_PATH, 1, ended).page(1)
        return server_url

    def pages(
        self,
        path: str,
        *,
        on_shift: Callable[[int], None] | None = None,
        records: Records | None = None,
    ) -> Iterator[Page]:
        """Yield the pages of a list in order until the API says that no more follow.

        Args:
            path: below `/api/v2/`, such as `sale` or `sale/changed/2025-03-01T00:00:00.000Z`.
            on_shift: called with a page's number when rows may be hidden behind its end, which then is checked with
                small requests (see `ListReader`).
            records: decodes pages whose rows are what their contract says.

        Raises:
            TerminalProHandelError: the request is refused, or the token is refused twice.
            TransientProHandelError: a page could not be read within the bounded tries.
        """
        reader = ListReader(self._session, path, self._settings, on_shift=on_shift, records=records)
        return reader.pages()
