"""The parts of one resource: its new rows, the keys of its unchanged rows, and its rows in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson
import pyarrow as pa

from mercurios.landing.manifest import Part
from mercurios.landing.part_writer import PartWriter
from mercurios.landing.store import LandingStore
from mercurios.sources.contract import Resource
from mercurios.sources.rows.kept_values import is_key
from mercurios.sources.rows.landed_table import schema
from mercurios.sources.rows.nesting import UNREADABLE
from mercurios.sources.rows.typed_page import Rejected

KEYS_SCHEMA = pa.schema([pa.field("id", pa.string())])
QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("tenant_id", pa.string()),
        pa.field("row_number", pa.int64()),
        pa.field("source_id", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("payload", pa.string()),
    ]
)
# Bytes of JSON: above what a contract's fields can have, below what a warehouse keeps as one text.
_LONGEST_PAYLOAD = 4 * 1024 * 1024
_TOO_LONG = orjson.dumps({UNREADABLE: f"longer than {_LONGEST_PAYLOAD:,} bytes"}).decode()


class ResourceParts:
    """Writes the parts of one resource; a part without rows is no part.

    Args:
        resource: the contract.
        store: the landing area.
        prefix: folder of the attempt.
        tenant_id: whose rows they are.
    """

    def __init__(self, resource: Resource, store: LandingStore, prefix: str, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        name, start = resource.name, f"{prefix}/{resource.table}"
        unique = ("id", "_content_hash", resource.cursor_column or "id")
        rows = PartWriter(store, f"{start}-rows.parquet", "rows", name, schema(resource), unique=unique)
        keys = PartWriter(store, f"{start}-keys.parquet", "keys", name, KEYS_SCHEMA, unique=("id",))
        refused = PartWriter(store, f"{start}-quarantine.parquet", "quarantine", name, QUARANTINE_SCHEMA)
        self._rows: PartWriter | InOrderOf = rows
        self._keys: PartWriter | InOrderOf = keys
        self._quarantine: PartWriter | InOrderOf = refused
        if resource.personal:
            self._rows, self._keys = InOrderOf("id", rows), InOrderOf("id", keys)
            self._quarantine = InOrderOf("source_id", refused)

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return self._rows.rows

    @property
    def quarantined(self) -> int:
        """Rows in quarantine so far."""
        return self._quarantine.rows

    def write_rows(self, table: pa.Table) -> None:
        """Write new or changed rows."""
        self._rows.write(table)

    def write_unchanged(self, table: pa.Table) -> None:
        """Write the keys of rows that the warehouse holds as they are."""
        self._keys.write(table.select(["id"]).cast(KEYS_SCHEMA))

    def write_rejected(self, rejected: Sequence[Rejected]) -> None:
        """Write rows to quarantine, and their keys: a row that cannot be typed still exists at the source."""
        if not rejected:
            return
        rejected = list(map(_bounded, rejected))
        names = QUARANTINE_SCHEMA.names[1:]
        columns = {name: [getattr(row, name) for row in rejected] for name in names}
        columns["tenant_id"] = [self._tenant_id] * len(rejected)
        self._quarantine.write(pa.table(columns, schema=QUARANTINE_SCHEMA))
        ids = [row.source_id for row in rejected if row.source_id]
        self._keys.write(pa.table({"id": ids}, schema=KEYS_SCHEMA))

    def close(self) -> list[Part]:
        """Finish the parts and return those that hold rows."""
        return self._rows.close() + self._keys.close() + self._quarantine.close()

    def abandon(self) -> None:
        """Release the files of an attempt that failed; without a manifest they do not exist for the loader."""
        for writer in (self._rows, self._keys, self._quarantine):
            writer.abandon()


class InOrderOf:
    """Writes a part in the order of a column, not in that of the source, which lists persons by their numbers.

    Rows with one value stay in the order in which they came, which says which is the newer one.

    Args:
        column: holds keys that say nothing of a person's number.
        part: takes the rows.
    """

    # Held before they are written: some hundred megabytes.
    MOST_ROWS = 500_000

    def __init__(self, column: str, part: PartWriter) -> None:
        self._column = column
        self._part = part
        self._held: list[pa.Table] = []
        self._held_rows = 0

    @property
    def rows(self) -> int:
        """Rows taken so far."""
        return self._part.rows + self._held_rows

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        self._held.append(table)
        self._held_rows += table.num_rows
        if self._held_rows >= self.MOST_ROWS:
            self._release()

    def close(self) -> list[Part]:
        """Write what is held, and finish the part."""
        self._release()
        return self._part.close()

    def abandon(self) -> None:
        """Release the file of an attempt that failed."""
        self._held.clear()
        self._part.abandon()

    def _release(self) -> None:
        if not self._held:
            return
        table = pa.concat_tables(self._held).sort_by(self._column)
        if "row_number" in table.schema.names:
            # A place in the source's list is a person's rank by number; one in the part distinguishes rows as well.
            places = pa.array(range(self._part.rows, self._part.rows + table.num_rows), pa.int64())
            table = table.set_column(table.schema.get_field_index("row_number"), "row_number", places)
        self._held, self._held_rows = [], 0
        self._part.write(table)


def _bounded(row: Rejected) -> Rejected:
    """Return a row without what no warehouse takes: a key or a payload that is too long."""
    payload = row.payload if len(row.payload.encode()) <= _LONGEST_PAYLOAD else _TOO_LONG
    return replace(row, source_id=row.source_id if is_key(row.source_id) else None, payload=payload)
