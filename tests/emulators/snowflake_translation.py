"""The emulator's translation of a statement, without the steps that cannot change it.

The emulator (fakesnow) translates in about 75 steps, each a function that visits every node of the parsed statement and
changes few or none. Most of the emulator's time went there. A step runs here only if the statement has a node on which
it acts; `test_translation.py` compares the results with those of the whole chain.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import fakesnow.cursor as cursor
from sqlglot import exp

Type = exp.DataType.Type

# By the name of a step: the marks of the nodes on which it acts, see `marks_of`. A step that is not listed always runs.
ACTS_ON: dict[str, set[Hashable]] = {
    "identifier": {"IDENTIFIER", exp.DynamicIdentifier},
    "upper_case_unquoted_identifiers": {exp.Identifier},
    "alter_session": {exp.Alter},
    "update_variables": {exp.Set, "UNSET"},
    "current_version": {exp.CurrentVersion},
    "set_schema": {exp.Use},
    "create_database": {"DATABASE"},
    "extract_comment_on_table": {exp.Create, exp.Comment, exp.Alter},
    "extract_comment_on_columns": {exp.Alter},
    "information_schema_fs": {"INFORMATION_SCHEMA"},
    "information_schema_databases": {"DATABASES"},
    "drop_schema_cascade": {exp.Drop},
    "tag": {exp.Alter, exp.Command, "TAG"},
    "semi_structured_types": {Type.ARRAY, Type.OBJECT, Type.VARIANT},
    "try_parse_json": {"TRY_PARSE_JSON"},
    "split": {exp.Split},
    "trim_cast_varchar": {exp.Trim},
    "indices_to_json_extract": {exp.Bracket},
    "json_extract_cast_as_varchar": {exp.JSONExtract},
    "json_extract_cased_as_varchar": {exp.Upper, exp.Lower},
    "json_extract_precedence": {exp.JSONExtract, exp.JSONExtractScalar},
    "flatten_value_cast_as_varchar": {exp.Explode},
    "flatten": {exp.Explode},
    "regex_replace": {exp.RegexpReplace},
    "regex_substr": {exp.RegexpExtract},
    "result_scan": {exp.TableFromRows},
    "sequence_nextval": {"NEXTVAL"},
    "values_columns": {exp.Values},
    "to_date": {"TO_DATE"},
    "timestamp_offsets": {Type.TIMESTAMPTZ, Type.TIMESTAMPLTZ},
    "to_decimal": {exp.ToNumber},
    "to_timestamp": {
        exp.UnixToTime,
        "TO_TIMESTAMP",
        "TO_TIMESTAMP_NTZ",
        Type.TIMESTAMP,
        Type.TIMESTAMPNTZ,
    },
    "to_variant": {exp.ToVariant},
    "object_construct": {exp.StarMap, exp.Struct, exp.JSONObject},
    "timestamp_ntz": {Type.TIMESTAMPNTZ},
    "float_to_double": {Type.FLOAT},
    "integer_precision": {Type.DECIMAL, Type.INT, Type.SMALLINT, Type.TINYINT},
    "extract_text_length": {exp.Create, exp.Alter},
    "sample": {exp.TableSample},
    "array_size": {exp.ArraySize},
    "random": {exp.Rand},
    "array_agg_within_group": {exp.WithinGroup},
    "array_agg": {exp.ArrayAgg},
    "object_agg": {exp.ObjectAgg},
    "array_construct_etc": {exp.ArrayConstructCompact, exp.Array, exp.ArrayConcat},
    "dateadd_date_cast": {exp.DateAdd},
    "dateadd_string_literal_timestamp_cast": {exp.DateAdd},
    "datediff_string_literal_timestamp_cast": {exp.DateDiff},
    "show_databases": {exp.Show},
    "show_functions": {exp.Show, exp.Command},
    "show_procedures": {exp.Show},
    "show_parameters": {exp.Command},
    "show_warehouses": {exp.Show},
    "show_schemas": {exp.Show},
    "show_tables_etc": {exp.Show},
    "show_columns": {exp.Show},
    "show_stages": {exp.Show},
    "show_sequences": {exp.Show},
    "show_keys": {exp.Show},
    "show_users": {exp.Show},
    "create_user": {exp.Command},
    "haversine": {"HAVERSINE"},
    "hex_string": {exp.HexString},
    "sha256": {exp.SHA2, exp.SHA2Digest, "SHA2_HEX", "SHA2_BINARY"},
    "create_clone": {exp.Clone},
    "alias_in_join": {exp.Join},
    "alias_in_where": {"_FS_OBJECT_CONSTRUCT"},
    "alter_table_strip_cluster_by": {exp.Alter, exp.Command},
    "numeric_agg_implicit_cast": {exp.AggFunc},
    "create_stage": {"STAGE"},
    "create_file_format": {"FILE FORMAT"},
    "list_stage": {exp.ListStage},
    "put_stage": {exp.Put},
    "create_table_as": {exp.Create},
}


def skip_idle_steps() -> None:
    """Let the emulator translate without the steps that cannot change a statement."""
    whole = cursor.FakeSnowflakeCursor._transform

    def transform(self: Any, expression: Any, parameters: Any) -> Any:
        return whole(self, Statement(expression), parameters).expression

    cursor.FakeSnowflakeCursor._transform = transform


class Statement:
    """A parsed statement on its way through the chain, whose steps ask it for the next.

    Attributes:
        expression: what the steps so far have made of it.
        ran: the steps that ran.
    """

    def __init__(self, expression: Any) -> None:
        self.expression = expression
        self.ran: list[str] = []
        self._marks: set[Hashable] | None = None

    def transform(self, step: Callable[..., Any], *arguments: Any, copy: bool, **options: Any) -> Statement:
        """Run a step if it may change anything, as `sqlglot` would."""
        name = name_of(step)
        if self._marks is None:
            self._marks = marks_of(self.expression)
        if name not in ACTS_ON or not self._marks.isdisjoint(ACTS_ON[name]):
            self.expression = self.expression.transform(step, *arguments, copy=copy, **options)
            self.ran.append(name)
            self._marks = None
        return self


def name_of(step: Callable[..., Any]) -> str:
    """Return the name of a step; some are wrapped, as in `lambda e: transforms.show_keys(e, ...)`."""
    if step.__name__ == "<lambda>":
        return next((name for name in step.__code__.co_names if name in ACTS_ON), step.__name__)
    return str(step.__name__)


def marks_of(expression: Any) -> set[Hashable]:
    """Return what steps look for in a statement: classes of nodes, types of data, names, what is created or dropped."""
    classes, words, types = set(), set(), set()
    for node in expression.walk():
        classes.add(type(node))
        for word in (node.args.get("this"), node.args.get("kind")):
            if type(word) is str:
                words.add(word)
            elif type(word) is Type:
                types.add(word)
    parents = (parent for each in classes for parent in each.__mro__)
    return {*parents, *types, *(word.upper() for word in words)}
