"""A seeded schedule of what can go wrong between a server and its client.

Faults wrap the application as ASGI middleware, so they hit tokens and pages alike and the simulated state behind them
stays true: whatever response the client gets, the truth endpoints go on showing the true state. The n-th request of a
seed always meets the same fault, so a failing schedule can be replayed.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from email.utils import format_datetime
from enum import StrEnum
from functools import partial
from typing import Any

import orjson

from prohandel_simulator import api
from prohandel_simulator.server import Application

Scope = dict[str, Any]
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

SLOW_SECONDS = 0.02
ABSURD_SECONDS = 10**9
TRICKLED_BYTES = 150


class Fault(StrEnum):
    """One kind of fault."""

    # The connection ends before a response.
    RESET = "reset"
    # The connection ends in the middle of the body.
    CUT_BODY = "cut_body"
    # The body arrives in pieces, late.
    SLOW = "slow"
    ERROR_500 = "error_500"
    ERROR_502 = "error_502"
    ERROR_503 = "error_503"
    # 429 without Retry-After.
    TOO_MANY = "too_many"
    TOO_MANY_SECONDS = "too_many_seconds"
    TOO_MANY_DATE = "too_many_date"
    # A Retry-After of decades.
    TOO_MANY_ABSURD = "too_many_absurd"
    TOKEN_DIES = "token_dies"  # noqa: S105 - every token of the tenant expires
    # Status 200 with an error object.
    ERROR_IN_200 = "error_in_200"
    HTML_IN_200 = "html_in_200"
    # Status 200, complete by its length, but half an array.
    CUT_JSON = "cut_json"
    # No rows, although more pages follow.
    EMPTY_PAGE = "empty_page"
    NO_MORE_HEADER = "no_more_header"
    # The page before, again, under its own number.
    STALE_PAGE = "stale_page"
    # Rows are inserted, changed and deleted between two pages.
    WORLD_MOVES = "world_moves"
    # A page shows one of its rows twice.
    DUPLICATE_ROW = "duplicate_row"
    # No response, until the client gives up.
    HANG = "hang"
    # The body comes byte by byte, each in time, for seconds, and is no JSON.
    TRICKLE = "trickle"
    # The last row of a page is on no page, although more pages follow.
    SHORT_PAGE = "short_page"
    NEW_COLUMN = "new_column"
    MISSING_COLUMN = "missing_column"
    RETYPED_COLUMN = "retyped_column"


DRIFT_FAULTS = (Fault.NEW_COLUMN, Fault.MISSING_COLUMN, Fault.RETYPED_COLUMN)
"""A source that changes its mind about its columns, which is no accident of one request."""
ALL_FAULTS = tuple(
    fault for fault in Fault if fault not in (*DRIFT_FAULTS, Fault.HANG, Fault.TRICKLE, Fault.SHORT_PAGE)
)
"""Faults that a client which asks again, or reads again, sees through."""
_STATUS = {Fault.ERROR_500: 500, Fault.ERROR_502: 502, Fault.ERROR_503: 503}
_TOO_MANY = {Fault.TOO_MANY, Fault.TOO_MANY_SECONDS, Fault.TOO_MANY_DATE, Fault.TOO_MANY_ABSURD}


@dataclass
class FaultSchedule:
    """Decides, request by request, which fault strikes.

    Attributes:
        seed: same seed, same faults.
        rate: share of requests that meet a fault.
        kinds: faults to draw from.
        most: after so many faults the schedule is at its end and nothing strikes any more; None never ends.
        misled: rows (resource, id) about which a response was silent or wrong in a way no client can see.
    """

    seed: int
    rate: float = 0.2
    kinds: tuple[Fault, ...] = ALL_FAULTS
    most: int | None = None
    struck: Counter[str] = field(default_factory=Counter)
    misled: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Start the schedule."""
        self._random = random.Random(self.seed)  # noqa: S311 - a replayable schedule, not a secret

    def next(self) -> Fault | None:
        """Return what strikes the next request."""
        ended = self.most is not None and sum(self.struck.values()) >= self.most
        strikes = self._random.random() < self.rate
        fault = self._random.choice(self.kinds) if self.kinds else None
        if ended or not strikes or fault is None:
            return None
        self.struck[fault] += 1
        return fault

    def column(self, resource: str, row: dict[str, Any]) -> str:
        """Return the column of a resource that drifts while this schedule lasts."""
        names = sorted(row.keys() - {"id", "positions"})
        return random.Random(f"{self.seed} {resource}").choice(names)  # noqa: S311

    def hours(self) -> float:
        """Return by how many hours the world moves when it moves."""
        return self._random.choice((0.25, 1.0, 6.0))


