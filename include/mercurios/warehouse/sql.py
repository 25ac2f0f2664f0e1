"""Rendering of the hand-written SQL in `include/sql/<dialect>/` and, where the engines agree, `include/sql/common/`.

Statements live in files so that they are linted, reviewed and compared between engines; Python only fills in
names and column lists. A statement that is the same for every engine is in `common` once, so that it cannot be mended
for one engine and forgotten for the other. Words in which engines differ are macros, `macros.jinja` in the folder of
each. Values never pass through a template: they are bound as parameters.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro

SQL_ROOT = Path(__file__).resolve().parents[2] / "sql"
COMMON = "common"
MACROS = "macros.jinja"

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


def identifier(name: str) -> str:
    """Return `name` unchanged if it is a plain lower-case identifier.

    Raises:
        ValueError: the name could carry SQL; table and column names come from the contract and never need it.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain identifier (lower-case letters, digits and underscores)")
    return name


def literal(text: str) -> str:
    """Return `text` as a string of SQL, for the few places that take no parameter, such as the files of a COPY.

    Raises:
        ValueError: the text holds a backslash, which some engines read as the start of an escape.
    """
    if "\\" in text:
        raise ValueError(f"{text!r} holds a backslash")
    return "'" + text.replace("'", "''") + "'"


@cache
def _environment(dialect: str) -> Environment:
    folder = SQL_ROOT / dialect
    if not folder.is_dir():
        raise ValueError(
            f"there is no SQL for dialect {dialect!r}: {folder.name} is not a folder of include/sql"
        )
    environment = Environment(
        loader=FileSystemLoader([folder, SQL_ROOT / COMMON]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - SQL, not HTML; names pass the `ident` filter, values are parameters
        trim_blocks=True,
        lstrip_blocks=True,
        # A statement does not change while the process runs.
        auto_reload=False,
    )
    environment.filters["ident"] = identifier
    environment.filters["literal"] = literal
    environment.globals |= _macros(environment)
    return environment


def _macros(environment: Environment) -> dict[str, Macro]:
    """Return the macros of an engine, which its statements call without an import, as sqlfluff knows them too."""
    found = vars(environment.get_template(MACROS).module)
    return {name: value for name, value in found.items() if isinstance(value, Macro)}


def render(dialect: str, name: str, **context: Any) -> str:
    """Render `<name>.sql` of the dialect or of all dialects; an unset variable is an error, never an empty string."""
    return _environment(dialect).get_template(f"{name}.sql").render(**context)


def statements(script: str) -> list[str]:
    """Split a script into statements at lines that end with a semicolon."""
    parts = re.split(r";[ \t]*(?:\n|$)", script)
    return [part.strip() for part in parts if _has_code(part)]


def _has_code(statement: str) -> bool:
    lines = (line.strip() for line in statement.splitlines())
    return any(line and not line.startswith("--") for line in lines)
