"""Small readings of the warehouse that several steps of a load share."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from mercurios.warehouse.engine import Engine, Parameters
from mercurios.warehouse.sql import render


def count(engine: Engine, relation: str) -> int:
    """Return the number of rows of a table."""
    return scalar(engine, render(engine.dialect, "count_rows", relation=relation))


def scalar(engine: Engine, sql: str, parameters: Parameters = ()) -> int:
    """Return the `row_count` of a query's only row."""
    return int(engine.fetch_rows(sql, parameters)[0]["row_count"])


def listed(value: list[str] | str | None) -> list[str]:
    """Return a list that a query made, without nulls: engines that know no lists answer with JSON."""
    found = json.loads(value) if isinstance(value, str) else value or ()
    return [each for each in found if each is not None]


def naive(instant: datetime) -> datetime:
    """Return an instant as the warehouse keeps it: UTC without zone."""
    return instant.astimezone(UTC).replace(tzinfo=None)
