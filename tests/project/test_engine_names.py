"""A third warehouse engine is a package and a line of the registry: few other places name an engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from mercurios.warehouse.backend import Backend
from mercurios.warehouse.registry import BACKENDS
from mercurios.warehouse.sql import MACROS, SQL_ROOT
from mercurios_airflow.warehouse.hooks import AirflowBackend

# Modules outside the engines' packages that name one, and why.
MAY_NAME = {
    "include/mercurios/warehouse/registry.py": "lists the engines",
    "include/mercurios/cli/account.py": "sets up the Snowflake account; DuckDB has none",
    "include/mercurios/cli/connect.py": "connects with each engine's own credentials, without Airflow",
    "include/mercurios/cli/main.py": "help of an option that takes a DuckDB file",
    "include/mercurios/cli/new.py": "default engine of a new tenant",
    "include/mercurios/cli/offboard.py": "removes what each engine keeps of a tenant",
    "include/mercurios/tenants/sharing.py": "a DuckDB file holds one tenant, a Snowflake database any number",
    "include/mercurios/cli/operate.py": "help of an option that takes a DuckDB file",
    "include/mercurios/cli/orders.py": "help of an option that takes a DuckDB file",
    "include/mercurios/policy_backtest/models.py": "computes in a DuckDB file of its own, whatever the tenant's engine",
    "plugins/mercurios_airflow/connection_types/__init__.py": "declares the connection type that Airflow lacks",
    "plugins/mercurios_airflow/executor.py": "imports the libraries of both before tasks are forked",
    "plugins/mercurios_airflow/connections.py": "opens the command line's connections through Airflow",
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


def test_the_how_to_lists_what_an_engine_has_to_write(root: Path) -> None:
    page = (root / "docs/how-to/add-a-warehouse.md").read_text(encoding="utf-8")
    files = [{path.stem for path in (SQL_ROOT / name).glob("*.sql")} for name in BACKENDS]
    airflow_side = {
        name for name in dir(AirflowBackend) if not name.startswith("_")
    } | AirflowBackend.__annotations__.keys()
    needed = {field.name for field in fields(Backend)} | airflow_side | set.intersection(*files) | {MACROS}

    assert {"dbt_profile", "open_warehouse"} < airflow_side
    assert {name for name in needed if f"`{name}`" not in page} == set()
