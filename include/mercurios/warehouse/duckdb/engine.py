"""The embedded engine: one DuckDB file per tenant.

DuckDB lets one process open a file that is being written, readers included. The engine therefore waits a
bounded time for the lock, says in the log whom it waits for, and then fails with a message that names the file.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenacity import RetryCallState, retry_if_exception, stop_after_delay, wait_random_exponential
from tenacity import Retrying as Retry

from mercurios.landing.store import keep_to_owner
from mercurios.warehouse.counting import count
from mercurios.warehouse.duckdb.errors import shows_a_value
from mercurios.warehouse.engine import (
    MissingObjectError,
    Parameters,
    WarehouseError,
    WarehouseLockedError,
    without_values,
)
from mercurios.warehouse.sql import render, statements

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

log = logging.getLogger(__name__)

LOCK_WAIT_SECONDS = 300.0

# Several writers leave row groups that are not full, and DuckDB merges these when it next writes the file, which costs
# half as much as the load itself. One writer is as quick up to about so many rows, and needs less memory.
ROWS_FOR_SEVERAL_WRITERS = 1_000_000


class DuckDBEngine:
    """An open DuckDB file.

    Args:
        path: the file; its folder is created when it is missing.
        read_only: open without the write lock; the file must exist.
        lock_wait: seconds to wait for another process before giving up.
        threads: worker threads; None leaves DuckDB's default (all cores).

    Raises:
        WarehouseLockedError: another process kept the file for longer than `lock_wait`.
        WarehouseError: the file cannot be opened for another reason.
    """

    dialect = "duckdb"

    def __init__(
        self,
        path: str | Path,
        *,
        read_only: bool = False,
        lock_wait: float = LOCK_WAIT_SECONDS,
        threads: int | None = None,
    ) -> None:
        self.path = Path(path)
        self._threads = threads
        self._connection = _open(self.path, read_only=read_only, lock_wait=lock_wait, threads=threads)
        self._connection.execute(render(self.dialect, "connection_settings"))

    def __enter__(self) -> DuckDBEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file for the next process."""
        self._connection.close()

    def execute(self, sql: str, parameters: Parameters = ()) -> None:
        """Run one statement."""
        self._run(sql, parameters)

    def fetch_arrow(self, sql: str, parameters: Parameters = ()) -> pa.Table:
        """Run one query and return its rows as an Arrow table."""
        with self._naming_the_statement(sql):
            return self._connection.sql(sql, params=_named(sql, parameters) or None).to_arrow_table()

    def fetch_rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Run one query and return its few rows, without Arrow."""
        cursor = self._run(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        with self._naming_the_statement(sql):
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside, or roll all of it back when it raises."""
        self._connection.begin()
        import duckdb

        try:
            yield
        except BaseException:
            # A broken transaction must not hide what broke it.
            with suppress(duckdb.Error):
                self._connection.rollback()
            raise
        with self._naming_the_statement("commit"):
            self._connection.commit()

    def claim(self, tenant_id: str) -> None:
        """Make sure that the file is this tenant's: it belongs to whoever began the first run in it."""
        for statement in statements(render(self.dialect, "owner_claim")):
            self.execute(statement, {"tenant_id": tenant_id})
        owners = [row["tenant_id"] for row in self.fetch_rows(render(self.dialect, "owner_known"))]
        if owners != [tenant_id]:
            raise WarehouseError(
                f"warehouse {self.path} belongs to tenant {', '.join(owners)}, and a file holds one tenant; nothing "
                f"was written for {tenant_id}. Name another file in the connection of the tenant's warehouse"
            )

    @contextmanager
    def writing(self, rows: int) -> Iterator[None]:
        """Let one thread write where rows are few; changing their number also gives back what they have freed."""
        if self._threads is not None or rows >= ROWS_FOR_SEVERAL_WRITERS:
            yield
            return
        self.execute(render(self.dialect, "writers", several=False))
        yield
        self.execute(render(self.dialect, "writers", several=True))

    def prepare(self, relations: Mapping[str, Mapping[str, str]]) -> None:
        """Do nothing: creating a relation is part of a transaction like any other statement."""

    def stage_files(self, table: str, columns: Mapping[str, str], urls: Sequence[str]) -> int:
        """Show exactly these Parquet files as the view `table`; return its rows. Nothing is copied.

        The view also says where each row is from, in `_staged_file` and `_staged_row`, which together occur once.
        """
        paths = [_path_of(url) for url in urls]
        if paths:
            self._check_columns(columns, paths)
        script = render(self.dialect, "stage_files", table=table, columns=columns, paths=paths)
        *variable, view = statements(script)
        for statement in variable:
            self.execute(statement, {"paths": paths})
        self.execute(view)
        return count(self, table)

    def _check_columns(self, columns: Mapping[str, str], paths: Sequence[str]) -> None:
        wanted = {"paths": paths, "names": list(columns), "types": list(columns.values())}
        wrong = self.fetch_rows(render(self.dialect, "stage_mismatches"), wanted)
        if wrong:
            found = ", ".join(
                f"{row['name']} is {row['found'] or 'missing'} and not {row['type']}" for row in wrong[:5]
            )
            raise WarehouseError(
                f"{wrong[0]['file_name']}: {found}. The file was landed for another version of the resource's "
                "contract: clear the extract task, so that a new attempt lands it again"
            )

    def copy_files(self, table: str, columns: Sequence[str], urls: Sequence[str]) -> int:
        """Append exactly these Parquet files to `table`, columns by name; return the rows copied."""
        if not urls:
            return 0
        paths = [_path_of(url) for url in urls]
        sql = render(self.dialect, "copy_files", table=table, columns=list(columns))
        return int(self._run(sql, [paths]).fetchone()[0])  # type: ignore[index]

    def _run(self, sql: str, parameters: Parameters) -> duckdb.DuckDBPyConnection:
        with self._naming_the_statement(sql):
            return self._connection.execute(sql, _named(sql, parameters) or None)

    @contextmanager
    def _naming_the_statement(self, sql: str) -> Iterator[None]:
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            shows_one = shows_a_value(error)
            said = without_values(str(error), sql) if shows_one else str(error)
            is_missing = isinstance(error, duckdb.CatalogException | duckdb.BinderException)
            kind = MissingObjectError if is_missing else WarehouseError
            # A value would come back with the error that this one was raised from.
            raise kind(f"{self.path.name}: {said}\nstatement: {sql.strip()[:400]}") from (
                None if shows_one else error
            )


