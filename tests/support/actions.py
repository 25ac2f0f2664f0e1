"""What can happen to a run. Each action is given a schedule and the plan of a run that has just begun."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from faulty_warehouse import FragileEngine, WarehouseFault
from publications import DAG, MARTS, make_marts

from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingError
from mercurios.sources.prohandel.reading import Reading
from mercurios.tenants.run import Run
from mercurios.warehouse.engine import WarehouseLockedError
from mercurios.warehouse.publication import mark_stale, publish

if TYPE_CHECKING:
    from schedules import Schedule

Action = Callable[["Schedule", RunPlan], None]


def read(schedule: Schedule, plan: RunPlan) -> None:
    """A run goes well, as far as requests and storage let it."""
    schedule.load(*schedule.extract(plan))


def load_late(schedule: Schedule, plan: RunPlan) -> None:
    """What was landed is loaded some time later, after newer runs perhaps."""
    schedule.landed += schedule.extract(plan)


def lose_acknowledgement(schedule: Schedule, plan: RunPlan) -> None:
    """A load was done, but this is not known: it is done again, now and later."""
    urls = schedule.extract(plan)
    schedule.load(*urls)
    schedule.landed += urls
    schedule.load(*urls)


def rerun(schedule: Schedule, plan: RunPlan) -> None:
    """Two attempts of one run are loaded, in any order."""
    urls = schedule.extract(plan)
    schedule.world_changes()
    urls += schedule.extract(plan)
    schedule.random.shuffle(urls)
    schedule.load(*urls)


def restart_run(schedule: Schedule, plan: RunPlan) -> None:
    """A run is begun again; what its first start landed may no longer be loaded."""
    stale = schedule.extract(plan)
    urls = stale + schedule.extract(schedule.begin(plan.run_id))
    schedule.random.shuffle(urls)
    schedule.load(*urls)


def run_in_parallel(schedule: Schedule, plan: RunPlan) -> None:
    """While one run reads, another begins, reads and perhaps loads."""
    other, take = schedule.begin(), Reading.take
    for name in schedule.names:
        left = iter(range(schedule.random.randint(0, 3)))
        began: list[bool] = []

        def interrupted(reading: Reading, page: Any, left: Any = left, began: list[bool] = began) -> None:
            if next(left, None) is None and not began:
                began.append(True)
                urls = schedule.extract(other, reading.resource.name)
                schedule.load(*urls) if schedule.random.random() < 0.5 else schedule.landed.extend(urls)
            take(reading, page)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Reading, "take", interrupted)
            urls = schedule.extract(plan, name)
        schedule.load(*urls)


def damage_part(schedule: Schedule, plan: RunPlan) -> None:
    """A part is cut short after its manifest was written: nothing of it may be loaded."""
    from schedules import local_path

    for url in schedule.extract(plan):
        parts = json.loads(local_path(url).read_text())["parts"]
        if not parts:
            continue
        path = local_path(schedule.random.choice(parts)["url"])
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        try:
            schedule.retailer.load(url)
            schedule.oracle.say(f"{url} was loaded although a part was damaged")
        except LandingError:
            pass
        if schedule.random.random() < 0.5:
            path.write_bytes(content)
            schedule.landed.append(url)


def hold_lock(schedule: Schedule, plan: RunPlan) -> None:
    """Another process holds the warehouse."""
    urls = schedule.extract(plan)
    schedule.retailer.close()
    with schedule.stage.holder.holding(schedule.retailer.warehouse):
        try:
            with schedule.retailer.engine(lock_wait=0.05):
                schedule.oracle.say("the warehouse was opened although another process holds it")
        except WarehouseLockedError:
            pass
    schedule.load(*urls)


def break_warehouse(schedule: Schedule, plan: RunPlan) -> None:
    """A statement fails, the connection is lost, or a commit is done and its response is lost."""
    for url in schedule.extract(plan):
        for _ in range(2):
            fault = schedule.random.choice(list(WarehouseFault))
            with schedule.retailer.engine() as engine:
                assert isinstance(engine, FragileEngine)
                engine.break_at(fault, schedule.random.randint(0, 16))
            if schedule.load_broken(url, fault):
                break
        schedule.landed.append(url)


def kill_begin(schedule: Schedule, plan: RunPlan) -> None:
    """The task that begins a run dies, for the same run or for the next."""
    run_id = schedule.random.choice([plan.run_id, f"{plan.run_id}-next"])
    urls = schedule.extract(plan)
    _kill(schedule, "begin", 3.0, run_id=run_id)
    schedule.load(*urls)
    schedule.load(*schedule.extract(schedule.begin(run_id)))


def kill_extract(schedule: Schedule, plan: RunPlan) -> None:
    """An extract task dies, and perhaps the next try of it too."""
    for name in schedule.names:
        for _ in range(schedule.random.randint(1, 2)):
            details = {"plan": plan.model_dump(mode="json"), "names": [name], "settings": schedule.settings}
            schedule.landed += _kill(schedule, "extract", 4.0, **details) or []
    if schedule.random.random() < 0.5:
        schedule.load(*schedule.extract(plan))


def kill_load(schedule: Schedule, plan: RunPlan) -> None:
    """A load task dies."""
    for url in schedule.extract(plan):
        _kill(schedule, "load", 3.5, urls=[url])
        schedule.oracle.observe()
        schedule.landed.append(url)


def _kill(schedule: Schedule, work: str, magnitude: float, **details: Any) -> Any:
    """Run a task that is killed at some line, early lines as likely as late ones; return what it returned."""
    lines = int(10 ** schedule.random.uniform(0.0, magnitude))
    outcome = schedule.stage.tasks.run(
        work, schedule.retailer, lines, schedule.random.randrange(2**32), **details
    )
    schedule.steps.append(f"{work} killed at {outcome.killed}" if outcome.killed else f"{work} survived")
    return outcome.done


def publish_marts(schedule: Schedule, plan: RunPlan) -> None:
    """Marts are made and published, or fail their checks; publications die, and readers look on all the time."""
    schedule.load(*schedule.extract(plan))
    retailer, stage = schedule.retailer, schedule.stage
    run = Run(retailer.tenant.id, DAG, plan.run_id)
    for attempt in range(2):
        made_by = f"{plan.run_id}-{attempt}"
        make_marts(retailer, schedule.names, made_by)
        with stage.reader.watching(retailer.published) as seen:
            if schedule.random.random() < 0.3:
                with retailer.engine() as engine:
                    mark_stale(engine, run, "a check failed")
            else:
                schedule.passed.add(made_by)
                if not _kill(schedule, "publish", 3.0, run_id=plan.run_id):
                    with retailer.engine() as engine:
                        publish(engine, run, MARTS)
        for view in seen:
            if len(set(view)) > 1 or view[0].partition("/")[0] not in schedule.passed:
                schedule.oracle.say(f"a reader saw {view}; published were {sorted(schedule.passed)}")


ACTIONS: dict[str, Action] = {
    each.__name__.replace("_", " "): each
    for each in (
        read,
        load_late,
        lose_acknowledgement,
        rerun,
        restart_run,
        run_in_parallel,
        damage_part,
        hold_lock,
        break_warehouse,
        kill_begin,
        kill_extract,
        kill_load,
        publish_marts,
    )
}
