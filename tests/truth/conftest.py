"""One simulated shop through several days, played once and read by every test of this folder."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from demo_shop import WAREHOUSE, demo_shop
from edits import Edits
from plan import Plan, plan_of
from played import LIMITS, REPLENISHMENT, Played
from played_forecast import forecasts, store
from retailer import Retailer
from session_cache import SessionCache
from timeline import Timeline

from mercurios.jobs.forecast import fit_shard, load_forecast, prepare, read_plan
from mercurios.orders.settings import Replenishment
from mercurios.tenants.limits import Limits
from mercurios.tenants.run import Run
from prohandel_simulator.testing import RunningSimulator, running_simulator

# The clocks are set forward in the night to Sunday, 2026-03-29.
START, TODAY = date(2026, 3, 26), date(2026, 3, 30)
# An article whose open orders no one confirms.
FORGOTTEN = 100020016
# The week before the last: the last forecast but one still holds when the marts are built.
NEWEST_ORIGIN = date(2026, 3, 16)
SNAPSHOT = "+int_stock_snapshots"
RESOURCES = ("sale", "order", "article", "articlesize", "branch", "category", "season", "supplier")


@pytest.fixture(scope="session")
def played(session_cache: SessionCache) -> Played:
    """Run daily at five for three days; between and after that at noon, over midnight, in the hour that clocks skip.

    Or a warehouse that was not played, where one is named: see `of_warehouse.py`.
    """
    if name := os.environ.get(WAREHOUSE):
        return demo_shop(Path(name))
    return Played.load(session_cache.once("played", _play) / "played.json")


@pytest.fixture(scope="module")
def plan(played: Played) -> Plan:
    """What follows for the played shop from its stock, orders, policies and forecasts."""
    return plan_of(played)


def _send_home(simulator: RunningSimulator) -> None:
    """Let customers try goods at home: one each of some sizes, and all that there is of one."""
    sizes = Edits(simulator, "articlesize")
    stocked = [row for row in simulator.truth("mini", "articlesize") if row["stockQuantity"] >= 2]
    for row in stocked[::9]:
        sizes.change(row["id"], selectionQuantity=1)
    sizes.change(stocked[-1]["id"], selectionQuantity=stocked[-1]["stockQuantity"])


def _state_reasons(simulator: RunningSimulator) -> None:
    """Give a few old returns a reason, which the simulated tills do not state by themselves."""
    sales, old = Edits(simulator, "sale"), (START - timedelta(days=60)).isoformat()
    returned = [row for row in simulator.truth("mini", "sale") if row["quantity"] < 0 and row["date"] < old]
    for reason, row in enumerate(returned[:60:10], start=1):
        sales.change(row["id"], returnReasonNumber=reason % 3 + 1)


def _play(home: Path) -> None:
    with running_simulator(["mini"], today=START) as simulator:
        _send_home(simulator)
        _state_reasons(simulator)
        timeline = Timeline(simulator, home)
        timeline.run(models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 26, 12, 20))
        timeline.run(models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 27, 5, 0))
        timeline.run(models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 27, 23, 58))
        timeline.run("articlesize", then=datetime(2026, 3, 28, 0, 4), models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 28, 5, 0))
        timeline.run(models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 29, 3, 1))
        timeline.run(models=[SNAPSHOT])
        timeline.advance_to(datetime(2026, 3, 30, 12, 40))
        _put_off(Edits(simulator, "order"))
        _cancel(Edits(simulator, "order"))
        _forget(Edits(simulator, "order"))
        retailer = timeline.retailer
        decided = {
            "limits": Limits.model_validate(LIMITS),
            "replenishment": Replenishment.model_validate(REPLENISHMENT),
        }
        retailer.tenant = retailer.tenant.model_copy(update=decided)
        stored = forecasts(simulator.truth("mini", "sale"), NEWEST_ORIGIN)
        with retailer.engine() as engine:
            store(engine, retailer.tenant.id, stored)
        timeline.run(models=["+tag:marts"])
        _forecast(retailer)
        rows = {name: simulator.truth(retailer.tenant.id, name) for name in RESOURCES}
        played = Played(retailer.warehouse, TODAY, timeline.closing, timeline.stock_now(), rows | stored)
        played.save(home / "played.json")


def _forecast(retailer: Retailer) -> None:
    """Make the forecast of the week that closed, which also measures the stored ones."""
    run = Run(retailer.tenant.id, "forecast__mini", "forecast")
    with retailer.engine() as engine:
        plan = prepare(engine, retailer.store, retailer.tenant, run)
        shards = range(read_plan(retailer.store, plan).shards)
        urls = [fit_shard(retailer.store, plan, shard) for shard in shards]
        load_forecast(engine, retailer.store, plan, urls)


def _put_off(orders: Edits) -> None:
    """Let suppliers deliver half of the articles three weeks later than they said, where that is two weeks away."""
    for key in orders.ids:
        lines = orders.row(key)["positions"]
        moved = [
            {**line, "expectedArrival": _later(line["expectedArrival"])}
            if line["backlogAmount"] > 0
            and line["articleNumber"] % 2
            and line["expectedArrival"][:10] >= (TODAY + timedelta(days=14)).isoformat()
            else line
            for line in lines
        ]
        if moved != lines:
            orders.change(key, positions=moved)


def _forget(orders: Edits) -> None:
    """Let a supplier say nothing of what was due two months ago, of one article."""
    due = (TODAY - timedelta(days=60)).isoformat()
    for key in orders.ids:
        lines = orders.row(key)["positions"]
        overdue = [
            {**line, "expectedArrival": due + line["expectedArrival"][10:]}
            if line["articleNumber"] == FORGOTTEN and line["backlogAmount"] > 0
            else line
            for line in lines
        ]
        if overdue != lines:
            orders.change(key, positions=overdue)


def _cancel(orders: Edits) -> None:
    """Let the retailer cancel an order of which nothing has come."""
    nothing = (
        key for key in orders.ids if not any(line["deliveredAmount"] for line in orders.row(key)["positions"])
    )
    orders.delete(next(nothing), silent=False)


def _later(moment: str) -> str:
    return f"{date.fromisoformat(moment[:10]) + timedelta(days=21)}{moment[10:]}"
