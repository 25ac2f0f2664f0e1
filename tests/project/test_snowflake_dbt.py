"""What dbt compiles for Snowflake, read without an account: its syntax, its functions, its policies."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake_sql import functions, problems, scopes
from translations import same_without_idle_steps

from mercurios.sources.contract import ColumnType
from mercurios.sources.prohandel.resources import RESOURCES

pytestmark = [pytest.mark.dbt, pytest.mark.long, pytest.mark.slow]

POLICY = "policies.tenant_rows on (tenant_id)"
PERSONS = {
    column.name
    for each in RESOURCES.values()
    for column in each.columns
    if column.type is ColumnType.KEY_HASH
}

# Tables that count persons by their hashed numbers and keep none of them.
COUNTING = {"model.mercurios.branch_monthly"}

# Functions that mean the same on both engines, and the two that calendar.sql says in Snowflake's words. Before adding
# one, look up what Snowflake makes of null, of a negative number and of a session's parameters.
ALLOWED = {
    "abs",
    "avg",
    "cast",
    "ceil",
    "coalesce",
    "count",
    # For months only: weeks begin where a parameter says.
    "date_trunc",
    "convert_timezone",
    "dateadd",
    "dayofweekiso",
    # Of large numbers it fails on one engine and is infinite on the other.
    "exp",
    # For quarters and years only.
    "extract",
    "floor",
    # Null as soon as one argument is; DuckDB passes over nulls.
    "greatest",
    "hash",
    "lag",
    "lead",
    # Null as soon as one argument is, as with greatest.
    "least",
    # Without its order an engine takes its own.
    "listagg",
    # Of 0 it fails.
    "ln",
    "max",
    "min",
    # By 0 it fails.
    "mod",
    "nullif",
    # A negative number is raised to whole powers only.
    "power",
    "replace",
    "round",
    "row_number",
    # Beyond the last part it is empty on both.
    "split_part",
    # Of a negative number it fails.
    "sqrt",
    # Null below two rows.
    "stddev_samp",
    # With a start of 1 or more: from 0 the engines differ.
    "substr",
    "sum",
    "trim",
    # Of text only.
    "try_cast",
    # Null below two rows.
    "var_samp",
    "weekiso",
    "year",
}


@dataclass(frozen=True)
class Compiled:
    """The project as compiled for a database: empty, or with every model in it.

    Attributes:
        texts: what each file says itself. dbt puts the whole texts of ephemeral models before those that read them;
            each has a file of its own, so it is read once.
    """

    manifest: dict[str, Any]
    texts: dict[str, str]

    @cached_property
    def parts(self) -> dict[str, str]:
        """What dbt puts before other texts, with what says as much of it as its readers need."""
        nodes = self.manifest["nodes"].values()
        parts = {part["sql"] for node in nodes for part in node.get("extra_ctes") or ()}
        return {part: f"{part.partition('(')[0]}(\nselect 1 as one\n)" for part in parts}

    def own_text(self, text: str) -> str:
        """Return a compiled text without those of ephemeral models."""
        for part, short in self.parts.items():
            text = text.replace(part, short)
        return text

    def models(self) -> dict[str, dict[str, Any]]:
        """Return the models by their unique id."""
        return {key: node for key, node in self.manifest["nodes"].items() if node["resource_type"] == "model"}


@pytest.fixture(scope="module")
def compiled(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Compiled]:
    folder = tmp_path_factory.mktemp("snowflake")
    key = folder / "key.pem"
    key.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    names = ("ACCOUNT", "USER", "ROLE", "WAREHOUSE")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "DBT_LOG_PATH": str(folder / "logs"),
        "MERCURIOS_TENANT_ID": "a_tenant",
        "SNOWFLAKE_DATABASE": "MERCURIOS_DATA",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(key),
        **{f"SNOWFLAKE_{name}": "unused" for name in names},
    }
    command = [sys.executable, str(root / "tests/support/compile_for_snowflake.py"), str(folder)]
    done = subprocess.run(
        command, cwd=root / "include/dbt", env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {state: _read(folder / state) for state in ("first", "later")}


def _read(target: Path) -> Compiled:
    files = sorted((target / "compiled").rglob("*.sql"))
    compiled = Compiled(json.loads((target / "manifest.json").read_text(encoding="utf-8")), {})
    texts = {str(path.relative_to(target / "compiled")): path.read_text(encoding="utf-8") for path in files}
    return replace(compiled, texts={name: compiled.own_text(text) for name, text in texts.items()})


def _texts(compiled: dict[str, Compiled]) -> dict[str, str]:
    """Return every text once, with a name to find it by."""
    return {text: f"{state}: {name}" for state, each in compiled.items() for name, text in each.texts.items()}


def test_every_model_and_test_is_compiled_for_both_states(compiled: dict[str, Compiled]) -> None:
    for each in compiled.values():
        wanted = [
            node for node in each.manifest["nodes"].values() if node["resource_type"] in ("model", "test")
        ]
        assert len(each.texts) == len(wanted)
    incremental = next(name for name in compiled["first"].texts if name.endswith("marts/sales/fct_sales.sql"))
    assert compiled["first"].texts[incremental] != compiled["later"].texts[incremental]


def test_every_text_that_others_begin_with_is_read_by_itself(compiled: dict[str, Compiled]) -> None:
    for each in compiled.values():
        begun_with = {part.split()[0].removeprefix("__dbt__cte__") for part in each.parts}

        assert len(begun_with) > 20
        assert begun_with <= {Path(name).stem for name in each.texts}


def test_everything_compiled_is_snowflake_sql(compiled: dict[str, Compiled]) -> None:
    found = {name: problems(text) for text, name in _texts(compiled).items()}

    assert {name: said for name, said in found.items() if said} == {}


def test_the_emulator_translates_every_model_the_same_without_idle_steps(
    compiled: dict[str, Compiled],
) -> None:
    models = {name: _own_part(text) for text, name in _texts(compiled).items() if "/models/" in name}
    tables = {f"create table standard.a as ({text})": name for name, text in models.items()}

    assert len(tables) > 100
    assert [name for text, name in tables.items() if not same_without_idle_steps(text)] == []


def _own_part(text: str) -> str:
    """Return what a model says itself, without what dbt puts before it: the texts of ephemeral models."""
    query = sqlglot.parse_one(text, read="snowflake")
    for part in list(query.ctes):
        if part.alias.startswith("__dbt__cte__"):
            part.pop()
    if (common := query.args.get("with_")) and not common.expressions:
        common.pop()
    return query.sql("snowflake")


def test_only_functions_of_the_list_are_called_and_all_of_them(compiled: dict[str, Compiled]) -> None:
    called = {name: functions(text) for text, name in _texts(compiled).items()}

    assert {name: sorted(found - ALLOWED) for name, found in called.items() if found - ALLOWED} == {}
    assert set().union(*called.values()) == ALLOWED


@pytest.mark.parametrize(
    "call",
    [
        "strftime(sold_on, '%Y')",
        "isodow(sold_on)",
        "STRFTIME (sold_on)",
        "list_sum([1])",
        "current_date",
        "now()",
    ],
)
def test_a_function_off_the_list_is_seen(call: str) -> None:
    assert functions(f"select coalesce({call}, 1) as one from sales") - ALLOWED


def without_policy(models: dict[str, dict[str, Any]]) -> list[str]:
    """Return the models that show rows which no row access policy has been asked about.

    A table needs a policy of its own. A view shows what it reads: RAW, whose tables have theirs, or other models. An
    ephemeral model is nothing but a part of other models' queries.
    """
    return sorted(
        key
        for key, node in models.items()
        if node["config"].get("row_access_policy") != POLICY
        and node["config"]["materialized"] != "ephemeral"
        and not (node["config"]["materialized"] == "view" and _reads_protected(node, models))
    )


def _reads_protected(node: dict[str, Any], models: dict[str, dict[str, Any]]) -> bool:
    return all(
        name in models or name.startswith("source.mercurios.raw.") for name in node["depends_on"]["nodes"]
    )


def test_every_table_of_standard_and_analytics_has_the_row_access_policy(
    compiled: dict[str, Compiled],
) -> None:
    models = compiled["first"].models()

    assert {node["schema"] for node in models.values()} == {"standard", "analytics"}
    assert without_policy(models) == []


def test_a_table_without_the_policy_is_found(compiled: dict[str, Compiled]) -> None:
    models = compiled["first"].models()
    bare = {**models["model.mercurios.fct_sales"], "config": {"materialized": "incremental"}}
    stray = {
        **models["model.mercurios.stg_prohandel__sales"],
        "depends_on": {"nodes": ["source.mercurios.elsewhere.sale"]},
    }

    broken = models | {"model.mercurios.fct_sales": bare, "model.mercurios.stg_prohandel__sales": stray}

    assert without_policy(broken) == ["model.mercurios.fct_sales", "model.mercurios.stg_prohandel__sales"]


# By name, or as the tenant of what is joined, which must say it by name itself.
SAYS_FOR_WHOM = re.compile(r"tenant_id = ('a_tenant'|targets\.tenant_id)")


def unconfined(text: str) -> list[str]:
    """Return the relations that a compiled query reads without saying for which tenant."""
    return [
        table
        for table, _, scope in scopes(text)
        if table.startswith("MERCURIOS_DATA.") and not SAYS_FOR_WHOM.search(scope)
    ]


def test_every_table_and_test_reads_the_rows_of_its_tenant_alone(compiled: dict[str, Compiled]) -> None:
    for each in compiled.values():
        nodes = [
            node
            for node in each.manifest["nodes"].values()
            if node["resource_type"] == "test" or node["config"]["materialized"] != "view"
        ]
        found = {node["name"]: unconfined(each.own_text(node["compiled_code"])) for node in nodes}

        assert len(found) > 50
        assert {name: tables for name, tables in found.items() if tables} == {}


def test_a_model_that_reads_every_tenant_is_found(compiled: dict[str, Compiled]) -> None:
    code = compiled["later"].models()["model.mercurios.fct_sales"]["compiled_code"]

    assert unconfined(code.replace("tenant_id = 'a_tenant'", "true", 1)) == [
        "MERCURIOS_DATA.standard.int_sales_priced"
    ]


def forgettable_histories(models: dict[str, dict[str, Any]]) -> list[str]:
    """Return the tables that keep rows which no build brings back, and that Snowflake may forget.

    The project's own strategies replace what they can build again. A transient table, which dbt makes unless
    configured otherwise, has a day of time travel and no fail-safe.
    """
    return sorted(
        key
        for key, node in models.items()
        if node["config"]["materialized"] not in ("view", "ephemeral", "table")
        and node["config"]["incremental_strategy"] not in ("replace_slice", "replace_from_day")
        and node["config"].get("transient") is not False
    )


def test_a_table_whose_history_cannot_be_built_again_is_no_transient_one(
    compiled: dict[str, Compiled],
) -> None:
    models = compiled["later"].models()
    snapshots = models["model.mercurios.int_stock_snapshots"]
    forgetful = {**snapshots, "config": {**snapshots["config"], "transient": None}}

    assert forgettable_histories(models) == []
    assert forgettable_histories({**models, "model.mercurios.int_stock_snapshots": forgetful}) == [
        "model.mercurios.int_stock_snapshots"
    ]


def unmasked_copies(models: dict[str, dict[str, Any]]) -> list[str]:
    """Return the models that would store clear text of persons: RAW masks what a view shows, not what a table keeps."""
    persons = ("source.mercurios.raw.customer", "source.mercurios.raw.staff")
    about = {key for key, node in models.items() if set(persons) & set(node["depends_on"]["nodes"])}
    return sorted(
        key
        for key, node in models.items()
        if node["config"]["materialized"] != "view"
        and (
            about & {key, *node["depends_on"]["nodes"]}
            or PERSONS & set(node["columns"])
            # A step is no table: its SQL is in that of the table that reads it.
            or (
                key not in COUNTING
                and node["config"]["materialized"] != "ephemeral"
                and any(name in node["compiled_code"] for name in PERSONS)
            )
        )
    )


def test_no_table_keeps_clear_text_of_persons(compiled: dict[str, Compiled]) -> None:
    assert unmasked_copies(compiled["later"].models()) == []


def test_a_table_that_keeps_a_persons_number_is_found(compiled: dict[str, Compiled]) -> None:
    models = compiled["later"].models()
    fact = models["model.mercurios.fct_sales"]
    named = {**fact, "compiled_code": fact["compiled_code"].replace("sale_id", "customer_key")}
    joined = {**fact, "depends_on": {"nodes": ["model.mercurios.stg_prohandel__customers"]}}

    for broken in (named, joined):
        assert unmasked_copies({**models, "model.mercurios.fct_sales": broken}) == [
            "model.mercurios.fct_sales"
        ]


def test_a_table_that_counts_persons_and_keeps_a_number_is_found(compiled: dict[str, Compiled]) -> None:
    models = compiled["later"].models()
    [counting] = COUNTING
    kept = {**models[counting], "columns": {**models[counting]["columns"], "customer_key": {}}}

    assert unmasked_copies({**models, counting: kept}) == [counting]
