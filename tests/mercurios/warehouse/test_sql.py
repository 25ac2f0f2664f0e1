"""Hand-written SQL: one statement is in one place, however many engines read it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from mercurios.warehouse.sql import COMMON, SQL_ROOT, identifier, literal, render, statements

DIALECTS = ("duckdb", "snowflake")


def words(text: str) -> str:
    """Return what an engine reads of a template: no comments, and no layout."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return " ".join(" ".join(lines).split())


def alike(root: Path) -> list[set[str]]:
    """Return the templates of one name that say the same, comments and layout aside."""
    found = defaultdict(set)
    for path in root.glob("*/*.sql"):
        found[path.name, words(path.read_text(encoding="utf-8"))].add(str(path.relative_to(root)))
    return [names for names in found.values() if len(names) > 1]


def shadowing(root: Path) -> set[str]:
    """Return the templates of a dialect that hide one of all dialects."""
    shared = {path.name for path in (root / COMMON).glob("*.sql")}
    return {
        f"{name}/{path.name}"
        for name in DIALECTS
        for path in (root / name).glob("*.sql")
        if path.name in shared
    }


def test_no_statement_is_in_two_folders() -> None:
    assert alike(SQL_ROOT) == []
    assert len(list((SQL_ROOT / COMMON).glob("*.sql"))) > 30


def test_no_dialect_hides_a_statement_of_all_dialects() -> None:
    # An engine that differs makes the statement the engines' own: what stays in `common` unread would mislead.
    assert shadowing(SQL_ROOT) == set()


def test_a_statement_in_two_folders_is_found(tmp_path: Path) -> None:
    for folder, text in {
        "duckdb": "-- Why\nselect 1",
        "snowflake": "select\n    1",
        COMMON: "select 2",
    }.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.sql").write_text(text, encoding="utf-8")

    assert alike(tmp_path) == [{"duckdb/one.sql", "snowflake/one.sql"}]
    assert shadowing(tmp_path) == {"duckdb/one.sql", "snowflake/one.sql"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_statement_of_all_dialects_is_rendered_for_each(dialect: str) -> None:
    assert render(dialect, "run_fence") == (SQL_ROOT / COMMON / "run_fence.sql").read_text(
        encoding="utf-8"
    ).rstrip("\n")
    assert statements(render(dialect, "setup"))


def test_a_dialect_without_sql_is_named_even_where_a_common_statement_would_do() -> None:
    with pytest.raises(ValueError, match="there is no SQL for dialect 'oracle'"):
        render("oracle", "run_fence")


@pytest.mark.parametrize("name", ["sale", "_content_hash", "order_position2"])
def test_a_plain_name_is_an_identifier(name: str) -> None:
    assert identifier(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Sale",
        "2sale",
        "sale id",
        "sale;",
        'sale"',
        "sale--",
        "sale\n",
        "raw.sale",
        "säle",
        "sale where 1=1 --",
    ],
)
def test_a_name_that_could_carry_sql_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a plain identifier"):
        identifier(name)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_statement_takes_no_name_that_could_carry_sql(dialect: str) -> None:
    with pytest.raises(ValueError, match=r"drop table .* is not a plain identifier"):
        render(dialect, "known_hashes", table="sale; drop table ops.run")


def test_a_text_in_a_statement_ends_where_it_should() -> None:
    assert literal("it's") == "'it''s'"
    with pytest.raises(ValueError, match="holds a backslash"):
        literal("a\\' or 1=1")
