"""When requests are sent: within the budget, and none of any thread while the API asked for a pause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from mercurios.sources.prohandel.http.errors import TransientProHandelError
from mercurios.sources.prohandel.http.rate_limiter import RateLimiter

Start = Callable[..., Any]


class Clock:
    """Time that passes only while a thread sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.on_sleep: list[Callable[[], None]] = []

    def sleep(self, seconds: float) -> None:
        for act in self.on_sleep[:1]:
            self.on_sleep.remove(act)
            act()
        self.now += seconds

    def limiter(self, per_minute: float | None = None) -> RateLimiter:
        return RateLimiter(per_minute, sleep=self.sleep, clock=lambda: self.now)


def sent(clock: Clock, limiter: RateLimiter, count: int) -> list[float]:
    times = []
    for _ in range(count):
        assert limiter.acquire(threading.Event())
        times.append(clock.now)
    return times


def test_the_budget_spaces_requests() -> None:
    clock = Clock()

    assert sent(clock, clock.limiter(per_minute=30), 4) == [0, 2, 4, 6]


def test_a_pause_holds_the_next_request_and_only_until_it_is_over() -> None:
    clock = Clock()
    limiter = clock.limiter()
    limiter.pause(7)

    assert sent(clock, limiter, 3) == [7, 7, 7]
    assert limiter.paused_for() == 0


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = Clock()
    limiter = clock.limiter()
    limiter.pause(30)
    limiter.pause(1)

    assert sent(clock, limiter, 1) == [30]


def test_a_pause_prolonged_while_a_request_waits_holds_it_too() -> None:
    clock = Clock()
    limiter = clock.limiter(per_minute=6)
    clock.on_sleep = [lambda: limiter.pause(25), lambda: limiter.pause(50)]

    assert sent(clock, limiter, 2) == [0, 60]


def test_no_thread_waits_out_a_pause_for_a_read_that_has_ended() -> None:
    limiter, ended = RateLimiter(None), threading.Event()
    limiter.pause(60)
    threading.Timer(0.1, ended.set).start()
    began = time.monotonic()

    assert not limiter.acquire(ended)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("after", ["1", None])
def test_too_many_requests_hold_every_thread_of_the_client(
    stub: Start, reply: Any, after: str | None
) -> None:
    refused: list[float] = []
    arrived: dict[int, float] = {}

    def script(page: int, tries: int) -> Any:
        now = time.monotonic()
        if page == 3 and tries == 1:
            refused.append(now)
            return reply(status=429, headers={"Retry-After": after} if after else {})
        if page > 3:
            arrived.setdefault(page, now)
        if page == 2:
            # Keeps the threads for pages 4 and later waiting for a turn until 3 was refused.
            time.sleep(0.3)
        return reply([{"id": page}], more=str(page < 12))

    server = stub(script)
    with server.client(sleep=None, pages_in_flight=2) as client:
        rows = [row["id"] for page in client.pages("sale") for row in page.rows]

    [at] = refused
    pause = float(after) if after else 0.0
    assert rows == list(range(1, 13))
    assert min(arrived.values()) >= at + pause - 0.05


def test_an_absurd_pause_is_capped_and_the_tries_stay_bounded(stub: Start, reply: Any) -> None:
    sleeps: list[float] = []
    server = stub(lambda *_: reply(status=429, headers={"Retry-After": "1e400"}))

    with (
        server.client(
            sleep=sleeps.append, clock=lambda: float(sum(sleeps)), attempts=3, longest_wait=5.0
        ) as client,
        pytest.raises(TransientProHandelError, match="status 429"),
    ):
        list(client.pages("sale"))

    assert len(server.asked) == 3
    assert sleeps == [5, 5]


def test_threads_whose_token_expires_at_once_share_one_new_token(stub: Start, reply: Any) -> None:
    turn = threading.Barrier(4, timeout=5)

    def script(page: int, tries: int) -> Any:
        if 2 <= page <= 5 and tries == 1:
            # All four requests carry the first token before any of them is refused.
            turn.wait()
            return reply(status=401)
        return reply([{"id": page}], more=str(page < 8))

    server = stub(script)
    with server.client(pages_in_flight=4) as client:
        rows = [row["id"] for page in client.pages("sale") for row in page.rows]

    assert rows == list(range(1, 9))
    assert server.tokens == ["token-1", "token-2"]
