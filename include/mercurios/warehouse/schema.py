"""RAW tables derived from the resource contract, for either engine."""

from __future__ import annotations

from dataclasses import dataclass

from mercurios.prohandel.resources import RESOURCES, ColumnType, Resource

METADATA_COLUMNS = ("_extra", "_content_hash", "_extracted_at", "_run_id")

_TYPES: dict[str, dict[ColumnType, str]] = {
    "duckdb": {
        ColumnType.INTEGER: "bigint",
        ColumnType.DECIMAL: "decimal(18, 2)",
        ColumnType.FLOAT: "double",
        ColumnType.TEXT: "varchar",
        ColumnType.CODE: "varchar",
        ColumnType.BOOLEAN: "boolean",
        ColumnType.DATE: "date",
        ColumnType.TIMESTAMP: "timestamp",
        ColumnType.KEY_HASH: "varchar",
    },
}


@dataclass(frozen=True)
class RawColumn:
    """A column of a RAW table: its name and its type in the engine's words."""

    name: str
    type: str


def raw_columns(resource: Resource, dialect: str) -> list[RawColumn]:
    """Return the contract's columns of a RAW table, the parent's key first where the resource is nested."""
    types = _TYPES[dialect]
    columns = [RawColumn(column.name, types[column.type]) for column in resource.columns]
    if resource.parent_key:
        columns.insert(0, RawColumn(resource.parent_key, types[ColumnType.TEXT]))
    return columns


def landed_columns(resource: Resource, dialect: str) -> list[str]:
    """Return the names of all columns that a landed part holds, in order."""
    return ["tenant_id", *(column.name for column in raw_columns(resource, dialect)), *METADATA_COLUMNS]


def raw_tables() -> list[str]:
    """Return the names of all RAW tables of the contract."""
    return [resource.table for resource in RESOURCES.values()]
