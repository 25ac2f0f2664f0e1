"""Runs of dbt, each a process of its own as a task is, forked from one that has imported dbt and parsed the project."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from companion import SUPPORT, Companion

PARSED = SUPPORT.parents[1] / "include" / "dbt" / "target" / "parsed-by-tests"


@cache
def _server() -> Companion:
    """It ends with the process that started it."""
    return Companion(str(SUPPORT / "dbt_server.py"))


def parsed_by_tests(target: str, database: str) -> Path:
    """Return the folder of what dbt keeps of the project as it is for a target and a database."""
    return PARSED / f"{target}-{database}"


def run_dbt(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    target: str = "duckdb",
    database: str = "",
    blind: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run dbt and return what it printed.

    Args:
        arguments: of dbt; the places of the project are added.
        folder: where it runs, and writes what it prints.
        environment: all variables that it sees.
        target: the profile's target.
        database: the name by which the project's tables say their database; that of the DuckDB file by default.
        blind: dbt looks into the Snowflake database before anything is in it.
    """
    output = folder / "dbt-output.txt"
    job = {
        "arguments": list(arguments),
        "folder": str(folder),
        "environment": {"PATH": os.environ["PATH"], "DBT_USE_COLORS": "false", **environment},
        "target": target,
        "database": database or Path(environment["MERCURIOS_DUCKDB_PATH"]).stem,
        "output": str(output),
        "blind": blind,
    }
    code = json.loads(_server().tell(json.dumps(job)))["code"]
    return subprocess.CompletedProcess(list(arguments), code, output.read_text(encoding="utf-8"), "")
