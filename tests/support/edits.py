"""Single edits of the simulated source: rows that appear, change, are deleted and restored, and false responses.

The simulator's own days are realistic and therefore seldom do what one test needs: this row, at this instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import orjson

from prohandel_simulator import api
from prohandel_simulator.api import Interceptor, Request, Response
from prohandel_simulator.rendering import TICKS, render_row, tick_text
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.store import Collection
from prohandel_simulator.testing import RunningSimulator

TENANT = "mini"
MINUTE = 60 * TICKS
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE


class Edits:
    """Writes to one collection of the simulated source; instants are ticks of 100 nanoseconds, UTC."""

    def __init__(self, source: RunningSimulator, resource: str) -> None:
        self.source, self.resource = source, resource
        self._slots: dict[str, int] = {}
        self._template: dict[str, Any] | None = None

    @property
    def collection(self) -> Collection:
        return self.source.simulator.tenants[TENANT].world.collections[self.resource]

    @property
    def now(self) -> int:
        """The source's clock."""
        return self.source.simulator.clock.ticks

    @property
    def ids(self) -> list[str]:
        """Ids in the order of the list."""
        return [row["id"] for row in orjson.loads(self.collection.page(self.collection.visible))]

    def row(self, key: str) -> dict[str, Any]:
        return self.collection.read(self._slot(key))

    def add(self, key: str, *, at: int | None = None, wire: Callable[[str], str] = str, **fields: Any) -> str:
        """Add a copy of the last row of the list under another id; `wire` rewrites the text that is sent."""
        if self._template is None:
            self._template = self.collection.read(int(self.collection.visible[-1]))
        row = {**self._template, **fields, "id": key}
        row = self._stamped(row, at, fields)
        text = wire(render_row(self.resource, row).decode())
        self.collection.add(row, self.now if at is None else at, raw=text.encode())
        return key

    def rewrite(self, key: str, wire: Callable[[bytes], bytes]) -> None:
        """Change the bytes that are sent for a row; they need not be JSON."""
        slot = self._slot(key)
        self.collection.update(slot, self.row(key), self.now, wire(self.collection.raw(slot)))

    def change(self, key: str, *, at: int | None = None, **fields: Any) -> None:
        """Give a row other values; its place in the list stays, its place in the list of changes does not."""
        row = self._stamped({**self.row(key), **fields}, at, fields)
        self.collection.update(self._slot(key), row, self.now if at is None else at)

    def delete(self, key: str, *, silent: bool) -> None:
        """Delete a row with a tombstone, or without any trace."""
        self.collection.delete(self._slot(key), self.now, tick_text(self.now), silent)

    def restore(self, key: str, **fields: Any) -> None:
        """Undo a deletion."""
        self.collection.restore(self._slot(key), self.now, tick_text(self.now))
        self.change(key, **fields)

    def _stamped(self, row: dict[str, Any], at: int | None, fields: dict[str, Any]) -> dict[str, Any]:
        if "lastChange" in row and "lastChange" not in fields:
            row["lastChange"] = tick_text(self.now if at is None else at)
        return row

    def _slot(self, key: str) -> int:
        known = len(self._slots)
        if known < self.collection.slots:
            rows = orjson.loads(self.collection.page(np.arange(known, self.collection.slots)))
            self._slots.update((row["id"], slot) for slot, row in enumerate(rows, start=known))
        return self._slots[key]


@contextmanager
def intercepting(source: RunningSimulator, interceptor: Interceptor) -> Iterator[None]:
    """Put an interceptor before the API for the length of a `with` block."""
    found = source.application.interceptors
    found.insert(0, interceptor)
    try:
        yield
    finally:
        found.remove(interceptor)


@contextmanager
def before_page(
    source: RunningSimulator, path: str, page: int, act: Callable[[], None]
) -> Iterator[list[int]]:
    """Let something happen once, just before a page is answered; the list holds the pages asked for since."""
    asked: list[int] = []
    done: list[bool] = []

    def intercept(_: Simulator, request: Request) -> Response | None:
        if "/".join(request.path).startswith(path) and request.query["pagesize"] != "1":
            asked.append(int(request.query["page"]))
            if asked[-1] == page and not done:
                done.append(True)
                act()
        return None

    with intercepting(source, intercept):
        yield asked


@contextmanager
def wire_rows(
    source: RunningSimulator, resource: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> Iterator[None]:
    """Let a collection's rows arrive different from what they are; a row for which `change` returns None stays out."""

    def intercept(simulator: Simulator, request: Request) -> Response | None:
        if request.path[:1] != (resource,):
            return None
        response = api._route(simulator, request)
        if response.status != 200:
            return response
        rows = [row for row in map(change, orjson.loads(response.body)) if row is not None]
        return Response(200, orjson.dumps(rows), response.headers)

    with intercepting(source, intercept):
        yield
