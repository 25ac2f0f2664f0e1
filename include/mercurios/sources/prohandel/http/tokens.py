"""The access token of a client: one at a time, shared by its threads, replaced before it expires."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from mercurios.sources.prohandel.http.errors import (
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)

API_PATH = "/api/v2"
# A token is replaced so long before it expires.
_RENEWAL_SECONDS = 60.0
# A header line takes no more, and no other characters.
_VALUE = re.compile(r"[!-~]{1,16384}", re.ASCII)
_LONGEST_SECONDS = 86_400.0
_LONGEST_RESPONSE = 65_536


@dataclass(frozen=True)
class Token:
    """A token and the address of the API that takes it.

    Attributes:
        value: never shown.
        server: `serverUrl` of the response.
        expires_at: monotonic seconds.
    """

    value: str = field(repr=False)
    server: str
    expires_at: float

    @property
    def server_url(self) -> str:
        """Scheme and host of the tenant's API."""
        return self.server.rstrip("/").removesuffix(API_PATH)

    @property
    def source(self) -> str:
        """Whose API it is: host and path, which stay when the port changes."""
        parts = urlsplit(self.server_url)
        return f"{parts.hostname or ''}{parts.path}"

    def expires_soon(self) -> bool:
        """Return whether a new one should be requested."""
        return time.monotonic() > self.expires_at - _RENEWAL_SECONDS


class Tokens:
    """Holds the token that all threads of a client use.

    Threads that need a new one at the same time wait for one request and share its response.

    Args:
        request: requests a new token; the event is set when the read it is needed for has ended.
    """

    def __init__(self, request: Callable[[threading.Event], Token]) -> None:
        self._request = request
        self._token: Token | None = None
        self._lock = threading.Lock()

    @property
    def source(self) -> str | None:
        """Whose API the token in use belongs to; None before the first."""
        token = self._token
        return token.source if token else None

    def current(self, ended: threading.Event, refused: Token | None = None) -> Token:
        """Return a valid token; a new one when the current one is about to expire or was just refused."""
        with self._lock:
            token = self._token
            if token is None or token is refused or token.expires_soon():
                token = self._token = self._renewed(ended, token)
            return token

    def _renewed(self, ended: threading.Event, before: Token | None) -> Token:
        """Request a token of the API that was read so far: half of a list from another would be noticed by no one."""
        token = self._request(ended)
        if before is not None and token.source != before.source:
            raise TerminalProHandelError(
                f"the tenant's API was at {before.source}, and is at {token.source} since: it moved while it was read",
                RequestContext("token"),
            )
        return token


def token_of(body: bytes, requested_at: float, context: RequestContext) -> Token:
    """Read the response of the token service.

    Args:
        body: the response.
        requested_at: when it was requested, in monotonic seconds.
        context: the request.

    Raises:
        TransientProHandelError: the response has another shape.
    """
    try:
        read = orjson.loads(body if len(body) <= _LONGEST_RESPONSE else b"")
        inner = read["token"]["token"]
        value, server, seconds = inner["value"], read["serverUrl"], float(inner["expiresIn"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, OverflowError):
        raise TransientProHandelError("the token response has an unknown shape", context) from None
    if not (
        isinstance(server, str)
        and isinstance(value, str)
        and _VALUE.fullmatch(value)
        and math.isfinite(seconds)
    ):
        raise TransientProHandelError("the token response has an unknown shape", context)
    return Token(value, server, requested_at + min(seconds, _LONGEST_SECONDS))
