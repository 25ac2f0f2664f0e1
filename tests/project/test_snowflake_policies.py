"""Whose rows and which columns people see on Snowflake, read off the statements that the set-up runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import duckdb
import pytest
from planned_account import plan
from snowflake_grants import inherited, one_line
from snowflake_sql import rendered, templates

from mercurios.sources.contract import ColumnType
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.registry import every_resource
from mercurios.warehouse.personal import masks_of
from mercurios.warehouse.schema import raw_columns
from mercurios.warehouse.sql import render, statements

PLAN = plan()
TEXTS = [statement.text for statement in PLAN]
UNMASKED = "mercurios_loader"
# What a resource about persons keeps that says nothing about the person.
IMPERSONAL = {"branch_number", "last_change", "is_deleted"}


def personal_by_contract() -> set[tuple[str, str]]:
    """Every column that holds a person's number or is about a person, said without the product's own list."""
    return {
        (f"raw.{resource.table}", column.name)
        for resource in RESOURCES.values()
        for column in resource.columns
        if column.type is ColumnType.KEY_HASH or (resource.personal and column.name not in IMPERSONAL)
    } | {
        ("ops.quarantine", "source_id"),
        ("ops.quarantine", "payload"),
        *((f"raw.{resource.table}", "_extra") for resource in every_resource().values()),
    }


def masked(texts: Iterable[str], database: str = "mercurios_data") -> dict[tuple[str, str], str]:
    """Return the columns with a masking policy, and which."""
    attached = re.compile(
        rf"alter table if exists {database}\.([\w.]+) modify column (\w+) "
        rf"set masking policy {database}\.policies\.(\w+) force"
    )
    found = (attached.fullmatch(one_line(text)) for text in texts)
    return {(match[1], match[2]): match[3] for match in found if match}


@pytest.mark.parametrize("database", ["mercurios_data", "solo_data"])
def test_every_personal_column_is_masked(database: str) -> None:
    assert masked(TEXTS, database).keys() == personal_by_contract()


def test_a_personal_column_without_a_mask_is_found() -> None:
    without = [text for text in TEXTS if "modify column cashier_key" not in text]

    assert personal_by_contract() - masked(without).keys() == {("raw.sale", "cashier_key")}


def test_a_resource_that_becomes_personal_is_masked_without_further_ado(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(RESOURCES, "season", replace(RESOURCES["season"], personal=True))

    found = masked(each.text for each in plan())

    assert found[("raw.season", "name")] == "personal_text"
    assert found.keys() == personal_by_contract()


def test_a_mask_has_the_type_of_its_column() -> None:
    types = dict(
        re.findall(
            r"create masking policy if not exists mercurios_data\.policies\.(\w+)\s+as \(personal ([^)]*\)?)\)",
            "\n".join(TEXTS),
        )
    )
    wanted = {
        ColumnType.INTEGER: "number(38, 0)",
        ColumnType.DECIMAL: "number(18, 2)",
        ColumnType.BOOLEAN: "boolean",
        ColumnType.DATE: "date",
    }

    by_table = {f"raw.{resource.table}": resource for resource in RESOURCES.values()}
    for (table, column), policy in masked(TEXTS).items():
        if column == "_extra":
            assert types[policy] == "variant", table
            continue
        kind = by_table[table].column(column).type if table in by_table else ColumnType.TEXT
        assert types[policy] == wanted.get(kind, "varchar"), (table, column)


def masked_when_created(texts: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the columns that are masked from the moment their table exists, and by which policy."""
    found = {}
    for text in texts:
        if table := re.match(r"create table if not exists ([\w.]+) \(", text):
            column = r"(\w+) [a-z]+(?:\([\d, ]+\))?(?: not null)? with masking policy policies\.(\w+)"
            found |= {(table[1], match[1]): match[2] for match in re.finditer(column, text)}
    return found


def test_a_personal_column_is_masked_from_the_moment_its_table_exists() -> None:
    assert masked_when_created(creations()) == masked(TEXTS)


def test_a_column_that_is_created_bare_is_found() -> None:
    text = next(text for text in creations() if text.startswith("create table if not exists raw.staff "))

    bare = text.replace("staff_key varchar with masking policy policies.personal_text", "staff_key varchar")

    assert masked_when_created([text]).keys() - masked_when_created([bare]).keys() == {
        ("raw.staff", "staff_key")
    }


def bodies(kind: str, texts: Iterable[str] = TEXTS) -> dict[str, set[str]]:
    """Return what the policies of a kind say: as created, and as set again."""
    found: dict[str, set[str]] = {}
    for text in texts:
        match = re.match(
            rf"(?:create|alter) {kind} (?:if not exists )?mercurios_data\.policies\.(\w+)\b.*?->(.*)",
            text,
            re.S,
        )
        if match:
            found.setdefault(match[1], set()).add(match[2].strip())
    return found


