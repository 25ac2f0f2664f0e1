"""A second process types as this one does, gives back what it cannot do, and never outlives whom it works for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import chain
from pathlib import Path

import pytest
from wire import row_of

from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows import typing_process as tested
from mercurios.sources.rows.landed_table import Stamp
from mercurios.sources.rows.records import records_of
from mercurios.sources.rows.typed_rows import type_records
from mercurios.sources.rows.typing_process import TypingProcess, typing_process

SALE = RESOURCES["sale"]
STAMP = Stamp("mini", "run", datetime(2026, 3, 4, 4, 0), "Europe/Berlin", b"tests")


def body_of(first: int, rows: int = 50, **texts: str) -> bytes:
    dropped = dict.fromkeys(SALE.dropped, '""')
    written = [
        row_of("sale", **{"id": f'"row {number}"', **dropped, **texts})
        for number in range(first, first + rows)
    ]
    return f"[{','.join(written)}]".encode()


@pytest.fixture
def process() -> Iterator[TypingProcess]:
    process = TypingProcess(SALE)
    yield process
    process.close()


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_pages_typed_in_a_process_are_those_typed_here(process: TypingProcess) -> None:
    for first in (0, 200):
        bodies = [body_of(first), body_of(first + 100, salePrice="-19.99", staffNumber="0")]
        decoded = [records_of(SALE).decode(body) or [] for body in bodies]
        here = type_records(SALE, list(chain.from_iterable(decoded)), STAMP)

        process.begin(bodies, STAMP)
        there = process.result()

        assert here is not None
        assert there is not None
        assert here.table.num_rows == 100
        assert there.table.equals(here.table, check_metadata=True)


@pytest.mark.parametrize(
    "texts", [{"quantity": "1.005"}, {"receiptNumber": "true"}, {"unheard": "1"}, {"id": "null"}]
)
def test_a_page_that_needs_a_closer_look_is_given_back(process: TypingProcess, texts: dict[str, str]) -> None:
    good, bad = body_of(0), body_of(100, **texts)

    process.begin([good, bad], STAMP)
    refused = process.result()
    process.begin([good], STAMP)
    typed = process.result()

    assert refused is None
    assert typed is not None
    assert typed.table.num_rows == 50


def test_pages_beyond_the_room_are_given_back(process: TypingProcess) -> None:
    large = body_of(0, countryNumber=f'"{"x" * 60_000}"')

    process.begin([large] * 6, STAMP)

    assert sum([len(large)] * 6) > tested.ROOM
    assert process.result() is None


def test_a_table_beyond_the_room_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    room = 20_000
    monkeypatch.setattr(tested, "ROOM", room)
    process = TypingProcess(SALE)
    body = body_of(0, rows=20)

    process.begin([body], STAMP)
    fits = process.result()
    # Escapes make no text longer, but the stamp of each row is in no body.
    process.begin([body], Stamp("m" * 2_000, "run", STAMP.extracted_at, "UTC", b"tests"))
    refused = process.result()
    process.close()

    assert len(body) < room
    assert fits is not None
    assert refused is None


def test_what_a_killed_process_had_begun_is_given_back(process: TypingProcess) -> None:
    process.begin([body_of(0)], STAMP)
    os.kill(process.pid or 0, signal.SIGKILL)

    first = process.result()
    process.begin([body_of(0)], STAMP)

    assert first is None or first.table.num_rows == 50
    assert process.result() is None


def test_a_closed_process_has_ended() -> None:
    process = TypingProcess(SALE)
    pid = process.pid or 0
    was_running = is_running(pid)

    process.close()

    assert was_running
    assert not is_running(pid)


def test_the_process_ends_when_the_one_it_works_for_is_killed() -> None:
    reads, writes = os.pipe()
    parent = os.fork()
    if parent == 0:
        # Nothing of the test's own process may run in the copy.
        with suppress(BaseException):
            process = TypingProcess(SALE)
            os.write(writes, str(process.pid).encode())
            time.sleep(60)
        os._exit(1)
    pid = int(os.read(reads, 20))
    was_running = is_running(pid)

    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    ends = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < ends:
        time.sleep(0.02)

    assert was_running
    assert not is_running(pid)


def test_no_copy_is_made_while_another_thread_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    other = threading.Thread(target=ended.wait, daemon=True)
    other.start()

    with typing_process(SALE) as process:
        found = process
    ended.set()
    other.join()

    assert found is None


@pytest.mark.parametrize(("cores", "expected"), [({0}, False), ({0, 1}, True)])
def test_one_core_alone_gets_no_second_process(
    monkeypatch: pytest.MonkeyPatch, cores: set[int], expected: bool
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores)
    monkeypatch.setattr(threading, "active_count", lambda: 1)

    with typing_process(SALE) as process:
        found = process is not None

    assert found is expected
    assert not multiprocessing.active_children()
