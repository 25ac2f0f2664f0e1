"""How many sale rows a second the simulator serves, because a slow oracle would hide a slow extractor.

The server runs in a process of its own; threads of this one read pages of 1000 rows as fast as they can. Besides the
rate seen here, the rate per second of the server's own CPU time is printed: that is what one core can serve.

Run: PYTHONPATH=include python benchmarks/simulator_throughput.py [--world modehaus] [--quick]
"""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import common

from prohandel_simulator.auth import credentials

PAGESIZE = 1000
BAR_ROWS_PER_CPU_SECOND = 200_000


def connect(source: common.Source) -> http.client.HTTPConnection:
    """Return a connection to the server."""
    address = urlsplit(source.root)
    return http.client.HTTPConnection(str(address.hostname), address.port)


def access_token(source: common.Source, world: str) -> str:
    """Fetch a token."""
    connection = connect(source)
    connection.request("POST", "/auth/api/v4/token", json.dumps(credentials(world)))
    return str(json.load(connection.getresponse())["token"]["token"]["value"])


def full_pages(source: common.Source, world: str) -> int:
    """Return how many full pages of sales there are."""
    connection = connect(source)
    connection.request("GET", "/_simulator/tenants")
    return int(json.load(connection.getresponse())[world]["rows"]["sale"]) // PAGESIZE


def read_pages(source: common.Source, world: str, token: str, pages: list[int]) -> int:
    """Read pages over one connection and return how many bytes came."""
    connection = connect(source)
    received = 0
    for page in pages:
        path = f"/t/{world}/api/v2/sale?page={page}&pagesize={PAGESIZE}"
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        received += len(connection.getresponse().read())
    return received


def main() -> int:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--world", default="modehaus", choices=["mini", "modehaus", "giftware"])
    parser.add_argument("--pages", type=int, default=2000, help="pages of 1000 rows to read")
    parser.add_argument("--connections", type=int, default=4, help="pages in flight")
    options = parser.parse_args()
    report = common.Report("simulator_throughput", options.quick)
    world, wanted = ("mini", 200) if options.quick else (options.world, options.pages)
    with common.serving(common.simulator(world)) as source:
        token, last = access_token(source, world), full_pages(source, world)
        pages = [index % last + 1 for index in range(wanted)]
        shares = [pages[worker :: options.connections] for worker in range(options.connections)]
        before = source.cpu()
        with common.measured() as spent, ThreadPoolExecutor(options.connections) as pool:
            received = sum(pool.map(lambda share: read_pages(source, world, token, share), shares))
        used = source.cpu() - before
    rows = len(pages) * PAGESIZE
    report.say(
        f"{rows:,} rows of {world} ({received / 1e6:,.0f} MB), {options.connections} connections, {spent}"
    )
    report.say(f"rows/s seen by the client: {rows / spent.wall:,.0f}")
    report.at_least("rows per second of server CPU", rows / used, BAR_ROWS_PER_CPU_SECOND)
    return report.exit_code()


if __name__ == "__main__":
    common.exit_with(main)