def test_clear_text_is_for_the_loader_alone() -> None:
    policies = bodies("masking policy")

    assert len(policies) == 6
    for said in policies.values():
        assert said == {"case when current_role() = 'MERCURIOS_LOADER' then personal end"}
    for role in ("mercurios_developer", "mercurios_analyst", "mercurios_admin", "mercurios_policy_admin"):
        assert UNMASKED not in inherited(TEXTS, role)


def test_a_developer_with_the_loaders_role_is_found() -> None:
    more = [*TEXTS, "grant role mercurios_loader to role mercurios_developer"]

    assert UNMASKED in inherited(more, "mercurios_developer")


# ---------------------------------------------------------------- rows of tenants


def rows_seen(role: str, body: str) -> list[str]:
    """Evaluate the row access policy for a role on an engine that is here; the expression is plain SQL."""
    with duckdb.connect() as connection:
        connection.execute("create table tenant_access (role_name varchar, tenant_id varchar)")
        for text in TEXTS:
            if text.startswith("merge into mercurios_data."):
                connection.execute(text.replace("mercurios_data.policies.", ""))
        rule = body.replace("mercurios_data.policies.", "").replace("current_role()", "getvariable('role')")
        connection.execute(f"set variable role = '{role}'")
        connection.execute(f"create macro tenant_rows(row_tenant_id) as ({rule})")
        rows = "(values ('north'), ('south'), ('foreign')) as sale (whose)"
        seen = connection.execute(
            f"select whose from {rows} where tenant_rows(whose) order by all"
        ).fetchall()
    return [row[0] for row in seen]


@pytest.mark.parametrize(
    ("role", "tenants"),
    [
        ("MERCURIOS_ANALYST_NORTH", ["north"]),
        ("MERCURIOS_ANALYST_SOUTH", ["south"]),
        ("MERCURIOS_DEVELOPER", ["north", "south"]),
        ("MERCURIOS_LOADER", ["foreign", "north", "south"]),
        ("MERCURIOS_ANALYST", []),
        ("MERCURIOS_ADMIN", []),
        ("MERCURIOS_POLICY_ADMIN", []),
        ("MERCURIOS_LOADER_SOLO_DATA", []),
        ("ACCOUNTADMIN", []),
        ("PUBLIC", []),
    ],
)
def test_a_role_sees_the_rows_of_its_tenants(role: str, tenants: list[str]) -> None:
    (body,) = bodies("row access policy")["tenant_rows"]

    assert rows_seen(role, body) == tenants


def test_a_policy_with_an_argument_hidden_by_a_mapping_column_leaks() -> None:
    (body,) = bodies("row access policy")["tenant_rows"]

    leaking = body.replace("= row_tenant_id", "= tenant_id")

    assert rows_seen("MERCURIOS_ANALYST_NORTH", leaking) != ["north"]


def creations() -> list[str]:
    """Return the statements by which the loader creates tables; dbt's are in test_snowflake_dbt.py."""
    scripts = [rendered(path) for path in templates() if path.stem != "create_raw_table"]
    for resource in every_resource().values():
        columns = {column.name: column.type for column in raw_columns(resource, "snowflake")}
        shape = {"columns": columns, "missing": [], "masks": masks_of(resource)}
        scripts.append(render("snowflake", "create_raw_table", table=resource.table, **shape))
    return [one_line(text) for script in scripts for text in statements(script)]


def created(texts: Iterable[str], *, with_policy: bool) -> set[str]:
    """Return the tables with rows of tenants that statements create, all or those with the policy.

    A clone has the policies of what it is cloned from, and a view shows no more than its tables.
    """
    schema = r"(?:raw|standard|analytics|published)"
    table = rf"create (?:or replace )?(?:transient )?table (?:if not exists )?({schema}\.\w+) "
    policy = rf"(?:clone {schema}\.\w+|.*with row access policy policies\.tenant_rows on \(tenant_id\))"
    found = (re.match(table + (policy if with_policy else ""), text) for text in texts)
    return {match[1] for match in found if match}


def test_every_table_is_created_with_the_row_access_policy() -> None:
    tables = created(creations(), with_policy=False)

    assert {f"raw.{resource.table}" for resource in RESOURCES.values()} < tables
    forecasts = {"analytics.forecast_weekly", "analytics.forecast_protection"}
    assert {"raw.tenant", "raw.public_holiday", *forecasts} < tables
    assert created(creations(), with_policy=True) == tables


def test_a_table_created_without_the_policy_is_found() -> None:
    bare = "create table if not exists raw.extra (tenant_id varchar not null)"
    other = f"{bare.replace('extra', 'more')} with row access policy policies.every_row on (tenant_id)"
    selected = "create or replace table published.stray as select * from analytics.fct_sales"
    clone = "create or replace table published.stock clone analytics.inventory_position"

    texts = [*creations(), bare, other, selected, clone]

    bare_ones = created(texts, with_policy=False) - created(texts, with_policy=True)
    assert bare_ones == {"raw.extra", "raw.more", "published.stray"}
