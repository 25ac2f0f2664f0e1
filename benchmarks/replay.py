"""Serves the sales of world `modehaus` again and again until a number of rows is reached.

Two million rows need no world of that size: the pages are the simulator's own, byte for byte but for the first
eight digits of the ids, which count the rounds, so that no row comes twice. It speaks the whole protocol (tokens,
headers) because it is the simulator with one interceptor.

Run: PYTHONPATH=include python benchmarks/replay.py --rows 2000000
"""

from __future__ import annotations

import argparse
import re
import socket
from collections.abc import Iterator
from datetime import date

import uvicorn

from prohandel_simulator.api import MAX_PAGESIZE, Request, Response
from prohandel_simulator.server import HOST, Application, configure
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.world import default_cache_dir

WORLD = "modehaus"


class Replay:
    """An interceptor that answers the list of sales.

    Args:
        simulator: holds the world.
        rows: length of the list.
    """

    def __init__(self, simulator: Simulator, rows: int) -> None:
        self._collection = simulator.tenants[WORLD].world.collections["sale"]
        self._cycle = len(self._collection.visible) // MAX_PAGESIZE * MAX_PAGESIZE
        self._rows = rows

    def __call__(self, simulator: Simulator, request: Request) -> Response | None:
        """Answer a page of sales; other requests go on to the simulator."""
        if request.path != ("sale",):
            return None
        page, size = int(request.query["page"]), int(request.query["pagesize"])
        first = (page - 1) * size
        last = min(first + size, self._rows)
        more = b"True" if first + size < self._rows else b"False"
        headers = ((b"x-page", b"%d" % page), (b"x-more-pages-available", more))
        return Response(200, b"[" + b",".join(self._rounds(first, last)) + b"]", headers)

    def _rounds(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the rows between two positions, round by round: a few rows asked for may span the end of one."""
        while first < last:
            number, start = divmod(first, self._cycle)
            end = min(start + last - first, self._cycle)
            body = self._collection.page(self._collection.visible[start:end])
            yield re.sub(rb'"id":"........', b'"id":"%08x' % number, body)[1:-1]
            first += end - start


def main() -> None:
    """Serve until ended."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=2_000_000)
    options.add_argument("--today", type=date.fromisoformat, default=date(2026, 3, 4))
    given = options.parse_args()
    with socket.create_server((HOST, 0)) as listener:
        simulator = Simulator([WORLD], given.today, cache_dir=default_cache_dir())
        application = Application(simulator, [Replay(simulator, given.rows)])
        port = listener.getsockname()[1]
        print(f"ready: tokens at http://{HOST}:{port}/auth/api/v4/token", flush=True)
        uvicorn.Server(configure(application, port)).run(sockets=[listener])


if __name__ == "__main__":
    main()
