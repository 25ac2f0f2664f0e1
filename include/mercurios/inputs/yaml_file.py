"""The one reader of YAML that people write: tenant files, policies, the settings of an account.

YAML is taken as a way to write JSON with less punctuation. A value is what was typed: `04711`, `12:30`, `1_000`, `no`
and `2025-01-31` are texts, and what a setting makes of a text, its type says. Numbers, true, false and null are written
as in JSON, and an empty value is null. Keys are texts. What makes a file hold more than is written in it, or something
else, is refused: anchors, aliases, tags, directives, a second document, a key that stands twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from mercurios.inputs.regular_file import RegularFileError, read_regular
from mercurios.inputs.text import UNWRITTEN, shown

MOST_BYTES = 64 * 1024
MOST_LEVELS = 12
_MOST_DIGITS = 18

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_WORDS = {"null": None, "": None, "true": True, "false": False}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PARSER_MESSAGES = 120

Place = tuple[str | int, ...]


class YamlError(ValueError):
    """A file that cannot be read; the message names the line and, where it is known, the key."""


@dataclass(frozen=True)
class Document:
    """What a file says.

    Attributes:
        value: its content.
        text: the file.
    """

    value: Any
    text: str

    @cached_property
    def _lines(self) -> dict[Place, int]:
        lines: dict[Place, int] = {}
        _Reading(self.text, lambda place, line: lines.setdefault(place, line)).value()
        return lines

    def line_of(self, place: Place) -> int | None:
        """Return the line of a key, or of the nearest section around it that the file has."""
        for length in range(len(place), 0, -1):
            if place[:length] in self._lines:
                return self._lines[place[:length]]
        return None


def read_yaml(path: Path) -> Document:
    """Read a file.

    Raises:
        YamlError: it is no regular file of at most 64 KiB, or not YAML as it is read here.
    """
    try:
        data = read_regular(path, MOST_BYTES)
    except RegularFileError as error:
        raise YamlError(str(error)) from None
    return parse_yaml(data)


def parse_yaml(data: bytes) -> Document:
    """Read the bytes of a file.

    Raises:
        YamlError: they are not YAML as it is read here.
    """
    text = _decoded(data)
    try:
        return Document(_Reading(text).value(), text)
    except YamlError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise _unreadable(f"{where}{shown(error.problem or 'is not YAML', _PARSER_MESSAGES)}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _unreadable(shown(error, _PARSER_MESSAGES)) from None


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"line {line}: not written in UTF-8; save it as UTF-8") from None
    if bad := UNWRITTEN.search(text.replace("\r\n", "\n")):
        line = text.count("\n", 0, bad.start()) + 1
        raise _unreadable(f"line {line}: holds the control character U+{ord(bad[0]):04X}")
    return text


class _Reading:
    """One pass over the events of a file.

    Args:
        text: of the file.
        found: called with the place of each key and list item, and its line.
    """

    def __init__(self, text: str, found: Callable[[Place, int], Any] | None = None) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._found = found
        self._place: list[str | int] = []
        self._line = 1

    def value(self) -> Any:
        """Return the content of the only document; None of an empty file."""
        next(self._events)
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            return None
        if first.version or first.tags:
            raise _unreadable("line 1: a directive (%); remove it")
        found = self._node(next(self._events))
        next(self._events)
        last = next(self._events)
        if not isinstance(last, yaml.StreamEndEvent):
            raise _unreadable(f"line {last.start_mark.line + 1}: a second document ('---'); keep one")
        return found

    def _node(self, event: Any) -> Any:
        self._line = event.start_mark.line + 1
        self._check(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if len(self._place) >= MOST_LEVELS:
            raise self._error(f"nested deeper than {MOST_LEVELS} levels")
        return self._mapping() if isinstance(event, yaml.MappingStartEvent) else self._sequence()

    def _check(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise self._error(
                f"an alias ('*{shown(event.anchor, 40)}'); write the value out, or put it in quotes"
            )
        if event.anchor is not None:
            raise self._error(
                f"an anchor ('&{shown(event.anchor, 40)}'); remove it, or put the value in quotes"
            )
        if event.tag is not None:
            raise self._error(f"a tag ('{shown(event.tag, 40)}'); remove it, or put the value in quotes")

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if bad := UNWRITTEN.search(text):
            raise self._error(f"holds the control character U+{ord(bad[0]):04X}")
        if not event.implicit[0] or event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        number = _NUMBER.fullmatch(text)
        return text if number is None else self._number(text, *number.groups())

    def _number(self, text: str, fraction: str | None, exponent: str | None) -> int | float:
        if len(text) > 2 * _MOST_DIGITS or (exponent and len(exponent) > 4):
            raise self._error(f"the number {shown(text, 40)} is longer than any that is meant")
        if fraction is None and exponent is None:
            if len(text.lstrip("-")) > _MOST_DIGITS:
                raise self._error(f"the number {text} has more than {_MOST_DIGITS} digits")
            return int(text)
        found = float(text)
        if found in (float("inf"), float("-inf")):
            raise self._error(f"the number {text} is larger than any that is meant")
        return found

    def _sequence(self) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._at(len(items), event))
        return items

    def _mapping(self) -> dict[str, Any]:
        content: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in content:
                raise self._error(f"key {shown(key)!r} stands twice; keep one")
            if self._found is not None:
                self._found((*self._place, key), self._line)
            content[key] = self._at(key, next(self._events))
        return content

    def _key(self, event: Any) -> str:
        self._line = event.start_mark.line + 1
        self._check(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error("a key that is a list or a mapping; keys are texts")
        key: str = event.value
        if bad := UNWRITTEN.search(key):
            raise self._error(f"a key holds the control character U+{ord(bad[0]):04X}")
        if not key:
            raise self._error("a key is empty")
        return key

    def _at(self, step: str | int, event: Any) -> Any:
        self._place.append(step)
        if self._found is not None:
            self._found(tuple(self._place), event.start_mark.line + 1)
        found = self._node(event)
        self._place.pop()
        return found

    def _error(self, problem: str) -> YamlError:
        key = f", key {key_of(self._place)!r}" if self._place else ""
        return _unreadable(f"line {self._line}{key}: {problem}")


def _unreadable(problem: str) -> YamlError:
    return YamlError(f"not readable as YAML: {problem}")


def key_of(place: list[str | int] | Place) -> str:
    """Return a place as it is written in messages, such as `source.datasets.sales`."""
    return shown(".".join(str(step) for step in place))
