"""No statement for one tenant reads or writes another's rows on Snowflake: each says for whom it is.

Policies hide rows from readers, but the loader sees all rows of a database that tenants share. What keeps it to its
tenant is in the statements, so that is where these tests look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from snowflake_sql import problems, rendered, scopes, templates

from mercurios.warehouse.sql import statements

TEMPLATES = templates()
# Creates tables and columns; counts the transient table of a load, whose name the linter's stand-in is not.
WITHOUT_ROWS = {"setup", "setup_engine", "create_raw_table", "count_rows"}
TENANTS_TABLE = re.compile(r"(raw|standard|analytics|published|ops)\.\w+", re.IGNORECASE)
# Of a bound parameter `rendered` makes null.
SAYS_FOR_WHOM = re.compile(r"\btenant_id (=|is distinct from) (\$tenant_id|null|\w+\.tenant_id)")
NAMES_THE_TENANT = re.compile(r"\$tenant_id|\btenant_id (=|is distinct from) null")


def unconfined(text: str) -> Iterator[str]:
    """Yield the tables that a statement reads or changes without saying for which tenant."""
    for table, kind, scope in scopes(text):
        if not TENANTS_TABLE.fullmatch(table):
            continue
        if kind == "insert_statement":
            # What is inserted is said by the values, or by a select that is a scope of its own.
            confined = re.match(rf"insert into {re.escape(table)}\s*\(\s*tenant_id\b", scope, re.IGNORECASE)
        else:
            confined = SAYS_FOR_WHOM.search(scope)
        if not (confined and NAMES_THE_TENANT.search(text)):
            yield table


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_statement_says_for_which_tenant_it_is(path: Path) -> None:
    if path.stem in WITHOUT_ROWS:
        return

    for text in statements(rendered(path)):
        assert list(unconfined(text)) == [], text


def confined_statements() -> list[str]:
    texts = [
        text for path in TEMPLATES if path.stem not in WITHOUT_ROWS for text in statements(rendered(path))
    ]
    return [text for text in texts if SAYS_FOR_WHOM.search(text)]


def test_a_statement_that_forgets_its_tenant_is_found() -> None:
    texts = confined_statements()
    forgetful = [SAYS_FOR_WHOM.sub("id = id", text) for text in texts]

    assert len(texts) > 40
    assert [text for text in forgetful if problems(text)] == []
    missed = [
        text for text in forgetful if not list(unconfined(text)) and any(map(_is_of_tenants, scopes(text)))
    ]
    assert missed == []


def _is_of_tenants(scope: tuple[str, str, str]) -> bool:
    return bool(TENANTS_TABLE.fullmatch(scope[0])) and scope[1] != "insert_statement"


@pytest.mark.parametrize(
    "text",
    [
        "select id from raw.sale where id = $id",
        "select id from raw.sale where tenant_id = $tenant_id and id in (select id from raw.article)",
        "delete from ops.watermark where resource = $resource",
        "update raw.sale set quantity = 0 where id = $id",
        "insert into raw.sale (id) values ($tenant_id)",
        "insert into ops.run (tenant_id, run_id) select tenant_id, run_id from raw.sale",
        "merge into raw.sale as target using fresh as source on target.id = source.id"
        " when matched then update set id = source.id",
    ],
)
def test_a_statement_with_one_loose_end_is_found(text: str) -> None:
    assert problems(text) == []
    assert list(unconfined(text)) != []
