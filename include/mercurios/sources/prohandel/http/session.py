"""Authorised requests to one tenant's API: every request carries a valid token.

The token service answers with the address of the tenant's API too, so nothing can be requested before the first token.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import orjson
from tenacity import Retrying

from mercurios.sources.prohandel.http.addresses import AddressError, check_api, check_secure
from mercurios.sources.prohandel.http.errors import RequestContext, TerminalProHandelError
from mercurios.sources.prohandel.http.responses import raise_for_status, with_correlation
from mercurios.sources.prohandel.http.sender import Sender
from mercurios.sources.prohandel.http.settings import Credentials
from mercurios.sources.prohandel.http.tokens import API_PATH, Token, Tokens, token_of
from mercurios.sources.prohandel.http.transport import Response

TOKEN_PATH = "/api/v4/token"  # noqa: S105 - a path, not a token


class Session:
    """Requests with the token of one tenant, which all threads share.

    Args:
        auth_url: scheme and host of the token service.
        credentials: key and secret.
        sender: sends the requests.
        api_hosts: hosts beside the token service's own that may get its tokens.
    """

    def __init__(
        self, auth_url: str, credentials: Credentials, sender: Sender, api_hosts: Sequence[str]
    ) -> None:
        self._auth_url = auth_url.rstrip("/").removesuffix("/api/v4")
        self._credentials = credentials
        self._api_hosts = api_hosts
        self._sender = sender
        self._tokens = Tokens(self._new_token)

    @property
    def source(self) -> str | None:
        """Host and path of the API that was read; None before the first request."""
        return self._tokens.source

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def server_url(self, ended: threading.Event) -> str:
        """Return the address of the tenant's API."""
        return self._tokens.current(ended).server_url

    def retrying(self, context: RequestContext, ended: threading.Event) -> Retrying:
        """Return what calls a function again while its error is transient and of this request."""
        return self._sender.retrying(context, ended)

    def get(self, context: RequestContext, ended: threading.Event) -> Response:
        """Request a page once, and once more with a new token where the token is refused."""
        token = self._tokens.current(ended)
        response = self._get(token, context, ended)
        if response.status == 401:
            response = self._get(self._tokens.current(ended, refused=token), context, ended)
        return response

    def _get(self, token: Token, context: RequestContext, ended: threading.Event) -> Response:
        url = f"{token.server_url}{API_PATH}/{context.path}?page={context.page}&pagesize={context.page_size}"
        headers = {"Authorization": f"Bearer {token.value}", "Accept": "application/json"}
        return self._sender.send("GET", url, headers, context, ended)

    def _new_token(self, ended: threading.Event) -> Token:
        context = RequestContext("token")
        return self.retrying(context, ended)(self._request_token, context, ended)

    def _request_token(self, context: RequestContext, ended: threading.Event) -> Token:
        requested_at = time.monotonic()
        _check(lambda: check_secure(self._auth_url), "host of the tenant's ProHandel connection", context)
        response = self._sender.send(
            "POST",
            self._auth_url + TOKEN_PATH,
            {"Content-Type": "application/json"},
            context,
            ended,
            body=orjson.dumps({"apiKey": self._credentials.api_key, "secret": self._credentials.secret}),
            failure="the token service does not answer",
        )
        self._raise_if_refused(response, context)
        raise_for_status(response.status, response.headers, with_correlation(context, response))
        token = token_of(response.content, requested_at, context)
        _check(
            lambda: check_api(token.server, self._auth_url, self._api_hosts),
            "address of the tenant's API in the token response",
            context,
        )
        return token

    def _raise_if_refused(self, response: Response, context: RequestContext) -> None:
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


def _check(check: Callable[[], object], what: str, context: RequestContext) -> None:
    try:
        check()
    except AddressError as error:
        raise TerminalProHandelError(
            f"the {what} is refused, and nothing is sent there: {error}", context
        ) from None
