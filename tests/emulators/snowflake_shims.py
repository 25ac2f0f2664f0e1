"""What the Snowflake emulator (fakesnow) lacks, filled patch by patch.

Each patch names the gap it fills. `test_gaps.py` shows every gap on an emulator without the patch: a test that fails
there says that the emulator has closed the gap, and the patch goes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import duckdb
import fakesnow.arrow as arrow
import fakesnow.copy_into as copy_into
import fakesnow.cursor as cursor
import fakesnow.info_schema as info_schema
import fakesnow.server as server
import fakesnow.transforms as transforms
import pyarrow as pa
import pyarrow.compute as pc
import snowflake.connector.errors as errors
from sqlglot import exp

S3_ENDPOINT_VARIABLE = "EMULATOR_S3_ENDPOINT"

# Statements on the account itself, which the emulator does not know; sqlfluff parses them instead (`make lint`).
ACCOUNT_STATEMENTS = (
    r"\s*(GRANT|REVOKE)\b",
    r"\s*ALTER\s+(SESSION|ACCOUNT)\b",
    r"\s*USE\s+SECONDARY\b",
    r"\s*COMMENT\s+ON\s+COLUMN\b",
    r"\s*(CREATE|ALTER|DROP)\s+(OR\s+REPLACE\s+)?(WAREHOUSE|ROLE|USER|RESOURCE\s+MONITOR|NETWORK\s+POLICY|"
    r"NETWORK\s+RULE|STORAGE\s+INTEGRATION|MASKING\s+POLICY|ROW\s+ACCESS\s+POLICY|TASK|STREAM|PIPE)\b",
    r"\s*ALTER\s+TABLE\s+(IF\s+EXISTS\s+)?\S+\s+(ADD\s+ROW\s+ACCESS|CLUSTER\s+BY|"
    r"MODIFY\s+COLUMN\s+\S+\s+SET\s+(MASKING|TAG))",
    r"\s*ALTER\s+STAGE\b",
)


def account_statements() -> None:
    """Roles, grants, warehouses, policies and session parameters are refused: they become no-ops."""
    server.shared_fs.nop_regexes = list(ACCOUNT_STATEMENTS)
    known = re.compile("|".join(f"(?:{statement})" for statement in ACCOUNT_STATEMENTS), re.IGNORECASE)
    # The server parses a statement before it looks whether it is one of these.
    server.parse_one = _chained(
        server.parse_one, lambda sql: "SELECT 1" if known.match(sql) else sql, lambda expression: expression
    )


def managed_access_of_a_schema() -> None:
    """WITH MANAGED ACCESS is a syntax error: it is left out, as no grant is ever asked for."""
    managed = re.compile(r"^(\s*CREATE\s+SCHEMA\b.*?)\s+WITH\s+MANAGED\s+ACCESS\b", re.IGNORECASE | re.DOTALL)
    _before_parsing(lambda sql: managed.sub(r"\1", sql))


def drop_of_a_database() -> None:
    """DROP DATABASE is a syntax error of the engine: the database, which is in memory alone, is let go."""
    dropped = re.compile(r"\s*DROP\s+DATABASE\s+(?:IF\s+EXISTS\s+)?(\w+)", re.IGNORECASE)
    original = cursor.FakeSnowflakeCursor.execute

    def execute(self: Any, command: str, *arguments: Any, **options: Any) -> Any:
        if match := dropped.match(command):
            self._duck_conn.execute(f"detach database if exists {match[1].upper()}")
            command = "SELECT 1"
        return original(self, command, *arguments, **options)

    cursor.FakeSnowflakeCursor.execute = execute


def drop_of_a_stage() -> None:
    """DROP STAGE is a syntax error of the engine: the stage leaves the emulator's list of stages."""
    dropped = re.compile(r"\s*DROP\s+STAGE\s+(?:IF\s+EXISTS\s+)?(\w+)\.(\w+)\.(\w+)", re.IGNORECASE)
    original = cursor.FakeSnowflakeCursor.execute

    def execute(self: Any, command: str, *arguments: Any, **options: Any) -> Any:
        if match := dropped.match(command):
            self._duck_conn.execute(
                "delete from _fs_global._fs_information_schema._fs_stages"
                " where database_name = ? and schema_name = ? and name = ?",
                [part.upper() for part in match.groups()],
            )
            command = "SELECT 1"
        return original(self, command, *arguments, **options)

    cursor.FakeSnowflakeCursor.execute = execute


