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
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests
from requests.adapters import HTTPAdapter
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_when_event_set,
    wait_random_exponential,
)

from mercurios.prohandel.errors import RequestContext, TerminalProHandelError, TransientProHandelError

log = logging.getLogger(__name__)

DEFAULT_AUTH_URL = "https://auth.prohandel.cloud"
TOKEN_PATH = "/api/v4/token"  # noqa: S105 - a path, not a token
API_PATH = "/api/v2"
MORE_PAGES_HEADER = "X-More-Pages-Available"
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


@dataclass(frozen=True)
class Page:
    """One page as it came.

    Attributes:
        number: from 1.
        rows: decoded objects; floating numbers as float.
        body: the bytes, for reading again with exact decimals.
        more: whether the API says that more pages follow.
        source_now: the API's clock when it answered, UTC.
    """

    number: int
    rows: list[dict[str, Any]]
    body: bytes
    more: bool
    source_now: datetime


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
        self._sleep = sleep
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=self._settings.pages_in_flight + 1)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._token: _Token | None = None
        self._token_lock = threading.Lock()
        self._budget = _Budget(self._settings.requests_per_minute, sleep or time.sleep)

    def __enter__(self) -> ProHandelClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def check(self) -> str:
        """Ask for a token and for one row, and return the address of the tenant's API.

        Raises:
            TerminalProHandelError: the credentials are refused, or the token may not read.
            TransientProHandelError: the service does not answer.
        """
        server_url = self._current_token().server_url
        context = RequestContext(CHECKED_PATH, 1, 1)
        self._retrying(context, threading.Event())(self._request_page, CHECKED_PATH, 1, context)
        return server_url

    def pages(self, path: str, *, on_slip: Callable[[int], None] | None = None) -> Iterator[Page]:
        """Yield the pages of a list in order until the API says that no more follow.

        Pages are cut by position. When a row vanishes from a page already read, every later row moves up, and
        the one that crosses to the page before is on no page that is read. With `on_slip` each edge between two
        pages is looked at once more when both are there, one small request an edge.

        Args:
            path: below `/api/v2/`, such as `sale` or `sale/changed/2025-03-01T00:00:00.000Z`.
            on_slip: called with a page's number when rows have moved up across its end.

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
                flight.append(pool.submit(self._page, path, upcoming, ended))
                while flight:
                    page = flight.popleft().result()
                    if before is not None and _repeats(page, before):
                        page = self._page(path, page.number, ended, before)
                    if before is not None and on_slip is not None:
                        edges.append((before.number, pool.submit(self._slipped, path, before, ended)))
                    if page.more:
                        # The first page tells whether a second exists; only then more are asked for at once.
                        while len(flight) < self._settings.pages_in_flight:
                            upcoming += 1
                            flight.append(pool.submit(self._page, path, upcoming, ended))
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

    def _page(self, path: str, number: int, ended: threading.Event, before: Page | None = None) -> Page:
        context = RequestContext(path, number, self._settings.page_size)
        return self._retrying(context, ended)(self._request_page, path, number, context, before)

    def _slipped(self, path: str, before: Page, ended: threading.Event) -> bool:
        """Return whether the position where a page ended now holds a row that was not on that page."""
        position = before.number * len(before.rows)
        context = RequestContext(path, position, 1)
        edge = self._retrying(context, ended)(self._request_page, path, position, context)
        ids = {row.get("id") for row in before.rows}
        return not edge.rows or edge.rows[0].get("id") not in ids

    def _request_page(
        self, path: str, number: int, context: RequestContext, before: Page | None = None
    ) -> Page:
        """Request one page; `before` is the page that it may not repeat."""
        token = self._current_token()
        response = self._get(token, path, number, context)
        if response.status_code == 401:
            response = self._get(self._current_token(refused=token), path, number, context)
        context = _with_correlation(context, response)
        _raise_for_status(response, context)
        more = response.headers.get(MORE_PAGES_HEADER, "").strip().lower()
        if more not in ("true", "false"):
            raise TransientProHandelError(f"the answer has no usable {MORE_PAGES_HEADER} header", context)
        page = Page(number, _rows(response, context), response.content, more == "true", _clock(response))
        if page.more and not page.rows:
            raise TransientProHandelError("the page is empty although the API says that more follow", context)
        if before is not None and _repeats(page, before):
            raise TransientProHandelError(f"the page repeats page {before.number}", context)
        return page

    def _get(self, token: _Token, path: str, number: int, context: RequestContext) -> requests.Response:
        self._budget.take()
        settings = self._settings
        try:
            return self._session.get(
                f"{token.server_url}{API_PATH}/{path}",
                params={"page": str(number), "pagesize": str(context.page_size)},
                headers={"Authorization": f"Bearer {token.value}", "Accept": "application/json"},
                timeout=(settings.connect_timeout, settings.read_timeout),
            )
        except requests.RequestException as error:
            # Only the kind of error: its text may repeat addresses and headers.
            raise TransientProHandelError(f"no answer: {_reason(error)}", context) from None

    def _current_token(self, refused: _Token | None = None) -> _Token:
        """Return a valid token; a new one when the current one is about to expire or was just refused."""
        with self._token_lock:
            token = self._token
            if token is None or token is refused or token.expires_soon():
                context = RequestContext("token")
                token = self._token = self._retrying(context, threading.Event())(self._request_token, context)
            return token

    def _request_token(self, context: RequestContext) -> _Token:
        body = {"apiKey": self._credentials.api_key, "secret": self._credentials.secret}
        timeout = (self._settings.connect_timeout, self._settings.read_timeout)
        self._budget.take()
        asked_at = time.monotonic()
        try:
            response = self._session.post(self._auth_url + TOKEN_PATH, json=body, timeout=timeout)
        except requests.RequestException as error:
            raise TransientProHandelError(
                f"the token service does not answer: {_reason(error)}", context
            ) from None
        if response.status_code in (400, 401, 403):
            raise TerminalProHandelError(
                f"the token service refuses the credentials with status {response.status_code}: "
                "check API key and secret of the tenant's ProHandel connection",
                context,
                status=response.status_code,
            )
        if response.status_code == 404:
            raise TerminalProHandelError(
                f"there is no token service at {self._auth_url}: check the host of the tenant's ProHandel connection",
                context,
                status=404,
            )
        _raise_for_status(response, _with_correlation(context, response))
        try:
            answer = orjson.loads(response.content)
            inner = answer["token"]["token"]
            return _Token(str(inner["value"]), str(answer["serverUrl"]), asked_at + float(inner["expiresIn"]))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise TransientProHandelError("the token answer has an unknown shape", context) from None

    def _retrying(self, context: RequestContext, ended: threading.Event) -> Retrying:
        wait = wait_random_exponential(multiplier=0.5, max=self._settings.longest_wait)

        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = getattr(error, "retry_after", None)
            return wait(state) if asked is None else min(asked, self._settings.longest_wait)

        def rest(seconds: float) -> None:
            if self._sleep:
                self._sleep(seconds)
            else:
                ended.wait(seconds)

        return Retrying(
            retry=retry_if_exception_type(TransientProHandelError),
            stop=stop_after_attempt(self._settings.attempts) | stop_when_event_set(ended),
            wait=pause,
            sleep=rest,
            before_sleep=lambda state: _log_retry(context, state),
            reraise=True,
        )


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    server: str
    expires_at: float

    @property
    def server_url(self) -> str:
        return self.server.rstrip("/").removesuffix(API_PATH)

    def expires_soon(self) -> bool:
        return time.monotonic() > self.expires_at - 60


class _Budget:
    """Spaces requests so that a minute never holds more than the budget."""

    def __init__(self, per_minute: float | None, sleep: Callable[[float], None]) -> None:
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()
        self._sleep = sleep

    def take(self) -> None:
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + self._interval
        if start > now:
            self._sleep(start - now)


def _repeats(page: Page, before: Page) -> bool:
    """Return whether a page shows the same rows as the one before it, which no list of keyed rows can."""
    return bool(page.rows) and page.body == before.body


def _raise_for_status(response: requests.Response, context: RequestContext) -> None:
    status = response.status_code
    if status == 200:
        return
    if status in (408, 425, 429) or status >= 500:
        error = TransientProHandelError(f"the API answers with status {status}", context, status=status)
        error.retry_after = retry_after(response.headers.get("Retry-After"), _clock(response))
        raise error
    remedy = {
        401: "the token is refused although it is new: check what the key may read",
        403: "the key may not read this resource: check its scope",
        404: "the API has no such path: check the resource's mode in the tenant file",
    }.get(status, "the request is refused")
    raise TerminalProHandelError(f"the API answers with status {status}; {remedy}", context, status=status)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds a `Retry-After` header asks for, in either of its forms; None without a usable one."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - now).total_seconds())


def _rows(response: requests.Response, context: RequestContext) -> list[dict[str, Any]]:
    try:
        rows = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        kind = response.headers.get("Content-Type", "unknown")
        raise TransientProHandelError(
            f"the answer is not readable JSON (content type {kind})", context
        ) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TransientProHandelError("the answer is not a list of objects", context)
    return rows


def _clock(response: requests.Response) -> datetime:
    """Return the source's clock, which decides watermarks and business days; ours only where it tells none."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC).replace(microsecond=0)
    except (KeyError, ValueError):
        return datetime.now(UTC).replace(microsecond=0)


def _with_correlation(context: RequestContext, response: requests.Response) -> RequestContext:
    return RequestContext(
        context.path, context.page, context.page_size, response.headers.get("X-Correlation-ID", None)
    )


def _reason(error: requests.RequestException) -> str:
    return {
        requests.exceptions.ConnectTimeout: "connecting took too long",
        requests.exceptions.ReadTimeout: "the answer took too long",
        requests.exceptions.ConnectionError: "the connection failed",
        requests.exceptions.ChunkedEncodingError: "the answer broke off",
    }.get(type(error), type(error).__name__)


def _log_retry(context: RequestContext, state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    pause = state.next_action.sleep if state.next_action else 0.0
    log.warning("try %d of %s failed: %s; next in %.1f s", state.attempt_number, context, error, pause)
