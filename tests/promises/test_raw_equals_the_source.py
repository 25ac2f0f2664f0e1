"""Promises 1, 2 and 4: whatever fails in between, RAW equals the source, the ledger adds up, the watermark is safe.

Each schedule is a seeded sequence of days at the source and of faults in the runs that read it. What a fault
leaves behind is left behind: nothing is cleaned up between steps.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from retailer import Retailer

from mercurios.landing.plan import RunPlan
from mercurios.sources.prohandel.http.errors import ProHandelError
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.warehouse.load import FencedError
from prohandel_simulator.api import Request, Response, error
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.testing import RunningSimulator

NAMES = ("sale", "order", "voucher")
CLEAN_RUNS = 2


class Killed(BaseException):
    """What a process that is killed looks like from inside: nothing after it runs."""


class Schedule:
    """A seeded life of a retailer: days pass, runs fail, and what they left arrives in any order."""

    def __init__(self, retailer: Retailer, seed: int) -> None:
        self.retailer = retailer
        self.random = random.Random(seed)
        self.late: list[str] = []
        self.runs = 0
        self.steps: list[str] = []
        self.faults: dict[str, Callable[[RunPlan], None]] = {
            "outage": self.outage,
            "expired token": self.expired_token,
            "killed extract": self.killed_extract,
            "killed load": self.killed_load,
            "rerun": self.rerun,
            "late load": self.late_load,
            "restarted run": self.restarted_run,
        }

    def play(self, length: int) -> None:
        order = self.random.sample(sorted(self.faults), len(self.faults))
        for step in range(length):
            fault = order[step % len(order)]
            self.steps.append(fault)
            self.faults[fault](self.begin())
            self.retailer.simulator.advance(self.random.choice([1, 20, 48]))
        for url in self.late:
            self.load_if_allowed(url)
        for _ in range(CLEAN_RUNS):
            self.read(self.begin())

    def begin(self) -> RunPlan:
        self.runs += 1
        return self.retailer.begin(f"r{self.runs}")

    def read(self, plan: RunPlan) -> list[str]:
        urls = self.retailer.extract(plan, *NAMES)
        self.retailer.load(*urls)
        return urls

    def load_if_allowed(self, url: str) -> None:
        try:
            self.retailer.load(url)
        except FencedError:
            self.steps.append("fenced")

    def outage(self, plan: RunPlan) -> None:
        last = self.random.randint(1, 6)
        with self.intercepting(lambda page: error(503, "Down") if page > last else None):
            for name in NAMES:
                try:
                    self.retailer.load(*self.retailer.extract(plan, name, page_size=300))
                except ProHandelError:
                    self.steps.append(f"{name} failed")

    def expired_token(self, plan: RunPlan) -> None:
        tokens = self.retailer.simulator.simulator.tokens
        turn = iter(range(1_000_000))

        def expire(page: int) -> Response | None:
            if next(turn) == 3:
                tokens.expire("mini")
            return None

        with self.intercepting(expire):
            self.read(plan)

    def killed_extract(self, plan: RunPlan) -> None:
        def die(*_: object) -> str:
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.retailer.store, "write_manifest", die)
            with pytest.raises(Killed):
                self.retailer.extract(plan, self.random.choice(NAMES))

    def killed_load(self, plan: RunPlan) -> None:
        urls = self.retailer.extract(plan, *NAMES)

        def die(*_: object) -> None:
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mercurios.warehouse.load._advance", die)
            for url in urls:
                with pytest.raises(Killed):
                    self.retailer.load(url)
        self.retailer.load(*urls[: self.random.randint(0, len(urls))])

    def rerun(self, plan: RunPlan) -> None:
        self.read(plan)
        self.retailer.simulator.advance(3)
        urls = self.read(plan)
        self.retailer.load(*urls)

    def late_load(self, plan: RunPlan) -> None:
        self.late += self.retailer.extract(plan, *NAMES)

    def restarted_run(self, plan: RunPlan) -> None:
        self.late += self.retailer.extract(plan, *NAMES)
        self.read(self.retailer.begin(plan.run_id))

    def intercepting(self, response: Callable[[int], Response | None]) -> _Intercepting:
        def intercept(_: Simulator, request: Request) -> Response | None:
            return response(int(request.query["page"]))

        return _Intercepting(self.retailer.simulator, intercept)


class _Intercepting:
    """Put an interceptor before the API for the length of a `with` block."""

    def __init__(self, simulator: RunningSimulator, interceptor: Callable[..., Response | None]) -> None:
        self.found = simulator.application.interceptors
        self.interceptor = interceptor

    def __enter__(self) -> None:
        self.found.insert(0, self.interceptor)

    def __exit__(self, *_: object) -> None:
        self.found.remove(self.interceptor)


def unsafe_watermarks(retailer: Retailer) -> list[str]:
    """Watermarks that passed the greatest cursor RAW holds."""
    found = []
    for row in retailer.query("select resource, cursor_value from ops.watermark"):
        resource = RESOURCES[row["resource"]]
        [newest] = retailer.query(f"select max({resource.cursor_column}) as cursor from raw.{resource.table}")
        if newest["cursor"] is None or row["cursor_value"] > newest["cursor"]:
            found.append(f"{resource.name}: watermark {row['cursor_value']}, newest row {newest['cursor']}")
    return found


@pytest.mark.parametrize(("seed", "mode"), [(1, "changed"), (2, "scan"), (3, "changed"), (4, "scan")])
def test_after_any_schedule_of_faults_and_clean_runs_raw_equals_the_source(
    own_source: RunningSimulator, tmp_path: Path, seed: int, mode: str
) -> None:
    retailer = Retailer(own_source, tmp_path, resources={"sale": {"mode": mode}})
    retailer.simulator.post("/_simulator/mini/silent_deletes", {"on": mode == "scan"})
    schedule = Schedule(retailer, seed)

    schedule.play(7)

    assert retailer.differences(*NAMES) == [], schedule.steps
    broken = retailer.query(
        "select run_id, resource, attempt from ops.load_ledger"
        " where extracted <> loaded + quarantined + superseded or least(extracted, loaded, superseded, deleted) < 0"
    )
    assert broken == [], schedule.steps
    assert unsafe_watermarks(retailer) == [], schedule.steps
    assert len(retailer.query("select distinct resource from ops.load_ledger")) == len(NAMES) + 1


def test_rows_that_cannot_be_read_are_counted_and_named_and_nothing_else_is_missing(
    own_source: RunningSimulator, tmp_path: Path
) -> None:
    retailer = Retailer(own_source, tmp_path)
    retailer.run("r1", "sale")
    dirty = own_source.post("/_simulator/mini/dirty", {"resource": "sale", "unparsable": 2})["unparsable"]
    own_source.advance(24)

    retailer.run("r2", "sale")

    assert retailer.truth_ids("sale") - retailer.raw("sale").keys() == set(dirty)
    named = retailer.query("select source_id from ops.quarantine")
    assert {row["source_id"] for row in named} == set(dirty)
    [counted] = retailer.query("select quarantined from ops.load_ledger where run_id = 'r2'")
    assert counted["quarantined"] == 2


def test_the_watermark_never_moves_back_and_stands_only_for_rows_that_are_there(
    own_source: RunningSimulator, tmp_path: Path
) -> None:
    retailer = Retailer(own_source, tmp_path, resources={"sale": {"mode": "changed"}})
    seen: list[datetime] = []
    late = retailer.extract(retailer.begin("late"), "sale")
    for day in range(3):
        urls = retailer.extract(retailer.begin(f"r{day}"), "sale")
        before = retailer.watermark("sale")
        assert before == (seen[-1] if seen else None), "landing alone moved the watermark"
        retailer.load(*urls)
        retailer.load(*late)
        seen.append(retailer.watermark("sale") or datetime.min)
        assert unsafe_watermarks(retailer) == []
        own_source.advance(24)

    assert seen == sorted(seen)
    assert len(set(seen)) == 3
