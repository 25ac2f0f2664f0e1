"""Publication: the moment checked marts become what readers see.

Readers see one publication or the next and nothing in between. A publication replaces the tables that its run made;
the others stay as they were published, so that a run still at work on other tables cannot leak what has not been
checked. How readers are shown tables in one step is the engine's own: each brings a `Publisher`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from mercurios.warehouse.comments import describe
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.registry import backend_named
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from mercurios.tenants.run import Run


# A day, less what one run begins earlier than another.
SAID_AGAIN_AFTER = timedelta(hours=23)


@dataclass(frozen=True)
class Publication:
    """What a run publishes.

    Attributes:
        run: the run; each DAG keeps its own record of weeks.
        tables: marts of schema analytics that the run made and checked.
        last_complete_week: Monday of the last whole week of sales in the marts; None before the first run.
        closes_week: a forecast of that week is due: this run is the first to publish it, or the first for a day while
            no forecast of it is published.
        published_at: when, UTC.
        basis: what its tables were made from, read before they were; None where nothing may be skipped because of it.
    """

    run: Run
    tables: tuple[str, ...]
    last_complete_week: date | None
    closes_week: bool
    published_at: datetime = field(compare=False)
    basis: Mapping[str, str] | None = field(default=None, compare=False)

    def parameters(self) -> dict[str, Any]:
        """Return the publication as parameters of a statement, which binds those that it names."""
        return {
            **self.run.parameters(),
            "published_at": self.published_at.replace(tzinfo=None),
            "last_complete_week": self.last_complete_week,
            "closes_week": self.closes_week,
            "basis": None if self.basis is None else json.dumps(self.basis, sort_keys=True),
        }


class Publisher(Protocol):
    """How an engine shows tables to readers; its package's module `publish`."""

    def replace(self, engine: Any, publication: Publication) -> None:
        """Put a publication's tables in place of those that readers see, in one step.

        The publication is noted in `ops.publication` in the same transaction, or after readers have it: a week that
        they never got is closed by the next run that reaches them. Beside the tables readers learn that they are fresh.

        Raises:
            WarehouseError: a table is missing, or a statement failed; readers see what they saw before.
        """

    def mark_stale(self, engine: Any, run: Run, reason: str) -> None:
        """Note for readers that a newer run failed its checks; nothing before the first publication."""

    def has_readers(self, engine: Any, run: Run, published_by: str) -> bool:
        """Return whether readers see what a run of the same DAG published, and no newer run failed its checks."""

    def mark_verified(self, engine: Any, run: Run, verified_at: datetime) -> None:
        """Note for readers that a newer run would publish the same."""


def publish(
    engine: Engine, run: Run, tables: Sequence[str], basis: Mapping[str, str] | None = None
) -> Publication:
    """Make tables of schema analytics visible to readers.

    Running it again for the same run publishes the same tables again and keeps the first answer to whether the
    run closed a week. What dbt says of tables and columns is brought to the warehouse as comments where it changed.

    Args:
        engine: the tenant's warehouse; held open throughout, so publications follow one another.
        run: the run that publishes.
        tables: marts this run made and checked.
        basis: what they were made from, as it was before they were made.

    Raises:
        WarehouseError: a table is missing, readers cannot be shown the tables, or the warehouse is another tenant's;
            they see what they saw before.
    """
    engine.claim(run.tenant_id)
    found = engine.fetch_arrow(render(engine.dialect, "last_complete_week"), run.parameters())
    week = found["last_complete_week"][0].as_py() if found.num_rows else None
    closes_week = _closes_its_week(engine, run, week)
    publication = Publication(run, tuple(tables), week, closes_week, datetime.now(UTC), basis)
    backend_named(engine.dialect).publisher().replace(engine, publication)
    describe(engine)
    return publication


def mark_stale(engine: Engine, run: Run, reason: str) -> None:
    """Note beside what readers see that a newer run failed its checks; what they see stays as it is."""
    backend_named(engine.dialect).publisher().mark_stale(engine, run, reason)


def has_readers(engine: Engine, run: Run, published_by: str) -> bool:
    """Return whether readers see what a run of the same DAG published, and no newer run failed its checks."""
    return backend_named(engine.dialect).publisher().has_readers(engine, run, published_by)


def verify(engine: Engine, run: Run, verified_at: datetime) -> None:
    """Note that a run would publish what its DAG published last; the tables that readers see are not touched.

    Args:
        engine: the tenant's warehouse.
        run: the run that found it.
        verified_at: when, UTC.
    """
    [newest] = engine.fetch_rows(render(engine.dialect, "publication_newest"), run.parameters())
    moment = {"published_by": newest["run_id"], "verified_at": verified_at.replace(tzinfo=None)}
    engine.execute(render(engine.dialect, "publication_verify"), {**run.parameters(), **moment})
    backend_named(engine.dialect).publisher().mark_verified(engine, run, verified_at)


def _closes_its_week(engine: Engine, run: Run, week: date | None) -> bool:
    """Return whether a forecast of a run's last complete week is due; a rerun keeps the first answer.

    The first run to publish a week says so. The forecast's DAG may be paused, or fail, so the next days say it again
    until that week's forecast is published.
    """
    published = engine.fetch_rows(render(engine.dialect, "publication_last"), run.parameters())
    of_this_dag = [row for row in published if row["dag_id"] == run.dag_id]
    for row in of_this_dag:
        if row["run_id"] == run.run_id:
            return bool(row["closes_week"])
    if week is None:
        return False
    # A week that lies ahead was published under a wrong clock; this one need not pass it.
    of_this_week = [row for row in of_this_dag if row["last_complete_week"] == week]
    if not of_this_week:
        return True
    if any(row["dag_id"] != run.dag_id and row["last_complete_week"] == week for row in published):
        return False
    said_at = max((row["published_at"] for row in of_this_week if row["closes_week"]), default=None)
    return said_at is not None and datetime.now(UTC).replace(tzinfo=None) - said_at >= SAID_AGAIN_AFTER
