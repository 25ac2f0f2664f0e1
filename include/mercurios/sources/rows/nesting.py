"""How deep values may be nested: what no column holds must cost its row, wherever in the row it stands.

Decoders read some thousand levels, encoders some hundred, and what walks a value one call a level ends the process's
patience between the two. So everything beyond a bound is cut off before anything walks it, and replaced by an object
that says so, which no column takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MOST_LEVELS = 64
UNREADABLE = "unreadable"
"""The one key of the object that replaces a value that cannot be held; its value shows what came."""
TOO_DEEP = f"nested deeper than {MOST_LEVELS} levels"

_CUT = {UNREADABLE: TOO_DEEP}
_CUT_TEXT = f'{{"{UNREADABLE}":"{TOO_DEEP}"}}'
# A text, or a bracket outside of texts. Possessive: to be able to go back over a long text takes gigabytes.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def shallow(value: Any, levels: int = MOST_LEVELS) -> Any:
    """Return a decoded value without what lies deeper than so many levels."""
    match value:
        case dict():
            return {name: shallow(each, levels - 1) for name, each in value.items()} if levels else _CUT
        case list():
            return [shallow(each, levels - 1) for each in value] if levels else _CUT
        case _:
            return value


def is_cut(value: Any) -> bool:
    """Return whether something was cut off a value that `shallow` has returned."""
    match value:
        case dict():
            return value == _CUT or any(map(is_cut, value.values()))
        case list():
            return any(map(is_cut, value))
        case _:
            return False


def shallow_text(text: str) -> str:
    """Return JSON without what lies deeper than decoders read; a page, a row and a field are three levels."""
    return "".join(_kept(text, MOST_LEVELS + 3))


def _kept(text: str, levels: int) -> Iterator[str]:
    depth = kept_to = 0
    for token in _TOKEN.finditer(text):
        bracket = token.group()
        if bracket in "[{":
            depth += 1
            if depth == levels + 1:
                yield text[kept_to : token.start()] + _CUT_TEXT
        elif bracket in "]}":
            if depth == levels + 1:
                kept_to = token.end()
            depth -= 1
    # What is cut off and never closed is no JSON, and stays none.
    yield text[kept_to:] if depth <= levels else ""
