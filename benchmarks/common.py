"""What the benchmarks share: one shape of output, one way to measure, one way to run the simulator.

A figure stands beside its bar and beside the load of the machine it was taken on, because a
number without both says nothing. On a shared machine CPU seconds are printed beside wall seconds.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import psutil
import requests

from mercurios.sources.prohandel.client import ProHandelClient
from mercurios.sources.prohandel.http.settings import ClientSettings, Credentials
from prohandel_simulator.auth import credentials

ROOT = Path(__file__).resolve().parents[1]
TODAY = "2026-03-04"
PACKAGES = ("duckdb", "pyarrow", "numpy", "orjson", "dbt-core")


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with the option every benchmark has."""
    found = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    found.add_argument("--quick", action="store_true", help="smaller input and one repetition: does it run?")
    return found


class Report:
    """Prints a benchmark's figures and remembers whether a bar was missed.

    Args:
        name: the benchmark.
        quick: figures of a quick run are no measurement, and the output says so.
    """

    def __init__(self, name: str, quick: bool) -> None:
        self._missed = 0
        packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
        cores, load = os.cpu_count(), os.getloadavg()[0]
        print(f"{name}{' (quick: not a measurement)' if quick else ''}")
        print(f"machine: {cores} cores, load {load:.1f}, {platform.system()} {platform.machine()}", end=", ")
        print(f"Python {platform.python_version()}, {packages}", flush=True)

    def say(self, text: str) -> None:
        """Print a figure that has no bar."""
        print(f"  {text}", flush=True)

    def at_least(self, label: str, value: float, bar: float, unit: str = "") -> None:
        """Hold a figure against the least it may be."""
        self._judge(label, value, ">=", bar, unit, value >= bar)

    def at_most(self, label: str, value: float, bar: float, unit: str = "") -> None:
        """Hold a figure against the most it may be."""
        self._judge(label, value, "<=", bar, unit, value <= bar)

    def _judge(self, label: str, value: float, sign: str, bar: float, unit: str, good: bool) -> None:
        self._missed += not good
        verdict = "ok" if good else "MISSED"
        self.say(f"{label:44s} {number(value)}{unit}  bar {sign} {number(bar)}{unit}  {verdict}")

    def exit_code(self) -> int:
        """Return 1 when a bar was missed."""
        return int(self._missed > 0)


def exit_with(main: Callable[[], int]) -> NoReturn:
    """Run a benchmark and exit with its code: 0, 1 for a missed bar, 3 for a benchmark that broke."""
    try:
        code = main()
    except Exception:
        traceback.print_exc()
        code = 3
    sys.exit(code)


def number(value: float) -> str:
    """Return a figure with the digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def spread(values: Sequence[float]) -> str:
    """Return median, range and count of repeated figures."""
    low, high = number(min(values)), number(max(values))
    return f"{number(statistics.median(values))} (n={len(values)}, {low} to {high})"


@dataclass
class Spent:
    """Seconds of a measured block."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.cpu + other.cpu)

    def __str__(self) -> str:
        return f"{self.wall:6.2f} s wall  {self.cpu:6.2f} s CPU"


@contextmanager
def measured() -> Iterator[Spent]:
    """Measure a block: wall seconds, and CPU seconds of this process and of children that ended in it."""
    spent, wall, cpu = Spent(), time.perf_counter(), _cpu()
    yield spent
    spent.wall, spent.cpu = time.perf_counter() - wall, _cpu() - cpu


def _cpu() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(kind).ru_utime + resource.getrusage(kind).ru_stime for kind in kinds)


def peak_mib() -> float:
    """Return the greatest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


@dataclass
class Source:
    """A ProHandel API in a process of its own."""

    root: str
    process: subprocess.Popen[str]

    @property
    def auth_url(self) -> str:
        """Where tokens are issued, as a connection names it."""
        return f"{self.root}/auth"

    def cpu(self) -> float:
        """Return the CPU seconds the server used so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def advance(self, hours: float) -> None:
        """Move the source's clock."""
        body = {"advance_hours": hours}
        requests.post(f"{self.root}/_simulator/clock", json=body, timeout=300).raise_for_status()


@contextmanager
def serving(command: Sequence[str]) -> Iterator[Source]:
    """Run a server that prints one line `ready: tokens at <address>, …`, for the length of a `with` block.

    Raises:
        RuntimeError: it ended or said something else.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "include")}
    process = subprocess.Popen(
        [sys.executable, *command], env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("ready"):
            raise RuntimeError(f"{' '.join(command)} did not start; it said {line!r}")
        yield Source(line.split()[3].split("/auth")[0], process)
    finally:
        process.terminate()
        process.wait(timeout=10)


def simulator(world: str, today: str = TODAY) -> list[str]:
    """Return the command that serves a world; the first start generates it, which may take half a minute."""
    return ["-m", "prohandel_simulator", "serve", "--port", "0", "--tenants", world, "--today", today]


def client(auth_url: str, tenant: str, pages_in_flight: int = 4) -> ProHandelClient:
    """Return a client with a tenant's demo credentials."""
    known = credentials(tenant)
    settings = ClientSettings(pages_in_flight=pages_in_flight)
    return ProHandelClient(auth_url, Credentials(known["apiKey"], known["secret"]), settings)