def schedule(
    seed: int, rate: float = 0.2, kinds: Iterable[str] = (), most: int | None = None
) -> FaultSchedule:
    """Build a schedule from plain words.

    Raises:
        ValueError: a fault is unknown; the message lists the known ones.
    """
    try:
        chosen = tuple(Fault(kind) for kind in kinds) or ALL_FAULTS
    except ValueError as problem:
        raise ValueError(f"{problem}; known faults: {', '.join(Fault)}") from None
    return FaultSchedule(seed, rate, chosen, most)


class Faulty:
    """ASGI middleware that lets a schedule strike the requests of an application.

    Args:
        application: the simulator.
        faults: the schedule; may be replaced while it runs, None lets everything through.
    """

    def __init__(self, application: Application, faults: FaultSchedule | None = None) -> None:
        self.application = application
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let a fault answer it."""
        path = scope.get("path", "")
        exposed = path.startswith((api.PREFIX, "/auth/"))
        fault = self.faults.next() if self.faults and exposed else None
        if fault is None:
            await self.application(scope, receive, send)
            return
        is_page = path.startswith(api.PREFIX)
        strike = _PAGE_FAULTS.get(fault) if is_page else None
        if strike is not None:
            await strike(self, scope, receive, send)
        else:
            await _plain(fault, self, scope, receive, send)

    async def collect(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """Let the application answer and return the head and the body it would send."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.application(scope, receive, keep)
        return messages[0], b"".join(message.get("body", b"") for message in messages[1:])


