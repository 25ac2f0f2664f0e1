"""Without the steps that cannot change it, a statement is translated to the same; every step is seen to act."""

from __future__ import annotations

import pytest
from snowflake_sql import rendered, templates
from snowflake_translation import ACTS_ON, Statement
from translations import Watched, same_without_idle_steps, state_of, translated

# Statements on which steps act, with the steps' names.
EXAMPLES = {
    "select * from identifier('a.b')": "identifier",
    "alter session set autocommit = false": "alter_session",
    "set size = 3": "update_variables",
    "select current_version()": "current_version",
    "use schema s": "set_schema",
    "create database d": "create_database",
    "create table t (a int) comment = 'why'": "extract_comment_on_table",
    "comment on table t is 'why'": "extract_comment_on_table",
    "alter table t alter column a comment 'why'": "extract_comment_on_columns",
    "select * from information_schema.columns": "information_schema_fs",
    "select * from information_schema.databases": "information_schema_databases",
    "drop schema s": "drop_schema_cascade",
    "create tag owner": "tag",
    "alter table t set tag owner = 'x'": "tag",
    "create table t (a variant, b array, c object)": "semi_structured_types",
    "select split('a,b', ',')": "split",
    "select trim(3)": "trim_cast_varchar",
    "select a['b'] from t": "indices_to_json_extract",
    "select a:b::varchar from t": "json_extract_cast_as_varchar",
    "select upper(a:b) from t": "json_extract_cased_as_varchar",
    "select a:b from t": "json_extract_precedence",
    "select f.value::varchar from t, lateral flatten(input => t.a) f": "flatten_value_cast_as_varchar",
    "select f.value from t, lateral flatten(input => t.a) f": "flatten",
    "select regexp_replace('abc', 'b')": "regex_replace",
    "select regexp_substr('abc', 'b')": "regex_substr",
    "select * from table(result_scan('id'))": "result_scan",
    "select s.nextval": "sequence_nextval",
    "select * from values (1, 'a'), (2, 'b')": "values_columns",
    "select '2026-01-01 10:00:00 +09:00'::timestamp_tz": "timestamp_offsets",
    "select to_number('3')": "to_decimal",
    "select to_timestamp(3)": "to_timestamp",
    "select to_timestamp(a) from t": "to_timestamp",
    "select cast(a as timestamp_ntz) from t": "to_timestamp",
    "select to_variant(3)": "to_variant",
    "select object_construct('a', 1)": "object_construct",
    "create table t (a timestamp_ntz)": "timestamp_ntz",
    "create table t (a real)": "float_to_double",
    "create table t (a int, b smallint, c number)": "integer_precision",
    "create table t (a varchar(3))": "extract_text_length",
    "select array_size(a) from t": "array_size",
    "select random()": "random",
    "select array_agg(a) within group (order by b) from t": "array_agg_within_group",
    "select array_agg(a) from t": "array_agg",
    "select object_agg(a, b) from t": "object_agg",
    "select array_construct(1, 2)": "array_construct_etc",
    "select dateadd(day, 1, '2026-03-04'::date)": "dateadd_date_cast",
    "select dateadd(day, 1, '2026-03-04')": "dateadd_string_literal_timestamp_cast",
    "select datediff(day, '2026-03-04', '2026-03-05')": "datediff_string_literal_timestamp_cast",
    "show databases": "show_databases",
    "show functions": "show_functions",
    "show procedures": "show_procedures",
    "show parameters": "show_parameters",
    "show warehouses": "show_warehouses",
    "show schemas": "show_schemas",
    "show tables": "show_tables_etc",
    "show objects in database d": "show_tables_etc",
    "show columns in table t": "show_columns",
    "show stages": "show_stages",
    "show sequences": "show_sequences",
    "show primary keys": "show_keys",
    "show unique keys": "show_keys",
    "show imported keys": "show_keys",
    "show users": "show_users",
    "CREATE USER u": "create_user",
    "select haversine(1, 2, 3, 4)": "haversine",
    "select x'a1'": "hex_string",
    "select sha2('a')": "sha256",
    "select sha2_binary('a')": "sha256",
    "create table t clone u": "create_clone",
    "select a as b from t join u on b = u.c": "alias_in_join",
    "select object_construct('a', 1) as o from t where o is not null": "alias_in_where",
    "alter table t cluster by (a)": "alter_table_strip_cluster_by",
    "alter table t suspend recluster": "alter_table_strip_cluster_by",
    "select sum(a) from t": "numeric_agg_implicit_cast",
    "create stage s url = 's3://lake/landing/'": "create_stage",
    "create file format f type = csv": "create_file_format",
    "list @s": "list_stage",
    "put file:///data/a.csv @s": "put_stage",
    "create table t (a int) as select 1": "create_table_as",
}
# Steps for what the parser of Snowflake's dialect no longer writes: a parser that does, by example.
OTHERWISE_PARSED = {
    "select try_parse_json('{}')": "duckdb",
    "select to_date(a) from t": "duckdb",
    "select * from t tablesample (10)": "postgres",
}
EXAMPLES |= dict(zip(OTHERWISE_PARSED, ("try_parse_json", "to_date", "sample"), strict=True))


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_step_changes_its_example_and_idle_steps_do_not(text: str) -> None:
    dialect = OTHERWISE_PARSED.get(text, "snowflake")
    whole, shortened = translated(text, Watched, dialect), translated(text, Statement, dialect)

    assert EXAMPLES[text] in whole.ran
    assert set(whole.ran) <= set(shortened.ran)
    assert len(shortened.ran) < 20
    assert state_of(shortened.expression) == state_of(whole.expression)


def test_every_step_that_may_be_left_out_has_an_example() -> None:
    assert {*EXAMPLES.values(), "upper_case_unquoted_identifiers"} == set(ACTS_ON)


def test_statements_of_the_project_are_translated_the_same() -> None:
    texts = {path.name: text for path in templates() if ";" in (text := rendered(path))}

    assert len(texts) > 50
    assert [name for name, text in texts.items() if not same_without_idle_steps(text)] == []
