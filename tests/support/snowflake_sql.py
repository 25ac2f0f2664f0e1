"""What can be said about Snowflake SQL without an account: does it parse, and which functions does it call."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from sqlfluff.core import FluffConfig, Linter
from sqlfluff.core.linter import ParsedString

REFRESH_VARIABLE = "MERCURIOS_REFRESH_GOLDEN"

# By default sqlfluff passes over what is longer than 20,000 bytes without a word.
_NO_LIMIT = {"large_file_skip_byte_limit": 0}


@cache
def _linter() -> Linter:
    return Linter(config=FluffConfig(overrides={"dialect": "snowflake", "templater": "raw", **_NO_LIMIT}))


@cache
def _parsed(sql: str) -> ParsedString:
    return _linter().parse_string(sql)


def problems(sql: str) -> list[str]:
    """Return what Snowflake's dialect cannot read in a rendered statement or script."""
    return _problems_of(_parsed(sql))


def problems_of_template(path: Path) -> list[str]:
    """Return what Snowflake's dialect cannot read in a hand-written template, filled as `make lint` fills it."""
    config = FluffConfig.from_path(str(path), overrides=dict(_NO_LIMIT))
    return _problems_of(Linter(config=config).parse_string(path.read_text(encoding="utf-8"), fname=str(path)))


def _problems_of(parsed: ParsedString) -> list[str]:
    found = [violation.desc() for violation in parsed.violations]
    return found or ([] if parsed.tree else ["nothing could be read"])


def functions(sql: str) -> set[str]:
    """Return the names of the functions that a rendered query calls."""
    tree = _parsed(sql).tree
    assert tree is not None, "not parsed"
    names = {name.raw.lower() for name in tree.recursive_crawl("function_name")}
    return names | {name.raw.lower() for name in tree.recursive_crawl("bare_function")}


def assert_golden(path: Path, text: str) -> None:
    """Compare with a stored file, or store it where `MERCURIOS_REFRESH_GOLDEN=1` asks for that."""
    if os.environ.get(REFRESH_VARIABLE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), (
        f"{path.name} differs; if that is meant, run the test with {REFRESH_VARIABLE}=1 and read the difference"
    )
