"""Removal of a tenant's files on DuckDB: the readers' file, then the warehouse file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.removal import remove_rows, rows_of, rows_of_others


@dataclass(frozen=True)
class DuckDBFiles:
    """The files of a tenant on DuckDB.

    Attributes:
        tenant_id: whose.
        warehouse: the warehouse file.
        published: the readers' file.
        lock_wait: seconds to wait for a run that is at work.
    """

    tenant_id: str
    warehouse: Path
    published: Path
    lock_wait: float

    def remains(self) -> dict[str, int]:
        """Return how many rows are left by table, and the files that go."""
        found: dict[str, int] = {}
        for path in (self.published, self.warehouse):
            if path.exists():
                with DuckDBEngine(path, read_only=True, lock_wait=self.lock_wait) as engine:
                    rows = rows_of(engine, self.tenant_id)
                found |= {f"rows of {table} in {path}": count for table, count in rows.items()}
        beside = (path for file in (self.published, self.warehouse) for path in _beside(file))
        return found | {f"file {path}": 1 for path in beside if path.exists()}

    def also(self) -> list[str]:
        """Return nothing: a file has no account around it."""
        return []

    def remove(self) -> None:
        """Remove the files; rows alone from a file in which there are other tenants' rows too.

        Raises:
            WarehouseError: a file is held by another process, or cannot be removed.
        """
        for path in (self.published, self.warehouse):
            try:
                self._remove(path)
            except OSError as error:
                raise WarehouseError(
                    f"{path} cannot be removed ({error.strerror or error}): put that right and run the command again"
                ) from error

    def _remove(self, path: Path) -> None:
        if path.exists():
            # Open meanwhile, so that no run begins to write.
            with DuckDBEngine(path, lock_wait=self.lock_wait) as engine:
                if not rows_of(engine, self.tenant_id):
                    return
                if rows_of_others(engine, self.tenant_id):
                    remove_rows(engine, self.tenant_id)
                    return
                path.unlink()
        for rest in _beside(path):
            rest.unlink(missing_ok=True)


def _beside(path: Path) -> Iterator[Path]:
    """Yield what lies beside a database file: its log, its status document, and what a killed writer left of them."""
    yield path.with_name(f"{path.name}.wal")
    yield path.with_suffix(".status.json")
    yield path.with_suffix(".status.partial")
    yield path.with_name(f"{path.stem}.partial")
    yield path.with_name(f"{path.stem}.partial.wal")
