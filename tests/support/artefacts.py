"""Everything that runs left in a folder, as text that can be searched: files as they are, tables by their values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

_LONG_ENOUGH = 8


def artefacts(home: Path, leave_out: Collection[str]) -> Iterator[tuple[Path, bytes]]:
    """Yield each file below a folder with what it holds.

    Args:
        home: the folder.
        leave_out: names of folders directly below it that belong to the source.
    """
    for path in sorted(each for each in home.rglob("*") if each.is_file()):
        if path.relative_to(home).parts[0] not in leave_out:
            yield path, path.read_bytes()
            if path.suffix in (".parquet", ".duckdb"):
                yield path, "\n".join(_values(path)).encode()


def _values(path: Path) -> Iterator[str]:
    """Yield every text of a Parquet or DuckDB file, which holds them compressed."""
    with duckdb.connect() as connection:
        if path.suffix == ".parquet":
            tables = [f"read_parquet('{path}', hive_partitioning = false)"]
        else:
            connection.execute(f"attach '{path}' as searched (read_only)")
            found = connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'searched'"
            ).fetchall()
            tables = [f"searched.{schema}.{table}" for schema, table in found]
        for table in tables:
            described = connection.execute(f"describe select * from {table}").fetchall()
            for name, kind, *_ in described:
                if kind == "VARCHAR":
                    rows = connection.execute(f'select distinct "{name}" from {table}').fetchall()
                    yield from (str(value) for (value,) in rows if value)


def distinct_values(rows: Iterable[Mapping[str, Any]], fields: Collection[str]) -> set[str]:
    """Return the values of fields that are long enough to be found by no accident."""
    found = (str(row[field]) for row in rows for field in fields if row.get(field))
    return {value for value in found if len(value) >= _LONG_ENOUGH}
