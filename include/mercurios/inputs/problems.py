"""What a typed model refuses of a file, in words that a person can act on: line, key, what is expected and given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from mercurios.inputs.text import shown
from mercurios.inputs.yaml_file import Document, Place, key_of

_MOST_PROBLEMS = 10
_MOST_LETTERS = 300

# What a model says in its own words of a problem of a key; None leaves it to the words here.
Wording = Callable[[Mapping[str, Any], str], str | None]


def problems_of(
    document: Document,
    error: ValidationError,
    *,
    place_of: Callable[[Place], Place] = lambda place: place,
    wording: Wording = lambda item, key: None,
    repeats_values: bool = True,
) -> tuple[str, ...]:
    """Return the problems of a file, at most ten of them.

    Args:
        document: the file.
        error: what its model says.
        place_of: from a place in the model to the place in the file.
        wording: words of the model's own.
        repeats_values: whether a message may repeat what was given.
    """
    items = error.errors(include_url=False)
    found = []
    for item in items[:_MOST_PROBLEMS]:
        place = place_of(tuple(step for step in item["loc"] if step != "[key]"))
        key = key_of(place) or "(file)"
        line = document.line_of(place)
        words = wording(item, key) or f"key {key!r}: {_words(item, repeats_values=repeats_values)}"
        found.append(f"line {line}, {words}" if line else words)
    if len(items) > _MOST_PROBLEMS:
        found.append(f"and {len(items) - _MOST_PROBLEMS:,} more")
    return tuple(found)


def _words(item: Mapping[str, Any], *, repeats_values: bool) -> str:
    match item["type"]:
        case "extra_forbidden":
            return "unknown; remove it or correct its spelling"
        case "missing":
            return "missing"
    given = f" (got {shown(repr(item.get('input')))})" if repeats_values else ""
    return f"{shown(item['msg'], _MOST_LETTERS)}{given}"
