"""The list of what waits for a real account is the list of tests that ask one, and they are skipped without one."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path


def test_all_that_waits_for_an_account_has_its_test_and_the_reverse(root: Path) -> None:
    tree = ast.parse((root / "tests" / "live" / "test_snowflake_account.py").read_text(encoding="utf-8"))
    tests = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    [waits] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WAITS_FOR_AN_ACCOUNT"
    ]

    assert {test for test in waits.values() if test} == tests


def test_without_an_account_nothing_is_asked(root: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MERCURIOS_LIVE_SNOWFLAKE"}
    command = [sys.executable, "-m", "pytest", "-q", "-m", "live", "tests/live"]

    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=900)

    assert done.returncode == 0, done.stdout[-2000:]
    assert re.search(r"\d+ skipped", done.stdout)
    assert not re.search(r"passed|failed|error", done.stdout.splitlines()[-1])
