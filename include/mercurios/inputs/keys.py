"""When two keys look like one: spelt with blanks, zeros or capitals that one program adds and another drops."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_FRACTION = re.compile(r"\.0+$")
_MOST_LISTED = 20
_BLANKS = re.compile(r"\s+")


def likeness(key: str) -> str:
    """Return what is left of a key without what spellings differ in: blanks, capitals, zeros before a number."""
    bare = _BLANKS.sub("", _FRACTION.sub("", key.strip())).casefold()
    return (bare.lstrip("0") or bare[-1:]) if bare.isdecimal() else bare


def spelt_otherwise(key: str, known: Iterable[str]) -> str | None:
    """Return the known key that looks like another one."""
    like = likeness(key)
    return next((each for each in known if each != key and likeness(each) == like), None)


def similar_to(asked: str, known: Sequence[str]) -> str:
    """Return which names there are, and which of them may be meant, for a message about one that is not there."""
    near = get_close_matches(asked.strip().lower(), known, n=3)
    meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    more = f" and {len(known) - _MOST_LISTED:,} more" if len(known) > _MOST_LISTED else ""
    return f"{meant}known: {', '.join(known[:_MOST_LISTED]) or 'none'}{more}"
