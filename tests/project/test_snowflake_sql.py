"""Hand-written Snowflake SQL, read by a parser of its dialect: no account is needed to see a misspelt option."""

from __future__ import annotations

from pathlib import Path

import pytest
from planned_account import plan
from snowflake_sql import REFRESH_VARIABLE, assert_golden, functions, problems, rendered, templates

from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.warehouse.schema import landed_columns
from mercurios.warehouse.sql import SQL_ROOT, render

GOLDEN = Path(__file__).with_name("golden")
TEMPLATES = templates(account=True)

# What hand-written SQL may call. Snowflake finds an unknown function when the statement runs, the emulator takes
# DuckDB's for its own, and no parser minds: before adding one, look it up in Snowflake's reference.
ALLOWED = {
    "abs",
    "array_agg",
    "array_slice",
    "array_sort",
    "cast",
    "coalesce",
    "count",
    "count_if",
    "current_database",
    "current_role",
    "date_trunc",
    "dateadd",
    "datediff",
    "flatten",
    "lag",
    "least",
    "lead",
    "left",
    "lower",
    "max",
    "max_by",
    "md5",
    "median",
    "min",
    "nullif",
    "parse_json",
    "replace",
    "round",
    "row_number",
    "sum",
    "table",
    "to_json",
    "upper",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SQL_ROOT)))
def test_every_hand_written_statement_is_snowflake_sql(path: Path) -> None:
    text = rendered(path)

    assert problems(text) == []
    assert functions(text) <= ALLOWED


@pytest.mark.parametrize(
    "call", ["list_sort(a)", "strftime(a, '%Y')", "Arg_Max(a, b)", "now()", "any_value(a)"]
)
def test_a_function_off_the_list_is_seen(call: str) -> None:
    assert functions(f"select coalesce({call}, 1) as one from sales") - ALLOWED


def test_every_statement_of_the_plan_is_snowflake_sql() -> None:
    # Tenants' statements differ by a name; one database has all of them.
    texts = dict.fromkeys(each.text for each in plan() if "solo_data" not in each.text)

    found = {text: problems(text) for text in texts}

    assert {text: said for text, said in found.items() if said} == {}


def test_the_plan_is_the_stored_one() -> None:
    parts: list[str] = []
    file = role = ""
    for each in plan():
        if (each.file, each.role) != (file, role):
            file, role = each.file, each.role
            parts.append(f"-- {file}, as {role}")
        parts.append(f"{each.text};")

    assert_golden(GOLDEN / "snowflake_plan.sql", "\n\n".join(parts) + "\n")


def copy_statement() -> str:
    files = ["run=1/sale-rows-00001.parquet", "run=it's 2/sale-rows-00002.parquet"]
    return render("snowflake", "copy_files", table="stage_sale", stage="landing.tenant_north", files=files)


def merge_statements(name: str) -> str:
    """Return what the loader makes of a resource: the rows that change RAW, and the MERGE of those."""
    resource = RESOURCES[name]
    tombstone = resource.tombstone and next(c.name for c in resource.columns if c.field == resource.tombstone)
    shape = {
        "table": resource.table,
        "columns": list(landed_columns(resource, "snowflake")),
        "cursor": resource.cursor_column,
        "tombstone": tombstone,
    }
    return "\n".join(render("snowflake", each, **shape) for each in ("candidates", "merge_insert"))


def test_the_copy_is_the_stored_one() -> None:
    text = copy_statement()

    assert problems(text) == []
    assert_golden(GOLDEN / "snowflake_copy.sql", text + "\n")


# With cursor and deletion flag; with neither; nested in another's rows.
@pytest.mark.parametrize("name", ["sale", "order", "order.positions"])
def test_the_merge_is_the_stored_one(name: str) -> None:
    text = merge_statements(name)

    assert problems(text) == []
    assert_golden(GOLDEN / f"snowflake_merge_{RESOURCES[name].table}.sql", text + "\n")


@pytest.mark.parametrize("name", RESOURCES)
def test_the_merge_of_every_resource_is_snowflake_sql_for_one_tenant(name: str) -> None:
    text = merge_statements(name)

    assert problems(text) == []
    assert text.count("where tenant_id = $tenant_id") == 2
    assert "target.tenant_id = source.tenant_id" in text


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("auto_suspend =", "auto_suspendd ="),
        ("warehouse_size = 'XSMALL'", "warehouse_size = 'TINY'"),
        ("do suspend_immediate", "do stop"),
        ("grant select on future", "grant selct on future"),
        ("returns boolean ->", "returns boolean"),
        ("set masking policy", "set masking"),
        ("type = external_stage", "type = external_stagee"),
        ("when not matched then", "when not matched"),
        ("cluster by (", "cluster on ("),
    ],
)
def test_a_misspelt_statement_does_not_pass(right: str, wrong: str) -> None:
    text = next(each.text for each in plan() if right in each.text)

    assert problems(text) == []
    assert problems(text.replace(right, wrong)) != []


def test_a_script_longer_than_the_parsers_default_limit_is_read_to_its_end() -> None:
    long = "-- a comment\n" * 2000

    assert problems(long + "select 1;\n") == []
    assert problems(long + "selct 1;\n") != []


def test_a_file_differing_from_the_stored_one_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(REFRESH_VARIABLE, raising=False)
    stored = tmp_path / "stored.sql"
    stored.write_text("select 1\n")

    assert_golden(stored, "select 1\n")
    with pytest.raises(AssertionError, match=r"stored\.sql differs"):
        assert_golden(stored, "select 2\n")
