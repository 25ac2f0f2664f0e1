"""Tiny marts, made from RAW and published like the real ones, and a reader who never stops looking at them.

All marts of one making carry its name. A reader must always see marts of one making, and of one that passed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processes import Companion
from quick_retailer import FragileRetailer

from mercurios.sources.prohandel.resources import RESOURCES

DAG = "pipeline__tests"
MARTS = ("mart_rows", "mart_total")

_READER = """
import json, select, sys, duckdb
for line in sys.stdin:
    path, seen = line.strip(), set()
    print("watching", flush=True)
    while True:
        try:
            connection = duckdb.connect(path, read_only=True)
            seen.add(connection.execute(
                "select (select min(made_by || '/' || rows) from analytics.mart_rows),"
                " (select max(made_by || '/' || rows) from analytics.mart_rows),"
                " (select min(made_by || '/' || rows) from analytics.mart_total)"
            ).fetchone())
            connection.close()
        except Exception as error:
            if "does not exist" not in str(error):
                seen.add((str(error), "", ""))
        if select.select([sys.stdin], [], [], 0.005)[0]:
            break
    sys.stdin.readline()
    print(json.dumps(sorted(seen, key=str)), flush=True)
"""


class Reader(Companion):
    """Another process that opens the published file again and again."""

    def __init__(self) -> None:
        super().__init__("-c", _READER)

    @contextmanager
    def watching(self, path: Path) -> Iterator[list[tuple[str, str, str]]]:
        """Read for the length of a `with` block; what was seen is in the list afterwards."""
        seen: list[tuple[str, str, str]] = []
        self.tell(str(path))
        try:
            yield seen
        finally:
            seen += [(one, two, three) for one, two, three in json.loads(self.tell(""))]


def make_marts(retailer: FragileRetailer, names: tuple[str, ...], made_by: str) -> None:
    """Build the marts from RAW, each in a statement of its own."""
    counts = " + ".join(f"(select count(*) from raw.{RESOURCES[name].table})" for name in names)
    with retailer.engine() as engine:
        for mart in MARTS:
            rows = "unnest([1, 2, 3])" if mart == "mart_rows" else "0"
            engine._connection.execute(
                f"create or replace table analytics.{mart} as select '{retailer.tenant.id}' as tenant_id,"
                f" '{made_by}' as made_by, {counts} as rows, {rows} as part"
            )
