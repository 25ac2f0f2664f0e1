"""Sends single requests within the client's budget and time limits, and repeats what may succeed the next time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_when_event_set,
    wait_random_exponential,
)

from mercurios.sources.prohandel.http.bodies import NoResponseError, ResponseRefusedError
from mercurios.sources.prohandel.http.errors import (
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)
from mercurios.sources.prohandel.http.rate_limiter import RateLimiter
from mercurios.sources.prohandel.http.settings import ClientSettings
from mercurios.sources.prohandel.http.transport import Response, Transport

log = logging.getLogger(__name__)


class Sender:
    """The way of every request of one client.

    Args:
        settings: time limits, tries and connections.
        limiter: says when a request may be sent.
    """

    def __init__(self, settings: ClientSettings, limiter: RateLimiter) -> None:
        self._settings = settings
        self._limiter = limiter
        self._transport = Transport(settings)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        context: RequestContext,
        ended: threading.Event,
        *,
        body: bytes | None = None,
        failure: str = "no response",
    ) -> Response:
        """Send a request once.

        Args:
            method: `GET` or `POST`.
            url: the address.
            headers: header lines, the authorisation included.
            context: names it in an error.
            ended: set when the read it belongs to has ended; then it is not sent.
            body: the bytes to send.
            failure: begins the message of the error when there is no response.

        Raises:
            TransientProHandelError: there is no response.
            TerminalProHandelError: the response exceeds a bound.
        """
        if not self._limiter.acquire(ended):
            raise TransientProHandelError("not sent: the read has ended", context)
        try:
            return self._transport.send(method, url, headers, body)
        except NoResponseError as error:
            raise TransientProHandelError(f"{failure}: {error}", context) from None
        except ResponseRefusedError as error:
            raise TerminalProHandelError(f"the response is refused: {error}", context) from None

    def retrying(self, context: RequestContext, ended: threading.Event) -> Retrying:
        """Return what calls a function again, with waits between, while its error is transient and of this request."""
        wait = wait_random_exponential(multiplier=0.5, max=self._settings.longest_wait)

        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            requested = getattr(error, "retry_after", None)
            seconds = wait(state) if requested is None else min(requested, self._settings.longest_wait)
            if getattr(error, "status", None) == 429:
                # The limit belongs to the credential: no thread of this client sends anything before.
                self._limiter.pause(seconds)
                return 0.0
            return seconds

        return Retrying(
            retry=retry_if_exception(lambda error: _may_succeed(error, context)),
            stop=stop_after_attempt(self._settings.attempts) | stop_when_event_set(ended),
            wait=pause,
            sleep=lambda seconds: self._limiter.wait(seconds, ended),
            before_sleep=lambda state: _log_retry(context, state, self._limiter.paused_for()),
            reraise=True,
        )


def _may_succeed(error: BaseException, context: RequestContext) -> bool:
    """Return whether trying again can help.

    An error of the token service had its own tries before it failed a page, so it is not tried again for the page.
    """
    return isinstance(error, TransientProHandelError) and error.context.path == context.path


def _log_retry(context: RequestContext, state: RetryCallState, paused: float) -> None:
    error = state.outcome.exception() if state.outcome else None
    pause = max(paused, state.next_action.sleep if state.next_action else 0.0)
    log.warning("try %d of %s failed: %s; next in %.1f s", state.attempt_number, context, error, pause)
