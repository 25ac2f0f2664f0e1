"""A test that asserts nothing cannot fail: every test asserts, or calls a function of the tests that does."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

# Of pytest, NumPy and Hypothesis; a method of ours with such a name would have to assert too.
ASSERTING = {"raises", "fail", "warns", "assert_allclose", "assert_array_equal", "run_state_machine_as_test"}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield all functions of a module, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def called(node: ast.AST) -> Iterator[str]:
    """Yield the names a piece of code calls: functions by name, and what pytest and NumPy offer as attributes."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
            yield each.func.id
        elif (
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Attribute)
            and each.func.attr in ASSERTING
        ):
            yield each.func.attr


def asserts(node: ast.AST, asserting: set[str]) -> bool:
    """Return whether a function can fail by an assertion of its own or of a function it calls."""
    return any(isinstance(each, ast.Assert) for each in ast.walk(node)) or not asserting.isdisjoint(
        called(node)
    )


def without_assertion(modules: Iterable[ast.Module]) -> list[str]:
    """Return the names of the tests in which nothing asserts."""
    modules = list(modules)
    helpers = [node for tree in modules for node in tree.body if isinstance(node, ast.FunctionDef)]
    asserting = set(ASSERTING)
    while new := {each.name for each in helpers if asserts(each, asserting)} - asserting:
        asserting |= new
    tests = [node for tree in modules for node in functions(tree) if node.name.startswith("test_")]
    return [test.name for test in tests if not asserts(test, asserting)]


def test_every_test_asserts_something(root: Path) -> None:
    files = sorted((root / "tests").rglob("*.py"))

    found = without_assertion(ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in files)

    assert len(files) > 100
    assert found == []


def test_the_name_of_a_test_has_fewer_than_80_characters(root: Path) -> None:
    """The claim in the name is short; what more there is to say is in the docstring."""
    files = sorted((root / "tests").rglob("*.py"))

    names = [node.name for path in files for node in functions(ast.parse(path.read_text(encoding="utf-8")))]

    assert len(names) > 1000
    assert [name for name in names if name.startswith("test_") and len(name) >= 80] == []


def test_a_test_without_an_assertion_is_found() -> None:
    source = """
def check(value): assert value
def twice(value): check(value); check(value)
def run(value): print(value)
def test_asserts(): assert run(1)
def test_asserts_by_a_helper_of_a_helper(): twice(1)
def test_raises():
    with pytest.raises(ValueError): run(1)
def test_only_runs(): run(1)
def test_calls_a_method_of_the_same_name(): shop.check(1)
"""

    assert without_assertion([ast.parse(source)]) == [
        "test_only_runs",
        "test_calls_a_method_of_the_same_name",
    ]
