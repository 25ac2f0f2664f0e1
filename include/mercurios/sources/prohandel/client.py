"""The HTTP client of the ProHandel API.

The API gives pages of a bare array and says in a header whether more follow; it gives no total, no link and no
rate limit. The client therefore trusts the header alone as the end of a list, never a short page, keeps a few
pages in flight because the API's latency is what costs time, and hands pages out in order.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import orjson
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_when_event_set,
    wait_random_exponential,
)

from mercurios.sources.prohandel.http.errors import (
    EmptyPageError,
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)
from mercurios.sources.prohandel.http.rate_limiter import Pace
from mercurios.sources.prohandel.http.responses import raise_for_status
from mercurios.sources.prohandel.http.tokens import API_PATH, Token, Tokens, token_of
from mercurios.sources.prohandel.http.transport import Answer, NoAnswerError, Transport
from mercurios.sources.prohandel.paging.boundaries import SMALLEST_PAGE, windows
from mercurios.sources.prohandel.paging.page import (
    Page,
    are_linked,
    end_of,
    ends_on,
    is_end,
    page_of,
    repeats,
    with_correlation,
)
from mercurios.sources.prohandel.rows.records import Records

log = logging.getLogger(__name__)

DEFAULT_AUTH_URL = "https://auth.prohandel.cloud"
TOKEN_PATH = "/api/v4/token"  # noqa: S105 - a path, not a token
CHECKED_PATH = "branch"  # small everywhere, and every run reads it


@dataclass(frozen=True)
class Credentials:
    """Key and secret of one tenant; the secret never shows in a log, a traceback or a repr."""

    api_key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ClientSettings:
    """How patiently and how fast the API is read.

    Attributes:
        page_size: rows a page.
        pages_in_flight: requests under way at once.
        attempts: tries of one request, the first included.
        connect_timeout, read_timeout: seconds.
        longest_wait: cap of a single wait between tries, a server's `Retry-After` included.
        requests_per_minute: budget of this client; None sets no limit.
    """

    page_size: int = 1000
    pages_in_flight: int = 4
    attempts: int = 6
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    longest_wait: float = 60.0
    requests_per_minute: float | None = None


class ProHandelClient:
    """Reads lists page by page. Safe to use from its own worker threads; close it, or use it as a context manager.

    Args:
        auth_url: scheme and host of the token service.
        credentials: key and secret.
        settings: patience and speed.
        sleep: replaces real waiting in tests of waiting.
    """

    def __init__(
        self,
        auth_url: str,
        credentials: Credentials,
        settings: ClientSettings | None = None,
        *,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._auth_url = auth_url.rstrip("/").removesuffix("/api/v4")
        self._credentials = credentials
        self._settings = settings or ClientSettings()
        self._transport = Transport(self._settings.pages_in_flight + 1)
        self._tokens = Tokens(self._ask_for_token)
        self._pace = Pace(self._settings.requests_per_minute, sleep=sleep)

    def __enter__(self) -> ProHandelClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def source(self) -> str | None:
        """Host and path of the API that was read; None before the first request."""
        return self._tokens.source

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def check(self) -> str:
        """Ask for a token and for one row, and return the address of the tenant's API.

        Raises:
            TerminalProHandelError: the credentials are refused, or the token may not read.
            TransientProHandelError: the service does not answer.
        """
        ended = threading.Event()
        server_url = self._tokens.current(ended).server_url
        context = RequestContext(CHECKED_PATH, 1, 1)
        self._retrying(context, ended)(self._request_page, context, ended)
        return server_url

    def pages(
        self,
        path: str,
        *,
        on_slip: Callable[[int], None] | None = None,
        records: Records | None = None,
    ) -> Iterator[Page]:
        """Yield the pages of a list in order until the API says that no more follow.

        Pages are cut by position, so rows that move across the end of a page while the list is read can be on no
        page. With `on_slip` each edge between two pages is looked at once more when both are there, one small
        request an edge, and the end of the list where its last page shows rows again (see `edges`).

        Args:
            path: below `/api/v2/`, such as `sale` or `sale/changed/2025-03-01T00:00:00.000Z`.
            on_slip: called with a page's number when rows may be hidden behind its end.
            records: decodes pages whose rows are what their contract says.

        Raises:
            TerminalProHandelError: the request is refused, or the token is refused twice.
            TransientProHandelError: a page could not be had within the bounded tries.
        """
        flight: deque[Future[Page]] = deque()
        ended = threading.Event()  # what is still under way then, nobody waits for: no further tries
        before: Page | None = None
        edges: deque[tuple[int, Future[bool]]] = deque()
        with ThreadPoolExecutor(self._settings.pages_in_flight, thread_name_prefix="page") as pool:
            try:
                upcoming = 1
                flight.append(pool.submit(self._page, path, upcoming, ended, records))
                while flight:
                    page = flight.popleft().result()
                    if before is not None and repeats(page, before):
                        page = self._page(path, page.number, ended, records, before)
                    if before is not None and on_slip is not None:
                        for number, hides in self._doubts(before, page):
                            edges.append((number, pool.submit(hides, path, before, page, ended, records)))
                    if page.more:
                        # The first page tells whether a second exists; only then more are asked for at once.
                        while len(flight) < self._settings.pages_in_flight:
                            upcoming += 1
                            flight.append(pool.submit(self._page, path, upcoming, ended, records))
                    yield page
                    while on_slip is not None and edges and (edges[0][1].done() or not page.more):
                        number, slipped = edges.popleft()
                        if slipped.result():
                            on_slip(number)
                    if not page.more:
                        return
                    before = page
            finally:
                ended.set()
                for future in flight:
                    future.cancel()
                for _, edge in edges:
                    edge.cancel()

    def _page(
        self,
        path: str,
        number: int,
        ended: threading.Event,
        records: Records | None,
        before: Page | None = None,
    ) -> Page:
        context = RequestContext(path, number, self._settings.page_size)
        return self._retrying(context, ended)(self._request_page, context, ended, records, before)

    def _doubts(self, before: Page, page: Page) -> Iterator[tuple[int, Callable[..., bool]]]:
        """Yield the ends of pages behind which rows may be hidden, and what to ask to know."""
        yield before.number, self._slipped
        if not page.more and not page.by_key.keys().isdisjoint(before.by_key):
            yield page.number, self._ends_too_early

    def _slipped(
        self, path: str, before: Page, after: Page, ended: threading.Event, records: Records | None
    ) -> bool:
        """Return whether a row may be hidden between two pages: no answer that spans their edge links them."""
        # A short page comes from a server that leaves rows out of a page, or that has made its pages smaller.
        sizes = dict.fromkeys((before.full, len(before)))
        if min(sizes) < SMALLEST_PAGE:
            return self._end_moved(path, before, ended)
        for size in sizes:
            for number, rows in windows(before.number * size, size):
                span = self._glimpse(RequestContext(path, number, rows), ended, records)
                if span is not None and are_linked(span, before, after):
                    return False
        return True

    def _ends_too_early(
        self, path: str, before: Page, last: Page, ended: threading.Event, records: Records | None
    ) -> bool:
        """Return whether the list may go on behind its last page: no answer across its end shows the contrary."""
        for size in dict.fromkeys((last.full, len(before))):
            for number, rows in windows((last.number - 1) * size + len(last), size):
                span = self._glimpse(RequestContext(path, number, rows), ended, records)
                if span is not None and is_end(span, before, last):
                    return False
        return True

    def _end_moved(self, path: str, before: Page, ended: threading.Event) -> bool:
        """Return whether the position where a page ended now holds a row that was not on that page."""
        edge = self._glimpse(end_of(path, before, self._settings.page_size), ended)
        return edge is None or not ends_on(edge, before)

    def _glimpse(
        self, context: RequestContext, ended: threading.Event, records: Records | None = None
    ) -> Page | None:
        """Request a few rows; None where the list goes on, but not here: what was here has moved or gone."""
        try:
            return self._retrying(context, ended)(self._request_page, context, ended, records)
        except EmptyPageError:
            return None

    def _request_page(
        self,
        context: RequestContext,
        ended: threading.Event,
        records: Records | None = None,
        before: Page | None = None,
    ) -> Page:
        """Request one page; `before` is the page whose rows it may not repeat."""
        token = self._tokens.current(ended)
        response = self._get(token, context, ended)
        if response.status == 401:
            response = self._get(self._tokens.current(ended, refused=token), context, ended)
        page = page_of(response, context, records)
        if before is not None and repeats(page, before):
            # A list into which a whole page of rows was inserted shows them again rightly; then its end has moved.
            edge = self._request_page(end_of(context.path, before, self._settings.page_size), ended)
            if ends_on(edge, before):
                raise TransientProHandelError(f"the page repeats page {before.number}", page.context)
        return page

    def _get(self, token: Token, context: RequestContext, ended: threading.Event) -> Answer:
        url = f"{token.server_url}{API_PATH}/{context.path}?page={context.page}&pagesize={context.page_size}"
        headers = {"Authorization": f"Bearer {token.value}", "Accept": "application/json"}
        return self._send("GET", url, headers, "no answer", context, ended)

    def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        failure: str,
        context: RequestContext,
        ended: threading.Event,
        body: bytes | None = None,
    ) -> Answer:
        if not self._pace.take(ended):
            raise TransientProHandelError("not sent: the read has ended", context)
        timeout = (self._settings.connect_timeout, self._settings.read_timeout)
        try:
            return self._transport.send(method, url, headers, timeout, body)
        except NoAnswerError as error:
            raise TransientProHandelError(f"{failure}: {error}", context) from None

    def _ask_for_token(self, ended: threading.Event) -> Token:
        context = RequestContext("token")
        return self._retrying(context, ended)(self._request_token, context, ended)

    def _request_token(self, context: RequestContext, ended: threading.Event) -> Token:
        body = orjson.dumps({"apiKey": self._credentials.api_key, "secret": self._credentials.secret})
        asked_at = time.monotonic()
        url = self._auth_url + TOKEN_PATH
        headers = {"Content-Type": "application/json"}
        response = self._send("POST", url, headers, "the token service does not answer", context, ended, body)
        if response.status in (400, 401, 403):
            raise TerminalProHandelError(
                f"the token service refuses the credentials with status {response.status}: "
                "check API key and secret of the tenant's ProHandel connection",
                context,
                status=response.status,
            )
        if response.status == 404:
            raise TerminalProHandelError(
                f"there is no token service at {self._auth_url}: check the host of the tenant's ProHandel connection",
                context,
                status=404,
            )
        raise_for_status(response.status, response.headers, with_correlation(context, response))
        return token_of(response.content, asked_at, context)

    def _retrying(self, context: RequestContext, ended: threading.Event) -> Retrying:
        wait = wait_random_exponential(multiplier=0.5, max=self._settings.longest_wait)

        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = getattr(error, "retry_after", None)
            seconds = wait(state) if asked is None else min(asked, self._settings.longest_wait)
            if getattr(error, "status", None) == 429:
                # The limit is the credential's: no thread of this client sends anything before.
                self._pace.hold(seconds)
                return 0.0
            return seconds

        return Retrying(
            retry=retry_if_exception(lambda error: _may_pass(error, context)),
            stop=stop_after_attempt(self._settings.attempts) | stop_when_event_set(ended),
            wait=pause,
            sleep=lambda seconds: self._pace.rest(seconds, ended),
            before_sleep=lambda state: _log_retry(context, state, self._pace.held()),
            reraise=True,
        )


def _may_pass(error: BaseException, context: RequestContext) -> bool:
    """Return whether asking again can help; a token service was asked often enough before it fails a page."""
    return isinstance(error, TransientProHandelError) and error.context.path == context.path


def _log_retry(context: RequestContext, state: RetryCallState, held: float) -> None:
    error = state.outcome.exception() if state.outcome else None
    pause = max(held, state.next_action.sleep if state.next_action else 0.0)
    log.warning("try %d of %s failed: %s; next in %.1f s", state.attempt_number, context, error, pause)
