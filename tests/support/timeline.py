"""A simulated shop through several days: when the pipeline runs, and what really was in stock at the end of each day.

The truth is the simulator's own state, and arithmetic in plain Python over what it sold and received. Nothing here
reads the product's SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dbt_runs import run_dbt
from retailer import Retailer

from mercurios.warehouse.setup import write_reference
from prohandel_simulator.testing import RunningSimulator

ZONE = ZoneInfo("Europe/Berlin")
# A till writes its last receipts of a day up to five minutes after midnight.
LATE = timedelta(minutes=10)

Position = tuple[int, int]
"""Article and branch."""


class Timeline:
    """One tenant of a simulator: its clock, its runs, and its true stock."""

    def __init__(self, simulator: RunningSimulator, home: Path, tenant_id: str = "mini") -> None:
        self.simulator = simulator
        self.home = home
        self.retailer = Retailer(simulator, home, tenant_id)
        self.now = simulator.simulator.clock.now.replace(tzinfo=UTC)
        self.closing: dict[date, dict[Position, int]] = dict(self._history())
        self._runs = 0

    def advance_to(self, local: datetime) -> None:
        """Move the clock to a local time, and note the true stock at the end of each day that passes."""
        until = local.replace(tzinfo=ZONE).astimezone(UTC)
        while (midnight := self._next_midnight()) + LATE <= until:
            self._move(midnight + LATE)
            day = midnight.astimezone(ZONE).date()
            self.closing[day - timedelta(days=1)] = self._stock_without(day)
        self._move(until)

    def run(self, *first: str, then: datetime | None = None, models: Sequence[str] = ()) -> None:
        """Extract, load and build.

        Args:
            first: resources that are read before the rest; all at once when there are none.
            then: local time to which the clock moves between the two.
            models: what to build.
        """
        self.read(*first, then=then)
        self.build(*models)

    def read(self, *first: str, then: datetime | None = None) -> None:
        """Extract and load."""
        self._runs += 1
        plan = self.retailer.begin(f"r{self._runs}")
        urls = self.retailer.extract(plan, *first) if first else []
        if then is not None:
            self.advance_to(then)
        read = {
            "sale",
            "articlesize",
            "order",
            "article",
            "branch",
            "size",
            "season",
            "supplier",
            "category",
            "currency",
        }
        urls += self.retailer.extract(plan, *sorted(read - set(first)))
        self.retailer.load(*urls)
        with self.retailer.engine() as engine:
            write_reference(engine, self.retailer.tenant, self.now.date())

    def stock_now(self) -> dict[Position, int]:
        """Return the true stock of this moment."""
        state = self._state()
        found: dict[Position, int] = defaultdict(int)
        for article, branch, units in zip(
            state["row_article_number"].tolist(),
            state["row_branch"].tolist(),
            state["row_stock"].tolist(),
            strict=True,
        ):
            found[article, branch] += units
        return dict(found)

    def _stock_without(self, day: date) -> dict[Position, int]:
        """Return the stock of now without what is already booked for a day."""
        found = self.stock_now()
        for row in self._rows("sale"):
            key = row["articleNumber"], row["branchNumber"]
            if _day(row["date"]) == day and key in found:
                found[key] += int(row["quantity"])
        return found

    def _history(self) -> Iterator[tuple[date, dict[Position, int]]]:
        """Yield the stock at the end of every day before the clock started: without what came and went since."""
        moved: dict[date, dict[Position, int]] = defaultdict(lambda: defaultdict(int))
        for row in self._rows("sale"):
            moved[_day(row["date"])][row["articleNumber"], row["branchNumber"]] -= int(row["quantity"])
        for order in self._rows("order"):
            for line in order["positions"]:
                day, key = _day(line["expectedArrival"]), (line["articleNumber"], line["branchNumber"])
                moved[day][key] += int(line["deliveredAmount"])
        stock, day = self.stock_now(), self.now.astimezone(ZONE).date()
        for _ in range(400):
            # What the simulator keeps no stock of is a service.
            for key in moved[day].keys() & stock.keys():
                stock[key] -= moved[day][key]
            day -= timedelta(days=1)
            yield day, dict(stock)

    def build(self, *models: str) -> None:
        """Build models of what was read."""
        environment = {
            "MERCURIOS_TENANT_ID": self.retailer.tenant.id,
            "MERCURIOS_DUCKDB_PATH": str(self.retailer.warehouse),
            "DBT_TARGET_PATH": str(self.home / "dbt-target"),
        }
        done = run_dbt(["run", "--select", *models], self.home, environment)
        assert done.returncode == 0, done.stdout[-4000:]

    def _next_midnight(self) -> datetime:
        day = (self.now.astimezone(ZONE) - LATE).date() + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)

    def _move(self, until: datetime) -> None:
        self.simulator.post("/_simulator/clock", {"to": until.isoformat()})
        self.now = until

    def _rows(self, resource: str) -> list[dict[str, Any]]:
        return self.simulator.truth(self.retailer.tenant.id, resource)

    def _state(self) -> dict[str, Any]:
        return self.simulator.world(self.retailer.tenant.id).state


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])