def _named(sql: str, parameters: Parameters) -> Parameters:
    """Return the parameters that a statement names; DuckDB refuses any other."""
    if not isinstance(parameters, Mapping):
        return parameters
    names = set(re.findall(r"\$([a-z_][a-z0-9_]*)", sql))
    return {name: value for name, value in parameters.items() if name in names}


def _path_of(url: str) -> str:
    """Return a file's address as DuckDB takes it: local files have no scheme."""
    return url.removeprefix("file://")


def _open(path: Path, *, read_only: bool, lock_wait: float, threads: int | None) -> duckdb.DuckDBPyConnection:
    import duckdb

    if read_only and not path.exists():
        raise WarehouseError(f"warehouse file {path} does not exist: run the tenant's pipeline first")
    keep_to_owner()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not read_only and path.exists():
        # The mode of another user's file cannot be changed; opening it shows what that user allows.
        with suppress(OSError):
            path.chmod(0o600)
    config: dict[str, Any] = {} if threads is None else {"threads": threads}
    retry = Retry(
        retry=retry_if_exception(_is_lock_conflict),
        stop=stop_after_delay(lock_wait),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        before_sleep=lambda state: _log_wait(path, state),
        reraise=True,
    )
    try:
        return retry(duckdb.connect, str(path), read_only=read_only, config=config)
    except duckdb.Error as error:
        if _is_lock_conflict(error):
            raise WarehouseLockedError(
                f"warehouse {path} stayed locked for {lock_wait:.0f} s: {_holder(error)}. Wait for that process or"
                " end it, then clear this task."
            ) from error
        raise WarehouseError(f"warehouse {path} cannot be opened: {error}") from error


def _is_lock_conflict(error: BaseException) -> bool:
    return "Could not set lock on file" in str(error)


def _holder(error: BaseException) -> str:
    found = re.search(r"Conflicting lock is held in (.*?\(PID \d+\))", str(error))
    return f"held by {found.group(1)}" if found else "its holder is unknown"


def _log_wait(path: Path, state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning(
        "warehouse %s is locked (%s); waited %.1f s so far",
        path.name,
        _holder(error) if error else "unknown",
        state.seconds_since_start or 0.0,
    )
