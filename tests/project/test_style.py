"""What CONTRIBUTING asks of Python and no linter checks."""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

# Comments that a tool reads stand where the tool looks for them.
PRAGMA = re.compile(r"#\s*(noqa|type: ignore|fmt: |pragma: )")


def _python(root: Path) -> dict[str, str]:
    """Return the text of every tracked Python file by its name."""
    command = ["git", "ls-files", "-z", "--", "*.py"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name: (root / name).read_text(encoding="utf-8") for name in names if (root / name).is_file()}


def comments_behind_code(text: str) -> Iterator[int]:
    """Yield the lines of a program that have a comment behind code."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        behind = token.type == tokenize.COMMENT and token.line[: token.start[1]].strip()
        if behind and not PRAGMA.match(token.string):
            yield token.start[0]


def test_comments_stand_above_the_line(root: Path) -> None:
    files = _python(root)

    behind = [f"{name}:{line}" for name, text in files.items() for line in comments_behind_code(text)]

    assert len(files) > 500
    assert behind == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("x = 1  # why", [1]),
        ("# why\nx = 1", []),
        ("    # why", []),
        ("x = '# no comment'", []),
        ("x = call()  # noqa: S105 - a reason", []),
        ("x = call()  # type: ignore[arg-type]", []),
    ],
)
def test_a_comment_behind_code_is_found_and_a_pragma_is_not(line: str, found: list[int]) -> None:
    assert list(comments_behind_code(line.strip(" "))) == found