async def _plain(fault: Fault, faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    """Faults that may strike any request, a token's too."""
    if fault in _STATUS:
        await _answer(send, _STATUS[fault], b'{"error":"broken"}')
    elif fault in _TOO_MANY:
        await _answer(send, 429, b'{"error":"too many requests"}', _retry_after(fault, faulty))
    elif fault is Fault.HANG:
        while (await receive())["type"] != "http.disconnect":
            pass
    elif fault is Fault.RESET:
        await _cut(send, {"status": 200, "headers": []}, b"", 1000)
    elif fault is Fault.CUT_BODY:
        head, body = await faulty.collect(scope, receive)
        await _cut(send, head, body[: len(body) // 2], len(body))
    else:
        head, body = await faulty.collect(scope, receive)
        await asyncio.sleep(SLOW_SECONDS)
        await send(head)
        await send({"type": "http.response.body", "body": body})


async def _slow(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    head, body = await faulty.collect(scope, receive)
    await send(head)
    half = len(body) // 2
    await send({"type": "http.response.body", "body": body[:half], "more_body": True})
    await asyncio.sleep(SLOW_SECONDS)
    await send({"type": "http.response.body", "body": body[half:]})


async def _trickle(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    head, _ = await faulty.collect(scope, receive)
    head["headers"] = [item for item in head["headers"] if item[0] != b"content-length"]
    await send(head)
    for _ in range(TRICKLED_BYTES):
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(SLOW_SECONDS)
        if await _has_gone(receive):
            return
    await send({"type": "http.response.body", "body": b""})


async def _has_gone(receive: Receive) -> bool:
    """Return whether the client has closed the connection."""
    try:
        return bool((await asyncio.wait_for(receive(), timeout=0.001))["type"] == "http.disconnect")
    except TimeoutError:
        return False


async def _token_dies(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    faulty.application.simulator.tokens.expire(api.parse(scope).tenant)
    await faulty.application(scope, receive, send)


async def _error_in_200(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    head, _ = await faulty.collect(scope, receive)
    await _replaced(send, head, b'{"error":"internal","message":"try again"}')


async def _html_in_200(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    head, _ = await faulty.collect(scope, receive)
    await _replaced(send, head, b"<html><body>Maintenance</body></html>", b"text/html")


async def _cut_json(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    head, body = await faulty.collect(scope, receive)
    await _replaced(send, head, body[: max(1, len(body) - 2)])


async def _empty_page(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    head, body = await faulty.collect(scope, receive)
    promised = _header(head, b"x-more-pages-available") == b"True"
    await _replaced(send, head, b"[]" if promised else body)


async def _no_more_header(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    head, body = await faulty.collect(scope, receive)
    head["headers"] = [item for item in head["headers"] if item[0] != b"x-more-pages-available"]
    await _replaced(send, head, body)


async def _stale_page(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    query = api.parse(scope).query
    page = int(query.get("page", "1"))
    earlier = "&".join(
        f"{name}={max(1, page - 1) if name == 'page' else value}" for name, value in query.items()
    )
    _, body = await faulty.collect({**scope, "query_string": earlier.encode()}, receive)
    head, _ = await faulty.collect(scope, receive)
    await _replaced(send, head, body)


async def _world_moves(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    if faulty.faults is not None:
        faulty.application.simulator.advance_hours(faulty.faults.hours())
    await faulty.application(scope, receive, send)


async def _duplicate_row(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    head, rows = await _rows(faulty, scope, receive)
    await _replaced(send, head, orjson.dumps(rows[:1] + rows))


async def _short_page(faulty: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
    head, rows = await _rows(faulty, scope, receive)
    if len(rows) > 1 and _header(head, b"x-more-pages-available") == b"True":
        _mislead(faulty, scope, rows[-1:])
        rows = rows[:-1]
    await _replaced(send, head, orjson.dumps(rows))


async def _drift(
    faulty: Faulty, scope: Scope, receive: Receive, send: Send, change: Callable[..., None]
) -> None:
    head, rows = await _rows(faulty, scope, receive)
    if rows and faulty.faults is not None:
        column = faulty.faults.column(api.parse(scope).path[0], rows[0])
        for row in rows:
            change(row, column)
        _mislead(faulty, scope, rows)
    await _replaced(send, head, orjson.dumps(rows))


def _add(row: dict[str, Any], _: str) -> None:
    row["loyaltyTier"] = "gold"


def _drop(row: dict[str, Any], column: str) -> None:
    del row[column]


def _retype(row: dict[str, Any], column: str) -> None:
    value = row[column]
    if isinstance(value, bool) or value is None:
        row[column] = "yes" if value else ""
    elif isinstance(value, str):
        row[column] = {"value": value}
    else:
        row[column] = str(value)


async def _rows(faulty: Faulty, scope: Scope, receive: Receive) -> tuple[Message, list[dict[str, Any]]]:
    """Return the head and the rows of the application's response; no rows where it is an error."""
    head, body = await faulty.collect(scope, receive)
    rows = orjson.loads(body)
    return head, rows if isinstance(rows, list) else []


def _mislead(faulty: Faulty, scope: Scope, rows: Iterable[dict[str, Any]]) -> None:
    if faulty.faults is not None:
        faulty.faults.misled |= {(api.parse(scope).path[0], row["id"]) for row in rows}


_PAGE_FAULTS: dict[Fault, Callable[[Faulty, Scope, Receive, Send], Awaitable[None]]] = {
    Fault.SLOW: _slow,
    Fault.TRICKLE: _trickle,
    Fault.TOKEN_DIES: _token_dies,
    Fault.ERROR_IN_200: _error_in_200,
    Fault.HTML_IN_200: _html_in_200,
    Fault.CUT_JSON: _cut_json,
    Fault.EMPTY_PAGE: _empty_page,
    Fault.NO_MORE_HEADER: _no_more_header,
    Fault.STALE_PAGE: _stale_page,
    Fault.WORLD_MOVES: _world_moves,
    Fault.DUPLICATE_ROW: _duplicate_row,
    Fault.SHORT_PAGE: _short_page,
    Fault.NEW_COLUMN: partial(_drift, change=_add),
    Fault.MISSING_COLUMN: partial(_drift, change=_drop),
    Fault.RETYPED_COLUMN: partial(_drift, change=_retype),
}


def _retry_after(fault: Fault, faulty: Faulty) -> list[tuple[bytes, bytes]]:
    clock = faulty.application.simulator.clock
    forms = {
        Fault.TOO_MANY_SECONDS: b"1",
        Fault.TOO_MANY_DATE: format_datetime(clock.now, usegmt=True).encode(),
        Fault.TOO_MANY_ABSURD: str(ABSURD_SECONDS).encode(),
    }
    dated = [(b"date", clock.http_date.encode())]
    return [*dated, (b"retry-after", forms[fault])] if fault in forms else dated


def _header(head: Message, name: bytes) -> bytes | None:
    return next((value for key, value in head["headers"] if key == name), None)


async def _answer(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _replaced(send: Send, head: Message, body: bytes, kind: bytes | None = None) -> None:
    replaced = {b"content-length": str(len(body)).encode()}
    if kind is not None:
        replaced[b"content-type"] = kind
    head["headers"] = [(name, replaced.get(name, value)) for name, value in head["headers"]]
    await send(head)
    await send({"type": "http.response.body", "body": body})


async def _cut(send: Send, head: Message, body: bytes, promised: int) -> None:
    """Promise more bytes than are sent and end the connection."""
    headers = [item for item in head["headers"] if item[0] != b"content-length"]
    headers.append((b"content-length", str(promised).encode()))
    await send({"type": "http.response.start", "status": head["status"], "headers": headers})
    if body:
        await send({"type": "http.response.body", "body": body, "more_body": True})
    raise ConnectionResetError("the fault schedule cuts this connection")
