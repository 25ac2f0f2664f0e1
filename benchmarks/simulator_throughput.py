"""Measures how many sale rows a second the simulator serves, because a slow oracle would hide a slow extractor.

The server runs in a process of its own; threads of this one read pages of 1000 rows as fast as they can. Besides the
rate seen here, the rate per second of the server's own CPU time is printed: that is what one core can serve.
Run: `PYTHONPATH=include python benchmarks/simulator_throughput.py --world mini`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from prohandel_simulator.auth import credentials

HOST = "127.0.0.1"
PAGESIZE = 1000


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def start_server(world: str, port: int, cache_dir: str) -> subprocess.Popen[str]:
    """Start the simulator and wait for its ready line."""
    command = [sys.executable, "-m", "prohandel_simulator", "serve", "--port", str(port), "--tenants", world]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "include")}
    server = subprocess.Popen(
        [*command, "--today", "2026-03-04", "--cache-dir", cache_dir],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = server.stdout.readline() if server.stdout else ""
    if not line.startswith("ready"):
        raise RuntimeError(f"The simulator did not start; it said {line!r}.")
    return server


def access_token(world: str, port: int) -> str:
    """Fetch a token."""
    connection = http.client.HTTPConnection(HOST, port)
    connection.request("POST", "/auth/api/v4/token", json.dumps(credentials(world)))
    return str(json.load(connection.getresponse())["token"]["token"]["value"])


def read_pages(world: str, port: int, token: str, pages: list[int]) -> int:
    """Read pages over one connection and return how many bytes came."""
    connection = http.client.HTTPConnection(HOST, port)
    received = 0
    for page in pages:
        path = f"/t/{world}/api/v2/sale?page={page}&pagesize={PAGESIZE}"
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        received += len(connection.getresponse().read())
    return received


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Rows a second the simulator serves.")
    parser.add_argument("--world", default="mini", choices=["mini", "modehaus", "giftware"])
    parser.add_argument("--pages", type=int, default=800, help="pages of 1000 rows to read")
    parser.add_argument("--connections", type=int, default=4, help="pages in flight")
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as cache_dir:
        server = start_server(options.world, port, cache_dir)
        try:
            token = access_token(options.world, port)
            connection = http.client.HTTPConnection(HOST, port)
            connection.request("GET", "/_simulator/tenants")
            full_pages = json.load(connection.getresponse())[options.world]["rows"]["sale"] // PAGESIZE
            pages = [index % full_pages + 1 for index in range(options.pages)]
            shares = [pages[worker :: options.connections] for worker in range(options.connections)]
            before, start = psutil.Process(server.pid).cpu_times(), time.perf_counter()
            with ThreadPoolExecutor(options.connections) as pool:
                received = sum(pool.map(lambda share: read_pages(options.world, port, token, share), shares))
            elapsed, after = time.perf_counter() - start, psutil.Process(server.pid).cpu_times()
        finally:
            server.terminate()
            server.wait(timeout=10)
    rows = len(pages) * PAGESIZE
    used = after.user + after.system - before.user - before.system
    print(
        f"{rows:,} sale rows ({received / 1e6:,.0f} MB) over {options.connections} connections in {elapsed:.2f} s"
    )
    print(
        f"{rows / elapsed:,.0f} rows/s seen by the client, {rows / used:,.0f} rows per second of server CPU"
    )


if __name__ == "__main__":
    main()
