"""RAW tables derived from the resource contract, for either engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.registry import every_resource
from mercurios.warehouse.registry import backend_named

METADATA_COLUMNS = {
    "_extra": ColumnType.TEXT,
    "_content_hash": ColumnType.TEXT,
    "_extracted_at": ColumnType.TIMESTAMP,
    "_run_id": ColumnType.TEXT,
}
KEY_COLUMNS = {"id": ColumnType.TEXT}
QUARANTINE_COLUMNS = {
    "tenant_id": ColumnType.TEXT,
    "row_number": ColumnType.INTEGER,
    "source_id": ColumnType.TEXT,
    "reason": ColumnType.TEXT,
    "payload": ColumnType.TEXT,
}


@dataclass(frozen=True)
class RawColumn:
    """A column of a RAW table: its name and its type in the engine's words."""

    name: str
    type: str


def raw_columns(resource: Resource, dialect: str) -> list[RawColumn]:
    """Return the contract's columns of a RAW table, the parent's key first where the resource is nested."""
    types = backend_named(dialect).column_types
    columns = [RawColumn(column.name, types[column.type]) for column in resource.columns]
    if resource.parent_key:
        columns.insert(0, RawColumn(resource.parent_key, types[ColumnType.TEXT]))
    return columns


def landed_columns(resource: Resource, dialect: str) -> dict[str, str]:
    """Return the names and types of all columns that a landed part of rows holds, in order."""
    source_columns = {column.name: column.type for column in raw_columns(resource, dialect)}
    return typed({"tenant_id": ColumnType.TEXT}, dialect) | source_columns | typed(METADATA_COLUMNS, dialect)


def transient_relations(resources: Sequence[Resource], dialect: str) -> dict[str, dict[str, str]]:
    """Return the relations that a load of these resources fills, with their columns."""
    keys, quarantine = typed(KEY_COLUMNS, dialect), typed(QUARANTINE_COLUMNS, dialect)
    relations = {"stage_keys": keys, "stage_quarantine": quarantine}
    missing = typed({"_is_missing": ColumnType.BOOLEAN}, dialect)
    for resource in resources:
        landed = landed_columns(resource, dialect)
        relations[f"stage_{resource.table}"] = landed
        relations[f"candidate_{resource.table}"] = landed | missing
        relations[f"vanished_{resource.table}"] = keys
    return relations


def typed(columns: Mapping[str, ColumnType], dialect: str) -> dict[str, str]:
    """Return columns with their types in the engine's words."""
    types = backend_named(dialect).column_types
    return {name: types[type_] for name, type_ in columns.items()}


def raw_tables() -> list[str]:
    """Return the names of all RAW tables."""
    return [resource.table for resource in every_resource().values()]
