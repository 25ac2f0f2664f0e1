"""The production engine: one session of one tenant's Snowflake database.

Snowflake ends a transaction with every statement that creates something, so what a transaction fills is created
before it begins (`prepare`), and the engine refuses such a statement inside one. Nothing is sent a second time
after a failure, because everything is either whole or undone, but for two things that did nothing: a session that could
not be opened, and a statement that found twenty others waiting for its table. The latter waits outside that queue, so
that any number of tenants can share a database without a pool that an administrator has to create.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from tenacity import (
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)
from tenacity import Retrying as Retry

from mercurios.landing.store import LandingStore
from mercurios.warehouse.engine import MissingObjectError, Parameters, WarehouseError
from mercurios.warehouse.snowflake.errors import (
    explained,
    is_transient,
    names_what_is_missing,
    queue_is_full,
    shows_a_value,
)
from mercurios.warehouse.snowflake.roles import LOADER
from mercurios.warehouse.snowflake.types import plain, wrong_columns
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa
    from snowflake.connector import SnowflakeConnection

    from mercurios.tenants.run import Run

log = logging.getLogger(__name__)

SCHEMA = "OPS"
STAGES = "landing"
CONNECTION_ATTEMPTS = 3
# Snowflake takes no more names in one COPY.
FILES_PER_COPY = 1_000
LOCK_WAIT_SECONDS = 1_800
# What every session is opened with, by whomever: bound parameters, exact numbers, short waits.
SESSION_OPTIONS: dict[str, Any] = {
    "paramstyle": "qmark",
    "arrow_number_to_decimal": True,
    "client_session_keep_alive": True,
    "login_timeout": 60,
    "network_timeout": 300,
}

_COMMITS = re.compile(r"\s*(create|alter|drop|truncate|comment|grant|revoke|undrop|use)\b", re.IGNORECASE)
_TOKENS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|\$([a-z_][a-z0-9_]*)")


class SnowflakeEngine:
    """An open session.

    Args:
        connect: opens a session with qmark binding whose schema is OPS; tried a bounded number of times.
        landing: the tenant's landing area, whose files a stage of schema `landing` shows; None where nothing is loaded.
        role: the role that the session must have taken on; None takes any, for a user who only reads.

    Raises:
        WarehouseError: the account cannot be reached or refuses the session, or the session has another role; the
            message says what to correct.
    """

    dialect = "snowflake"

    def __init__(
        self,
        connect: Callable[[], SnowflakeConnection],
        *,
        landing: LandingStore | None = None,
        role: str | None = LOADER,
    ) -> None:
        self._connection = _opened(connect)
        self._landing = landing
        self._in_transaction = False
        self._filled: set[str] = set()
        if role is not None:
            self._check_role(role)

    def _check_role(self, wanted: str) -> None:
        """Make sure that policies show the session every row: what a MERGE does not see, it would insert again."""
        found, user = self._connection.role, self._connection.user
        if found != wanted:
            self.close()
            raise WarehouseError(
                f"the session of user {user} has role {found}, to which row access policies do not show what is loaded "
                f"already: set the connection's role to {wanted}. If Snowflake refuses that, the missing grant is "
                f"`grant role {wanted.lower()} to user {user}`; `python -m mercurios warehouse apply` makes it for its "
                "own service"
            )

    def __enter__(self) -> SnowflakeEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def session(self) -> SnowflakeConnection:
        """The connector's session, for a library that asks it something; it must leave it open."""
        return self._connection

    def close(self) -> None:
        """End the session; its transient tables go with it."""
        from snowflake.connector.errors import Error

        with suppress(Error):
            self._connection.close()

    def execute(self, sql: str, parameters: Parameters = ()) -> None:
        """Run one statement."""
        self._run(sql, parameters)

    def fetch_arrow(self, sql: str, parameters: Parameters = ()) -> pa.Table:
        """Run one query and return its rows as an Arrow table, columns in lower case."""
        cursor = self._run(sql, parameters)
        return plain(cursor.fetch_arrow_all(force_return_table=True), cursor.description)

    def fetch_rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Run one query and return its few rows, columns in lower case."""
        found: list[dict[str, Any]] = self.fetch_arrow(sql, parameters).to_pylist()
        return found

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside, or roll all of it back when it raises."""
        self._run("begin transaction", ())
        self._in_transaction = True
        try:
            yield
        except BaseException:
            self._in_transaction = False
            # A lost session is rolled back by Snowflake itself.
            with suppress(WarehouseError):
                self._run("rollback", ())
            raise
        self._in_transaction = False
        self._run("commit", ())

    def claim(self, tenant_id: str) -> None:
        """Do nothing: tenants may share a database, whose policies keep them apart."""

    def writing(self, rows: int) -> AbstractContextManager[None]:
        """Do nothing: the warehouse divides the work itself."""
        return nullcontext()

    def prepare(self, relations: Mapping[str, Mapping[str, str]]) -> None:
        """Create transient tables, empty, that the next transaction fills; one of the same name is replaced."""
        for table, columns in relations.items():
            self.execute(render(self.dialect, "transient_table", table=table, columns=columns))
        self._filled -= relations.keys()

    def stage_files(self, table: str, columns: Mapping[str, str], urls: Sequence[str]) -> int:
        """Copy exactly these Parquet files to a prepared transient table in place of what it holds."""
        if table in self._filled:
            self.execute(render(self.dialect, "transient_empty", table=table))
        self._filled.add(table)
        for url in urls:
            self._check_columns(url, columns)
        return self._copy(table, urls)

    def copy_files(self, table: str, columns: Sequence[str], urls: Sequence[str]) -> int:
        """Append exactly these Parquet files to `table`, columns by name; return the rows copied."""
        return self._copy(table, urls)

    def _copy(self, table: str, urls: Sequence[str]) -> int:
        if not urls:
            return 0
        stage, names = self._in_stage(urls)
        rows = 0
        for start in range(0, len(names), FILES_PER_COPY):
            chunk = names[start : start + FILES_PER_COPY]
            sql = render(self.dialect, "copy_files", table=table, stage=stage, files=chunk)
            rows += _rows_loaded(self._rows(sql), chunk, stage)
        return rows

    def _in_stage(self, urls: Sequence[str]) -> tuple[str, list[str]]:
        """Return the stage that shows these files, and them as COPY names them: below its address."""
        for row in self._rows(render(self.dialect, "stages", schema=STAGES)):
            root = f"{row['url'].rstrip('/')}/"
            if all(url.startswith(root) for url in urls):
                return f"{STAGES}.{row['name'].lower()}", [url.removeprefix(root) for url in urls]
        raise WarehouseError(
            f"no stage of schema {STAGES} that this role may use shows {urls[0]}: run `python -m mercurios warehouse "
            "apply --tenant` with the tenant's id, which makes the stage of its landing area and grants its use"
        )

    def _check_columns(self, url: str, columns: Mapping[str, str]) -> None:
        """Compare a file with the contract before it is copied: COPY casts what it can and forgets what it lacks."""
        if self._landing is None:
            raise WarehouseError(f"{url} cannot be read: this session was opened without a landing area")
        wrong = wrong_columns(self._landing.parquet_schema(url), columns)
        if wrong:
            raise WarehouseError(
                f"{url}: {', '.join(wrong[:5])}. The file was landed for another version of the resource's contract: "
                "clear the extract task, so that a new attempt lands it again"
            )

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        """Return what a statement other than a query answers, which never comes as Arrow."""
        cursor = self._run(sql, ())
        names = [field.name.lower() for field in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _run(self, sql: str, parameters: Parameters) -> Any:
        from snowflake.connector.errors import Error

        if self._in_transaction and _COMMITS.match(_without_comments(sql)):
            raise WarehouseError(
                f"this statement would end the transaction on Snowflake; it belongs before it: {sql.strip()[:200]}"
            )
        text, values = bound(sql, parameters)
        try:
            return _queued(lambda: self._connection.cursor().execute(text, values or None))
        except Error as error:
            place = " in an open transaction, which is undone" if self._in_transaction else ""
            cause = None if shows_a_value(error) else error
            kind = MissingObjectError if names_what_is_missing(error) else WarehouseError
            raise kind(explained(error, text, place)) from cause


def session_parameters(run: Run) -> dict[str, Any]:
    """Return what a session of a run sets: whose statements these are, UTC, and a bounded wait for locks."""
    tag = {"tenant": run.tenant_id, "dag": run.dag_id, "run": run.run_id}
    return {
        "QUERY_TAG": json.dumps(tag, sort_keys=True),
        "TIMEZONE": "UTC",
        # Monday, whatever the account says.
        "WEEK_START": 1,
        "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
        "LOCK_TIMEOUT": LOCK_WAIT_SECONDS,
    }


def bound(sql: str, parameters: Parameters) -> tuple[str, list[Any]]:
    """Return a statement with `?` for every `$name`, and the values in that order; lists are bound as JSON."""
    if not isinstance(parameters, Mapping):
        return sql, [_value(value) for value in parameters]
    values: list[Any] = []

    def place(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return match.group(0)
        if match.group(1) not in parameters:
            raise WarehouseError(f"statement needs a value for ${match.group(1)}: {sql.strip()[:200]}")
        values.append(_value(parameters[match.group(1)]))
        return "?"

    return _TOKENS.sub(place, sql), values


def _value(value: Any) -> Any:
    return json.dumps(value, default=_text) if isinstance(value, list) else value


def _text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a list of {type(value).__name__} cannot be bound")


def _without_comments(sql: str) -> str:
    return re.sub(r"^\s*--[^\n]*\n", "", sql, flags=re.MULTILINE)


def _rows_loaded(rows: Sequence[Mapping[str, Any]], files: Sequence[str], stage: str) -> int:
    """Return the rows a COPY loaded, and make sure that it took every file."""
    loaded = [row for row in rows if row.get("status") == "LOADED"]
    if len(loaded) != len(files):
        other = next((row for row in rows if row.get("status") != "LOADED"), {})
        reason = other.get("first_error") or other.get("status") or "not found"
        raise WarehouseError(
            f"COPY took {len(loaded)} of {len(files)} files from {stage} ({other.get('file', files[0])}: {reason}): "
            "clear the extract task, so that a new attempt lands them again"
        )
    return sum(int(row["rows_loaded"]) for row in loaded)


def _opened(connect: Callable[[], SnowflakeConnection]) -> SnowflakeConnection:
    from snowflake.connector.errors import Error

    retry = Retry(
        retry=retry_if_exception(is_transient),
        stop=stop_after_attempt(CONNECTION_ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.5, max=10),
        before_sleep=_log_wait,
        reraise=True,
    )
    try:
        return retry(connect)
    except Error as error:
        raise WarehouseError(explained(error)) from error


def _queued(send: Callable[[], Any]) -> Any:
    """Send a statement, again where too many others wait for its table: then nothing of it has begun.

    Its transaction stays open meanwhile. No two transactions wait for each other like this: a load takes the run's row
    first, and a publication its tables in order.
    """
    retry = Retry(
        retry=retry_if_exception(queue_is_full),
        stop=stop_after_delay(LOCK_WAIT_SECONDS),
        wait=wait_random_exponential(multiplier=1, max=30),
        before_sleep=_log_queue,
        reraise=True,
    )
    return retry(send)


def _log_wait(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("Snowflake cannot be reached (attempt %d): %s", state.attempt_number, error)


def _log_queue(state: RetryCallState) -> None:
    log.warning("too many statements wait for the same table (attempt %d); waiting", state.attempt_number)
