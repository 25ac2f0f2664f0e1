"""Other processes a schedule needs: tasks that are killed, one that holds the warehouse, one that reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion import SUPPORT, Companion
from quick_retailer import FragileRetailer

_HOLDER = """
import sys, duckdb
for line in sys.stdin:
    connection = duckdb.connect(line.strip())
    print("held", flush=True)
    sys.stdin.readline()
    connection.close()
    print("released", flush=True)
"""


class LockHolder(Companion):
    """Another process that takes the warehouse's lock on demand."""

    def __init__(self) -> None:
        super().__init__("-c", _HOLDER)

    @contextmanager
    def holding(self, path: Path) -> Iterator[None]:
        """Hold the lock for the length of a `with` block."""
        self.tell(str(path))
        try:
            yield
        finally:
            self.tell("")


@dataclass(frozen=True)
class Outcome:
    """How a task that was to be killed ended: where it was killed, what it returned, or why it failed."""

    killed: str | None = None
    done: Any = None
    failed: str | None = None


class Tasks(Companion):
    """Runs tasks in processes of their own, which are killed at a line of the product."""

    def __init__(self) -> None:
        super().__init__(str(SUPPORT / "fork_server.py"))

    def run(self, work: str, retailer: FragileRetailer, lines: int, seed: int, **details: Any) -> Outcome:
        """Run a task until it executes its n-th line; a warehouse that it needs is left to it meanwhile."""
        if work != "extract":
            retailer.close()
        job = {
            "work": work,
            "lines": lines,
            "seed": seed,
            "base_url": retailer.simulator.base_url,
            "home": str(retailer.landing.parent),
            "modes": {name: settings.mode for name, settings in retailer.prohandel.resources.items()},
            **details,
        }
        return Outcome(**json.loads(self.tell(json.dumps(job))))
