"""Another Python process that works for the tests, line by line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
