"""When the next request of a client may go out: within the budget, and not while the API asked for a pause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Spaces the requests of all threads of one client.

    A minute never holds more requests than the budget, and while the API has asked for a pause no thread sends
    anything: the limit is the credential's, so requests of other threads would only prolong it.

    Args:
        per_minute: the budget; None sets no limit.
        sleep: replaces real waiting in tests of waiting.
        clock: seconds that only grow.
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
        self._held_until = 0.0
        self._lock = threading.Lock()

    def take(self, ended: threading.Event) -> bool:
        """Wait for a request's turn; False when nobody waits for its answer any more."""
        with self._lock:
            reached = self._clock()
            until = max(reached, self._next)
            self._next = until + self._interval
        # A pause may be asked for, or prolonged, while this thread waits: it looks again after every wait.
        while (until := max(until, self._held_until)) > reached:
            self.rest(until - reached, ended)
            reached = until
        return not ended.is_set()

    def hold(self, seconds: float) -> None:
        """Let no request out for so long."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def held(self) -> float:
        """Return for how many more seconds no request goes out."""
        return max(0.0, self._held_until - self._clock())

    def rest(self, seconds: float, ended: threading.Event) -> None:
        """Wait, but not for what nobody waits for."""
        if seconds <= 0:
            return
        if self._sleep:
            self._sleep(seconds)
        else:
            ended.wait(seconds)
