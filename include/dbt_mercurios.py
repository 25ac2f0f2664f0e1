"""Loaded by every dbt process that finds it on its path: dbt imports each module named `dbt_*` as a plugin.

dbt writes ephemeral models into the queries of their readers. To find the place it takes the whole query apart
with `sqlparse`, a fifth of the CPU seconds of a build whose tables are small, and uses nothing of what it finds but
the query's first word: if that is `with`, it writes behind it. Here that word is looked for at the beginning, the
only place where it can be. What comes out is the same text (`tests/dbt/test_ephemeral_models.py`); without this
module dbt only takes longer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import dbt.compilation

# White space and comments, then the word behind which other common table expressions may stand.
_BEGINNING = re.compile(
    r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(with(?:\s+recursive)?\b\s*)?", re.IGNORECASE | re.DOTALL
)

dbts_own = dbt.compilation.inject_ctes_into_sql


def with_steps(sql: str, ctes: Sequence[Any]) -> str:
    """Return a query that begins with common table expressions, followed by its own if it has any."""
    if not ctes:
        return sql
    written = ", ".join(cte.sql for cte in ctes)
    beginning = _BEGINNING.match(sql)
    if beginning and beginning[1]:
        return f"{sql[: beginning.end()]}{written}, {sql[beginning.end() :]}"
    blank = len(sql) - len(sql.lstrip())
    return f"{sql[:blank]}with{written} {sql[blank:]}"


dbt.compilation.inject_ctes_into_sql = with_steps
