"""A third warehouse engine is a package and a line of the registry: few other places name an engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from mercurios.warehouse.backend import Backend
from mercurios.warehouse.commands import Commands
from mercurios.warehouse.registry import BACKENDS
from mercurios.warehouse.sql import MACROS, SQL_ROOT
from mercurios_airflow.warehouse.hooks import AirflowBackend

# Modules outside the engines' packages that name one, and why.
MAY_NAME = {
    "include/mercurios/warehouse/registry.py": "lists the engines",
    "include/mercurios/cli/account.py": "sets up the Snowflake account; DuckDB has none",
    "include/mercurios/cli/connect.py": "opens the DuckDB file of --warehouse, and an account's administrator",
    "include/mercurios/cli/main.py": "help of an option that takes a DuckDB file",
    "include/mercurios/cli/new.py": "default engine of a new tenant",
    "include/mercurios/cli/offboard.py": "default name of the connection of a Snowflake account's administrator",
    "include/mercurios/cli/operate.py": "help of an option that takes a DuckDB file",
    "include/mercurios/cli/orders.py": "help of an option that takes a DuckDB file",
    "include/mercurios/policy_backtest/models.py": "computes in a DuckDB file of its own, whatever the tenant's engine",
    "plugins/mercurios_airflow/connection_types/__init__.py": "declares the connection type that Airflow lacks",
    "plugins/mercurios_airflow/executor.py": "imports the libraries of both before tasks are forked",
    "plugins/mercurios_airflow/connections.py": "opens the connection of a Snowflake account's administrator",
}


def words(node: ast.AST) -> list[str]:
    """Return the identifiers and strings of a node itself."""
    found = [getattr(node, name, None) for name in ("id", "attr", "arg", "name", "module", "value")]
    return [word.lower() for word in found if isinstance(word, str)]


def documentation(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the strings that stand alone as statements."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def names_an_engine(source: str) -> bool:
    """Return whether code names an engine, documentation aside."""
    tree = ast.parse(source)
    skipped = set(documentation(tree))
    return any(
        engine in word
        for node in ast.walk(tree)
        if node not in skipped
        for word in words(node)
        for engine in BACKENDS
    )


def test_only_listed_modules_name_an_engine(root: Path) -> None:
    found = {
        str(path.relative_to(root))
        for top in ("include/mercurios", "plugins", "dags")
        for path in (root / top).rglob("*.py")
        if not BACKENDS.keys() & set(path.relative_to(root).parts)
        and names_an_engine(path.read_text(encoding="utf-8"))
    }

    assert found == MAY_NAME.keys()


def test_an_import_a_string_and_a_name_are_found_and_documentation_is_not() -> None:
    assert names_an_engine("from mercurios.warehouse.duckdb import engine")
    assert names_an_engine("if dialect == 'snowflake': pass")
    assert names_an_engine("DuckDBEngine(path)")
    assert not names_an_engine('"""On DuckDB."""\n# snowflake\nx = 1')


def every_engine_has(root: Path) -> set[str]:
    """Return the names of the modules that every engine's packages have."""
    tops = ("include/mercurios/warehouse", "plugins/mercurios_airflow/warehouse")
    found = [{path.name for top in tops for path in (root / top / name).glob("*.py")} for name in BACKENDS]
    return set.intersection(*found) - {"__init__.py"}


def test_no_code_outside_the_engines_asks_which_engine_there_is(root: Path) -> None:
    """A comparison with one engine's name makes every further engine the other one."""
    compared = {
        str(path.relative_to(root))
        for top in ("include/mercurios", "plugins", "dags")
        for path in (root / top).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare)
        and any(isinstance(part, ast.Constant) and part.value in BACKENDS for part in ast.walk(node))
    }

    assert compared == set()


def test_the_how_to_lists_what_an_engine_has_to_write(root: Path) -> None:
    page = (root / "docs/how-to/add-a-warehouse.md").read_text(encoding="utf-8")
    files = [{path.stem for path in (SQL_ROOT / name).glob("*.sql")} for name in BACKENDS]
    airflow_side = {
        name for name in dir(AirflowBackend) if not name.startswith("_")
    } | AirflowBackend.__annotations__.keys()
    commands = {name for name in dir(Commands) if not name.startswith("_")}
    needed = {field.name for field in fields(Backend)} | airflow_side | commands
    needed |= set.intersection(*files) | {MACROS} | every_engine_has(root)

    assert {"dbt_profile", "open_warehouse"} < airflow_side
    assert {"open_to_operate", "places_to_remove"} < commands
    assert {"commands.py", "airflow_backend.py", "hooks.py"} < needed
    outside = {
        "plugins/mercurios_airflow/connection_types/__init__.py",
        "plugins/mercurios_airflow/executor.py",
    }
    assert outside < MAY_NAME.keys()
    needed |= outside
    assert {name for name in needed if f"`{name}`" not in page} == set()
