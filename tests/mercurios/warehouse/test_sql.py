"""Hand-written SQL: one statement is in one place, however many engines read it."""

from __future__ import annotations

from collections import defaultdict
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.nodes import Macro

from mercurios.warehouse.sql import COMMON, MACROS, SQL_ROOT, identifier, literal, render, statements

DIALECTS = ("duckdb", "snowflake")
# From this share of equal lines on, a statement is one with macros and not two.
ALIKE = 0.6
# Statements that stay apart all the same, and why.
MAY_BE_ALIKE = {
    "quality_rows": "the gate must see a row of another tenant in a file, which is one tenant's own, to refuse it",
}


def lines(path: Path) -> list[str]:
    """Return what an engine reads of a template, line by line: no comments, and no layout."""
    found = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in found if line and not line.startswith("--")]


def likeness(one: Path, other: Path) -> float:
    """Return how much of two templates is the same, from 0 to 1."""
    return SequenceMatcher(None, lines(one), lines(other), autojunk=False).ratio()


def alike(root: Path) -> set[str]:
    """Return the names of templates most of whose lines are the same for two engines."""
    paths = defaultdict(list)
    for path in root.glob("*/*.sql"):
        paths[path.stem].append(path)
    return {
        name
        for name, versions in paths.items()
        for one, other in combinations(versions, 2)
        if likeness(one, other) >= ALIKE
    }


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
    """What engines say in other words is a macro, so that a statement is not mended for one of them alone."""
    assert alike(SQL_ROOT) == MAY_BE_ALIKE.keys()


def test_no_dialect_hides_a_statement_of_all_dialects() -> None:
    # An engine that differs makes the statement the engines' own: what stays in `common` unread would mislead.
    assert shadowing(SQL_ROOT) == set()


def test_a_statement_in_two_folders_is_found(tmp_path: Path) -> None:
    for folder, text in {
        "duckdb": "-- Why\nselect\n    1 as one,\n    2 as two\nfrom raw.sale",
        "snowflake": "select\n  1 as one,\n  2 as two\nfrom raw.purchase",
        COMMON: "select 2",
    }.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.sql").write_text(text, encoding="utf-8")
        (tmp_path / folder / "two.sql").write_text(
            f"select {folder} -- one line that differs", encoding="utf-8"
        )

    assert alike(tmp_path) == {"one"}
    assert {"duckdb/one.sql", "snowflake/one.sql"} <= shadowing(tmp_path)


def macros(dialect: str) -> dict[str, tuple[str, ...]]:
    """Return the macros of an engine with the names of their arguments."""
    source = (SQL_ROOT / dialect / MACROS).read_text(encoding="utf-8")
    found = Environment(autoescape=False).parse(source).find_all(Macro)  # noqa: S701
    return {macro.name: tuple(argument.name for argument in macro.args) for macro in found}


def test_every_engine_has_the_same_macros() -> None:
    assert macros("duckdb")
    assert macros("duckdb") == macros("snowflake")


@pytest.mark.parametrize("name", macros("duckdb"))
def test_a_macro_serves_a_statement_of_all_dialects(name: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (SQL_ROOT / COMMON).glob("*.sql")]

    assert any(f"{name}(" in text for text in texts)


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
