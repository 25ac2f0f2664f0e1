"""What a test function names: itself, and through the functions, fixtures and constants of its file that it uses."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_WORD = re.compile(r"[a-z_0-9]+")


@dataclass(frozen=True)
class NamedTest:
    """A test function.

    Attributes:
        file: where it is.
        name: its own.
        words: every name and every word of a text that it comes by.
    """

    file: str
    name: str
    words: frozenset[str]


@lru_cache
def named_tests(folder: Path) -> dict[str, NamedTest]:
    """Return the tests of a folder by their name."""
    found: dict[str, NamedTest] = {}
    for path in sorted(folder.glob("test_*.py")):
        parts = _parts(ast.parse(path.read_text(encoding="utf-8")))
        for name in parts:
            if name.startswith("test_"):
                assert name not in found, f"{name} is in {found[name].file} and in {path.name}"
                found[name] = NamedTest(path.name, name, frozenset(_reached(name, parts)))
    return found


def _parts(module: ast.Module) -> dict[str, set[str]]:
    """Return the words of every function, class and constant of a file."""
    found: dict[str, set[str]] = {}
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = _words(node)
        elif isinstance(node, ast.Assign):
            for target in ast.walk(ast.Tuple(node.targets, ast.Load())):
                if isinstance(target, ast.Name):
                    found[target.id] = _words(node.value)
    return found


def _words(node: ast.AST) -> set[str]:
    found: set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.arg | ast.keyword) and each.arg:
            found.add(each.arg)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.update(_WORD.findall(each.value))
    return found


def _reached(name: str, parts: dict[str, set[str]]) -> set[str]:
    """Return the words of a part and of all parts that it names."""
    found, ahead = set[str](), [name]
    while ahead:
        words = parts[ahead.pop()]
        ahead += [word for word in words & parts.keys() if word not in found]
        found |= words
    return found
