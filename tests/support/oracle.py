"""What must hold of a warehouse: at all times, and once the source has been read without faults.

The oracle reads the simulator's own state and RAW, and knows the wire only through `retailer.expected_row`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from quick_retailer import FragileRetailer
from retailer import expected_row
from seeded_source import SeededSource

from mercurios.sources.contract import Resource
from mercurios.sources.prohandel.resources import CONTRACT, RESOURCES

Row = dict[str, Any]


class Oracle:
    """Compares one retailer's warehouse with the source it reads.

    Args:
        names: the collections the retailer reads.
        incremental: those of them that are read by their changes.
    """

    def __init__(
        self, source: SeededSource, retailer: FragileRetailer, names: Sequence[str], incremental: set[str]
    ) -> None:
        self.source, self.retailer, self.names, self.incremental = source, retailer, names, incremental
        self.marks: dict[str, datetime] = {}
        # The newest stamp of each resource that ever was in RAW.
        self.newest: dict[str, datetime | None] = {}
        self.found: list[str] = []
        newest = "".join(
            f" when '{each.name}' then (select max({each.cursor_column}) from raw.{each.table})"
            for each in map(RESOURCES.__getitem__, names)
            if each.cursor_column
        )
        # One statement, because it is asked after every load.
        self._standing = (
            "select null as broken, resource, cursor_value as mark,"
            f" case resource when '' then null{newest} end as newest"
            " from ops.watermark where cursor_value is not null union all"
            # What changed while a list was read may be behind the reader, so the next read begins before it.
            " select case when bool_or(cursor_to > source_now) then 'the cursor passed the clock of the read'"
            " else 'the ledger does not add up' end || ': ' || run_id || ' ' || resource || ' ' || attempt,"
            " null, null, null from ops.load_ledger"
            " group by run_id, resource, attempt having count(*) > 1"
            " or sum(extracted) <> sum(loaded + quarantined + superseded)"
            " or min(least(extracted, loaded, superseded, deleted)) < 0"
            " or bool_or(cursor_to > source_now)"
        )

    def say(self, finding: str) -> None:
        """Note what is wrong."""
        self.found.append(finding)

    def forget(self, names: Sequence[str]) -> None:
        """Let the watermarks of these collections begin again, as a resync does."""
        for name in names:
            self.marks.pop(name, None)

    def observe(self) -> None:
        """Check what must hold at all times: watermarks stand on durable rows, and the ledger adds up."""
        for row in self.retailer.rows(self._standing):
            if row["broken"] is not None:
                self.say(row["broken"])
                continue
            name, mark = row["resource"], row["mark"]
            # A row may lose its stamp later, to a source that forgets the column for a while.
            newest = self.newest[name] = max(
                filter(None, (row["newest"], self.newest.get(name))), default=None
            )
            if newest is None or mark > newest:
                self.say(f"{name}: watermark {mark} passed the newest row {newest}")
            if mark < self.marks.get(name, mark):
                self.say(f"{name}: the watermark went back to {mark}")
            self.marks[name] = mark

    def compare(self, when: str, *, complete: bool) -> None:
        """Compare RAW with the source, row for row and value for value.

        Args:
            when: for the message.
            complete: everything was read completely; otherwise what only a complete read can show may be missing.
        """
        for name in self.names:
            for member in (RESOURCES[name], *CONTRACT.children_of(name)):
                for kind, key, what in self._differences(member):
                    unreported = (name, key) in self.source.only_complete_reads_show
                    unreported |= kind == "deleted" and self.source.silent
                    if complete or name not in self.incremental or not unreported:
                        self.say(f"{when}: {member.name} {key}: {what}")
            self._compare_quarantine(name, when, complete)

    def _differences(self, resource: Resource) -> Iterator[tuple[str, str, str]]:
        raw, truth = self._raw(resource), self._truth(resource)
        unreadable = self.source.unreadable.get(resource.name, set())
        for key in sorted(raw.keys() | truth.keys()):
            # RAW keeps the last version that could be read.
            if key in unreadable:
                continue
            if key not in raw:
                yield "lost", key, "lost"
            elif key not in truth:
                yield "deleted", key, "not at the source"
            elif raw[key] != truth[key]:
                changed = {c: (raw[key].get(c), v) for c, v in truth[key].items() if raw[key].get(c) != v}
                yield "differs", key, f"(RAW, source) {changed}"

    def _raw(self, resource: Resource) -> dict[str, Row]:
        columns = [column.name for column in resource.columns]
        columns += [key for key in (resource.parent_key,) if key]
        rows = self.retailer.rows(
            f"select {', '.join(columns)} from raw.{resource.table} where _deleted_at is null"
        )
        found = {row["id"]: row for row in rows}
        if len(found) < len(rows):
            self.say(f"{resource.name}: {len(rows) - len(found)} keys are doubled in RAW")
        return found

    def _truth(self, resource: Resource) -> dict[str, Row]:
        collection = self.source.collection(resource.child_of or resource.name)
        hidden = self.source.unreadable.get(resource.child_of or resource.name, set())
        rows = [collection.raw(slot) for slot in collection.visible.tolist()]
        read = [row for text in rows for row in _expected(resource, text, frozenset(hidden))]
        return {row["id"]: row for row in read}

    def _compare_quarantine(self, name: str, when: str, complete: bool) -> None:
        """Every row of the source that cannot be read is in quarantine, or RAW holds it from better days."""
        unreadable = self.source.unreadable.get(name, set()) & self.source.ids(name)
        if unreadable:
            rows = self.retailer.rows(f"select source_id from ops.quarantine where resource = '{name}'")
            for key in sorted(unreadable - {row["source_id"] for row in rows}):
                if complete or (name, key) not in self.source.only_complete_reads_show:
                    self.say(f"{when}: {name} {key}: unreadable, and not in quarantine")


@lru_cache(maxsize=50_000)
def _expected(resource: Resource, text: bytes, unreadable: frozenset[str]) -> tuple[Row, ...]:
    row = json.loads(text)
    if row["id"] in unreadable:
        return ()
    if resource.child_of is None:
        return (expected_row(resource, row),)
    field, key = str(resource.child_field), str(resource.parent_key)
    return tuple(expected_row(resource, {**child, key: row["id"]}) for child in row[field])
