"""When requests go out: within the budget, and none of any thread while the API asked for a pause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from mercurios.sources.prohandel.http.errors import TransientProHandelError
from mercurios.sources.prohandel.http.rate_limiter import Pace

Start = Callable[..., Any]


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.on_sleep: list[Callable[[], None]] = []

    def sleep(self, seconds: float) -> None:
        for act in self.on_sleep[:1]:
            self.on_sleep.remove(act)
            act()
        self.now += seconds

    def pace(self, per_minute: float | None = None) -> Pace:
        return Pace(per_minute, sleep=self.sleep, clock=lambda: self.now)


def sent(clock: Clock, pace: Pace, count: int) -> list[float]:
    times = []
    for _ in range(count):
        assert pace.take(threading.Event())
        times.append(clock.now)
    return times


def test_the_budget_spaces_requests() -> None:
    clock = Clock()

    assert sent(clock, clock.pace(per_minute=30), 4) == [0, 2, 4, 6]


def test_a_pause_holds_the_next_request_and_only_until_it_is_over() -> None:
    clock = Clock()
    pace = clock.pace()
    pace.hold(7)

    assert sent(clock, pace, 3) == [7, 7, 7]
    assert pace.held() == 0


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = Clock()
    pace = clock.pace()
    pace.hold(30)
    pace.hold(1)

    assert sent(clock, pace, 1) == [30]


def test_a_pause_prolonged_while_a_request_waits_holds_it_too() -> None:
    clock = Clock()
    pace = clock.pace(per_minute=6)
    clock.on_sleep = [lambda: pace.hold(25), lambda: pace.hold(50)]

    assert sent(clock, pace, 2) == [0, 60]


def test_nobody_waits_out_a_pause_for_a_read_that_has_ended() -> None:
    pace, ended = Pace(None), threading.Event()
    pace.hold(60)
    threading.Timer(0.1, ended.set).start()
    began = time.monotonic()

    assert not pace.take(ended)
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
            time.sleep(0.3)  # keeps the threads for pages 4 and later waiting for a turn until 3 was refused
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

    with server.client(sleep=sleeps.append, attempts=3, longest_wait=5.0) as client:
        client._pace._clock = lambda: float(sum(sleeps))  # time passes only while somebody sleeps
        with pytest.raises(TransientProHandelError, match="status 429"):
            list(client.pages("sale"))

    assert len(server.asked) == 3
    assert sleeps == [5, 5]


def test_threads_whose_token_dies_at_once_share_one_new_token(stub: Start, reply: Any) -> None:
    turn = threading.Barrier(4, timeout=5)

    def script(page: int, tries: int) -> Any:
        if 2 <= page <= 5 and tries == 1:
            turn.wait()  # all four requests carry the first token before any is told that it is dead
            return reply(status=401)
        return reply([{"id": page}], more=str(page < 8))

    server = stub(script)
    with server.client(pages_in_flight=4) as client:
        rows = [row["id"] for page in client.pages("sale") for row in page.rows]

    assert rows == list(range(1, 9))
    assert server.tokens == ["token-1", "token-2"]
