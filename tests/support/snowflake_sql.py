"""What can be said about Snowflake SQL without an account: does it parse, and which functions does it call."""

from __future__ import annotations

import ast
import os
from functools import cache
from pathlib import Path

from sqlfluff.core import FluffConfig, Linter
from sqlfluff.core.linter import ParsedString
from sqlfluff.core.parser import BaseSegment

from mercurios.warehouse.sql import COMMON, SQL_ROOT, render

REFRESH_VARIABLE = "MERCURIOS_REFRESH_GOLDEN"

_SCOPES = ("select_statement", "delete_statement", "update_statement", "merge_statement", "insert_statement")
# Variables that a linter's configuration cannot hold, by template.
STAND_INS: dict[str, dict[str, object]] = {
    "create_raw_table": {
        "columns": {"ean": "varchar", "staff_key": "varchar"},
        "missing": ["ean", "staff_key"],
        "masks": {"staff_key": "personal_text"},
    },
    "quality_gate_rows": {"columns": ["id", "share"], "doubles": ["share"]},
    "published_replace": {"columns": ["tenant_id", "units"]},
    "transient_table": {"columns": {"id": "varchar"}},
}

# By default sqlfluff passes over what is longer than 20,000 bytes without a word.
_NO_LIMIT = {"large_file_skip_byte_limit": 0}


def templates(dialect: str = "snowflake", *, account: bool = False) -> list[Path]:
    """Return the hand-written statements of an engine, those that all engines share included.

    Args:
        dialect: the engine.
        account: with the set-up of an account, which has no tenant's rows.
    """
    of_dialect = (SQL_ROOT / dialect).rglob("*.sql") if account else (SQL_ROOT / dialect).glob("*.sql")
    return sorted([*of_dialect, *(SQL_ROOT / COMMON).glob("*.sql")])


@cache
def _linter() -> Linter:
    return Linter(config=FluffConfig(overrides={"dialect": "snowflake", "templater": "raw", **_NO_LIMIT}))


@cache
def _parsed(sql: str) -> ParsedString:
    return _linter().parse_string(sql)


def problems(sql: str) -> list[str]:
    """Return what Snowflake's dialect cannot read in a rendered statement or script."""
    return _problems_of(_parsed(sql))


def rendered(path: Path) -> str:
    """Return a hand-written template as the product renders it, with the stand-ins of `make lint` for its variables.

    A bound parameter becomes null: the dialect does not know question marks.
    """
    config = FluffConfig.from_path(str(path)).get_section(("templater", "jinja", "context"))
    context = {name: _literal(value) for name, value in config.items()}
    name = Path(*path.relative_to(SQL_ROOT).parts[1:]).with_suffix("")
    text = render("snowflake", str(name), **(context | STAND_INS.get(path.stem, {})))
    return text.replace("?", "null")


def _literal(text: object) -> object:
    try:
        return ast.literal_eval(str(text))
    except (SyntaxError, ValueError):
        return text


def _problems_of(parsed: ParsedString) -> list[str]:
    found = [violation.desc() for violation in parsed.violations]
    return found or ([] if parsed.tree else ["nothing could be read"])


def functions(sql: str) -> set[str]:
    """Return the names of the functions that a rendered query calls."""
    tree = _parsed(sql).tree
    assert tree is not None, "not parsed"
    # Names of other things, such as policies, pass for functions outside a call.
    names = {
        name.raw.lower()
        for call in tree.recursive_crawl("function")
        for name in call.get_children("function_name")
    }
    return names | {name.raw.lower() for name in tree.recursive_crawl("bare_function")}


def scopes(sql: str) -> list[tuple[str, str, str]]:
    """Return every table a statement names, with the kind and the text of the part that reads or changes it.

    What the parts inside that part say, such as subqueries, is theirs and not in its text.
    """
    tree = _parsed(sql).tree
    assert tree is not None, "not parsed"
    found = []
    for table in tree.recursive_crawl("table_reference"):
        parts = [step.segment for step in tree.path_to(table) if step.segment.is_type(*_SCOPES)]
        if parts:
            found.append((table.raw, parts[-1].get_type(), _own_text(parts[-1])))
    return found


def _own_text(part: BaseSegment) -> str:
    if not part.segments:
        return part.raw
    return "".join("..." if each.is_type(*_SCOPES) else _own_text(each) for each in part.segments)


def assert_golden(path: Path, text: str) -> None:
    """Compare with a stored file, or store it where `MERCURIOS_REFRESH_GOLDEN=1` asks for that."""
    if os.environ.get(REFRESH_VARIABLE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), (
        f"{path.name} differs; if that is meant, run the test with {REFRESH_VARIABLE}=1 and read the difference"
    )
