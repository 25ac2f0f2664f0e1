"""The process that tasks are forked from, so that one can be killed at any line without paying for its imports.

It reads jobs from its standard input and forks a child for each. A child counts the lines of `mercurios` that it
executes and ends itself with SIGKILL at the line its job names: nothing is closed, flushed or cleaned up. What it
leaves is on disk only, as after the out-of-memory killer or a lost node.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import random
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from publications import DAG, MARTS, make_marts
from quick_retailer import FragileRetailer
from seeded_source import TENANT, seeded_requests

import mercurios
from mercurios.landing.plan import RunPlan
from mercurios.sources.prohandel.extract import extract
from mercurios.sources.prohandel.http import deadlines
from mercurios.tenants.run import Run
from mercurios.warehouse.publication import publish
from mercurios.warehouse.setup import set_up
from prohandel_simulator.testing import RunningSimulator, running_simulator

PACKAGE = str(Path(mercurios.__file__).parent)
# Its lines run once for each piece that the network makes of a body, which is another number every time.
UNCOUNTED = str(Path(deadlines.__file__))


class LineKiller:
    """Kills this process when the package is about to execute its n-th line."""

    def __init__(self, lines: int, answers: int) -> None:
        self._left, self._answers = lines, answers

    def arm(self) -> None:
        """Count from here on, in every thread."""
        threading.settrace(self._enter)
        sys.settrace(self._enter)

    def _enter(self, frame: FrameType, *_: Any) -> Callable[..., Any] | None:
        file = frame.f_code.co_filename
        return self._line if file.startswith(PACKAGE) and file != UNCOUNTED else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        if event == "line":
            self._left -= 1
            if self._left == 0:
                place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
                os.write(self._answers, json.dumps({"killed": place}).encode())
                os.kill(os.getpid(), signal.SIGKILL)
        return self._line


def _begin(retailer: FragileRetailer, job: dict[str, Any]) -> Any:
    return retailer.begin(job["run_id"]).run_id


def _extract(retailer: FragileRetailer, job: dict[str, Any]) -> Any:
    plan = RunPlan.model_validate(job["plan"])
    with retailer.client(**job["settings"]) as client:
        return [extract(client, retailer.store, retailer.request(name, plan)) for name in job["names"]]


def _load(retailer: FragileRetailer, job: dict[str, Any]) -> Any:
    return len(retailer.load(*job["urls"]))


def _publish(retailer: FragileRetailer, job: dict[str, Any]) -> Any:
    with retailer.engine() as engine:
        return publish(engine, Run(retailer.tenant.id, DAG, job["run_id"]), MARTS).run.run_id


WORK = {"begin": _begin, "extract": _extract, "load": _load, "publish": _publish}


def run(job: dict[str, Any], answers: int) -> None:
    """Work on a job in a process of its own, and write the result."""
    retailer = FragileRetailer(
        RunningSimulator(job["base_url"], *(None, None)), Path(job["home"]), job["modes"]
    )
    killer = LineKiller(job["lines"], answers)
    try:
        with seeded_requests(random.Random(job["seed"])):
            killer.arm()
            answer = {"done": WORK[job["work"]](retailer, job)}
            sys.settrace(None)
    except Exception as error:
        sys.settrace(None)
        answer = {"failed": f"{type(error).__name__}: {error}"}
    retailer.close()
    os.write(answers, json.dumps(answer).encode())


def _warm_up() -> None:
    """Live a short life here, so that no child pays again for imports, compiled templates and caches."""
    with tempfile.TemporaryDirectory() as home, running_simulator([TENANT]) as simulator:
        retailer = FragileRetailer(simulator, Path(home), {})
        retailer.warehouse.parent.mkdir()
        with retailer.engine() as engine:
            set_up(engine)
        for run_id in ("first", "second"):
            plan = retailer.begin(run_id)
            retailer.load(*retailer.extract(plan, "customer"))
        make_marts(retailer, ("customer",), "warm-up")
        with retailer.engine() as engine:
            publish(engine, Run(retailer.tenant.id, DAG, plan.run_id), MARTS)
        retailer.close()


def main() -> None:
    """Fork a child for each job."""
    logging.disable(logging.CRITICAL)
    _warm_up()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            run(json.loads(line), writing)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer = pipe.read().decode() or '{"failed": "the process ended without a word"}'
        _, status = os.waitpid(child, 0)
        if ("killed" in json.loads(answer)) != os.WIFSIGNALED(status):
            answer = json.dumps({"failed": f"the process ended with status {status} after saying {answer}"})
        print(answer, flush=True)
    sys.stdout.flush()
    # What is frozen would be reported as leaked.
    os._exit(0)


if __name__ == "__main__":
    main()
