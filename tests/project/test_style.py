"""What CONTRIBUTING asks of Python and no linter checks."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

# Comments that a tool reads stand where the tool looks for them.
PRAGMA = re.compile(r"#\s*(noqa|type: ignore|fmt: |pragma: )")

MOST_LINES = 40
# The commands `new tenant` and `new resource`, whose options alone take half of that.
LONGER = {"tenant", "resource"}


def _python(root: Path) -> dict[str, str]:
    """Return the text of every tracked Python file by its name."""
    command = ["git", "ls-files", "-z", "--", "*.py"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name: (root / name).read_text(encoding="utf-8") for name in names if (root / name).is_file()}


def comments_behind_code(text: str) -> Iterator[int]:
    """Yield the lines of a program that have a comment behind code."""
    if not re.search(r"^.*\S.*#", text, re.MULTILINE):
        return
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


def _lines_of_code(text: str) -> set[int]:
    """Return the lines of a program that hold more than a comment."""
    beside = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    spans = (range(each.start[0], each.end[0] + 1) for each in tokens if each.type not in beside)
    return {line for span in spans for line in span}


def _lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def lengths(text: str, above: int = 0) -> Iterator[tuple[str, int]]:
    """Yield the functions of a program with their lines of code: the signature counts, the docstring does not.

    Args:
        text: the program.
        above: functions of fewer lines, of whatever kind, are left out: most files need no look at their tokens then.
    """
    functions = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(_lines_of(node)) > above
    ]
    code = _lines_of_code(text) if functions else set()
    for node in functions:
        lines = code & set(_lines_of(node))
        if ast.get_docstring(node) is not None:
            lines -= set(_lines_of(node.body[0]))
        yield node.name, len(lines)


def test_functions_have_at_most_forty_lines_of_code(root: Path) -> None:
    files = _python(root)

    longer = [
        f"{name}: {function} has {lines}"
        for name, text in files.items()
        for function, lines in lengths(text, above=MOST_LINES)
        if lines > MOST_LINES and function not in LONGER
    ]

    assert longer == []


def test_lines_of_code_leave_out_docstring_comments_and_blank_lines() -> None:
    text = 'def f(\n    x,\n):\n    """One.\n\n    Two.\n    """\n    # Why.\n\n    return x\n'

    assert list(lengths(text)) == [("f", 4)]
