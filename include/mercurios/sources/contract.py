"""What any source declares: its resources, their columns and types, keys, cursors and personal data.

One declaration drives everything that follows: what a source asks for, how its values become typed columns, the RAW
tables, the MERGE, the quality suites and the dbt sources. A field that is neither kept nor dropped by its resource is
drift.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class ColumnType(StrEnum):
    """How a source's value becomes a column; the value is the word used in declarations."""

    # int64; a source may write 7 or 100020962.0
    INTEGER = "int"
    # decimal(18, 2)
    DECIMAL = "dec"
    # float64, for rates and volumes that are not money
    FLOAT = "dbl"
    TEXT = "str"
    # text whose form at the source may be a number: EANs, size groups
    CODE = "code"
    BOOLEAN = "bool"
    # business date; a source may write midnight without zone
    DATE = "date"
    # local instant at the source, UTC microseconds in the warehouse
    TIMESTAMP = "ts"
    # a person's number, kept as a keyed hash so that rows still join
    KEY_HASH = "hash"


class Meaning(StrEnum):
    """What a value stands for, where that bounds it more than its type; the value is the word used in declarations."""

    # the day on which the retailer booked something, so a day of its life
    BOOKED = "booked"
    # pieces, not money
    UNITS = "units"
    # since midnight
    SECONDS = "seconds"


@dataclass(frozen=True)
class Column:
    """One kept field: its name at the source, its name in the warehouse, its type and what it stands for."""

    field: str
    name: str
    type: ColumnType
    meaning: Meaning | None = None


@dataclass(frozen=True)
class Resource:
    """One kind of row that a source delivers.

    Attributes:
        name: the resource's word, unique over all sources.
        table: the table in RAW, unique over all sources.
        columns: kept fields in the source's order; `id` is always among them and is the key.
        dropped: fields known to exist and never read.
        group: extract task that reads it; resources of one group are read one after another.
        cursor: field that grows whenever a row changes; None where the source gives none.
        tombstone: field that marks a deleted row; None where the source gives none.
        child_of: name of the resource whose rows carry this one nested, and `child_field` where.
        parent_key: column that holds the key of the row around a nested one.
        personal: unknown fields of this resource may be personal data, so their values are never kept.
        codes: of columns that hold codes, by warehouse name, the values that are known; another one is news to look at,
            not a reason to stop.
        interval: how long a read is good for, where the tenant's file does not say it; zero reads in every run.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    group: str
    dropped: frozenset[str] = frozenset()
    cursor: str | None = None
    tombstone: str | None = None
    child_of: str | None = None
    child_field: str | None = None
    parent_key: str | None = None
    personal: bool = False
    # A mapping has no hash; name and columns tell resources apart.
    codes: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict, hash=False)
    interval: timedelta = timedelta(0)
    fields: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        for name in self.codes:
            self.column(name)
        object.__setattr__(self, "fields", frozenset(column.field for column in self.columns))

    @property
    def holds_persons(self) -> bool:
        """Whether its rows say who a person is, or something about one."""
        return self.personal or any(column.type is ColumnType.KEY_HASH for column in self.columns)

    @property
    def cursor_column(self) -> str | None:
        """Warehouse name of the cursor field."""
        return self._name_of(self.cursor)

    @property
    def tombstone_column(self) -> str | None:
        """Warehouse name of the tombstone field."""
        return self._name_of(self.tombstone)

    def column(self, name: str) -> Column:
        """Return the column with this warehouse name.

        Raises:
            KeyError: the resource keeps no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} keeps no column {name!r}")

    def _name_of(self, wanted: str | None) -> str | None:
        return next((column.name for column in self.columns if column.field == wanted), None)


@dataclass(frozen=True)
class Contract:
    """All that one kind of source declares.

    Attributes:
        source: the kind, as tenant files name it.
        resources: by name, nested ones included, in the order they are read and loaded.
        cursor: field that is the cursor of every resource that has it; None where none is.
        tombstone: field that is the tombstone of every resource that has it; None where none is.
    """

    source: str
    resources: Mapping[str, Resource]
    cursor: str | None = None
    tombstone: str | None = None

    @property
    def collections(self) -> tuple[str, ...]:
        """Names of the resources that are read by themselves; nested ones come with the one around them."""
        return tuple(resource.name for resource in self.resources.values() if resource.child_of is None)

    def children_of(self, name: str) -> tuple[Resource, ...]:
        """Return the resources nested in the rows of the named one."""
        return tuple(resource for resource in self.resources.values() if resource.child_of == name)

    def family_of(self, name: str) -> tuple[Resource, ...]:
        """Return the named resource and those nested in its rows."""
        return (self.resources[name], *self.children_of(name))

    def groups(self) -> dict[str, tuple[Resource, ...]]:
        """Return the extract groups with the resources each reads."""
        result: dict[str, list[Resource]] = {}
        for name in self.collections:
            resource = self.resources[name]
            result.setdefault(resource.group, []).append(resource)
        return {group: tuple(members) for group, members in result.items()}


def snake_case(name: str) -> str:
    """Turn a name into a warehouse name: `articleSizeNumber` -> `article_size_number`, `isNOS` -> `is_nos`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def columns_of(declaration: str, renamed: Mapping[str, str] | None = None) -> tuple[Column, ...]:
    """Return the columns of a declaration such as `number:int name sold:dec/units`; text needs no type.

    Args:
        declaration: fields with their types, separated by spaces.
        renamed: warehouse names of fields whose name is not the field's in snake case.
    """
    columns = []
    for word in declaration.split():
        name, _, form = word.partition(":")
        kind, _, meaning = form.partition("/")
        columns.append(
            Column(
                field=name,
                name=(renamed or {}).get(name, snake_case(name)),
                type=ColumnType(kind or "str"),
                meaning=Meaning(meaning) if meaning else None,
            )
        )
    return tuple(columns)
