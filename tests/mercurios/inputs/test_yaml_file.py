"""YAML that people write: what was typed is what is read, and nothing else than what is written."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import pytest

from mercurios.inputs.yaml_file import MOST_BYTES, MOST_LEVELS, YamlError, parse_yaml, read_yaml

# Files of the product that dbt reads too, and reads its own way.
READ_AS_DBT_DOES = {
    "include/mercurios/measures/dictionary.py",
    "include/mercurios/orders/settings.py",
    "plugins/mercurios_airflow/warehouse/snowflake/profile.py",
}


def value(text: str) -> Any:
    return parse_yaml(text.encode()).value


def refused(text: str | bytes) -> str:
    with pytest.raises(YamlError) as error:
        parse_yaml(text if isinstance(text, bytes) else text.encode())
    return str(error.value)


def test_only_the_strict_reader_reads_what_people_write(root: Path) -> None:
    reading = {
        str(path.relative_to(root))
        for folder in ("include/mercurios", "plugins", "dags")
        for path in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import) and "yaml" in {alias.name for alias in node.names}
    }

    assert reading == {"include/mercurios/inputs/yaml_file.py", *READ_AS_DBT_DOES}


@pytest.mark.parametrize(
    "typed",
    [
        "04711",
        "12:30",
        "1_000",
        "no",
        "NO",
        "yes",
        "True",
        "2025-99-99",
        "0x1F",
        ".5",
        "+1",
        "~",
        ".inf",
        "1.",
    ],
)
def test_what_is_not_json_is_the_text_that_was_typed(typed: str) -> None:
    assert value(f"a: {typed}\n{typed}: b") == {"a": typed, typed: "b"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("0", 0),
        ("-7", -7),
        ("19", 19),
        ("0.95", 0.95),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("null", None),
    ],
)
def test_numbers_and_words_are_those_of_json(typed: str, meant: object) -> None:
    found = value(f"a: {typed}\nb: '{typed}'")

    assert found == {"a": meant, "b": typed}
    assert type(found["a"]) is type(meant)


def test_an_empty_value_is_null_and_a_key_is_a_text() -> None:
    assert value("region:\n4711: 1") == {"region": None, "4711": 1}
    assert value("") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\n", "line 1, key 'a': an anchor ('&x')"),
        ("a: 1\nb: *x\n", "line 2, key 'b': an alias ('*x')"),
        ("a: !!int ''\n", "line 1, key 'a': a tag"),
        ("a: !x 1\n", "line 1, key 'a': a tag ('!x')"),
        ("%YAML 1.1\n---\na: 1\n", "a directive"),
        ("a: 1\n---\nb: 1\n", "line 2: a second document"),
        ("s:\n  b: 1\n  b: 2\n", "line 3, key 's': key 'b' stands twice"),
        ("s: {4711: 1, '4711': 2}\n", "line 1, key 's': key '4711' stands twice"),
        ("? [a]\n: 1\n", "a key that is a list or a mapping"),
        ("'': 1\n", "a key is empty"),
        (f"a: {'9' * 19}\n", "has more than 18 digits"),
        (f"a: {'9' * 6000}\n", "is longer than any that is meant"),
        ("a: 1e999\n", "is larger than any that is meant"),
        ("a: 1e99999\n", "is longer than any that is meant"),
        ('a: "x\\0y"\n', "line 1, key 'a': holds the control character U+0000"),
        ('"a\\u202eb": 1\n', "a key holds the control character U+202E"),
        ("\n\na: [\n", "not readable as YAML: line "),
        (b"a: 1\nb: \xe4\n", "line 2: not written in UTF-8"),
        ("a: 1\n".encode("utf-16"), "not written in UTF-8"),
        ("a: \x07", "line 1: holds the control character U+0007"),
    ],
)
def test_a_refusal_names_line_and_key(text: str | bytes, said: str) -> None:
    assert said in refused(text)


def test_what_is_nested_beyond_any_use_is_refused() -> None:
    assert value("[" * MOST_LEVELS + "]" * MOST_LEVELS)
    for depth in (MOST_LEVELS + 1, 900, 30_000):
        assert f"deeper than {MOST_LEVELS} levels" in refused("[" * depth + "]" * depth)


def test_an_error_is_short_whatever_the_file_holds() -> None:
    long = "x" * 30_000

    for text in (
        f"? [{long}]\n: 1",
        f"{long}: *a",
        f"a: &{long} 1",
        f"a: !{long} 1",
        f"{{{long}: 1, {long}: 2}}",
    ):
        assert len(refused(text)) < 300


def test_a_file_is_read_up_to_64_kib(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n" + "#" * (MOST_BYTES - 5))
    assert read_yaml(path).value == {"a": 1}

    path.write_text("a: 1\n" + "#" * (MOST_BYTES - 4))
    with pytest.raises(YamlError, match="has more than 65,536 bytes"):
        read_yaml(path)


def test_only_a_regular_file_is_opened(tmp_path: Path) -> None:
    regular = tmp_path / "regular"
    regular.write_text("a: 1")
    os.mkfifo(tmp_path / "fifo")
    for name, target in (("device", "/dev/zero"), ("pipe", "fifo"), ("link", "regular"), ("loop", "loop")):
        (tmp_path / name).symlink_to(target)

    for name in ("fifo", "device", "pipe", "."):
        with pytest.raises(YamlError, match="is no regular file"):
            read_yaml(tmp_path / name)
    for name in ("gone", "loop", "a\0b"):
        with pytest.raises(YamlError, match="cannot be read"):
            read_yaml(tmp_path / name)
    assert read_yaml(tmp_path / "link").value == {"a": 1}


def test_the_line_of_a_key_is_that_of_the_nearest_one_that_is_there() -> None:
    document = parse_yaml(b"a: 1\nb:\n  c:\n    - x\n    - {d: 1}\n")

    assert document.line_of(("b", "c", 1, "d")) == 5
    assert document.line_of(("b", "c", 1, "missing")) == 5
    assert document.line_of(("b", "z")) == 2
    assert document.line_of(("z",)) is None