def masking_policy_of_a_new_column() -> None:
    """A masking policy in a column's definition is a syntax error: it is left out, as no policy is ever enforced."""
    policy = re.compile(r"\bWITH\s+MASKING\s+POLICY\s+[\w.]+", re.IGNORECASE)
    _before_parsing(lambda sql: policy.sub("", sql))


def query_tag_of_a_session() -> None:
    """SHOW PARAMETERS answers without a row for QUERY_TAG, and dbt needs one."""
    question = re.compile(
        r"\s*(/\*.*?\*/)?\s*SHOW\s+PARAMETERS\s+LIKE\s+'query_tag'", re.IGNORECASE | re.DOTALL
    )
    answer = "SELECT 'QUERY_TAG' AS \"key\", '' AS \"value\""
    _before_parsing(lambda sql: answer if question.match(sql) else sql)


def columns_of_a_merge() -> None:
    """Source columns without a table's name are ambiguous in MERGE, as dbt writes it: they get the source's."""

    def qualify(expression: Any) -> Any:
        if isinstance(expression, exp.Merge):
            source = expression.args["using"].alias_or_name
            for then in (when.args.get("then") for when in expression.find_all(exp.When)):
                for column in _values_of(then):
                    if not column.table:
                        column.set("table", exp.to_identifier(source))
        return expression

    _after_parsing(qualify)


def _values_of(then: Any) -> list[Any]:
    parts: list[Any] = []
    if isinstance(then, exp.Insert) and then.expression is not None:
        parts = [then.expression]
    elif isinstance(then, exp.Update):
        parts = [assignment.expression for assignment in then.expressions]
    return [column for part in parts for column in part.find_all(exp.Column)]


def temporary_objects_of_a_schema() -> None:
    """TEMPORARY tables and views cannot be created in a named schema, as dbt does: they become lasting ones."""

    def without_temporary(expression: Any) -> Any:
        if isinstance(expression, exp.Create) and expression.kind in ("TABLE", "VIEW"):
            table, properties = expression.find(exp.Table), expression.args.get("properties")
            if table is not None and table.args.get("db") and properties:
                kept = [p for p in properties.expressions if not isinstance(p, exp.TemporaryProperty)]
                properties.set("expressions", kept)
        return expression

    _after_parsing(without_temporary)


def copy_into_a_temporary_table() -> None:
    """COPY looks for its table in a named schema only: a temporary table is found where it is."""
    original = copy_into._describe_table

    def describe_table(table: Any, connection: Any, *where: Any) -> Any:
        question = "select 1 from duckdb_tables() where temporary and upper(table_name) = upper(?)"
        if not table.db and connection.execute(question, [table.name]).fetchone():
            return [(row[0], row[1]) for row in connection.execute(f'DESCRIBE "{table.name}"').fetchall()]
        return original(table, connection, *where)

    copy_into._describe_table = describe_table


def merge_in_a_transaction() -> None:
    """MERGE after BEGIN never ends: an empty comment is written to a second database, which one transaction cannot."""
    original = transforms.extract_comment_on_table

    def extract_comment_on_table(expression: Any) -> Any:
        result = original(expression)
        comment = result.args.get("table_comment")
        if comment is not None and comment[1] is None:
            result.args.pop("table_comment")
        return result

    transforms.extract_comment_on_table = extract_comment_on_table


def sums_of_exact_numbers() -> None:
    """Numbers are made floating before they are summed, so no sum is exact: they are summed as they are."""

    def numeric_agg_implicit_cast(expression: Any) -> Any:
        return expression

    transforms.numeric_agg_implicit_cast = numeric_agg_implicit_cast


def missing_timestamps() -> None:
    """A missing timestamp arrives as 1970-01-01: the mask that says what is missing is passed on."""
    original = arrow.timestamp_to_sf_struct

    def timestamp_to_sf_struct(column: Any) -> Any:
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        struct = original(column)
        if not column.null_count:
            return struct
        numbers = range(struct.type.num_fields)
        return pa.StructArray.from_arrays(
            [pc.fill_null(struct.field(number), 0) for number in numbers],
            fields=[struct.type.field(number) for number in numbers],
            mask=column.is_null(),
        )

    arrow.timestamp_to_sf_struct = timestamp_to_sf_struct


