"""What dbt says of a row that breaks a model or a test names the column and shows no value."""

from __future__ import annotations

import traceback

import pytest
from dbt.adapters.snowflake.connections import SnowflakeConnectionManager
from dbt.exceptions import DbtRuntimeError
from snowflake.connector.errors import ProgrammingError

import dbt_mercurios

PERSON = 'O\'Brien, "Erika" Muster 0815\n\nLINE 1: (Muster 0815)'
PARTS = ("O'Brien", "Erika", "Muster", "0815")


@pytest.fixture(scope="module")
def warehouse(unbuilt):
    quoted = PERSON.replace("'", "''")
    unbuilt.execute(f"create table raw.person as select '{quoted}' as person_name")
    return unbuilt


@pytest.mark.dbt
@pytest.mark.parametrize(
    "expression",
    [
        "cast(person_name as integer)",
        "strptime(person_name, '%Y')",
        "error(person_name)",
        "regexp_matches('a', person_name || '(')",
        "timezone(person_name, current_timestamp)",
        "cast(length(person_name) * 1000 + 815 as tinyint)",
    ],
)
def test_a_value_that_breaks_a_query_is_in_nothing_that_dbt_says(warehouse, expression):
    query = f"select {expression} from raw.person"

    done = warehouse.dbt("north", "--debug", "show", "--inline", query)

    assert done.returncode != 0
    assert "Error: a value does not fit" in done.stdout
    assert [part for part in (*PARTS, "with value") if part in done.stdout.replace(query, "")] == []


@pytest.mark.dbt
def test_the_column_of_a_value_that_does_not_fit_is_named(warehouse):
    query = "select cast(person_name as integer) from raw.person"

    done = warehouse.dbt("north", "show", "--inline", query)

    assert "Conversion Error: a value does not fit in column person_name" in done.stdout


@pytest.mark.dbt
def test_a_mistake_in_sql_is_shown_in_full(warehouse):
    done = warehouse.dbt("north", "show", "--inline", "select nothing from raw.person")

    assert '"nothing" not found' in done.stdout


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (100038, f"Numeric value '{PERSON}' is not recognized"),
        (100090, f"Duplicate row detected during DML action Row Values: [4711, {PERSON}]"),
        (100069, f"Error parsing JSON: {PERSON}"),
    ],
    ids=["conversion", "duplicates", "json"],
)
def test_a_value_is_in_nothing_that_dbt_says_of_snowflake(code, said):
    connections = SnowflakeConnectionManager.__new__(SnowflakeConnectionManager)
    dbt_mercurios.guard(connections)

    with pytest.raises(DbtRuntimeError) as failed, connections.exception_handler("select 1"):
        raise ProgrammingError(msg=said, errno=code, sqlstate="22018", sfqid="01b2")

    shown = "".join(traceback.format_exception(failed.value)) + str(failed.value)
    assert "a value does not fit" in shown
    assert [part for part in PARTS if part in shown] == []
