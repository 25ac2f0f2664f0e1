"""Everything that runs left in a folder, as text that can be searched: files as they are, tables by their values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

_LONG_ENOUGH = 8
# Types of columns that hold no text.
_NO_TEXT = ("BIGINT", "INTEGER", "DOUBLE", "DECIMAL", "BOOLEAN", "DATE", "TIMESTAMP", "HUGEINT", "SMALLINT")


def artefacts(
    home: Path, leave_out: Collection[str], columns_left_out: Collection[str] = ()
) -> Iterator[tuple[Path, bytes]]:
    """Yield each file below a folder with what it holds.

    Args:
        home: the folder.
        leave_out: names of folders directly below it that belong to the source.
        columns_left_out: names of columns of tables that may hold what is looked for; the bytes of tables are left out
            with them.
    """
    for path in sorted(each for each in home.rglob("*") if each.is_file()):
        if path.relative_to(home).parts[0] in leave_out:
            continue
        is_table = path.suffix in (".parquet", ".duckdb")
        if not (is_table and columns_left_out):
            yield path, path.read_bytes()
        if is_table:
            yield path, "\n".join(_values(path, columns_left_out)).encode()


def _values(path: Path, left_out: Collection[str]) -> Iterator[str]:
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
                if name not in left_out and not kind.startswith(_NO_TEXT):
                    rows = connection.execute(f'select distinct "{name}"::varchar from {table}').fetchall()
                    yield from (str(value) for (value,) in rows if value)


def distinct_values(rows: Iterable[Mapping[str, Any]], fields: Collection[str]) -> set[str]:
    """Return the values of fields that are long enough to be found by no accident."""
    found = (str(row[field]) for row in rows for field in fields if row.get(field))
    return {value for value in found if len(value) >= _LONG_ENOUGH}