def errors_of_the_engine() -> None:
    """An error of DuckDB is answered with status 500, which clients try again for minutes: it becomes an answer."""
    original = cursor.FakeSnowflakeCursor.execute

    def execute(self: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return original(self, *arguments, **options)
        except errors.Error:
            raise
        except duckdb.Error as error:
            raise errors.ProgrammingError(msg=str(error), errno=1, sqlstate="XX000") from error
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            raise errors.ProgrammingError(msg=message, errno=9999, sqlstate="99999") from error

    cursor.FakeSnowflakeCursor.execute = execute


def files_in_s3() -> None:
    """S3 needs DuckDB's httpfs, which no package brings: files are read through s3fs, and missing ones say so."""
    endpoint = os.environ.get(S3_ENDPOINT_VARIABLE)
    if not endpoint:
        return
    files = _s3(endpoint)
    server.shared_fs.duck_conn.register_filesystem(files)
    original = copy_into.copy_into

    def copy(*arguments: Any, **options: Any) -> Any:
        try:
            return original(*arguments, **options)
        except (duckdb.IOException, FileNotFoundError) as error:
            raise errors.ProgrammingError(
                msg=f"Remote file was not found. There are several potential causes: {error}",
                errno=91016,
                sqlstate="22000",
            ) from error

    cursor.copy_into = copy


def comments_of_columns() -> None:
    """Comments of several columns are a syntax error, and that of one is forgotten: the columns get them."""
    alter = re.compile(
        r"\s*ALTER\s+(?:TABLE|VIEW)\s+(\S+)\s+ALTER\s+(?=COLUMN\s+\w+\s+COMMENT\s)", re.IGNORECASE
    )
    comment = re.compile(r"COLUMN\s+(\w+)\s+COMMENT\s+('(?:[^']|'')*')", re.IGNORECASE)
    original = cursor.FakeSnowflakeCursor.execute

    def execute(self: Any, command: str, *arguments: Any, **options: Any) -> Any:
        if found := alter.match(command):
            for column, text in comment.findall(command[found.end() :]):
                self._duck_conn.execute(f"comment on column {found.group(1)}.{column} is {text}")
            command = "SELECT 1"
        return original(self, command, *arguments, **options)

    cursor.FakeSnowflakeCursor.execute = execute


def quotes_in_comments() -> None:
    """The comment of a table is kept by a statement that a quote in it ends."""
    original = info_schema.insert_table_comment_sql

    def insert(catalog: str, schema: str, table: str, comment: str) -> str:
        return original(catalog, schema, table, comment.replace("'", "''"))

    info_schema.insert_table_comment_sql = insert


def _s3(endpoint: str) -> Any:
    import s3fs

    return s3fs.S3FileSystem(
        endpoint_url=endpoint,
        key="emulator",
        secret="emulator",
        use_listings_cache=False,
        skip_instance_cache=True,
        client_kwargs={"region_name": "eu-central-1"},
    )


def _before_parsing(change: Callable[[str], str]) -> None:
    for module in (cursor, server):
        module.parse_one = _chained(module.parse_one, change, lambda expression: expression)


def _after_parsing(change: Callable[[Any], Any]) -> None:
    cursor.parse_one = _chained(cursor.parse_one, lambda sql: sql, change)


def _chained(
    original: Callable[..., Any], before: Callable[[str], str], after: Callable[[Any], Any]
) -> Callable[..., Any]:
    return lambda sql, *arguments, **options: after(original(before(sql), *arguments, **options))


SHIMS: dict[str, Callable[[], None]] = {
    shim.__name__: shim
    for shim in (
        account_statements,
        managed_access_of_a_schema,
        drop_of_a_database,
        drop_of_a_stage,
        masking_policy_of_a_new_column,
        query_tag_of_a_session,
        columns_of_a_merge,
        temporary_objects_of_a_schema,
        copy_into_a_temporary_table,
        merge_in_a_transaction,
        sums_of_exact_numbers,
        missing_timestamps,
        errors_of_the_engine,
        files_in_s3,
        comments_of_columns,
        quotes_in_comments,
    )
}
