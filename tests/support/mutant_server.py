"""The process that runs tests on changed code: it has the libraries loaded and forks a child for every run.

`mutants.py` starts one for every copy of the repository it works in, sends runs of tests as lines of JSON and reads
their results. Only a child imports the product, so that each sees the code as it is on disk.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

LIBRARIES = (
    "duckdb",
    "fsspec",
    "great_expectations",
    "holidays",
    "hypothesis",
    "numpy",
    "openpyxl",
    "pandas",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pydantic",
    "requests",
    "scipy.stats",
    "statsmodels.tsa.holtwinters",
    "uvicorn",
)
PRODUCT = str(Path.cwd() / "include" / "mercurios")
# What the names of threads of pools begin with.
POOLS = ("ThreadPoolExecutor", "page")
# Functions only; bodies of modules and classes run once, at import.
_OPTIMIZED = 0x1


class Reached:
    """Records the functions of the product that each test enters, and how long the test takes.

    What a fixture enters counts for every test that uses the fixture, not only for the first, for which it is made.
    """

    def __init__(self) -> None:
        self._entered: dict[str, set[CodeType]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._seconds: dict[str, float] = {}
        self._now: set[CodeType] = set()

    def enter(self, frame: FrameType, *_: Any) -> None:
        """Record a call, as a trace function that does not look at lines."""
        if frame.f_code.co_filename.startswith(PRODUCT):
            self._now.add(frame.f_code)

    def enter_in_thread(self, frame: FrameType, event: str, argument: Any) -> None:
        """Record the first call of a new thread; only threads of the product's pools are recorded further on.

        The simulator answers in threads of its own, whose every call would take time and tell nothing.
        """
        if threading.current_thread().name.startswith(POOLS):
            sys.settrace(self.enter)
            self.enter(frame, event, argument)
        else:
            sys.settrace(None)

    @contextmanager
    def _owner(self, name: str) -> Iterator[None]:
        before, self._now = self._now, self._entered.setdefault(name, set())
        try:
            yield
        finally:
            self._now = before

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        begun = time.monotonic()
        self._names[item.nodeid] = tuple(getattr(item, "fixturenames", ()))
        with self._owner(item.nodeid):
            result = yield
        self._seconds[item.nodeid] = time.monotonic() - begun
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        with self._owner(f"fixture {fixturedef.argname}"):
            return (yield)

    def result(self) -> dict[str, Any]:
        """Return seconds and entered functions, each as file and first line, of every test."""
        found = {}
        for test, names in self._names.items():
            owners = [test, *(f"fixture {name}" for name in names)]
            codes = {code for owner in owners for code in self._entered.get(owner, ())}
            functions = sorted(
                {(code.co_filename, code.co_firstlineno) for code in codes if code.co_flags & _OPTIMIZED}
            )
            found[test] = {"seconds": self._seconds[test], "functions": functions}
        return found


class Chosen:
    """Runs the chosen tests in their order, and such that were not known when they were chosen."""

    def __init__(self, chosen: list[str], known: list[str]) -> None:
        self._order = {test: at for at, test in enumerate(chosen)}
        self._others = set(known) - set(chosen)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [item for item in items if item.nodeid not in self._others]
        items[:] = sorted(kept, key=lambda item: self._order.get(item.nodeid, len(self._order)))


def run(job: dict[str, Any], answer: int) -> None:
    """Run tests in a process of its own, and write the result."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with tempfile.TemporaryFile() as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        reached = Reached()
        plugins: list[Any] = [Chosen(job["tests"], job["known"])] if job["tests"] else [reached]
        if not job["tests"]:
            threading.settrace(reached.enter_in_thread)
            sys.settrace(reached.enter)
        status = int(pytest.main([*job["options"], *job["paths"]], plugins))
        sys.settrace(None)
        sys.stdout.flush()
        output.seek(0)
        result = {
            "status": status,
            "output": output.read().decode(errors="replace")[-3000:],
            "tests": reached.result(),
        }
    with os.fdopen(answer, "w") as pipe:
        print(json.dumps(result), file=pipe)


def main() -> None:
    """Fork a child for each run; one that takes longer than its limit is ended with all it has started."""
    for name in LIBRARIES:
        importlib.import_module(name)
    replies = os.fdopen(os.dup(1), "w")
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        job = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                run(job, writing)
            finally:
                os._exit(0)
        os.close(writing)
        print(_reply(child, reading, job["limit"]), file=replies, flush=True)
    # What is frozen would be reported as leaked.
    os._exit(0)


def _reply(child: int, reading: int, limit: float) -> str:
    """Wait for a child's answer."""
    signal.signal(signal.SIGALRM, lambda *_: _end(child))
    signal.setitimer(signal.ITIMER_REAL, limit)
    with os.fdopen(reading) as pipe:
        answer = pipe.readline().strip()
    signal.setitimer(signal.ITIMER_REAL, 0)
    _end(child)
    os.waitpid(child, 0)
    return answer or json.dumps({"status": -1, "output": "the process ended without an answer", "tests": {}})


def _end(child: int) -> None:
    """End a child's process group, which the child may not have made yet or have left behind."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
