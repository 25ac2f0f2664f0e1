"""Other processes a schedule needs: tasks that are killed, one that holds the warehouse, one that reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quick_retailer import FragileRetailer

SUPPORT = Path(__file__).parent
INCLUDE = SUPPORT.parents[1] / "include"


class Companion:
    """Another Python process that answers one line to each line it gets; it starts when it is first needed."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None

    def tell(self, line: str) -> str:
        """Send a line and return the answer.

        Raises:
            RuntimeError: the process is dead.
        """
        if self._process is None:
            path = os.pathsep.join([str(INCLUDE), str(SUPPORT)])
            self._process = subprocess.Popen(
                [sys.executable, *self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process {self._command[0]} died: {self._process.wait()}")
        return answer.strip()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate(timeout=10)
            self._process = None


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
