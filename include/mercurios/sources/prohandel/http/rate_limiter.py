"""When the next request of a client may be sent: within the budget, and never while the API has asked for a pause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimiter:
    """Spaces the requests of all threads of one client.

    A minute never holds more requests than the budget, and while the API has asked for a pause no thread sends
    anything: the limit belongs to the credential, so requests of other threads would only prolong it.

    Args:
        per_minute: the budget; None sets no limit.
        sleep: replaces real waiting in tests of waiting.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        per_minute: float | None,
        *,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._sleep = sleep
        self._clock = clock
        self._next = 0.0
        self._paused_until = 0.0
        self._lock = threading.Lock()

    def acquire(self, ended: threading.Event) -> bool:
        """Wait until a request may be sent; False when the read it belongs to has ended."""
        with self._lock:
            reached = self._clock()
            until = max(reached, self._next)
            self._next = until + self._interval
        # A pause may begin, or be prolonged, while this thread waits: it checks again after every wait.
        while (until := max(until, self._paused_until)) > reached:
            self.wait(until - reached, ended)
            reached = until
        return not ended.is_set()

    def pause(self, seconds: float) -> None:
        """Send no request for so long."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def paused_for(self) -> float:
        """Return for how many more seconds no request is sent."""
        return max(0.0, self._paused_until - self._clock())

    def wait(self, seconds: float, ended: threading.Event) -> None:
        """Wait for so long, or until the read has ended."""
        if seconds <= 0:
            return
        if self._sleep:
            self._sleep(seconds)
        else:
            ended.wait(seconds)
